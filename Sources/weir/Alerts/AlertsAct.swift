import ArgumentParser
import PipelineSpec
import SnapshotStore
import StreamCore
import WorkerRuntime

/// `weir alerts ack`: somebody has seen it.
struct AlertsAck: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ack",
    abstract: "Note that somebody has seen an alert or a finding.",
    discussion: """
      What is acknowledged is not repeated and not escalated any more; its end is told as ever. The \
      beginning of an id is enough, four digits or more, where no other begins so.

      EXAMPLES
        weir alerts ack shop.sqlite 4be0a1
        weir alerts ack shop.sqlite 4be0a1 --note "provider is on it" --by ann
      """)

  @Argument(help: "The results file.") var file: String
  @Argument(help: "The alert or finding.") var id: String
  @Option(help: "What others should know.") var note: String?
  @OptionGroup var person: PersonOptions

  func run() throws {
    let source = try ReportSource(data: file)
    defer { source.reader.close() }
    let desk = try PeopleDesk.open(path: file)
    defer { desk.close() }
    let row = try desk.acknowledge(
      id, by: try person.name(), note: note ?? "", now: SystemClock.now()
    ).get()
    let story = try source.reader.story(of: row.alertID).get()
    print(
      "\(StoryText.name(story)) (\(row.alertID.prefix(SubjectLine.idLength))): acknowledged by "
        + "\(row.by); it is not repeated and not escalated any more")
  }
}

/// `weir alerts silence`: nobody is told of a rule for a while.
struct AlertsSilence: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "silence",
    abstract: "Keep a rule's messages from being sent for a while.",
    discussion: """
      The rule is judged as ever; messages that are decided while it is silent are kept in the outbox \
      as suppressed:silenced and are not sent later. A silence ends by itself.

      EXAMPLES
        weir alerts silence shop.sqlite payment_trouble
        weir alerts silence shop.sqlite payment_trouble --for 30m --where platform=ios
        weir alerts silence shop.sqlite health.lag --for 1d --note "replaying january"
      """)

  @Argument(help: "The results file.") var file: String
  @Argument(help: "The alert, risk or health rule.") var rule: String

  @Option(
    name: .customLong("for"),
    help: ArgumentHelp("For how long, such as 30m, 2h, 1d.", valueName: "duration"))
  var length = "2h"

  @Option(
    name: .customLong("where"),
    help: ArgumentHelp("Only series with this dimension. May be repeated.", valueName: "name=value")
  )
  var conditions: [String] = []

  @Option(help: "What others should know.") var note: String?
  @OptionGroup var person: PersonOptions

  /// The longest silence: 400 days.
  private static let lengthMaxMs: Int64 = 400 * 86_400_000

  func validate() throws {
    _ = try lengthMs()
    _ = try ReportConditions.dimensions(conditions)
  }

  private func lengthMs() throws -> Int64 {
    guard let ms = Durations.parse(length), (1...Self.lengthMaxMs).contains(ms) else {
      throw ValidationError("--for \(length) is no duration; write 30m, 2h or 1d, at most 400d.")
    }
    return ms
  }

  func run() throws {
    let source = try ReportSource(data: file)
    defer { source.reader.close() }
    let scope = try source.scope(conditions, of: try source.rule(rule))
    let desk = try PeopleDesk.open(path: file)
    defer { desk.close() }
    let now = SystemClock.now()
    let made = try desk.silence(
      Silence(
        rule: rule, dimensions: scope, from: now, until: WallTime(ms: now.ms + (try lengthMs())),
        created: now, createdBy: try person.name(), note: note ?? "")
    ).get()
    print(SilenceLine(made, source).text)
    print("to end it earlier: weir alerts unsilence \(file) \(made.id)")
  }
}

/// `weir alerts unsilence`: ends a silence before its time.
struct AlertsUnsilence: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "unsilence",
    abstract: "End a silence before its time.",
    discussion: """
      What was not sent meanwhile stays unsent. `weir alerts list` shows the silences that hold.

      EXAMPLES
        weir alerts unsilence shop.sqlite 3
      """)

  @Argument(help: "The results file.") var file: String
  @Argument(help: ArgumentHelp("The silence.", valueName: "silence-id")) var id: Int64

  func run() throws {
    _ = try ReportSource(data: file)
    let desk = try PeopleDesk.open(path: file)
    defer { desk.close() }
    let ended = try desk.endSilence(id, now: SystemClock.now()).get()
    print("silence \(ended.id) of \(ended.rule) has ended; messages are sent again")
  }
}
