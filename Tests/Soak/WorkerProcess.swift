import Foundation
import Synchronization

/// A program that runs beside this one: to be signalled by its id, waited for and looked at.
final class WorkerProcess: Sendable {
  /// Its process id.
  let id: pid_t
  /// Where what it says goes.
  let logPath: String
  private let status = Mutex<Int32?>(nil)

  /// Starts `path`; what it says goes into a new file at `logPath`.
  init(
    _ path: String, _ arguments: [String], environment: [String: String] = [:], logPath: String
  ) throws {
    self.logPath = logPath
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_addopen(
      &actions, STDOUT_FILENO, logPath, O_WRONLY | O_CREAT | O_TRUNC, 0o644)
    posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO)
    let all = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    var argv = ([path] + arguments).map { strdup($0) } + [nil]
    var envp = all.map { strdup("\($0.key)=\($0.value)") } + [nil]
    defer { for text in argv + envp { free(text) } }
    var child = pid_t()
    guard posix_spawn(&child, path, &actions, nil, &argv, &envp) == 0 else {
      throw SoakError("\(path) could not be started: give the program with --weir")
    }
    id = child
  }

  deinit {
    send(SIGKILL)
    _ = awaitEnd(seconds: 10)
  }

  /// What it has said so far.
  var text: String { (try? String(contentsOfFile: logPath, encoding: .utf8)) ?? "" }

  /// Its exit code, or the negative signal that ended it; nil while it runs.
  var code: Int32? {
    status.withLock { known in
      if known == nil {
        var raw: Int32 = 0
        if waitpid(id, &raw, WNOHANG) == id {
          let signal = raw & 0x7F
          known = signal == 0 ? (raw >> 8) & 0xFF : -signal
        }
      }
      return known
    }
  }

  /// Sends a signal, if it still runs.
  func send(_ signal: Int32) {
    if code == nil { kill(id, signal) }
  }

  /// Waits for its end; nil when it still runs after so long.
  func awaitEnd(seconds: Double) -> Int32? {
    _ = awaited(within: seconds, everyMs: 5) { code != nil }
    return code
  }

  /// Bytes of memory that it holds; nil when it is gone.
  var residentBytes: Int64? {
    guard let text = try? String(contentsOfFile: "/proc/\(id)/statm", encoding: .utf8),
      let pages = text.split(separator: " ").dropFirst().first.flatMap({ Int64($0) })
    else { return nil }
    return pages * Int64(sysconf(Int32(_SC_PAGESIZE)))
  }

  /// File descriptors that it holds; nil when it is gone.
  var descriptors: Int? {
    (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(id)/fd"))?.count
  }
}
