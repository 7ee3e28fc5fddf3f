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

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Only from then on: a date, a time, -7d, or offsets TOPIC/PARTITION=OFFSET,…",
      valueName: "time"))
  var from: String?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Only up to then, written as --from.", valueName: "time"))
  var to: String?

  @Option(
    help: ArgumentHelp(
      "How far back reading begins before --from, or all. Default: as far as any rule looks.",
      valueName: "duration"))
  var warmup: String?

  @Option(help: "Threads that handle partitions. Default: one for each processor.")
  var lanes: Int?

  /// Throws for what does not go together.
  func check() throws {
    if inOrder && input.isEmpty {
      throw ValidationError("--in-order says how --input is read; name files with --input.")
    }
    if warmup != nil && from == nil {
      throw ValidationError("--warmup says what is read before --from; give both.")
    }
    _ = try request(.utc)
    if let lanes, lanes < 1 { throw ValidationError("--lanes takes a number from 1 up.") }
  }

  /// Which part of the events is looked at.
  private func request(_ zone: Zone) throws -> ReplayRequest {
    func bound(_ text: String?, _ option: String) throws -> ReplayBound? {
      guard let text else { return nil }
      guard let bound = ReplayBound.parse(text, zone: zone, now: SystemClock.now()) else {
        throw ValidationError(
          "\(option) \(text) is neither a time nor offsets; write 2026-03-01, "
            + "2026-03-01T08:00:00Z, -7d or orders/0=1200,orders/1=1300.")
      }
      return bound
    }
    var request = ReplayRequest()
    request.from = try bound(from, "--from")
    request.to = try bound(to, "--to")
    if let warmup {
      guard let ms = warmup == "all" ? 0 : Durations.parse(warmup) else {
        throw ValidationError("--warmup \(warmup) is no duration; write 7d, or all.")
      }
      request.warmUp = warmup == "all" ? .all : .duration(ms: ms)
    }
    return request
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
    run.request = try request(zone)
    run.readsSeries = readsSeries
    run.lanes = lanes ?? ProcessInfo.processInfo.activeProcessorCount
    run.log = { line in Terminal.tell("weir: \(line)") }
    run.onStatus = { view.update($0) }
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
        from < .distantFuture
          ? "note: \(rule.name) is told of from \(Instants.text(from, zone: zone)) on: it looks back "
            + "further than was read before; read more with --warmup"
          : "note: nothing is told of \(rule.name): it looks back to the first event; give --warmup all"
      )
    }
    return result
  }
}
