import SnapshotStore
import StreamCore

/// Where a worker's events come from.
public enum WorkerInput {
  /// The topics that the pipeline's sources name.
  case kafka
  /// Finite logs, each read as one partition.
  case logs([FiniteLog])
}

/// A finite log and the partition that it stands for.
public struct FiniteLog {
  /// How the tables name it.
  public var id: PartitionID
  /// Index of its source in the plan.
  public var sourceIndex: Int
  /// Its records.
  public var reader: any RecordReader

  /// Names a log.
  public init(id: PartitionID, sourceIndex: Int, reader: any RecordReader) {
    self.id = id
    self.sourceIndex = sourceIndex
    self.reader = reader
  }
}

/// How a worker runs.
public struct WorkerOptions: Sendable {
  /// The public file; the state file lies beside it.
  public var dataPath: String
  /// Threads that run partition tasks.
  public var lanes: Int
  /// Whether it ends when everything that Kafka has at the start is read.
  public var untilEnd = false
  /// Whether the end of input closes every window. Always so with finite logs.
  public var closesAtEnd = false
  /// What is replayed, in place of a live run; nil: it is one.
  public var replay: ReplayPlan?
  /// Whether an empty file is begun though the consumer group has committed offsets.
  public var acceptsEmptyFile = false
  /// The machine's clock.
  public var now: @Sendable () -> WallTime
  /// Bytes that may be written to the device of a path; nil where nobody can tell.
  public var freeBytes: @Sendable (_ path: String) -> Int64? = { DiskSpace.freeBytes(at: $0) }
  /// Told of trouble that is survived, and of other news.
  public var log = Log.silent
  /// Told how it goes, about once a second, from the coordinator's thread.
  public var onStatus: @Sendable (WorkerStatus) -> Void = { _ in }
  /// Counts what the coordinator gets done, for whoever watches it.
  public var progress = WorkProgress()

  /// Makes options.
  public init(
    dataPath: String, lanes: Int, now: @escaping @Sendable () -> WallTime = SystemClock.now
  ) {
    self.dataPath = dataPath
    self.lanes = max(1, lanes)
    self.now = now
  }
}

/// How a worker is doing.
public struct WorkerStatus: Sendable {
  /// Fates of all partitions together.
  public var fates = FateCounts()
  /// Progress by partition.
  public var partitions: [PartitionProgress] = []
  /// Messages that wait in Kafka, where known.
  public var lag: Int64?
  /// The same by partition.
  public var lags: [PartitionID: Int64] = [:]
  /// The pipeline watermark.
  public var watermark: EventTime?
  /// The greatest clock of any partition.
  public var clock: EventTime?
  /// Whether it still reads again what the file already has.
  public var isCatchingUp = false
  /// Snapshots committed in this run.
  public var snapshots = 0
  /// When the last one was committed; nil before the first.
  public var lastSnapshot: WallTime?
  /// Records of users and other keys.
  public var records = RecordTotals()
  /// Wall time that the last commit took.
  public var commitMs: Int64 = 0
  /// Wall time for which lanes stood still for the last snapshot, at most.
  public var pauseMicroseconds: Int64 = 0
  /// Backups and archives, where the pipeline asks for them.
  public var copies: [CopyStatus] = []
}
