// A replay against `weir run` of the same logs: each is a process of its own, by turns.
//
//   swift run -c release --package-path Benchmarks ReplayBenchmark [EVENTS_PER_FILE]

import BenchmarkKit
import Foundation

let rounds = 3
let files = 4
let hours = 24.0
let perFile = CommandLine.arguments.dropFirst().first.flatMap { Int($0) } ?? 1_000_000

/// Whole runs and replays of everything, and replays of the second half alone.
func measure(_ worker: Worker, _ pipeline: String, _ folder: URL) throws {
  let events = Double(files * perFile)
  let paths = try BenchmarkEvents.write(
    files: files, events: perFile, users: .uniform, spanMs: hours * 3_600_000, to: folder)
  let input = ["--in-order", "--input"] + paths
  var runs: [ChildProcess] = []
  var replays: [ChildProcess] = []
  var halves: [ChildProcess] = []
  for _ in 0..<rounds {
    runs.append(try worker.run(pipeline, in: folder, input))
    replays.append(try worker.replay(pipeline, in: folder, input))
    halves.append(
      try worker.replay(pipeline, in: folder, ["--from", "2026-01-01T12:00:00Z"] + input))
  }
  let seconds = runs.map(\.wallSeconds).median
  for (name, all) in [("run", runs), ("replay", replays), ("replay --from", halves)] {
    let wall = all.map(\.wallSeconds).median
    let job = ((pipeline as NSString).lastPathComponent as NSString).deletingPathExtension
    print(
      String(
        format: "%-12@  %-13@  %9.0f  %13.1f  %14.0f  %5.2f", job as NSString, name as NSString,
        events / wall, hours / wall, all.map(\.cpuSeconds).median * 1e9 / events,
        wall / seconds))
  }
}

do {
  let worker = try Worker()
  print("\(files * perFile) events, 1,000,000 users, 24 hours; median of \(rounds)")
  print("job           what            events/s  event hours/s  ns CPU/event   time")
  try Worker.inFolder { folder in
    for pipeline in [Worker.pipeline, Worker.userPipeline] {
      try measure(worker, pipeline, folder)
    }
  }
} catch {
  FileHandle.standardError.write(Data("ReplayBenchmark: \(error)\n".utf8))
  exit(1)
}
