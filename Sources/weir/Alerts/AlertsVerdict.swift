import ArgumentParser
import PipelineSpec
import SnapshotStore
import StreamCore
import WorkerRuntime

/// What somebody says that an alert or a finding was, as it is shown.
struct VerdictText: Encodable {
  /// `real`, `false_alarm` or `known`.
  var verdict: String
  var by: String
  var at: String
  var note: String

  /// Shows a row of the table.
  init(_ row: VerdictRow, _ source: ReportSource) {
    verdict = row.verdict.rawValue
    by = row.by
    at = source.text(row.given)
    note = row.note
  }

  /// `false alarm`.
  var words: String { verdict.replacing("_", with: " ") }

  /// `false alarm: ann at …: note`.
  var text: String { "\(words): \(by) at \(at)\(note.isEmpty ? "" : ": \(note)")" }
}

extension Verdict: ExpressibleByArgument {}

/// `weir alerts verdict`: what an alert or a finding was.
struct AlertsVerdict: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verdict",
    abstract: "Say what an alert or a finding was: real, a false alarm, or known before.",
    discussion: """
      What was real is an incident: `weir backtest --incidents FILE.sqlite` holds thresholds against \
      it. A later verdict takes the place of an earlier one, which is kept. The beginning of an id is \
      enough, four digits or more, where no other begins so.

      EXAMPLES
        weir alerts verdict shop.sqlite 4be0a1 real --note "refunds failed"
        weir alerts verdict shop.sqlite 4be0a1 false_alarm --by ann
        weir alerts verdict shop.sqlite 4be0a1 known --note "planned sale"
      """)

  @Argument(help: "The results file.") var file: String
  @Argument(help: "The alert or finding.") var id: String
  @Argument(help: "What it was.") var verdict: Verdict
  @Option(help: "What others should know.") var note: String?
  @OptionGroup var person: PersonOptions

  func run() throws {
    let source = try ReportSource(data: file)
    defer { source.reader.close() }
    let desk = try PeopleDesk.open(path: file)
    defer { desk.close() }
    let row = try desk.judge(
      id, verdict: verdict, by: try person.name(), note: note ?? "", now: SystemClock.now()
    ).get()
    let story = try source.reader.story(of: row.subjectID).get()
    let effect =
      verdict == .real ? "; backtests with --incidents \(file) have to find it" : ""
    print(
      "\(StoryText.name(story)) (\(row.subjectID.prefix(SubjectLine.idLength))): "
        + "\(VerdictText(row, source).words), says \(row.by)\(effect)")
  }
}

/// `weir alerts incidents`: what was real, as a backtest reads it.
struct AlertsIncidents: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "incidents",
    abstract: "Show the incidents that people's verdicts make: alerts and findings that were real.",
    discussion: """
      An alert is an incident from the start of the first window in which its condition held to its \
      end, a finding from its opening to its close, each for its own rule and series. Health alerts \
      are about the worker and none. --csv prints the file that `weir backtest --incidents` reads, \
      --json an array of {incident, from, to, rule, series}.

      EXAMPLES
        weir alerts incidents shop.sqlite
        weir alerts incidents shop.sqlite --csv > incidents.csv
      """)

  @Argument(help: "The results file.") var file: String
  @OptionGroup var list: ListOptions

  private struct Line: Encodable {
    var incident: String
    var from: String
    var to: String
    var rule: String
    var series: String
  }

  func run() throws {
    let source = try ReportSource(data: file)
    defer { source.reader.close() }
    let lines = try IncidentFile.verdicts(path: file).map {
      Line(
        incident: $0.name, from: source.text($0.span.lowerBound),
        to: source.text($0.span.upperBound),
        rule: $0.rule ?? "", series: $0.series ?? "")
    }
    if list.json {
      try Terminal.printJSON(lines)
    } else if list.csv {
      print(
        CSVText.text(
          header: ["incident", "from", "to", "rule", "series"],
          lines.map { [$0.incident, $0.from, $0.to, $0.rule, $0.series] }), terminator: "")
    } else {
      guard !lines.isEmpty else {
        print("no incident: nobody has judged an alert or a finding to be real")
        return
      }
      var table = TextTable(["incident", "from", "to", "rule", "series"])
      for line in lines {
        table.add([line.incident, line.from, line.to, line.rule, line.series])
      }
      print(table.text())
      print(Terminal.count(Int64(lines.count), "incident"))
    }
  }
}
