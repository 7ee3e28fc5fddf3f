import Foundation
import SnapshotStore
import StreamCore
import StreamTestKit
import Testing

@Suite(.serialized) struct ReplayTests {
  /// A live run over four partitions that are silent in turns, stopped and killed on the way; gives
  /// the file and what a run of the pipeline needs.
  private func live(
    _ folder: TemporaryFolder, _ broker: TestBroker, _ pipeline: String, topic: String,
    _ generator: inout SeededGenerator
  ) async throws -> String {
    let data = folder.file("live.sqlite")
    let environment = ["WEIR_BROKERS": broker.brokers, "WEIR_TOPIC": topic]
    let logs = KillPipeline.history(seed: generator.next(), events: 8_000).partitioned(4)
    let arguments = ["run", pipeline, "--quiet", "--accept-empty", "--data", data]
    var produced: Int64 = 0
    let phases = 6
    var process = try RunningCommand(arguments, environment: environment)
    for phase in 0..<phases {
      let silent = phase % 2 == 1 ? generator.below(4) : -1
      var parts = logs.map { log in
        Array(log[(log.count * phase / phases)..<(log.count * (phase + 1) / phases)])
      }
      if silent >= 0 { parts[silent] = [] }
      produced += Int64(parts.reduce(0) { $0 + $1.count })
      try broker.produce(parts.map { $0.map { ($0.payload, $0.recordMs) } }, to: topic)
      if generator.chance(0.7) {
        _ = await process.ended(withinMs: Int(generator.whole(0...900)))
        process.send(generator.chance(0.7) ? SIGKILL : SIGTERM)
        _ = try await process.mustEnd()
        process = try RunningCommand(arguments, environment: environment)
      }
      try await process.wait { Findings.read(data) ?? 0 >= produced }
      // The silence of a partition has to be noticed.
      if silent >= 0 {
        try await process.wait {
          try ResultsReader.open(path: data).partitions()[silent].idle
        }
      }
    }
    process.send(SIGTERM)
    #expect(try await process.mustEnd() == 0, "\(process.text)")
    return data
  }

  private func pipeline(_ folder: TemporaryFolder, keyed: Bool) throws -> String {
    let text = KillPipeline.text(keyed: keyed, notify: "notify: {ops: {log: true}}")
      .replacing("idle_after: 1h", with: "idle_after: 1s")
    return try folder.write(text, to: "kill.yaml")
  }

  private func agrees(keyed: Bool, seed: UInt64) async throws {
    try await withSeed(seed) { _, generator in
      let folder = try TemporaryFolder()
      let broker = try TestBroker()
      let topic = try broker.topic(4)
      let environment = ["WEIR_BROKERS": broker.brokers, "WEIR_TOPIC": topic]
      let pipeline = try pipeline(folder, keyed: keyed)
      let live = try await live(folder, broker, pipeline, topic: topic, &generator)
      let expected = try Findings(live)
      #expect(try ResultsReader.open(path: live).marks().contains { $0.kind == .idle })
      for (number, more) in [
        ["--lanes", "1"], ["--lanes", "2"], ["--lanes", "4"], ["--speed", "3000x"],
      ].enumerated() {
        let data = folder.file("replay-\(number).sqlite")
        let arguments = ["replay", pipeline, "--into", data, "--like", live] + more
        let outcome = try await Command.run(arguments, environment: environment)
        #expect(outcome.code == 0, "\(outcome)")
        let diff = try await Command.run(["diff", live, data])
        #expect(diff.code == 0 && diff.output.isEmpty, "\(more): \(diff)")
        var found = try Findings(data)
        // Whether a partition is idle is of the wall, its mark is what lasts.
        for index in found.progress.indices {
          found.progress[index].idle = expected.progress[index].idle
        }
        #expect(found.digest == expected.digest && found.isSound, "\(more)")
        #expect(found.progress == expected.progress, "\(more)")
        let others = Set(found.counts.map { "\($0)" })
          .symmetricDifference(expected.counts.map { "\($0)" })
        #expect(others.isEmpty, "\(more)")
        let sent = try ResultsReader.open(path: data).outbox(OutboxQuery())
        #expect(!sent.isEmpty && sent.allSatisfy { $0.message.state == .suppressedReplay })
      }
    }
  }

  @Test func `What a live run read comes out the same, however it was disturbed and is read again`()
    async throws
  {
    try await agrees(keyed: true, seed: 11)
  }

  @Test func `So does what went through the exchange`() async throws {
    try await agrees(keyed: false, seed: 12)
  }
}
