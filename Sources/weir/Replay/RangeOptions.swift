import ArgumentParser
import PipelineSpec
import StreamCore
import WorkerRuntime

/// Which part of history a command reads.
struct RangeOptions: ParsableArguments {
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Results from here on: a date in the pipeline's zone, RFC 3339, -7d before now, or offsets "
        + "TOPIC/0=1200,TOPIC/1=900 (default: the beginning of the log).", valueName: "time|offsets"
    ))
  var from: String?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Results up to here, and no further; offsets are the first ones that are not read (default: "
        + "the end of the log).", valueName: "time|offsets"))
  var to: String?

  @Option(
    help: ArgumentHelp(
      "How long before --from reading begins, or all for the beginning of the log (default: the "
        + "longest that a stage looks back).", valueName: "duration"))
  var warmup: String?

  func validate() throws {
    _ = try bound(from, "--from", .utc, WallTime(ms: 0))
    _ = try bound(to, "--to", .utc, WallTime(ms: 0))
    _ = try warmUp()
    if warmup != nil, from == nil {
      throw ValidationError("--warmup is what is read before --from; give --from.")
    }
  }

  /// What is wanted, with days of `zone`.
  func request(_ zone: Zone) throws -> ReplayRequest {
    let now = SystemClock.now()
    var request = ReplayRequest()
    request.from = try bound(from, "--from", zone, now)
    request.to = try bound(to, "--to", zone, now)
    request.warmUp = try warmUp()
    if case .time(let from) = request.from, case .time(let to) = request.to, from >= to {
      throw ValidationError("--from \(self.from ?? "") is not before --to \(self.to ?? "").")
    }
    return request
  }

  /// The options as they were given, by which the same range is known again.
  var text: String {
    [("--from", from), ("--to", to), ("--warmup", warmup)].compactMap { name, value in
      value.map { "\(name) \($0)" }
    }.joined(separator: " ")
  }

  private func bound(
    _ text: String?, _ option: String, _ zone: Zone, _ now: WallTime
  ) throws -> ReplayBound? {
    guard let text else { return nil }
    if let bound = ReplayBound.parse(text, zone: zone, now: now) { return bound }
    throw ValidationError(
      "\(option) \(text) is neither a time nor offsets; write 2026-01-01, 2026-01-01T08:00:00Z, "
        + "-7d or TOPIC/0=1200,TOPIC/1=900.")
  }

  private func warmUp() throws -> ReplayRequest.WarmUp {
    guard let warmup else { return .longest }
    if warmup == "all" { return .all }
    guard let ms = Durations.parse(warmup) else {
      throw ValidationError("--warmup \(warmup) is no duration; write 1d, 0 or all.")
    }
    return .duration(ms: ms)
  }
}
