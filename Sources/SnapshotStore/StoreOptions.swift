/// Limits of a results file and of its state file.
public struct StoreOptions: Sendable {
  /// Newest rows that `rejected_events` and `late_events` each keep.
  public var sampleLimit: Int
  /// Newest rows that `snapshots` keeps: about six days of a snapshot every five seconds.
  public var snapshotLimit: Int
  /// Newest rows that `outbox` keeps besides the pending ones, which all stay.
  public var outboxLimit: Int
  /// Newest answered rows that `threshold_requests` keeps; the thresholds themselves all stay.
  public var requestLimit: Int
  /// How long settled rows stay, by the size of their window; empty keeps all. See `KeepRule`.
  public var keep: [KeepRule]
  /// Bytes of the write-ahead log from which on a commit is refused.
  public var maxWalBytes: Int64
  /// Files up to this many bytes are read through (`PRAGMA quick_check`) when they are opened.
  public var checkMaxBytes: Int64
  /// How long a write waits for a lock that another program holds, in milliseconds.
  public var busyTimeoutMs: Int64
  /// Pages that the file may grow to: how tests make a disk full.
  var maxPages: Int?
  /// Pages of the write-ahead log after which a commit copies them into the file.
  var walAutocheckpointPages = 4096

  /// Makes options; the defaults are the documented ones.
  public init(
    sampleLimit: Int = 1000, snapshotLimit: Int = 100_000, outboxLimit: Int = 10_000,
    requestLimit: Int = 10_000, keep: [KeepRule] = [], maxWalBytes: Int64 = 1 << 30,
    checkMaxBytes: Int64 = 256 << 20, busyTimeoutMs: Int64 = 5000
  ) {
    self.sampleLimit = sampleLimit
    self.snapshotLimit = snapshotLimit
    self.outboxLimit = outboxLimit
    self.requestLimit = requestLimit
    self.keep = keep
    self.maxWalBytes = maxWalBytes
    self.checkMaxBytes = checkMaxBytes
    self.busyTimeoutMs = busyTimeoutMs
  }
}

/// One entry of `keep:`, such as `1m: 7d`: how long rows of windows up to a size stay in the
/// tables.
///
/// The first rule, by size, that a window does not exceed holds for it; the last one holds for all
/// that are larger. An hour that daylight saving adds to a day, a week or a month does not count.
/// Windows are those of metrics, entry windows of funnels, units of retention, days of sessions.
/// Age is event time: a row goes once its window ended `keepMs` before the pipeline watermark, or
/// before the start of the newest settled window where that is earlier, so that closing an input
/// ages nothing; and not before its own stage has settled a later window. Rows may stay for a
/// hundredth of `keepMs` longer.
public struct KeepRule: Sendable, Equatable {
  /// Largest window that the rule holds for, in milliseconds.
  public var windowMs: Int64
  /// How long its rows stay, in milliseconds; nil for ever.
  public var keepMs: Int64?

  /// Keeps rows of windows up to `windowMs` long for `keepMs`, or for ever.
  public init(windowMs: Int64, keepMs: Int64?) {
    self.windowMs = windowMs
    self.keepMs = keepMs
  }
}
