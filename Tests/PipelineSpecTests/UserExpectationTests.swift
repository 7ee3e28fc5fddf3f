import StreamCore
import Testing

@testable import PipelineSpec

/// Expected rows of funnels, retention and sessions.
@Suite struct UserExpectationTests {
  private static let day: Int64 = 86_400_000
  private static let start: Int64 = 1_767_225_600_000

  private static func funnel(
    _ step: Int, _ users: Int64, dimensions: String = "{}", hour: Int64? = nil,
    previous: Double? = 0.5, p50: Int64? = 1_000
  ) -> FunnelRow {
    let begins = EventTime(ms: start + (hour ?? 0) * 3_600_000)
    return FunnelRow(
      funnel: "checkout", entryStart: begins,
      entryEnd: EventTime(ms: begins.ms + (hour == nil ? day : 3_600_000)),
      entryDay: "2026-01-01", dimensions: dimensions, step: step,
      stepName: ["view", "view", "paid"][step - 1], users: users,
      conversionFromStart: Double(users) / 3, conversionFromPrevious: previous, p50Ms: p50,
      p90Ms: p50.map { 2 * $0 }, status: .final)
  }

  private static func cell(
    _ period: Int, _ users: Int64, amount: Double? = nil, cohort: String = "2026-01-05"
  ) -> RetentionRow {
    RetentionRow(
      retention: "weekly", cohort: cohort, period: period, unitStart: EventTime(ms: start),
      unitEnd: EventTime(ms: start + day), dimensions: #"{"city":"Rome"}"#, users: users,
      amount: amount, amountExact: amount.map { "\($0)" }, status: .provisional)
  }

  private static func session(_ sessions: Int64, _ status: ResultStatus = .final) -> SessionRow {
    SessionRow(
      session: "visits", dayStart: EventTime(ms: start), dayEnd: EventTime(ms: start + day),
      day: "2026-01-01", dimensions: "{}", sessions: sessions, users: 1, events: 5, bounces: 1,
      durationMs: 1_000, entryEvents: #"{"home":2}"#, exitEvents: #"{"home":1,"paid":1}"#,
      status: status)
  }

  private static var rows: ResultRows {
    var rows = ResultRows()
    rows.funnels = [
      funnel(1, 3, previous: 1, p50: 0), funnel(2, 1), funnel(3, 0, previous: nil, p50: nil),
    ]
    rows.retention = [cell(0, 3, amount: 10), cell(1, 1, amount: 2.5), cell(3, 2, amount: 0)]
    rows.sessions = [session(2)]
    return rows
  }

  /// The expectation of one test, from YAML.
  private func expectation(_ text: String) throws -> ExpectedResults {
    let pipeline = try pipeline(
      """
      zone: UTC
      funnels:
        checkout: {steps: [view, view, {name: paid, where: bought}], within: 1d, by: [platform]}
        other: {steps: [a, b], within: 1d}
      retention: {weekly: {unit: week, by: [city]}}
      sessions: {visits: {}}
      lifecycle: {growth: {by: [city]}, slow: {unit: week}}
      tests: [{name: t, events: [], expect: \(text)}]
      """)
    return try #require(pipeline.tests.first?.expected)
  }

  @Test(arguments: [
    "{funnels: [{funnel: checkout}]}",
    "{funnels: [{funnel: checkout, users: [3, 1, 0]}]}",
    "{funnels: [{funnel: checkout, step: 2, users: 1, conversion_from_start: 1/3}]}",
    "{funnels: [{funnel: checkout, entry_day: 2026-01-01, step: paid, users: 0, status: final}]}",
    "{funnels: [{funnel: checkout, entry: 2026-01-01, step: 2, p50_ms: 1009, p90_ms: 1990}]}",
    "{funnels: [{funnel: checkout, step: paid, conversion_from_previous: none, p50_ms: none}]}",
    "{funnels: [{funnel: checkout, entry_day: 2026-01-02, users: none}]}",
    "{funnels: [{funnel: checkout, entry_day: 2026-01-02, users: 0}, {funnel: other, users: 0}]}",
    "{retention: [{retention: weekly, users: [3, 1, 0, 2]}]}",
    "{retention: [{retention: weekly, users: [3, 1, none, 2], amount: [10, 5/2, none, 0]}]}",
    "{retention: [{retention: weekly, amount: [10, 2.5]}]}",
    "{retention: [{retention: weekly, cohort: 2026-01-05, period: 1, users: 1, amount: 2.5}]}",
    "{retention: [{retention: weekly, dimensions: {city: Rome}, period: 3, status: provisional}]}",
    "{sessions: [{session: visits, day: 2026-01-01, users: 1, sessions: 2, events: 5}]}",
    "{sessions: [{session: visits, bounces: 1, duration_ms: 1000, entry_events: {home: 2}}]}",
    "{sessions: [{session: visits, exit_events: {paid: 1, home: 1}, status: final}]}",
    "{sessions: [{session: visits, day: 2026-01-02, sessions: none}]}",
    "{metrics: []}",
  ]) func `What holds has no mismatch`(text: String) throws {
    #expect(try expectation(text).mismatches(in: Self.rows, fates: .zero) == [])
  }

  @Test(arguments: [
    (
      "{funnels: [{funnel: checkout, users: [3, 2]}]}",
      "expected checkout step 2, users 2, found checkout 2026-01-01 {} step 2 view: users 1, "
        + "conversion_from_start 0.3333333333333333, conversion_from_previous 0.5, p50_ms 1000, "
        + "p90_ms 2000 (final)"
    ),
    (
      "{funnels: [{funnel: checkout, entry_day: 2026-01-01, step: paid, dimensions: {platform: 1}, "
        + "users: 2}]}",
      "expected checkout 2026-01-01 {\"platform\":1} step 3, users 2, found no such entry window, "
        + "dimensions or step; there is checkout 2026-01-01T05:00:00Z {} step 3 paid: users 0, "
        + "conversion_from_start 0.0 (final)"
    ),
    ("{funnels: [{funnel: other}]}", "expected other, found no row of other"),
    (
      "{retention: [{retention: weekly, cohort: 2026-01-05, period: 1, amount: 3, users: 1}]}",
      "expected weekly 2026-01-05 period 1, users 1, amount 3.0, found weekly 2026-01-05 "
        + "{\"city\":\"Rome\"} period 1: users 1, amount 2.5 (provisional)"
    ),
    (
      "{retention: [{retention: weekly, period: 1, users: none}]}",
      "expected no row weekly period 1, found weekly 2026-01-05 {\"city\":\"Rome\"} period 1: "
        + "users 1, amount 2.5 (provisional)"
    ),
    (
      "{sessions: [{session: visits, day: 2026-01-01, entry_events: {home: 1, cart: 1}}]}",
      "expected visits 2026-01-01, entry_events {\"cart\":1,\"home\":1}, found visits 2026-01-01 "
        + "{}: sessions 2, users 1, events 5, bounces 1, duration_ms 1000, entry_events "
        + "{\"home\":2}, exit_events {\"home\":1,\"paid\":1} (final)"
    ),
    (
      "{sessions: []}",
      "expected no row, found 1, first visits 2026-01-01 {}: sessions 2, users 1, events 5, "
        + "bounces 1, duration_ms 1000, entry_events {\"home\":2}, exit_events "
        + "{\"home\":1,\"paid\":1} (final)"
    ),
  ]) func `What does not hold is said with what is there`(text: String, message: String) throws {
    var rows = Self.rows
    if text.contains("platform") {
      rows.funnels = [Self.funnel(3, 0, hour: 5, previous: nil, p50: nil)]
    }
    if !text.contains("retention") { rows.retention = [] }
    if !text.contains("sessions") { rows.sessions = [] }
    #expect(try expectation(text).mismatches(in: rows, fates: .zero) == [message])
  }

  @Test(arguments: [
    "{funnels: [{funnel: checkout, step: 1, users: 2}]}",
    "{funnels: [{funnel: checkout, step: 2, conversion_from_start: 0.3}]}",
    "{funnels: [{funnel: checkout, step: 2, conversion_from_previous: none}]}",
    "{funnels: [{funnel: checkout, step: 2, p50_ms: 1020}]}",
    "{funnels: [{funnel: checkout, step: paid, p50_ms: 0}]}",
    "{funnels: [{funnel: checkout, users: none}]}",
    "{funnels: [{funnel: checkout, entry: '2026-01-01T01:00:00Z'}]}",
    "{retention: [{retention: weekly, amount: none}]}",
    "{retention: [{retention: weekly, period: 2, users: 1}]}",
    "{retention: [{retention: weekly, period: 1, users: 0}]}",
    "{retention: [{retention: weekly, status: final}]}",
    "{sessions: [{session: visits, sessions: 1}]}", "{sessions: [{session: visits, users: 2}]}",
    "{sessions: [{session: visits, events: 4}]}", "{sessions: [{session: visits, bounces: 0}]}",
    "{sessions: [{session: visits, duration_ms: 1}]}",
    "{sessions: [{session: visits, exit_events: {home: 1}}]}",
    "{sessions: [{session: visits, day: 2026-01-02}]}",
    "{funnels: []}", "{retention: []}",
  ]) func `What differs in one thing does not hold`(text: String) throws {
    #expect(try expectation(text).mismatches(in: Self.rows, fates: .zero).count == 1)
  }

  @Test func `Results of a lifecycle are expected as metrics`() throws {
    let expected = try expectation(
      "{metrics: [{metric: growth.active_7d, dimensions: {city: x}}, {metric: slow.new}]}")
    #expect(expected.metrics?.map(\.metric) == ["growth.active_7d", "slow.new"])
    let refused = faults(
      """
      lifecycle: {slow: {unit: week}}
      tests: [{name: t, events: [], expect: {metrics: [{metric: slow.stickiness}]}}]
      """)
    #expect(refused.count == 1 && refused[0].contains("there is no metric `slow.stickiness`"))
  }

  @Test func `Rows go by their key, and final ones stay`() {
    var tables = ResultTables()
    var rows = Self.rows
    rows.funnels.append(Self.funnel(1, 5, dimensions: #"{"platform":"web"}"#))
    for index in rows.funnels.indices where rows.funnels[index].dimensions == "{}" {
      rows.funnels[index].status = .provisional
    }
    #expect(tables.apply(rows) == [])
    #expect(tables.rows.funnels.map(\.users) == [5, 3, 1, 0])
    #expect(tables.rows.retention.map(\.period) == [0, 1, 3])
    #expect(tables.finals.rows.funnels.map(\.users) == [5])
    #expect(tables.finals.rows.retention.isEmpty && tables.finals.rows.sessions.count == 1)

    var next = ResultRows()
    next.removed = [
      .funnel(tables.rows.funnels[0].key.series), .funnel(tables.rows.funnels[3].key.series),
      .retention(tables.rows.retention[1].key), .session(tables.rows.sessions[0].key),
    ]
    next.retention = [Self.cell(3, 4)]
    next.sessions = [Self.session(3)]
    let conflicts = tables.apply(next)
    #expect(conflicts.count == 1 && conflicts[0].hasPrefix("visits 2026-01-01 {}: sessions 2"))
    #expect(tables.rows.funnels.map(\.users) == [5], "final steps stay")
    #expect(tables.rows.retention.map(\.users) == [3, 4])
    #expect(tables.rows.sessions.map(\.sessions) == [2])

    var restarted = ResultTables()
    var again = ResultRows()
    again.funnels = [Self.funnel(1, 5, dimensions: #"{"platform":"web"}"#)]
    again.sessions = [Self.session(9)]
    #expect(restarted.apply(again) == [])
    let differing = restarted.adopt(tables.finals)
    #expect(differing.count == 1 && differing[0].contains("sessions 9"))
    #expect(restarted.rows.sessions.map(\.sessions) == [2])
  }
}
