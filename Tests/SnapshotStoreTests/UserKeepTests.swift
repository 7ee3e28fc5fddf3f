import StreamCore
import Testing

@testable import SnapshotStore

@Suite struct UserKeepTests {
  private let rules = [KeepRule(windowMs: day, keepMs: 100 * day)]

  @Test func `Old windows, cells and days go, the digest balances, and they do not come back`()
    throws
  {
    let directory = try TemporaryDirectory()
    let (path, whole) = (directory.file(), directory.file("whole.sqlite"))
    let file = try ResultsFile.open(
      path: path, identity: shop, options: StoreOptions(keep: rules))
    let complete = try ResultsFile.open(path: whole, identity: shop)
    let days: Int64 = 130
    func settled(_ today: Int64) -> ResultRows {
      rows {
        $0.funnels = [1, 2].map { keepFunnel("checkout", today, step: $0) }
        // Cells of the unit `today`: of the cohort itself and of the one 40 days before.
        $0.retention = [keepCell(today, 0)] + (today >= 40 ? [keepCell(today - 40, 40)] : [])
        $0.sessions = [keepVisits(today)]
      }
    }
    for today in 0..<days {
      let next = change(settled(today), next: today, watermark: (today + 1) * day)
      _ = try file.commit(next, durable: false)
      _ = try complete.commit(next, durable: false)
    }
    #expect(try file.resultDigest == complete.resultDigest)
    let report = try ResultsDigest.verify(path: path)
    #expect(report.isSound)
    for table in report.tables where ["funnels", "retention", "sessions"].contains(table.table) {
      #expect(table.prunedRows >= 28, "\(table)")
    }
    let reader = try ResultsReader.open(path: path)
    let oldest = [
      try reader.funnels().first?.entryEnd, try reader.sessions().first?.dayEnd,
      try reader.retention().map(\.unitEnd).min(),
    ]
    for end in oldest.compactMap(\.self) {
      let age = (days - 1) * day - end.ms
      #expect(age <= 101 * day && age > 97 * day)
    }
    // A cell of an old cohort stays while its own unit is young.
    #expect(try reader.retention().contains { $0.period == 40 && $0.unitStart.ms > 100 * day })
    reader.close()
    for today in 0..<days {
      _ = try file.commit(change(settled(today), next: days), durable: false)
    }
    #expect(try file.resultDigest == complete.resultDigest)
    try file.close()
    try complete.close()
    #expect(try ResultsDigest.verify(path: path).isSound)
  }

  @Test func `What settles long after its window is counted before it goes`() throws {
    let directory = try TemporaryDirectory()
    let path = directory.file()
    let file = try ResultsFile.open(
      path: path, identity: shop,
      options: StoreOptions(keep: [KeepRule(windowMs: day, keepMs: 2 * day)]))
    let complete = try ResultsFile.open(path: directory.file("whole.sqlite"), identity: shop)
    for today in 0..<40 as Range<Int64> {
      // One funnel settles at once, the other, whose users have 20 days, so much later.
      let next = change(
        rows {
          $0.funnels = [keepFunnel("quick", today, step: 1)]
          if today >= 20 { $0.funnels.append(keepFunnel("slow", today - 20, step: 1)) }
          $0.funnels.append(keepFunnel("slow", today, step: 1, .provisional))
        }, next: today, watermark: (today + 1) * day)
      _ = try file.commit(next, durable: false)
      _ = try complete.commit(next, durable: false)
    }
    #expect(try file.resultDigest == complete.resultDigest)
    let reader = try ResultsReader.open(path: path)
    let slow = try reader.funnels(StageQuery(name: "slow", status: .final))
    #expect(slow.count <= 2)
    #expect(try reader.funnels(StageQuery(name: "slow", status: .provisional)).count == 20)
    reader.close()
    try file.close()
    try complete.close()
    #expect(try ResultsDigest.verify(path: path).isSound)
  }

  private func keepFunnel(
    _ name: String, _ today: Int64, step: Int, _ status: ResultStatus = .final
  ) -> FunnelRow {
    var row = funnel(name, step: step, status)
    row.entryStart = EventTime(ms: today * day)
    row.entryEnd = EventTime(ms: (today + 1) * day)
    return row
  }

  private func keepCell(_ cohort: Int64, _ period: Int) -> RetentionRow {
    var row = cell(period: period)
    row.cohort = "\(1000 + cohort)-01-01"
    row.unitStart = EventTime(ms: (cohort + Int64(period)) * day)
    row.unitEnd = EventTime(ms: row.unitStart.ms + day)
    return row
  }

  private func keepVisits(_ today: Int64) -> SessionRow {
    var row = visits()
    row.dayStart = EventTime(ms: today * day)
    row.dayEnd = EventTime(ms: (today + 1) * day)
    return row
  }
}
