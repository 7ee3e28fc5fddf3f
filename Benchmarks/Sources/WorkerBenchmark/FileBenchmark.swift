import BenchmarkKit
import Foundation

/// `weir run --in-order --input` over generated files: throughput, CPU, memory and pauses.
struct FileBenchmark {
  let eventsPerFile: Int
  private let folder: URL
  private let worker: Worker
  private let rounds = 3

  init(eventsPerFile: Int, folder: URL) throws {
    self.eventsPerFile = eventsPerFile
    self.folder = folder
    worker = try Worker()
  }

  func run() throws {
    print(
      "\(eventsPerFile * 4) events, 1,000,000 users, one hour of event time; median of \(rounds)")
    print(
      "files  users    job          events/s    ns CPU/event  peak MB  bytes/user  longest pause  "
        + "records")
    let empty = try measure(Worker.pipeline, [])
    let jobs: [(files: Int, users: BenchmarkEvents.Users, pipeline: String)] = [
      (4, .uniform, Worker.pipeline), (4, .uniform, Worker.userPipeline),
      (4, .zipf, Worker.pipeline), (4, .zipf, Worker.userPipeline),
      (64, .uniform, Worker.pipeline), (64, .zipf, Worker.pipeline),
    ]
    for (files, users, pipeline) in jobs {
      let total = eventsPerFile * 4
      let paths = try BenchmarkEvents.write(
        files: files, events: total / files, users: users, to: folder)
      let runs = try (0..<rounds).map { _ in try measure(pipeline, paths) }
      let job = (pipeline as NSString).lastPathComponent.dropLast(".yaml".count)
      let peak = runs.map { Double($0.peakBytes) }.median
      print(
        String(
          format: "%5d  %-7@  %-11@  %9.0f  %14.0f  %7.0f  %10.0f  %-13@  %@", files,
          users.rawValue as NSString, String(job) as NSString,
          Double(total) / runs.map(\.wallSeconds).median,
          runs.map(\.cpuSeconds).median * 1e9 / Double(total), peak / 1e6,
          (peak - Double(empty.peakBytes)) / 1e6, longestPause(runs) as NSString,
          (RunOutput(runs.last?.output ?? "").line(of: "records of users and keys  ") ?? "")
            as NSString))
      for path in paths { try FileManager.default.removeItem(atPath: path) }
    }
  }

  /// The longest of all runs, as the worker's last table says.
  private func longestPause(_ runs: [ChildProcess]) -> String {
    let pauses = runs.compactMap { RunOutput($0.output).pauseMs("longest") }
    return pauses.max().map { "\($0) ms" } ?? "unknown"
  }

  /// Runs the worker over `paths`, in a process of its own; over an empty file without any.
  private func measure(_ pipeline: String, _ paths: [String]) throws -> ChildProcess {
    let empty = folder.appendingPathComponent("empty.jsonl").path
    _ = FileManager.default.createFile(atPath: empty, contents: Data())
    return try worker.run(
      pipeline, in: folder, ["--in-order", "--input"] + (paths.isEmpty ? [empty] : paths))
  }
}
