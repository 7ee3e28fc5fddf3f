import Foundation
import SnapshotStore
import Synchronization

/// A worker under test and its file, over as many processes as it takes.
final class Subject: Sendable {
  /// What the tally calls it.
  let name: String
  /// Its public file.
  let data: String
  private let plan: SoakPlan
  private let pipeline: String
  private let environment: [String: String]
  private let folder: URL
  private let halt: Halt
  private let state = Mutex(State())

  /// One kill: the last snapshot before it, and the time since.
  struct Kill {
    var before: Int64
    var watch: Stopwatch
  }

  private struct State {
    var process: WorkerProcess?
    var starts = 0
    /// Whether somebody ends it on purpose just now.
    var isDisturbed = false
  }

  /// Its exit code when it cannot reach something.
  private static let unreachable: Int32 = 3
  private static let restartSecondsMax = 90.0

  init(
    _ name: String, _ plan: SoakPlan, pipeline: String, servers: String, folder: URL, halt: Halt
  ) {
    self.name = name
    self.plan = plan
    self.pipeline = pipeline
    self.folder = folder
    self.halt = halt
    environment = ["WEIR_BROKERS": servers]
    data = folder.appendingPathComponent("\(name).sqlite").path
  }

  /// The process that runs now.
  var process: WorkerProcess? { state.withLock { $0.process } }

  /// The port of its console, once it serves one.
  var port: UInt16? {
    guard let process, process.code == nil else { return nil }
    return process.text.firstMatch(of: /http:\/\/127\.0\.0\.1:(?<port>\d+)/)
      .flatMap { UInt16($0.port) }
  }

  /// Events that its file has as read; 0 before it has a file.
  var read: Int64 { latest?.fates.read ?? 0 }

  /// The newest snapshot of its file.
  var latest: SnapshotRow? {
    guard let reader = try? ResultsReader.open(path: data) else { return nil }
    defer { reader.close() }
    return try? reader.snapshots(limit: 1).first
  }

  /// Bytes of its write-ahead log.
  var walBytes: Int64 {
    var facts = stat()
    return stat(data + "-wal", &facts) == 0 ? Int64(facts.st_size) : 0
  }

  /// Starts it, on the file that is there.
  func start() throws {
    try state.withLock { state in
      state.starts += 1
      state.process = try launch(
        ["--listen", "127.0.0.1:0"], log: "\(name)-\(state.starts).log")
    }
  }

  /// Whether it has ended though nobody wanted it to.
  var hasFailed: Bool {
    state.withLock { !$0.isDisturbed && $0.process?.code != nil }
  }

  /// Kills it and starts it again. `awaitSnapshot` has to follow.
  func killAndRestart() throws -> Kill {
    state.withLock { $0.isDisturbed = true }
    let before = latest?.id ?? 0
    process?.send(SIGKILL)
    guard process?.awaitEnd(seconds: 10) == -SIGKILL else {
      throw SoakError("\(name) had ended before it was killed: \(lastWords)")
    }
    let watch = Stopwatch()
    try start()
    return Kill(before: before, watch: watch)
  }

  /// Waits until its file has a snapshot of after a kill; starts it once more when there was no
  /// broker to be reached, as whoever runs it would.
  ///
  /// - Returns: Seconds from the kill until then; nil when the soak ended before.
  func awaitSnapshot(after kill: Kill) throws -> Double? {
    defer { state.withLock { $0.isDisturbed = false } }
    while latest?.id ?? 0 <= kill.before {
      if let code = process?.code {
        guard code == Self.unreachable else {
          throw SoakError("\(name) ended with \(code) after a restart: \(lastWords)")
        }
        guard halt.goesOn(afterMs: 500) else { return nil }
        try start()
      }
      guard kill.watch.seconds < Self.restartSecondsMax else {
        throw SoakError(
          "\(name) took no snapshot in \(Text.seconds(kill.watch.seconds)) after a kill")
      }
      guard halt.goesOn(afterMs: 20) else { return nil }
    }
    return kill.watch.seconds
  }

  /// Asks it to end, and closes every window of what the topic holds.
  func close() throws {
    state.withLock { $0.isDisturbed = true }
    process?.send(SIGTERM)
    guard let code = process?.awaitEnd(seconds: 60), code == 0 else {
      throw SoakError("\(name), asked to stop, did not end with 0: \(lastWords)")
    }
    let closing = try launch(["--until-end", "--close"], log: "\(name)-close.log")
    guard closing.awaitEnd(seconds: 600) == 0 else {
      throw SoakError("\(name) could not close its windows: \(closing.text.suffix(2_000))")
    }
  }

  /// The end of what it said.
  var lastWords: String { String((process?.text ?? "").suffix(2_000)) }

  private func launch(_ more: [String], log: String) throws -> WorkerProcess {
    // The two workers commit offsets for the same group, which neither reads back.
    try WorkerProcess(
      plan.weir, ["run", pipeline, "--quiet", "--accept-empty", "--data", data] + more,
      environment: environment, logPath: folder.appendingPathComponent(log).path)
  }
}
