import ArgumentParser
import Dashboard
import Foundation
import PipelineSpec
import StreamCore
import WorkerRuntime

/// `weir run`: the worker.
struct Run: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run",
    abstract: "Run a pipeline: read events, keep its metrics up to date, publish snapshots.",
    discussion: """
      Reads the pipeline's Kafka topics until it is stopped (SIGTERM or SIGINT: the batch at hand \
      is finished and committed). Started again on the same file it goes on where it was.

      EXAMPLES
        weir run shop.yaml
            Kafka to shop.sqlite, for ever.
        weir run shop.yaml --listen 8080
            The same, with the console at http://127.0.0.1:8080/.
        weir run shop.yaml --until-end --close
            What the topic holds now, every window closed, then exit.
        weir run ecom.yaml --input clicks.csv.gz more.jsonl
            Files instead of Kafka, sorted by event time.
      """)

  @Argument(help: "The pipeline file.")
  var pipeline: String

  @Option(help: "The public SQLite file. Default: the pipeline's name with .sqlite.")
  var data: String?

  @Option(
    parsing: .upToNextOption,
    help: "CSV or JSON-lines files in place of Kafka (.gz too, - for standard input).")
  var input: [String] = []

  @Flag(help: "Take each input file as one partition's log, in its own order.")
  var inOrder = false

  @Flag(help: "Stop when what Kafka holds at the start is read.")
  var untilEnd = false

  @Flag(help: "With --until-end: close every window at the end.")
  var close = false

  @Flag(help: "Begin a new file though the consumer group has committed offsets.")
  var acceptEmpty = false

  @Option(
    help: ArgumentHelp(
      "Serve the console there: a port, or an address and a port. Default: console.listen of the "
        + "pipeline file; without it, nowhere.", valueName: "address:port"))
  var listen: ConsoleAddress?

  @Option(help: "Threads that handle partitions. Default: one for each processor.")
  var lanes: Int?

  @Flag(help: "Print nothing but errors.")
  var quiet = false

  func validate() throws {
    if inOrder && input.isEmpty {
      throw ValidationError("--in-order says how --input is read; name files with --input.")
    }
    if untilEnd && !input.isEmpty {
      throw ValidationError("--until-end is for Kafka; files end by themselves.")
    }
    if close && !untilEnd {
      throw ValidationError("--close goes with --until-end.")
    }
    if let lanes, lanes < 1 { throw ValidationError("--lanes takes a number from 1 up.") }
  }

  func run() throws {
    let progress = WorkProgress()
    let service = ServiceNotifier(
      environment: ProcessInfo.processInfo.environment, progress: progress, log: Complaints.tell)
    defer { service?.end() }
    do {
      try work(progress, service)
    } catch {
      service?.note(failure: ExitMapping.ending(of: error).message)
      throw error
    }
  }

  private func work(_ steps: WorkProgress, _ service: ServiceNotifier?) throws {
    let loaded = try Pipeline.load(
      path: pipeline, environment: ProcessInfo.processInfo.environment, secretsRequired: true)
    var options = WorkerOptions(
      dataPath: data ?? "\(loaded.plan.name).sqlite",
      lanes: lanes ?? ProcessInfo.processInfo.activeProcessorCount)
    options.untilEnd = untilEnd
    options.closesAtEnd = close
    options.acceptsEmptyFile = acceptEmpty
    options.log = Complaints.tell
    options.progress = steps
    let stop = StopFlag()
    let signals = StopSignals(stop)
    defer { withExtendedLifetime(signals) {} }
    let progress = InputProgress(totalBytes: InputFiles.totalBytes(input))
    let view = RunProgressView(isShown: !quiet, progress: input.isEmpty ? nil : progress)
    let board = LiveBoard(snapshotEveryMs: loaded.storage.snapshotEveryMs, progress: steps)
    options.onStatus = {
      view.update($0)
      board.note($0)
      service?.note($0)
    }
    var from = WorkerInput.kafka
    if !input.isEmpty {
      from = .logs(
        try FileInputs.open(
          input, plan: loaded.plan, inOrder: inOrder, dataPath: options.dataPath,
          progress: progress))
    }
    let worker = try Worker(pipeline: loaded, input: from, options: options, stop: stop)
    let console = try (listen ?? loaded.console.listen).map { address in
      try ConsoleServer.start(
        ConsoleSetup(
          dataPath: options.dataPath, pipeline: loaded, address: address,
          live: { board.figures }, log: options.log))
    }
    defer { console?.stop() }
    if let console { options.log("the console is at \(console.url)") }
    let summary = try worker.run()
    view.end()
    if !quiet { print(RunSummaryTable.text(summary)) }
    let isMostlyUnusable = summary.fates.rejected * 2 > summary.fates.read
    if !input.isEmpty && isMostlyUnusable { throw ExitCode.foundWrong }
  }
}
