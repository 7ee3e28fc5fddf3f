import StreamCore
import StreamTestKit
import Testing

@testable import KafkaClient

@Suite("Trouble that passes", .enabled(if: TestCluster.isEmbedded))
struct TroubleTests {
  @Test("a broker that is away for a while is survived, told once, and told when it is back")
  func brokerAway() throws {
    let cluster = try TestCluster()
    let broker = try #require(cluster.embedded)
    let topic = try cluster.topic(partitions: 2)
    let lines = Lines()
    let producer = try cluster.producer(idempotent: true)
    let consumer = try cluster.consumer(log: lines.log())
    try consumer.assign((0..<2).map { (PartitionID(topic: topic, partition: $0), .beginning) })
    for number in 0..<10 { try producer.send(topic, partition: 0, value: "\(number)") }
    try producer.flush(timeoutMs: Patience.timeoutMs)
    var read = Collected()
    try proceed(until: { read.count == 10 }) { try read.poll(consumer) }

    try broker.setDown(1)
    for number in 10..<20 { try producer.send(topic, partition: 0, value: "\(number)") }
    try proceed(until: { lines.all.contains { $0.contains("refused") } }) {
      try read.poll(consumer)
    }
    #expect(read.count == 10)
    try broker.setUp(1)
    try proceed(until: { read.count == 20 }) { try read.poll(consumer) }
    try producer.flush(timeoutMs: Patience.timeoutMs)
    #expect(producer.report.delivered == 20)
    #expect(read.messages[0]?.map(\.value) == (0..<20).map { "\($0)" })
    #expect(lines.all.filter { $0.contains("refused") }.count == 1, "\(lines.all)")
    #expect(lines.all.last { !$0.hasPrefix("debug") } == "info: Kafka answers again")
  }

  @Test("messages that wait for a broker that is away are under way, whatever is known of why")
  func deliveryWaits() throws {
    let cluster = try TestCluster()
    let broker = try #require(cluster.embedded)
    let topic = try cluster.topic(partitions: 1)
    let producer = try cluster.producer()
    try producer.send(topic, partition: 0, value: "0")
    #expect(try producer.isDelivered(withinMs: Patience.timeoutMs))
    try broker.setDown(1)
    try producer.send(topic, partition: 0, value: "1")
    // Until the client has found out that nobody is there.
    var isKnown = false
    try proceed(until: { isKnown }) {
      #expect(try !producer.isDelivered(withinMs: 100))
      do {
        try producer.flush(timeoutMs: 100)
      } catch let error as KafkaError where error.codeName != "_TIMED_OUT" {
        #expect(error.isRetriable)
        isKnown = true
      } catch is KafkaError {}
    }
    try broker.setUp(1)
    try proceed(until: { producer.report.delivered == 2 }) {
      _ = try producer.isDelivered(withinMs: 100)
    }
  }

  @Test("a moved leader and refused fetches neither lose nor repeat a message")
  func leaderMoves() throws {
    let cluster = try TestCluster(brokers: 2)
    let broker = try #require(cluster.embedded)
    let topic = try cluster.topic(partitions: 1)
    try broker.setLeader(of: topic, partition: 0, to: 1)
    let producer = try cluster.producer()
    let consumer = try cluster.consumer()
    try consumer.assign([(PartitionID(topic: topic, partition: 0), .beginning)])
    var read = Collected()
    for round in 0..<2 {
      for number in 0..<200 {
        try producer.send(topic, partition: 0, value: "\(round * 200 + number)")
      }
      try producer.flush(timeoutMs: Patience.timeoutMs)
      try broker.setLeader(of: topic, partition: 0, to: 2 - round % 2)
      broker.injectErrors(.fetch, code: 6, count: 2)
      try proceed(until: { read.count == (round + 1) * 200 }) { try read.poll(consumer) }
    }
    #expect(read.messages[0]?.map(\.value) == (0..<400).map { "\($0)" })
  }

  @Test("a topic that is gone while it is read neither ends nor hangs the consumer")
  func missingTopic() throws {
    let cluster = try TestCluster()
    let broker = try #require(cluster.embedded)
    let topic = try cluster.topic(partitions: 1)
    let topics = try KafkaTopics(settings: cluster.settings)
    let consumer = try KafkaConsumer(
      settings: cluster.settings, groupID: nil, log: .silent)
    try consumer.assign([(PartitionID(topic: topic, partition: 0), .offset(0))])
    var read = Collected()
    try proceed(until: { consumer.isAtEnd(0) }) { try read.poll(consumer) }
    var watch = PartitionWatch(expected: [topic: 1], everyMs: 0)
    #expect(try watch.check(nowMs: 0) { try topics.all() } == [])
    broker.setError(topic: topic, code: 3)
    broker.injectErrors(.fetch, code: 6, count: 1)
    for _ in 0..<10 { try read.poll(consumer) }
    #expect(
      try watch.check(nowMs: 1) { try topics.all() } == [.init(topic: topic, before: 1, now: 0)])
    consumer.close(timeoutMs: 1_000)
  }

  @Test("denied access to a topic is thrown, with the partition and what to do")
  func denied() throws {
    let cluster = try TestCluster()
    let broker = try #require(cluster.embedded)
    let topic = try cluster.topic(partitions: 1)
    let consumer = try cluster.consumer()
    try consumer.assign([(PartitionID(topic: topic, partition: 0), .offset(0))])
    broker.injectErrors(.fetch, code: 29, count: 1_000)
    let error = try #require(throws: KafkaError.self) {
      try proceed(until: { false }) { _ = try consumer.poll(timeoutMs: 100) { _, _ in } }
    }
    #expect(error.domain == .user && !error.isRetriable)
    #expect("\(error)".contains("\(topic)/0") && "\(error)".contains("needs the right"))
  }

  @Test("failed commits are told and nothing more")
  func commitFails() throws {
    let cluster = try TestCluster()
    let broker = try #require(cluster.embedded)
    let topic = try cluster.topic(partitions: 1)
    let lines = Lines()
    let consumer = try cluster.consumer(group: "g", log: lines.log())
    let id = PartitionID(topic: topic, partition: 0)
    try consumer.assign([(id, .beginning)])
    var read = Collected()
    try proceed(until: { consumer.isAtEnd(0) }) { try read.poll(consumer) }
    broker.injectErrors(.offsetCommit, code: 30, count: 10)
    try proceed(until: { lines.all.contains { $0.contains("committing offsets") } }) {
      consumer.commit([id: 1])
      try read.poll(consumer)
    }
  }

  @Test("when no broker can be reached the error says why and what to do")
  func unreachable() throws {
    let cluster = try TestCluster()
    let broker = try #require(cluster.embedded)
    try broker.setDown(1)
    let topics = try KafkaTopics(settings: cluster.settings)
    // Before the client has found out why, all that can be said is that time ran out.
    var last: KafkaError?
    try proceed(until: { last.map { "\($0)".contains("refused") } ?? false }) {
      last = try #require(throws: KafkaError.self) {
        try topics.partitions(of: "any", timeoutMs: 1_000)
      }
    }
    let error = try #require(last)
    #expect(error.isRetriable && !error.isFatal && error.domain == .external)
    #expect("\(error)".contains("is the broker running"), "\(error)")
  }

  @Test(
    "a full queue makes send wait, then fail; what was taken is delivered when brokers are back")
  func backPressure() throws {
    let cluster = try TestCluster()
    let broker = try #require(cluster.embedded)
    let topic = try cluster.topic(partitions: 1)
    let producer = try cluster.producer(memoryBudgetBytes: 1 << 20, maxBlockMs: 200)
    try producer.send(topic, partition: 0, value: "first")
    try producer.flush(timeoutMs: Patience.timeoutMs)
    try broker.setDown(1)
    let block = String(repeating: "x", count: 10_000)
    let error = try #require(throws: KafkaError.self) {
      for _ in 0..<1_000 { try producer.send(topic, partition: 0, value: block) }
    }
    #expect(error.codeName == "_QUEUE_FULL" && error.isRetriable)
    #expect("\(error)".contains(topic))
    let sent = producer.report.sent
    #expect(sent > 50 && sent < 200)
    #expect(producer.report.delivered == 1)
    #expect(throws: KafkaError.self) { try producer.flush(timeoutMs: 50) }
    try broker.setUp(1)
    try producer.flush(timeoutMs: Patience.timeoutMs)
    #expect(producer.report.delivered == sent)
  }

  @Test("a message that Kafka refuses is counted, and flush says so once")
  func refused() throws {
    let cluster = try TestCluster()
    let broker = try #require(cluster.embedded)
    let topic = try cluster.topic(partitions: 1)
    let producer = try cluster.producer()
    broker.injectErrors(.produce, code: 10, count: 1)
    try producer.send(topic, partition: 0, value: "secret payload")
    let error = try #require(throws: KafkaError.self) {
      try producer.flush(timeoutMs: Patience.timeoutMs)
    }
    #expect(error.codeName == "MSG_SIZE_TOO_LARGE" && error.domain == .user)
    #expect("\(error)".contains(topic) && !"\(error)".contains("secret"))
    #expect(producer.report.failed == 1 && producer.report.firstErrors.count == 1)
    try producer.send(topic, partition: 0, value: "again")
    try producer.flush(timeoutMs: Patience.timeoutMs)
    #expect(producer.report.delivered == 1 && producer.report.failed == 1)
  }

  @Test("messages that cannot be delivered in time are counted as failed")
  func timedOut() throws {
    let cluster = try TestCluster()
    let broker = try #require(cluster.embedded)
    let topic = try cluster.topic(partitions: 1)
    let producer = try cluster.producer(options: [
      "message.timeout.ms": "300"
    ])
    try broker.setDown(1)
    for _ in 0..<10 { try producer.send(topic, partition: 0, value: "x") }
    try proceed(until: { producer.report.failed == 10 }) {
      try? producer.flush(timeoutMs: 100)
    }
    #expect(producer.report.firstErrors.count == 5)
    #expect(producer.report.delivered == 0)
  }
}
