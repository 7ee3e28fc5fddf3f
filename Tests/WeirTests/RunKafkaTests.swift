import Foundation
import KafkaClient
import SnapshotStore
import StreamCore
import StreamTestKit
import Testing

@Suite struct RunKafkaTests {
  @Test func `Topics of 1, 4 and 16 partitions give what the file gives`() async throws {
    let folder = try TemporaryFolder()
    let broker = try TestBroker()
    let file = try SharedData.path("ecom/ecom.csv.gz")
    let pipeline = "pipelines/ecom.yaml"
    let files = try await Command.run([
      "run", pipeline, "--input", file, "--data", folder.file("files.sqlite"),
    ])
    #expect(files.code == 0, "\(files)")
    let expected = try #require(
      files.output.split(separator: "\n").first { $0.hasPrefix("digest") })
    let stages = try ResultsReader.open(path: folder.file("files.sqlite")).stages()
    #expect(Set(stages.map(\.kind)) == Set(ResultKind.allCases).subtracting([.kpis]))
    for partitions in [1, 4, 16] {
      let topic = try broker.topic(partitions)
      let environment = ["WEIR_BROKERS": broker.brokers, "WEIR_TOPIC": topic]
      let produced = try await Command.run(
        ["produce", file, "--pipeline", pipeline, "--sort"], environment: environment)
      #expect(produced.code == 0, "\(produced)")
      #expect(produced.output == "31,106 records read, 31,106 delivered to \(topic)\n")
      let data = folder.file("\(partitions).sqlite")
      let outcome = try await Command.run(
        ["run", pipeline, "--until-end", "--close", "--data", data], environment: environment)
      #expect(outcome.code == 0, "\(outcome)")
      #expect(outcome.errors.isEmpty, "\(outcome)")
      #expect(outcome.output.contains("late 0  duplicate 0  applied 31106\n"), "\(outcome)")
      #expect(outcome.output.contains(expected), "\(partitions) partitions: \(outcome)")
      let verified = try await Command.run(["verify", data])
      #expect(verified.code == 0, "\(verified)")
      #expect(try ResultsReader.open(path: data).stages() == stages)
      let read = try ResultsReader.open(path: data).partitions()
      #expect(read.count == partitions)
      #expect(read.allSatisfy { $0.nextOffset == $0.fates.read })
    }
  }

  @Test func `Without --close the last windows stay open, and more events go on in them`()
    async throws
  {
    let folder = try TemporaryFolder()
    let broker = try TestBroker()
    let topic = try broker.topic(1)
    let environment = ["WEIR_BROKERS": broker.brokers, "WEIR_TOPIC": topic]
    let data = folder.file("a.sqlite")
    func run(_ hours: ClosedRange<Int>, _ more: [String]) async throws -> Outcome {
      let lines = hours.map {
        #"{"timestamp":"2026-01-01T0\#($0):00:00Z","event":"home","user_id":"u","platform":"p"}"#
      }
      let file = try folder.write(lines.joined(separator: "\n"), to: "\(hours.lowerBound).jsonl")
      let produced = try await Command.run(
        ["produce", file, "--pipeline", "pipelines/ecom.yaml"], environment: environment)
      #expect(produced.code == 0, "\(produced)")
      return try await Command.run(
        ["run", "pipelines/ecom.yaml", "--until-end", "--data", data] + more,
        environment: environment)
    }
    func events() throws -> [MetricRow] {
      try ResultsReader.open(path: data).metrics(MetricQuery(metric: "events"))
    }
    let first = try await run(1...3, [])
    #expect(first.code == 0, "\(first)")
    #expect(try events().map(\.value) == [3])
    #expect(try events().map(\.status) == [.provisional])
    let second = try await run(4...5, ["--close"])
    #expect(second.code == 0, "\(second)")
    #expect(try events().map(\.value) == [5])
    #expect(try events().map(\.status) == [.final])
  }

  @Test func `Brokers and topics that cannot be had end with 3`() async throws {
    let folder = try TemporaryFolder()
    let broker = try TestBroker()
    let topic = try broker.topic(1)
    let arguments = [
      "run", "pipelines/ecom.yaml", "--until-end", "--data", folder.file("a.sqlite"),
    ]
    let none = try await Command.run(
      arguments, environment: ["WEIR_BROKERS": broker.brokers, "WEIR_TOPIC": topic + "s"])
    #expect(none.code == 3, "\(none)")
    #expect(none.errors.contains(topic), "\(none)")
    let environment = ["WEIR_BROKERS": broker.brokers, "WEIR_TOPIC": topic]
    // A worker that ends does not wait for long until its commits are answered.
    let topics = try KafkaTopics(settings: KafkaSettings(brokers: broker.brokers))
    let committed = {
      try topics.committed(
        group: "weir-ecom", [PartitionID(topic: topic, partition: 0)],
        timeoutMs: Patience.timeoutMs)
    }
    let deadline = ContinuousClock.now + Patience.duration
    repeat {
      #expect(try await Command.run(arguments, environment: environment).code == 0)
    } while try committed().isEmpty && ContinuousClock.now < deadline
    // The group's offsets outlive the file.
    let elsewhere = Array(arguments.dropLast()) + [folder.file("b.sqlite")]
    let lost = try await Command.run(elsewhere, environment: environment)
    #expect(lost.code == 3, "\(lost)")
    #expect(lost.errors.contains("--accept-empty"), "\(lost)")
    let accepted = try await Command.run(elsewhere + ["--accept-empty"], environment: environment)
    #expect(accepted.code == 0, "\(accepted)")
  }
}

/// A broker that the program reaches over TCP: that of `WEIR_TEST_BROKERS`, or one in this process.
final class TestBroker: Sendable {
  let brokers: String
  private let embedded: EmbeddedBroker?

  init() throws {
    let real = ProcessInfo.processInfo.environment["WEIR_TEST_BROKERS"]
    embedded = real == nil ? try EmbeddedBroker() : nil
    brokers = real ?? embedded?.bootstrapServers ?? ""
  }

  /// Makes a topic of a name that nobody else has.
  func topic(_ partitions: Int) throws -> String {
    let name = "weir-test-\(UUID().uuidString)"
    if let embedded {
      try embedded.createTopic(name, partitions: partitions)
    } else {
      try KafkaTopics(settings: KafkaSettings(brokers: brokers))
        .createTopic(name, partitions: partitions)
    }
    return name
  }

  /// Produces payloads to the partitions that are their places in `logs`.
  func produce(_ logs: [[(payload: [UInt8], timestampMs: Int64)]], to topic: String) throws {
    let producer = try KafkaProducer(settings: KafkaSettings(brokers: brokers), log: .silent)
    for (partition, log) in logs.enumerated() {
      for record in log {
        try record.payload.withUnsafeBytes {
          try producer.send(
            topic: topic, partition: Int32(partition), value: $0, timestampMs: record.timestampMs)
        }
      }
    }
    try producer.flush(timeoutMs: Patience.timeoutMs)
  }
}
