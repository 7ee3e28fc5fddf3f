import BenchmarkKit
import Foundation

/// Events a second, memory, pauses and what saving state takes.
struct Throughput {
  let worker: Worker
  let folder: URL
  let perFile: Int
  /// Between two events of a file: a million in an hour.
  static let stepMs = 3.6
  private let files = 4
  private let users = 1_000_000
  private let rounds = 3

  func run() throws {
    let total = Double(perFile * files)
    print(
      "full job: \(Int(total)) events, \(users) users, \(files) files, median of \(rounds)")
    let empty = folder.appendingPathComponent("empty.jsonl").path
    _ = FileManager.default.createFile(atPath: empty, contents: Data())
    let start = try measure([empty])
    for kind in [BenchmarkEvents.Users.uniform, .zipf] {
      let paths = try BenchmarkEvents.write(
        files: files, events: perFile, users: kind, userCount: users,
        spanMs: Double(perFile) * Self.stepMs, to: folder)
      defer { for path in paths { try? FileManager.default.removeItem(atPath: path) } }
      let runs = try (0..<rounds).map { _ in try measure(paths) }
      let quick = try (0..<rounds).map { _ in
        try measure(paths, snapshots: "250ms", states: "1s")
      }
      try report(kind, runs, quick, start, total)
    }
  }

  private func report(
    _ kind: BenchmarkEvents.Users, _ runs: [ChildProcess], _ quick: [ChildProcess],
    _ start: ChildProcess, _ total: Double
  ) throws {
    let outputs = runs.map { RunOutput($0.output) }
    let eager = quick.map { RunOutput($0.output) }
    guard outputs.allSatisfy({ $0.applied == total }) else {
      throw BenchmarkError("not all of \(Int(total)) events were applied")
    }
    let speed = total / runs.map(\.wallSeconds).median
    let cpu = runs.map(\.cpuSeconds).median * 1e9 / total
    let memory =
      (runs.map { Double($0.peakBytes) }.median - Double(start.peakBytes)) / Double(users)
    let p50 = eager.compactMap { $0.pauseMs("p50") }.median
    let p99 = eager.compactMap { $0.pauseMs("p99") }.max() ?? 0
    let longest = (eager + outputs).compactMap { $0.pauseMs("longest") }.max() ?? 0
    let share = eager.compactMap(\.statePercent).max() ?? 0
    print(
      String(
        format: "  %-7@  %9.0f events/s  %4.0f ns CPU/event  %4.0f bytes/user  "
          + "pauses p50 %.1f ms p99 %.1f ms longest %.1f ms  state %.1f%% of the time",
        kind.rawValue as NSString, speed, cpu, memory, p50, p99, longest, share))
    let group = "full job from files, \(kind.rawValue) users"
    try Figures.note(
      Figure(group, "throughput", speed / 1e6, "M events/s", .atLeast(2)),
      Figure(group, "CPU per event", cpu, "ns"),
      Figure(group, "memory per user", memory, "bytes"),
      Figure(group, "pause p50, snapshots every 250 ms", p50, "ms"),
      Figure(group, "pause p99, snapshots every 250 ms", p99, "ms", .atMost(20)),
      Figure(group, "longest pause", longest, "ms"),
      Figure(group, "saving state, every second where it may", share, "% of the time", .atMost(10)))
  }

  private func measure(
    _ paths: [String], snapshots: String = "5s", states: String = "30s"
  ) throws -> ChildProcess {
    try worker.run(
      Worker.fullPipeline, in: folder, ["--in-order", "--input"] + paths,
      environment: ["WEIR_SNAPSHOT_EVERY": snapshots, "WEIR_STATE_EVERY": states])
  }
}
