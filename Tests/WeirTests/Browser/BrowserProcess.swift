import Foundation
import Synchronization
import Testing

/// What went wrong between a test and the browser.
struct BrowserError: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }
}

/// Headless Chromium as a process of the test's own, and the two pipes to it: descriptor 3 takes
/// messages, descriptor 4 gives them, each JSON that a zero byte ends. It ends with its owner.
final class BrowserProcess: Sendable {
  /// Its process id.
  let id: pid_t
  private let toBrowser: Int32
  private let fromBrowser: Int32
  private let folder: TemporaryFolder
  private let isWriting = Mutex(())
  private let hasEnded = Mutex(false)

  /// Where Chromium is, by one of its names.
  static func program() throws -> String {
    let names = ["chromium", "chromium-browser", "google-chrome"]
    let folders =
      (ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin").split(separator: ":")
    let places = names.flatMap { name in folders.map { "\($0)/\(name)" } }
    return try #require(
      places.first { FileManager.default.isExecutableFile(atPath: $0) },
      "chromium is not here, and tests use it; `scripts/bootstrap test` installs it"
    )
  }

  /// Starts it with a profile that goes with the test.
  init() throws {
    folder = try TemporaryFolder()
    let program = try Self.program()
    // What the browser gets as 3 and 4 must not be 3 or 4 here, or one would replace the other.
    let (itReads, weWrite) = try Self.pipe()
    let (weRead, itWrites) = try Self.pipe()
    defer { for end in [itReads, itWrites] { close(end) } }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
    for output in [STDOUT_FILENO, STDERR_FILENO] {
      posix_spawn_file_actions_addopen(&actions, output, "/dev/null", O_WRONLY, 0)
    }
    posix_spawn_file_actions_adddup2(&actions, itReads, 3)
    posix_spawn_file_actions_adddup2(&actions, itWrites, 4)
    // Else it keeps open what other tests wait to see closed.
    for other in 5..<Int32(clamping: min(sysconf(Int32(_SC_OPEN_MAX)), 16_384)) {
      posix_spawn_file_actions_addclose(&actions, other)
    }
    var arguments = [
      program, "--headless", "--remote-debugging-pipe", "--user-data-dir=\(folder.path)",
      "--no-first-run", "--disable-gpu", "--disable-dev-shm-usage", "--disable-extensions",
      "--disable-background-networking", "--disable-component-update", "--disable-sync",
      "--hide-scrollbars", "--force-color-profile=srgb",
    ]
    // Its sandbox cannot be made by root, and what it looks at is our own.
    if getuid() == 0 { arguments.append("--no-sandbox") }
    var environment = ProcessInfo.processInfo.environment
    environment["HOME"] = folder.path
    var argv = (arguments + ["about:blank"]).map { strdup($0) } + [nil]
    var envp = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
    defer { for text in argv + envp { free(text) } }
    var child = pid_t()
    let code = posix_spawn(&child, program, &actions, nil, &argv, &envp)
    id = child
    toBrowser = weWrite
    fromBrowser = weRead
    guard code == 0 else {
      for end in [weWrite, weRead] { close(end) }
      hasEnded.withLock { $0 = true }
      throw BrowserError("\(program) could not be started: error \(code)")
    }
  }

  deinit { end() }

  private static func pipe() throws -> (read: Int32, write: Int32) {
    var ends: [Int32] = [0, 0]
    guard Foundation.pipe(&ends) == 0 else { throw BrowserError("no pipe could be made") }
    defer { for end in ends { close(end) } }
    return (fcntl(ends[0], F_DUPFD_CLOEXEC, 10), fcntl(ends[1], F_DUPFD_CLOEXEC, 10))
  }

  /// Writes one message.
  func write(_ message: Data) throws {
    try isWriting.withLock { _ in
      var rest = (message + [0])[...]
      while !rest.isEmpty {
        let count = rest.withUnsafeBytes { Foundation.write(toBrowser, $0.baseAddress, $0.count) }
        guard count > 0 else { throw BrowserError("the browser has ended") }
        rest = rest.dropFirst(count)
      }
    }
  }

  /// The descriptor from which messages come, for a thread that may outlive this.
  func duplicateOfOutput() -> Int32 { fcntl(fromBrowser, F_DUPFD_CLOEXEC, 10) }

  /// Ends it, once; its children end with it, as their pipes do.
  func end() {
    let isFirst = hasEnded.withLock { ended in
      defer { ended = true }
      return !ended
    }
    guard isFirst else { return }
    close(toBrowser)
    close(fromBrowser)
    kill(id, SIGKILL)
    var status: Int32 = 0
    waitpid(id, &status, 0)
  }
}
