import Foundation
import KafkaClient
import StreamCore
import Testing

@Suite struct ProduceCommandTests {
  /// Records that a topic holds.
  private func records(_ broker: EmbeddedBroker, _ topic: String) throws -> [Int64] {
    let topics = try KafkaTopics(settings: KafkaSettings(brokers: broker.bootstrapServers))
    return try (0..<topics.partitions(of: topic)).map { number in
      let marks = try topics.watermarks(PartitionID(topic: topic, partition: number))
      return marks.end - marks.earliest
    }
  }

  @Test func `Records of a file are in the topic, by user`() async throws {
    let broker = try EmbeddedBroker()
    try broker.createTopic("events", partitions: 4)
    let folder = try TemporaryFolder()
    let lines = (0..<200).map {
      #"{"timestamp":"2026-01-01T00:00:00Z","event":"a","user_id":"u\#($0 % 50)","n":\#($0)}"#
    }
    let file = try folder.write(lines.joined(separator: "\n") + "\nno event\n", to: "a.jsonl")
    let outcome = try await Command.run([
      "produce", file, "--topic", "events", "--brokers", broker.bootstrapServers,
    ])
    #expect(outcome.code == 0, "\(outcome)")
    #expect(
      outcome.output == "201 records read, 201 delivered to events, 1 without a key\n")
    #expect(outcome.errors.isEmpty)
    let counts = try records(broker, "events")
    #expect(counts.reduce(0, +) == 201)
    #expect(counts.allSatisfy { $0 > 0 })
  }

  @Test func `Without --brokers the environment says where to, with a pipeline file or without`()
    async throws
  {
    let broker = try EmbeddedBroker()
    try broker.createTopic("events", partitions: 1)
    let folder = try TemporaryFolder()
    let file = try folder.write(#"{"event":"a","user_id":"u"}"# + "\n", to: "a.jsonl")
    let pipeline = try folder.write(
      """
      name: events
      source:
        kafka: {brokers: "127.0.0.1:1", topic: events}
        format: custom
        fields: {name: event, user: user_id, time: timestamp}
      metrics: {events: {count: true, every: 1h}}
      """, to: "events.yaml")
    for more in [[], ["--pipeline", pipeline]] {
      let outcome = try await Command.run(
        ["produce", file, "--topic", "events"] + more,
        environment: ["WEIR_BROKERS": broker.bootstrapServers])
      #expect(outcome.code == 0, "\(outcome)")
      #expect(outcome.output == "1 record read, 1 delivered to events\n")
    }
    #expect(try records(broker, "events") == [2])
  }

  @Test func `A pipeline says where to and by whom`() async throws {
    let broker = try EmbeddedBroker()
    try broker.createTopic("orders", partitions: 2)
    let folder = try TemporaryFolder()
    let pipeline = try folder.write(
      """
      name: orders
      source:
        kafka: {brokers: "${ORDER_BROKERS}", topic: orders}
        format: custom
        fields: {name: {const: order}, user: customer, time: at}
      metrics: {orders: {count: true, every: 1h}}
      """, to: "orders.yaml")
    let file = try folder.write("customer,at\nb,2026-01-02\na,2026-01-01\n", to: "orders.csv")
    let outcome = try await Command.run(
      ["produce", file, "--pipeline", pipeline, "--sort", "--rate", "1000"],
      environment: ["ORDER_BROKERS": broker.bootstrapServers])
    #expect(outcome.code == 0, "\(outcome)")
    #expect(outcome.output == "2 records read, 2 delivered to orders\n")
    #expect(try records(broker, "orders").reduce(0, +) == 2)
    let secretless = try await Command.run(["produce", file, "--pipeline", pipeline])
    #expect(secretless.code == 1)
    #expect(secretless.errors.contains("ORDER_BROKERS"))
  }

  @Test func `A topic that is not there is told, with those spelt alike`() async throws {
    let broker = try EmbeddedBroker()
    try broker.createTopic("shop.events", partitions: 1)
    let folder = try TemporaryFolder()
    let file = try folder.write("{}\n", to: "a.jsonl")
    let outcome = try await Command.run([
      "produce", file, "--topic", "shop.event", "--brokers", broker.bootstrapServers,
    ])
    #expect(outcome.code == 3)
    #expect(outcome.output.isEmpty)
    #expect(outcome.errors.contains("did you mean shop.events?"))
    let missing = try await Command.run([
      "produce", "no-such.csv", "--topic", "shop.events", "--brokers", broker.bootstrapServers,
    ])
    #expect(missing.code == 3)
    #expect(missing.errors.contains("no-such.csv: cannot be opened"))
    let partitions = try await Command.run([
      "produce", file, "--topic", "shop.events", "--brokers", broker.bootstrapServers,
      "--create-partitions", "4",
    ])
    #expect(partitions.code == 2)
    #expect(try records(broker, "shop.events") == [0])
  }
}
