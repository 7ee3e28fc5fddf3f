import GRDB
import StreamCore

/// Removes metric rows that `keep` no longer wants, moving their share of the digest to a sum of
/// its own, so that the file still balances.
struct MetricsKeeper {
  private let db: Database
  private let rules: [KeepRule]

  init(_ db: Database, rules: [KeepRule]) {
    self.db = db
    self.rules = rules.sorted { $0.windowMs < $1.windowMs }
  }

  /// Removes what is due at the pipeline watermark `watermark`.
  ///
  /// O(metrics · log rows) while nothing is due; a metric is due when its oldest row is older than
  /// its rule allows by a hundredth.
  func prune(at watermark: EventTime, _ settlement: inout Settlement) throws {
    guard !rules.isEmpty, settlement.newestStartMs > Int64.min else { return }
    let now = min(watermark.ms, settlement.newestStartMs)
    let oldest = try BoundStatement(
      db,
      """
      SELECT metric, window_end_ms, window_end_ms - window_start_ms FROM metrics
      WHERE metric > ? ORDER BY metric, window_start_ms, dimensions LIMIT 1
      """)
    var metric = ""
    while true {
      var (endMs, sizeMs): (Int64, Int64) = (0, 0)
      oldest.bind(1, metric)
      let found = try oldest.first {
        metric = $0.text(0)
        (endMs, sizeMs) = ($0.int(1), $0.int(2))
      }
      guard found else { return }
      guard let keepMs = keepMs(ofWindow: sizeMs), endMs <= now - keepMs - keepMs / 100 else {
        continue
      }
      try remove(metric, endedBy: now - keepMs, &settlement)
    }
  }

  /// How long rows of windows of `sizeMs` stay; nil for ever.
  func keepMs(ofWindow sizeMs: Int64) -> Int64? {
    let (dayMs, hourMs): (Int64, Int64) = (86_400_000, 3_600_000)
    let withoutDaylightHour = sizeMs > dayMs ? sizeMs - hourMs : sizeMs
    return (rules.first { withoutDaylightHour <= $0.windowMs } ?? rules.last)?.keepMs
  }

  private func remove(_ metric: String, endedBy cutoffMs: Int64, _ settlement: inout Settlement)
    throws
  {
    let table = DigestedTable.metrics
    let delete = try BoundStatement(
      db,
      """
      DELETE FROM metrics
      WHERE metric = ? AND window_start_ms < ? AND window_end_ms <= ? AND \(table.settled)
      RETURNING \(table.columns.joined(separator: ", "))
      """)
    delete.bind(1, metric)
    delete.bind(2, cutoffMs)
    delete.bind(3, cutoffMs)
    var row = CanonicalRow(of: table)
    try delete.execute {
      row.encode($0, columns: table.columns.count)
      row.bytes.withUnsafeBytes { settlement.prunedDigest.add(row: $0) }
      settlement.prunedRows += 1
    }
    settlement.prunedToMs[metric] = max(cutoffMs, settlement.prunedToMs[metric] ?? cutoffMs)
    try Manifest.set(db, Manifest.prunedTo(of: table.name) + metric, "\(cutoffMs)")
    try Manifest.set(
      db, Manifest.prunedDigest(of: table.name), settlement.prunedDigest.hex)
    try Manifest.set(db, Manifest.prunedRows(of: table.name), "\(settlement.prunedRows)")
  }
}
