import GRDB
import StreamCore

extension PeopleDesk {
  /// Notes what `by` says that an alert or a finding was, named by its id or a unique beginning of
  /// it of four digits or more. Earlier verdicts stay; this one holds from now on.
  ///
  /// Throws a `StoreError` for the file's troubles, also for a file of an earlier schema; a refusal
  /// for an unknown id or no name.
  public func judge(
    _ id: String, verdict: Verdict, by: String, note: String = "", now: WallTime
  ) throws(StoreError) -> Result<VerdictRow, Refusal> {
    try change("noting a verdict") { db in
      guard try db.tableExists("verdicts") else {
        throw StoreError(
          kind: .io, path: path, what: "its schema is from before there were verdicts",
          whatToDo:
            "Start this version's worker with it once (`weir run`), which brings it up to date")
      }
      try ThresholdDesk.check(by, is: "the name of who judges", option: "--by")
      if !note.isEmpty { try ThresholdDesk.check(note, is: "the note", option: "--note") }
      let subjectID = try SubjectName.one(id, db)
      let isAlert = try BoundStatement(db, "SELECT 1 FROM alerts WHERE alert_id = ?")
      isAlert.bind(1, subjectID)
      var row = VerdictRow(
        subjectID: subjectID, subject: try isAlert.first() ? .alert : .finding, verdict: verdict,
        given: now, by: by, note: note)
      let insert = try BoundStatement(
        db,
        """
        INSERT INTO verdicts (subject_id, kind, verdict, verdict_wall_ms, verdict_by, note)
        VALUES (?, ?, ?, ?, ?, ?)
        """)
      var binder = ColumnBinder(insert)
      binder.put(row.subjectID)
      binder.put(row.subject.rawValue)
      binder.put(row.verdict.rawValue)
      binder.put(row.given.ms)
      binder.put(row.by)
      binder.put(row.note)
      try insert.execute()
      row.id = db.lastInsertedRowID
      return row
    }
  }
}

/// An alert or a finding and what people say that it was.
public struct JudgedSubject: Sendable, Equatable {
  /// The verdict that holds.
  public var verdict: VerdictRow
  /// The alert; nil of a finding.
  public var alert: AlertRow?
  /// The finding; nil of an alert.
  public var finding: FindingRow?
}

extension ResultsReader {
  /// Alerts and findings of which people say that they were `verdict`, in the order in which they
  /// said so; those of which there is no row any more are left out. At most `limit` of them.
  ///
  /// O(rows of `verdicts` · log rows).
  public func judged(
    _ verdict: Verdict, limit: Int = 10_000
  ) throws(StoreError) -> [JudgedSubject] { try judgedPage(verdict, limit: limit).rows }

  /// Likewise, part by part: `limit` verdicts, of which those without a row are left out.
  ///
  /// Throws `invalid` for a cursor of another list. O(rows of `verdicts` + limit · log rows).
  public func judgedPage(
    _ verdict: Verdict, limit: Int = 1_000, after cursor: Cursor? = nil
  ) throws(StoreError) -> Page<JudgedSubject> {
    try connection.read("reading verdicts") { db in
      guard try db.tableExists("verdicts") else { return Page(rows: [], next: nil) }
      var filter = Filter()
      filter.require("id IN (SELECT max(id) FROM verdicts GROUP BY subject_id)")
      filter.require("verdict", is: verdict.rawValue)
      return try filter.page(
        db, VerdictRow.columns, from: "verdicts", PageOrder("verdicts", ["id"], descending: false),
        limit: limit, after: cursor, path: path
      ) { VerdictRow($0) }.map { rows in
        let rows = rows.compactMap(\.self)
        var alerts: [String: AlertRow] = [:]
        for row in try AlertRow.all(db, Self.those("alert_id", rows, .alert), "") {
          alerts[row.alertID] = row
        }
        var findings: [String: FindingRow] = [:]
        for row in try FindingRow.all(db, Self.those("finding_id", rows, .finding), "") {
          findings[row.findingID] = row
        }
        return rows.compactMap { row in
          let found = JudgedSubject(
            verdict: row, alert: row.subject == .alert ? alerts[row.subjectID] : nil,
            finding: row.subject == .finding ? findings[row.subjectID] : nil)
          return found.alert == nil && found.finding == nil ? nil : found
        }
      }
    }
  }

  /// The subjects of these verdicts that are of one kind, by one parameter however many they are.
  private static func those(
    _ column: String, _ rows: [VerdictRow], _ subject: VerdictRow.Subject
  ) -> Filter {
    var ids: [UInt8] = [UInt8(ascii: "[")]
    for row in rows where row.subject == subject {
      if ids.count > 1 { ids.append(UInt8(ascii: ",")) }
      CanonicalJSON.append(string: row.subjectID, to: &ids)
    }
    ids.append(UInt8(ascii: "]"))
    var filter = Filter()
    filter.require(
      "\(column) IN (SELECT value FROM json_each(?))", .text(String(decoding: ids, as: UTF8.self)))
    return filter
  }
}

extension VerdictRow {
  /// Columns of the table `verdicts`, as `init` reads them.
  static let columns = [
    "id", "subject_id", "kind", "verdict", "verdict_wall_ms", "verdict_by", "note",
  ]

  private static let select = "SELECT \(columns.joined(separator: ", ")) FROM verdicts"

  init?(_ row: borrowing BoundStatement.Row) {
    guard let subject = Subject(rawValue: row.text(2)),
      let verdict = Verdict(rawValue: row.text(3))
    else { return nil }
    self.init(
      id: row.int(0), subjectID: row.text(1), subject: subject, verdict: verdict,
      given: WallTime(ms: row.int(4)), by: row.text(5), note: row.text(6))
  }

  /// Those about an alert or a finding, the newest first; none in a file of an earlier schema.
  static func of(_ id: String, _ db: Database, limit: Int = 1000) throws -> [VerdictRow] {
    guard try db.tableExists("verdicts") else { return [] }
    var filter = Filter()
    filter.require("subject_id", is: id)
    return try filter.rows(db, select, "ORDER BY id DESC", limit: limit) { Self($0) }
      .compactMap(\.self)
  }

  /// The one that holds, by alert or finding. O(ids · log rows).
  static func newest(of ids: [String], _ db: Database) throws -> [String: VerdictRow] {
    guard try db.tableExists("verdicts") else { return [:] }
    let newest = try BoundStatement(
      db, select + " WHERE subject_id = ? ORDER BY id DESC LIMIT 1")
    var found: [String: VerdictRow] = [:]
    for id in Set(ids) {
      newest.bind(1, id)
      _ = try newest.first { found[id] = Self($0) }
    }
    return found
  }
}
