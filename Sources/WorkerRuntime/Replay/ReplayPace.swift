import StreamCore
import Synchronization

/// How fast a replay goes on in event time, against the clock on the wall. Shared by all lanes; it
/// changes when something is read, never what comes out.
final class ReplayPace: Sendable {
  private struct Start {
    var eventMs: Int64
    var wallMs: Int64
  }

  /// Event time that passes in one second of wall time, in seconds.
  private let factor: Double
  private let start: Mutex<Start?>
  private let nowMs: @Sendable () -> Int64

  /// Makes a pace. Before `from` nothing waits; nil: it begins with the first record.
  init(
    factor: Double, from: EventTime?,
    nowMs: @escaping @Sendable () -> Int64 = SystemClock.monotonicMs
  ) {
    self.factor = factor
    self.nowMs = nowMs
    start = Mutex(from.map { Start(eventMs: $0.ms, wallMs: nowMs()) })
  }

  /// Begins with a record of that time, unless it has begun.
  func begin(atMs ms: Int64) {
    guard ms != RawMessage.noTimestamp else { return }
    start.withLock { start in
      if start == nil { start = Start(eventMs: ms, wallMs: nowMs()) }
    }
  }

  /// The event time up to which may be read now.
  func limitMs() -> Int64 {
    start.withLock { start in
      guard let start else { return Int64.max }
      let passed = Double(nowMs() - start.wallMs) * factor
      return passed < 9e15 ? start.eventMs &+ Int64(passed) : Int64.max
    }
  }
}
