import Foundation
import SnapshotStore
import StreamTestKit
import Testing

/// One change of a pipeline file after the other: what `weir check --against` says of it, and what
/// `weir run` does.
@Suite(.serialized) struct UpgradeTableTests {
  private static let base = """
    name: table
    zone: UTC
    source:
      kafka: {brokers: "${WEIR_BROKERS:-none}", topic: "${WEIR_TOPIC:-none}"}
      format: custom
      fields: {name: event, user: user_id, time: timestamp, id: message_id}
    time: {lateness: 1m, idle_after: 1h}
    filter: event != "none"
    derive: {tier: 'channel in ["app"] ? "1" : "2"'}
    users: {orders: {count: 'event == "purchase"'}}
    metrics:
      events: {count: true, every: 1h, by: [channel]}
      slow: {count: true, every: 1h, lateness: 5m}
      revenue: {sum: properties.total, every: 1h, where: 'event == "purchase"'}
      sales: {count: true, every: 1h, where: 'event == "purchase"'}
      mean: {formula: revenue / sales}
      tiers: {count: true, every: 1h, by: [tier]}
      habits: {count: true, every: 1h, where: users.orders > 0}
    funnels:
      checkout: {steps: [product_view, purchase], within: 1h, entered: 1h}
    retention:
      weekly: {unit: day, periods: 3}
    sessions:
      stays: {gap: 10m}
    lifecycle:
      growth: {unit: day}
    risks:
      rush: {entity: channel, within: 5m, when: count() >= most, thresholds: {most: 9}}
    alerts:
      few: {watch: sales, when: value < least, thresholds: {least: 2}, severity: warning}
    kpis:
      income: {formula: revenue, period: 1d, layer: business}
    """

  /// A change, and what becomes of stages that do not go on.
  struct Change: Sendable, CustomTestStringConvertible {
    var what: String
    var from: String
    var to: String
    /// What becomes of stages: `redefined: REASONS`, `added`, or `removed`.
    var becomes: [String: String] = [:]
    /// What decides the fate of every event and is different: the change is refused for good.
    var shared: String?

    var testDescription: String { what }
  }

  private static let own = "redefined: its own options"
  private static let lateness = "redefined: time.lateness"

  static let changes = [
    Change(
      what: "window of a metric", from: "events: {count: true, every: 1h,",
      to: "events: {count: true, every: 2h,", becomes: ["metrics.events": own]),
    Change(
      what: "aggregate of a metric", from: "revenue: {sum:", to: "revenue: {avg:",
      becomes: [
        "metrics.revenue": own, "metrics.mean": "redefined: metrics.revenue",
        "kpis.income": "redefined: metrics.revenue",
      ]),
    Change(
      what: "condition of a metric", from: "sales: {count: true, every: 1h, where: 'event ==",
      to: "sales: {count: true, every: 1h, where: 'event !=",
      becomes: [
        "metrics.sales": own, "metrics.mean": "redefined: metrics.sales",
        "alerts.few": "redefined: metrics.sales",
      ]),
    Change(
      what: "dimension of a metric", from: "by: [channel]}", to: "by: [event]}",
      becomes: ["metrics.events": own + ", fields.channel"]),
    Change(
      what: "lateness of a metric", from: "lateness: 5m}", to: "lateness: 6m}",
      becomes: ["metrics.slow": own]),
    Change(
      what: "formula", from: "{formula: revenue / sales}", to: "{formula: sales / revenue}",
      becomes: ["metrics.mean": own]),
    Change(
      what: "derived field", from: "channel in [\"app\"]", to: "channel in [\"web\"]",
      becomes: ["metrics.tiers": "redefined: derive.tier"]),
    Change(
      what: "trait of users", from: "{count: 'event == \"purchase\"'}}",
      to: "{count: 'event != \"purchase\"'}}",
      becomes: ["metrics.habits": "redefined: users.orders"]),
    Change(
      what: "step of a funnel", from: "[product_view, purchase]",
      to: "[product_view, add_to_cart, purchase]", becomes: ["funnels.checkout": own]),
    Change(
      what: "unit of a retention", from: "weekly: {unit: day", to: "weekly: {unit: week",
      becomes: ["retention.weekly": own]),
    Change(
      what: "gap of sessions", from: "{gap: 10m}", to: "{gap: 11m}",
      becomes: ["sessions.stays": own]),
    Change(
      what: "unit of a lifecycle", from: "growth: {unit: day}", to: "growth: {unit: week}",
      becomes: ["lifecycle.growth": own]),
    Change(
      what: "condition of a risk", from: "count() >= most", to: "count() > most",
      becomes: ["risks.rush": own]),
    Change(
      what: "span of a risk", from: "within: 5m", to: "within: 6m", becomes: ["risks.rush": own]),
    Change(
      what: "condition of an alert", from: "value < least", to: "value <= least",
      becomes: ["alerts.few": own]),
    Change(what: "threshold of an alert", from: "{least: 2}", to: "{least: 3}"),
    Change(what: "threshold of a risk", from: "{most: 9}", to: "{most: 8}"),
    Change(what: "severity of an alert", from: "severity: warning", to: "severity: critical"),
    Change(
      what: "formula of a KPI", from: "income: {formula: revenue,",
      to: "income: {formula: revenue * 2,", becomes: ["kpis.income": own]),
    Change(what: "layer of a KPI", from: "layer: business", to: "layer: process"),
    Change(
      what: "a stage more", from: "metrics:\n", to: "metrics:\n  more: {count: true, every: 1h}\n",
      becomes: ["metrics.more": "added"]),
    Change(
      what: "a stage less", from: "sessions:\n  stays: {gap: 10m}\n", to: "",
      becomes: ["sessions.stays": "removed"]),
    Change(
      what: "a stage of another name", from: "stays: {", to: "visits: {",
      becomes: ["sessions.stays": "removed", "sessions.visits": "added"]),
    Change(
      what: "lateness of the pipeline", from: "time: {lateness: 1m", to: "time: {lateness: 2m",
      becomes: [
        "metrics.events": lateness, "metrics.revenue": lateness, "metrics.sales": lateness,
        "metrics.mean": "redefined: metrics.revenue, metrics.sales", "metrics.tiers": lateness,
        "metrics.habits": lateness, "funnels.checkout": lateness, "retention.weekly": lateness,
        "sessions.stays": lateness, "lifecycle.growth": lateness, "risks.rush": lateness,
        "alerts.few": "redefined: metrics.sales", "kpis.income": "redefined: metrics.revenue",
      ]),
    Change(what: "when a partition is idle", from: "idle_after: 1h", to: "idle_after: 2h"),
    Change(
      what: "when copies are forgotten", from: "filter:", to: "dedup: 1h\nfilter:", shared: "time"),
    Change(
      what: "filter of the pipeline", from: "event != \"none\"", to: "event != \"some\"",
      shared: "filter"),
    Change(
      what: "where a source has its time", from: "time: timestamp", to: "time: created_at",
      shared: "source"),
    Change(
      what: "how a source is keyed", from: "format: custom", to: "format: custom\n  keyed: false",
      shared: "source"),
    Change(
      what: "brokers", from: "brokers: \"${WEIR_BROKERS:-none}\"",
      to: "options: {client.id: other}, brokers: \"${WEIR_BROKERS:-none}\""),
  ]

  /// Half a history under the pipeline of the table, made once.
  private static let rig = Task { () throws -> UpgradeRig in
    let rig = try UpgradeRig(seed: 61, events: 600)
    try rig.produce(0..<1)
    let outcome = try await rig.run(base, "live.sqlite")
    try #require(outcome.code == 0, "\(outcome)")
    return rig
  }

  /// What becomes of the stages that do not go on, in the words of the table.
  private func becomes(_ check: CheckedUpgrade) -> [String: String] {
    Dictionary(
      uniqueKeysWithValues: check.stages.filter { $0.change != "unchanged" }.map {
        (
          $0.stage,
          ([$0.change] + ($0.because.isEmpty ? [] : [$0.because.joined(separator: ", ")]))
            .joined(separator: ": ")
        )
      })
  }

  @Test(arguments: changes) func `A change does what is said of it`(_ change: Change) async throws {
    let rig = try await Self.rig.value
    try #require(Self.base.contains(change.from))
    let text = Self.base.replacing(change.from, with: change.to, maxReplacements: 1)
    let data = "\(UUID().uuidString).sqlite"
    for suffix in ["", "-state"] {
      try FileManager.default.copyItem(
        atPath: rig.folder.file("live.sqlite") + suffix, toPath: rig.folder.file(data) + suffix)
    }
    let (code, check) = try await rig.check(text, data)
    let isOpen =
      change.shared != nil || change.becomes.values.contains { $0.hasPrefix("redefined") }
    #expect(code == (isOpen ? 1 : 0))
    #expect(check.goesOn == !isOpen)
    if let shared = change.shared {
      #expect(check.refusals.count == 1 && check.refusals[0].hasPrefix("`\(shared)` decides"))
      #expect(!check.waysOn.contains { $0.contains("accept:") })
    } else {
      #expect(becomes(check) == change.becomes)
    }
    let words = try await rig.words(text, data)
    for stage in change.becomes.keys { #expect(words.contains(stage)) }

    var outcome = try await rig.run(text, data)
    if isOpen {
      #expect(outcome.code == 3)
      for refusal in check.refusals { #expect(outcome.errors.contains(refusal), "\(outcome)") }
      for way in check.waysOn { #expect(words.contains(way)) }
    }
    if change.shared != nil { return }
    if let way = check.waysOn.first, isOpen {
      let entry = try #require(way.firstRange(of: "upgrade: {")).lowerBound
      outcome = try await rig.run(text + "\n" + way[entry...], data)
    }
    #expect(outcome.code == 0, "\(outcome)")
    try expectDone(change, in: rig.folder.file(data), like: rig.folder.file("live.sqlite"))
  }

  /// The file says what was done, and settled rows of what goes on are what they were.
  private func expectDone(_ change: Change, in path: String, like live: String) throws {
    let reader = try ResultsReader.open(path: path)
    defer { reader.close() }
    let manifest = try reader.manifest()
    let register = try #require(StageRegister(manifest: manifest))
    func names(_ kind: String) -> [String] {
      change.becomes.filter { $0.value.hasPrefix(kind) }.map(\.key).sorted()
    }
    #expect((register.upgrades.last?.added ?? []).sorted() == names("added"))
    #expect((register.upgrades.last?.redefined ?? []).sorted() == names("redefined"))
    #expect((register.upgrades.last?.removed ?? []).sorted() == names("removed"))
    let ended = names("redefined") + names("removed")
    #expect(register.removed.map(\.stage).sorted() == ended.sorted())
    let begun = (names("redefined") + names("added")).filter { !$0.hasPrefix("alerts") }
    #expect(
      manifest.keys.filter { $0.hasPrefix("complete_from.") }.sorted()
        == begun.map { "complete_from.\($0)" }.sorted())
    #expect(try ResultsDigest.verify(path: path).isSound)
    // Nothing was read: what there was is there, whatever became of its stage.
    for stage in try #require(
      StageRegister(manifest: try ResultsReader.open(path: live).manifest())
    )
    .stages.keys {
      #expect(try SettledRows.of(stage, in: path) == SettledRows.of(stage, in: live), "\(stage)")
    }
  }

  @Test func `Stages in another order are the same stages`() async throws {
    let rig = try await Self.rig.value
    let lines = Self.base.split(separator: "\n").map(String.init)
    let start = try #require(lines.firstIndex(of: "metrics:"))
    let end = try #require(lines.firstIndex(of: "funnels:"))
    let turned =
      lines[..<(start + 1)] + lines[(start + 1)..<end].reversed() + lines[end...]
    let (code, check) = try await rig.check(turned.joined(separator: "\n"), "live.sqlite")
    #expect(code == 0 && becomes(check).isEmpty)
  }
}
