import ArgumentParser
import SnapshotStore
import StreamCore
import WorkerRuntime

/// `weir alerts show`: everything about one alert or finding.
struct AlertsShow: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show",
    abstract: "Show everything about one alert or finding: what moved it, who knows, who was told.",
    discussion: """
      The beginning of an id is enough, four digits or more, where no other begins so.

      --json prints {id, kind, rule, state, severity, dimensions, began, judged, provisional, \
      acknowledgedBy, silenced, explanation, transitions, acknowledgements, verdicts, silences, \
      messages, next} and, where there is one, owner, opened, ended, value, verdict, summary, runbook, \
      condition. A verdict is {verdict, by, at, note}, the newest, which holds, first; a transition is {at, to} and, of an alert, {window, until, from, value, judged, samples}; a message {id, \
      destination, event, decided, state, attempts, what} and, where there is one, delivered, error, \
      nextAttempt; next has a line for each message that would come.

      EXAMPLES
        weir alerts show shop.sqlite 4be0a1
        weir alerts show shop.sqlite 4be0a1 --json
      """)

  @Argument(help: "The results file.") var file: String
  @Argument(help: "The alert or finding.") var id: String
  @Flag(help: "Print JSON.") var json = false

  func run() throws {
    let source = try ReportSource(data: file)
    defer { source.reader.close() }
    let story = try source.reader.story(of: id).get()
    let text = try StoryText(story, source, now: SystemClock.now())
    if json { try Terminal.printJSON(text) } else { print(text.text, terminator: "") }
  }
}
