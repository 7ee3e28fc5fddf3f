import Foundation
import SnapshotStore
import StreamCore
import StreamTestKit
import Testing

/// A pipeline file changes again and again, at random, while its results live on.
@Suite(.serialized) struct UpgradeHistoryTests {
  private static let hourMs: Int64 = 3_600_000
  private static let slices = 5

  /// One life of a pipeline: its files, and what its stages were.
  private struct Life {
    let rig: UpgradeRig
    var sketch: UpgradeSketch
    /// Since which slice each stage of the file has meant what it means.
    var since: [String: Int] = [:]
    /// Numbers of stages that were ever given.
    var given: [Int64: String] = [:]
    var produced: Int64 = 0

    init(seed: UInt64, _ generator: inout SeededGenerator) throws {
      let history = EventHistory(
        seed: seed,
        options: .with {
          $0.events = 5_000
          $0.users = 120
          $0.spanMs = 7 * 24 * hourMs
          $0.lateShare = 0.02
          $0.malformedShare = 0.01
          $0.orders = 900
        })
      rig = try UpgradeRig(history)
      sketch = UpgradeSketch(&generator)
      for name in sketch.meanings.keys { since[name] = 0 }
    }

    mutating func produce(slice: Int) throws {
      let size = 1 / Double(slices)
      try rig.produce(Double(slice) * size..<min(1, Double(slice + 1) * size + 1e-9))
      produced = rig.count(upTo: min(1, Double(slice + 1) * size + 1e-9))
    }

    /// Changes the file; what goes on goes on.
    mutating func change(before slice: Int, _ generator: inout SeededGenerator) {
      let old = sketch.meanings
      sketch.change(&generator)
      since = since.filter { sketch.meanings[$0.key] == old[$0.key] && old[$0.key] != nil }
      for name in sketch.meanings.keys where since[name] == nil { since[name] = slice }
    }

    /// The file with everything accepted that it redefines.
    func accepted(
      _ more: String, _ data: String, _ generator: inout SeededGenerator
    ) async throws -> String {
      let open = sketch.text(more, &generator)
      guard FileManager.default.fileExists(atPath: rig.folder.file(data)) else { return open }
      let check = try await rig.check(open, data)
      let entries = check.json.stages.filter { $0.change == "redefined" }
        .map { "\($0.stage): \($0.digest ?? "")" }
      #expect((check.code == 1) == !entries.isEmpty, "\(check.json.refusals)")
      return sketch.text(
        more + "upgrade: {keep_removed: 1d, accept: {\(entries.joined(separator: ", "))}}\n",
        &generator)
    }

    /// No number of a stage was another's before.
    mutating func checkNumbers(_ register: StageRegister) {
      for (name, stage) in register.stages {
        let life = "\(name) since \(since[name] ?? -1)"
        #expect(given[stage.id] ?? life == life, "number \(stage.id) was given twice")
        given[stage.id] = life
      }
      #expect(Set(register.stages.keys) == Set(sketch.meanings.keys))
    }
  }

  /// Lives through all slices, and closes. With kills, some workers die with results far ahead of
  /// state.
  private func live(seed: UInt64, kills: Bool, _ generator: inout SeededGenerator) async throws
    -> Life
  {
    var life = try Life(seed: seed, &generator)
    let live = life.rig.folder.file("live.sqlite")
    for slice in 0..<Self.slices {
      if slice > 0 { life.change(before: slice, &generator) }
      try life.produce(slice: slice)
      let isKilled = kills && slice < Self.slices - 1 && generator.chance(0.6)
      let more = "state_every: \(isKilled ? "1h" : "100ms")\n"
      let text = try await life.accepted(more, "live.sqlite", &generator)
      if isKilled {
        let process = try life.rig.start(text, "live.sqlite")
        try await process.wait { Findings.read(live) ?? 0 >= life.produced }
        process.send(SIGKILL)
        _ = try await process.mustEnd()
      } else {
        let outcome = try await life.rig.run(
          text, "live.sqlite", closing: slice == Self.slices - 1)
        try #require(outcome.code == 0, "slice \(slice): \(outcome)\n\(text)")
      }
      let manifest = try ResultsReader.open(path: live).manifest()
      life.checkNumbers(try #require(StageRegister(manifest: manifest)))
    }
    return life
  }

  /// Holds the results against those of a file that was always as it ended.
  private func check(_ life: Life, _ generator: inout SeededGenerator) async throws {
    let (live, whole) = (life.rig.folder.file("live.sqlite"), life.rig.folder.file("whole.sqlite"))
    let outcome = try await life.rig.run(
      life.sketch.text("state_every: 1h\n", &generator), "whole.sqlite", closing: true)
    try #require(outcome.code == 0, "\(outcome)")
    #expect(try ResultsDigest.verify(path: live).isSound)
    let manifest = try ResultsReader.open(path: live).manifest()
    let register = try #require(StageRegister(manifest: manifest))
    let waiting = Set(register.removed.map(\.stage))
    let reader = try ResultsReader.open(path: live)
    let watermark = try #require(try reader.snapshots(limit: 1).first?.watermark)
    reader.close()
    #expect(register.removed.allSatisfy { $0.dropMs > watermark.ms }, "rows that are overdue stay")
    var (unchanged, later) = (0, 0)
    for stage in UpgradeSketch.stages {
      let name = stage.name
      guard let since = life.since[name] else {
        if !waiting.contains(name), !name.hasPrefix("alerts"), !name.hasPrefix("risks") {
          #expect(try SettledRows.of(name, in: live).isEmpty, "\(name) is gone, its rows are not")
        }
        continue
      }
      if since == 0 {
        #expect(manifest["complete_from.\(name)"] == nil)
        let expected = try SettledRows.of(name, in: whole)
        #expect(try SettledRows.of(name, in: live) == expected, "\(name) never changed")
        unchanged += expected.count
        continue
      }
      // A rule judges what closes from then on: an alert that was firing before has another id.
      if stage.isOpen || name.hasPrefix("alerts") { continue }
      let from = try #require(manifest["complete_from.\(name)"].flatMap(Int64.init), "\(name)")
      let expected = try SettledRows.of(name, in: whole, fromMs: from)
      let found = try SettledRows.of(name, in: live, fromMs: from)
      #expect(found == expected, "\(name) since slice \(since), from \(from)")
      later += expected.count
      if !waiting.contains(name), !name.hasPrefix("risks") {
        #expect(try SettledRows.of(name, in: live) == found, "\(name) has rows from before")
      }
    }
    print("\(unchanged) rows of unchanged stages, \(later) of others, \(waiting) wait")
    #expect(unchanged > 100 && later > 50)
  }

  @Test(arguments: [1, 2] as [UInt64])
  func `Unchanged stages are as if nothing had changed, others are right from their beginning`(
    seed: UInt64
  ) async throws {
    try await withSeed(seed) { seed, generator in
      let life = try await live(seed: seed, kills: false, &generator)
      try await check(life, &generator)
    }
  }

  @Test(arguments: [3, 4] as [UInt64])
  func `So it is when workers were killed, and results were ahead of state when the file changed`(
    seed: UInt64
  ) async throws {
    try await withSeed(seed) { seed, generator in
      let life = try await live(seed: seed, kills: true, &generator)
      try await check(life, &generator)
    }
  }

  @Test func `A rule that means something else after a kill leaves alone what it said before`()
    async throws
  {
    func text(_ rule: String, _ more: String) -> String {
      """
      name: rules
      zone: UTC
      source:
        kafka: {brokers: "${WEIR_BROKERS:-none}", topic: "${WEIR_TOPIC:-none}"}
        format: custom
        fields: {name: event, user: user_id, time: timestamp, id: message_id}
      time: {lateness: 1m, idle_after: 1h}
      snapshot_every: 100ms
      state_every: 1h
      metrics: {events: {count: true, every: 5m, by: [channel]}}
      alerts: {many: {watch: events, \(rule)}}
      \(more)
      """
    }
    let rig = try UpgradeRig(seed: 95, events: 3_000)
    let live = rig.folder.file("live.sqlite")
    try rig.produce(0..<0.5)
    let old = "when: value > previous(1)"
    let process = try rig.start(text(old, ""), "live.sqlite")
    let half = rig.count(upTo: 0.5)
    try await process.wait { Findings.read(live) ?? 0 >= half }
    process.send(SIGKILL)
    _ = try await process.mustEnd()
    let before = try SettledRows.of("alerts.many", in: live)
    #expect(before.count > 20)

    // It fires as the old one did, and what it stores of it is different.
    let new = old + " && value > least, thresholds: {least: 0}"
    let stage = try await rig.check(text(new, ""), "live.sqlite").json.stages.first {
      $0.change == "redefined"
    }
    let digest = try #require(stage?.digest)
    let accepted = text(new, "upgrade: {accept: {many: \(digest)}}")
    for part in [0.5, 1] {
      if part == 1 { try rig.produce(0.5..<1) }
      let outcome = try await rig.run(accepted, "live.sqlite", closing: part == 1)
      #expect(outcome.code == 0, "\(outcome)")
      let after = try SettledRows.of("alerts.many", in: live)
      #expect(Set(after).isSuperset(of: before))
      #expect(part < 1 || after.count > before.count + 20)
    }
    #expect(try ResultsDigest.verify(path: live).isSound)
  }
}
