import ArgumentParser
import Foundation
import PipelineSpec
import StreamCore
import WorkerRuntime

/// `weir thresholds suggest`: which value would have met a budget.
struct ThresholdsSuggest: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "suggest",
    abstract: "Find values of a rule's thresholds that meet a budget; sets nothing.",
    discussion: """
      Tries many values of each threshold of the rule, one at a time, over the events of the \
      pipeline's topics or of files: from min to max by step where the file gives them; else \
      values that what is watched had; else multiples of the value of the file. Neighbouring values \
      that do the same are shown as one, and the one in the middle of them is suggested.

      Of the values that meet the budget, with --incidents the one with the greatest F1 is chosen, \
      without it the one with the most alerts; of equal ones the nearest to the file's value. A value \
      under which the rule is open for more than half of the time meets no budget. `now` is the \
      value of the pipeline file. See `weir backtest --help` for incidents.

      What the file gives to some dimensions stays, as with `weir thresholds set`.

      Prints the command that would set the value. Ends with 1 where nothing meets the budget.

      EXAMPLES
        weir thresholds suggest shop.yaml payment_trouble --max-alerts-per-week 2
        weir thresholds suggest shop.yaml payment_trouble.above --input clicks.csv.gz \\
          --incidents incidents.csv
      """)

  @Argument(help: "The pipeline file.") var pipeline: String

  @Argument(
    help: ArgumentHelp("The rule, or one of its thresholds.", valueName: "rule[.name]"))
  var rule: String

  @OptionGroup var source: BacktestSourceOptions

  @Option(help: ArgumentHelp("At most so many alerts in seven days.", valueName: "n"))
  var maxAlertsPerWeek: Double?

  @Option(
    help: ArgumentHelp("What went wrong, and when: CSV, or a results file.", valueName: "file"))
  var incidents: String?

  @Option(
    help: ArgumentHelp(
      "The results file that the printed command names. Default: the pipeline's name with .sqlite.",
      valueName: "file"))
  var data: String?

  @Flag(help: "Print JSON.") var json = false

  func validate() throws {
    try source.check()
    guard maxAlertsPerWeek != nil || incidents != nil else {
      throw ValidationError(
        "Say what to meet: --max-alerts-per-week 2, --incidents FILE, or both.")
    }
    if let most = maxAlertsPerWeek, !(most >= 0 && most.isFinite) {
      throw ValidationError("--max-alerts-per-week takes a number from 0 up.")
    }
  }

  func run() throws {
    let loaded = try PipelineFile.load(pipeline)
    let zone = loaded.plan.zone
    let (subject, thresholds) = try subject(loaded.plan)
    let known = try incidents.map { path in
      try IncidentFile.read(path: path, zone: zone, rules: loaded.plan.ruleNames)
    }
    var observed: [Double] = []
    if thresholds.contains(where: { SuggestedValues.needObserved($0, of: subject) }) {
      _ = try InputFiles.checked(source.input)
      if let passing = source.input.first(where: InputFiles.isPassing) {
        throw ValidationError(
          "The events are read twice, to see which values there are, and \(passing) can be read "
            + "only once: name a file, or give its thresholds min, max and step.")
      }
      let plan = try BacktestPlan(loaded, rule: subject.name, values: [])
      let first = try source.run(plan, zone: zone, readsSeries: true)
      observed = (first.series[subject.name] ?? []).flatMap { $0.points.map(\.value) }
    }
    let values = thresholds.map { threshold in
      (
        threshold: threshold,
        tried: SuggestedValues.of(threshold, rule: subject, observed: observed)
      )
    }
    let plan = try BacktestPlan(
      loaded, rule: subject.name, values: values.map { ($0.threshold.name, $0.tried.values) })
    let result = try source.run(plan, zone: zone, readsSeries: false)
    let report = try BacktestReport(plan, result, incidents: known ?? [])
    report.tellOutside()
    try Self.check(report, result, needsIncidents: maxAlertsPerWeek == nil)
    try tell(report, result, loaded.plan, values.map { ($0.threshold.name, $0.tried.origin) })
  }

  /// Refuses to suggest from nothing.
  private static func check(
    _ report: BacktestReport, _ result: BacktestResult, needsIncidents: Bool
  ) throws {
    guard result.fates.applied > 0, !report.range.isEmpty else {
      throw Refusal(
        "no event was applied, so there is nothing to suggest from",
        whatToDo:
          "Give events that the pipeline takes; weir check --sample shows what becomes of them")
    }
    guard !needsIncidents || report.rules.contains(where: { !$0.incidents.isEmpty }) else {
      throw Refusal(
        "no incident that the rule has to find lies in the time that it was judged in",
        whatToDo: "Read the time of the incidents, or give --max-alerts-per-week")
    }
  }

  /// The rule, and those of its thresholds that are asked for.
  private func subject(_ plan: PipelinePlan) throws -> (BacktestRule, [ThresholdPlan]) {
    let rules = BacktestRule.all(of: plan)
    let whole = rules.first { $0.name == rule }
    let dot = rule.lastIndex(of: ".")
    let name = whole == nil ? dot.map { String(rule[rule.index(after: $0)...]) } : nil
    let ruleName = whole == nil ? dot.map { String(rule[..<$0]) } ?? rule : rule
    guard let found = rules.first(where: { $0.name == ruleName }) else {
      let names = rules.filter { !$0.thresholds.isEmpty }.map(\.name).sorted()
      throw ValidationError(
        "there is no alert or risk '\(ruleName)'\(Refusal.hint(ruleName, names)); rules with "
          + "thresholds are \(names.isEmpty ? "none" : names.joined(separator: ", "))")
    }
    let names = found.thresholds.map(\.name)
    guard !names.isEmpty else {
      throw ValidationError("'\(ruleName)' has no thresholds; there is nothing to suggest")
    }
    guard let name else { return (found, found.thresholds) }
    guard let threshold = found.thresholds.first(where: { $0.name == name }) else {
      throw ValidationError(
        "'\(ruleName)' has no threshold '\(name)'\(Refusal.hint(name, names)); it has "
          + names.joined(separator: ", "))
    }
    return (found, [threshold])
  }

  private func tell(
    _ report: BacktestReport, _ result: BacktestResult, _ plan: PipelinePlan,
    _ origins: [(name: String, origin: SuggestedValues.Origin)]
  ) throws {
    guard let rule = report.rules.first else { return }
    var tried: [(name: String, value: Double, figures: BacktestFigures)] = []
    var now: [String: Double] = [:]
    for line in rule.lines {
      for setting in line.candidate.settings {
        guard let value = setting.number else { continue }
        if line.candidate.isNow { now[setting.name] = value }
        tried.append((setting.name, value, line.whole))
      }
    }
    let spanMs = rule.range.upperBound.ms - rule.range.lowerBound.ms
    let budget = SuggestionBudget(
      alertsPerWeek: maxAlertsPerWeek, byIncidents: !rule.incidents.isEmpty)
    guard
      let suggestion = ThresholdSuggestion(
        tried: tried, now: now, spanMs: spanMs, budget: budget)
    else { return }
    let text = SuggestionText(
      suggestion: suggestion, report: report, result: result, rule: rule, zone: plan.zone,
      dataPath: data ?? "\(plan.name).sqlite", origins: origins)
    if json {
      try Terminal.printJSON(text.json())
    } else {
      print(text.text(), terminator: "")
    }
    if !suggestion.isMet { throw ExitCode.foundWrong }
  }
}
