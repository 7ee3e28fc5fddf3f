import Foundation

/// The release binary and the pipeline that the benchmarks run.
public struct Worker {
  /// Path of `weir`.
  public let binary: String
  /// Path of the benchmarks' pipeline.
  public static var pipeline: String { path(of: "bench") }
  /// Path of that with a funnel and retention.
  public static var userPipeline: String { path(of: "bench-users") }

  /// Path of that with risk rules: everything.
  public static var fullPipeline: String { path(of: "bench-full") }

  private static func path(of name: String) -> String {
    root.appendingPathComponent("pipelines/\(name).yaml").path
  }

  private static var root: URL {
    var root = URL(fileURLWithPath: #filePath)
    for _ in 0..<4 { root.deleteLastPathComponent() }
    return root
  }

  /// Finds them in the repository that this was built from.
  ///
  /// - Throws: `BenchmarkError` when the worker is not built.
  public init() throws {
    binary = Self.root.appendingPathComponent(".build/release/weir").path
    guard FileManager.default.isExecutableFile(atPath: binary) else {
      throw BenchmarkError("there is no \(binary); build it with `make release`")
    }
  }

  /// Runs `body` in a folder of its own, which is deleted afterwards.
  public static func inFolder<T>(_ body: (URL) throws -> T) throws -> T {
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("weir-benchmark-\(ProcessInfo.processInfo.processIdentifier)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    return try body(folder)
  }

  /// Runs the worker on a new file in `folder`.
  public func run(
    _ pipeline: String = pipeline, in folder: URL, _ arguments: [String],
    environment: [String: String] = [:]
  ) throws -> ChildProcess {
    try ChildProcess.run(
      binary, ["run", pipeline, "--data", newFile(in: folder)] + arguments,
      environment: environment)
  }

  /// Replays into a new file in `folder`.
  public func replay(
    _ pipeline: String = pipeline, in folder: URL, _ arguments: [String],
    environment: [String: String] = [:]
  ) throws -> ChildProcess {
    try ChildProcess.run(
      binary, ["replay", pipeline, "--into", newFile(in: folder)] + arguments,
      environment: environment)
  }

  /// The path of a file in `folder` that is not there, nor anything beside it.
  public func newFile(in folder: URL) -> String {
    let data = folder.appendingPathComponent("bench.sqlite").path
    for suffix in ["", "-wal", "-shm", "-state", ".lock"] {
      try? FileManager.default.removeItem(atPath: data + suffix)
    }
    return data
  }
}
