import Foundation
import GRDB
import StreamCore
import Testing

@testable import SnapshotStore

/// Rows of all tables that may be restated, made from a seed.
private struct RandomRows {
  var random: Seeded

  /// Of each day some rows of each stage; days from `open` on are provisional.
  mutating func rows(days: Int64, openFrom open: Int64) -> ResultRows {
    var rows = ResultRows()
    for today in 0..<days {
      let status: ResultStatus = today < open ? .final : .provisional
      for name in ["revenue", "growth.active"] {
        for place in 0..<3 where Int.random(in: 0...3, using: &random) > 0 {
          rows.metrics.append(
            metric(
              name, at: today * 1440, size: 1440, dimensions: #"{"n":"\#(place)\""}"#,
              value: number(), exact: Bool.random(using: &random) ? "1.5" : nil, status))
        }
      }
      if Int.random(in: 0...3, using: &random) > 0 {
        for step in 1...2 {
          rows.funnels.append(
            funnel(
              day: today, step: step, users: Int64(number()), from: step == 1 ? 1 : nil,
              p50: Int64(number()), status))
        }
        rows.sessions.append(visits(day: today, events: Int64(number()), status))
      }
      // Half of a period and all of it.
      for part in [day / 2, day] where Int.random(in: 0...3, using: &random) > 0 {
        let start = today * day
        rows.kpis.append(
          KPIRow(
            kpi: "pace", periodStart: EventTime(ms: start), periodEnd: EventTime(ms: start + day),
            asOf: EventTime(ms: start + part), value: number(), status: status))
      }
      // The cells of one unit, of this cohort and of earlier ones.
      for period in 0...min(today, 2) where Int.random(in: 0...4, using: &random) > 0 {
        rows.retention.append(
          cell(cohort: today - period, period: Int(period), users: Int64(number()), status))
      }
    }
    return rows
  }

  /// The same with some rows changed, gone or new.
  mutating func changed(_ rows: ResultRows, days: Int64, openFrom open: Int64) -> ResultRows {
    let others = self.rows(days: days, openFrom: open)
    var mixed = ResultRows()
    mixed.metrics = mix(rows.metrics, others.metrics)
    mixed.funnels = mix(rows.funnels, others.funnels)
    mixed.sessions = mix(rows.sessions, others.sessions)
    mixed.retention = mix(rows.retention, others.retention)
    mixed.kpis = mix(rows.kpis, others.kpis)
    return mixed
  }

  /// Each window's rows of one or of the other.
  private mutating func mix<Row: StoredRow>(_ a: [Row], _ b: [Row]) -> [Row] {
    var takesOther: [EventTime: Bool] = [:]
    for row in a + b where takesOther[row.windowStart] == nil {
      takesOther[row.windowStart] = Int.random(in: 0...2, using: &random) == 0
    }
    return a.filter { takesOther[$0.windowStart] == false }
      + b.filter { takesOther[$0.windowStart] == true }
  }

  private mutating func number() -> Double { Double(Int.random(in: 1...3, using: &random)) }
}

private let allStages = [
  Restatement.Stage(StageName(.metrics, "revenue")),
  Restatement.Stage(StageName(.lifecycle, "growth")),
  Restatement.Stage(StageName(.funnels, "checkout")),
  Restatement.Stage(StageName(.retention, "daily")),
  Restatement.Stage(StageName(.sessions, "visits")),
  Restatement.Stage(StageName(.kpis, "pace")),
]

@Suite struct RestatementTests {
  /// Makes a file of these rows, whose watermark is at the end of the last closed day.
  private func make(
    _ path: String, _ rows: ResultRows, openFrom open: Int64,
    manifest: [String: String] = [:], options: StoreOptions = StoreOptions()
  ) throws -> ResultsFile {
    let file = try ResultsFile.open(path: path, identity: shop, options: options)
    var all = change(rows, next: 5, watermark: open * day)
    all.manifest = manifest
    _ = try file.commit(all, durable: true)
    return file
  }

  private func restatement(
    _ directory: TemporaryDirectory, from: Int64? = nil, to: Int64? = nil,
    stages: [Restatement.Stage] = allStages
  ) -> Restatement {
    Restatement(
      replay: directory.file("replay.sqlite"), live: directory.file(), stages: stages,
      from: from.map { EventTime(ms: $0 * day) }, to: to.map { EventTime(ms: $0 * day) },
      by: "ann", reason: "a bug")
  }

  /// What `live` has to hold afterwards: of windows that both closed, within the range, `replay`'s.
  private func expected<Row: StoredRow>(
    _ live: [Row], _ replay: [Row], _ isIn: (Row) -> Bool
  ) -> [Row] {
    live.filter { !isIn($0) } + replay.filter(isIn)
  }

  @Test func `Closed windows of the range hold afterwards what the replay holds, and no others`()
    throws
  {
    var maker = RandomRows(random: Seeded("restate"))
    for round in 0..<12 {
      let directory = try TemporaryDirectory()
      let days: Int64 = 12
      let open = Int64.random(in: 8...days, using: &maker.random)
      let replayOpen = Int64.random(in: 6...days, using: &maker.random)
      let (from, to) = (round % 3 == 0 ? nil : Int64(2), round % 4 == 0 ? nil : Int64(9))
      let live = maker.rows(days: days, openFrom: open)
      let again = maker.changed(live.with(.final), days: replayOpen, openFrom: replayOpen)
      var replay = again
      replay.metrics.removeAll { $0.windowEnd.ms > replayOpen * day }
      replay.funnels.removeAll { $0.entryEnd.ms > replayOpen * day }
      replay.sessions.removeAll { $0.dayEnd.ms > replayOpen * day }
      replay.retention.removeAll { $0.unitEnd.ms > replayOpen * day }
      replay.kpis.removeAll { $0.periodEnd.ms > replayOpen * day }
      try make(directory.file("replay.sqlite"), replay, openFrom: replayOpen).close()
      try make(directory.file(), live, openFrom: open).close()
      let restatement = restatement(directory, from: from, to: to)
      let counts = try restatement.apply(now: WallTime(ms: 77)).get()

      let closed = min(open, replayOpen) * day
      func isIn(_ row: some StoredRow) -> Bool {
        row.windowStart.ms >= (from ?? 0) * day && row.windowEnd.ms <= min(closed, (to ?? 99) * day)
      }
      var wanted = ResultRows()
      wanted.metrics = expected(live.metrics, replay.metrics, isIn)
      wanted.funnels = expected(live.funnels, replay.funnels, isIn)
      wanted.sessions = expected(live.sessions, replay.sessions, isIn)
      wanted.retention = expected(live.retention, replay.retention, isIn)
      wanted.kpis = expected(live.kpis, replay.kpis, isIn)
      try make(directory.file("wanted.sqlite"), wanted, openFrom: open).close()
      let differences = try ResultsDigest.diff(directory.file(), directory.file("wanted.sqlite"))
      #expect(differences.isEmpty, "round \(round): \(differences)")
      #expect(try ResultsDigest.verify(path: directory.file()).isSound)
      let reader = try ResultsReader.open(path: directory.file())
      defer { reader.close() }
      let noted = try reader.restatements(limit: 10_000)
      #expect(noted.count == counts.reduce(0) { $0 + $1.changes })
      #expect(noted.filter { $0.new == nil }.count == counts.reduce(0) { $0 + $1.removed })
      #expect(noted.filter { $0.old == nil }.count == counts.reduce(0) { $0 + $1.inserted })
      #expect(noted.allSatisfy { $0.by == "ann" && $0.reason == "a bug" && $0.restated.ms == 77 })
      // Said again it is nothing new.
      let second = try restatement.apply(now: WallTime(ms: 78)).get()
      #expect(second.allSatisfy { $0.changes == 0 })
    }
  }

  @Test func `What was restated stands when a worker computes the old rows again`() throws {
    let directory = try TemporaryDirectory()
    let old = rows {
      $0.metrics = [metric(at: 0, value: 1), metric(at: 1, value: 2), metric(at: 3, value: 9)]
    }
    let new = rows { $0.metrics = [metric(at: 1, value: 5), metric(at: 2, value: 6)] }
    let watermark = 10 * minute
    for (name, rows) in [("shop.sqlite", old), ("replay.sqlite", new)] {
      let file = try ResultsFile.open(path: directory.file(name), identity: shop)
      _ = try file.commit(change(rows, next: 1, watermark: watermark), durable: true)
      try file.close()
    }
    let stages = [Restatement.Stage(StageName(.metrics, "revenue"))]
    let counts = try restatement(directory, stages: stages).apply(now: WallTime(ms: 1)).get()
    #expect(counts.map { [$0.replaced, $0.inserted, $0.removed, $0.unchanged] } == [[1, 1, 2, 0]])
    let noted = try ResultsReader.open(path: directory.file()).restatements(from: nil)
    #expect(noted.map(\.windowStart.ms) == [0, minute, 2 * minute, 3 * minute])
    #expect(noted[0].key == #"{"dimensions":{},"metric":"revenue","window_start_ms":0}"#)
    #expect(
      noted[1].old == #"{"approximate":0,"dimensions":{},"metric":"revenue","samples":1,"#
        + #""status":"final","value":2,"value_exact":null,"window_end_ms":120000,"#
        + #""window_start_ms":60000}"#)
    #expect(noted[1].new?.contains(#""status":"restated","value":5,"#) == true)
    #expect(noted[0].new == nil && noted[2].old == nil)
    #expect(noted[0].replay == directory.file("replay.sqlite") && noted[0].replayDigest.count == 64)

    let file = try ResultsFile.open(path: directory.file(), identity: shop)
    let digest = try file.resultDigest
    _ = try file.commit(change(old, next: 1, watermark: watermark), durable: true)
    #expect(try file.resultDigest == digest)
    // Only what was restated is not compared.
    _ = try file.commit(change([metric(at: 4, value: 1)], next: 1), durable: true)
    expectError(.conflict) {
      try file.commit(change([metric(at: 4, value: 2)], next: 1), durable: true)
    }
    try file.close()
    #expect(
      try ResultsDigest.diff(directory.file(), directory.file("replay.sqlite"))
        .tables.map(\.differing) == inTables("metrics", 1))
    #expect(try ResultsDigest.verify(path: directory.file()).isSound)
  }

  @Test func `Rows that keep removed, open windows and incomplete ones are left alone`() throws {
    let directory = try TemporaryDirectory()
    func metrics(_ value: Double, _ days: Range<Int64>) -> [MetricRow] {
      days.map { metric(at: $0 * 1440, size: 1440, value: value) }
    }
    var options = StoreOptions()
    options.keep = [KeepRule(windowMs: day, keepMs: 6 * day)]
    let live = try ResultsFile.open(path: directory.file(), identity: shop, options: options)
    for last in [8, 10] as [Int64] {
      let rows = rows {
        $0.metrics =
          metrics(1, 0..<last)
          + metrics(1, last..<11).map {
            var row = $0
            row.status = .provisional
            return row
          }
      }
      _ = try live.commit(change(rows, next: last, watermark: last * day), durable: true)
    }
    let kept = try ResultsReader.open(path: directory.file()).metrics(
      MetricQuery(status: .final)
    ).map { $0.windowStart.ms / day }
    #expect(kept.first.map { $0 > 0 } == true)
    try live.close()
    let replay = rows { $0.metrics = metrics(2, 0..<11) }
    let manifest = [
      ManifestKey.completeFrom("metrics.revenue"): "\(6 * day)",
      ManifestKey.replayUntilMs: "\(9 * day)",
    ]
    try make(directory.file("replay.sqlite"), replay, openFrom: 11, manifest: manifest).close()
    let counts = try restatement(directory, stages: [.init(StageName(.metrics, "revenue"))])
      .apply(now: WallTime(ms: 1), options: options).get()
    #expect(counts.map(\.replaced) == [3] && counts.map(\.inserted) == [0])
    let values = try ResultsReader.open(path: directory.file()).metrics()
    for row in values {
      let isRestated = (6..<9).contains(row.windowStart.ms / day)
      #expect(row.value == (isRestated ? 2 : 1))
      #expect((row.status == .restated) == isRestated)
    }
    #expect(values.map { $0.windowStart.ms / day } == kept + [10])
    #expect(try ResultsDigest.verify(path: directory.file()).isSound)
  }

  @Test func `Cohorts that begin before a replay is complete keep their cells`() throws {
    let directory = try TemporaryDirectory()
    let live = rows {
      $0.retention = [cell(cohort: 1), cell(cohort: 1, period: 2), cell(cohort: 3, users: 8)]
    }
    let replay = rows { $0.retention = [cell(cohort: 3, users: 9)] }
    try make(directory.file(), live, openFrom: 5).close()
    let manifest = [ManifestKey.completeFrom("retention.daily"): "\(2 * day)"]
    try make(directory.file("replay.sqlite"), replay, openFrom: 5, manifest: manifest).close()
    let counts = try restatement(directory, stages: [.init(StageName(.retention, "daily"))])
      .apply(now: WallTime(ms: 1)).get()
    #expect(counts.map { [$0.replaced, $0.removed, $0.leftAlone] } == [[1, 0, 2]])
  }

  @Test func `A funnel's window without rows is closed only after its chains are over`() throws {
    let directory = try TemporaryDirectory()
    try make(directory.file(), rows { $0.funnels = [funnel(day: 1)] }, openFrom: 5).close()
    let replay = rows { $0.funnels = [funnel(day: 1), funnel(day: 3)] }
    try make(directory.file("replay.sqlite"), replay, openFrom: 5).close()
    let name = StageName(.funnels, "checkout")
    for (within, inserted) in [(2 * day, 0), (day, 1)] {
      let counts = try restatement(directory, stages: [.init(name, settlesAfterMs: within)])
        .apply(now: WallTime(ms: 1)).get()
      #expect(counts.map(\.inserted) == [inserted])
    }
    // An open window stays open, whatever is settled after it.
    let open = rows { $0.funnels = [funnel(day: 1, .provisional), funnel(day: 4)] }
    try FileManager.default.removeItem(atPath: directory.file())
    try make(directory.file(), open, openFrom: 5).close()
    let before = try contents(of: directory.file(), tables: ["funnels"])
    let counts = try restatement(directory, stages: [.init(name)]).apply(now: WallTime(ms: 1)).get()
    #expect(counts.map(\.changes) == [0] && counts.map(\.leftAlone) == [1])
    #expect(try contents(of: directory.file(), tables: ["funnels"]) == before)
  }

  @Test func `What may not be restated is refused with the way on, and nothing is changed`() throws
  {
    let directory = try TemporaryDirectory()
    let replay = directory.file("replay.sqlite")
    try make(directory.file(), .oneOfEach(.final), openFrom: 5).close()
    let manifest = [ManifestKey.completeFrom("retention.daily"): "\(EventTime.distantFuture.ms)"]
    try make(replay, .oneOfEach(times: 2, .final), openFrom: 5, manifest: manifest).close()
    let before = try contents(of: directory.file())
    func refusal(_ change: (inout Restatement) -> Void) throws -> String {
      var order = restatement(directory, stages: [.init(StageName(.funnels, "checkout"))])
      change(&order)
      switch try order.apply(now: WallTime(ms: 1)) {
      case .success(let counts): return "\(counts)"
      case .failure(let refusal): return refusal.description
      }
    }
    #expect(try refusal { $0.by = " " }.contains("the name of who restates is missing"))
    #expect(try refusal { $0.reason = "" }.contains("a reason is missing"))
    #expect(try refusal { $0.stages = [.init(StageName(.alerts, "a"))] }.contains("was told"))
    #expect(try refusal { $0.stages = [.init(StageName(.risks, "a"))] }.contains("was told"))
    #expect(try refusal { $0.stages += [allStages[3]] }.contains("weir adopt"))
    #expect(try refusal { $0.replay = $0.live }.contains("both are"))
    let other = PipelineIdentity(
      name: "shop", definition: "every: 2m", tzdataVersion: "1", weirVersion: "1")
    let file = try ResultsFile.open(path: directory.file("other.sqlite"), identity: other)
    _ = try file.commit(change(), durable: true)
    try file.close()
    #expect(
      try refusal { $0.replay = directory.file("other.sqlite") }.contains("another definition"))
    let growth = PipelineIdentity(
      name: "growth", definition: shop.definition, tzdataVersion: "1", weirVersion: "1")
    try ResultsFile.open(path: directory.file("growth.sqlite"), identity: growth).close()
    #expect(try refusal { $0.replay = directory.file("growth.sqlite") }.contains("'growth'"))
    let held = try ResultsFile.open(path: directory.file(), identity: shop)
    let error = expectError(.locked) { try refusal { _ in } }
    #expect(error?.what.contains("process \(getpid()) ") == true)
    try held.close()
    let tables = ResultTable.all.map(\.name) + ["restatements"]
    #expect(
      try contents(of: directory.file(), tables: tables)
        == before.filter {
          tables.contains($0.key)
        })
  }
}
