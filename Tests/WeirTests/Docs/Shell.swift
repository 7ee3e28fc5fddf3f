import Foundation
import StreamTestKit

/// Runs a line of shell.
enum Shell {
  /// What became of it: its exit code, or the negative signal, and all that it wrote.
  struct Outcome {
    var code: Int32
    var output: String
  }

  /// No command of a document takes longer.
  static let secondsMax = Patience.ms / 1_000

  /// Runs `text` with bash to its end.
  static func run(
    _ text: String, in folder: String = NSTemporaryDirectory(),
    environment: [String: String]? = nil, input: String = ""
  ) async throws -> Outcome {
    let run = try ShellRun(text, in: folder, environment: environment, input: input)
    let code = await run.ended(withinMs: secondsMax * 1_000)
    if code == nil { run.send(SIGKILL) }
    return Outcome(
      code: code ?? -SIGKILL,
      output: run.output + (code == nil ? "\n(ended after \(secondsMax) s)" : ""))
  }
}

/// One run of bash; what still runs of it goes with its owner.
final class ShellRun: Sendable {
  private let process = Process()
  private let files: TemporaryFolder
  private let end = ProcessEnd()

  init(_ text: String, in folder: String, environment: [String: String]?, input: String = "") throws
  {
    files = try TemporaryFolder()
    let output = FileHandle(forWritingAtPath: try files.write("", to: "output"))
    process.executableURL = URL(filePath: "/bin/bash")
    process.arguments = ["--noprofile", "--norc", "-c", text]
    process.currentDirectoryURL = URL(filePath: folder)
    process.environment = environment ?? ProcessInfo.processInfo.environment
    let given = FileHandle(forReadingAtPath: try files.write(input, to: "input"))
    process.standardInput = given
    process.standardOutput = output
    process.standardError = output
    process.terminationHandler = { [end] in end.set($0.endCode) }
    try process.run(closing: [given, output])
  }

  deinit { send(SIGKILL) }

  /// Its process id, which a program that it becomes keeps.
  var id: Int32 { process.processIdentifier }

  /// What it has written so far, to both outputs.
  var output: String {
    (try? String(contentsOfFile: files.file("output"), encoding: .utf8)) ?? ""
  }

  func send(_ signal: Int32) {
    if end.code == nil, process.isRunning { kill(process.processIdentifier, signal) }
  }

  /// Its exit code as soon as it has ended; nil if that takes longer.
  func ended(withinMs ms: Int) async -> Int32? { await end.wait(ms: ms, of: process) }
}
