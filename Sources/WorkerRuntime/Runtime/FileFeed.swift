import StreamCore

/// Brings the records of files to the tasks of a lane: the task whose clock is furthest behind goes
/// first.
final class FileFeed: LaneFeed {
  /// A log and the task that it belongs to.
  struct Log {
    var reader: any RecordReader
    /// Position among all partitions of the worker.
    var gateIndex: Int
    var isAtEnd = false
  }

  private var logs: [Log]
  private let gate: DriftGate
  private let now: @Sendable () -> WallTime
  /// Where reading ends and how fast it goes, by task; nil: to the end, as fast as may be.
  private var limits: ReadLimits?
  private static let batch = 1_024

  init(
    logs: [Log], gate: DriftGate, limits: ReadLimits?, now: @escaping @Sendable () -> WallTime
  ) {
    self.logs = logs
    self.limits = limits
    self.gate = gate
    self.now = now
  }

  func step(_ content: LaneContent) throws -> LaneStep {
    var slowest = -1
    for index in logs.indices where !logs[index].isAtEnd {
      if slowest < 0 || content.tasks[index].clockMs < content.tasks[slowest].clockMs {
        slowest = index
      }
    }
    guard slowest >= 0 else { return .ended }
    let task = content.tasks[slowest]
    if task.clockMs > gate.limitMs() || !(limits?.mayRead(task, slowest) ?? true) {
      Pause.briefly()
      return .idle
    }
    let reader = logs[slowest].reader
    let batch = min(Self.batch, limits?.batch ?? Self.batch)
    let left = (limits?.end(slowest) ?? Int64.max) - reader.nextOffset
    let count =
      left <= 0
      ? 0
      : try reader.nextBatch(max: Int(min(left, Int64(batch)))) { messages in
        task.setFormat(reader.format)
        task.process(messages)
      }
    limits?.note(slowest, task)
    logs[slowest].isAtEnd = count == 0 || limits?.isDone(slowest) ?? false
    gate.note(
      logs[slowest].gateIndex, clockMs: task.clockMs, hasInput: !logs[slowest].isAtEnd)
    content.lastInput[slowest] = now()
    return .worked
  }

  func status(_ index: Int) -> FeedStatus {
    FeedStatus(
      isAtEnd: logs[index].isAtEnd, isQuiet: logs[index].isAtEnd, logPosition: nil, lag: nil,
      isCurrent: false)
  }

  func flush(timeoutMs: Int32) -> Bool { true }
  func commit(_ nextOffsets: [PartitionID: Int64]) {}
  func close() {}
}
