import StreamCore
import Testing

@testable import PipelineSpec

@Suite struct RuleExpectationTests {
  private static let rules = """
    metrics: {m: {count: true, every: 1h, by: [p]}}
    alerts:
      a: {watch: m, when: value > above, thresholds: {above: {default: 5, values: [{where: {p: x}, value: 1}]}}}
      b: {watch: m, when: value > 1}
    risks:
      r: {entity: ip, within: 1h, when: count() > least, thresholds: {least: 5}}
    """

  private func test(_ expect: String, more: String = "") throws -> PipelineTest {
    try #require(
      try pipeline(
        "\(Self.rules)\ntests:\n  - {name: t, events: [], \(more)expect: {\(expect)}}"
      ).tests.first)
  }

  private static let hour: Int64 = 3_600_000

  private func alert(
    _ state: AlertState, _ dimensions: String = "{\"p\":\"x\"}", opened: Int64? = 2,
    resolved: Int64? = nil
  ) -> AlertRow {
    AlertRow(
      alertID: "\(state)\(dimensions)", rule: "a", dimensions: dimensions, state: state,
      severity: "warning", owner: nil, windowStart: EventTime(ms: 0),
      windowEnd: EventTime(ms: 2 * Self.hour), value: 7, threshold: 5, thresholds: "{}",
      opened: opened.map { EventTime(ms: $0 * Self.hour) },
      resolved: resolved.map { EventTime(ms: $0 * Self.hour) }, explanation: nil, status: .final)
  }

  private func transition(_ from: AlertState, _ to: AlertState, _ hour: Int64) -> AlertTransition {
    AlertTransition(
      alertID: "i", rule: "a", dimensions: "{\"p\":\"x\"}",
      windowStart: EventTime(ms: (hour - 1) * Self.hour),
      windowEnd: EventTime(ms: hour * Self.hour),
      from: from, to: to, value: Double(hour), samples: 1, thresholds: "{}", status: .final)
  }

  private func finding(
    _ entity: String, closed: Int64? = nil, status: FindingStatus = .final,
    id: String? = nil, announcedAs: String? = nil
  ) -> FindingRow {
    FindingRow(
      findingID: id ?? entity, rule: "r", entityKind: "ip", entity: entity,
      opened: EventTime(ms: Self.hour), closed: closed.map { EventTime(ms: $0 * Self.hour) },
      status: status, announcedAs: announcedAs, figures: "{}", evidence: "[]", severity: "warning",
      owner: nil)
  }

  private func mismatches(_ expect: String, _ rows: ResultRows) throws -> [String] {
    var tables = ResultTables()
    #expect(tables.apply(rows).isEmpty)
    return try test(expect).expected.mismatches(in: tables.rows, fates: .zero)
  }

  @Test(arguments: [
    "alerts: [{rule: a}]", "alerts: [{rule: a, dimensions: {p: x}, state: firing}]",
    "alerts: [{rule: a, window: 1970-01-01, opened: 1970-01-01 02:00:00, resolved: none}]",
    "alerts: [{rule: a, value: 7, status: final}]",
    "alerts: [{rule: b, state: none}, {rule: a, dimensions: {p: y}, state: none}]",
    "alerts: [{rule: a, dimensions: {p: y}, state: pending, opened: none}]",
  ])
  func `Alerts that are there, or not, are as expected`(_ expect: String) throws {
    var rows = ResultRows()
    rows.alerts = [alert(.firing), alert(.pending, "{\"p\":\"y\"}", opened: nil)]
    #expect(try mismatches(expect, rows) == [])
  }

  @Test(arguments: [
    "alerts: []", "alerts: [{rule: a, state: none}]", "alerts: [{rule: b}]",
    "alerts: [{rule: a, state: resolved}]", "alerts: [{rule: a, value: 8}]",
    "alerts: [{rule: a, opened: none}]", "alerts: [{rule: a, window: 1970-01-02}]",
    "alerts: [{rule: a, resolved: '1970-01-01T03:00:00Z'}]",
    "alerts: [{rule: a, status: provisional}]", "alerts: [{rule: a, dimensions: {p: z}}]",
  ])
  func `Alerts that are otherwise are told`(_ expect: String) throws {
    var rows = ResultRows()
    rows.alerts = [alert(.firing)]
    let found = try mismatches(expect, rows)
    #expect(found.count == 1 && found[0].hasPrefix("expected "), "\(found)")
  }

  @Test func `An alert that never fired is none`() throws {
    var rows = ResultRows()
    rows.alerts = [alert(.inactive, opened: nil)]
    #expect(try mismatches("alerts: []", rows) == [])
    #expect(try mismatches("alerts: [{rule: a, state: inactive}]", rows) == [])
  }

  @Test func `Transitions are expected one by one, or all of a series`() throws {
    var rows = ResultRows()
    rows.alertTransitions = [
      transition(.pending, .firing, 2), transition(.inactive, .pending, 1),
      transition(.firing, .resolved, 5), transition(.firing, .recovering, 3),
      transition(.recovering, .firing, 4),
    ]
    let all = "[pending, firing, recovering, firing, resolved]"
    for right in [
      "{rule: a, to: \(all)}", "{rule: a, dimensions: {p: x}, to: \(all)}", "{rule: b, to: []}",
      "{rule: a, dimensions: {p: y}, to: []}", "{rule: a, from: pending, to: firing, value: 2}",
      "{rule: a, window: '1970-01-01T03:00:00Z', from: recovering}",
    ] {
      #expect(try mismatches("alert_transitions: [\(right)]", rows) == [], "\(right)")
    }
    for wrong in [
      "{rule: a, to: [pending, firing]}", "{rule: a, to: []}", "{rule: b, to: [pending]}",
      "{rule: a, from: pending, to: firing, value: 3}", "{rule: a, to: inactive}", "{rule: b}",
    ] {
      #expect(try mismatches("alert_transitions: [\(wrong)]", rows).count == 1, "\(wrong)")
    }
  }

  @Test func `Findings are expected by entity, opening and end`() throws {
    var rows = ResultRows()
    rows.findings = [finding("x", closed: 2), finding("y"), finding("z", status: .withdrawn)]
    for right in [
      "{rule: r}",
      "{rule: r, entity: x, opened: '1970-01-01T01:00:00Z', closed: '1970-01-01T02:00:00Z'}",
      "{rule: r, entity: y, closed: none, status: final}", "{rule: r, entity: z, opened: none}",
      "{rule: r, entity: z, status: withdrawn}", "{rule: r, entity: w, opened: none}",
    ] {
      #expect(try mismatches("findings: [\(right)]", rows) == [], "\(right)")
    }
    for wrong in [
      "{rule: r, entity: w}", "{rule: r, entity: x, closed: none}", "{rule: r, entity: z}",
      "{rule: r, entity: y, opened: none}", "{rule: r, status: provisional}",
      "{rule: r, entity: x, opened: 1970-01-01}",
    ] {
      #expect(try mismatches("findings: [\(wrong)]", rows).count == 1, "\(wrong)")
    }
    #expect(try mismatches("findings: []", rows).count == 1)
    rows.findings = [finding("z", status: .withdrawn)]
    #expect(try mismatches("findings: []", rows) == [])
  }

  @Test func `A settled finding takes the place of what was announced, and only gets its end`() {
    var tables = ResultTables()
    var rows = ResultRows()
    rows.findings = [finding("x", status: .provisional, id: "early")]
    #expect(tables.apply(rows).isEmpty)
    rows.findings = [finding("x", id: "late", announcedAs: "early")]
    #expect(tables.apply(rows).isEmpty)
    #expect(tables.rows.findings.map(\.findingID) == ["late"])
    rows.findings = [finding("x", closed: 3, id: "late", announcedAs: "early")]
    #expect(tables.apply(rows).isEmpty)
    #expect(tables.rows.findings.map(\.closed) == [EventTime(ms: 3 * Self.hour)])
    rows.findings = [finding("x", closed: 4, id: "late", announcedAs: "early")]
    #expect(tables.apply(rows).count == 1)
    #expect(tables.rows.findings.map(\.closed) == [EventTime(ms: 3 * Self.hour)])
  }

  @Test func `Another transition of the same window is a conflict`() {
    var tables = ResultTables()
    var rows = ResultRows()
    rows.alertTransitions = [transition(.pending, .firing, 2)]
    #expect(tables.apply(rows).isEmpty && tables.apply(rows).isEmpty)
    rows.alertTransitions[0].value = 9
    #expect(tables.apply(rows).count == 1)
    #expect(tables.finals.rows.alertTransitions.count == 1)
  }

  @Test func `A test gives thresholds other values`() throws {
    let test = try test("alerts: []", more: "thresholds: {r.least: 9, a.above: 0.5}, ")
    #expect(
      test.thresholds == [
        .init(rule: "a", name: "above", value: 0.5), .init(rule: "r", name: "least", value: 9),
      ])
    var plan = try pipeline(Self.rules).plan
    for threshold in test.thresholds { plan.set(threshold) }
    #expect(plan.alerts[0].thresholds == [ThresholdPlan(name: "above", standard: 0.5)])
    #expect(plan.risks[0].thresholds == [ThresholdPlan(name: "least", standard: 9)])
  }
}
