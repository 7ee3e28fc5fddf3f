import ArgumentParser
import PipelineSpec
import StreamCore
import WorkerRuntime

/// `weir check`: everything that is wrong with a pipeline file.
struct Check: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Say everything that is wrong with a pipeline file.",
    discussion: """
      All faults are reported together, each as FILE:LINE:COLUMN. Variables without a value, such as \
      secrets, are no faults here. With --sample, every path of the file is looked for in real \
      events, of JSON lines or CSV, also .gz, and every step and condition of a stage that follows \
      users says how many of them it takes.

      EXAMPLES
        weir check shop.yaml
        weir check shop.yaml --sample events.jsonl.gz
        weir check shop.yaml --explain
        weir check changed.yaml --against shop.sqlite
            What weir run does with a file of results that another version of the file made.
      """)

  @Argument(help: "The pipeline file.") var pipeline: String

  @Option(
    name: .long, parsing: .upToNextOption,
    help: ArgumentHelp("Files of real events to look for each path in.", valueName: "file"))
  var sample: [String] = []

  @Option(help: "The source that the sample is of; the first one when not given.")
  var source: String?

  @Option(help: ArgumentHelp("Events to read of each sample file.", valueName: "n"))
  var events: Int64 = 50_000

  @Option(
    help: ArgumentHelp(
      "A file of results: say what this pipeline file does to it, stage by stage.",
      valueName: "file.sqlite"))
  var against: String?

  @Flag(
    help: "Print what the pipeline will do, and each setting with where it comes from.")
  var explain = false

  @OptionGroup(title: "Settings of weir run, for --explain") var worker: WorkerFlags

  @Flag(help: "Print JSON.") var json = false

  func validate() throws {
    guard events > 0 else { throw ValidationError("--events takes a number from 1 on.") }
    guard source == nil || !sample.isEmpty else {
      throw ValidationError("--source says what --sample is of; give --sample too.")
    }
  }

  func run() throws {
    let choices: WorkerChoices
    do {
      choices = try WorkerChoices(worker.given, pipeline: pipeline, secretsRequired: false)
    } catch let error as PipelineFaults {
      guard json else { throw error }
      try Terminal.printJSON(Report(file: pipeline, isRight: false, faults: error.faults))
      throw ExitMapping.ending(of: error).code
    }
    guard let checked = choices.pipeline else { return }
    var report = Report(file: pipeline, isRight: true, faults: [])
    if !sample.isEmpty {
      let found = try SampleReport(
        plan: checked.plan, source: chosenSource(in: checked.plan), files: sample, limit: events)
      report.sample = found
      report.isRight = found.isRight
    }
    if let against {
      let found = try CheckAgainst(checked, named: pipeline, path: against)
      report.against = found
      report.isRight = report.isRight && found.goesOn
    }
    if explain {
      let sections = [choices.settings.section] + PlanExplanation(checked).sections
      report.plan = sections.map(Report.Section.init)
      report.settings = choices.settings.entries.map(Report.Setting.init)
    }
    if json { try Terminal.printJSON(report) } else { tell(report, checked) }
    if !report.isRight { throw ExitCode.foundWrong }
  }

  private func chosenSource(in plan: PipelinePlan) throws -> SourcePlan {
    guard let source else {
      guard let first = plan.sources.first else {
        throw ValidationError("\(pipeline) has no source.")
      }
      return first
    }
    guard let chosen = plan.sources.first(where: { $0.name == source }) else {
      throw SourceChoice.unknown(source, in: plan)
    }
    return chosen
  }

  private func tell(_ report: Report, _ checked: Pipeline) {
    for section in report.plan ?? [] {
      var table = TextTable(section.columns)
      section.rows.forEach { table.add($0) }
      print(section.title)
      print(table.text(indent: 2))
    }
    if let sample = report.sample { print(sample.text, terminator: "") }
    if let against = report.against { print(against.text) }
    guard report.isRight else { return }
    let plan = checked.plan
    for (key, bytes) in PlanExplanation.totalBytesPerKey(plan) {
      print("state: at most about \(Terminal.count(bytes, "byte")) for each \(key)")
    }
    let userStages =
      plan.funnels.count + plan.retentions.count + plan.sessions.count + plan.lifecycles.count
    let counts = [
      Terminal.count(Int64(plan.sources.count), "source"),
      Terminal.count(Int64(plan.shownMetrics.count + plan.formulas.count), "metric"),
      userStages == 0 ? nil : Terminal.count(Int64(userStages), "user stage"),
      plan.alerts.isEmpty ? nil : Terminal.count(Int64(plan.alerts.count), "alert"),
      plan.risks.isEmpty ? nil : Terminal.count(Int64(plan.risks.count), "risk"),
      Terminal.count(Int64(checked.tests.count), "test"),
    ]
    print("\(pipeline): right, " + counts.compactMap { $0 }.joined(separator: ", "))
  }

  /// What `--json` prints.
  struct Report: Encodable {
    var file: String
    var isRight: Bool
    var faults: [Fault]
    var sample: SampleReport?
    var against: CheckAgainst?
    var plan: [Section]?
    var settings: [Setting]?

    init(file: String, isRight: Bool, faults: [PipelineFault]) {
      self.file = file
      self.isRight = isRight
      self.faults = faults.map(Fault.init)
    }

    enum CodingKeys: String, CodingKey {
      case file, faults, sample, against, plan, settings
      case isRight = "right"
    }

    struct Fault: Encodable {
      var file: String
      var line: Int
      var column: Int
      var code: String
      var message: String
      var hint: String?

      init(_ fault: PipelineFault) {
        file = fault.file
        line = fault.line
        column = fault.column
        code = fault.code
        message = fault.message
        hint = fault.hint
      }
    }

    struct Setting: Encodable {
      var name: String
      var value: String?
      var from: String
      var hidden: Bool
      var insteadOf: [Candidate]

      struct Candidate: Encodable {
        var value: String?
        var from: String
      }

      init(_ entry: SettingsResolution.Entry) {
        name = entry.name
        value = entry.chosen.value
        from = entry.chosen.origin.text
        hidden = entry.isHidden
        insteadOf = entry.overrode.map { Candidate(value: $0.value, from: $0.origin.text) }
      }
    }

    struct Section: Encodable {
      var title: String
      var columns: [String]
      var rows: [[String]]

      init(_ section: PlanExplanation.Section) {
        title = section.title
        columns = section.columns
        rows = section.rows
      }
    }
  }
}

/// Choosing one of a pipeline's sources by name.
enum SourceChoice {
  /// There is no such source.
  static func unknown(_ name: String, in plan: PipelinePlan) -> ValidationError {
    let names = plan.sources.map(\.name)
    let hint =
      NearestName.of(name, in: names).map { "did you mean \($0)?" }
      ?? "there is \(names.joined(separator: ", "))"
    return ValidationError("\(plan.name) has no source \(name); \(hint)")
  }
}
