import Foundation
import SnapshotStore
import StreamCore
import StreamTestKit
import Testing

@Suite(.serialized) struct KillTests {
  /// Writes the logs of partitions as files, and gives their paths.
  private func files(_ logs: [[HistoryEvent]], _ folder: TemporaryFolder) throws -> [String] {
    try logs.enumerated().map { number, log in
      // Without a record's timestamp, one event far ahead makes all others late.
      let lines = log.filter { $0.fault != .tooFarAhead }.map {
        String(decoding: $0.payload, as: UTF8.self)
      }
      return try folder.write(lines.joined(separator: "\n"), to: "log-\(number).jsonl")
    }
  }

  /// Kills runs of `arguments` until there were `wanted` kills; each must end as `whole`, the
  /// results of an undisturbed run, has it.
  private func disturb(
    _ arguments: [String], kills wanted: Int, whole: String, _ folder: TemporaryFolder,
    environment: [String: String] = [:], _ generator: inout SeededGenerator
  ) async throws {
    let expected = try Findings(whole)
    #expect(expected.isSound)
    let stages = try ResultsReader.open(path: whole).stages()
    #expect(Set(stages.map(\.kind)) == Set(ResultKind.allCases))
    let total = expected.progress.reduce(0) { $0 + $1.fates.read }
    var (kills, killsWithin, runs) = (0, 0, 0)
    while kills < wanted {
      let data = folder.file("\(runs).sqlite")
      var killer = Killer(arguments, data: data, total: total, environment: environment)
      try await killer.run(most: wanted - kills, &generator)
      let found = try Findings(data)
      #expect(found == expected, "run \(runs), killed \(killer.kills) times")
      #expect(try ResultsDigest.diff(data, whole).isEmpty)
      kills += killer.kills
      killsWithin += killer.killsWithin
      runs += 1
    }
    print("\(kills) kills in \(runs) runs of \(total) events, \(killsWithin) of them within")
    #expect(killsWithin * 3 > kills)
  }

  private func disturbFiles(
    kills: Int, events: Int, keyed: Bool = true, inOrder: Bool = true,
    _ generator: inout SeededGenerator
  ) async throws {
    let folder = try TemporaryFolder()
    let pipeline = try folder.write(KillPipeline.text(keyed: keyed), to: "kill.yaml")
    let history = KillPipeline.history(seed: generator.next(), events: events)
    let arguments =
      ["run", pipeline, "--quiet"] + (inOrder ? ["--in-order"] : []) + ["--input"]
      + (try files(history.partitioned(4), folder))
    let whole = folder.file("whole.sqlite")
    let undisturbed = try await Command.run(arguments + ["--data", whole])
    #expect(undisturbed.code == 0, "\(undisturbed)")
    try await disturb(arguments, kills: kills, whole: whole, folder, &generator)
  }

  @Test func `Killed at any moment, logs of files come out as if nothing had happened`()
    async throws
  {
    try await withSeed(1) { _, generator in
      try await disturbFiles(kills: 25, events: 25_000, &generator)
    }
  }

  @Test func `Killed at any moment, what went through the exchange comes out the same`()
    async throws
  {
    try await withSeed(2) { _, generator in
      try await disturbFiles(kills: 15, events: 18_000, keyed: false, &generator)
    }
  }

  @Test func `Killed at any moment, sorted files come out the same`() async throws {
    try await withSeed(3) { _, generator in
      try await disturbFiles(kills: 10, events: 12_000, inOrder: false, &generator)
    }
  }

  @Test func `Killed at any moment, topics come out the same`() async throws {
    try await withSeed(4) { _, generator in
      let folder = try TemporaryFolder()
      let broker = try TestBroker()
      let topic = try broker.topic(4)
      let environment = ["WEIR_BROKERS": broker.brokers, "WEIR_TOPIC": topic]
      let pipeline = try folder.write(KillPipeline.text(keyed: true), to: "kill.yaml")
      let history = KillPipeline.history(seed: generator.next(), events: 24_000)
      try broker.produce(
        history.partitioned(4).map { $0.map { ($0.payload, $0.recordMs) } }, to: topic)
      // The group's offsets are those of other files.
      let arguments = [
        "run", pipeline, "--quiet", "--until-end", "--close", "--accept-empty",
      ]
      let whole = folder.file("whole.sqlite")
      let undisturbed = try await Command.run(
        arguments + ["--data", whole], environment: environment)
      #expect(undisturbed.code == 0, "\(undisturbed)")
      try await disturb(
        arguments, kills: 10, whole: whole, folder, environment: environment, &generator)
    }
  }
}
