import CMalloc
import Glibc

/// Decides when memory that is free goes back to the system.
///
/// What a burst takes, such as messages fetched ahead while a backlog is worked off, is freed as
/// soon as it is used up; but the allocator keeps the pages, between others that are in use.
/// Without this a worker would stay as large as it was in its worst moment.
///
/// Pure: figures come in, a decision goes out.
struct MemoryReturn {
  /// Resident bytes after the last time; nil before the first look.
  private var baseBytes: Int64?
  private var nextMs = Int64.min

  /// Growth from which on it is worth the pages that will be asked for again: both have to be
  /// reached.
  private static let growthShare: Int64 = 4
  private static let growthBytes: Int64 = 32 << 20
  /// Looks are at least so far apart.
  private static let everyMs: Int64 = 10_000

  /// Whether a worker of `residentBytes` that has nothing to catch up with gives memory back now.
  /// `nowMs` is monotonic.
  mutating func isDue(residentBytes: Int64, nowMs: Int64) -> Bool {
    guard nowMs >= nextMs else { return false }
    nextMs = nowMs + Self.everyMs
    guard let base = baseBytes else {
      baseBytes = residentBytes
      return false
    }
    // What shrank by itself counts from there.
    baseBytes = min(base, residentBytes)
    let growth = residentBytes - base
    return growth >= Self.growthBytes && growth >= base / Self.growthShare
  }

  /// Takes note of what is left after memory was given back.
  mutating func note(residentBytes: Int64) { baseBytes = residentBytes }
}

/// The memory of this process.
enum ProcessMemory {
  /// Bytes that it holds; nil where the system does not say.
  static var residentBytes: Int64? {
    guard let file = fopen("/proc/self/statm", "r") else { return nil }
    defer { fclose(file) }
    var line = [CChar](repeating: 0, count: 128)
    guard fgets(&line, Int32(line.count), file) != nil else { return nil }
    let bytes = line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
    let fields = String(decoding: bytes, as: UTF8.self).split(separator: " ")
    guard fields.count > 1, let pages = Int64(fields[1]) else { return nil }
    return pages * Int64(sysconf(Int32(_SC_PAGESIZE)))
  }

  /// Gives pages that hold nothing back to the system. Takes some milliseconds for each 100 MiB, in
  /// which others may wait for the allocator.
  static func giveBack() { weir_malloc_trim() }
}

extension Worker {
  /// Gives memory back after a burst, once nothing has to be caught up with: what is worked off at
  /// full speed needs the same pages again at once.
  func returnMemory() {
    guard isCurrent, let resident = ProcessMemory.residentBytes,
      memoryReturn.isDue(residentBytes: resident, nowMs: SystemClock.monotonicMs())
    else { return }
    ProcessMemory.giveBack()
    memoryReturn.note(residentBytes: ProcessMemory.residentBytes ?? resident)
    summary.times.memoryReturns += 1
  }
}
