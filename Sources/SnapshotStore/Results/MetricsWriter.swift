import GRDB
import StreamCore

/// Writes rows of the table `metrics` within a transaction and keeps the result digest in step.
struct MetricsWriter {
  private let path: String
  private let upsert: BoundStatement
  private let select: BoundStatement
  private let restate: BoundStatement
  private let delete: BoundStatement
  private var incoming = CanonicalRow(of: .metrics)
  private var stored = CanonicalRow(of: .metrics)
  private var horizon: (metric: String, ms: Int64?) = ("", nil)

  private static let columns = """
    metric, window_start_ms, window_end_ms, dimensions, value, value_exact, samples, approximate,
    status
    """
  private static let assignments = """
    window_end_ms = excluded.window_end_ms, value = excluded.value,
    value_exact = excluded.value_exact, samples = excluded.samples,
    approximate = excluded.approximate, status = excluded.status
    """
  private static let insert =
    "INSERT INTO metrics (\(columns)) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) "
    + "ON CONFLICT DO UPDATE SET \(assignments)"
  private static let key = "WHERE metric = ? AND window_start_ms = ? AND dimensions = ?"

  init(_ db: Database, path: String) throws {
    self.path = path
    upsert = try BoundStatement(db, Self.insert + " WHERE metrics.status = 'provisional'")
    restate = try BoundStatement(db, Self.insert)
    select = try BoundStatement(
      db, "SELECT \(DigestedTable.metrics.columns.joined(separator: ", ")) FROM metrics \(Self.key)"
    )
    delete = try BoundStatement(db, "DELETE FROM metrics \(Self.key) AND status = 'provisional'")
  }

  /// Removes a row that is provisional; a settled one stays.
  func remove(_ key: MetricKey) throws {
    delete.bind(1, key.metric)
    delete.bind(2, key.windowStart.ms)
    delete.bind(3, key.dimensions)
    try delete.execute()
  }

  /// Stores `row`, unless a settled row or its pruned past stands in the way.
  ///
  /// Throws `conflict` when `row` is final and differs from the settled row of its key.
  /// O(log rows).
  mutating func write(_ row: MetricRow, _ settlement: inout Settlement) throws {
    try check(row)
    if !settlement.prunedToMs.isEmpty, isPruned(row, settlement) { return }
    bind(row, to: upsert)
    try upsert.execute()
    if row.status != .provisional { incoming.encode(row) }
    if upsert.changedRows > 0 {
      if row.status != .provisional { settle(row, &settlement) }
      return
    }
    // The key is settled: a provisional row comes too late, others must agree or restate.
    if row.status == .provisional { return }
    try readStored(row)
    if row.status == .restated {
      stored.bytes.withUnsafeBytes { settlement.digest.subtract(row: $0) }
      bind(row, to: restate)
      try restate.execute()
      settle(row, &settlement)
    } else if stored.bytes != incoming.bytes {
      throw conflict(row)
    }
  }

  private func settle(_ row: MetricRow, _ settlement: inout Settlement) {
    incoming.bytes.withUnsafeBytes { settlement.digest.add(row: $0) }
    settlement.newestStartMs = max(settlement.newestStartMs, row.windowStart.ms)
  }

  private mutating func isPruned(_ row: MetricRow, _ settlement: Settlement) -> Bool {
    if horizon.metric != row.metric {
      horizon = (row.metric, settlement.prunedToMs[row.metric])
    }
    return horizon.ms.map { row.windowEnd.ms <= $0 } ?? false
  }

  private mutating func readStored(_ row: MetricRow) throws {
    select.bind(1, row.metric)
    select.bind(2, row.windowStart.ms)
    select.bind(3, row.dimensions)
    _ = try select.first {
      stored.encode($0, columns: DigestedTable.metrics.columns.count)
    }
  }

  private func bind(_ row: MetricRow, to statement: BoundStatement) {
    statement.bind(1, row.metric)
    statement.bind(2, row.windowStart.ms)
    statement.bind(3, row.windowEnd.ms)
    statement.bind(4, row.dimensions)
    statement.bind(5, row.value)
    statement.bind(6, row.valueExact)
    statement.bind(7, row.samples)
    statement.bind(8, row.approximate)
    switch row.status {
    case .provisional: statement.bind(9, "provisional" as StaticString)
    case .final: statement.bind(9, "final" as StaticString)
    case .restated: statement.bind(9, "restated" as StaticString)
    }
  }

  private func check(_ row: MetricRow) throws {
    guard row.value.isNaN || row.windowEnd <= row.windowStart || row.samples < 0 else { return }
    throw StoreError(
      kind: .invalid, path: path,
      what: "the metric '\(row.metric)' has a row that cannot be: window "
        + "[\(row.windowStart.ms), \(row.windowEnd.ms)), value \(row.value), "
        + "\(row.samples) samples",
      whatToDo: "Nothing was committed; this is a fault of Weir, please report it")
  }

  private func conflict(_ row: MetricRow) -> StoreError {
    StoreError(
      kind: .conflict, path: path,
      what: "the metric '\(row.metric)', window [\(row.windowStart.ms), \(row.windowEnd.ms)), "
        + "dimensions \(row.dimensions) is final already and was now computed otherwise: "
        + "value \(row.value), \(row.samples) samples",
      whatToDo: "Nothing was committed. Check the file with `weir verify`, compare it with a "
        + "`weir replay --into` of the same range, and report it: results must not depend "
        + "on the run"
    )
  }
}
