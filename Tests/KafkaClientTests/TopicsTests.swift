import StreamCore
import StreamTestKit
import Testing

@testable import KafkaClient

@Suite("Look-ups and settings")
struct TopicsTests {
  @Test("a topic's partitions are counted; an unknown one is named with those spelled alike")
  func unknownTopic() throws {
    let cluster = try TestCluster()
    let topic = try cluster.topic(partitions: 5)
    let topics = try KafkaTopics(settings: cluster.settings)
    #expect(try topics.partitions(of: topic) == 5)
    let wrong = String(topic.dropLast()) + "-x"
    let error = try #require(throws: KafkaError.self) { try topics.partitions(of: wrong) }
    #expect(error.isUnknownTopic && error.domain == .user)
    #expect("\(error)".contains(wrong) && "\(error)".contains("did you mean \(topic)"))
    // Asking has not brought it into being.
    #expect(throws: KafkaError.self) { try topics.partitions(of: wrong) }
  }

  @Test("a topic that is not there yet can be waited for", .enabled(if: TestCluster.isEmbedded))
  func waiting() throws {
    let cluster = try TestCluster()
    let topics = try KafkaTopics(settings: cluster.settings)
    var asked = 0
    let count = try topics.partitions(of: "late") { _ in
      asked += 1
      if asked == 2 { try? cluster.embedded?.createTopic("late", partitions: 3) }
      return asked < 10
    }
    #expect(count == 3 && asked == 2)
  }

  @Test("the ends of a partition are asked of the broker")
  func watermarks() throws {
    let cluster = try TestCluster()
    let topic = try cluster.topic(partitions: 2)
    let topics = try KafkaTopics(settings: cluster.settings)
    let id = PartitionID(topic: topic, partition: 1)
    let patience = Patience.timeoutMs
    #expect(try topics.watermarks(id, timeoutMs: patience) == .init(earliest: 0, end: 0))
    let producer = try cluster.producer()
    for _ in 0..<7 { try producer.send(topic, partition: 1, value: "x") }
    try producer.flush(timeoutMs: Patience.timeoutMs)
    #expect(try topics.watermarks(id, timeoutMs: patience) == .init(earliest: 0, end: 7))
    let error = try #require(throws: KafkaError.self) {
      try topics.watermarks(PartitionID(topic: topic, partition: 99), timeoutMs: 5_000)
    }
    #expect("\(error)".contains("\(topic)/99"))
  }

  @Test(
    "while brokers refuse to say the ends of a partition they are asked again, never guessed",
    .enabled(if: TestCluster.isEmbedded))
  func watermarksRefused() throws {
    let cluster = try TestCluster()
    let broker = try #require(cluster.embedded)
    let topic = try cluster.topic(partitions: 1)
    let id = PartitionID(topic: topic, partition: 0)
    let producer = try cluster.producer()
    for _ in 0..<7 { try producer.send(topic, partition: 0, value: "x") }
    try producer.flush(timeoutMs: Patience.timeoutMs)
    // Leader not available, not the leader, timed out.
    for code: Int32 in 5...7 {
      for count in 1...4 {
        let topics = try KafkaTopics(settings: cluster.settings)
        let before = try topics.watermarks(id, timeoutMs: Patience.timeoutMs)
        #expect(before == .init(earliest: 0, end: 7))
        broker.injectErrors(.listOffsets, code: code, count: count)
        let marks = try topics.watermarks(id, timeoutMs: Patience.timeoutMs)
        #expect(marks == .init(earliest: 0, end: 7), "\(count) answers of code \(code)")
        broker.clearErrors(.listOffsets)
      }
    }
    // What does not pass by itself is told at once: these credentials may not ask.
    broker.injectErrors(.listOffsets, code: 29, count: 1)
    let error = try #require(throws: KafkaError.self) {
      try KafkaTopics(settings: cluster.settings).watermarks(id, timeoutMs: Patience.timeoutMs)
    }
    #expect(!error.isRetriable && "\(error)".contains("\(id)"), "\(error)")
  }

  @Test("a time past the last record is the end; brokers that do not look up times are told apart")
  func times() throws {
    let cluster = try TestCluster()
    let topic = try cluster.topic(partitions: 2)
    let topics = try KafkaTopics(settings: cluster.settings)
    let ids = (0..<2).map { PartitionID(topic: topic, partition: $0) }
    #expect(try topics.offsets(atTime: 1_700_000_000_000, ids) == [ids[0]: 0, ids[1]: 0])
    let producer = try cluster.producer()
    for number in 0..<10 {
      try producer.send(
        topic, partition: 0, value: "x", timestampMs: 1_700_000_000_000 + Int64(number) * 1000)
    }
    try producer.flush(timeoutMs: Patience.timeoutMs)
    if TestCluster.isEmbedded {
      let error = try #require(throws: KafkaError.self) {
        try topics.offsets(atTime: 1_700_000_003_500, ids)
      }
      #expect(error.codeName == "_UNSUPPORTED_FEATURE")
    } else {
      #expect(try topics.offsets(atTime: 1_700_000_003_500, ids) == [ids[0]: 4, ids[1]: 0])
      #expect(try topics.offsets(atTime: 1_800_000_000_000, ids) == [ids[0]: 10, ids[1]: 0])
    }
  }

  @Test("creating a topic works, or says that these brokers do not do it")
  func creating() throws {
    let cluster = try TestCluster()
    let topics = try KafkaTopics(settings: cluster.settings)
    let name = "weir-made-\(UInt64.random(in: 0 ... .max))"
    if TestCluster.isEmbedded {
      let error = try #require(throws: KafkaError.self) {
        try topics.createTopic(name, partitions: 2, timeoutMs: 500)
      }
      #expect("\(error)".contains("creating topic \(name)"), "\(error)")
    } else {
      try topics.createTopic(name, partitions: 2, replicas: 1)
      #expect(try topics.partitions(of: name, keepWaiting: { _ in true }) == 2)
      #expect(throws: KafkaError.self) { try topics.createTopic(name, partitions: 2, replicas: 1) }
    }
  }

  @Test("an option that does not exist is refused by name, with the nearest one")
  func unknownOption() throws {
    let settings = KafkaSettings(brokers: "localhost:1", options: ["fetch.min.byte": "1"])
    let error = try #require(throws: KafkaError.self) { try KafkaTopics(settings: settings) }
    #expect(error.domain == .user)
    #expect("\(error)".contains("fetch.min.byte:") && "\(error)".contains("fetch.min.bytes"))
  }

  @Test("a wrong value is refused; of a secret not even librdkafka's words are shown")
  func wrongValue() throws {
    var settings = KafkaSettings(brokers: "localhost:1", options: ["fetch.min.bytes": "many"])
    var error = try #require(throws: KafkaError.self) { try KafkaTopics(settings: settings) }
    #expect("\(error)".contains("fetch.min.bytes"))
    settings.options = ["security.protocol": "ssl", "ssl.key.pem": "hunter2"]
    error = try #require(throws: KafkaError.self) {
      try KafkaConsumer(settings: settings, groupID: nil, log: .silent)
    }
    #expect("\(error)".contains("ssl.key.pem") && !"\(error)".contains("hunter2"), "\(error)")
  }

  @Test("options that follow from the pipeline cannot be overridden, the others can")
  func ownedOptions() throws {
    var settings = KafkaSettings(brokers: "localhost:1", options: ["auto.offset.reset": "latest"])
    let error = try #require(throws: KafkaError.self) {
      try KafkaConsumer(settings: settings, groupID: nil, log: .silent)
    }
    #expect("\(error)".contains("auto.offset.reset"))
    settings.options = ["isolation.level": "read_uncommitted", "queued.min.messages": "10"]
    _ = try KafkaConsumer(settings: settings, groupID: nil, log: .silent)
    #expect(throws: KafkaError.self) { try KafkaTopics(settings: KafkaSettings(brokers: " ,")) }
  }

  @Test("a topic that has more or fewer partitions than it had is noticed, when it is time to look")
  func partitionWatch() throws {
    var watch = PartitionWatch(expected: ["a": 2, "b": 3, "c": 1], everyMs: 1_000)
    var now: [String: Int32] = ["a": 2, "b": 3, "c": 1]
    #expect(try watch.check(nowMs: 0) { now }.isEmpty)
    now = ["a": 4, "b": 3, "d": 9]
    #expect(try watch.check(nowMs: 999) { now }.isEmpty)
    #expect(
      try watch.check(nowMs: 1_000) { now } == [
        .init(topic: "a", before: 2, now: 4), .init(topic: "c", before: 1, now: 0),
      ])
    #expect(
      try watch.check(nowMs: 2_000) { throw KafkaError(.init(-195), "asking") }.isEmpty)
    #expect(throws: KafkaError.self) {
      try watch.check(nowMs: 3_000) { throw KafkaError(.init(29), "asking") }
    }
  }
}
