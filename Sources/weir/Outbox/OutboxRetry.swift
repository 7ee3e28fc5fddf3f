import ArgumentParser
import SnapshotStore
import StreamCore
import WorkerRuntime

/// `weir outbox retry`: makes messages due at once.
struct OutboxRetry: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "retry",
    abstract: "Send messages again that are dead, or that wait for their next attempt.",
    discussion: """
      Dead messages begin anew with all their attempts, with the same bytes and the same id. A \
      running worker sends them at once; without one the next that starts does. The beginning of an \
      id is enough, four digits or more, where no other begins so.

      EXAMPLES
        weir outbox retry shop.sqlite 9f31c2 77aa01
        weir outbox retry shop.sqlite --dead
        weir outbox retry shop.sqlite --dead --sink ops
      """)

  @Argument(help: "The results file.") var file: String
  @Argument(help: ArgumentHelp("Messages to send.", valueName: "message-id")) var ids: [String] = []
  @Flag(help: "All that are dead.") var dead = false
  @Option(help: ArgumentHelp("With --dead: only those to this destination.", valueName: "name"))
  var sink: String?

  func validate() throws {
    guard dead != !ids.isEmpty else {
      throw ValidationError("Name messages, or give --dead for all that are dead.")
    }
    guard sink == nil || dead else { throw ValidationError("--sink goes with --dead.") }
  }

  func run() throws {
    let source = try ReportSource(data: file)
    defer { source.reader.close() }
    let which = dead ? PeopleDesk.Retry.dead(sink: sink) : .messages(try whole(source))
    let desk = try PeopleDesk.open(path: file)
    defer { desk.close() }
    let count = try desk.retry(which, now: SystemClock.now()).get()
    guard count > 0 else {
      print("no message is dead\(sink.map { " to \($0)" } ?? ""): nothing was changed")
      return
    }
    print(
      "\(Terminal.count(Int64(count), "message")) due now; a running worker sends, without one the "
        + "next that starts")
  }

  /// The whole ids; one that no message begins with is left to the desk to refuse.
  private func whole(_ source: ReportSource) throws -> [String] {
    var query = OutboxQuery()
    (query.states, query.limit) = ([.pending, .dead], .max)
    let known = try source.reader.outbox(query).map(\.message.messageID)
    return try ids.map { id in
      if known.contains(id) || id.utf8.count < 4 { return id }
      let found = known.filter { $0.hasPrefix(id) }
      guard found.count < 2 else {
        throw Refusal("'\(id)' is the beginning of several ids", whatToDo: "Give more of it")
      }
      return found.first ?? id
    }
  }
}
