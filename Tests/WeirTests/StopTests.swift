import Foundation
import SnapshotStore
import StreamCore
import StreamTestKit
import Testing

@Suite(.serialized) struct StopTests {
  private static let pipeline = "pipelines/ecom.yaml"

  /// Writes a day of clicks and gives the file's path.
  private func clicks(_ count: Int, _ folder: TemporaryFolder) throws -> String {
    let lines = (0..<count).map {
      #"{"timestamp":\#(1_767_225_600_000 + $0 * 500),"event":"home","user_id":"u\#($0 % 97)"}"#
    }
    return try folder.write(lines.joined(separator: "\n"), to: "clicks.jsonl")
  }

  /// Waits for `isTrue`, for as long as the process runs.
  private func wait(
    for process: RunningCommand, until isTrue: () throws -> Bool
  ) async throws {
    let deadline = ContinuousClock.now + Patience.duration
    while try !isTrue() {
      try #require(ContinuousClock.now < deadline, "\(process.text)")
      let code = await process.ended(withinMs: 10)
      try #require(code == nil, "\(process.text)")
    }
  }

  @Test func `Asked to stop it commits what it has, and goes on from there`() async throws {
    let folder = try TemporaryFolder()
    let broker = try TestBroker()
    let topic = try broker.topic(2)
    let environment = ["WEIR_BROKERS": broker.brokers, "WEIR_TOPIC": topic]
    let pipeline = try folder.write(KillPipeline.text(keyed: true), to: "stop.yaml")
    let history = KillPipeline.history(seed: 5, events: 30_000)
    try broker.produce(
      history.partitioned(2).map { $0.map { ($0.payload, $0.recordMs) } }, to: topic)
    let (data, whole) = (folder.file("stopped.sqlite"), folder.file("whole.sqlite"))
    // It would never end by itself, so it is always stopped.
    let process = try RunningCommand(["run", pipeline, "--data", data], environment: environment)
    try await wait(for: process) { Findings.read(data) ?? 0 > 0 }
    process.send(SIGTERM)
    #expect(try await process.mustEnd() == 0, "\(process.text)")
    let read = try #require(Findings.read(data))
    #expect(process.text.contains("read \(read) "), "the table tells of what is committed")
    #expect(try Findings(data).isSound)
    for path in [data, whole] {
      let outcome = try await Command.run(
        ["run", pipeline, "--until-end", "--close", "--accept-empty", "--data", path],
        environment: environment)
      #expect(outcome.code == 0, "\(outcome)")
    }
    #expect(try Findings(data) == Findings(whole))
    #expect(try ResultsDigest.diff(data, whole).isEmpty)
  }

  @Test func `Asked to stop while Kafka is silent it ends at once, and goes on from there`()
    async throws
  {
    let folder = try TemporaryFolder()
    let broker = try TestBroker()
    let topic = try broker.topic(2)
    let environment = ["WEIR_BROKERS": broker.brokers, "WEIR_TOPIC": topic]
    let data = folder.file("a.sqlite")
    let file = try clicks(500, folder)
    for turn in 1...2 {
      let produced = try await Command.run(
        ["produce", file, "--pipeline", Self.pipeline], environment: environment)
      #expect(produced.code == 0, "\(produced)")
      let process = try RunningCommand(
        ["run", Self.pipeline, "--data", data], environment: environment)
      // Everything is read, and the next poll of Kafka is one that brings nothing.
      try await wait(for: process) { Findings.read(data) == Int64(turn) * 500 }
      process.send(turn == 1 ? SIGTERM : SIGINT)
      #expect(try await process.mustEnd() == 0, "\(process.text)")
      #expect(Findings.read(data) == Int64(turn) * 500, "\(process.text)")
      #expect(try Findings(data).isSound)
    }
  }

  @Test func `Asked to stop twice it ends at once, and nothing is damaged`() async throws {
    let folder = try TemporaryFolder()
    let data = folder.file("a.sqlite")
    // Input that does not come keeps it from ending by itself.
    let input = Pipe()
    let event = #"{"timestamp":"2026-01-01T00:00:00Z","event":"home","user_id":"u"}"#
    try input.fileHandleForWriting.write(contentsOf: Data((event + "\n").utf8))
    let arguments = ["run", Self.pipeline, "--in-order", "--data", data, "--input", "-"]
    let process = try RunningCommand(arguments, input: input)
    try await wait(for: process) { Findings.read(data) != nil }
    process.send(SIGTERM)
    var code = await process.ended(withinMs: 200)
    let deadline = ContinuousClock.now + Patience.duration
    // Signals that come together are one.
    while code == nil, ContinuousClock.now < deadline {
      process.send(SIGTERM)
      code = await process.ended(withinMs: 200)
    }
    #expect(code == 0 || code == 128 + SIGTERM, "\(process.text)")
    try input.fileHandleForWriting.close()
    #expect(try Findings(data).isSound)
    let again = Pipe()
    try again.fileHandleForWriting.write(contentsOf: Data((event + "\n").utf8))
    try again.fileHandleForWriting.close()
    let second = try RunningCommand(arguments, input: again)
    #expect(try await second.mustEnd() == 0, "\(second.text)")
    #expect(Findings.read(data) == 1)
  }

  @Test func `A state that was lost before anything was read is made again`() async throws {
    let folder = try TemporaryFolder()
    let broker = try TestBroker()
    let topic = try broker.topic(2)
    let environment = ["WEIR_BROKERS": broker.brokers, "WEIR_TOPIC": topic]
    let pipeline = try folder.write(KillPipeline.text(keyed: true), to: "lost.yaml")
    let (data, whole) = (folder.file("a.sqlite"), folder.file("whole.sqlite"))
    func arguments(_ path: String) -> [String] {
      ["run", pipeline, "--until-end", "--close", "--accept-empty", "--data", path]
    }
    let empty = try RunningCommand(
      ["run", pipeline, "--until-end", "--data", data], environment: environment)
    #expect(try await empty.mustEnd() == 0, "\(empty.text)")
    try FileManager.default.removeItem(atPath: data + "-state")
    let history = KillPipeline.history(seed: 6, events: 20_000)
    try broker.produce(
      history.partitioned(2).map { $0.map { ($0.payload, $0.recordMs) } }, to: topic)
    // Several saves, then a kill: what the first of them held must still be there. It would never
    // end by itself, so it is always killed.
    let killed = try RunningCommand(
      ["run", pipeline, "--accept-empty", "--data", data], environment: environment)
    try await wait(for: killed) { Findings.read(data) ?? 0 > 8_000 }
    killed.send(SIGKILL)
    _ = try await killed.mustEnd()
    for path in [data, whole] {
      let outcome = try await Command.run(arguments(path), environment: environment)
      #expect(outcome.code == 0, "\(outcome)")
    }
    #expect(try Findings(data) == Findings(whole))
  }
}
