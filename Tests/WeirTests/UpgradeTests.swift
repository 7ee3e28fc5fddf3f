import Foundation
import SnapshotStore
import StreamCore
import StreamTestKit
import Testing

/// Files of results that go on under a changed pipeline file, through the real program.
@Suite(.serialized) struct UpgradeTests {
  private let old = KillPipeline.text(keyed: true)

  /// The file with stages added, removed and redefined.
  private func changed(accepting: String = "") -> String {
    old
      .replacing(
        "  events: {count: true, every: 5m, by: [channel, event]}",
        with: """
            all_of_it: {count: true, every: 5m, by: [channel, event]}
            events: {count: true, every: 5m, by: [channel, event]}
            greatest: {max: properties.total, every: 10m}
            habits: {count: true, every: 10m, by: [users.carts]}
            portion: {formula: all_of_it / events}
          """
      )
      .replacing(
        "  purchases: {count:",
        with: "  carts: {count: 'event == \"add_to_cart\"'}\n  purchases: {count:"
      )
      .replacing(
        "  again: {steps: [purchase, purchase], within: 1d, order: strict, "
          + "by: [users.first_channel]}",
        with: "  quick: {steps: [product_view, purchase], within: 5m, entered: 10m}"
      )
      .replacing("  cities: {distinct: properties.city, every: 10m}\n", with: "")
      .replacing("  p99: {p99: properties.total,", with: "  p99: {p95: properties.total,")
      .replacing(
        "  hasty: {entity: user,",
        with: "  busy: {entity: channel, within: 1m, when: count() >= 4}\n  hasty: {entity: user,"
      )
      .replacing(
        "  day_users: {formula: users,",
        with: "  cents: {formula: revenue * 100, period: 15m, layer: process}\n"
          + "  day_users: {formula: users,"
      ) + "\n" + accepting
  }

  @Test
  func `Unchanged stages go on as if nothing had happened, added ones are right from then on`()
    async throws
  {
    let rig = try UpgradeRig(seed: 71, events: 6_000)
    try rig.produce(0..<0.5)
    let first = try await rig.run(old, "live.sqlite")
    try #require(first.code == 0, "\(first)")

    let refused = try await rig.check(changed(), "live.sqlite")
    #expect(refused.code == 1)
    #expect(!refused.json.goesOn)
    #expect(refused.json.names("redefined") == ["metrics.p99"])
    #expect(
      Set(refused.json.names("added")) == [
        "metrics.all_of_it", "metrics.greatest", "metrics.habits", "metrics.portion",
        "funnels.quick", "kpis.cents", "risks.busy",
      ])
    #expect(refused.json.names("removed") == ["metrics.cities", "funnels.again"])
    let p99 = try #require(refused.json.stages.first { $0.stage == "metrics.p99" })
    let digest = try #require(p99.digest)
    #expect(refused.json.waysOn.contains { $0.contains("accept: {metrics.p99: \(digest)}") })

    let stopped = try await rig.run(changed(), "live.sqlite")
    #expect(stopped.code != 0)
    #expect(stopped.errors.contains(refused.json.refusals[0]), "\(stopped)")

    let new = changed(accepting: "upgrade: {accept: {p99: \(digest)}}")
    let accepted = try await rig.check(new, "live.sqlite")
    #expect(accepted.code == 0)
    try rig.produce(0.5..<1)
    let second = try await rig.run(new, "live.sqlite", closing: true)
    try #require(second.code == 0, "\(second)")
    let wholeOld = try await rig.run(old, "old.sqlite", closing: true)
    try #require(wholeOld.code == 0, "\(wholeOld)")
    let wholeNew = try await rig.run(new, "new.sqlite", closing: true)
    try #require(wholeNew.code == 0, "\(wholeNew)")

    let live = rig.folder.file("live.sqlite")
    #expect(try ResultsDigest.verify(path: live).isSound)
    let manifest = try ResultsReader.open(path: live).manifest()
    for stage in accepted.json.names("unchanged") {
      let expected = try SettledRows.of(stage, in: rig.folder.file("old.sqlite"))
      #expect(try SettledRows.of(stage, in: live) == expected, "\(stage)")
      #expect(manifest["complete_from.\(stage)"] == nil)
    }
    var rows = 0
    for stage in accepted.json.names("added") + ["metrics.p99"] {
      let from = try #require(manifest["complete_from.\(stage)"].flatMap(Int64.init), "\(stage)")
      let expected = try SettledRows.of(stage, in: rig.folder.file("new.sqlite"), fromMs: from)
      let found = try SettledRows.of(stage, in: live, fromMs: from)
      if stage == "metrics.habits" {
        // Of traits it knows only what came since.
        #expect(!found.isEmpty)
      } else {
        #expect(found == expected, "\(stage)")
      }
      rows += found.count
      if stage != "metrics.p99" {
        #expect(try SettledRows.of(stage, in: live).count == found.count, "\(stage)")
      }
    }
    #expect(rows > 50)
    // What was computed under the earlier definition stays for its time.
    #expect(try !SettledRows.of("metrics.cities", in: live).isEmpty)
  }

  @Test func `A removed stage goes when its time is over, and comes back with another number`()
    async throws
  {
    let rig = try UpgradeRig(seed: 72, events: 3_000)
    let removed =
      old.replacing("  cities: {distinct: properties.city, every: 10m}\n", with: "")
      + "\nupgrade: {keep_removed: 40m}"
    func ids() throws -> [String: Int64] {
      let manifest = try ResultsReader.open(path: rig.folder.file("live.sqlite")).manifest()
      return try #require(StageRegister(manifest: manifest)).stages.mapValues(\.id)
    }
    try rig.produce(0..<0.3)
    var outcome = try await rig.run(old, "live.sqlite")
    try #require(outcome.code == 0, "\(outcome)")
    let before = try ids()
    try rig.produce(0.3..<0.4)
    outcome = try await rig.run(removed, "live.sqlite")
    try #require(outcome.code == 0, "\(outcome)")
    #expect(try ids()["metrics.cities"] == nil)
    #expect(try !SettledRows.of("metrics.cities", in: rig.folder.file("live.sqlite")).isEmpty)
    try rig.produce(0.4..<0.8)
    outcome = try await rig.run(removed, "live.sqlite")
    try #require(outcome.code == 0, "\(outcome)")
    let live = rig.folder.file("live.sqlite")
    #expect(try SettledRows.of("metrics.cities", in: live).isEmpty)
    #expect(try ResultsDigest.verify(path: live).isSound)
    // Another stage is added, the removed one comes back: no number is used twice.
    let back = old.replacing(
      "  amounts: {", with: "  about: {count: true, every: 10m}\n  amounts: {")
    try rig.produce(0.8..<1)
    outcome = try await rig.run(back, "live.sqlite", closing: true)
    try #require(outcome.code == 0, "\(outcome)")
    let after = try ids()
    #expect(try #require(after["metrics.cities"]) > before.values.max() ?? 0)
    #expect(Set(after.values).count == after.count)
    outcome = try await rig.run(back, "whole.sqlite", closing: true)
    for stage in after.keys.sorted() {
      let manifest = try ResultsReader.open(path: live).manifest()
      let from = manifest["complete_from.\(stage)"].flatMap(Int64.init) ?? .min
      #expect(
        try SettledRows.of(stage, in: live, fromMs: from)
          == SettledRows.of(stage, in: rig.folder.file("whole.sqlite"), fromMs: from), "\(stage)")
    }
  }
}
