import KafkaClient
import StreamCore

/// Where a lane's reading of each partition ends, and how fast it goes on.
///
/// Used by the lane's thread alone. What is done stays done.
struct ReadLimits: Sendable {
  /// The limits of one partition.
  struct Partition: Sendable {
    /// The first offset that is not read.
    var end = Int64.max
    /// Whether the log goes on there.
    var isCut = false
    /// Reading ends with the batch in which the partition's clock comes this far.
    var clockMs = Int64.max
    /// It is read up to this offset in any case: the file has it already.
    var least: Int64 = 0
    var isDone = false
    /// The greatest time of its records, and of its events.
    var latestMs = Int64.min
    /// Whether a record at or beyond `end` has come.
    var isPassed = false
  }

  private var partitions: [Partition]
  private let pace: ReplayPace?
  private let quietBeforeMs: Int64
  /// Records at once where a pace is kept: what is read beyond it.
  private static let pacedBatch = 16

  /// Makes limits. A partition of which the latest record is older than `quietBefore` is quiet.
  init(_ partitions: [Partition], pace: ReplayPace?, quietBefore: WallTime) {
    self.partitions = partitions
    self.pace = pace
    quietBeforeMs = quietBefore.ms
  }

  /// The first offset of a partition that is not read.
  func end(_ index: Int) -> Int64 { partitions[index].end }

  /// Whether a partition is read as far as it is to be.
  func isDone(_ index: Int) -> Bool { partitions[index].isDone }

  /// Whether a partition is read to the end of a log to which nothing came for long.
  func isQuiet(_ index: Int) -> Bool {
    let partition = partitions[index]
    return partition.isDone && !partition.isCut && partition.latestMs < quietBeforeMs
  }

  /// Whether all partitions are read as far as they are to be.
  var areAllDone: Bool { partitions.allSatisfy(\.isDone) }

  /// Whether reading follows the clock on the wall.
  var isPaced: Bool { pace != nil }

  /// The most records to read at once.
  var batch: Int { isPaced ? Self.pacedBatch : KafkaConsumer.maxBatch }

  /// Whether a partition may be read on now, as far as end and pace go.
  func mayRead(_ task: PartitionTask, _ index: Int) -> Bool {
    if partitions[index].isDone { return false }
    guard let pace else { return true }
    if task.clockMs != Int64.min { pace.begin(atMs: task.clockMs) }
    return task.clockMs <= pace.limitMs()
  }

  /// The part of a run of records that is to be read; nil when there is none.
  mutating func take(
    _ run: UnsafeBufferPointer<RawMessage>, _ index: Int
  ) -> UnsafeBufferPointer<RawMessage>? {
    if partitions[index].isDone { return nil }
    var count = run.count
    while count > 0, run[count - 1].offset >= partitions[index].end { count -= 1 }
    partitions[index].isPassed = count < run.count
    guard count > 0 else { return nil }
    partitions[index].latestMs = max(partitions[index].latestMs, run[count - 1].timestampMs)
    return UnsafeBufferPointer(rebasing: run[..<count])
  }

  /// Sees how far a partition has come. Between its last record and its end no more is to come.
  mutating func note(_ index: Int, _ task: PartitionTask) {
    partitions[index].latestMs = max(partitions[index].latestMs, task.eventClockMs)
    let partition = partitions[index]
    if partition.isPassed { task.skip(to: partition.end) }
    let isThere = task.clockMs >= partition.clockMs && task.nextOffset >= partition.least
    if isThere || task.nextOffset >= partition.end { partitions[index].isDone = true }
  }

  /// Sees that the log has nothing more.
  mutating func noteEnd(_ index: Int) { partitions[index].isDone = true }
}
