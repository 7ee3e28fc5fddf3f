import Foundation
import StreamTestKit
import Synchronization
import Testing

/// The real program while it runs: to be signalled and waited for. It ends with its owner.
final class RunningCommand: Sendable {
  private let process = Process()
  private let end = ProcessEnd()
  private let folder: TemporaryFolder

  /// Starts `weir` with `arguments` in the directory of the project.
  ///
  /// `input` is its standard input; nothing when it is nil.
  init(
    _ arguments: [String], environment: [String: String] = [:], input: Pipe? = nil
  ) throws {
    folder = try TemporaryFolder()
    process.executableURL = try Command.program()
    process.arguments = arguments
    process.currentDirectoryURL = Project.root
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    process.standardInput = input ?? FileHandle.nullDevice
    let files = try ["output", "errors"].map {
      FileHandle(forWritingAtPath: try folder.write("", to: $0))
    }
    (process.standardOutput, process.standardError) = (files[0], files[1])
    process.terminationHandler = { [end] in end.set($0.endCode) }
    try process.run(closing: files)
  }

  deinit { send(SIGKILL) }

  /// Its process id.
  var id: Int32 { process.processIdentifier }

  /// What it has written to standard error so far.
  var errors: String { (try? String(contentsOfFile: folder.file("errors"), encoding: .utf8)) ?? "" }

  /// What it has written so far.
  var text: String {
    ["output", "errors"].map {
      (try? String(contentsOfFile: folder.file($0), encoding: .utf8)) ?? ""
    }.joined(separator: "\n")
  }

  /// Sends `signal`, if it still runs.
  func send(_ signal: Int32) {
    if end.code == nil && process.isRunning { kill(id, signal) }
  }

  /// Its exit code, or the negative signal that ended it, as soon as it has ended; nil if that
  /// takes longer than `ms`.
  func ended(withinMs ms: Int) async -> Int32? { await end.wait(ms: ms, of: process) }

  /// Waits until `isTrue`, for as long as it runs.
  func wait(until isTrue: () throws -> Bool) async throws {
    let deadline = ContinuousClock.now + Patience.duration
    while try !isTrue() {
      try #require(ContinuousClock.now < deadline, "\(text)")
      let code = await ended(withinMs: 10)
      try #require(code == nil, "\(text)")
    }
  }

  /// As `ended`, for what must end.
  func mustEnd() async throws -> Int32 {
    try #require(await ended(withinMs: Patience.ms), "it still runs: \(text)")
  }
}

/// The end of a process, and those who wait for it.
final class ProcessEnd: Sendable {
  private struct State {
    var code: Int32?
    var waiters: [Int: CheckedContinuation<Int32?, Never>] = [:]
    var count = 0
  }

  private let state = Mutex(State())

  var code: Int32? { state.withLock { $0.code } }

  func set(_ code: Int32) {
    let waiters = state.withLock { state in
      state.code = code
      defer { state.waiters.removeAll() }
      return state.waiters
    }
    for waiter in waiters.values { waiter.resume(returning: code) }
  }

  /// The code of `process` as soon as it has ended; nil if that takes longer than `ms`.
  ///
  /// Asks the system as well, since the notice of an end may come late where another process has
  /// been started at the same moment: as late as that one's end.
  func wait(ms: Int, of process: Process) async -> Int32? {
    let deadline = ContinuousClock.now + .milliseconds(ms)
    while true {
      let left = (deadline - ContinuousClock.now) / .milliseconds(1)
      let leftMs = max(0, Int(left))
      if let code = await wait(ms: min(leftMs, 500)) ?? process.unnotedCode { return code }
      if leftMs <= 500 { return nil }
    }
  }

  private func wait(ms: Int) async -> Int32? {
    await withCheckedContinuation { waiter in
      let number = state.withLock { state -> Int? in
        guard state.code == nil else { return nil }
        state.count += 1
        state.waiters[state.count] = waiter
        return state.count
      }
      guard let number else { return waiter.resume(returning: code) }
      DispatchQueue.global().asyncAfter(deadline: .now() + .milliseconds(ms)) { [self] in
        state.withLock { $0.waiters.removeValue(forKey: number) }?.resume(returning: nil)
      }
    }
  }
}

extension Process {
  /// What it has ended with: its exit code, or the negative signal.
  var endCode: Int32 { terminationReason == .exit ? terminationStatus : -terminationStatus }

  /// The same where it has ended and nobody has taken note of that yet.
  var unnotedCode: Int32? {
    let id = processIdentifier
    var info = siginfo_t()
    guard waitid(P_PID, id_t(id), &info, WEXITED | WNOHANG | WNOWAIT) == 0,
      info._sifields._sigchld.si_pid == id
    else { return nil }
    let status = info._sifields._sigchld.si_status
    return info.si_code == Int32(CLD_EXITED) ? status : -status
  }
}
