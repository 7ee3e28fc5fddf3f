import GRDB
import StreamCore

/// Writes rows of one table of results within a transaction and keeps its digest in step.
struct ResultWriter<Row: StoredRow> {
  private let path: String
  private let upsert: BoundStatement
  private let select: BoundStatement
  private let restate: BoundStatement
  private let log: RestatementLog
  private var incoming = CanonicalRow(of: Row.table)
  private var stored = CanonicalRow(of: Row.table)
  private let digestedColumns = Row.table.digested.count
  private var horizon: (stage: String, ms: Int64?) = ("", nil)

  init(_ db: Database, path: String) throws {
    self.path = path
    let table = Row.table
    let columns = table.columns
    let insert =
      "INSERT INTO \(table.name) (\(columns.joined(separator: ", "))) "
      + "VALUES (\(columns.map { _ in "?" }.joined(separator: ", "))) ON CONFLICT DO UPDATE SET "
      + columns.dropFirst(table.key.count).map { "\($0) = excluded.\($0)" }.joined(separator: ", ")
    upsert = try BoundStatement(db, insert + " WHERE NOT (\(table.settled))")
    restate = try BoundStatement(db, insert)
    select = try BoundStatement(
      db,
      "SELECT \(table.digested.joined(separator: ", ")), status FROM \(table.name) "
        + "WHERE \(table.matches(table.key.count))")
    log = try RestatementLog(db)
  }

  /// Stores `row`, unless a settled row or its pruned past stands in the way.
  ///
  /// Throws `conflict` when `row` is final and differs from the final row of its key. What was
  /// restated, or removed on purpose, stands: a worker that reads events again computes what it did
  /// before. O(log rows).
  mutating func write(_ row: Row, _ settlement: inout TableSettlement) throws {
    try check(row)
    if !settlement.prunedToMs.isEmpty, isPruned(row, settlement) { return }
    if !settlement.removedMs.isEmpty, try isRemoved(row, settlement) { return }
    bind(row, to: upsert)
    try upsert.execute()
    if row.isSettled { incoming.encode(row) }
    if upsert.changedRows > 0 {
      if row.isSettled { settle(row, &settlement) }
      return
    }
    // The key is settled: a provisional row comes too late, others must agree or restate.
    if !row.isSettled { return }
    let isRestated = try readStored(row)
    if row.status == .restated {
      stored.bytes.withUnsafeBytes { settlement.digest.subtract(row: $0) }
      bind(row, to: restate)
      try restate.execute()
      settle(row, &settlement)
    } else if !isRestated, stored.bytes != incoming.bytes {
      throw conflict(row)
    }
  }

  private func settle(_ row: Row, _ settlement: inout TableSettlement) {
    incoming.bytes.withUnsafeBytes { settlement.digest.add(row: $0) }
    settlement.newestStartMs = max(settlement.newestStartMs, row.windowStart.ms)
  }

  private mutating func isPruned(_ row: Row, _ settlement: TableSettlement) -> Bool {
    if horizon.stage != row.stage {
      horizon = (row.stage, settlement.prunedToMs[row.stage])
    }
    return horizon.ms.map { row.agingEnd.ms <= $0 } ?? false
  }

  private func isRemoved(_ row: Row, _ settlement: TableSettlement) throws -> Bool {
    guard row.status != .restated, let range = settlement.removedMs[row.stage],
      range.contains(row.windowStart.ms)
    else { return false }
    var key = CellSink()
    row.putKey(into: &key)
    return try log.isRemoved(
      Row.table, stage: row.stage, startMs: row.windowStart.ms,
      key: RowJSON.text(Row.table.key, key.cells))
  }

  /// Reads the row that is there; whether it was restated.
  private mutating func readStored(_ row: Row) throws -> Bool {
    var key = ColumnBinder(select)
    row.putKey(into: &key)
    var isRestated = false
    _ = try select.first {
      stored.encode($0, columns: digestedColumns)
      isRestated = ResultStatus(stored: $0.text(Int32(digestedColumns))) == .restated
    }
    return isRestated
  }

  private func bind(_ row: Row, to statement: BoundStatement) {
    var columns = ColumnBinder(statement)
    row.putKey(into: &columns)
    row.putValues(into: &columns)
    row.putOthers(into: &columns)
    columns.put(row.status)
  }

  private func check(_ row: Row) throws {
    guard !row.isSane || row.windowEnd <= row.windowStart else { return }
    throw StoreError(
      kind: .invalid, path: path,
      what: "the \(Row.table.noun) '\(row.stage)' has a row that cannot be: \(window(row)), "
        + row.said,
      whatToDo: "Nothing was committed; this is a fault of Weir, please report it")
  }

  private func conflict(_ row: Row) -> StoreError {
    StoreError(
      kind: .conflict, path: path,
      what: "the \(Row.table.noun) '\(row.stage)', \(window(row)) is final already and was now "
        + "computed otherwise: \(row.said)",
      whatToDo: "Nothing was committed. Check the file with `weir verify`, compare it with a "
        + "`weir replay --into` of the same range, and report it: results must not depend "
        + "on the run"
    )
  }

  private func window(_ row: Row) -> String {
    "window [\(row.windowStart.ms), \(row.windowEnd.ms)), \(row.place)"
  }
}

/// Takes provisional rows away; settled ones stay.
struct ResultRemover {
  private let db: Database

  init(_ db: Database) { self.db = db }

  /// Removes every provisional row of the tables that age. O(rows).
  func removeAll() throws {
    for table in ResultTable.all where table.ages {
      try db.execute(sql: "DELETE FROM \(table.name) WHERE status = 'provisional'")
    }
  }

  /// Removes what `keys` name, as far as it is provisional. O(keys · log rows).
  func remove(_ keys: [ResultKey]) throws {
    guard !keys.isEmpty else { return }
    let deletes = try ResultTable.all.map { table in
      try BoundStatement(
        db,
        "DELETE FROM \(table.name) WHERE \(table.matches(table.removedBy)) "
          + "AND status = 'provisional'")
    }
    let places = Dictionary(
      uniqueKeysWithValues: zip(ResultTable.all.map(\.name), deletes.indices))
    for key in keys {
      guard let place = places[key.table.name] else { continue }
      var columns = ColumnBinder(deletes[place])
      key.put(into: &columns)
      try deletes[place].execute()
    }
  }
}
