import ArgumentParser
import Charts
import Foundation
import PipelineSpec
import StreamCore
import WorkerRuntime

/// `weir backtest`: what other thresholds would have done.
struct Backtest: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "backtest",
    abstract: "Try thresholds on what has been: how often would it have fired, and what found?",
    discussion: """
      Reads the pipeline's topics, or files, once for all candidates, and changes nothing: nobody is \
      told, no group is joined, the results are gone at the end (they lie in TMPDIR meanwhile). A \
      candidate is a rule with other thresholds, another `for` or another `clear`; `now` is the rule \
      as the file has it. Without --set and --sweep every alert and risk is tried as it stands.

      Sweeps of one rule are combined, each value with each; rules are tried side by side. Each \
      candidate of a risk keeps state of its own, those of an alert share what they watch.

      --incidents is a CSV file with the columns incident, from, to, and perhaps rule and series: \
      dates, of which both days belong to it, or RFC 3339 times. Or it is a results file: of what \
      people judged to be real there (`weir alerts verdict`). An alert finds an incident when the \
      window in which it fired overlaps it; it is false when no incident overlaps it at all; one that had \
      fired before the incident came is neither. The time to detect goes from an incident's start to \
      when a live worker could first have told: what the alert watches has to be final.

      A value of a threshold holds for all series but those that the file gives values of their own, \
      as with `weir thresholds set`.

      EXAMPLES
        weir backtest shop.yaml --input clicks.csv.gz
        weir backtest shop.yaml --set payment_trouble.above=0.3 --set payment_trouble.for=2
        weir backtest shop.yaml --sweep payment_trouble.above=0.1..0.5:0.05 \\
          --incidents shop.sqlite --validate-from 2026-03-01 --html backtest.html
      """)

  @Argument(help: "The pipeline file.")
  var pipeline: String

  @OptionGroup var source: BacktestSourceOptions

  @Option(
    help: ArgumentHelp(
      "Try this value. NAME is a threshold, for or clear. May be repeated.",
      valueName: "rule.name=value"))
  var set: [String] = []

  @Option(
    help: ArgumentHelp(
      "Try these values, LO..HI:STEP or A,B,C. May be repeated.", valueName: "rule.name=values"))
  var sweep: [String] = []

  @Option(
    help: ArgumentHelp("What went wrong, and when: CSV, or a results file.", valueName: "file"))
  var incidents: String?

  @Option(
    help: ArgumentHelp(
      "Choose by what is before this time, and show the rest apart.", valueName: "date"))
  var validateFrom: String?

  @Flag(help: "Print JSON.") var json = false
  @Flag(help: "Print CSV.") var csv = false

  @Option(
    help: ArgumentHelp("Write a page with the series, thresholds and alerts.", valueName: "file"))
  var html: String?

  @Option(
    help: ArgumentHelp("Write the chart of the rule that is tried, as SVG.", valueName: "file"))
  var svg: String?

  func validate() throws {
    guard !(json && csv) else { throw ValidationError("Choose one of --json and --csv.") }
    _ = try ReportConditions.time(validateFrom, "--validate-from", .utc)
    try source.check()
    _ = try wishes()
  }

  private func wishes() throws -> [BacktestWish] {
    do {
      return try set.map { try BacktestWish($0, isSweep: false) }
        + sweep.map { try BacktestWish($0, isSweep: true) }
    } catch let error as WorkerError {
      throw ValidationError(error.description)
    }
  }

  /// Writes a file in place of what is there.
  private static func write(_ text: String, to path: String) throws {
    do {
      try Data(text.utf8).write(to: URL(fileURLWithPath: path), options: .atomic)
    } catch {
      throw WorkerError(
        .outside, "\(path) cannot be written",
        whatToDo: "name a file in a folder that this user may write to")
    }
  }

  func run() throws {
    let loaded = try PipelineFile.load(pipeline)
    let plan = try BacktestPlan(loaded, try wishes()) { edits in
      try PipelineFile.load(pipeline, edits: edits)
    }
    guard svg == nil || plan.rules.count == 1 else {
      throw ValidationError(
        "--svg is the chart of one rule; --set or --sweep one alone, or write a page with --html.")
    }
    let zone = loaded.plan.zone
    let split = try ReportConditions.time(validateFrom, "--validate-from", zone)
    let known = try incidents.map { path in
      try IncidentFile.read(path: path, zone: zone, rules: loaded.plan.ruleNames)
    }
    let result = try source.run(plan, zone: zone, readsSeries: html != nil || svg != nil)
    let report = try BacktestReport(
      plan, result, incidents: known ?? [], validateFrom: split)
    report.tellOutside()
    let page = BacktestPage(
      report: report, result: result, pipeline: loaded.plan.name, zone: zone)
    if let html { try Self.write(page.text(), to: html) }
    if let svg, let rule = report.rules.first {
      try Self.write(page.chart(rule).svgFile(), to: svg)
    }
    let text = BacktestText(report: report, result: result, zone: zone)
    if json {
      try Terminal.printJSON(BacktestJSON(report, result, pipeline: loaded.plan.name, zone: zone))
    } else if csv {
      print(text.csv(), terminator: "")
    } else {
      print(text.text(), terminator: "")
    }
  }
}

extension BacktestReport {
  /// Says which incidents are left out. Their names are from a file, which may hold anything.
  func tellOutside() {
    for incident in outside {
      let name = TextTable.printable(incident.name)
      Terminal.tell("note: the incident \(name) lies outside of the events; left out")
    }
  }
}

extension PipelinePlan {
  /// Names of its alerts and risks, sorted.
  var ruleNames: [String] { (alerts.map(\.name) + risks.map(\.name)).sorted() }
}
