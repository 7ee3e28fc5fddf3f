import ArgumentParser
import Foundation
import PipelineSpec
import StreamCore
import WorkerRuntime

/// Where the events of a backtest come from.
struct BacktestSourceOptions: ParsableArguments {
  @Option(
    parsing: .upToNextOption,
    help: "CSV or JSON-lines files in place of Kafka (.gz too, - for standard input).")
  var input: [String] = []

  @Flag(help: "Take each input file as one partition's log, in its own order.")
  var inOrder = false

  @OptionGroup var range: RangeOptions

  @Option(help: "Threads that handle partitions. Default: one for each processor.")
  var lanes: Int?

  /// Throws for what does not go together.
  func check() throws {
    if inOrder && input.isEmpty {
      throw ValidationError("--in-order says how --input is read; name files with --input.")
    }
    if let lanes, lanes < 1 { throw ValidationError("--lanes takes a number from 1 up.") }
  }

  /// Reads everything once; ends the process when it was stopped.
  func run(_ plan: BacktestPlan, zone: Zone, readsSeries: Bool) throws -> BacktestResult {
    let stop = StopFlag()
    let signals = StopSignals(stop)
    defer { withExtendedLifetime(signals) {} }
    var run = BacktestRun(
      plan, input: input.isEmpty ? .kafka : .files(input, inOrder: inOrder))
    let progress = InputProgress(totalBytes: InputFiles.totalBytes(input))
    let view = RunProgressView(isShown: true, progress: input.isEmpty ? nil : progress)
    run.progress = progress
    run.request = try range.request(zone)
    run.readsSeries = readsSeries
    run.lanes = lanes ?? ProcessInfo.processInfo.activeProcessorCount
    run.log = Log.command
    run.onStatus = { view.update($0) }
    defer { view.end() }
    let result = try run.run(stop: stop)
    view.end()
    guard let result else {
      Terminal.tell("stopped before the end; nothing is known of the candidates")
      throw ExitCode(128 + SIGINT)
    }
    for rule in plan.rules {
      guard let from = result.completeFrom[rule.name], from > result.range.lowerBound else {
        continue
      }
      Terminal.tell(
        from < result.range.upperBound
          ? "note: \(rule.name) is complete from \(Instants.text(from, zone: zone)) on, because it "
            + "looks back further than was read; read more with --warmup"
          : from < .distantFuture
            ? "note: \(rule.name) looks back further than was read; it is left out; read more "
              + "with --warmup"
            : "note: \(rule.name) looks back on everything before; it is left out; only --warmup "
              + "all tells of it")
    }
    return result
  }
}
