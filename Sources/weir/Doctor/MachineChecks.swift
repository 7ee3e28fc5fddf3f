import Foundation

/// What this process may use.
enum MachineChecks {
  private static let filesLeast: UInt64 = 256
  private static let filesGood: UInt64 = 1_024
  /// What is fetched ahead of the stream, and some room for state.
  private static let memoryGood: UInt64 = 512 << 20

  /// Open files, memory, processors.
  @Sendable static func limits(_ patient: DoctorCase) -> [DoctorFinding] {
    [openFiles(), memory(), processors()]
  }

  private static func openFiles() -> DoctorFinding {
    var files = rlimit()
    guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &files) == 0 else {
      return .ok("the limit of open files is not known")
    }
    // The worker raises its own limit as far as it may.
    let most = UInt64(files.rlim_max)
    let text = "at most \(most) open files"
    let whatToDo =
      "raise it: ulimit -n, LimitNOFILE of systemd, or the container's; connections of brokers and "
      + "readers of the console need one each"
    if most < filesLeast { return .problem(text, whatToDo) }
    return most < filesGood ? .warning(text, whatToDo) : .ok(text)
  }

  private static func memory() -> DoctorFinding {
    let limits = [
      "/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes",
    ].compactMap { number(in: $0) }
    let physical = ProcessInfo.processInfo.physicalMemory
    let least = min(limits.min() ?? .max, physical)
    let text =
      "\(DataChecks.size(least)) of memory" + (least < physical ? ", by the control group" : "")
    guard least >= memoryGood else {
      return .warning(
        text,
        "give it \(DataChecks.size(memoryGood)) or more: 256 MiB may be messages fetched ahead"
      )
    }
    return .ok(text)
  }

  private static func processors() -> DoctorFinding {
    let count = ProcessInfo.processInfo.activeProcessorCount
    let text = Terminal.count(Int64(count), "processor")
    guard let line = firstLine(of: "/sys/fs/cgroup/cpu.max") else { return .ok(text) }
    let parts = line.split(separator: " ").compactMap { Double($0) }
    guard parts.count == 2, parts[1] > 0, parts[0] / parts[1] < Double(count) else {
      return .ok(text)
    }
    let quota = (parts[0] / parts[1] * 10).rounded() / 10
    return .warning(
      "\(text), of which the control group gives the time of \(quota)",
      "set --lanes to that number, so that threads do not wait for one another")
  }

  private static func number(in path: String) -> UInt64? {
    firstLine(of: path).flatMap { UInt64($0) }
  }

  private static func firstLine(of path: String) -> String? {
    (try? String(contentsOfFile: path, encoding: .utf8))?
      .split(separator: "\n", maxSplits: 1).first.map(String.init)
  }
}
