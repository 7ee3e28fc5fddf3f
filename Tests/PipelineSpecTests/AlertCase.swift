import PipelineSpec
import StreamCore
import StreamTestKit

/// A random pipeline with alerts, and the oracle of each of its rules.
struct AlertCase {
  /// Windows, as the pipeline has them and as the oracles have them.
  struct Windows {
    var plan: WindowPlan
    /// Start and end of the window of a number.
    var window: (Int64) -> MetricOracle.Window
    /// The number of the last window that starts at or before an instant.
    var number: (Int64) -> Int64
    /// Length of a step, roughly.
    var stepMs: Int64
  }

  /// A result that can be watched.
  struct Watched {
    var reference: ResultReference
    var isByChannel: Bool
    /// What values are like.
    var scale: Double
    /// What the oracle reads.
    var result: (ResultRows) -> AlertOracle.Result
  }

  /// A rule and what it must do.
  struct Rule {
    var plan: AlertPlan
    var text: String
    var oracle: (ResultRows) -> AlertOracle
  }

  var zone: String
  var latenessMs: Int64
  var windows: Windows
  var ttlMs: Int64
  var rules: [Rule] = []
  var thresholds: [ThresholdRow] = []
  var metrics: [MetricPlan] = []
  var formulas: [FormulaPlan] = []
  var kpis: [KPIPlan] = []
  var watched: [Watched] = []
  private var pipeline: PipelinePlan

  /// A random one for histories of `options`.
  init(
    _ options: EventHistory.Options, zone: String, isDaily: Bool,
    _ generator: inout SeededGenerator
  ) throws {
    self.zone = zone
    latenessMs = options.latenessMs
    windows = isDaily ? Self.days(zone) : Self.hours
    ttlMs = generator.pick([2 * windows.stepMs, 7 * 86_400_000])
    pipeline = PipelinePlan(
      name: "alerts", definition: "", zone: try Zone.named(zone), tzdataVersion: "", sources: [],
      time: TimePlan(latenessMs: latenessMs), fields: StageFields.names)
    try addMetrics(&generator)
    if isDaily { try addStages(options, &generator) }
    addWatched(isDaily)
    if generator.chance(0.5) { try addKPIs() }
    for number in 0..<Int(generator.whole(1...4)) {
      try addRule("rule\(number)", options, &generator)
    }
  }

  private static var hours: Windows {
    Windows(
      plan: WindowPlan(unit: .millisecond, every: 3_600_000),
      window: { .init(startMs: $0 * 3_600_000, endMs: ($0 + 1) * 3_600_000) },
      number: { Int64((Double($0) / 3_600_000).rounded(.down)) }, stepMs: 3_600_000)
  }

  private static func days(_ zone: String) -> Windows {
    let calendar = OracleCalendar(zone: zone)
    return Windows(
      plan: WindowPlan(unit: .day, every: 1), window: { calendar.window(.day, $0) },
      number: { calendar.number(.day, at: $0) }, stepMs: 86_400_000)
  }

  /// The pipeline.
  func plan(keyed: Bool = true) -> PipelinePlan {
    var plan = pipeline
    plan.sources = [
      SourcePlan(name: "events", topic: nil, fields: StageFields.bindings, keyed: keyed)
    ]
    plan.metrics = metrics
    plan.formulas = formulas
    plan.alerts = rules.map(\.plan)
    plan.kpis = kpis
    return plan
  }

  /// The definition, for people.
  var text: String {
    "zone: \(zone), lateness: \(latenessMs), step: \(windows.stepMs), ttl: \(ttlMs)\n"
      + rules.map(\.text).joined(separator: "\n") + "\n" + thresholds.map { "\($0)" }.joined()
  }
}

// MARK: - Stages

extension AlertCase {
  private var channel: [MetricPlan.Dimension] {
    get throws { [.init(name: "channel", expression: try StageFields.compile("channel"))] }
  }

  private mutating func addMetrics(_ generator: inout SeededGenerator) throws {
    let lateness: [Int64?] = [nil, nil, latenessMs * 3]
    func metric(
      _ name: String, _ aggregate: StreamCore.Aggregate, value: String? = nil,
      condition: String? = nil, isByChannel: Bool
    ) throws -> MetricPlan {
      MetricPlan(
        name: name, aggregate: aggregate, value: try value.map(StageFields.compile),
        condition: try condition.map(StageFields.compile),
        dimensions: isByChannel ? try channel : [], window: windows.plan,
        latenessMs: generator.pick(lateness), seriesTTLMs: ttlMs)
    }
    metrics = [
      try metric("average", .avg, value: "properties.total", isByChannel: false),
      try metric("errors", .count, condition: "event == \"b\"", isByChannel: true),
      try metric("events", .count, isByChannel: true),
      try metric("orders", .count, condition: "event == \"a\"", isByChannel: false),
      try metric("revenue", .sum, value: "properties.total", isByChannel: true),
    ]
    let slots = { (names: [String]) in
      { (path: String) -> NameResolution in
        names.firstIndex(of: path).map { .slot($0) } ?? .unknown(known: names)
      }
    }
    formulas = [
      FormulaPlan(
        name: "odd",
        expression: try Expression.compile(
          "(orders + 2) / (orders - 1)", resolve: slots(["orders"])),
        inputs: ["orders"], window: windows.plan, dimensions: []),
      FormulaPlan(
        name: "rate",
        expression: try Expression.compile(
          "errors / events", resolve: slots(["errors", "events"])),
        inputs: ["errors", "events"], window: windows.plan, dimensions: ["channel"]),
    ]
  }

  private mutating func addStages(
    _ options: EventHistory.Options, _ generator: inout SeededGenerator
  ) throws {
    let condition = { (name: String) in try StageFields.compile("event == \"\(name)\"") }
    pipeline.funnels = [
      FunnelPlan(
        name: "buy",
        steps: [
          .init(name: "1", condition: try condition("a")),
          .init(name: "2", condition: try condition("b")),
          .init(name: "3", condition: try condition("c")),
        ], withinMs: generator.pick([3_600_000, 86_400_000, 5 * 86_400_000]),
        dimensions: try channel)
    ]
    pipeline.retentions = [
      RetentionPlan(
        name: "back", periods: 3, mode: .recurring,
        value: try StageFields.compile("properties.total"), dimensions: try channel)
    ]
    pipeline.sessions = [SessionPlan(name: "visits", dimensions: try channel)]
    pipeline.lifecycles = [LifecyclePlan(name: "growth")]
  }
}

// MARK: - KPIs

extension AlertCase {
  /// Two of the same metrics: one with a value wherever anything feeds them, and one without where
  /// there is no order.
  private mutating func addKPIs() throws {
    let zone = pipeline.zone
    let inputs = ["errors", "orders"]
    func kpi(_ name: String, _ formula: String) throws -> KPIPlan {
      KPIPlan(
        node: KPINode(
          kpi: name, parent: nil, position: 0, title: nil, layer: .process, period: "",
          formula: formula, unit: nil, owner: nil, target: nil, direction: .up),
        expression: try Expression.compile(formula) { path in
          inputs.firstIndex(of: path).map { .slot($0) } ?? .unknown(known: inputs)
        },
        inputs: inputs.map { KPIInput(.metric($0)) }, period: windows.plan,
        slice: KPISlices.slice(of: windows.plan, zone: zone, since: .distantPast) ?? windows.plan)
    }
    kpis = [try kpi("handled", "errors + orders"), try kpi("failing", "errors / orders")]
    watched += [watched(kpi: "handled", 3), watched(kpi: "failing", 1, fedWith: "handled")]
  }

  private func watched(kpi name: String, _ scale: Double, fedWith other: String? = nil) -> Watched {
    Watched(
      reference: ResultReference(stage: name, figure: .kpi), isByChannel: false, scale: scale
    ) { rows in
      let whole = rows.kpis.filter { $0.asOf == $0.periodEnd }
      // Where it has no value although something feeds it, there is no data.
      let gaps = whole.filter { $0.kpi == other }
        .map { ($0.periodStart.ms, "{}", AlertOracle.Reading(nil, samples: 0)) }
      let own = whole.filter { $0.kpi == name }
        .map { ($0.periodStart.ms, "{}", AlertOracle.Reading($0.value, samples: 0)) }
      return result(gaps + own, silence: nil, ttlMs: nil, isCount: false)
    }
  }
}

// MARK: - Results

extension AlertCase {
  private func result(
    _ rows: [(startMs: Int64, dimensions: String, reading: AlertOracle.Reading)],
    silence: Double?, ttlMs: Int64?, isCount: Bool
  ) -> AlertOracle.Result {
    var result = AlertOracle.Result(
      rows: [:], silence: silence, ttlMs: ttlMs, isCount: isCount)
    for row in rows {
      result.rows[windows.number(row.startMs), default: [:]][row.dimensions] = row.reading
    }
    return result
  }

  private func metric(
    _ name: String, by isByChannel: Bool, _ scale: Double, silence: Double?, isCount: Bool = false,
    inputs: [String] = [], ttlMs: Int64? = nil
  ) -> Watched {
    let ttl = isByChannel ? ttlMs ?? self.ttlMs : nil
    return Watched(
      reference: ResultReference(stage: name), isByChannel: isByChannel, scale: scale
    ) { rows in
      // Where a formula has no value although its inputs have rows, there is no data.
      let gaps = rows.metrics.filter { inputs.contains($0.metric) }
        .map { ($0.windowStart.ms, $0.dimensions, AlertOracle.Reading(nil, samples: 0)) }
      let own = rows.metrics.filter { $0.metric == name }.map {
        (
          $0.windowStart.ms, $0.dimensions,
          AlertOracle.Reading($0.value, samples: $0.samples)
        )
      }
      return result(gaps + own, silence: silence, ttlMs: ttl, isCount: isCount)
    }
  }

  private mutating func addWatched(_ isDaily: Bool) {
    watched = [
      metric("average", by: false, 100, silence: nil),
      metric("errors", by: true, 2, silence: 0, isCount: true),
      metric("events", by: true, 4, silence: 0, isCount: true),
      metric("orders", by: false, 2, silence: 0, isCount: true),
      metric("revenue", by: true, 200, silence: 0, isCount: true),
      metric("odd", by: false, 4, silence: -2, inputs: ["orders"]),
      metric("rate", by: true, 0.5, silence: nil, inputs: ["errors", "events"]),
    ]
    guard isDaily else { return }
    let week: Int64 = 7 * 86_400_000
    watched += [
      metric("growth.active", by: false, 2, silence: 0, isCount: true, ttlMs: week),
      metric("growth.dormant", by: false, 2, silence: 0, isCount: true, ttlMs: week),
      metric("growth.stickiness", by: false, 0.5, silence: nil, ttlMs: week),
      funnel(.conversion, step: 2), funnel(.fromPrevious, step: 3), funnel(.users, step: 2),
      retention(.share, 1), retention(.users, 2), retention(.amount, 1), retention(.users, 0),
      session(.sessions), session(.bounceRate), session(.meanDurationMs),
    ]
  }

  private func funnel(_ figure: ResultReference.FunnelFigure, step: Int) -> Watched {
    let isCount = figure == .users
    return Watched(
      reference: ResultReference(stage: "buy", figure: .funnel(step: step, figure)),
      isByChannel: true, scale: isCount ? 2 : 0.5
    ) { rows in
      let found = rows.funnels.filter { $0.step == step }.map { row in
        let same = rows.funnels.filter {
          $0.entryStart == row.entryStart && $0.dimensions == row.dimensions
        }
        let of = { (step: Int) in same.first { $0.step == step }?.users ?? 0 }
        let below = isCount ? row.users : figure == .conversion ? of(1) : of(step - 1)
        let value = isCount ? Double(row.users) : Double(row.users) / Double(below)
        return (
          row.entryStart.ms, row.dimensions,
          AlertOracle.Reading(value.isNaN ? nil : value, samples: below)
        )
      }
      return result(
        found, silence: isCount ? 0 : nil, ttlMs: 7 * 86_400_000, isCount: isCount)
    }
  }

  private func retention(_ figure: ResultReference.RetentionFigure, _ period: Int) -> Watched {
    Watched(
      reference: ResultReference(stage: "back", figure: .retention(period: period, figure)),
      isByChannel: true, scale: figure == .share ? 0.5 : figure == .amount ? 100 : 1
    ) { rows in
      var found: [(startMs: Int64, dimensions: String, reading: AlertOracle.Reading)] = []
      for cohort in rows.retention where cohort.period == 0 {
        let number = windows.number(cohort.unitStart.ms) + Int64(period)
        let row = rows.retention.first {
          $0.period == period && windows.number($0.unitStart.ms) == number
            && $0.dimensions == cohort.dimensions
        }
        let users = row?.users ?? 0
        let reading: AlertOracle.Reading =
          switch figure {
          case .users: .init(Double(users), samples: users)
          case .amount: .init(row?.amount ?? 0, samples: users)
          case .share:
            .init(Double(users) / Double(cohort.users), samples: cohort.users)
          }
        found.append((windows.window(number).startMs, cohort.dimensions, reading))
      }
      return result(
        found, silence: period == 0 && figure == .users ? 0 : nil, ttlMs: 7 * 86_400_000,
        isCount: figure == .users)
    }
  }

  private func session(_ figure: ResultReference.SessionFigure) -> Watched {
    let isCount = figure == .sessions
    return Watched(
      reference: ResultReference(stage: "visits", figure: .session(figure)), isByChannel: true,
      scale: isCount ? 2 : figure == .bounceRate ? 0.5 : 60_000
    ) { rows in
      let found = rows.sessions.map { row in
        let value: Double =
          switch figure {
          case .sessions: Double(row.sessions)
          case .bounceRate: Double(row.bounces) / Double(row.sessions)
          default: Double(row.durationMs) / Double(row.sessions)
          }
        return (row.dayStart.ms, row.dimensions, AlertOracle.Reading(value, samples: row.sessions))
      }
      return result(
        found, silence: isCount ? 0 : nil, ttlMs: 7 * 86_400_000, isCount: isCount)
    }
  }
}
