import StreamCore
import Testing

@testable import SnapshotStore

/// A row of a period of ten days; `asOf` in days after its start.
func kpi(
  _ name: String = "growth", period: Int64 = 0, asOf: Int64 = 10, value: Double = 5,
  previous: Double? = 4, movedBy: String? = "activity", moved: Double? = 0.5,
  approximate: Bool = false, _ status: ResultStatus = .final
) -> KPIRow {
  KPIRow(
    kpi: name, periodStart: EventTime(ms: period * 10 * day),
    periodEnd: EventTime(ms: (period + 1) * 10 * day),
    asOf: EventTime(ms: (period * 10 + asOf) * day), value: value, previous: previous,
    movedBy: movedBy, moved: moved, approximate: approximate, status: status)
}

func node(_ name: String, of parent: String? = nil, _ position: Int = 0) -> KPINode {
  KPINode(
    kpi: name, parent: parent, position: position, title: name == "growth" ? "营收" : nil,
    layer: parent == nil ? .business : .process, period: "10d", formula: "a + b",
    unit: parent == nil ? "CNY" : nil, owner: parent == nil ? nil : "ann",
    target: parent == nil ? 100 : nil, direction: parent == nil ? .up : .down)
}

@Suite struct KPITests {
  private func expectedDigest(_ rows: [KPIRow]) -> String {
    DocumentedDigest.sum(
      of: rows.map {
        [
          "kpis", $0.kpi, $0.periodStart.ms, $0.asOf.ms, $0.periodEnd.ms, $0.value, $0.previous,
          $0.movedBy, $0.moved, Int64($0.approximate ? 1 : 0),
        ]
      })
  }

  private func all(_ path: String) throws -> [KPIRow] {
    let reader = try ResultsReader.open(path: path)
    defer { reader.close() }
    return try reader.kpis(KPIQuery(limit: 10_000)).rows
  }

  @Test func `Rows of KPIs come back as written, and only settled ones count, as documented`()
    throws
  {
    let directory = try TemporaryDirectory()
    let path = directory.file()
    let file = try ResultsFile.open(path: path, identity: shop)
    let empty = try file.resultDigest
    let first = [
      kpi(asOf: 1), kpi(asOf: 2, previous: nil, movedBy: nil, moved: nil, approximate: true),
      kpi(asOf: 3, value: -0.0, moved: nil, .provisional), kpi("毛利", period: -1),
    ]
    _ = try file.commit(change(rows { $0.kpis = first }), durable: false)
    #expect(try all(path) == first)
    #expect(try file.resultDigest == expectedDigest(first.filter { $0.status == .final }))
    // A provisional row goes, a final one stays and may not change.
    _ = try file.commit(
      change(
        rows {
          $0.removed = first.map {
            .kpi(KPIKey(kpi: $0.kpi, periodStart: $0.periodStart, asOf: $0.asOf))
          }
        }), durable: false)
    #expect(try all(path) == first.filter { $0.status == .final })
    expectError(.conflict) {
      try file.commit(change(rows { $0.kpis = [kpi(asOf: 1, moved: 0.25)] }), durable: false)
    }
    for broken in [
      kpi(value: .nan), kpi(asOf: 11), kpi(asOf: 0), kpi(movedBy: nil, moved: 1),
    ] {
      expectError(.invalid) {
        try file.commit(change(rows { $0.kpis = [broken] }), durable: false)
      }
    }
    #expect(try file.resultDigest != empty)
    try file.close()
    #expect(try ResultsDigest.verify(path: path).isSound)
    try execute("UPDATE kpis SET moved_by = 'x' WHERE moved_by IS NOT NULL", on: path)
    #expect(try !ResultsDigest.verify(path: path).isSound)
  }

  @Test func `What two files say of a KPI is compared by its key`() throws {
    let directory = try TemporaryDirectory()
    let (a, b) = (directory.file("a.sqlite"), directory.file("b.sqlite"))
    for (path, value) in [(a, 1), (b, 2)] as [(String, Double)] {
      let file = try ResultsFile.open(path: path, identity: shop)
      _ = try file.commit(
        change(rows { $0.kpis = [kpi(asOf: 1), kpi(asOf: 2, value: value)] }), durable: false)
      try file.close()
    }
    let report = try ResultsDigest.diff(a, b)
    #expect(report.tables.map(\.differing) == inTables("kpis", 1))
    #expect(report.differences.first?.key == "kpi=growth period_start_ms=0 as_of_ms=172800000")
  }

  @Test func `A KPI ages with its period, not with the part of it that a row is about`() throws {
    let directory = try TemporaryDirectory()
    let path = directory.file()
    let options = StoreOptions(
      keep: [KeepRule(windowMs: day, keepMs: day), KeepRule(windowMs: 10 * day, keepMs: 45 * day)])
    let file = try ResultsFile.open(path: path, identity: shop, options: options)
    let complete = try ResultsFile.open(path: directory.file("whole.sqlite"), identity: shop)
    let parts = (0..<12).flatMap { period in (1...10).map { (Int64(period), Int64($0)) } }
    for (period, part) in parts {
      let next = change(
        rows { $0.kpis = [kpi(period: period, asOf: part)] }, next: period * 10 + part,
        watermark: (period * 10 + part) * day)
      _ = try file.commit(next, durable: false)
      _ = try complete.commit(next, durable: false)
    }
    let left = try all(path)
    // 45 days before the last period's start lie inside of the seventh: it stays as a whole.
    #expect(left.count == 60 && left.first?.periodStart.ms == 60 * day)
    // They do not come back when they are computed again.
    for (period, part) in parts {
      _ = try file.commit(
        change(rows { $0.kpis = [kpi(period: period, asOf: part)] }, next: 120), durable: false)
    }
    #expect(try all(path) == left)
    #expect(try file.resultDigest == complete.resultDigest)
    try file.close()
    try complete.close()
    #expect(try ResultsDigest.verify(path: path).isSound)
  }

  @Test func `The tree is replaced as a whole and read with each child behind its parent`() throws {
    let directory = try TemporaryDirectory()
    let file = try ResultsFile.open(path: directory.file(), identity: shop)
    let reader = try ResultsReader.open(path: directory.file())
    defer { reader.close() }
    let tree = [
      node("costs"), node("growth", of: nil, 1), node("orders", of: "growth", 0),
      node("visits", of: "orders"), node("price", of: "growth", 1),
    ]
    _ = try file.commit(change(next: 1) { $0.kpiTree = tree.reversed() }, durable: false)
    #expect(try reader.kpiTree() == tree)
    _ = try file.commit(change(next: 2), durable: false)
    #expect(try reader.kpiTree() == tree)
    _ = try file.commit(change(next: 3) { $0.kpiTree = [tree[0]] }, durable: false)
    #expect(try reader.kpiTree() == [tree[0]])
    try file.close()
  }

  @Test func `How a KPI stands is its newest rows and a curve of its last two periods`() throws {
    let directory = try TemporaryDirectory()
    let path = directory.file()
    let file = try ResultsFile.open(path: path, identity: shop)
    let rows = rows {
      $0.kpis = (1...10).map { kpi(period: 3, asOf: $0, value: Double($0)) }
      $0.kpis += (1...4).map { kpi(period: 4, asOf: $0, value: Double($0)) }
      $0.kpis += [
        kpi(period: 4, asOf: 5, value: 5, .provisional), kpi("new", asOf: 1, .provisional),
      ]
    }
    _ = try file.commit(change(rows), durable: false)
    let reader = try ResultsReader.open(path: path)
    defer { reader.close() }
    let standings = try reader.latestKPIs()
    #expect(standings.map(\.kpi) == ["growth", "new"])
    #expect(standings[0].settled == rows.kpis[13] && standings[0].provisional == rows.kpis[14])
    #expect(standings[0].newest == rows.kpis[14])
    #expect(standings[0].current == Array(rows.kpis[10...14]))
    #expect(standings[0].before == Array(rows.kpis[0...9]))
    #expect(standings[1].settled == nil && standings[1].before.isEmpty)
    let few = try reader.latestKPIs(points: 5)[0]
    #expect(few.before.map(\.value) == [2, 4, 6, 8, 10] && few.current == standings[0].current)
    let periods = try reader.kpiPeriods(of: "growth", limit: 9)
    #expect(periods.map(\.newest) == [rows.kpis[14], rows.kpis[9]])
    #expect(periods.map(\.settled) == [rows.kpis[13], rows.kpis[9]])
    #expect(try reader.kpiPeriods(of: "growth", limit: 1) == [periods[0]])
    #expect(try reader.kpiPeriods(of: "new", limit: 1).map(\.settled) == [nil])
    #expect(
      try reader.reach(of: .kpis, name: "growth")
        == StageReach(end: EventTime(ms: 45 * day), settledTo: EventTime(ms: 44 * day)))
    try file.close()
  }

  @Test func `A period is cut short where the input ended with more than a hundredth to go`()
    throws
  {
    let directory = try TemporaryDirectory()
    let file = try ResultsFile.open(path: directory.file(), identity: shop)
    let reader = try ResultsReader.open(path: directory.file())
    defer { reader.close() }
    #expect(try reader.inputEnd() == nil)
    _ = try file.commit(change(next: 1, watermark: 9 * day), durable: false)
    #expect(try reader.inputEnd() == nil)
    var ended = change(next: 2, watermark: EventTime.distantFuture.ms)
    ended.partitions = [partition(0, next: 2, clock: 5 * day), partition(1, next: 0, clock: day)]
    _ = try file.commit(ended, durable: false)
    try file.close()
    #expect(try reader.inputEnd() == EventTime(ms: 5 * day))
    let hour = day / 24
    // A hundredth of ten days is 2.4 hours.
    for (endMs, isCut) in [
      (10 * day, false), (10 * day - 2 * hour, false), (10 * day - 3 * hour, true), (-day, true),
    ] {
      #expect(kpi().isCutShort(by: EventTime(ms: endMs)) == isCut, "\(endMs)")
    }
    #expect(!kpi().isCutShort(by: nil))
  }

  @Test func `A file from before there were KPIs has none, and gets room for them`() throws {
    let directory = try TemporaryDirectory()
    let path = directory.file()
    try ResultsFile.open(path: path, identity: shop).close()
    try makeOlder(path, version: 4)
    let reader = try ResultsReader.open(path: path)
    #expect(try reader.kpis(KPIQuery()).rows.isEmpty && reader.kpiTree().isEmpty)
    #expect(try reader.latestKPIs().isEmpty && reader.kpiPeriods(of: "x", limit: 3).isEmpty)
    #expect(try reader.verdictPage().rows.isEmpty && reader.alertPage().rows.isEmpty)
    reader.close()
    let file = try ResultsFile.open(path: path, identity: shop)
    #expect(try ResultsDigest.verify(path: path).isSound)
    _ = try file.commit(change(rows { $0.kpis = [kpi()] }, next: 3), durable: false)
    try file.close()
    #expect(try ResultsDigest.verify(path: path).isSound)
  }
}
