import BenchmarkKit

/// Fixed jobs for a counter of instructions: nothing in them depends on time or chance, so that the
/// difference between two numbers of events is what these events take.
enum Instructions {
  /// Runs job `arguments[0]` over `arguments[1]` events.
  static func run(_ arguments: [String]) throws {
    guard arguments.count == 2, let events = Int(arguments[1]), events > 0 else {
      throw BenchmarkError("say which job and how many events: none|decode|metrics|full EVENTS")
    }
    let log = MessageLog(partitions: 1, users: .zipf, userCount: 20_000, stepMs: 20)
    switch arguments[0] {
    case "none":
      // What making the events takes, which is none of the others' business.
      for _ in 0..<(events / 1_000) { log.next(1_000) { _, _ in } }
    case "decode":
      let job = DecodeJob(try Jobs.plan(Jobs.full).sources[0])
      for _ in 0..<(events / 1_000) { job.take(log, 1_000) }
      guard job.rejected == 0 else { throw BenchmarkError("\(job.rejected) were rejected") }
    case "metrics", "full":
      let layers = Jobs.layers
      let text = arguments[0] == "full" ? Jobs.full : layers[1].text
      let job = CoreJob(try Jobs.plan(text), partitions: 1)
      for part in 0..<(events / 1_000) {
        job.take(log, 1_000)
        if part % 10 == 9 { job.snapshot() }
      }
      guard job.applied == events else { throw BenchmarkError("only \(job.applied) applied") }
    default: throw BenchmarkError("there is no job \(arguments[0]): none, decode, metrics, full")
    }
  }
}
