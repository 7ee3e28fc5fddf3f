import StreamCore
import Testing

@testable import PipelineSpec

@Suite struct RulePlanTests {
  private static let hour: Int64 = 3_600_000

  private static let stages = """
    metrics:
      orders: {count: true, every: 1h, by: [platform]}
      errors: {count: true, where: failed, every: 1h, by: [platform]}
      all: {count: true, every: 1h}
      rate: {formula: errors / orders}
      days: {sum: total, every: 1d}
    funnels:
      checkout: {steps: [view, {name: paid, where: 'event == "purchase"'}], within: 1d, by: [platform]}
    retention: {weekly: {unit: week, periods: 12, value: total}}
    sessions: {visits: {}}
    lifecycle: {growth: {}}
    """

  private func alert(_ text: String) throws -> AlertPlan {
    try #require(
      try pipeline("\(Self.stages)\nalerts:\n  a: \(text)").plan.alerts.first { $0.name == "a" })
  }

  @Test func `An alert is what is written`() throws {
    let alert = try alert(
      """
      {watch: rate, when: lower(value) > above && samples > least, clear: value < 0.5 * above,
           thresholds: {above: {default: 0.2, min: 0, max: 1, step: 0.01,
             values: [{where: {platform: app}, value: 0.3}]}, least: 10},
           for: 30m, keep_firing_for: 10m, min_samples: 100, no_data: alert, provisional: true,
           active: ["mon-fri 09:00-18:00", "sat,sun"], severity: critical, owner: pay}
      """)
    #expect(alert.watch == ResultReference(stage: "rate"))
    #expect(alert.inputs == [.lower, .threshold(0), .samples, .threshold(1), .value])
    #expect(alert.when.slots == [0, 1, 2, 3] && alert.clear?.slots == [1, 4])
    #expect(
      alert.thresholds == [
        ThresholdPlan(
          name: "above", standard: 0.2, min: 0, max: 1, step: 0.01,
          byDimensions: [("{\"platform\":\"app\"}", 0.3)]),
        ThresholdPlan(name: "least", standard: 10),
      ])
    #expect(alert.hold == .duration(ms: Self.hour / 2) && alert.keepFiringForMs == Self.hour / 6)
    #expect(alert.minSamples == 100 && alert.noData == .alert && alert.isProvisional)
    #expect(
      alert.active == [
        .init(days: [1, 2, 3, 4, 5], fromMinute: 540, toMinute: 1_080),
        .init(days: [6, 7], fromMinute: 0, toMinute: 1_440),
      ])
    #expect(alert.window == WindowPlan(unit: .millisecond, every: Self.hour))
    #expect(alert.dimensions == ["platform"])
    #expect(alert.severity == "critical" && alert.owner == "pay" && alert.breakdowns.isEmpty)
  }

  @Test func `An alert that says little has the defaults`() throws {
    let alert = try alert("{watch: orders, when: value == 0}")
    #expect(alert.hold == .windows(1) && alert.keepFiringForMs == 0 && alert.minSamples == 0)
    #expect(alert.noData == .keep && alert.active.isEmpty && !alert.isProvisional)
    #expect(alert.clear == nil && alert.thresholds.isEmpty && alert.severity == "warning")
  }

  @Test(arguments: [
    ("orders", ResultReference(stage: "orders")),
    ("growth.active_7d", ResultReference(stage: "growth.active_7d")),
    (
      "checkout.conversion",
      ResultReference(stage: "checkout", figure: .funnel(step: 2, .conversion))
    ),
    (
      "checkout.paid.from_previous",
      ResultReference(stage: "checkout", figure: .funnel(step: 2, .fromPrevious))
    ),
    ("checkout.view.users", ResultReference(stage: "checkout", figure: .funnel(step: 1, .users))),
    ("checkout.2.p90_ms", ResultReference(stage: "checkout", figure: .funnel(step: 2, .p90Ms))),
    (
      "weekly.period_4", ResultReference(stage: "weekly", figure: .retention(period: 4, .share))
    ),
    (
      "weekly.period_12.amount",
      ResultReference(stage: "weekly", figure: .retention(period: 12, .amount))
    ),
    ("visits.bounce_rate", ResultReference(stage: "visits", figure: .session(.bounceRate))),
  ])
  func `An alert watches any number`(_ name: String, _ reference: ResultReference) throws {
    #expect(try alert("{watch: \(name), when: value > 1}").watch == reference)
  }

  @Test(
    arguments: [
      ("orders", "previous(24) < same_time(1w)", [.previous(24), .previous(168)]),
      ("orders", "change( 1d ) < 0", [.change(24)]),
      ("days", "change(1w) < 0 && same_time(2d) > 0", [.change(7), .previous(2)]),
      (
        "days", "mean(28) > 0 || mean(4, 1w) > 0",
        [.mean(count: 28, step: 1), .mean(count: 4, step: 7)]
      ),
      (
        "orders", "(value - mean(24, 1d)) / stddev(24, 1d) > 3",
        [.value, .mean(count: 24, step: 24), .stddev(count: 24, step: 24)]
      ),
      ("weekly.period_1", "change(14d) > 0", [.change(2)]),
      ("rate", "upper(value) < 0.1", [.upper]),
      (
        "checkout.conversion", "lower(value) < checkout.paid.users",
        [.lower, .other(ResultReference(stage: "checkout", figure: .funnel(step: 2, .users)))]
      ),
      (
        "orders", "orders > all && errors > 0",
        [.value, .other(ResultReference(stage: "all")), .other(ResultReference(stage: "errors"))]
      ),
    ] as [(String, String, [AlertInput])])
  func `Calls and names are inputs in whole windows`(
    _ watch: String, _ when: String, _ inputs: [AlertInput]
  ) throws {
    #expect(try alert("{watch: \(watch), when: '\(when)'}").inputs == inputs)
  }

  @Test func `What explains an alert is a metric of its own for each dimension`() throws {
    let plan = try pipeline(
      """
      \(Self.stages)
      alerts:
        low: {watch: all, when: change(1w) < -0.3, explain: [country, {size: 'total > 9'}]}
        bad: {watch: rate, when: value > 0.2, explain: [country]}
      """
    ).plan
    #expect(
      plan.alerts.map(\.breakdowns) == [
        [
          .init(
            dimension: "country",
            metrics: ["bad/explain/country/errors", "bad/explain/country/orders"])
        ],
        [
          .init(dimension: "country", metrics: ["low/explain/country"]),
          .init(dimension: "size", metrics: ["low/explain/size"]),
        ],
      ])
    let hidden = plan.metrics.filter(\.isInternal)
    #expect(
      hidden.map(\.name) == [
        "bad/explain/country/errors", "bad/explain/country/orders", "low/explain/country",
        "low/explain/size",
      ])
    #expect(hidden[0].condition?.text == "failed")
    #expect(hidden[0].dimensions.map(\.name) == ["country", "platform"])
    #expect(hidden[3].dimensions.map(\.expression.text) == ["total > 9"])
    #expect(plan.metrics.map(\.name) == plan.metrics.map(\.name).sorted())
  }

  @Test func `Hours may be days alone, hours alone, and pass midnight`() throws {
    let hours = try alert(
      "{watch: all, when: value > 1, active: [fri-mon, 9:00-10:30, \"sun 22:00-06:00\"]}"
    ).active
    #expect(
      hours == [
        .init(days: [5, 6, 7, 1], fromMinute: 0, toMinute: 1_440),
        .init(days: Set(1...7), fromMinute: 540, toMinute: 630),
        .init(days: [7], fromMinute: 1_320, toMinute: 1_440),
        .init(days: [1], fromMinute: 0, toMinute: 360),
      ])
  }

  // MARK: - Risks

  private func risk(_ text: String) throws -> RiskPlan {
    try #require(try pipeline("risks:\n  r: \(text)").plan.risks.first)
  }

  @Test func `A risk over a window is what is written`() throws {
    let risk = try risk(
      """
      {entity: context.ip, within: 10m, where: 'event != "ping"', max_events: 50, lateness: 5s,
           when: 'count(event == "fail") >= failures && distinct( user ,event=="fail") >= 3
             && (sum(total) > 5 || count( event  ==  "fail" ) > 9) && last(city) != first(city)',
           thresholds: {failures: 5}, severity: critical, owner: risk}
      """)
    #expect(risk.entityKind == "context.ip" && risk.entity?.text == "context.ip")
    #expect(risk.withinMs == Self.hour / 6 && risk.maxEvents == 50 && risk.latenessMs == 5_000)
    #expect(
      risk.condition?.text == "event != \"ping\"" && risk.thresholds.map(\.name) == ["failures"])
    guard case .window(let when, let aggregates) = risk.pattern else {
      Issue.record("no window")
      return
    }
    #expect(aggregates.map(\.kind) == [.count, .distinct, .sum, .last, .first])
    #expect(aggregates.map { $0.value?.text } == [nil, "user", "total", "city", "city"])
    #expect(
      aggregates.map { $0.condition?.text } == [
        "event == \"fail\"", "event==\"fail\"", nil, nil, nil,
      ])
    #expect(when.slots == [0, 1, 2, 3, 4, 5])
    #expect(aggregates[1].value?.slots == [Slot.user])
  }

  @Test func `A risk over a sequence has steps and what must not be missing`() throws {
    let risk = try risk(
      "{entity: {order: properties.order_id}, within: 48h, sequence: [paid], absent: shipped}")
    #expect(risk.entityKind == "order" && risk.entity?.text == "properties.order_id")
    guard case .sequence(let steps, let absent) = risk.pattern else {
      Issue.record("no sequence")
      return
    }
    #expect(steps.map(\.name) == ["paid"])
    #expect(absent?.text == "event == \"shipped\"")
    let other = try self.risk(
      """
      {within: 1h, sequence: [login, {name: big, where: total > 5}],
           absent: 'event.startsWith("o")'}
      """
    )
    #expect(other.entity == nil && other.entityKind == "user")
    guard case .sequence(let pair, let expression) = other.pattern else {
      Issue.record("no sequence")
      return
    }
    #expect(pair.map(\.condition.text) == ["event == \"login\"", "total > 5"])
    #expect(expression?.text == "event.startsWith(\"o\")")
  }
}
