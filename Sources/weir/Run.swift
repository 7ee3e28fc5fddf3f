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

  @OptionGroup var worker: WorkerFlags

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

  @Flag(help: "Print nothing but warnings and errors.")
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
  }

  func run() throws {
    let early = try WorkerChoices(worker.given, pipeline: nil)
    let log = early.log()
    try log.telling(early.isForPrograms) {
      let steps = WorkProgress()
      let service = ServiceNotifier(
        environment: ProcessEnvironment.variables, progress: steps,
        log: { log.note(.warning, "service", $0) })
      defer { service?.end() }
      try start(steps, service)
    }
  }

  /// Runs `body`; the service manager is told why it ends before its time.
  private func noting<T>(_ service: ServiceNotifier?, _ body: () throws -> T) throws -> T {
    do {
      return try body()
    } catch {
      service?.note(failure: ExitMapping.ending(of: error).message)
      throw error
    }
  }

  private func start(_ steps: WorkProgress, _ service: ServiceNotifier?) throws {
    let choices = try noting(service) { try WorkerChoices(worker.given, pipeline: pipeline) }
    guard let loaded = choices.pipeline else { return }
    let log = choices.log(atLeast: quiet ? .warning : .debug)
    defer { log.flush() }
    try log.telling(choices.isForPrograms) {
      // Before the error becomes a line of the log and an exit code.
      try noting(service) { try run(loaded, choices, log, steps, service) }
    }
  }

  private func run(
    _ loaded: Pipeline, _ choices: WorkerChoices, _ log: Log, _ steps: WorkProgress,
    _ service: ServiceNotifier?
  ) throws {
    var options = WorkerOptions(dataPath: choices.dataPath, lanes: choices.lanes)
    options.untilEnd = untilEnd
    options.closesAtEnd = close
    options.acceptsEmptyFile = acceptEmpty
    options.log = log
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
      log.tick()
    }
    var from = WorkerInput.kafka
    if !input.isEmpty {
      from = .logs(
        try FileInputs.open(
          input, plan: loaded.plan, inOrder: inOrder, dataPath: options.dataPath,
          spillDirectory: ProcessEnvironment.spillDirectory, progress: progress))
    }
    let worker = try Worker(pipeline: loaded, input: from, options: options, stop: stop)
    let console = try choices.listen.map { address in
      try ConsoleServer.start(
        ConsoleSetup(
          dataPath: options.dataPath, pipeline: loaded, pipelinePath: pipeline, address: address,
          live: { board.figures }, log: log.console))
    }
    defer { console?.stop() }
    if let console { log.note(.info, "console", "the console is at \(console.url)") }
    let isService = input.isEmpty && !untilEnd
    if isService { tellStart(loaded, choices, log) }
    let summary = try worker.run()
    view.end()
    if isService {
      log.note(
        .info, "worker", "stopped in order", .init("read", "\(summary.fates.read)"),
        .init("applied", "\(summary.fates.applied)"))
    }
    if !quiet { print(RunSummaryTable.text(summary)) }
    let isMostlyUnusable = summary.fates.rejected * 2 > summary.fates.read
    if !input.isEmpty && isMostlyUnusable { throw ExitCode.foundWrong }
  }

  private func tellStart(_ loaded: Pipeline, _ choices: WorkerChoices, _ log: Log) {
    let kafka = loaded.kafka.sorted { $0.key < $1.key }.map(\.value)
    log.note(
      .info, "worker", "started", .init("version", WeirVersion.current),
      .init("pipeline", loaded.plan.name), .init("data", choices.dataPath),
      .init("lanes", "\(choices.lanes)"),
      .init("brokers", Set(kafka.map(\.brokers)).sorted().joined(separator: " ")),
      .init("topics", kafka.map(\.topic).joined(separator: " ")))
  }
}
