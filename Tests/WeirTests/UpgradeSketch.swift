import StreamTestKit

/// A pipeline file as a choice among stages and meanings of them, which changes at random.
struct UpgradeSketch {
  /// A stage that a file may have.
  struct Stage {
    /// `KIND.NAME`.
    var name: String
    /// What it may mean, as YAML.
    var meanings: [String]
    /// Stages that it reads.
    var reads: [String] = []
    /// Whether it looks back on everything: it is right only when it was there from the start.
    var isOpen = false
  }

  /// Which meaning each stage of the file has.
  var chosen: [String: Int] = [:]

  static let stages = [
    Stage(
      name: "metrics.events",
      meanings: [
        "{count: true, every: 1h, by: [channel]}", "{count: true, every: 1h, by: [event]}",
      ]),
    Stage(
      name: "metrics.revenue",
      meanings: [
        "{sum: properties.total, every: 1h}", "{avg: properties.total, every: 1h}",
        "{sum: properties.total, every: 1h, where: 'event == \"purchase\"'}",
      ]),
    Stage(
      name: "metrics.sales",
      meanings: [
        "{count: true, every: 1h, where: 'event == \"purchase\"'}",
        "{count: true, every: 1h, where: 'event == \"refund\"', lateness: 5m}",
      ]),
    Stage(
      name: "metrics.mean", meanings: ["{formula: revenue / sales}", "{formula: sales / revenue}"],
      reads: ["metrics.revenue", "metrics.sales"]),
    Stage(
      name: "metrics.latest",
      meanings: [
        "{last: properties.total, every: 1h, by: [channel], carry: 3h}",
        "{last: properties.total, every: 1h, by: [channel], carry: 6h}",
      ]),
    Stage(
      name: "metrics.users",
      meanings: ["{distinct: user, window: 3h, every: 1h}", "{distinct: user, every: 1h}"]),
    Stage(
      name: "metrics.p",
      meanings: ["{p90: properties.total, every: 1h}", "{p50: properties.total, every: 1h}"]),
    Stage(
      name: "metrics.cities",
      meanings: [
        "{distinct: properties.city, every: 2h}",
        "{distinct: properties.city, every: 1h, by: [channel]}",
      ]),
    Stage(
      name: "metrics.habits",
      meanings: ["{count: true, every: 1h, by: [users.first_channel]}"], isOpen: true),
    Stage(
      name: "funnels.checkout",
      meanings: [
        "{steps: [product_view, add_to_cart, purchase], within: 2h, entered: 1h, by: [channel]}",
        "{steps: [product_view, purchase], within: 1h, entered: 1h, exclude: event == 'refund'}",
      ]),
    Stage(
      name: "funnels.of_order",
      meanings: [
        "{steps: [add_to_cart, purchase], within: 3h, entered: 2h, per: properties.order}"
      ]),
    Stage(
      name: "retention.all",
      meanings: [
        "{unit: day, periods: 2, mode: recurring}",
        "{unit: day, periods: 2, mode: recurring, by: [channel]}",
      ]),
    Stage(
      name: "retention.buyers",
      meanings: [
        "{start: 'event == \"purchase\"', unit: day, periods: 3, value: properties.total}"
      ],
      isOpen: true),
    Stage(name: "sessions.stays", meanings: ["{gap: 10m, max: 1h}", "{gap: 20m, max: 2h}"]),
    Stage(name: "lifecycle.growth", meanings: ["{unit: day}"], isOpen: true),
    Stage(
      name: "kpis.income",
      meanings: [
        "{formula: revenue, period: 1d, layer: business}",
        "{formula: revenue - previous(revenue), period: 1d, layer: business}",
      ], reads: ["metrics.revenue"]),
    Stage(
      name: "kpis.orders", meanings: ["{formula: sales, period: 1d, layer: process}"],
      reads: ["metrics.sales"]),
    Stage(
      name: "risks.rush",
      meanings: [
        "{entity: properties.city, within: 30m, when: count() >= 5}",
        "{entity: channel, within: 10m, when: count() >= 4 && distinct(user) >= 2}",
      ]),
    Stage(
      name: "risks.left",
      meanings: ["{entity: user, sequence: [add_to_cart], absent: purchase, within: 2h}"],
      // What is found stays open until the purchase, and nothing else is found meanwhile.
      isOpen: true),
    Stage(
      name: "alerts.few",
      meanings: [
        "{watch: sales, when: value < 0.7 * mean(3)}", "{watch: sales, when: value > 4, for: 2}",
      ], reads: ["metrics.sales"]),
    Stage(
      name: "alerts.lost",
      meanings: ["{watch: checkout.conversion, when: value < 0.2, keep_firing_for: 2h}"],
      reads: ["funnels.checkout"]),
    Stage(
      name: "alerts.many",
      // They fire together, and store different rows of it.
      meanings: [
        "{watch: events, when: value > previous(1)}",
        "{watch: events, when: value > previous(1) && value > least, thresholds: {least: 0}}",
      ], reads: ["metrics.events"]),
  ]

  static func stage(_ name: String) -> Stage? { stages.first { $0.name == name } }

  /// A file with about two thirds of the stages.
  init(_ generator: inout SeededGenerator) {
    for stage in Self.stages where generator.chance(0.65) {
      chosen[stage.name] = generator.below(stage.meanings.count)
    }
  }

  /// Removes, adds and redefines some stages.
  mutating func change(_ generator: inout SeededGenerator) {
    for stage in Self.stages where generator.chance(0.25) {
      if chosen[stage.name] == nil || generator.chance(0.5) {
        chosen[stage.name] = generator.below(stage.meanings.count)
      } else {
        chosen[stage.name] = nil
      }
    }
  }

  /// What a stage means with all that it reads; nil: the file has it not.
  func meaning(of name: String) -> String? {
    guard let stage = Self.stage(name), let at = chosen[name] else { return nil }
    let read = stage.reads.map { meaning(of: $0) }
    guard read.allSatisfy({ $0 != nil }) else { return nil }
    return ([stage.meanings[at]] + read.compactMap(\.self)).joined(separator: " <- ")
  }

  /// Every stage of the file with what it means.
  var meanings: [String: String] {
    Dictionary(
      uniqueKeysWithValues: Self.stages.compactMap { stage in
        meaning(of: stage.name).map { (stage.name, $0) }
      })
  }

  /// The file; stages and blocks stand in any order. `more` is what else it says.
  func text(_ more: String, _ generator: inout SeededGenerator) -> String {
    var blocks: [String: [String]] = [:]
    for name in meanings.keys.sorted().shuffled(using: &generator) {
      guard let stage = Self.stage(name), let at = chosen[name] else { continue }
      let parts = name.split(separator: ".")
      blocks[String(parts[0]), default: []].append("  \(parts[1]): \(stage.meanings[at])\n")
    }
    let body = blocks.keys.sorted().shuffled(using: &generator).map {
      "\($0):\n" + blocks[$0, default: []].joined()
    }.joined()
    return """
      name: sketch
      zone: UTC
      source:
        kafka: {brokers: "${WEIR_BROKERS:-none}", topic: "${WEIR_TOPIC:-none}"}
        format: custom
        fields: {name: event, user: user_id, time: timestamp, id: message_id}
      time: {lateness: 1m, idle_after: 1h}
      snapshot_every: 100ms
      provisional_every: 500ms
      users:
        first_channel: {first: channel}
      \(body)\(more)
      """
  }
}
