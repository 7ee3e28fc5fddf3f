import StreamCore

/// How the worker beside the console is doing.
public struct LiveFigures: Sendable {
  /// Of one partition.
  public struct Partition: Sendable, Equatable {
    /// Which.
    public var id: PartitionID
    /// Records that wait in Kafka; nil where that is not known.
    public var lag: Int64?

    /// Makes figures of a partition.
    public init(id: PartitionID, lag: Int64?) {
      self.id = id
      self.lag = lag
    }
  }

  /// Of the backups or the archives that a worker makes.
  public struct Copies: Sendable, Equatable {
    /// `backup` or `archive`.
    public var kind: String
    /// When the newest good one was made; nil: there is none.
    public var last: WallTime?
    /// Bytes of that one.
    public var lastBytes: Int64
    /// Wall time that the last one took, in milliseconds.
    public var tookMs: Int64
    /// Attempts that failed since the worker started.
    public var failures: Int

    /// Makes figures of copies.
    public init(kind: String, last: WallTime?, lastBytes: Int64, tookMs: Int64, failures: Int) {
      self.kind = kind
      self.last = last
      self.lastBytes = lastBytes
      self.tookMs = tookMs
      self.failures = failures
    }
  }

  /// When they were taken.
  public var taken: WallTime
  /// When the worker started.
  public var started: WallTime
  /// Fates of all events so far, also of those that no snapshot has yet.
  public var fates = FateCounts()
  /// Events read in a second, over the last few.
  public var perSecond: Double = 0
  /// Records that wait in Kafka; nil where that is not known.
  public var lag: Int64?
  /// The pipeline watermark.
  public var watermark: EventTime?
  /// The greatest clock of any partition.
  public var clock: EventTime?
  /// Lag by partition, where known.
  public var partitions: [Partition] = []
  /// Whether it still reads again what the file already has.
  public var isCatchingUp = false
  /// Snapshots committed since it started.
  public var snapshots = 0
  /// When the last one was committed; nil before the first.
  public var lastSnapshot: WallTime?
  /// Wall time that the last commit took, in milliseconds.
  public var commitMs: Int64 = 0
  /// Longest time for which a lane stood still for the last snapshot, in microseconds.
  public var pauseMicroseconds: Int64 = 0
  /// Records of users and other keys, and their bytes.
  public var records: Int64 = 0
  /// Bytes of those.
  public var recordBytes: Int64 = 0
  /// Wall time between two snapshots by the pipeline file, in milliseconds.
  public var snapshotEveryMs: Int64 = 5_000
  /// For how long its coordinator has got nothing done, in milliseconds, as far as anybody looked.
  public var stalledMs: Int64 = 0
  /// Backups and archives, where the pipeline asks for them.
  public var copies: [Copies] = []

  /// Makes figures of a worker that has just started.
  public init(taken: WallTime, started: WallTime) {
    self.taken = taken
    self.started = started
  }
}
