import GRDB
import StreamCore
import Testing

@testable import SnapshotStore

@Suite struct KeepTests {
  private let rules = [
    KeepRule(windowMs: 60 * minute, keepMs: 400 * day), KeepRule(windowMs: minute, keepMs: 7 * day),
    KeepRule(windowMs: day, keepMs: nil),
  ]

  @Test(
    arguments: [
      (minute, 7 * day), (1, 7 * day), (minute + 1, 400 * day), (60 * minute, 400 * day),
      (61 * minute, nil), (day, nil), (25 * 60 * minute, nil), (400 * day, nil),
    ] as [(Int64, Int64?)])
  func `A window falls under the first rule that it does not exceed`(
    size: Int64, keep: Int64?
  ) throws {
    let db = try DatabaseQueue()
    #expect(try db.read { ResultKeeper($0, rules: rules).keepMs(ofWindow: size) } == keep)
  }

  @Test func `A day of 25 hours counts as a day`() throws {
    let rules = [KeepRule(windowMs: day, keepMs: 5), KeepRule(windowMs: 7 * day, keepMs: nil)]
    let db = try DatabaseQueue()
    #expect(
      try db.read { ResultKeeper($0, rules: rules).keepMs(ofWindow: day + 60 * minute) } == 5)
  }

  @Test func `Old rows go, the digest and verify still balance, and they do not come back`() throws
  {
    let directory = try TemporaryDirectory()
    let (path, whole) = (directory.file(), directory.file("whole.sqlite"))
    var options = StoreOptions(keep: rules)
    var file = try ResultsFile.open(path: path, identity: shop, options: options)
    let complete = try ResultsFile.open(path: whole, identity: shop)
    var rows: [MetricRow] = []
    for hour in 0..<(24 * 9) as Range<Int64> {
      let start = hour * 60
      let batch = [
        metric("by_minute", at: start), metric("by_hour", at: start, size: 60),
        metric("open", at: start, .provisional),
      ]
      rows += batch
      let watermark = (start + 60) * minute
      _ = try file.commit(change(batch, next: hour, watermark: watermark), durable: false)
      _ = try complete.commit(change(batch, next: hour, watermark: watermark), durable: false)
      if hour == 200 {
        try file.close()
        file = try ResultsFile.open(path: path, identity: shop, options: options)
      }
    }
    let reader = try ResultsReader.open(path: path)
    let oldest = try #require(try reader.metrics(MetricQuery(metric: "by_minute")).first)
    let newestStart = (24 * 9 - 1) * 60 * minute
    let age = newestStart - oldest.windowEnd.ms
    #expect(age <= 7 * day + 7 * day / 100 && age > 6 * day)
    #expect(try reader.metrics(MetricQuery(metric: "by_hour")).count == 24 * 9)
    #expect(try reader.metrics(MetricQuery(metric: "open")).count == 24 * 9)
    #expect(try file.resultDigest == complete.resultDigest)
    let report = try ResultsDigest.verify(path: path)
    #expect(report.isSound)
    let metrics = try #require(report.tables.first { $0.table == "metrics" })
    #expect(report.tables.allSatisfy { $0 == metrics || ($0.rows, $0.prunedRows) == (0, 0) })
    #expect(metrics.prunedRows + metrics.rows == 2 * 24 * 9)
    #expect(metrics.prunedRows > 24)

    // Published again after a restart without `keep`: what is gone stays gone and counted once.
    try file.close()
    options.keep = []
    file = try ResultsFile.open(path: path, identity: shop, options: options)
    _ = try file.commit(change(rows, next: 1000), durable: false)
    #expect(try file.resultDigest == complete.resultDigest)
    #expect(try reader.metrics(MetricQuery(metric: "by_minute")).first == oldest)
    reader.close()
    try file.close()
    try complete.close()
    #expect(try ResultsDigest.verify(path: path).isSound)
  }

  @Test func `Of many old rows a slice goes with each snapshot, whole windows at a time`() throws {
    let directory = try TemporaryDirectory()
    let path = directory.file()
    var file = try ResultsFile.open(path: path, identity: shop)
    // Windows of 900 rows, most of them older than the rule that is added later allows.
    for window in 0..<20 as Range<Int64> {
      let rows = (0..<900).map { metric(at: window * 60, dimensions: "{\"n\":\($0)}") }
      _ = try file.commit(change(rows, next: window), durable: false)
    }
    let watermark = (30 * 24 * 60) * minute
    _ = try file.commit(
      change([metric(at: 29 * 24 * 60)], next: 21, watermark: watermark), durable: false)
    let digest = try file.resultDigest
    try file.close()
    file = try ResultsFile.open(path: path, identity: shop, options: StoreOptions(keep: rules))
    var rows: [Int64] = []
    for turn in 22..<40 as Range<Int64> {
      _ = try file.commit(change(next: turn, watermark: watermark), durable: false)
      let report = try ResultsDigest.verify(path: path)
      #expect(report.isSound && report.recomputed == digest)
      rows.append(try #require(report.tables.first { $0.table == "metrics" }).rows)
    }
    let removed = zip([18_001] + rows, rows).map { $0 - $1 }
    #expect(removed.max() == 4500 && removed.prefix(4).allSatisfy { $0 == 4500 })
    #expect(rows.last == 1)
    try file.close()
  }

  @Test func `Closing an input, which sets the watermark after everything, ages nothing`() throws {
    let directory = try TemporaryDirectory()
    let file = try ResultsFile.open(
      path: directory.file(), identity: shop, options: StoreOptions(keep: rules))
    let rows = [metric(at: 0), metric(at: 60)]
    _ = try file.commit(
      change(rows, next: 1, watermark: EventTime.distantFuture.ms), durable: false)
    _ = try file.commit(
      change(next: 1, watermark: EventTime.distantFuture.ms), durable: false)
    try file.close()
    #expect(try ResultsReader.open(path: directory.file()).metrics() == rows)
  }
}
