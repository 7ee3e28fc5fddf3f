import StreamCore
import Synchronization

/// How far the reading of finite input has come, for people who wait. Readers add, the terminal
/// looks, from any thread.
public final class InputProgress: Sendable {
  /// Bytes of all the files as they are stored; nil when one of them has no size.
  public let totalBytes: Int64?

  private let bytes = Atomic<Int64>(0)
  private let count = Atomic<Int64>(0)
  private let latestMs = Atomic<Int64>(Int64.min)

  /// Makes the progress of an input of `totalBytes` stored bytes.
  public init(totalBytes: Int64?) {
    self.totalBytes = totalBytes
  }

  /// Stored bytes read so far.
  public var bytesRead: Int64 { bytes.load(ordering: .relaxed) }

  /// Records read so far.
  public var records: Int64 { count.load(ordering: .relaxed) }

  /// The greatest event time seen, where someone tells it.
  public var eventTime: EventTime? {
    let ms = latestMs.load(ordering: .relaxed)
    return ms == Int64.min ? nil : EventTime(ms: ms)
  }

  /// Tells of `bytes` more stored bytes and `records` more records.
  public func add(bytes: Int64 = 0, records: Int64 = 0) {
    if bytes > 0 { self.bytes.wrappingAdd(bytes, ordering: .relaxed) }
    if records > 0 { count.wrappingAdd(records, ordering: .relaxed) }
  }

  /// Tells that event time has come to `time`. Call it once a batch.
  public func reached(_ time: EventTime) {
    latestMs.max(time.ms, ordering: .relaxed)
  }
}

/// Rate and remaining time of work that is looked at now and then. Pure: the caller brings the
/// time.
///
/// The rate is that of the last `spanMs`, so that a pause or a slow start shows and passes.
public struct RateMeter: Sendable {
  /// Milliseconds over which the rate is taken.
  public let spanMs: Int64
  private var samples: [(ms: Int64, done: Int64)] = []

  /// A century: as good as never.
  private static let longestMs = 3.2e12

  /// Makes a meter that looks back `spanMs` milliseconds.
  public init(spanMs: Int64 = 10_000) {
    self.spanMs = spanMs
  }

  /// Notes that `done` units are done at `ms` of a monotonic clock. O(samples in the span); call it
  /// a few times a second.
  public mutating func note(done: Int64, atMs ms: Int64) {
    if let last = samples.last, last.ms == ms {
      samples[samples.count - 1].done = done
      return
    }
    samples.append((ms, done))
    let first = samples.firstIndex { ms - $0.ms <= spanMs } ?? samples.count - 1
    if first > 1 { samples.removeFirst(first - 1) }
  }

  /// Units a second; nil before the second note.
  public var perSecond: Double? {
    guard let first = samples.first, let last = samples.last, last.ms > first.ms else { return nil }
    return Double(last.done - first.done) * 1000 / Double(last.ms - first.ms)
  }

  /// Milliseconds until `total` units are done at this rate; nil when nothing moves.
  public func remainingMs(total: Int64) -> Int64? {
    guard let rate = perSecond, rate > 0, let done = samples.last?.done else { return nil }
    let ms = Double(Swift.max(total - done, 0)) / rate * 1000
    return Int64(min(ms, Self.longestMs).rounded())
  }
}
