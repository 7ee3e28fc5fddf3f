/// Decides when state is saved: as often as asked for, but for at most a tenth of the time.
///
/// A save is paid for before it begins: after the last one twelve times as long has passed as it is
/// expected to take, which is as long as the last one, or as long as all records of users would
/// take. What else is saved is the rest of the tenth. Time is an argument.
struct StatePace {
  /// Time between saves for each unit of time in them.
  private static let rest: Int64 = 12
  /// What a byte takes before anything was measured.
  private static let firstNanosecondsPerByte = 20.0
  /// Saves of fewer bytes say nothing of a byte: they mostly wait for the disk.
  private static let leastBytes = 1 << 20

  /// When the last save ended, or the worker began.
  private var endedMs: Int64
  private var lastMs: Int64 = 0
  private var nanosecondsPerByte = StatePace.firstNanosecondsPerByte

  /// Begins at `nowMs`.
  init(nowMs: Int64) { endedMs = nowMs }

  /// Takes what a save took that has just ended, and the bytes that it wrote.
  mutating func note(endedMs: Int64, tookMs: Int64, bytes: Int) {
    self.endedMs = endedMs
    lastMs = tookMs
    // What was measured may be cut off by almost a millisecond.
    if bytes >= Self.leastBytes { nanosecondsPerByte = Double(tookMs + 1) * 1e6 / Double(bytes) }
  }

  /// When to save next, with so many bytes of records of users.
  func nextMs(everyMs: Int64, recordBytes: Int64) -> Int64 {
    let allMs = Int64(nanosecondsPerByte * Double(recordBytes) / 1e6)
    return endedMs + max(everyMs, Self.rest * max(lastMs, allMs))
  }
}
