import BenchmarkKit
import Foundation
import SnapshotStore

/// How long it takes until a worker that was stopped takes events again.
struct Restart {
  let worker: Worker
  let folder: URL
  private let files = 4

  func run(users: Int, targetMs: Double) throws {
    let perFile = users * 2 / files
    let paths = try BenchmarkEvents.write(
      files: files, events: perFile, users: .uniform, userCount: users,
      spanMs: Double(perFile) * Throughput.stepMs, to: folder)
    defer { for path in paths { try? FileManager.default.removeItem(atPath: path) } }
    let data = worker.newFile(in: folder)
    let arguments =
      ["run", Worker.fullPipeline, "--data", data, "--in-order", "--input"] + paths
    try stopMidway(arguments, data, events: perFile * files)
    let again = RunOutput(try ChildProcess.run(worker.binary, arguments).output)
    guard let ready = again.readyMs, again.applied == Double(perFile * files) else {
      throw BenchmarkError("the run did not go on where it was stopped")
    }
    print(String(format: "restart with the state of %8d users: %6.0f ms", users, ready))
    try Figures.note(
      Figure("restart", "\(users) users", ready / 1_000, "s", .atMost(targetMs / 1_000)))
  }

  /// Runs until half of the events are in the file, and stops it in order.
  private func stopMidway(_ arguments: [String], _ data: String, events: Int) throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: worker.binary)
    process.arguments = arguments
    process.environment = ProcessInfo.processInfo.environment.merging([
      "WEIR_SNAPSHOT_EVERY": "100ms"
    ]) { $1 }
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
    while process.isRunning {
      let reader = try? ResultsReader.open(path: data)
      if let last = try? reader?.snapshots(limit: 1).first, last.fates.read > events / 2 { break }
      usleep(2_000)
    }
    process.terminate()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      throw BenchmarkError("the worker did not stop in order: \(process.terminationStatus)")
    }
  }
}
