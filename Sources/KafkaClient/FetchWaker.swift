import CRdKafka
import Dispatch
import StreamCore
import Synchronization

/// Ends the rest that librdkafka takes when prefetched messages have used up their budget.
///
/// The thread of a broker then sleeps for up to a second. That messages are consumed does not wake
/// it, a request to the broker does. So when half of what waited is consumed, the end of a
/// partition is asked for, of another partition each time: where partitions are spread over several
/// brokers, each has its turn.
///
/// Used by the thread of its consumer; the request is made by another, one at a time.
final class FetchWaker {
  private let handle: KafkaHandle
  private let partitions: [PartitionID]
  private let queue = DispatchQueue(label: "weir.kafka.wake")
  private var rule = FetchWakeRule()
  /// Requests so far.
  private(set) var asked = 0
  private static let answerTimeoutMs: Int32 = 500

  /// Wakes the brokers of these partitions.
  init(_ handle: KafkaHandle, _ partitions: [PartitionID]) {
    self.handle = handle
    self.partitions = partitions
  }

  /// Takes how many messages wait to be consumed.
  @inline(__always)
  func note(waiting: Int) {
    if rule.isDue(waiting: waiting, nowMs: Self.nowMs) { ask() }
  }

  private func ask() {
    guard !partitions.isEmpty else { return }
    let id = partitions[asked % partitions.count]
    asked += 1
    queue.async { [handle] in
      var earliest: Int64 = 0
      var end: Int64 = 0
      // Whatever comes of it, the thread has woken.
      _ = rd_kafka_query_watermark_offsets(
        handle.pointer, id.topic, id.partition, &earliest, &end, Self.answerTimeoutMs)
    }
  }

  /// Waits for the request under way.
  func stop() { queue.sync {} }

  private static var nowMs: Int64 { Int64(DispatchTime.now().uptimeNanoseconds / 1_000_000) }
}

/// Decides when a consumer has come so far through its prefetched messages that more should be on
/// their way. Time is an argument.
struct FetchWakeRule {
  /// Fewer are no sign that a budget is used up: so many come with one answer.
  static let leastWaiting = 5_000
  /// Between two requests at least: more would be a burden on brokers that are slow.
  static let leastMs: Int64 = 50

  /// The most that waited since the last request.
  private var most = 0
  private var lastMs = Int64.min / 2

  /// Whether it is time to ask, now that so many messages wait.
  mutating func isDue(waiting: Int, nowMs: Int64) -> Bool {
    if waiting > most { most = waiting }
    guard most >= Self.leastWaiting, waiting < most / 2, nowMs - lastMs >= Self.leastMs else {
      return false
    }
    most = waiting
    lastMs = nowMs
    return true
  }
}
