import CRdKafka
import StreamCore
import StreamTestKit
import Testing

@testable import KafkaClient

struct FetchWakerTests {
  /// At which of these numbers of waiting messages, one every `everyMs`, a request is due.
  private func due(_ waiting: [Int], everyMs: Int64 = FetchWakeRule.leastMs) -> [Int] {
    var rule = FetchWakeRule()
    return waiting.enumerated().filter { at, waiting in
      rule.isDue(waiting: waiting, nowMs: Int64(at) * everyMs)
    }.map(\.element)
  }

  @Test func `Brokers are woken when half of what waited is consumed, and half of the rest`() {
    let falling = stride(from: 100_000, through: 0, by: -1_000).map { $0 }
    #expect(due(falling) == [49_000, 24_000, 11_000, 5_000, 2_000])
    let rising = [60_000, 50_000, 80_000, 45_000, 39_000, 90_000, 46_000, 44_000]
    #expect(due(rising) == [39_000, 44_000])
  }

  @Test func `Where little waits nobody is woken`() {
    let ripple = (0..<100).flatMap { _ in [FetchWakeRule.leastWaiting - 1, 1_000, 0] }
    #expect(due(ripple).isEmpty)
  }

  @Test func `Brokers are not asked more often than they can bear`() {
    let teeth = (0..<1_000).flatMap { _ in [100_000, 0] }
    #expect(due(teeth, everyMs: 1).count == 2_000 / Int(FetchWakeRule.leastMs))
  }

  @Test func `What is several times the budget is read in order, and its broker is woken`() throws {
    let cluster = try TestCluster()
    let topic = try cluster.topic(partitions: 2)
    let producer = try cluster.producer(compression: .lz4)
    let each: Int64 = 12_000
    let value = String(repeating: "weir ", count: 100)
    for _ in 0..<each {
      for partition in [0, 1] as [Int32] {
        try producer.send(topic, partition: partition, value: value)
      }
    }
    try producer.flush(timeoutMs: Patience.timeoutMs)
    let consumer = try KafkaConsumer(
      settings: cluster.settings, groupID: nil, memoryBudgetBytes: 4 << 20, log: .silent)
    try consumer.assign(
      ([0, 1] as [Int32]).map { (PartitionID(topic: topic, partition: $0), .beginning) })
    let topics = try KafkaTopics(settings: cluster.settings)
    // So many that enough wait still when the first batch was taken.
    let enough = FetchWakeRule.leastWaiting + KafkaConsumer.maxBatch
    try proceed(until: { rd_kafka_queue_length(consumer.queue) > enough }) {
      _ = try topics.watermarks(
        PartitionID(topic: topic, partition: 0), timeoutMs: Patience.timeoutMs)
    }
    var next: [Int64] = [0, 0]
    try proceed(until: { next == [each, each] }) {
      _ = try consumer.poll(timeoutMs: 100) { index, run in
        for message in run {
          #expect(message.offset == next[index])
          next[index] = message.offset + 1
        }
      }
    }
    #expect(consumer.waker.asked > 0)
    consumer.close()
  }
}
