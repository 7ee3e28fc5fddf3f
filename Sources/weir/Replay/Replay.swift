import ArgumentParser
import Foundation
import PipelineSpec
import SnapshotStore
import StreamCore
import WorkerRuntime

/// `weir replay`: history again, into a file of its own.
struct Replay: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Compute results of history again, into a file of their own; nobody is told of them.",
    discussion: """
      Reads a part of the pipeline's topics, or files, at full speed through the very code of a live \
      run. It joins no consumer group, commits no offsets, produces nothing, and tells nobody: \
      messages that a live run would have sent are kept as suppressed. Interrupted, the same command \
      goes on where it was. Rows are reported only where everything that they look back on was read; \
      the summary says from when on that is.

      EXAMPLES
        weir replay shop.yaml --into all.sqlite
            Everything that the log still holds.
        weir replay shop.yaml --into march.sqlite --from 2026-03-01 --to 2026-04-01
            One month, with what its stages look back on read before.
        weir replay shop.yaml --into again.sqlite --like shop.sqlite
            What a live run read, under the thresholds that it had: weir diff finds nothing.
        weir replay shop.yaml --into ecom.sqlite --input clicks.csv.gz --from 2024-05-01
            Files in place of Kafka.
        weir replay shop.yaml --into march.sqlite --from 2026-03-01 --to 2026-04-01 \
          --restate shop.sqlite --reason "events of the app came twice"
            Put right what a stopped worker's file says of one month.
      """)

  @Argument(help: "The pipeline file.") var pipeline: String

  @Option(help: ArgumentHelp("The file that the results go into.", valueName: "file"))
  var into: String

  @OptionGroup var range: RangeOptions

  @Option(
    help: ArgumentHelp(
      "Follow this live run: its offsets, idle partitions and thresholds.", valueName: "file"))
  var like: String?

  @Option(
    help: ArgumentHelp(
      "Begin with the results and the state of this file, and go on from its offsets.",
      valueName: "file"))
  var fromBackup: String?

  @Option(
    help: ArgumentHelp(
      "At the end, replace what this stopped worker's file holds of the range by what was computed "
        + "anew; what it held is kept in its table restatements.", valueName: "file"))
  var restate: String?

  @Option(help: ArgumentHelp("With --restate: why.", valueName: "text")) var reason: String?

  @OptionGroup var person: PersonOptions

  @Option(
    help: ArgumentHelp(
      "max, or how much faster than life: 10x, 1x.", valueName: "speed"))
  var speed = "max"

  @Flag(help: "Close every window at the end. Files that are read to their end always do.")
  var close = false

  @Option(
    parsing: .upToNextOption,
    help: "CSV or JSON-lines files in place of Kafka (.gz too, - for standard input).")
  var input: [String] = []

  @Flag(help: "Take each input file as one partition's log, in its own order.") var inOrder = false

  @Option(help: "Threads that handle partitions. Default: one for each processor.")
  var lanes: Int?

  @Flag(help: "Print nothing but errors.") var quiet = false

  func validate() throws {
    if inOrder && input.isEmpty {
      throw ValidationError("--in-order says how --input is read; name files with --input.")
    }
    if let lanes, lanes < 1 { throw ValidationError("--lanes takes a number from 1 up.") }
    if like != nil, range.to != nil || close {
      throw ValidationError("--like ends where the live run is; leave out --to and --close.")
    }
    if fromBackup != nil, range.from != nil || like != nil {
      throw ValidationError("--from-backup begins where that file is; leave out --from and --like.")
    }
    if close, range.to != nil {
      throw ValidationError("--close is for the end of the log; leave it out with --to.")
    }
    if restate != nil, reason == nil {
      throw ValidationError("--restate changes what people have seen; say why with --reason.")
    }
    if restate == nil, reason != nil || person.by != nil {
      throw ValidationError("--reason and --by go with --restate.")
    }
    let others = [like, fromBackup, restate].compactMap(\.self)
    if let other = others.first(where: { Self.resolved($0) == Self.resolved(into) }) {
      throw ValidationError("--into \(other) is the file to read; name another one to write.")
    }
    _ = try factor()
  }

  func run() throws {
    let loaded = try PipelineFile.load(pipeline)
    let start = ContinuousClock.now
    let by = try restate.map { live in
      try Restating(pipeline: loaded.plan, replay: into, live: live).check()
      return try person.name()
    }
    let stop = StopFlag()
    let signals = StopSignals(stop)
    defer { withExtendedLifetime(signals) {} }
    let summary = try replay(loaded, stop)
    if !quiet {
      print(RunSummaryTable.text(summary))
      print(
        ReplaySummaryText(
          pipeline: loaded.plan, summary: summary, elapsed: ContinuousClock.now - start
        ).text)
      if !summary.reachedEnd {
        print("interrupted; the same command goes on where it was")
      }
    }
    if !summary.reachedEnd { throw ExitCode.interrupted }
    guard let restate, let by else { return }
    let restating = Restating(pipeline: loaded.plan, replay: into, live: restate)
    try restating.run(
      request: range.request(loaded.plan.zone), by: by, reason: reason ?? "", isQuiet: quiet)
  }

  private func replay(_ loaded: Pipeline, _ stop: StopFlag) throws -> RunSummary {
    let log = Log.command
    defer { log.flush() }
    var request = try range.request(loaded.plan.zone)
    request.like = like
    if let fromBackup { request.goesOnFromBackup = try copy(fromBackup) }
    request.closesAtEnd = close
    request.speed = try factor()
    request.text = rangeText
    let plan = try ReplayPlan.resolve(
      request, pipeline: loaded, readsFiles: !input.isEmpty, dataPath: into, log: log)
    if !quiet { for note in plan.notes { log(note) } }
    var options = WorkerOptions(
      dataPath: into, lanes: lanes ?? ProcessInfo.processInfo.activeProcessorCount)
    options.replay = plan
    options.log = log
    let progress = InputProgress(totalBytes: InputFiles.totalBytes(input))
    let view = RunProgressView(isShown: !quiet, progress: input.isEmpty ? nil : progress)
    options.onStatus = { view.update($0) }
    defer { view.end() }
    var from = WorkerInput.kafka
    if !input.isEmpty {
      from = .logs(
        try FileInputs.open(
          input, plan: loaded.plan, inOrder: inOrder, dataPath: into,
          spillDirectory: ProcessEnvironment.spillDirectory, progress: progress))
    }
    return try Worker(pipeline: loaded, input: from, options: options, stop: stop).run()
  }

  /// Copies a backup to where the replay goes on with it; false: an interrupted one is there.
  private func copy(_ backup: String) throws -> Bool {
    if FileManager.default.fileExists(atPath: into) { return false }
    guard FileManager.default.fileExists(atPath: backup + "-state") else {
      throw Refusal(
        "\(backup) has no state file \(backup)-state beside it",
        whatToDo: "A backup is both files; without the state, replay all that the log holds")
    }
    try StorePair.copy(from: backup, to: into)
    return true
  }

  /// What makes the range, as it was given.
  private var rangeText: String {
    let more = [
      like.map { "--like \($0)" }, fromBackup.map { "--from-backup \($0)" },
      close ? "--close" : nil,
    ].compactMap(\.self)
    return ([range.text] + more).filter { !$0.isEmpty }.joined(separator: " ")
  }

  private static func resolved(_ path: String) -> String {
    URL(fileURLWithPath: path).resolvingSymlinksInPath().path
  }

  /// Event time in a second of wall time, in seconds; nil: as fast as it can be read.
  private func factor() throws -> Double? {
    if speed == "max" { return nil }
    guard speed.hasSuffix("x"), let factor = Double(speed.dropLast()), factor.isFinite, factor > 0
    else { throw ValidationError("--speed \(speed) is neither max nor such as 10x.") }
    return factor
  }
}
