import ArgumentParser
import Foundation
import Inspection
import PipelineSpec
import StreamCore
import WorkerRuntime

/// `weir look`: from files to a page with their main numbers, in one go.
struct Look: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Make a page of the main numbers of files: inspect, propose, run, draw.",
    discussion: """
      Reads CSV or JSON lines (.gz too, - for standard input), finds out what is in them, proposes a \
      pipeline, runs it, and writes three files: NAME.html to look at, NAME.yaml to change and run \
      again, NAME.sqlite with the results. Files that are there already are kept unless --overwrite.

      EXAMPLES
        weir look clicks.csv.gz
        weir look orders-*.csv --zone Asia/Shanghai --name orders
      """)

  @Argument(help: ArgumentHelp("Files of CSV or JSON lines.", valueName: "file"))
  var files: [String]

  @OptionGroup var choices: InspectChoices

  @Option(help: ArgumentHelp("The page. Default: NAME.html.", valueName: "file"))
  var page: String?

  @Option(help: ArgumentHelp("The results. Default: NAME.sqlite.", valueName: "file"))
  var data: String?

  @Option(help: ArgumentHelp("The pipeline. Default: NAME.yaml.", valueName: "file"))
  var keepPipeline: String?

  @Flag(help: "Replace files of an earlier look.") var overwrite = false

  func validate() throws {
    guard !files.isEmpty else { throw ValidationError("Name at least one file.") }
    _ = try choices.overrides()
  }

  func run() throws {
    var options = InspectionOptions()
    options.overrides = try choices.overrides()
    options.zone = try choices.zoneData()
    let spooled = try SpooledInput(files)
    try withExtendedLifetime(spooled) { try look(spooled, options) }
  }

  private func look(_ input: SpooledInput, _ options: InspectionOptions) throws {
    let inspected = try FileInspector(options: options, report: InspectProgress.files).run(input)
    Terminal.endProgress()
    if inspected.profile.records == 0 || !inspected.profile.roles.isUsable {
      print(InspectReport(inspected.profile, zone: options.zone).text, terminator: "")
    }
    let proposal = try choices.proposal(of: inspected)
    let outputs = try LookOutputs(
      page: page ?? "\(proposal.name).html", data: data ?? "\(proposal.name).sqlite",
      pipeline: keepPipeline ?? "\(proposal.name).yaml", inputs: files, overwrites: overwrite)
    try outputs.clear(of: proposal.name)
    try outputs.write(proposal.text, to: outputs.pipeline)
    let pipeline = try PipelineFile.load(outputs.pipeline)
    let summary = try compute(pipeline, input.paths, outputs.data)
    Terminal.endProgress()
    let results = try LookResults(
      path: outputs.data, stages: proposal.stages, zone: options.zone)
    let page = LookPage(
      inspected: inspected, proposal: proposal, results: results, zone: options.zone,
      outputs: outputs)
    try outputs.write(page.text, to: outputs.page)
    tell(inspected.profile, results, summary, outputs)
    if inspected.profile.isSerious { throw ExitCode.foundWrong }
  }

  private func compute(
    _ pipeline: Pipeline, _ paths: [String], _ data: String
  ) throws -> RunSummary {
    let stop = StopFlag()
    let signals = StopSignals(stop)
    defer { withExtendedLifetime(signals) {} }
    var options = WorkerOptions(
      dataPath: data, lanes: ProcessInfo.processInfo.activeProcessorCount)
    options.log = Log.command
    let progress = InputProgress(totalBytes: InputFiles.totalBytes(paths))
    let view = RunProgressView(isShown: true, progress: progress)
    options.onStatus = { view.update($0) }
    let logs = try FileInputs.open(
      paths, plan: pipeline.plan, inOrder: false, dataPath: data,
      spillDirectory: ProcessEnvironment.spillDirectory, progress: progress)
    let worker = try Worker(pipeline: pipeline, input: .logs(logs), options: options, stop: stop)
    let summary = try worker.run()
    view.end()
    return summary
  }

  private func tell(
    _ profile: Profile, _ results: LookResults, _ summary: RunSummary, _ outputs: LookOutputs
  ) {
    var line = Terminal.count(summary.fates.applied, "event")
    if let users = profile.users {
      line += " of \(users.isEstimate ? "about " : "")\(Terminal.count(users.users, "user"))"
    }
    if let time = profile.time {
      let zone = results.zone
      line += ", \(Instants.text(EventTime(ms: time.firstMs), zone: zone)) to "
      line += Instants.text(EventTime(ms: time.lastMs), zone: zone)
    }
    print(line)
    let unusable = summary.fates.rejected
    if unusable > 0 { print("\(Terminal.count(unusable, "record")) could not be used") }
    for event in profile.events.prefix(5) {
      print("  \(Terminal.grouped(event.count)) \(TextTable.printable(event.name))")
    }
    if profile.events.count > 5 { print("  and \(profile.events.count - 5) other names") }
    for warning in profile.warnings {
      print("\(warning.isSerious ? "!" : "-") \(TextTable.printable(warning.text))")
    }
    print("")
    print("page      \(outputs.page)")
    print("pipeline  \(outputs.pipeline)")
    print("results   \(outputs.data)")
  }
}
