import StreamCore
import Testing

@testable import SnapshotStore

@Suite struct UserDigestTests {
  private func columns(of rows: ResultRows) -> [[Any?]] {
    rows.funnels.map {
      [
        "funnels", $0.funnel, $0.entryStart.ms, $0.dimensions, Int64($0.step), $0.entryEnd.ms,
        $0.entryDay, $0.stepName, $0.users, $0.conversionFromStart, $0.conversionFromPrevious,
        $0.p50Ms, $0.p90Ms,
      ]
    }
      + rows.retention.map {
        [
          "retention", $0.retention, $0.cohort, Int64($0.period), $0.dimensions, $0.unitStart.ms,
          $0.unitEnd.ms, $0.users, $0.amount, $0.amountExact,
        ]
      }
      + rows.sessions.map {
        [
          "sessions", $0.session, $0.dayStart.ms, $0.dimensions, $0.dayEnd.ms, $0.day, $0.sessions,
          $0.users, $0.events, $0.bounces, $0.durationMs, $0.entryEvents, $0.exitEvents,
        ]
      }
  }

  private func expectedDigest(_ rows: ResultRows) -> String {
    DocumentedDigest.sum(of: columns(of: rows))
  }

  private func randomRows(_ random: inout Seeded) -> ResultRows {
    var rows = ResultRows()
    for dimensions in [#"{}"#, #"{"city":null}"#, #"{"city":"北京"}"#] {
      for start in 0..<Int64.random(in: 1...6, using: &random) {
        let share = Double.random(in: 0...1, using: &random)
        for step in 1...3 {
          rows.funnels.append(
            funnel(
              day: start, dimensions: dimensions, step: step, stepName: "step \(step)",
              users: .random(in: 0...9, using: &random), from: share,
              previous: Bool.random(using: &random) ? nil : -0.0,
              p50: Bool.random(using: &random) ? nil : start))
        }
        for period in 0...Int.random(in: 0...4, using: &random) {
          let amount = Bool.random(using: &random) ? "\(start).25" : nil
          rows.retention.append(
            cell(cohort: start, period: period, dimensions: dimensions, amount: amount))
        }
        rows.sessions.append(
          visits(
            day: start, dimensions: dimensions, durationMs: .random(in: 0...1 << 40, using: &random)
          ))
      }
    }
    return rows
  }

  /// Commits the rows in some order and batching, each perhaps provisional or a second time.
  private func commit(_ rows: ResultRows, to path: String, _ random: inout Seeded) throws -> String
  {
    let file = try ResultsFile.open(path: path, identity: shop)
    defer { try? file.close() }
    func batches<Row>(_ all: [Row]) -> ArraySlice<Row> { all.shuffled(using: &random)[...] }
    for _ in 0..<2 {
      if Bool.random(using: &random) {
        _ = try file.commit(change(rows.with(.provisional)), durable: false)
      }
      var (a, b, c) = (batches(rows.funnels), batches(rows.retention), batches(rows.sessions))
      while !(a.isEmpty && b.isEmpty && c.isEmpty) {
        let count = Int.random(in: 1...12, using: &random)
        let batch = SnapshotStoreTests.rows {
          $0.funnels = Array(a.prefix(count))
          $0.retention = Array(b.prefix(count))
          $0.sessions = Array(c.prefix(count))
        }
        (a, b, c) = (a.dropFirst(count), b.dropFirst(count), c.dropFirst(count))
        _ = try file.commit(change(batch), durable: false)
      }
    }
    return try file.resultDigest
  }

  @Test func `Any order and batching of rows of users gives one digest, as documented`() throws {
    var random = Seeded("digest of users")
    for _ in 0..<12 {
      let directory = try TemporaryDirectory()
      let rows = randomRows(&random)
      let (a, b) = (directory.file("a.sqlite"), directory.file("b.sqlite"))
      let digests = [try commit(rows, to: a, &random), try commit(rows, to: b, &random)]
      #expect(digests == [expectedDigest(rows), expectedDigest(rows)])
      let counts = [0, 0, rows.funnels.count, 0, 0, rows.retention.count, rows.sessions.count]
        .map(Int64.init)
      let report = try ResultsDigest.diff(a, b)
      #expect(report.isEmpty && report.tables.map(\.equal) == counts)
      let verified = try ResultsDigest.verify(path: a)
      #expect(verified.isSound && verified.tables.map(\.rows) == counts)
    }
  }

  @Test func `Diff says in which rows of users two files differ`() throws {
    let directory = try TemporaryDirectory()
    let (a, b) = (directory.file("a.sqlite"), directory.file("b.sqlite"))
    for (path, users) in [(a, 3), (b, 4)] as [(String, Int64)] {
      let file = try ResultsFile.open(path: path, identity: shop)
      let stored = rows {
        $0.funnels = [funnel(users: users)]
        $0.retention = [cell(period: Int(users), amount: "2")]
        $0.sessions = [visits(users: users), visits(day: users)]
      }
      _ = try file.commit(change(stored), durable: false)
      try file.close()
    }
    let report = try ResultsDigest.diff(a, b)
    #expect(report.tables.map(\.table) == digestedTables)
    #expect(report.tables.map(\.changed) == [0, 0, 1, 0, 0, 0, 1])
    #expect(report.tables.map(\.onlyInA) == [0, 0, 0, 0, 0, 1, 1])
    let first = try #require(report.differences.first)
    #expect(first.key == "funnel=checkout entry_start_ms=0 dimensions={} step=1")
    #expect(first.b?.contains("users=4 conversion_from_start=1.0") == true)
  }

  @Test(arguments: [
    "UPDATE funnels SET p90_ms = p90_ms + 1", "UPDATE funnels SET conversion_from_start = NULL",
    "UPDATE retention SET amount = 2, amount_exact = '2'", "DELETE FROM retention",
    "UPDATE sessions SET exit_events = '{}'", "UPDATE sessions SET status = 'provisional'",
    "UPDATE run_manifest SET value = hex(zeroblob(32)) WHERE key = 'result_digest.sessions'",
    "DROP TABLE funnels",
  ])
  func `Verify notices what somebody changed in rows of users`(sql: String) throws {
    let directory = try TemporaryDirectory()
    let file = try ResultsFile.open(path: directory.file(), identity: shop)
    _ = try file.commit(change(.oneOfEach(.final)), durable: false)
    try file.close()
    #expect(try ResultsDigest.verify(path: directory.file()).isSound)
    try execute(sql, on: directory.file())
    #expect(try !ResultsDigest.verify(path: directory.file()).isSound)
  }
}
