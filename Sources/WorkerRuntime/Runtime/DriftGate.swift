import StreamCore
import Synchronization

/// Keeps partitions together in event time, so that memory stays bounded while some lag behind.
///
/// A partition more than `maxDriftMs` ahead of the slowest one that still has input waits. It
/// changes memory and latency, never results. The slowest never waits, so someone always goes on.
final class DriftGate: Sendable {
  private struct Entry {
    var clockMs = Int64.min
    var hasInput = true
  }

  private let entries: Mutex<[Entry]>
  /// How far a partition may be ahead.
  let maxDriftMs: Int64

  init(partitions: Int, maxDriftMs: Int64) {
    entries = Mutex([Entry](repeating: Entry(), count: partitions))
    self.maxDriftMs = maxDriftMs
  }

  /// Notes how far partition `index` is, and whether more input is known to wait for it.
  func note(_ index: Int, clockMs: Int64, hasInput: Bool) {
    entries.withLock { $0[index] = Entry(clockMs: clockMs, hasInput: hasInput) }
  }

  /// The clock above which partitions wait.
  func limitMs() -> Int64 {
    entries.withLock { entries in
      var least = Int64.max
      for entry in entries where entry.hasInput { least = min(least, entry.clockMs) }
      if least == Int64.min || least == Int64.max { return Int64.max }
      return least.addingReportingOverflow(maxDriftMs).overflow ? Int64.max : least + maxDriftMs
    }
  }
}
