import Foundation
import KafkaClient
import PipelineSpec
import SnapshotStore
import StreamCore
import StreamTestKit
import Synchronization
import Testing
import WorkerRuntime

@Suite(.serialized) struct WorkerKafkaTests {
  /// The history's events as records, dealt to partitions.
  private func records(
    _ logs: [[HistoryEvent]]
  ) -> [(partition: Int, payload: [UInt8], timestampMs: Int64?)] {
    logs.enumerated().flatMap { partition, log in
      log.map { (partition, $0.payload, $0.recordMs) }
    }
  }

  /// A pipeline over a topic. However slow the machine is, no partition is idle: that would be part
  /// of the results.
  private func neverIdle(_ broker: WorkerBroker, _ topic: String) throws -> Pipeline {
    let text = WorkerPipeline.text(brokers: broker.brokers, topic: topic)
      .replacing("idle_after: 1s", with: "idle_after: 1h")
    return try Pipeline.parse(text: text, file: "test.yaml")
  }

  @Test func `One, four and sixteen partitions and files give the same digest`() throws {
    let folder = try WorkerFolder()
    let broker = try WorkerBroker()
    let history = EventHistory(seed: 7, options: .with { $0.events = 3_000 })
    var digests: [String: String] = [:]
    for partitions in [1, 4, 16] {
      let topic = try broker.topic(partitions)
      try broker.produce(records(history.partitioned(partitions)), to: topic)
      let summary = try runToEnd(
        neverIdle(broker, topic), data: folder.file("p\(partitions).sqlite"))
      #expect(summary.fates.applied + summary.fates.duplicate == Int64(history.events.count))
      digests["\(partitions) partitions"] = summary.resultDigest
    }
    let lines = history.events.map { String(decoding: $0.payload, as: UTF8.self) }
    let file = folder.file("history.jsonl")
    try lines.joined(separator: "\n").write(toFile: file, atomically: true, encoding: .utf8)
    let files = try runFiles(
      WorkerPipeline.make(), [file], data: folder.file("files.sqlite"))
    digests["files"] = files.resultDigest
    #expect(Set(digests.values).count == 1, "\(digests)")
    let verified = try ResultsDigest.verify(path: folder.file("p4.sqlite"))
    #expect(verified.isSound)
  }

  @Test func `Stopped and started again it goes on where it was`() throws {
    let folder = try WorkerFolder()
    let broker = try WorkerBroker()
    let history = EventHistory(seed: 8, options: .with { $0.events = 2_000 })
    let logs = history.partitioned(3)
    let topic = try broker.topic(3)
    let pipeline = try neverIdle(broker, topic)
    let all = records(logs)
    let third = all.count / 3
    for part in 0..<3 {
      // Parts of every partition's log, in its order.
      let slice = logs.map { log in
        Array(log[(log.count * part / 3)..<(log.count * (part + 1) / 3)])
      }
      try broker.produce(records(slice), to: topic)
      _ = try runToEnd(pipeline, data: folder.file("parts.sqlite"), closing: part == 2)
    }
    #expect(third > 0)
    let whole = try runToEnd(
      pipeline, data: folder.file("whole.sqlite"), change: { $0.acceptsEmptyFile = true })
    let differences = try ResultsDigest.diff(
      folder.file("parts.sqlite"), folder.file("whole.sqlite"))
    #expect(differences.isEmpty)
    #expect(whole.fates.read == Int64(all.count))
  }

  @Test func `A partition that falls idle holds nobody back, and its mark is stored`() throws {
    let folder = try WorkerFolder()
    let broker = try WorkerBroker()
    let topic = try broker.topic(2)
    let pipeline = try WorkerPipeline.make(brokers: broker.brokers, topic: topic)
    let event = { (minute: Int) in
      Array(
        """
        {"event":"e","user_id":"u","channel":"c","timestamp":"2026-01-01T00:\
        \(minute < 10 ? "0" : "")\(minute):00Z"}
        """.utf8)
    }
    var early: [(partition: Int, payload: [UInt8], timestampMs: Int64?)] = [(1, event(0), nil)]
    for minute in 0..<30 { early.append((0, event(minute), nil)) }
    try broker.produce(early, to: topic)
    let stop = StopFlag()
    var options = WorkerOptions(dataPath: folder.file("idle.sqlite"), lanes: 2)
    let waited = Deadline(seconds: Patience.ms / 1_000)
    options.onStatus = { status in
      let final = EventTime(ms: 1_767_225_600_000 + 25 * 60_000)
      if let watermark = status.watermark, watermark >= final { stop.raise() }
      if waited.isOver { stop.raise() }
    }
    _ = try Worker(pipeline: pipeline, input: .kafka, options: options, stop: stop).run()
    let reader = try ResultsReader.open(path: folder.file("idle.sqlite"))
    let marks = try reader.marks()
    #expect(marks.contains { $0.id.partition == 1 && $0.kind == .idle && $0.nextOffset == 1 })
    let finals = try reader.metrics(MetricQuery(metric: "events", status: .final))
    #expect(finals.count >= 25)
    #expect(try reader.partitions().first { $0.id.partition == 1 }?.idle == true)
  }

  @Test func `A topic that is not there is named, with the nearest one that is`() throws {
    let folder = try WorkerFolder()
    let broker = try WorkerBroker()
    let topic = try broker.topic(1)
    let pipeline = try WorkerPipeline.make(brokers: broker.brokers, topic: topic + "x")
    #expect {
      _ = try runToEnd(pipeline, data: folder.file("none.sqlite"))
    } throws: { error in
      "\(error)".contains(topic)
    }
  }

  @Test func `An empty file is refused where the group has commits, unless it is accepted`() throws
  {
    let folder = try WorkerFolder()
    let broker = try WorkerBroker()
    let history = EventHistory(seed: 9, options: .with { $0.events = 100 })
    let topic = try broker.topic(1)
    try broker.produce(records(history.partitioned(1)), to: topic)
    let pipeline = try WorkerPipeline.make(brokers: broker.brokers, topic: topic)
    // A worker that ends does not wait for long until its commits are answered.
    let topics = try KafkaTopics(settings: broker.settings)
    let committed = {
      try topics.committed(
        group: pipeline.plan.consumerGroup, [PartitionID(topic: topic, partition: 0)],
        timeoutMs: Patience.timeoutMs)
    }
    let waited = Deadline(seconds: Patience.ms / 1_000)
    repeat {
      _ = try runToEnd(pipeline, data: folder.file("first.sqlite"), closing: false)
    } while try committed().isEmpty && !waited.isOver
    #expect {
      _ = try runToEnd(pipeline, data: folder.file("second.sqlite"))
    } throws: { error in
      "\(error)".contains("--accept-empty")
    }
    let summary = try runToEnd(
      pipeline, data: folder.file("third.sqlite"), change: { $0.acceptsEmptyFile = true })
    #expect(summary.fates.read == Int64(history.events.count))
  }

  @Test func `What is not applied goes to the dead-letter topic as it was`() throws {
    let folder = try WorkerFolder()
    let broker = try WorkerBroker()
    let (pipeline, letters) = try Self.withDeadLetters(broker)
    let summary = try runToEnd(pipeline, data: folder.file("letters.sqlite"))
    #expect(summary.fates.rejected == 2)
    #expect(try Self.payloads(2, of: letters, broker) == Self.unreadable)
  }

  @Test(.enabled(if: WorkerBroker.isEmbedded, "needs a broker that refuses on demand"))
  func `A snapshot waits for its dead letters as long as it takes, and the worker goes on`() throws
  {
    let folder = try WorkerFolder()
    let broker = try WorkerBroker()
    let (pipeline, letters) = try Self.withDeadLetters(broker)
    broker.refusesProduce(true)
    let data = folder.file("waits.sqlite")
    let stop = StopFlag()
    let committed: @Sendable () -> [Int64] = {
      (try? ResultsReader.open(path: data).partitions().map(\.nextOffset)) ?? []
    }
    let meanwhile = Mutex<[Int64]>([])
    var options = WorkerOptions(dataPath: data, lanes: 1)
    options.log = Log(
      limiter: LogLimiter(),
      write: { line in
        guard line.contains("dead letters are not delivered yet") else { return }
        meanwhile.withLock { $0 += committed() }
        broker.refusesProduce(false)
      })
    let waited = Deadline(seconds: Patience.ms / 1_000)
    options.onStatus = { _ in
      if committed() == [2] || waited.isOver { stop.raise() }
    }
    let summary = try Worker(pipeline: pipeline, input: .kafka, options: options, stop: stop).run()
    try #require(meanwhile.withLock { $0.first == 0 }, "nothing is committed before they are there")
    #expect(summary.fates.rejected == 2)
    #expect(try ResultsReader.open(path: data).partitions().map(\.nextOffset) == [2])
    #expect(try Self.payloads(2, of: letters, broker) == Self.unreadable)
  }

  private static let unreadable = ["{\"no\":\"time\"}", "not json"]

  /// A pipeline over a topic of two events that cannot be applied, and its dead-letter topic.
  private static func withDeadLetters(_ broker: WorkerBroker) throws -> (Pipeline, String) {
    let topic = try broker.topic(1)
    let letters = try broker.topic(1)
    try broker.produce(unreadable.map { (0, Array($0.utf8), nil) }, to: topic)
    let text = WorkerPipeline.text(brokers: broker.brokers, topic: topic)
      .replacing("topic: \"\(topic)\"", with: "topic: \"\(topic)\", dead_letters: \"\(letters)\"")
    return (try Pipeline.parse(text: text, file: "test.yaml"), letters)
  }

  /// The first payloads of a topic's only partition.
  private static func payloads(
    _ count: Int, of topic: String, _ broker: WorkerBroker
  ) throws -> [String] {
    let consumer = try KafkaConsumer(settings: broker.settings, groupID: nil, log: .silent)
    defer { consumer.close() }
    try consumer.assign([(PartitionID(topic: topic, partition: 0), .beginning)])
    var payloads: [String] = []
    let deadline = Deadline(seconds: Patience.ms / 1_000)
    while payloads.count < count && !deadline.isOver {
      _ = try consumer.poll(timeoutMs: 100) { _, run in
        for message in run {
          let bytes = UnsafeBufferPointer(start: message.payload, count: Int(message.payloadCount))
          payloads.append(String(decoding: bytes, as: UTF8.self))
        }
      }
    }
    return payloads
  }
}

/// A limit on how long a test waits for something that must happen.
struct Deadline: Sendable {
  private let end: ContinuousClock.Instant

  init(seconds: Int) { end = ContinuousClock.now + .seconds(seconds) }

  var isOver: Bool { ContinuousClock.now >= end }
}
