import BenchmarkKit
import Foundation

/// Each layer on top of the one before it.
enum Layers {
  private static let partitions = 4
  private static let perPartition = 400_000
  private static let parts = 12
  private static let rounds = 5

  private static func log() -> MessageLog {
    MessageLog(
      partitions: partitions, users: .uniform, userCount: 1_000_000,
      stepMs: 3_600_000 / Double(perPartition))
  }

  private static func decoding() throws -> Double {
    let job = DecodeJob(try Jobs.plan(Jobs.full).sources[0])
    let log = log()
    for _ in 0..<parts { job.take(log, perPartition / parts) }
    guard job.rejected == 0 else { throw BenchmarkError("\(job.rejected) events were rejected") }
    return job.perEvent
  }

  private static func core(_ text: String) throws -> (event: Double, snapshot: Double) {
    let job = CoreJob(try Jobs.plan(text), partitions: partitions)
    let log = log()
    for _ in 0..<parts {
      job.take(log, perPartition / parts)
      job.snapshot()
    }
    guard job.applied == job.events else { throw BenchmarkError("only \(job.applied) applied") }
    return (job.perEvent, job.snapshotPerEvent)
  }

  /// Measures all by turns, and prints medians.
  static func run() throws {
    var decode: [Double] = []
    var layers = Jobs.layers.map { _ in [Double]() }
    var snapshots: [Double] = []
    for _ in 0..<rounds {
      decode.append(try decoding())
      for (index, layer) in Jobs.layers.enumerated() {
        let (event, snapshot) = try core(layer.text)
        layers[index].append(event)
        if index == layers.count - 1 { snapshots.append(snapshot) }
      }
    }
    print(
      "layers: ns CPU/event on one thread, median of \(rounds) rounds over "
        + "\(partitions * perPartition) events of 1,000,000 users")
    let base = decode.median
    try line("decode", base, base)
    var before = base
    for (index, layer) in Jobs.layers.enumerated() {
      try line(layer.name, layers[index].median - before, base)
      before = layers[index].median
    }
    try line("snapshot", snapshots.median, base)
    try line("all of these", before + snapshots.median, base)
  }

  private static func line(_ name: String, _ value: Double, _ decode: Double) throws {
    print(
      String(
        format: "  %@ %6.0f ns  %5.2f x decode",
        name.padding(toLength: 24, withPad: " ", startingAt: 0), value, value / decode))
    try Figures.note(Figure("layers, CPU per event", name, value, "ns"))
  }
}

/// Stages that are defined and that no event touches.
enum Stages {
  private static let partitions = 4
  private static let perPartition = 250_000
  private static let rounds = 5

  private static func core(_ text: String) throws -> Double {
    let job = CoreJob(try Jobs.plan(text), partitions: partitions)
    let log = MessageLog(
      partitions: partitions, users: .uniform, userCount: 100_000, stepMs: 10)
    for _ in 0..<10 { job.take(log, perPartition / 10) }
    return job.perEvent
  }

  static func run() throws {
    print("stages that no event touches: ns CPU/event on one thread, median of \(rounds) rounds")
    let counts = [0, 10, 50]
    var costs = counts.map { _ in [Double]() }
    for _ in 0..<rounds {
      for (index, count) in counts.enumerated() {
        costs[index].append(try core(Jobs.full(untouched: count)))
      }
    }
    for (count, costs) in zip(counts, costs) {
      print(String(format: "  %3d metrics and %3d rules  %6.0f ns", count, count, costs.median))
    }
    try Figures.note(
      Figure(
        "stages that no event touches", "50 metrics and 50 rules, against none",
        costs[2].median / costs[0].median, "x", .atMost(1.6)))
  }
}

/// From few users to many.
enum Scale {
  private static let partitions = 4
  private static let measured = 500_000

  private static func cost(_ users: Int) throws -> Double {
    let job = CoreJob(try Jobs.plan(Jobs.full), partitions: partitions)
    let log = MessageLog(partitions: partitions, users: .uniform, userCount: users, stepMs: 1)
    // Twice as many events as users, so that most have a record.
    var left = max(users * 2 / partitions, 100_000)
    while left > 0 {
      job.take(log, min(left, 50_000))
      job.snapshot()
      left -= 50_000
    }
    job.restart()
    for _ in 0..<(measured / 50_000) { job.take(log, 50_000) }
    return job.perEvent
  }

  static func run() throws {
    print("users: ns CPU/event on one thread over \(measured * partitions) events")
    var costs: [Double] = []
    for users in [10_000, 100_000, 1_000_000, 10_000_000] {
      costs.append(try cost(users))
      print(
        String(
          format: "  %9d users  %6.0f ns  %5.2f x", users, costs[costs.count - 1],
          costs[costs.count - 1] / costs[0]))
    }
    try Figures.note(
      Figure(
        "users", "CPU per event with 10 million users, against 10,000",
        costs[costs.count - 1] / costs[0], "x", .atMost(1.6)))
  }
}
