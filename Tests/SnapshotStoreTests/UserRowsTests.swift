import StreamCore
import Testing

@testable import SnapshotStore

/// What `reader` finds in all tables of users, and the same in `rows`.
private func expectStored(
  _ rows: ResultRows, in path: String, sourceLocation: SourceLocation = #_sourceLocation
) throws {
  let reader = try ResultsReader.open(path: path)
  defer { reader.close() }
  #expect(try reader.funnels() == rows.funnels, sourceLocation: sourceLocation)
  #expect(try reader.retention() == rows.retention, sourceLocation: sourceLocation)
  #expect(try reader.sessions() == rows.sessions, sourceLocation: sourceLocation)
}

@Suite struct UserRowsTests {
  @Test func `Rows of users are read back as they were written, null and Chinese included`() throws
  {
    let directory = try TemporaryDirectory()
    let file = try ResultsFile.open(path: directory.file(), identity: shop)
    let written = rows {
      $0.funnels = [
        funnel(dimensions: #"{"城市":"北京"}"#, stepName: "浏览", p90: 7_000),
        funnel(
          dimensions: #"{"城市":"北京"}"#, step: 2, stepName: "支付", users: 0, from: 0, previous: nil,
          p50: nil, p90: nil, .provisional),
        funnel("z", step: 3, stepName: "", users: 1, from: nil, previous: 1.0 / 3),
      ]
      $0.retention = [
        cell(amount: "-0.000000001"), cell(period: 12, users: 0, amount: "0", .provisional),
        cell("无", cohort: 4),
      ]
      $0.sessions = [
        visits(), visits(day: 1, entry: "{}", exit: #"{"(other)":4}"#, .provisional),
      ]
    }
    _ = try file.commit(change(written), durable: false)
    try expectStored(written, in: directory.file())
    try file.close()
    #expect(try ResultsDigest.verify(path: directory.file()).isSound)
  }

  @Test func `Provisional rows of users come, change and go; final ones stay`() throws {
    let directory = try TemporaryDirectory()
    let file = try ResultsFile.open(path: directory.file(), identity: shop)
    let empty = try file.resultDigest
    _ = try file.commit(change(.oneOfEach(.provisional)), durable: false)
    try expectStored(.oneOfEach(.provisional), in: directory.file())
    _ = try file.commit(change(.oneOfEach(times: 2, .provisional)), durable: false)
    try expectStored(.oneOfEach(times: 2, .provisional), in: directory.file())
    #expect(try file.resultDigest == empty)

    _ = try file.commit(change(.oneOfEach(times: 3, .final)), durable: false)
    let digest = try file.resultDigest
    #expect(digest != empty)
    var late = ResultRows.oneOfEach(times: 4, .provisional)
    late.removed = [
      .funnel(MetricKey(metric: "checkout", windowStart: EventTime(ms: 0), dimensions: "{}")),
      .retention(
        RetentionKey(retention: "daily", cohort: dayText(0), period: 0, dimensions: "{}")),
      .session(MetricKey(metric: "visits", windowStart: EventTime(ms: 0), dimensions: "{}")),
    ]
    _ = try file.commit(change(late), durable: false)
    _ = try file.commit(change(.oneOfEach(times: 3, .final)), durable: false)
    try expectStored(.oneOfEach(times: 3, .final), in: directory.file())
    #expect(try file.resultDigest == digest)

    _ = try file.commit(change(.oneOfEach(times: 5, .restated)), durable: false)
    try expectStored(.oneOfEach(times: 5, .restated), in: directory.file())
    try file.close()
    #expect(try ResultsDigest.verify(path: directory.file()).isSound)
  }

  @Test func `A funnel's key takes all its steps away, before new rows are written`() throws {
    let directory = try TemporaryDirectory()
    let file = try ResultsFile.open(path: directory.file(), identity: shop)
    let kept = [
      funnel(day: 1, .provisional), funnel(dimensions: #"{"a":1}"#, .provisional),
      funnel("other", .provisional),
    ]
    let first = rows {
      $0.funnels = kept + (1...4).map { funnel(step: $0, .provisional) }
      $0.retention = [
        cell("daily", .provisional), cell(period: 1, .provisional),
        cell(dimensions: #"{"a":1}"#, .provisional),
      ]
      $0.sessions = [visits("visits", .provisional), visits(day: 1, .provisional)]
      $0.metrics = [metric("checkout", value: 1, .provisional)]
    }
    _ = try file.commit(change(first), durable: false)
    let second = rows {
      $0.funnels = [funnel(step: 2, users: 1, .provisional)]
      $0.removed = [
        .funnel(MetricKey(metric: "checkout", windowStart: EventTime(ms: 0), dimensions: "{}")),
        .retention(
          RetentionKey(retention: "daily", cohort: dayText(0), period: 1, dimensions: "{}")),
        .session(MetricKey(metric: "visits", windowStart: EventTime(ms: day), dimensions: "{}")),
      ]
    }
    _ = try file.commit(change(second), durable: false)
    let reader = try ResultsReader.open(path: directory.file())
    #expect(
      try reader.funnels() == [kept[1], second.funnels[0], kept[0], kept[2]])
    #expect(try reader.retention() == [first.retention[2], first.retention[0]])
    #expect(try reader.sessions() == [first.sessions[0]])
    #expect(try reader.metrics() == first.metrics)
    reader.close()
    try file.close()
  }

  @Test func `After a restart all provisional rows go first, of every table`() throws {
    let directory = try TemporaryDirectory()
    let file = try ResultsFile.open(path: directory.file(), identity: shop)
    var early = ResultRows.oneOfEach(.provisional)
    early.metrics = [metric("revenue", value: 1, .provisional)]
    early.funnels.append(funnel(day: 1))
    early.retention.append(cell(cohort: 1))
    early.sessions.append(visits(day: 1))
    _ = try file.commit(change(early), durable: false)
    var again = change(rows { $0.sessions = [visits(day: 2, .provisional)] })
    again.dropsProvisional = true
    _ = try file.commit(again, durable: false)
    let left = rows {
      $0.funnels = [funnel(day: 1)]
      $0.retention = [cell(cohort: 1)]
      $0.sessions = [visits(day: 1), visits(day: 2, .provisional)]
    }
    try expectStored(left, in: directory.file())
    #expect(try ResultsReader.open(path: directory.file()).metrics().isEmpty)
    try file.close()
  }

  static let different: [ResultRows] = [
    rows { $0.funnels = [funnel(stepName: "x")] }, rows { $0.funnels = [funnel(users: 4)] },
    rows { $0.funnels = [funnel(from: nil)] }, rows { $0.funnels = [funnel(previous: 0.5)] },
    rows { $0.funnels = [funnel(p50: 1)] }, rows { $0.funnels = [funnel(p90: nil)] },
    rows { $0.retention = [cell(users: 4)] }, rows { $0.retention = [cell(amount: "1")] },
    rows { $0.sessions = [visits(sessions: 5)] }, rows { $0.sessions = [visits(users: 4)] },
    rows { $0.sessions = [visits(events: 8)] }, rows { $0.sessions = [visits(bounces: 0)] },
    rows { $0.sessions = [visits(durationMs: 1)] }, rows { $0.sessions = [visits(entry: "{}")] },
    rows { $0.sessions = [visits(exit: "{}")] },
  ]

  @Test(arguments: different)
  func `A final row of users that differs is a conflict and commits nothing`(other: ResultRows)
    throws
  {
    let directory = try TemporaryDirectory()
    let file = try ResultsFile.open(path: directory.file(), identity: shop)
    let stored = rows {
      ($0.funnels, $0.retention, $0.sessions) = ([funnel()], [cell()], [visits()])
    }
    _ = try file.commit(change(stored, next: 1), durable: false)
    let digest = try file.resultDigest
    var bad = change(other, next: 9)
    bad.rows.metrics = [metric()]
    let error = expectError(.conflict) { try file.commit(bad, durable: false) }
    #expect(error?.what.contains("window [0, 86400000)") == true)
    try expectStored(stored, in: directory.file())
    #expect(try file.resultDigest == digest)
    #expect(try file.commit(change(stored, next: 9), durable: false) == 2)
    try file.close()
  }

  static let impossible: [ResultRows] = [
    rows { $0.funnels = [funnel(step: 0)] }, rows { $0.funnels = [funnel(users: -1)] },
    rows { $0.funnels = [funnel(from: 1.5)] }, rows { $0.funnels = [funnel(previous: .nan)] },
    rows { $0.funnels = [funnel(p50: -1)] }, rows { $0.funnels = [funnel(dimensions: "[]")] },
    rows { $0.retention = [cell(users: -1)] }, rows { $0.retention = [cell(amount: "nan")] },
    rows { $0.retention = [cell(amount: "x")] }, rows { $0.retention = [cell(dimensions: "")] },
    rows { $0.sessions = [visits(bounces: -1)] }, rows { $0.sessions = [visits(entry: "view")] },
    rows { $0.sessions = [visits(exit: "[1]")] },
  ]

  @Test(arguments: impossible)
  func `Rows of users that cannot be are refused`(bad: ResultRows) throws {
    let directory = try TemporaryDirectory()
    let file = try ResultsFile.open(path: directory.file(), identity: shop)
    expectError(.invalid) { try file.commit(change(bad), durable: false) }
    try expectStored(ResultRows(), in: directory.file())
    try file.close()
  }

  @Test func `Rows are found by name, time, dimensions, status and cohort`() throws {
    let directory = try TemporaryDirectory()
    let file = try ResultsFile.open(path: directory.file(), identity: shop)
    let stored = rows {
      $0.funnels = [
        funnel(), funnel(step: 2), funnel(day: 2, dimensions: #"{"app":"ios"}"#, .provisional),
        funnel("order", day: 1),
      ]
      $0.retention = [cell(), cell(period: 2), cell(cohort: 1), cell("weekly", cohort: 1)]
      $0.sessions = [visits(), visits(day: 1), visits(day: 2, .provisional)]
    }
    _ = try file.commit(change(stored), durable: false)
    let reader = try ResultsReader.open(path: directory.file())
    func funnels(_ query: StageQuery) throws -> [Int] {
      try reader.funnels(query).map { stored.funnels.firstIndex(of: $0) ?? -1 }
    }
    #expect(try funnels(StageQuery(name: "checkout")) == [0, 1, 2])
    #expect(try funnels(StageQuery(newestFirst: true)) == [2, 3, 0, 1])
    #expect(try funnels(StageQuery(status: .provisional)) == [2])
    #expect(try funnels(StageQuery(from: EventTime(ms: day), to: EventTime(ms: 2 * day))) == [3])
    #expect(try funnels(StageQuery(dimensions: ["app": "ios"])) == [2])
    #expect(try funnels(StageQuery(limit: 1)) == [0])
    #expect(try reader.retention(StageQuery(name: "daily")) == Array(stored.retention[..<3]))
    #expect(
      try reader.retention(StageQuery(name: "daily"), fromCohort: dayText(1))
        == [stored.retention[2]])
    #expect(try reader.sessions(StageQuery(from: EventTime(ms: 1))) == Array(stored.sessions[1...]))
    #expect(
      try reader.latestStarts(of: .funnels, name: "checkout", limit: 9).map(\.ms) == [2 * day, 0])
    #expect(
      try reader.latestStarts(
        of: .funnels, name: "checkout", before: EventTime(ms: 2 * day), limit: 9
      ).map(\.ms) == [0])
    #expect(try reader.latestCohorts(of: "daily", limit: 1) == [dayText(1)])
    #expect(
      try reader.reach(of: .retention, name: "daily")
        == StageReach(end: EventTime(ms: 3 * day), settledTo: EventTime(ms: 3 * day)))
    #expect(
      try reader.reach(of: .sessions, name: "visits")
        == StageReach(end: EventTime(ms: 3 * day), settledTo: EventTime(ms: 2 * day)))
    #expect(try reader.reach(of: .sessions, name: "none") == nil)
    #expect(try reader.names(of: .funnels) == ["checkout", "order"])
    #expect(try reader.names(of: .metrics) == [])
    let summaries = try reader.stages()
    #expect(summaries.map(\.name) == ["checkout", "order", "daily", "weekly", "visits"])
    #expect(
      summaries.first
        == StageSummary(
          kind: .funnels, name: "checkout", rows: 3, provisionalRows: 1, start: EventTime(ms: 0),
          end: EventTime(ms: 3 * day)))
    reader.close()
    try file.close()
  }
}
