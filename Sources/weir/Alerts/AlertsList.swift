import ArgumentParser
import PipelineSpec
import SnapshotStore
import StreamCore
import WorkerRuntime

/// `weir alerts list`: what fires now, and what did.
struct AlertsList: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list",
    abstract: "Show what fires now, then what is over, the newest first; and silences.",
    discussion: """
      Firing are alerts that fire or recover, and open findings: the newest 1,000 of each, the worst \
      first. Times are of the pipeline's zone. Pending alerts wait for their `for`; those that came to nothing, and findings \
      that were withdrawn, are shown with --state all.

      --json prints {alerts, silences}. An alert is {id, kind, rule, state, severity, dimensions, \
      began, judged, provisional, acknowledgedBy, silenced} and, where there is one, owner, opened, \
      ended, value, verdict {verdict, by, at, note}; kind is alert, health or risk, judged has the thresholds by name. A silence that \
      holds is {id, rule, dimensions, from, by, note} and, where it ends by itself, until.

      EXAMPLES
        weir alerts list shop.sqlite
        weir alerts list shop.sqlite --state firing --json
        weir alerts list shop.sqlite --rule payment_trouble --since 2026-01-01
      """)

  /// Which of them.
  enum Choice: String, ExpressibleByArgument, CaseIterable { case firing, pending, resolved, all }

  @Argument(help: "The results file.") var file: String

  @Option(help: "Only these: firing, pending, resolved; all has also what came to nothing.")
  var state: Choice?

  @Option(help: ArgumentHelp("Only this rule.", valueName: "name"))
  var rule: String?

  @Option(help: ArgumentHelp("Only what began at or after this time.", valueName: "time"))
  var since: String?

  @Option(help: ArgumentHelp("Show at most so many that do not fire.", valueName: "n"))
  var limit = 50

  @OptionGroup var list: ListOptions

  func validate() throws {
    guard (1..<Int.max).contains(limit) else {
      throw ValidationError("--limit takes a number from 1 on.")
    }
    _ = try ReportConditions.time(since, "--since", .utc)
  }

  func run() throws {
    let source = try ReportSource(data: file)
    defer { source.reader.close() }
    let now = SystemClock.now()
    if let rule { try check(rule, source) }
    let from = try ReportConditions.time(since, "--since", source.zone)
    let (lines, more, moreFiring) = try lines(source, from, now)
    let silences = try source.reader.silences(at: now)
    if list.json {
      try Terminal.printJSON(
        Listing(alerts: lines, silences: silences.map { SilenceLine($0, source) }))
    } else if list.csv {
      print(SubjectLine.csv(lines), terminator: "")
    } else {
      if !lines.isEmpty { print(SubjectLine.table(lines)) }
      if moreFiring {
        print("and more that fire: narrow it with --rule and --since\n")
      }
      if more { print("and more that are over: raise --limit\n") }
      for silence in silences { print(SilenceLine(silence, source).text) }
      print(try summary(lines, source))
    }
  }

  private func lines(
    _ source: ReportSource, _ from: EventTime?, _ now: WallTime
  ) throws -> (lines: [SubjectLine], more: Bool, moreFiring: Bool) {
    let found = try source.firing(rule: rule, since: from, limit: Self.firingMax + 1, now: now)
    let findings = found.count { $0.kind == "risk" }
    let moreFiring = max(findings, found.count - findings) > Self.firingMax
    let firing = moreFiring ? Self.newest(found) : found
    if state == .firing { return (firing, false, moreFiring) }
    var others: [AlertState] = []
    if state != .resolved { others.append(.pending) }
    if state != .pending { others.append(.resolved) }
    if state == .all { others.append(.inactive) }
    let rest = try source.subjects(
      others, rule: rule, since: from, limit: firing.count + limit + 1, now: now,
      findings: state == .pending
        ? nil : { $0.statuses = state == .all ? [] : [.provisional, .final] })
    let sorted = rest.filter { $0.phase == .pending } + rest.filter { $0.phase == .over }
    let isWhole = state == nil || state == .all
    return (
      (isWhole ? firing : []) + sorted.prefix(limit), sorted.count > limit, isWhole && moreFiring
    )
  }

  /// So many alerts, and so many findings, of those that fire.
  private static let firingMax = 1000

  /// The newest of `lines` of each kind, in their order.
  private static func newest(_ lines: [SubjectLine]) -> [SubjectLine] {
    func ids(_ lines: [SubjectLine]) -> [String] {
      lines.sorted { $0.beganMs > $1.beganMs }.prefix(firingMax).map(\.id)
    }
    let kept = Set(
      ids(lines.filter { $0.kind == "risk" }) + ids(lines.filter { $0.kind != "risk" }))
    return lines.filter { kept.contains($0.id) }
  }

  /// A rule that the pipeline gave up may have alerts still.
  private func check(_ rule: String, _ source: ReportSource) throws {
    let found = try source.subjects(
      AlertState.allCases, rule: rule, since: nil, limit: 1, now: WallTime(ms: 0),
      findings: { _ in })
    guard found.isEmpty else { return }
    _ = try source.rule(rule)
  }

  private func summary(_ lines: [SubjectLine], _ source: ReportSource) throws -> String {
    let state = try source.state(zone: source.zone)
    let firing = lines.count { $0.phase == .firing }
    let isNarrow = rule != nil || since != nil || self.state != nil
    if !lines.isEmpty {
      let others = lines.count - firing
      return
        (self.state == .pending || self.state == .resolved
        ? "\(lines.count) shown"
        : "\(firing) firing, \(others) other\(others == 1 ? "" : "s")") + "; \(state)"
    }
    if isNarrow { return "nothing that the options choose; \(state)" }
    let rules = try source.reader.rules()
    return rules.isEmpty
      ? "nothing fires: the pipeline has no rules; \(state)"
      : "nothing fires and nothing has; \(Terminal.count(Int64(rules.count), "rule")); \(state)"
  }

  private struct Listing: Encodable {
    var alerts: [SubjectLine]
    var silences: [SilenceLine]
  }
}

/// A silence, as it is shown.
struct SilenceLine: Encodable {
  var id: Int64
  var rule: String
  var dimensions: DimensionValues
  var from: String
  var until: String?
  var ended: String?
  var by: String
  var note: String

  init(_ silence: Silence, _ source: ReportSource) {
    id = silence.id
    rule = silence.rule
    dimensions = Dimensions.read(silence.dimensions)
    from = source.text(silence.from)
    until = silence.until.map(source.text)
    ended = silence.ended.map(source.text)
    by = silence.createdBy
    note = silence.note
  }

  /// `silence 3: payment_trouble, platform=ios, until …, by ann: note`.
  var text: String {
    let scope = dimensions.isEmpty ? "" : ", \(Dimensions.text(dimensions))"
    let end = until.map { "until \($0)" } ?? "until somebody ends it"
    let said = note.isEmpty ? "" : ": \(note)"
    return TextTable.printable("silence \(id): \(rule)\(scope), \(end), by \(by)\(said)")
  }
}
