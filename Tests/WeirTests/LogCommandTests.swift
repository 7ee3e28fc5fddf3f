import Foundation
import KafkaClient
import Testing

@Suite struct LogCommandTests {
  private static let pipeline = """
    name: lab
    source:
      kafka: {brokers: "${LAB_BROKERS}", topic: lab.events, options: {reconnect.backoff.max.ms: 100}}
      format: custom
      fields: {name: event, user: user_id, time: timestamp}
    log: {format: json}
    metrics:
      events: {count: true, every: 1h}

    """

  private func objects(_ text: String) throws -> [[String: String]] {
    try text.split(separator: "\n").map { line in
      let object = try JSONSerialization.jsonObject(with: Data(line.utf8))
      return try #require(object as? [String: String], "\(line)")
    }
  }

  @Test func `A worker logs its life as JSON, and an outage a few times and then as a number`()
    async throws
  {
    let folder = try TemporaryFolder()
    let file = try folder.write(Self.pipeline, to: "lab.yaml")
    let broker = try EmbeddedBroker()
    try broker.createTopic("lab.events", partitions: 1)
    let running = try RunningCommand(
      ["run", file, "--data", folder.file("lab.sqlite"), "--listen", "127.0.0.1:0"],
      environment: ["LAB_BROKERS": broker.bootstrapServers])
    try await running.wait { running.text.contains("started") }
    try broker.setDown(1)
    try await running.wait { running.text.contains("refused") }
    try broker.setUp(1)
    running.send(SIGTERM)
    #expect(try await running.mustEnd() == 0)
    let lines = try objects(running.errors)
    #expect(lines.allSatisfy { $0["time"]?.hasSuffix("Z") == true && $0["site"] != nil })
    let started = try #require(lines.first { $0["message"] == "started" })
    #expect(started["level"] == "info" && started["pipeline"] == "lab")
    #expect(started["topics"] == "lab.events" && started["data"] == folder.file("lab.sqlite"))
    #expect(lines.contains { $0["message"]?.hasPrefix("the console is at http://") == true })
    #expect(lines.contains { $0["level"] == "warning" && $0["site"] == "kafka" })
    let last = try #require(lines.last { $0["message"] == "stopped in order" })
    #expect(last["read"] == "0")
    let said = Dictionary(grouping: lines.compactMap { $0["message"] }) { $0 }
    #expect(said.allSatisfy { $0.value.count <= 6 }, "\(said)")
  }

  @Test func `Level and format follow the one precedence, and errors keep the format`()
    async throws
  {
    let folder = try TemporaryFolder()
    let file = try folder.write(Self.pipeline, to: "lab.yaml")
    let environment = ["LAB_BROKERS": "127.0.0.1:1"]
    let data = folder.file("lab.sqlite")
    let json = try await Command.run(
      ["run", file, "--until-end", "--data", data], environment: environment)
    #expect(json.code == 3)
    let lines = try objects(json.errors)
    let last = try #require(lines.last)
    #expect(last["level"] == "error" && last["exit_code"] == "3", "\(lines)")
    let text = try await Command.run(
      ["run", file, "--until-end", "--data", data, "--log", "text"],
      environment: environment.merging(["WEIR_LOG": "json"]) { $1 })
    #expect(text.code == 3 && text.errors.contains("\nError: "), "\(text)")
    let quiet = try await Command.run(
      ["run", file, "--until-end", "--data", data, "--log", "text", "--log-level", "error"],
      environment: environment)
    #expect(quiet.code == 3 && quiet.errors.hasPrefix("Error: "), "\(quiet)")
    let wrong = try folder.write("name: a\nsource: {format: segmnt}\n", to: "wrong.yaml")
    let faults = try await Command.run(["run", wrong], environment: ["WEIR_LOG": "json"])
    #expect(faults.code == 1)
    #expect(try objects(faults.errors).first?["message"]?.contains("wrong.yaml:2:18") == true)
  }
}
