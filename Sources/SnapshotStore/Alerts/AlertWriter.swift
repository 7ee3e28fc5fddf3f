import GRDB
import StreamCore

/// Writes alerts as they stand, and ends those that only an earlier life of the worker saw.
struct AlertWriter {
  private let db: Database

  init(_ db: Database) { self.db = db }

  /// Stores each row in place of the one of its id, unless that was judged by a later window.
  /// O(rows · log rows).
  func write(_ rows: [AlertRow]) throws {
    guard !rows.isEmpty else { return }
    let columns = AlertRow.columns
    let upsert = try BoundStatement(
      db,
      "INSERT INTO alerts (\(columns.joined(separator: ", "))) "
        + "VALUES (\(columns.map { _ in "?" }.joined(separator: ", "))) ON CONFLICT DO UPDATE SET "
        + columns.dropFirst().map { "\($0) = excluded.\($0)" }.joined(separator: ", ")
        + " WHERE alerts.window_end_ms <= excluded.window_end_ms")
    for row in rows {
      var binder = ColumnBinder(upsert)
      row.put(into: &binder)
      try upsert.execute()
    }
  }

  /// Resolves every provisional alert that is not over, with a transition, but those of `reported`:
  /// nobody judges its window any more. O(provisional alerts that are not over · log rows).
  func endProvisional(but reported: [AlertRow]) throws {
    let going = "status = 'provisional' AND state <> 'resolved' AND state <> 'inactive'"
    var left: [String] = []
    try BoundStatement(db, "SELECT alert_id FROM alerts WHERE \(going) ORDER BY alert_id").execute {
      left.append($0.text(0))
    }
    let again = Set(reported.map(\.alertID))
    let insert = try BoundStatement(
      db,
      """
      INSERT INTO alert_transitions (alert_id, window_start_ms, to_state, rule, window_end_ms,
        dimensions, from_state, value, thresholds, samples, kind, status)
      SELECT alert_id, window_start_ms, 'resolved', rule, window_end_ms, dimensions, state, value,
        thresholds, 0, kind, status FROM alerts WHERE alert_id = ? ON CONFLICT DO NOTHING
      """)
    let update = try BoundStatement(
      db,
      "UPDATE alerts SET state = 'resolved', resolved_ms = window_end_ms WHERE alert_id = ?")
    for id in left where !again.contains(id) {
      insert.bind(1, id)
      try insert.execute()
      update.bind(1, id)
      try update.execute()
    }
  }
}

/// Writes findings and keeps the digest of the settled ones in step.
struct FindingWriter {
  private let path: String
  private let upsert: BoundStatement
  private let select: BoundStatement
  private let close: BoundStatement
  private let forget: BoundStatement
  private var bytes = CanonicalRow(of: .findings)

  init(_ db: Database, path: String) throws {
    self.path = path
    let columns = ResultTable.findings.columns
    let list = columns.joined(separator: ", ")
    upsert = try BoundStatement(
      db,
      "INSERT INTO findings (\(list)) VALUES (\(columns.map { _ in "?" }.joined(separator: ", "))) "
        + "ON CONFLICT DO UPDATE SET "
        + columns.dropFirst().map { "\($0) = excluded.\($0)" }.joined(separator: ", ")
        + " WHERE findings.status <> 'final'")
    select = try BoundStatement(db, "SELECT \(list) FROM findings WHERE finding_id = ?")
    close = try BoundStatement(db, "UPDATE findings SET closed_ms = ? WHERE finding_id = ?")
    forget = try BoundStatement(
      db, "DELETE FROM findings WHERE finding_id = ? AND status = 'provisional'")
  }

  /// Stores `row`; a final one takes the place of the provisional one that it was announced as.
  ///
  /// A final row that is there changes in one way only: it is closed, once. The same row again, or
  /// as it was before it was closed, and provisional ones of its id are passed over; anything else
  /// throws `conflict`. O(log rows).
  mutating func write(_ row: FindingRow, _ settlement: inout TableSettlement) throws {
    guard (row.closed.map { row.opened <= $0 } ?? true), !row.findingID.isEmpty else {
      throw error(.invalid, row, "has a finding that cannot be", "this is a fault of Weir")
    }
    var binder = ColumnBinder(upsert)
    row.putKey(into: &binder)
    row.putValues(into: &binder)
    row.putOthers(into: &binder)
    binder.put(row.status.rawValue)
    try upsert.execute()
    if upsert.changedRows > 0 {
      guard row.status == .final else { return }
      add(row, &settlement)
      if let announced = row.announcedAs, announced != row.findingID {
        forget.bind(1, announced)
        try forget.execute()
      }
    } else if row.status == .final {
      try settleAgain(row, &settlement)
    }
  }

  /// Adds what became known of findings; what is there already is passed over.
  static func write(_ rows: [FindingTransition], _ db: Database) throws {
    guard !rows.isEmpty else { return }
    let insert = try BoundStatement(
      db,
      """
      INSERT INTO finding_transitions (finding_id, kind, rule, at_ms) VALUES (?, ?, ?, ?)
      ON CONFLICT DO NOTHING
      """)
    for row in rows {
      var binder = ColumnBinder(insert)
      binder.put(row.findingID)
      binder.put(row.kind.rawValue)
      binder.put(row.rule)
      binder.put(row.at)
      try insert.execute()
    }
  }

  private mutating func settleAgain(
    _ row: FindingRow, _ settlement: inout TableSettlement
  ) throws {
    var found: FindingRow?
    select.bind(1, row.findingID)
    _ = try select.first { found = FindingRow($0) }
    guard var stored = found else { return }
    let isSame =
      stored.rule == row.rule && stored.entityKind == row.entityKind && stored.entity == row.entity
      && stored.opened == row.opened && stored.figures == row.figures
      && (stored.closed == nil || row.closed == nil || stored.closed == row.closed)
    guard isSame else {
      throw error(
        .conflict, row, "has a final finding that was now computed otherwise",
        "compare the file with a `weir replay --into` of the same range: results must not depend "
          + "on the run")
    }
    guard stored.closed == nil, let closed = row.closed else { return }
    bytes.encode(stored)
    bytes.bytes.withUnsafeBytes { settlement.digest.subtract(row: $0) }
    stored.closed = closed
    close.bind(1, closed.ms)
    close.bind(2, stored.findingID)
    try close.execute()
    add(stored, &settlement)
  }

  private mutating func add(_ row: FindingRow, _ settlement: inout TableSettlement) {
    bytes.encode(row)
    bytes.bytes.withUnsafeBytes { settlement.digest.add(row: $0) }
  }

  private func error(
    _ kind: StoreError.Kind, _ row: FindingRow, _ what: String, _ whatToDo: String
  ) -> StoreError {
    StoreError(
      kind: kind, path: path,
      what: "the risk '\(row.rule)' \(what): \(row.findingID), opened \(row.opened.ms), closed "
        + "\(row.closed.map { "\($0.ms)" } ?? "never")",
      whatToDo: "Nothing was committed; \(whatToDo), please report it")
  }
}
