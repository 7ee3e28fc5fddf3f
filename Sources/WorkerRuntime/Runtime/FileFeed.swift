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
  private static let batch = 1_024

  init(logs: [Log], gate: DriftGate, now: @escaping @Sendable () -> WallTime) {
    self.logs = logs
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
    if task.clockMs > gate.limitMs() {
      Pause.briefly()
      return .idle
    }
    let reader = logs[slowest].reader
    let count = try reader.nextBatch(max: Self.batch) { messages in
      task.setFormat(reader.format)
      task.process(messages)
    }
    if count == 0 { logs[slowest].isAtEnd = true }
    gate.note(logs[slowest].gateIndex, clockMs: task.clockMs, hasInput: count > 0)
    content.lastInput[slowest] = now()
    return .worked
  }

  func status(_ index: Int) -> FeedStatus {
    FeedStatus(isAtEnd: logs[index].isAtEnd, logPosition: nil, lag: nil)
  }

  func flush(timeoutMs: Int32) -> Bool { true }
  func commit(_ nextOffsets: [PartitionID: Int64]) {}
  func close() {}
}
