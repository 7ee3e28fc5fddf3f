import Foundation

/// A program that was run to its end, and what the operating system says of it.
public struct ChildProcess {
  /// From start to end.
  public var wallSeconds: Double
  /// User and system time.
  public var cpuSeconds: Double
  /// The most memory it had at once.
  public var peakBytes: Int64
  /// What it wrote to standard output.
  public var output: String

  /// Runs `path` with `arguments` and these additions to the environment; what it writes to
  /// standard error is dropped.
  ///
  /// - Throws: `BenchmarkError` when it cannot be started or does not end with 0.
  public static func run(
    _ path: String, _ arguments: [String], environment: [String: String] = [:]
  ) throws -> ChildProcess {
    var ends: [Int32] = [0, 0]
    guard pipe(&ends) == 0 else { throw BenchmarkError("no pipe could be made") }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO)
    posix_spawn_file_actions_addclose(&actions, ends[0])
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0)
    let all = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    var argv = ([path] + arguments).map { strdup($0) } + [nil]
    var envp = all.map { strdup("\($0.key)=\($0.value)") } + [nil]
    defer { for text in argv + envp { free(text) } }
    let start = ContinuousClock.now
    var child = pid_t()
    let code = posix_spawn(&child, path, &actions, nil, &argv, &envp)
    close(ends[1])
    defer { close(ends[0]) }
    guard code == 0 else { throw BenchmarkError("\(path) could not be started") }
    var output: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while case let count = read(ends[0], &chunk, chunk.count), count > 0 {
      output += chunk[..<count]
    }
    var status: Int32 = 0
    var usage = rusage()
    wait4(child, &status, 0, &usage)
    let wall = (ContinuousClock.now - start).components
    guard status == 0 else {
      throw BenchmarkError("\(path) \(arguments.joined(separator: " ")) failed: run it by hand")
    }
    return ChildProcess(
      wallSeconds: Double(wall.seconds) + Double(wall.attoseconds) / 1e18,
      cpuSeconds: usage.cpuSeconds, peakBytes: Int64(usage.ru_maxrss) * 1024,
      output: String(decoding: output, as: UTF8.self))
  }
}

extension rusage {
  /// User and system time of this process so far.
  public static var ownCPUSeconds: Double {
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    return usage.cpuSeconds
  }

  /// User and system time.
  public var cpuSeconds: Double {
    let seconds = { (time: timeval) in Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }
    return seconds(ru_utime) + seconds(ru_stime)
  }
}

/// Why a benchmark could not run.
public struct BenchmarkError: Error, CustomStringConvertible {
  public let description: String

  public init(_ description: String) { self.description = description }
}

extension [Double] {
  /// The middle one; of an even number the lower. There is at least one.
  public var median: Double { sorted()[(count - 1) / 2] }
}
