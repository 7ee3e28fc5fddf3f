import StreamCore

/// Where a lane's reading of each partition ends, and how fast it goes on.
///
/// Used by the lane's thread alone. What is done stays done.
struct ReadLimits: Sendable {
  /// The limits of one partition.
  struct Partition: Sendable {
    /// The first offset that is not read.
    var end = Int64.max
    /// Reading ends with the batch in which the partition's clock comes this far.
    var clockMs = Int64.max
    var isDone = false
    /// The greatest time of its records, and of its events.
    var latestMs = Int64.min
    /// Whether a record at or beyond `end` has come.
    var isPassed = false
    /// The record that the pace holds back: its offset until it is sought, and its time.
    var heldOffset: Int64?
    var heldMs: Int64?
  }

  private var partitions: [Partition]
  private let pace: ReplayPace?
  private let quietBeforeMs: Int64

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
    partitions[index].isDone && partitions[index].latestMs < quietBeforeMs
  }

  /// Whether records were read that the pace does not allow yet.
  func isHolding(_ index: Int) -> Bool { partitions[index].heldMs != nil }

  /// Whether all are.
  var areAllDone: Bool { partitions.allSatisfy(\.isDone) }

  /// Whether reading follows the clock on the wall.
  var isPaced: Bool { pace != nil }

  /// Event time up to which may be read now.
  func paceMs() -> Int64 { pace?.limitMs() ?? Int64.max }

  /// Whether a partition may be read on now, as far as end and pace go.
  func mayRead(_ index: Int) -> Bool {
    let partition = partitions[index]
    return !partition.isDone && partition.heldMs.map { $0 <= paceMs() } ?? true
  }

  /// The part of a run of records that may be read; nil when none may. What the pace holds back is
  /// to be sought again.
  mutating func take(
    _ run: UnsafeBufferPointer<RawMessage>, _ index: Int
  ) -> UnsafeBufferPointer<RawMessage>? {
    if partitions[index].isDone || partitions[index].heldOffset != nil { return nil }
    var count = run.count
    while count > 0, run[count - 1].offset >= partitions[index].end { count -= 1 }
    partitions[index].isPassed = count < run.count
    if let pace, count > 0 {
      pace.begin(atMs: run[0].timestampMs)
      let limitMs = pace.limitMs()
      partitions[index].heldMs = nil
      if let held = run[..<count].firstIndex(where: { $0.timestampMs > limitMs }) {
        partitions[index].heldOffset = run[held].offset
        partitions[index].heldMs = run[held].timestampMs
        partitions[index].isPassed = false
        count = held
      }
    }
    if count > 0 {
      partitions[index].latestMs = max(partitions[index].latestMs, run[count - 1].timestampMs)
    }
    return count == 0 ? nil : UnsafeBufferPointer(rebasing: run[..<count])
  }

  /// The offset to go back to, once.
  mutating func takeHeld(_ index: Int) -> Int64? {
    defer { partitions[index].heldOffset = nil }
    return partitions[index].heldOffset
  }

  /// Lets the pace begin where the first partition does.
  mutating func begin(at task: PartitionTask) {
    if task.clockMs != Int64.min { pace?.begin(atMs: task.clockMs) }
  }

  /// Sees how far a partition has come. Between its last record and its end no more is to come.
  mutating func note(_ index: Int, _ task: PartitionTask) {
    partitions[index].latestMs = max(partitions[index].latestMs, task.eventClockMs)
    let partition = partitions[index]
    if partition.isPassed { task.skip(to: partition.end) }
    if task.nextOffset >= partition.end || task.clockMs >= partition.clockMs {
      partitions[index].isDone = true
    }
  }

  /// Sees that the log has nothing more.
  mutating func noteEnd(_ index: Int) {
    if !isHolding(index) { partitions[index].isDone = true }
  }
}
