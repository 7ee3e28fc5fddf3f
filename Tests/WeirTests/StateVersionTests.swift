import Foundation
import SnapshotStore
import StreamCore
import StreamTestKit
import Testing

/// State that another version of Weir wrote: refused by name, with commands that help.
@Suite(.serialized) struct StateVersionTests {
  private static let text = """
    name: versions
    zone: UTC
    source:
      kafka: {brokers: "${WEIR_BROKERS:-none}", topic: "${WEIR_TOPIC:-none}"}
      format: custom
      fields: {name: event, user: user_id, time: timestamp, id: message_id}
    time: {lateness: 1m, idle_after: 1h}
    metrics: {events: {count: true, every: 5m, by: [channel]}}
    retention: {all: {unit: day, periods: 2}}
    """

  /// Makes every record of the state beside `path` one of `version`.
  private func mark(_ path: String, version: UInt16) throws {
    let reader = try ResultsReader.open(path: path)
    let manifest = try reader.manifest()
    reader.close()
    let identity = PipelineIdentity(
      name: try #require(manifest["pipeline"]), definition: try #require(manifest["definition"]),
      tzdataVersion: "", weirVersion: "")
    let results = try ResultsFile.open(path: path, identity: identity)
    let state = try StateFile.open(path: StateFile.path(besides: path), identity: identity)
    let loaded = try #require(try state.load(notAheadOf: results.resume))
    var change = StateChange(
      snapshotID: loaded.snapshotID, positions: loaded.positions, replacesAll: true)
    for owner in try state.owners() {
      change.upserts += try state.records(of: owner).map { record in
        var record = record
        record.codecVersion = version
        return record
      }
    }
    #expect(change.upserts.count > 3)
    try state.save(change, durableTo: try results.durableSnapshotID)
    try state.close()
    try results.close()
  }

  @Test func `State of an earlier codec is refused, and the commands that are named help`()
    async throws
  {
    let rig = try UpgradeRig(seed: 81, events: 1_200)
    try rig.produce(0..<0.6)
    var outcome = try await rig.run(Self.text, "live.sqlite")
    try #require(outcome.code == 0, "\(outcome)")
    let live = rig.folder.file("live.sqlite")
    let known = StateRecord.readableVersions
    let earlier = known.lowerBound - 1
    try mark(live, version: earlier)

    let changed = Self.text.replacing(
      "metrics: {", with: "metrics: {total: {count: true, every: 1h}, ")
    for text in [Self.text, changed] {
      outcome = try await rig.run(text, "live.sqlite")
      #expect(outcome.code == 3)
      #expect(
        outcome.errors.contains(
          "codec version \(earlier), this weir reads versions \(known.lowerBound) to "
            + "\(known.upperBound)"),
        "\(outcome)")
    }
    // Nothing was taken over to the changed file.
    #expect(try SettledRows.query(live + "-state", "SELECT * FROM next_identity").isEmpty)
    let check = try await rig.check(Self.text, "live.sqlite")
    #expect(check.code == 0 && check.json.names("unchanged").count == 2)

    try rig.produce(0.6..<1)
    let pipeline = try rig.folder.write(Self.text, to: "pipeline.yaml")
    let named = outcome.errors.matches(of: /weir (replay|adopt|run) [^,;\n]*/).map {
      String($0.output.0)
    }
    #expect(named.count == 3, "\(outcome.errors)")
    for command in named {
      let words = command.replacing("PIPELINE.yaml", with: pipeline).split(separator: " ")
        .dropFirst()
      let isRun = words.first == "run"
      outcome = try await Command.run(
        words.map(String.init) + (isRun ? ["--until-end", "--close"] : []),
        environment: rig.environment.merging(["USER": "tester"]) { $1 })
      #expect(outcome.code == 0, "\(command): \(outcome)")
    }
    let whole = try await rig.run(Self.text, "whole.sqlite", closing: true)
    #expect(whole.code == 0)
    #expect(
      try ResultsDigest.verify(path: rig.folder.file("live-new.sqlite")).stored
        == ResultsDigest.verify(path: rig.folder.file("whole.sqlite")).stored)
  }

  @Test func `State of a later codec is refused with the one way on`() async throws {
    let rig = try UpgradeRig(seed: 82, events: 300)
    try rig.produce(0..<1)
    var outcome = try await rig.run(Self.text, "live.sqlite")
    try #require(outcome.code == 0, "\(outcome)")
    try mark(rig.folder.file("live.sqlite"), version: StateRecord.readableVersions.upperBound + 1)
    outcome = try await rig.run(Self.text, "live.sqlite")
    #expect(outcome.code == 3)
    #expect(outcome.errors.contains("the weir that wrote it or a later one"), "\(outcome)")
    #expect(!outcome.errors.contains("weir replay"))
  }
}
