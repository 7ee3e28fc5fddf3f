import PipelineSpec
import StreamCore
import StreamTestKit

/// A set of KPIs, as the pipeline has it and as the oracle has it.
struct KPICase {
  var zone: String
  var latenessMs: Int64
  var lateMs: Int64
  var kpis: [KPIOracle.KPI]
  var sources = ["events"]

  private static let units: [OracleUnit] = [
    .fixed(ms: 300_000), .fixed(ms: 3_600_000), .fixed(ms: 5_400_000), .day, .day, .week, .month,
  ]

  /// Metrics, as the file has them.
  private var metricsText: String {
    """
      n:       {count: true, every: 1h, by: [channel]}
      rev:     {sum: properties.total, every: 5m, by: [{city: properties.city}]}
      mean:    {avg: properties.total, every: 5m}
      least:   {min: properties.total, every: 1h, where: 'event != "b"'}
      most:    {max: properties.total, window: 2h, every: 1h}
      latest:  {last: properties.total, every: 10m, by: [channel]}
      carried: {last: properties.total, every: 1d, where: 'event == "c"', carry: 1d}
      people:  {distinct: user, every: 1d, by: [channel]}
      buyers:  {distinct: user, every: 1h, where: 'event == "a"', lateness: \(lateMs)ms}
      repeats: {distinct: user, every: 1h, where: 'users.done > 0'}
      slow:    {count: true, every: 1h, where: 'event == "d"', lateness: \(lateMs)ms}
      cities:  {distinct: properties.city, every: 10m}
      a_n:     {count: true, every: 1h, where: 'event == "a"'}
      a_rev:   {sum: properties.total, every: 1h, where: 'event == "a"'}
      basket:  {formula: a_rev / a_n}
      richer:  {formula: basket + a_n}
    """
  }

  var metrics: [String: KPIOracle.Metric] {
    let windows: @Sendable (Int64) -> [MetricOracle.Window] = { _ in [] }
    func metric(
      _ aggregate: OracleAggregate, lateness: Int64? = nil, carry: Int64? = nil,
      _ condition: @escaping @Sendable (OracleEvent) -> Bool = { _ in true }
    ) -> KPIOracle.Metric {
      KPIOracle.Metric(
        MetricOracle(name: "", aggregate: aggregate, condition: condition, windows: windows),
        latenessMs: lateness ?? latenessMs, carryMs: carry)
    }
    return [
      "n": metric(.count), "rev": metric(.sum), "mean": metric(.avg),
      "least": metric(.min) { $0.name != "b" }, "most": metric(.max), "latest": metric(.last),
      "carried": metric(.last, carry: 86_400_000) { $0.name == "c" },
      "people": metric(.distinctUsers),
      "buyers": metric(.distinctUsers, lateness: lateMs) { $0.name == "a" },
      "repeats": metric(.distinctUsers) {
        if case .whole(let count)? = $0.traits["done"] { count > 0 } else { false }
      },
      "slow": metric(.count, lateness: lateMs) { $0.name == "d" },
      "cities": metric(.distinct { $0.city }), "a_n": metric(.count) { $0.name == "a" },
      "a_rev": metric(.sum) { $0.name == "a" },
    ]
  }

  private static let basket = OracleTerm.named(
    "basket", .ratio(.metric("a_rev"), .metric("a_n")))

  /// What a formula may read beside other KPIs.
  private static let leaves: [OracleTerm] =
    [
      "n", "rev", "mean", "least", "most", "latest", "carried", "people", "buyers", "repeats",
      "slow", "cities", "a_n", "a_rev",
    ].map { .metric($0) } + [
      basket, .named("richer", .sum(basket, .metric("a_n"))), .level("active.active"),
    ]

  static func random(
    _ options: EventHistory.Options, zone: String, _ generator: inout SeededGenerator
  ) -> KPICase {
    var made = KPICase(
      zone: zone, latenessMs: options.latenessMs,
      lateMs: options.latenessMs * generator.pick([1, 2, 3]), kpis: [])
    let spanMs = options.spanMs
    let own = units.filter {
      if case .fixed(let ms) = $0 {
        ms * 60 > spanMs
      } else {
        spanMs > 3_600_000 * 20 || $0 == .day
      }
    }
    let first = generator.pick(own)
    for index in 0..<Int(generator.whole(1...4)) {
      let unit = generator.chance(0.6) ? first : generator.pick(own)
      let same = made.kpis.filter { $0.unit == unit }.map(\.name)
      let others = made.kpis.map(\.name)
      let taken = Set(made.kpis.flatMap(\.children))
      made.kpis.append(
        KPIOracle.KPI(
          name: "k\(index)", unit: unit, term: term(same, depth: 2, &generator),
          children: others.filter { !taken.contains($0) && generator.chance(0.6) }))
    }
    return made
  }

  private static func term(
    _ kpis: [String], depth: Int, _ generator: inout SeededGenerator
  ) -> OracleTerm {
    if depth == 0 || generator.chance(0.3) {
      let leaf: OracleTerm =
        !kpis.isEmpty && generator.chance(0.4)
        ? .kpi(generator.pick(kpis)) : generator.pick(leaves)
      return generator.chance(0.25) ? .previous(leaf) : leaf
    }
    let (a, b) = (
      term(kpis, depth: depth - 1, &generator), term(kpis, depth: depth - 1, &generator)
    )
    switch generator.below(4) {
    case 0: return .sum(a, b)
    case 1: return .difference(a, b)
    case 2: return .ratio(a, .sum(b, .number(1)))
    default: return .ratio(a, b)
    }
  }

  /// The pipeline file.
  func text(keyed: Bool = true) -> String {
    let each = sources.map {
      "  \($0): {format: custom, keyed: \(keyed), "
        + "fields: {name: event, user: user_id, time: timestamp, id: message_id}}"
    }
    let lines = kpis.map { kpi in
      "  \(kpi.name): {formula: '\(kpi.term.text)', period: \(Self.text(kpi.unit)), "
        + "layer: process, children: [\(kpi.children.joined(separator: ", "))]}"
    }
    return """
      name: kpis
      zone: \(zone)
      sources:
      \(each.joined(separator: "\n"))
      time: {lateness: \(latenessMs)ms}
      users: {done: {count: 'event == "a"'}}
      lifecycle:
        active: {unit: day}
      metrics:
      \(metricsText)
      kpis:
      \(lines.joined(separator: "\n"))
      """
  }

  private static func text(_ unit: OracleUnit) -> String {
    switch unit {
    case .fixed(let ms): "\(ms / 60_000)m"
    case .day: "1d"
    case .week: "1w"
    case .month: "1mo"
    }
  }

  func plan(keyed: Bool = true) throws -> PipelinePlan {
    try Pipeline.parse(text: text(keyed: keyed), file: "kpis.yaml").plan
  }

  /// The greatest lateness of what takes events in order: users behind the exchange, and those
  /// that KPIs count.
  private var orderedMs: Int64 {
    let isCounted = kpis.contains { $0.term.text.contains("buyers") }
    return sources.count > 1 || isCounted ? max(latenessMs, lateMs) : latenessMs
  }

  /// The rows that logs of partitions must come to.
  func expected(_ logs: [[HistoryEvent]]) -> [KPIOracle.Row] {
    let calendar = OracleCalendar(zone: zone)
    let fates = FatesOracle(latenessMs: max(latenessMs, lateMs))
    let each = logs.count / sources.count
    let applied = sources.indices.flatMap { index in
      fates.applied(
        Array(logs[(index * each)..<((index + 1) * each)]),
        topic: sources.count > 1 ? sources[index] : "")
    }
    let horizonMs = logs.compactMap { fates.follow($0).clockMs }.max() ?? 0
    // What is too late for every stage that takes events in order is not seen by traits.
    let isSeen = { (event: OracleEvent) in event.behindMs <= orderedMs }
    let events =
      TraitOracle([.init("done", .count { $0.name == "a" })]).annotate(applied.filter(isSeen))
      + applied.filter { !isSeen($0) }
    var oracle = KPIOracle(
      calendar: calendar, hasWholeHours: zone != "Australia/Lord_Howe", metrics: metrics,
      kpis: kpis)
    oracle.levels["active.active"] = active(
      events.filter { $0.behindMs <= latenessMs }, calendar, horizonMs: horizonMs)
    return oracle.rows(events, horizonMs: horizonMs)
  }

  /// Users of each day that is over, from the first with one on.
  private func active(
    _ events: [OracleEvent], _ calendar: OracleCalendar, horizonMs: Int64
  ) -> [(atMs: Int64, value: Double)] {
    let own = events.filter { $0.user != nil }
    guard let first = own.map(\.timeMs).min() else { return [] }
    let last = own.map(\.timeMs).max() ?? first
    // At the end of the input a stage goes on to the day of the furthest clock.
    let days = calendar.number(.day, at: first)...calendar.number(.day, at: max(last, horizonMs))
    return days.map { day in
      let window = calendar.window(.day, day)
      let users = own.filter { window.startMs <= $0.timeMs && $0.timeMs < window.endMs }
      return (window.endMs, Double(Set(users.map(\.user)).count))
    }
  }

  /// Everything in which rows differ from what they must be, a sentence each.
  static func differences(_ expected: [KPIOracle.Row], _ rows: [KPIRow]) -> [String] {
    var found: [String: KPIRow] = [:]
    var faults: [String] = []
    for row in rows {
      let key = "\(row.kpi) \(row.periodStart.ms) \(row.asOf.ms)"
      if found.updateValue(row, forKey: key) != nil { faults.append("\(key): two rows") }
    }
    for row in expected {
      let key = "\(row.kpi) \(row.startMs) \(row.asOfMs)"
      guard let other = found.removeValue(forKey: key) else {
        faults.append("\(key): no row, expected \(row)")
        continue
      }
      let isSame =
        other.periodEnd.ms == row.endMs && near(other.value, row.value)
        && near(other.previous, row.previous)
        && near(other.moved, row.moved) && other.movedBy == row.movedBy
        && other.status == .final
      if !isSame { faults.append("\(key): \(other), expected \(row)") }
    }
    return (faults + found.map { "\($0): \($1), expected no row" }).sorted()
  }

  private static func near(_ a: Double?, _ b: Double?) -> Bool {
    guard let a, let b else { return a == nil && b == nil }
    return abs(a - b) <= 1e-9 * max(1, abs(a), abs(b))
  }
}
