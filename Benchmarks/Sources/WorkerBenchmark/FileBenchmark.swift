import Foundation

/// `weir run --in-order --input` over generated files: throughput, CPU and memory of the process.
struct FileBenchmark {
  let eventsPerFile: Int
  private let folder: URL
  private let binary: String
  private let pipeline: String

  /// What the operating system says of a finished run.
  struct Figures {
    var wallSeconds: Double
    var cpuSeconds: Double
    var peakBytes: Int64
    var output: String
  }

  init(eventsPerFile: Int) throws {
    self.eventsPerFile = eventsPerFile
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    binary = root.appendingPathComponent(".build/release/weir").path
    pipeline = root.appendingPathComponent("pipelines/bench.yaml").path
    guard FileManager.default.isExecutableFile(atPath: binary) else {
      throw BenchmarkError("there is no \(binary); build it with `make release`")
    }
    folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("weir-benchmark-\(ProcessInfo.processInfo.processIdentifier)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  }

  func run() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    print("files of \(eventsPerFile) events, 1,000,000 users, one hour of event time")
    print("files  users    events/s    ns CPU/event  peak MB  bytes/user")
    for (files, users) in [(4, BenchmarkEvents.Users.uniform), (4, .zipf), (64, .uniform)] {
      let total = eventsPerFile * 4
      let paths = try write(files: files, events: total / files, users: users)
      let empty = try measure(paths.prefix(0))
      let figures = try measure(paths[...])
      let perUser = (figures.peakBytes - empty.peakBytes) / 1_000_000
      print(
        String(
          format: "%5d  %-7@  %9.0f  %14.0f  %7.0f  %10d", files, users.rawValue as NSString,
          Double(total) / figures.wallSeconds, figures.cpuSeconds * 1e9 / Double(total),
          Double(figures.peakBytes) / 1e6, perUser))
      print(figures.output.split(separator: "\n").first.map { "       \($0)" } ?? "")
      for path in paths { try FileManager.default.removeItem(atPath: path) }
    }
  }

  private func write(
    files: Int, events: Int, users: BenchmarkEvents.Users
  ) throws -> [String] {
    try (0..<files).map { file in
      let path = folder.appendingPathComponent("p\(file).jsonl").path
      guard let stream = fopen(path, "wb") else { throw BenchmarkError("cannot write \(path)") }
      defer { fclose(stream) }
      var maker = BenchmarkEvents(seed: UInt64(file), users: users, userCount: 1_000_000)
      var bytes: [UInt8] = []
      for index in 0..<events {
        maker.append(
          to: &bytes, index: index, partition: file, partitions: files,
          startMs: 1_767_225_600_000, stepMs: 3_600_000 / Double(events))
        bytes.append(10)
        if bytes.count > 1 << 20 || index == events - 1 {
          fwrite(bytes, 1, bytes.count, stream)
          bytes.removeAll(keepingCapacity: true)
        }
      }
      return path
    }
  }

  /// Runs the worker over `paths`, in a process of its own; over nothing without any.
  private func measure(_ paths: ArraySlice<String>) throws -> Figures {
    let empty = folder.appendingPathComponent("empty.jsonl").path
    _ = FileManager.default.createFile(atPath: empty, contents: Data())
    let data = folder.appendingPathComponent("bench.sqlite").path
    for suffix in ["", "-wal", "-shm", "-state", ".lock"] {
      try? FileManager.default.removeItem(atPath: data + suffix)
    }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: binary)
    process.arguments =
      ["run", pipeline, "--data", data, "--in-order", "--input"] + (paths.isEmpty ? [empty] : paths)
    let pipe = Pipe()
    process.standardOutput = pipe
    let before = Self.childUsage()
    let start = ContinuousClock.now
    try process.run()
    let output = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    let wall = ContinuousClock.now - start
    guard process.terminationStatus == 0 else {
      throw BenchmarkError("weir ended with \(process.terminationStatus)")
    }
    let after = Self.childUsage()
    let seconds = Double(wall.components.seconds) + Double(wall.components.attoseconds) / 1e18
    return Figures(
      wallSeconds: seconds, cpuSeconds: after.cpu - before.cpu, peakBytes: after.peakBytes,
      output: String(decoding: output, as: UTF8.self))
  }

  /// CPU seconds of all children so far and the greatest memory of any.
  private static func childUsage() -> (cpu: Double, peakBytes: Int64) {
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_CHILDREN.rawValue), &usage)
    let seconds = { (time: timeval) in Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }
    return (seconds(usage.ru_utime) + seconds(usage.ru_stime), Int64(usage.ru_maxrss) * 1024)
  }
}

/// Why a benchmark could not run.
struct BenchmarkError: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}
