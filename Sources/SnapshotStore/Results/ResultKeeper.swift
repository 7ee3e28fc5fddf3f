import GRDB
import StreamCore

/// Removes settled rows that `keep` no longer wants, moving their share of the digest to a sum of
/// its own, so that the file still balances.
struct ResultKeeper {
  private let db: Database
  private let rules: [KeepRule]
  /// About how many rows of a stage go at once: a commit is never held up by all of a table.
  private let sliceRows: Int

  /// Without another number.
  static let sliceRows = 5_000

  init(_ db: Database, rules: [KeepRule], sliceRows: Int = ResultKeeper.sliceRows) {
    self.db = db
    self.sliceRows = max(1, sliceRows)
    self.rules = rules.sorted { $0.windowMs < $1.windowMs }
  }

  /// Removes what is due in `table` at the pipeline watermark `watermark`.
  ///
  /// A stage is due when its oldest settled row is older than its rule allows by a hundredth.
  /// Nothing goes before the stage has settled a later window: windows of one stage settle in
  /// order, so what comes late for its age (a funnel's window, `within` after its end) is stored
  /// and counted before it goes. Of what is due the oldest windows go, of about `sliceRows` rows or
  /// of one window; the rest is due again. O(stages · log rows) while nothing is due.
  func prune(_ table: ResultTable, at watermark: EventTime, _ settlement: inout TableSettlement)
    throws
  {
    guard table.ages, !rules.isEmpty, settlement.newestStartMs > Int64.min else { return }
    let now = min(watermark.ms, settlement.newestStartMs)
    let (start, end) = (table.window.start, table.agingEnd)
    let oldest = try BoundStatement(
      db,
      """
      SELECT \(table.stage), \(end), \(end) - \(start) FROM \(table.name)
      WHERE \(table.stage) > ? ORDER BY \(table.stage), \(start) LIMIT 1
      """)
    let newest = try BoundStatement(
      db,
      """
      SELECT \(start) FROM \(table.name) WHERE \(table.stage) = ? AND \(table.settled)
      ORDER BY \(start) DESC LIMIT 1
      """)
    var stage = ""
    while true {
      var (endMs, sizeMs): (Int64, Int64) = (0, 0)
      oldest.bind(1, stage)
      let found = try oldest.first {
        stage = $0.text(0)
        (endMs, sizeMs) = ($0.int(1), $0.int(2))
      }
      guard found else { return }
      guard let keepMs = keepMs(ofWindow: sizeMs), endMs <= now - keepMs - keepMs / 100 else {
        continue
      }
      var settledMs = Int64.min
      newest.bind(1, stage)
      _ = try newest.first { settledMs = $0.int(0) }
      let cutoffMs = min(now - keepMs, settledMs)
      guard endMs <= cutoffMs else { continue }
      let slice = max(endMs, try sliceEndMs(stage, of: table) ?? cutoffMs)
      try remove(stage, of: table, endedBy: min(cutoffMs, slice), &settlement)
    }
  }

  /// Where the window begins that is `sliceRows` rows behind the oldest one of a stage; nil where
  /// there are fewer.
  private func sliceEndMs(_ stage: String, of table: ResultTable) throws -> Int64? {
    let select = try BoundStatement(
      db,
      """
      SELECT \(table.window.start) FROM \(table.name) WHERE \(table.stage) = ?
      ORDER BY \(table.window.start) LIMIT 1 OFFSET \(sliceRows)
      """)
    select.bind(1, stage)
    var found: Int64?
    _ = try select.first { found = $0.int(0) }
    return found
  }

  /// How long rows of windows of `sizeMs` stay; nil for ever.
  func keepMs(ofWindow sizeMs: Int64) -> Int64? {
    let (dayMs, hourMs): (Int64, Int64) = (86_400_000, 3_600_000)
    let withoutDaylightHour = sizeMs > dayMs ? sizeMs - hourMs : sizeMs
    return (rules.first { withoutDaylightHour <= $0.windowMs } ?? rules.last)?.keepMs
  }

  private func remove(
    _ stage: String, of table: ResultTable, endedBy cutoffMs: Int64,
    _ settlement: inout TableSettlement
  ) throws {
    let (start, end) = (table.window.start, table.agingEnd)
    let delete = try BoundStatement(
      db,
      """
      DELETE FROM \(table.name)
      WHERE \(table.stage) = ? AND \(start) < ? AND \(end) <= ? AND \(table.settled)
      RETURNING \(table.digested.joined(separator: ", "))
      """)
    delete.bind(1, stage)
    delete.bind(2, cutoffMs)
    delete.bind(3, cutoffMs)
    var row = CanonicalRow(of: table)
    try delete.execute {
      row.encode($0, columns: table.digested.count)
      row.bytes.withUnsafeBytes { settlement.prunedDigest.add(row: $0) }
      settlement.prunedRows += 1
    }
    settlement.prunedToMs[stage] = max(cutoffMs, settlement.prunedToMs[stage] ?? cutoffMs)
    try Manifest.set(db, Manifest.prunedTo(of: table.name) + stage, "\(cutoffMs)")
    try Manifest.set(
      db, Manifest.prunedDigest(of: table.name), settlement.prunedDigest.hex)
    try Manifest.set(db, Manifest.prunedRows(of: table.name), "\(settlement.prunedRows)")
  }
}
