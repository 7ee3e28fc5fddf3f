import StreamCore
import Testing

@testable import SnapshotStore

@Suite struct PageTests {
  /// Reads a list to its end by parts of `limit`, each place passed on as a text.
  private func walk<Row>(
    limit: Int, _ read: (Cursor?) throws -> Page<Row>
  ) throws -> [Row] {
    var (rows, cursor): ([Row], Cursor?) = ([], nil)
    while true {
      let page = try read(cursor)
      #expect(page.rows.count == limit || page.next == nil)
      rows += page.rows
      guard let next = page.next else { return rows }
      let again: Cursor = try #require(Cursor(next.description))
      cursor = again
      #expect(cursor == next && !page.rows.isEmpty)
      guard rows.count < 10_000 else { return rows }
    }
  }

  private func randomRows(_ random: inout Seeded) -> ResultRows {
    let dimensions = ["{}", #"{"a":null}"#, #"{"a":"北京."}"#, #"{"a":"z"}"#]
    return rows { rows in
      for window in 0..<Int64.random(in: 1...9, using: &random) {
        for text in dimensions where Bool.random(using: &random) {
          for name in ["m", "n"] {
            rows.metrics.append(metric(name, at: window, dimensions: text))
          }
          rows.funnels.append(funnel(day: window, dimensions: text))
          rows.funnels.append(funnel(day: window, dimensions: text, step: 2))
          rows.retention.append(cell(cohort: window, dimensions: text))
          rows.retention.append(cell(cohort: window, period: 3, dimensions: text))
          rows.sessions.append(visits(day: window, dimensions: text))
        }
        rows.kpis.append(kpi(period: window, asOf: .random(in: 1...10, using: &random)))
      }
    }
  }

  @Test func `Parts of any size together are the list, in either order, each row once`() throws {
    var random = Seeded("pages")
    let directory = try TemporaryDirectory()
    let path = directory.file()
    let file = try ResultsFile.open(path: path, identity: shop)
    _ = try file.commit(change(randomRows(&random)), durable: false)
    let reader = try ResultsReader.open(path: path)
    defer { reader.close() }
    for limit in [1, 2, 3, 7, 1000] {
      for name in [nil, "n"] {
        let whole = try reader.metrics(MetricQuery(metric: name, limit: .max))
        let up = MetricQuery(metric: name, limit: limit)
        #expect(try walk(limit: limit) { try reader.metricPage(up, after: $0) } == whole)
        let down = MetricQuery(metric: name, limit: limit, newestFirst: true)
        let newest = try walk(limit: limit) { try reader.metricPage(down, after: $0) }
        #expect(newest.map(\.windowStart.ms) == whole.map(\.windowStart.ms).sorted(by: >))
        #expect(
          Set(newest.map { "\($0)" }) == Set(whole.map { "\($0)" }) && newest.count == whole.count)
      }
      let stage = StageQuery(limit: limit)
      var all = stage
      all.limit = .max
      #expect(
        try walk(limit: limit) { try reader.funnelPage(stage, after: $0) } == reader.funnels(all))
      #expect(
        try walk(limit: limit) { try reader.retentionPage(stage, after: $0) }
          == reader.retention(all))
      #expect(
        try walk(limit: limit) { try reader.sessionPage(stage, after: $0) } == reader.sessions(all))
      let old = try walk(limit: limit) {
        try reader.retentionPage(stage, fromCohort: "1970-01-03", after: $0)
      }
      #expect(try old == reader.retention(all, fromCohort: "1970-01-03"))
      var named = stage
      (named.name, named.newestFirst) = ("daily", true)
      let units = try walk(limit: limit) { try reader.retentionPage(named, after: $0) }
      #expect(try units.map(\.unitStart) == reader.retention(all).map(\.unitStart).sorted(by: >))
      let kpis = try walk(limit: limit) { try reader.kpis(KPIQuery(limit: limit), after: $0) }
      let whole = try reader.kpis(KPIQuery(limit: 1000)).rows
      #expect(kpis == whole)
      let newest = KPIQuery(kpi: "growth", limit: limit, newestFirst: true)
      #expect(try walk(limit: limit) { try reader.kpis(newest, after: $0) } == whole.reversed())
    }
    try file.close()
  }

  @Test func `Alerts, findings, steps and messages go on where a part ended, newest first`() throws
  {
    let directory = try TemporaryDirectory()
    let path = directory.file()
    let file = try ResultsFile.open(path: path, identity: shop)
    let rows = rows {
      for at in 0..<20 as Range<Int64> {
        let rule = at % 3 == 0 ? "lag" : "trouble"
        let state = AlertState.allCases[Int(at) % AlertState.allCases.count]
        $0.alerts.append(alert("a\(100 + at)", rule: rule, first: at / 4, state))
        $0.alertTransitions.append(transition("a\(100 + at)", rule: rule, at: at / 4))
        $0.findings.append(
          finding(
            "f\(100 + at)", opened: at / 4, closed: at % 2 == 0 ? 50 : nil,
            status: at % 5 == 0 ? .provisional : .final))
      }
    }
    _ = try file.commit(
      change(alerts: rows, next: 1) {
        $0.messages = (0..<20).map {
          message("m\($0)", sink: $0 % 2 == 0 ? "ops" : "log", $0 % 3 == 0 ? .dead : .pending)
        }
      }, durable: false)
    let reader = try ResultsReader.open(path: path)
    defer { reader.close() }
    for limit in [1, 3, 50] {
      var query = AlertQuery()
      query.limit = limit
      let alerts = try walk(limit: limit) { try reader.alertPage(query, after: $0) }
      #expect(
        alerts.map(\.alert)
          == rows.alerts.sorted { ($0.windowStart, $0.alertID) > ($1.windowStart, $1.alertID) })
      (query.rule, query.states) = ("trouble", [.firing, .resolved])
      let chosen = alerts.filter { record in
        record.alert.rule == "trouble" && query.states.contains(record.alert.state)
      }
      #expect(try walk(limit: limit) { try reader.alertPage(query, after: $0) } == chosen)
      var open = FindingQuery()
      (open.limit, open.isOpen) = (limit, true)
      #expect(
        try walk(limit: limit) { try reader.findingPage(open, after: $0) }.map(\.finding)
          == rows.findings.filter { $0.closed == nil }
          .sorted { ($0.opened, $0.findingID) > ($1.opened, $1.findingID) })
      open = FindingQuery()
      (open.limit, open.statuses) = (limit, [.provisional])
      #expect(
        try walk(limit: limit) { try reader.findingPage(open, after: $0) }.map(\.finding.opened.ms)
          == [3, 2, 1, 0])
      let steps = TransitionQuery(
        rule: "lag", from: EventTime(ms: 2 * minute), to: EventTime(ms: 5 * minute), limit: limit)
      let found = try walk(limit: limit) { try reader.transitions(steps, after: $0) }
      let wanted = rows.alertTransitions.filter { step in
        step.rule == "lag" && (2..<5).contains(step.windowEnd.ms / minute)
      }
      #expect(found == wanted.sorted { ($0.windowEnd, $0.alertID) > ($1.windowEnd, $1.alertID) })
      var messages = OutboxQuery()
      (messages.limit, messages.states, messages.sink) = (limit, [.dead], "ops")
      #expect(
        try walk(limit: limit) { try reader.outboxPage(messages, after: $0) }
          .map(\.message.messageID) == ["m18", "m12", "m6", "m0"])
    }
    try file.close()
  }

  @Test func `A part goes on behind its last row, whatever comes or goes meanwhile`() throws {
    let directory = try TemporaryDirectory()
    let file = try ResultsFile.open(path: directory.file(), identity: shop)
    _ = try file.commit(
      change((0..<6).map { metric(at: $0, .provisional) }), durable: false)
    let reader = try ResultsReader.open(path: directory.file())
    defer { reader.close() }
    let query = MetricQuery(metric: "revenue", limit: 2, newestFirst: true)
    let first = try reader.metricPage(query)
    #expect(first.rows.map(\.windowStart.ms) == [5 * minute, 4 * minute])
    var next = change([metric(at: 9, .provisional)])
    next.rows.removed = [4, 3].map {
      .metric(
        MetricKey(metric: "revenue", windowStart: EventTime(ms: $0 * minute), dimensions: "{}"))
    }
    _ = try file.commit(next, durable: false)
    let second = try reader.metricPage(query, after: first.next)
    #expect(second.rows.map(\.windowStart.ms) == [2 * minute, minute])
    try file.close()
  }

  @Test func `A place of another list, and a text that is none, are refused`() throws {
    let directory = try TemporaryDirectory()
    let file = try ResultsFile.open(path: directory.file(), identity: shop)
    _ = try file.commit(
      change(rows { $0.metrics = [metric(at: 0), metric(at: 1)] }), durable: false)
    let reader = try ResultsReader.open(path: directory.file())
    defer { reader.close() }
    let page = try reader.metricPage(MetricQuery(metric: "revenue", limit: 1))
    let cursor = try #require(page.next)
    expectError(.invalid) { try reader.metricPage(MetricQuery(limit: 1), after: cursor) }
    expectError(.invalid) {
      try reader.metricPage(
        MetricQuery(metric: "revenue", limit: 1, newestFirst: true), after: cursor)
    }
    expectError(.invalid) { try reader.kpis(KPIQuery(), after: cursor) }
    expectError(.invalid) { try reader.alertPage(after: cursor) }
    for text in [
      "", "metrics_a", "metrics_a.", "Metrics.i1", "metrics_a.i", "metrics_a.i+1", "metrics_a.x1",
      "metrics_a.t1", "metrics_a.tzz", "metrics_a.tff", "metrics_a.i99999999999999999999",
      String(repeating: "a", count: Cursor.maxBytes) + ".i1", "m.i1 OR 1",
    ] {
      #expect(Cursor(text) == nil, "\(text)")
    }
    try file.close()
  }

  @Test func `The series of a metric are summed up, the greatest first`() throws {
    let directory = try TemporaryDirectory()
    let file = try ResultsFile.open(path: directory.file(), identity: shop)
    let (a, b, c) = (#"{"c":"a"}"#, #"{"c":"b"}"#, #"{"c":"c"}"#)
    _ = try file.commit(
      change([
        metric(at: 0, dimensions: a, value: 5), metric(at: 1, dimensions: a, value: 1),
        metric(at: 2, dimensions: b, value: 4, approximate: true, .provisional),
        metric(at: 2, dimensions: c, value: 4), metric("other", at: 2, value: 99),
      ]), durable: false)
    let reader = try ResultsReader.open(path: directory.file())
    defer { reader.close() }
    let found = try reader.series(of: "revenue", limit: 2)
    #expect(found.total == 3 && found.series.map(\.dimensions) == [a, b])
    #expect(found.series[0].sum == 6 && found.series[0].last == 1 && found.series[0].windows == 2)
    #expect(found.series[0].lastStart == EventTime(ms: minute))
    #expect(found.series[1].provisionalWindows == 1 && found.series[1].isApproximate)
    #expect(try reader.series(of: "revenue", by: .last).series.map(\.dimensions) == [b, c, a])
    let early = try reader.series(
      of: "revenue", from: EventTime(ms: minute), to: EventTime(ms: 2 * minute))
    #expect(early.series.map(\.sum) == [1])
    #expect(try reader.series(of: "revenue", dimensions: ["c": "b"]).series.map(\.sum) == [4])
    #expect(try reader.outlines().map(\.name) == ["other", "revenue"])
    try file.close()
  }
}
