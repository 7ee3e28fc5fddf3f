import ArgumentParser
import Foundation
import PipelineSpec
import SnapshotStore
import StreamCore
import WorkerRuntime

/// Options of what changes thresholds.
struct ThresholdChangeOptions: ParsableArguments {
  @Option(
    name: .customLong("where"),
    help: ArgumentHelp(
      "Only for series with this dimension. May be repeated.", valueName: "name=value"))
  var conditions: [String] = []

  @Option(help: ArgumentHelp("Why; it is kept for ever.", valueName: "text"))
  var reason: String

  @OptionGroup var person: PersonOptions

  @Option(
    help: ArgumentHelp("How long to wait for a running worker's answer.", valueName: "duration"))
  var wait = "30s"

  /// The longest time to wait: an hour.
  private static let waitMaxMs: Int64 = 3_600_000
  /// Between two looks at the answer, in seconds.
  private static let lookEvery = 0.05

  /// Throws for what no file could answer.
  func check() throws {
    _ = try ReportConditions.dimensions(conditions)
    _ = try waitMs()
    do throws(Refusal) {
      try ThresholdDesk.check(reason, is: "a reason", option: "--reason")
    } catch {
      throw ValidationError(error.description)
    }
  }

  private func waitMs() throws -> Int64 {
    guard let ms = Durations.parse(wait), (0...Self.waitMaxMs).contains(ms) else {
      throw ValidationError("--wait \(wait) is no duration; write 500ms, 30s or 5m, at most 1h.")
    }
    return ms
  }

  /// Has the file changed as wished, all of it or nothing, and tells what became of it.
  func run(file: String, _ wishes: [ThresholdWish], from: String?) throws {
    let source = try ReportSource(data: file)
    defer { source.reader.close() }
    let start = try ReportConditions.time(from, "--from", source.zone)
    let requests = try requests(wishes, source, from: start)
    let desk = try PeopleDesk.open(path: file)
    defer { desk.close() }
    let deadline = SystemClock.now().ms + (try waitMs())
    let goOn = { (looks: Int) in
      if looks == 10 { Terminal.progress("waiting for the worker's next snapshot…") }
      Thread.sleep(forTimeInterval: Self.lookEvery)
      return SystemClock.now().ms < deadline
    }
    // All are asked before the first is waited for: one snapshot answers them together.
    var outcomes: [ThresholdOutcome] = []
    for request in requests {
      outcomes.append(try desk.setThreshold(request, now: SystemClock.now) { _ in false })
    }
    var answers = Answers(file: file, wait: wait)
    for (request, outcome) in zip(requests, outcomes) {
      var outcome = outcome
      if case .waiting(let id) = outcome {
        outcome = try desk.wait(for: id, now: SystemClock.now, goOn: goOn)
      }
      answers.take(outcome, request)
    }
    Terminal.endProgress()
    try answers.tell()
  }

  /// What is asked of the file; throws for what it would refuse, before anything is asked.
  private func requests(
    _ wishes: [ThresholdWish], _ source: ReportSource, from: EventTime?
  ) throws -> [ThresholdRequest] {
    let rules = try source.reader.rules()
    let rows = try source.reader.thresholdHistory()
    let clock = try source.reader.partitions().compactMap(\.clock).max()
    let (now, by) = (SystemClock.now(), try person.name())
    var requests: [ThresholdRequest] = []
    for wish in wishes {
      let name = "\(wish.rule).\(wish.name)"
      guard !requests.contains(where: { $0.rule == wish.rule && $0.name == wish.name }) else {
        throw ValidationError("\(name) is named twice; it can have one value.")
      }
      var request = ThresholdRequest(
        rule: wish.rule, name: wish.name, value: wish.value, requested: now, requestedBy: by,
        reason: reason)
      // Whatever the time: names, and what they may be. A reset is asked as any legal value.
      var words = request
      let known = rules.first { $0.rule == wish.rule }
      words.value =
        wish.value ?? known?.thresholds.first { $0.name == wish.name }?.standard ?? 0
      do throws(Refusal) {
        _ = try ThresholdDesk.apply(words, rules: rules, rows: rows, clock: nil, now: now).get()
      } catch {
        throw ValidationError(error.description)
      }
      if let known { request.dimensions = try source.scope(conditions, of: known) }
      // As things stand.
      request.from = from
      _ = try ThresholdDesk.apply(request, rules: rules, rows: rows, clock: clock, now: now).get()
      requests.append(request)
    }
    try warn(requests, rules, source)
    return requests
  }

  /// A series that nothing has yet may be a slip, or one that comes.
  private func warn(
    _ requests: [ThresholdRequest], _ rules: [RuleRow], _ source: ReportSource
  ) throws {
    guard !conditions.isEmpty else { return }
    let wanted = try ReportConditions.dimensions(conditions)
    var told: Set<String> = []
    for request in requests where told.insert(request.rule).inserted {
      let rule = rules.first { $0.rule == request.rule }
      guard let stage = rule.flatMap({ Dimensions.read($0.definition)["watch"] })?.description
      else { continue }
      let found = try source.series(of: stage, wanted.mapValues { $0.map(Self.unquoted) })
      let scope = DimensionSet(request.dimensions)
      if let found, DimensionSet(Dimensions.json(found)).contains(scope) { continue }
      Terminal.tell(
        "note: \(stage) has no row with \(conditions.joined(separator: " ")) yet")
    }
  }

  private static func unquoted(_ text: String) -> String {
    guard text.utf8.count > 1, text.hasPrefix("\""), text.hasSuffix("\"") else { return text }
    return String(text.dropFirst().dropLast())
  }

  /// What became of all that was asked.
  private struct Answers {
    let file: String
    let wait: String
    private var refused: [String] = []
    private var waiting: [String] = []

    init(file: String, wait: String) { (self.file, self.wait) = (file, wait) }

    mutating func take(_ outcome: ThresholdOutcome, _ request: ThresholdRequest) {
      switch outcome {
      case .taken(let text): print(text)
      case .refused(let why): refused.append("\(request.rule).\(request.name): \(why)")
      case .waiting(let id): waiting.append("request \(id) (\(request.rule).\(request.name))")
      }
    }

    /// Throws unless all was taken.
    func tell() throws {
      for line in refused { Terminal.tell("Error: \(line)") }
      if !waiting.isEmpty {
        Terminal.tell(
          """
          Error: the worker that holds \(file) has not answered within \(wait): \
          \(waiting.joined(separator: ", ")) still waits and is not withdrawn. The worker's next \
          snapshot answers it; `weir thresholds list \(file)` shows what waits, `weir thresholds \
          history \(file)` what was taken. If the worker hangs, stop it: it answers when it starts \
          again, or the next `weir thresholds set` does.
          """)
        throw ExitCode.unreachable
      }
      if !refused.isEmpty { throw ExitCode.foundWrong }
    }
  }
}
