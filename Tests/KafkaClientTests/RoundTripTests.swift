import StreamCore
import StreamTestKit
import Testing

@testable import KafkaClient

@Suite("What is sent is read")
struct RoundTripTests {
  @Test("keys, values, null and empty values, timestamps and headers come back as they were sent")
  func parts() throws {
    let cluster = try TestCluster()
    let topic = try cluster.topic(partitions: 1)
    let producer = try cluster.producer()
    try producer.send(
      topic, partition: 0, key: "k1", value: "v1", timestampMs: 1_700_000_000_001)
    try producer.send(topic, partition: 0, key: "k2", value: nil, timestampMs: 1_700_000_000_002)
    try producer.send(topic, partition: 0, key: nil, value: "", timestampMs: 1_700_000_000_003)
    try "first".utf8.map { $0 }.withUnsafeBytes { first in
      try "last".utf8.map { $0 }.withUnsafeBytes { last in
        try producer.send(
          topic: topic, partition: 0, value: first, timestampMs: 1_700_000_000_004,
          headers: [("a", first), ("a", last), ("none", nil), ("other", first)])
      }
    }
    try producer.flush(timeoutMs: Patience.timeoutMs)
    #expect(producer.report.delivered == 4)

    let consumer = try cluster.consumer(headers: ["none", "a", "absent"])
    try consumer.assign([(PartitionID(topic: topic, partition: 0), .beginning)])
    var read = Collected()
    try proceed(until: { read.count == 4 }) { try read.poll(consumer, headers: 3) }
    let messages = try #require(read.messages[0])
    #expect(messages.map(\.key) == ["k1", "k2", nil, nil])
    #expect(messages.map(\.value) == ["v1", nil, "", "first"])
    #expect(messages.map(\.offset) == [0, 1, 2, 3])
    #expect(messages.map(\.timestampMs) == (1...4).map { 1_700_000_000_000 + $0 })
    #expect(messages[0].headers == ["missing", "missing", "missing"])
    #expect(messages[3].headers == ["null", "last", "missing"])
  }

  @Test(
    "a poll hands over one run per partition, in the log's order, and every message once",
    arguments: [(1, KafkaProducer.Compression.none), (8, .lz4), (3, .zstd)])
  func runs(partitions: Int, compression: KafkaProducer.Compression) throws {
    let cluster = try TestCluster()
    let topic = try cluster.topic(partitions: partitions)
    let producer = try cluster.producer(compression: compression, idempotent: true)
    for number in 0..<5_000 {
      try producer.send(topic, partition: Int32(number % partitions), value: "\(number)")
    }
    try producer.flush(timeoutMs: Patience.timeoutMs)

    let consumer = try cluster.consumer()
    try consumer.assign(
      (0..<partitions).map {
        (PartitionID(topic: topic, partition: Int32($0)), .beginning)
      })
    var next = [Int64](repeating: 0, count: partitions)
    var total = 0
    try proceed(until: { total >= 5_000 }) {
      var seen: Set<Int> = []
      let outcome = try consumer.poll(timeoutMs: 100) { index, run in
        #expect(seen.insert(index).inserted, "two runs of one partition in a poll")
        for message in run {
          #expect(message.offset == next[index])
          let copy = Copy(message, headers: 0)
          #expect(copy.value == "\(Int(message.offset) * partitions + index)")
          next[index] += 1
        }
      }
      #expect(outcome.messages <= KafkaConsumer.maxBatch)
      total += outcome.messages
    }
    #expect(total == 5_000)
  }

  @Test("one key is always in one partition, and keys spread as the Java clients spread them")
  func keys() throws {
    let cluster = try TestCluster()
    let topic = try cluster.topic(partitions: 4)
    let producer = try cluster.producer()
    for number in 0..<400 { try producer.send(topic, key: "user-\(number % 40)", value: "x") }
    try producer.flush(timeoutMs: Patience.timeoutMs)
    let consumer = try cluster.consumer()
    try consumer.assign(
      (0..<4).map { (PartitionID(topic: topic, partition: $0), .beginning) })
    var read = Collected()
    try proceed(until: { read.count == 400 }) { try read.poll(consumer) }
    var home: [String: Int] = [:]
    for (index, messages) in read.messages {
      for message in messages {
        let key = try #require(message.key)
        #expect(home.updateValue(index, forKey: key) ?? index == index)
        #expect(index == Int(murmur2(Array(key.utf8)) & 0x7fff_ffff) % 4)
      }
    }
  }

  /// MurmurHash2 with Kafka's seed, from its definition.
  private func murmur2(_ bytes: [UInt8]) -> UInt32 {
    let m: UInt32 = 0x5bd1_e995
    var hash: UInt32 = 0x9747_b28c ^ UInt32(bytes.count)
    let whole = bytes.count / 4 * 4
    for start in stride(from: 0, to: whole, by: 4) {
      var k = (0..<4).reduce(UInt32(0)) { $0 | UInt32(bytes[start + $1]) << (8 * $1) }
      k = k &* m
      k ^= k >> 24
      hash = (hash &* m) ^ (k &* m)
    }
    if whole < bytes.count {
      for index in (whole..<bytes.count) { hash ^= UInt32(bytes[index]) << (8 * (index - whole)) }
      hash = hash &* m
    }
    hash ^= hash >> 13
    hash = hash &* m
    return hash ^ hash >> 15
  }
}
