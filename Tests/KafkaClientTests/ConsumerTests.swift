import StreamCore
import StreamTestKit
import Testing

@testable import KafkaClient

@Suite("Consumer")
struct ConsumerTests {
  private func filled(
    _ cluster: TestCluster, partitions: Int32, each count: Int
  ) throws -> (topic: String, ids: [PartitionID]) {
    let topic = try cluster.topic(partitions: Int(partitions))
    let producer = try cluster.producer()
    for number in 0..<count {
      for partition in 0..<partitions {
        try producer.send(topic, partition: partition, value: "\(number)")
      }
    }
    try producer.flush(timeoutMs: Patience.timeoutMs)
    return (topic, (0..<partitions).map { PartitionID(topic: topic, partition: $0) })
  }

  @Test("reading begins at an offset, at the beginning or at the end, as asked")
  func starts() throws {
    let cluster = try TestCluster()
    let (topic, ids) = try filled(cluster, partitions: 3, each: 10)
    let consumer = try cluster.consumer()
    try consumer.assign([(ids[0], .offset(7)), (ids[1], .beginning), (ids[2], .end)])
    #expect(consumer.nextOffset(0) == 7)
    #expect(consumer.nextOffset(1) == nil)
    var read = Collected()
    try proceed(until: { (0..<3).allSatisfy(consumer.isAtEnd) }) { try read.poll(consumer) }
    #expect(read.messages[0]?.map(\.offset) == [7, 8, 9])
    #expect(read.messages[1]?.map(\.offset) == Array(0..<10))
    #expect(read.messages[2] == nil)
    #expect(consumer.nextOffset(2) == 10)
    let producer = try cluster.producer()
    try producer.send(topic, partition: 2, value: "after")
    try producer.flush(timeoutMs: Patience.timeoutMs)
    try proceed(until: { read.messages[2] != nil }) { try read.poll(consumer) }
    #expect(read.messages[2]?.map(\.value) == ["after"])
  }

  @Test("the end of a partition is known when reached, forgotten when more comes, known again")
  func ends() throws {
    let cluster = try TestCluster()
    let (topic, ids) = try filled(cluster, partitions: 2, each: 3)
    let consumer = try cluster.consumer()
    try consumer.assign(ids.map { ($0, .beginning) })
    #expect(!consumer.isAtEnd(0))
    #expect(consumer.lag(0) == nil)
    var read = Collected()
    try proceed(until: { read.ends.count >= 2 }) { try read.poll(consumer) }
    #expect(Set(read.ends.map(\.assigned)) == [0, 1])
    #expect(read.ends.allSatisfy { $0.nextOffset == 3 })
    #expect(consumer.cachedEnd(0) == 3)
    #expect(consumer.lag(0) == 0)

    // Both in one batch, so that no end lies between them.
    let producer = try cluster.producer(options: ["linger.ms": "60000"])
    for _ in 0..<2 { try producer.send(topic, partition: 1, value: "more") }
    try producer.flush(timeoutMs: Patience.timeoutMs)
    read.ends = []
    try proceed(until: { read.messages[1]?.count == 4 }) {
      let outcome = try consumer.poll(max: 1, timeoutMs: 100) { index, run in
        for message in run { read.messages[index, default: []].append(Copy(message, headers: 0)) }
        #expect(!consumer.isAtEnd(1))
      }
      #expect(outcome.messages <= 1)
    }
    #expect(consumer.lag(1) == 1)
    try proceed(until: { consumer.isAtEnd(1) }) { try read.poll(consumer) }
    #expect(read.ends == [PollOutcome.End(assigned: 1, nextOffset: 5)])
    #expect(consumer.isAtEnd(0))
  }

  @Test("a paused partition is silent while others go on, and resumes without loss or repetition")
  func pausing() throws {
    let cluster = try TestCluster()
    let (topic, ids) = try filled(cluster, partitions: 2, each: 3_000)
    let consumer = try cluster.consumer()
    try consumer.assign(ids.map { ($0, .beginning) })
    var read = Collected()
    // Stopped in the middle of what was prefetched.
    try proceed(until: { read.messages[0] != nil }) {
      let outcome = try consumer.poll(max: 100, timeoutMs: 100) { index, run in
        for message in run { read.messages[index, default: []].append(Copy(message, headers: 0)) }
      }
      #expect(outcome.messages <= 100)
    }
    try consumer.pause(0)
    try consumer.pause(0)
    #expect(consumer.isPaused(0))
    let before = read.messages[0]?.count
    let producer = try cluster.producer()
    for _ in 0..<500 { try producer.send(topic, partition: 1, value: "later") }
    try producer.flush(timeoutMs: Patience.timeoutMs)
    try proceed(until: { read.messages[1]?.count == 3_500 }) { try read.poll(consumer) }
    #expect(read.messages[0]?.count == before)
    #expect(!consumer.isAtEnd(0))
    for _ in 0..<3 {
      try consumer.resume(0)
      try read.poll(consumer, timeoutMs: 0)
      try consumer.pause(0)
    }
    try consumer.resume(0)
    try proceed(until: { consumer.isAtEnd(0) }) { try read.poll(consumer) }
    #expect(read.messages[0]?.map(\.offset) == Array(0..<3_000))
    #expect(read.messages[1]?.map(\.offset) == Array(0..<3_500))
  }

  @Test("a new assignment takes the place of the old one; a bad one is refused")
  func assigning() throws {
    let cluster = try TestCluster()
    let (_, ids) = try filled(cluster, partitions: 2, each: 100)
    let consumer = try cluster.consumer()
    #expect(throws: KafkaError.self) {
      try consumer.assign([(ids[0], .beginning), (ids[0], .end)])
    }
    #expect(throws: KafkaError.self) { try consumer.assign([(ids[0], .offset(-5))]) }
    try consumer.assign([(ids[0], .beginning)])
    var read = Collected()
    try proceed(until: { read.count == 100 }) { try read.poll(consumer) }
    try consumer.assign([(ids[1], .offset(40)), (ids[0], .offset(90))])
    read = Collected()
    try proceed(until: { consumer.isAtEnd(0) && consumer.isAtEnd(1) }) { try read.poll(consumer) }
    #expect(read.messages[0]?.map(\.offset) == Array(40..<100))
    #expect(read.messages[1]?.map(\.offset) == Array(90..<100))
    try consumer.assign([])
    #expect(try consumer.poll(timeoutMs: 10) { _, _ in }.messages == 0)
  }

  @Test("seeking goes back or forth, of a paused partition too, and touches no other")
  func seeking() throws {
    let cluster = try TestCluster()
    let (_, ids) = try filled(cluster, partitions: 2, each: 2_000)
    let consumer = try cluster.consumer()
    try consumer.assign(ids.map { ($0, .beginning) })
    var read = Collected()
    try proceed(until: { read.count >= 500 }) { try read.poll(consumer) }
    try consumer.pause(1)
    let other = read.messages[1]?.count ?? 0
    read.messages[0] = nil
    try consumer.seek(0, to: .offset(1_500))
    try consumer.seek(1, to: .offset(1_990))
    try proceed(until: { consumer.isAtEnd(0) }) { try read.poll(consumer) }
    #expect(read.messages[0]?.map(\.offset) == Array(1_500..<2_000))
    #expect((read.messages[1]?.count ?? 0) == other)
    try consumer.resume(1)
    try consumer.seek(0, to: .offset(10))
    read = Collected()
    try proceed(until: { consumer.isAtEnd(0) && consumer.isAtEnd(1) }) { try read.poll(consumer) }
    #expect(read.messages[0]?.map(\.offset) == Array(10..<2_000))
    #expect(read.messages[1]?.map(\.offset) == Array(1_990..<2_000))
  }

  @Test("an error of the closure reaches the caller of poll")
  func closureThrows() throws {
    struct Stop: Error {}
    let cluster = try TestCluster()
    let (_, ids) = try filled(cluster, partitions: 1, each: 5)
    let consumer = try cluster.consumer()
    try consumer.assign([(ids[0], .beginning)])
    #expect(throws: Stop.self) {
      try proceed(until: { false }) {
        _ = try consumer.poll(timeoutMs: 100) { _, _ in throw Stop() }
      }
    }
  }

  @Test("offsets that Kafka dropped are reported with their range, and reading can go on")
  func lost() throws {
    let cluster = try TestCluster()
    guard cluster.embedded != nil else { return }
    let topic = try cluster.topic(partitions: 1)
    let id = PartitionID(topic: topic, partition: 0)
    let producer = try cluster.producer()
    let block = String(repeating: "x", count: 10_000)
    for _ in 0..<900 { try producer.send(topic, partition: 0, value: block) }
    try producer.flush(timeoutMs: Patience.timeoutMs)
    let consumer = try cluster.consumer()
    try consumer.assign([(id, .offset(0))])
    var read = Collected()
    try proceed(until: { !read.lost.isEmpty }) { try read.poll(consumer) }
    let lost = read.lost[0]
    let earliest = try #require(lost.earliest)
    #expect(lost.partition == id && lost.wanted == 0 && lost.latest == 900)
    #expect(earliest > 0)
    #expect(lost.range == 0..<earliest)
    #expect("\(lost)".contains("offsets 0 up to \(earliest)"))
    #expect(read.count == 0)
    try consumer.seek(0, to: .beginning)
    try proceed(until: { consumer.isAtEnd(0) }) { try read.poll(consumer) }
    #expect(read.messages[0]?.map(\.offset) == Array(earliest..<900))
    #expect(read.lost.count == 1)
  }

  @Test("an offset beyond the end of the log is reported, not waited for")
  func beyond() throws {
    let cluster = try TestCluster()
    let (_, ids) = try filled(cluster, partitions: 1, each: 5)
    let consumer = try cluster.consumer()
    try consumer.assign([(ids[0], .offset(50))])
    var read = Collected()
    try proceed(until: { !read.lost.isEmpty }) { try read.poll(consumer) }
    #expect(read.lost[0].wanted == 50 && read.lost[0].latest == 5)
    #expect(read.lost[0].range == nil)
    #expect("\(read.lost[0])".contains("the log ends at 5"))
    try consumer.seek(0, to: .offset(3))
    try proceed(until: { consumer.isAtEnd(0) }) { try read.poll(consumer) }
    #expect(read.messages[0]?.map(\.offset) == [3, 4])
  }

  @Test("committed offsets are those that were committed, also when the consumer closes at once")
  func commits() throws {
    let cluster = try TestCluster()
    let (topic, ids) = try filled(cluster, partitions: 3, each: 10)
    let group = "group-of-\(topic)"
    let consumer = try cluster.consumer(group: group)
    try consumer.assign(ids.map { ($0, .beginning) })
    var read = Collected()
    try proceed(until: { read.count == 30 }) { try read.poll(consumer) }
    let topics = try KafkaTopics(settings: cluster.settings)
    let committed = {
      try topics.committed(group: group, ids, timeoutMs: Patience.timeoutMs)
    }
    #expect(try committed() == [:])
    consumer.commit([ids[0]: 4])
    try proceed(until: { try !committed().isEmpty }) { try read.poll(consumer) }
    consumer.commit([ids[0]: 7, ids[2]: 10])
    consumer.close(timeoutMs: Patience.timeoutMs)
    consumer.close()
    #expect(try committed() == [ids[0]: 7, ids[2]: 10])
  }
}
