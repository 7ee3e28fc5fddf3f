import BenchmarkKit
import Foundation

/// A program that serves a console while it is measured. It ends with `end`, or its owner.
final class ConsoleProcess {
  private let process = Process()
  private let log: URL
  private let start: ContinuousClock.Instant

  /// Starts `weir` with `arguments`; what it says goes to a file in `folder`.
  init(_ arguments: [String], in folder: URL) throws {
    log = folder.appendingPathComponent("console.log")
    _ = FileManager.default.createFile(atPath: log.path, contents: Data())
    process.executableURL = URL(fileURLWithPath: try Worker().binary)
    process.arguments = arguments
    let output = try FileHandle(forWritingTo: log)
    process.standardOutput = output
    process.standardError = output
    process.standardInput = FileHandle.nullDevice
    start = .now
    try process.run()
  }

  deinit { end() }

  /// What it has said so far.
  var text: String { (try? String(contentsOf: log, encoding: .utf8)) ?? "" }

  /// The port that it says it listens on, as soon as it does.
  func port() throws -> Int {
    while process.isRunning || !text.isEmpty {
      if let found = text.firstMatch(of: /http:\/\/127\.0\.0\.1:(?<port>\d+)/),
        let port = Int(found.port)
      {
        return port
      }
      guard process.isRunning else { break }
      usleep(2_000)
    }
    throw BenchmarkError("weir ended without serving a console: \(text)")
  }

  /// Waits for its end: seconds since its start. Its processor time is in `RUSAGE_CHILDREN`.
  func wait() throws -> Double {
    process.waitUntilExit()
    guard process.terminationStatus == 0 else { throw BenchmarkError("weir failed: \(text)") }
    return (ContinuousClock.now - start).inSeconds
  }

  /// Stops it in order.
  func end() {
    guard process.isRunning else { return }
    process.terminate()
    process.waitUntilExit()
  }
}

extension Duration {
  /// In seconds.
  var inSeconds: Double { Double(components.seconds) + Double(components.attoseconds) / 1e18 }
  /// In milliseconds.
  var inMs: Double { inSeconds * 1_000 }
}

extension rusage {
  /// User and system time of all children that have ended.
  static var childrenCPUSeconds: Double {
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_CHILDREN.rawValue), &usage)
    return usage.cpuSeconds
  }
}
