import BenchmarkKit
import StreamCore

/// The messages of some partitions, made a part at a time in memory that is used again.
final class MessageLog {
  let partitions: Int
  private var makers: [BenchmarkEvents]
  private var bytes: [[UInt8]]
  private var runs: [[RawMessage]]
  private var next = 0
  private let startMs: Int64 = 1_767_225_600_000
  private let stepMs: Double

  /// Opens a log of events of `userCount` users, one every `stepMs` in each partition.
  init(partitions: Int, users: BenchmarkEvents.Users, userCount: Int, stepMs: Double) {
    self.partitions = partitions
    self.stepMs = stepMs
    makers = (0..<partitions).map {
      BenchmarkEvents(seed: UInt64($0), users: users, userCount: userCount)
    }
    bytes = Array(repeating: [], count: partitions)
    runs = Array(repeating: [], count: partitions)
  }

  /// Makes the next `count` messages of every partition and hands them out by turns, `batch` at a
  /// time. They are gone with the next call.
  func next(
    _ count: Int, batch: Int = 1_024, _ body: (Int, UnsafeBufferPointer<RawMessage>) -> Void
  ) {
    for partition in 0..<partitions { make(partition, count) }
    next += count
    for start in stride(from: 0, to: count, by: batch) {
      let end = min(start + batch, count)
      for partition in 0..<partitions {
        runs[partition].withUnsafeBufferPointer {
          body(partition, UnsafeBufferPointer(rebasing: $0[start..<end]))
        }
      }
    }
  }

  private func make(_ partition: Int, _ count: Int) {
    bytes[partition].removeAll(keepingCapacity: true)
    var ends: [Int] = []
    ends.reserveCapacity(count)
    for index in next..<(next + count) {
      makers[partition].append(
        to: &bytes[partition], index: index, partition: partition, partitions: partitions,
        startMs: startMs, stepMs: stepMs)
      ends.append(bytes[partition].count)
    }
    bytes[partition].append(contentsOf: repeatElement(0, count: 64))
    runs[partition].removeAll(keepingCapacity: true)
    // The bytes stay where they are until this partition's are made again.
    let base = bytes[partition].withUnsafeBufferPointer { $0.baseAddress }
    var start = 0
    for (place, end) in ends.enumerated() {
      runs[partition].append(
        RawMessage(
          payload: base.map { $0 + start }, payloadCount: Int32(end - start),
          offset: Int64(next + place)))
      start = end
    }
  }
}
