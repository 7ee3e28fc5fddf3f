import ArgumentParser
import SnapshotStore
import StreamCore
import WorkerRuntime

/// `weir outbox`: messages to people and machines, and what became of them.
struct Outbox: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "outbox",
    abstract: "See which messages were sent, and send failed ones again.",
    discussion: """
      Works on a stopped file and beside a running worker, which alone sends. Without a subcommand: \
      list.

      EXAMPLES
        weir outbox list shop.sqlite --state dead
        weir outbox retry shop.sqlite --dead
      """,
    subcommands: [OutboxList.self, OutboxRetry.self], defaultSubcommand: OutboxList.self)
}

/// `weir outbox list`.
struct OutboxList: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list",
    abstract: "Show messages, the last decided first.",
    discussion: """
      Times are wall time, shown in the pipeline's zone. A destination is named as in `notify`; its \
      address is not stored. `weir alerts show` says of one alert why each message was sent or not.

      --json prints an array of {id, destination, event, rule, subject, decided, state, attempts} \
      and, where there is one, delivered, nextAttempt, error; subject is the alert's or finding's id.

      EXAMPLES
        weir outbox list shop.sqlite
        weir outbox list shop.sqlite --state pending --sink ops
        weir outbox list shop.sqlite --state dead --json
      """)

  /// Which of them.
  enum Choice: String, ExpressibleByArgument, CaseIterable {
    case pending, delivered, dead, suppressed

    var states: [OutboxState] {
      switch self {
      case .pending: [.pending]
      case .delivered: [.delivered]
      case .dead: [.dead]
      case .suppressed: [.suppressedStale, .suppressedSilenced, .suppressedReplay]
      }
    }
  }

  @Argument(help: "The results file.") var file: String

  @Option(help: "Only these: pending, delivered, dead, suppressed.") var state: Choice?

  @Option(help: ArgumentHelp("Only messages to this destination.", valueName: "name"))
  var sink: String?

  @Option(help: ArgumentHelp("Show at most so many.", valueName: "n"))
  var limit = 50

  @OptionGroup var list: ListOptions

  func validate() throws {
    guard (1..<Int.max).contains(limit) else {
      throw ValidationError("--limit takes a number from 1 on.")
    }
  }

  func run() throws {
    let source = try ReportSource(data: file)
    defer { source.reader.close() }
    var query = OutboxQuery()
    (query.states, query.sink, query.limit) = (state?.states ?? [], sink, limit + 1)
    let rows = try source.reader.outbox(query)
    let depths = try source.reader.outboxDepth()
    if let sink, rows.isEmpty { try Self.check(sink, depths, source) }
    let lines = rows.prefix(limit).map { OutboxLine($0, source) }
    if list.json {
      try Terminal.printJSON(Array(lines))
    } else if list.csv {
      print(OutboxLine.csv(lines), terminator: "")
    } else {
      if !lines.isEmpty { print(OutboxLine.table(lines)) }
      if rows.count > limit { print("and more: raise --limit") }
      print(Self.summary(depths, source))
    }
  }

  /// A destination that no message and no rule knows is a slip.
  private static func check(
    _ sink: String, _ depths: [OutboxDepth], _ source: ReportSource
  ) throws {
    let told = try source.reader.rules().flatMap { rule in
      ["notify", "escalate_to"].flatMap {
        (Dimensions.read(rule.definition)[$0]?.description ?? "").split(separator: " ")
          .map(String.init)
      }
    }
    let names = Set(depths.map(\.sink) + told).sorted()
    guard !names.contains(sink), !names.isEmpty else { return }
    let hint =
      NearestName.of(sink, in: names).map { "did you mean \($0)?" }
      ?? "there is \(names.joined(separator: ", "))"
    throw ValidationError("\(source.path) has no destination \(sink); \(hint)")
  }

  private static func summary(_ depths: [OutboxDepth], _ source: ReportSource) -> String {
    guard !depths.isEmpty else { return "no messages in \(source.path)" }
    let parts = depths.map { "\($0.sink): \(Terminal.grouped($0.count)) \($0.state.rawValue)" }
    var text = parts.joined(separator: ", ")
    if let oldest = depths.filter({ $0.state == .pending }).map(\.oldest).min() {
      text += "; the oldest that waits is of \(source.text(oldest))"
    }
    if depths.contains(where: { $0.state == .dead }) {
      text += "\n`weir outbox retry \(source.path) --dead` sends the dead ones again"
    }
    return text
  }
}

/// A message, as it is shown.
struct OutboxLine: Encodable {
  var id: String
  var destination: String
  var event: String
  var rule: String
  var subject: String
  var decided: String
  var state: String
  var attempts: Int
  var delivered: String?
  var nextAttempt: String?
  var error: String?

  init(_ row: OutboxRow, _ source: ReportSource) {
    let message = row.message
    (id, destination, event) = (message.messageID, message.sink, message.event)
    (rule, subject, attempts) = (message.rule, message.subjectID, row.attempts)
    decided = source.text(message.decidedWall)
    state = message.state.rawValue
    delivered = row.deliveredWall.map(source.text)
    nextAttempt = message.state == .pending ? source.text(message.nextAttemptWall) : nil
    error = row.lastError
  }

  static func table(_ lines: [OutboxLine]) -> String {
    var table = TextTable([
      ("id", .left), ("destination", .left), ("state", .left), ("event", .left), ("rule", .left),
      ("about", .left), ("decided", .left), ("attempts", .right), ("", .left),
    ])
    for line in lines {
      let error = line.error.map { "\(line.nextAttempt == nil ? "" : "; ")\($0)" } ?? ""
      table.add([
        String(line.id.prefix(SubjectLine.idLength)), line.destination, line.state, line.event,
        line.rule, String(line.subject.prefix(SubjectLine.idLength)), line.decided,
        "\(line.attempts)",
        line.delivered ?? (line.nextAttempt.map { "not before \($0)" } ?? "") + error,
      ])
    }
    return table.text()
  }

  static func csv(_ lines: [OutboxLine]) -> String {
    CSVText.text(
      header: [
        "id", "destination", "event", "rule", "subject", "decided", "state", "attempts",
        "delivered", "next_attempt", "error",
      ],
      lines.map {
        [
          $0.id, $0.destination, $0.event, $0.rule, $0.subject, $0.decided, $0.state,
          "\($0.attempts)", $0.delivered ?? "", $0.nextAttempt ?? "", $0.error ?? "",
        ]
      })
  }
}
