import BenchmarkKit
import Glibc
import PipelineSpec
import StreamCore

/// The core over messages in memory, on one thread: tasks and merge, and what a snapshot takes of
/// them, timed apart.
final class CoreJob {
  private let merge: Merge
  private let tasks: [PartitionTask]
  /// CPU seconds of taking messages to their stages.
  private(set) var seconds = 0.0
  /// CPU seconds of reports, copies of state, merging and rows.
  private(set) var snapshotSeconds = 0.0
  private(set) var events = 0

  init(_ pipeline: PipelinePlan, partitions: Int) {
    let plan = StagePlan(pipeline, keyed: true)
    let merge = Merge(plan: plan)
    self.merge = merge
    tasks = (0..<partitions).map { index in
      let id = PartitionID(topic: "bench", partition: Int32(index))
      merge.register(id, source: 0)
      return PartitionTask(id: id, sourceIndex: 0, plan: plan, startOffset: 0)
    }
  }

  /// Takes the next `count` messages of every partition of a log.
  func take(_ log: MessageLog, _ count: Int) {
    log.next(count) { partition, run in
      let start = rusage.ownCPUSeconds
      tasks[partition].process(run)
      seconds += rusage.ownCPUSeconds - start
      events += run.count
    }
  }

  /// Does what a snapshot does, with a copy of the state.
  func snapshot() {
    let start = rusage.ownCPUSeconds
    for task in tasks {
      merge.absorb(task.report(isIdle: false, partials: true, released: merge.released))
      _ = task.copyState()
    }
    merge.close(horizon: .distantFuture)
    _ = merge.takeRows(provisional: false, horizon: .distantFuture)
    snapshotSeconds += rusage.ownCPUSeconds - start
  }

  /// Forgets the times so far: what follows is measured.
  func restart() { (seconds, snapshotSeconds, events) = (0, 0, 0) }

  /// Nanoseconds of CPU an event, without snapshots.
  var perEvent: Double { seconds * 1e9 / Double(max(1, events)) }
  /// The same of snapshots.
  var snapshotPerEvent: Double { snapshotSeconds * 1e9 / Double(max(1, events)) }
  /// Events of all partitions that were applied.
  var applied: Int64 { tasks.reduce(0) { $0 + $1.fates.applied } }
}

/// Decoding alone, with the time read.
final class DecodeJob {
  private let decoder: EventDecoder
  private let slots: UnsafeMutablePointer<Value>
  private let stride: Int
  private(set) var seconds = 0.0
  private(set) var events = 0
  private(set) var rejected = 0

  init(_ source: SourcePlan) {
    decoder = EventDecoder(source: source, topic: "bench")
    stride = source.fields.count
    slots = .allocate(capacity: stride * 64)
  }

  deinit { slots.deallocate() }

  /// Decodes the next `count` messages of every partition of a log.
  func take(_ log: MessageLog, _ count: Int) {
    log.next(count) { _, run in
      let start = rusage.ownCPUSeconds
      for index in run.indices { decode(run, index) }
      seconds += rusage.ownCPUSeconds - start
      events += run.count
    }
  }

  @inline(__always)
  private func decode(_ run: UnsafeBufferPointer<RawMessage>, _ index: Int) {
    guard let first = run.baseAddress else { return }
    if index & 63 == 0 { decoder.beginBlock() }
    let row = slots + (index & 63) * stride
    let reason = decoder.decode(first + index, into: row)
    if reason != nil || decoder.eventTime(row[Slot.time]) == nil { rejected += 1 }
  }

  /// Nanoseconds of CPU an event.
  var perEvent: Double { seconds * 1e9 / Double(max(1, events)) }
}
