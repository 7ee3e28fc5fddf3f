import Foundation
import StreamTestKit
import Testing

/// What one run of the real program did.
struct Outcome {
  var code: Int32
  var output: String
  var errors: String
}

/// Runs the real program, as built beside these tests.
enum Command {
  /// No command of these tests takes longer; one that hangs is ended.
  private static let secondsMax = Patience.ms / 1_000

  /// `weir`, or another program, with `arguments`, in the directory of the project.
  static func run(
    _ arguments: [String], environment: [String: String] = [:], input: String = "",
    program name: String = "weir"
  ) async throws -> Outcome {
    let folder = try TemporaryFolder()
    let output = try folder.write("", to: "output")
    let errors = try folder.write("", to: "errors")
    let process = Process()
    process.executableURL = try program(name)
    process.arguments = arguments
    process.currentDirectoryURL = Project.root
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    let files = [
      FileHandle(forReadingAtPath: try folder.write(input, to: "input")),
      FileHandle(forWritingAtPath: output), FileHandle(forWritingAtPath: errors),
    ]
    (process.standardInput, process.standardOutput, process.standardError) = (
      files[0], files[1], files[2]
    )
    let overdue = DispatchWorkItem { process.terminate() }
    let code = try await process.runToEnd(closing: files) {
      DispatchQueue.global().asyncAfter(deadline: .now() + .seconds(secondsMax), execute: overdue)
    }
    overdue.cancel()
    return Outcome(
      code: code,
      output: try String(contentsOfFile: output, encoding: .utf8),
      errors: try String(contentsOfFile: errors, encoding: .utf8))
  }

  /// Programs are built into the folder of the test bundle.
  static func program(_ name: String = "weir") throws -> URL {
    let places = [
      Bundle.main.bundleURL, URL(fileURLWithPath: CommandLine.arguments[0]),
      Bundle.main.executableURL ?? Bundle.main.bundleURL,
    ]
    let folders = places.flatMap { [$0, $0.deletingLastPathComponent()] }
    let found = folders.map { $0.appending(path: name) }
      .first { FileManager.default.isExecutableFile(atPath: $0.path) && !$0.hasDirectoryPath }
    return try #require(found, "the program \(name) is not beside the tests; swift build makes it")
  }
}

extension Process {
  /// Starts it and closes what only it needs from then on.
  ///
  /// Foundation keeps a process that was started from a task for good, and its files open. Of more
  /// than 1,024 open files some programs and libraries no longer take care.
  func run(closing files: [FileHandle?]) throws {
    defer { for file in files { try? file?.close() } }
    try run()
  }

  /// The same, and waits for its end; `body` is called once it has started. Gives its exit code, or
  /// the negative signal that ended it.
  func runToEnd(closing files: [FileHandle?], _ body: () -> Void = {}) async throws -> Int32 {
    let end = ProcessEnd()
    terminationHandler = { end.set($0.endCode) }
    try run(closing: files)
    body()
    while true {
      if let code = await end.wait(ms: Patience.ms, of: self) { return code }
    }
  }
}

/// The project's own files.
enum Project {
  static let root = URL(filePath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  /// Every pipeline file that the project ships, as a path from its root.
  static let pipelines: [String] =
    ((try? FileManager.default.contentsOfDirectory(
      atPath: root.appending(path: "pipelines").path)) ?? [])
    .filter { $0.hasSuffix(".yaml") }.sorted().map { "pipelines/\($0)" }
}

/// A folder that goes with the test.
final class TemporaryFolder: Sendable {
  let path: String

  init() throws {
    path = NSTemporaryDirectory() + "weir-command-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func file(_ name: String) -> String { path + "/" + name }

  /// Writes `text` and gives the file's path.
  func write(_ text: String, to name: String) throws -> String {
    try Data(text.utf8).write(to: URL(filePath: file(name)))
    return file(name)
  }
}

/// Data that lies beside the project and is no part of it.
enum SharedData {
  /// Path of one of its files.
  static func path(_ name: String) throws -> String {
    let set = ProcessInfo.processInfo.environment["WEIR_SHARED_DATA"].map { [$0] } ?? []
    let folders = [Project.root.path + "/../shared/data"] + set
    let found = folders.map { "\($0)/\(name)" }.first {
      FileManager.default.isReadableFile(atPath: $0)
    }
    return try #require(
      found, "\(name) is in none of \(folders); set WEIR_SHARED_DATA to the directory it is in")
  }
}
