/// What a partition task, or a shard of the exchange, hands to the merge: how far it has come and
/// its whole contribution to everything that changed.
public struct TaskReport: Sendable {
  /// Whose report it is; unique among partitions and shards.
  public var owner: String
  /// How far the partition has come; nil for a shard.
  public var progress: PartitionProgress?
  /// The partition's clock, lifted by marks; nil for a shard and before the first event.
  public var clock: EventTime?
  /// Changed contributions, each replacing the one before.
  public var partials: [Partial] = []
  /// What risk rules found since the last report.
  public var findings: [FindingReport] = []
  /// Counts of each group of metrics, by index.
  public var stageCounts: [StageCounts] = []
  /// Records of users and other keys that it holds, and the bytes of memory that they take.
  public var records = RecordTotals()
  /// Rejected events by `RejectReason`.
  public var rejectedByReason: [Int64] = []
  /// Examples of rejected events since the last report.
  public var rejected: [EventSample] = []
  /// Examples of late events since the last report.
  public var late: [EventSample] = []

  /// Hashes of sampled users that the partition has seen for the first time in this life.
  public var sampledUsers: [UInt64] = []

  /// Makes a report without contributions.
  public init(owner: String) { self.owner = owner }
}

/// How many records of users and other keys there are, and what they take.
public struct RecordTotals: Sendable, Equatable {
  /// Records: one for each user, or other key, that some stage still has to know.
  public var count: Int64 = 0
  /// Bytes of memory, with the room left in pages and their directory.
  public var bytes: Int64 = 0

  /// Makes counts, all zero.
  public init() {}

  /// Adds another task's counts.
  public static func += (a: inout RecordTotals, b: RecordTotals) {
    a.count += b.count
    a.bytes += b.bytes
  }
}

/// The whole contribution of one partition to one (group, window, series) as of its report: it
/// replaces, never adds.
public struct Partial: Sendable {
  /// Index of the group of metrics.
  var group: Int
  /// The window.
  var ordinal: Int64
  var start: EventTime
  var end: EventTime
  /// The series.
  var series: SeriesTable.Identity
  var value: CellValue
}

/// A record that was not applied, on its way to the dead-letter topic.
public struct DeadLetter: Sendable {
  /// Where it was read.
  public var id: PartitionID
  /// Its offset there.
  public var offset: Int64
  /// The record's timestamp in epoch milliseconds; negative when it has none.
  public var timestampMs: Int64
  /// Why it was not applied: a `RejectReason` code, or `late`.
  public var reason: String
  /// The record's key, as it was.
  public var key: [UInt8]?
  /// The record's value, as it was; nil for a tombstone.
  public var payload: [UInt8]?
  /// Whether what must not be shown was taken out: there is no key, and no payload where it could
  /// not be read.
  public var isMasked = false
}
