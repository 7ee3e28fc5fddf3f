import GRDB

/// One settled row in which two results files differ.
public struct Difference: Sendable, Equatable {
  /// How the row differs.
  public enum Kind: String, Sendable {
    /// The second file has no such key.
    case onlyInA = "only in a"
    /// The first file has no such key.
    case onlyInB = "only in b"
    /// Both have the key, with other values.
    case changed
  }

  /// The table.
  public var table: String
  /// How the row differs.
  public var kind: Kind
  /// The row's key: `metric=revenue window_start_ms=0 dimensions={}`.
  public var key: String
  /// Its other columns in the first file; nil when it is not there.
  public var a: String?
  /// Its other columns in the second file; nil when it is not there.
  public var b: String?
}

/// What `ResultsDigest.diff` found.
public struct DiffReport: Sendable, Equatable {
  /// How many settled rows of a table differ in which way.
  public struct Table: Sendable, Equatable {
    /// The table's name.
    public var table: String
    /// Keys that only the first file has.
    public var onlyInA: Int64 = 0
    /// Keys that only the second file has.
    public var onlyInB: Int64 = 0
    /// Keys of both with other values.
    public var changed: Int64 = 0
    /// Keys of both with the same values.
    public var equal: Int64 = 0
    /// Keys that one file has and `keep` has removed from the other; its digest covers them.
    public var removed: Int64 = 0

    /// Rows that differ in any way; removed ones do not.
    public var differing: Int64 { onlyInA + onlyInB + changed }
  }

  /// Totals of every table, by name.
  public var tables: [Table]
  /// The first differences of each table, in the order of its key.
  public var differences: [Difference]
  /// `result_digest` of the first file; it also covers rows that `keep` has removed.
  public var digestA: String?
  /// `result_digest` of the second file.
  public var digestB: String?

  /// Whether no settled row and no digest differs.
  public var isEmpty: Bool {
    digestA == digestB && tables.allSatisfy { $0.differing == 0 }
  }
}

extension ResultsDigest {
  /// Compares the settled rows of two files, key by key; provisional rows are passed over.
  ///
  /// Compared is what the result digest covers. Rows that `keep` has removed from one file only
  /// are counted, and only the digests can tell whether they were the same. The order of the answer
  /// is that of the tables' keys.
  ///
  /// - Parameter limit: At most so many differences of each table are listed; the totals count all.
  /// - Complexity: O(rows), in memory O(`limit`).
  public static func diff(_ a: String, _ b: String, limit: Int = 100) throws(StoreError)
    -> DiffReport
  {
    let first = try ResultsReader.open(path: a)
    defer { first.close() }
    let second = try ResultsReader.open(path: b)
    defer { second.close() }
    return try first.connection.read("comparing it") { dbA in
      try second.connection.read("comparing it") { dbB in
        var report = DiffReport(
          tables: [], differences: [], digestA: try Manifest.get(dbA, Manifest.resultDigest),
          digestB: try Manifest.get(dbB, Manifest.resultDigest))
        for table in ResultTable.all {
          try compare(table, dbA, dbB, limit: limit, &report)
        }
        return report
      }
    }
  }

  private static func compare(
    _ table: ResultTable, _ dbA: Database, _ dbB: Database, limit: Int, _ report: inout DiffReport
  ) throws {
    var totals = DiffReport.Table(table: table.name)
    var listed = 0
    // A file of an earlier schema may not have the table: then it has no rows of it.
    let cursorA =
      try table.exists(in: dbA) ? Row.fetchCursor(dbA, sql: table.selectSettled) : nil
    let cursorB =
      try table.exists(in: dbB) ? Row.fetchCursor(dbB, sql: table.selectSettled) : nil
    var (a, b) = (try RowCells(cursorA, table), try RowCells(cursorB, table))
    let (goneA, goneB) = (try RemovedByKeep(dbA, table), try RemovedByKeep(dbB, table))
    func list(_ kind: Difference.Kind, _ one: RowCells, _ other: RowCells? = nil) {
      guard listed < limit else { return }
      listed += 1
      let values = one.text(table.values, from: table.key.count)
      report.differences.append(
        Difference(
          table: table.name, kind: kind, key: one.text(table.key, from: 0),
          a: kind == .onlyInB ? nil : values,
          b: kind == .onlyInB ? values : other?.text(table.values, from: table.key.count)))
    }
    while true {
      switch (a, b) {
      case (nil, nil):
        report.tables.append(totals)
        return
      case (let left?, let right?) where left.key == right.key:
        if left.cells == right.cells {
          totals.equal += 1
        } else {
          totals.changed += 1
          list(.changed, left, right)
        }
        (a, b) = (try RowCells(cursorA, table), try RowCells(cursorB, table))
      case (let left?, let right) where right.map { RowCells.precedes(left, $0) } ?? true:
        if goneB.covers(left) {
          totals.removed += 1
        } else {
          totals.onlyInA += 1
          list(.onlyInA, left)
        }
        a = try RowCells(cursorA, table)
      case (_, let right?):
        if goneA.covers(right) {
          totals.removed += 1
        } else {
          totals.onlyInB += 1
          list(.onlyInB, right)
        }
        b = try RowCells(cursorB, table)
      case (_, nil):
        return
      }
    }
  }
}

/// Which rows of a table `keep` has removed from a file.
private struct RemovedByKeep {
  private let toMs: [[UInt8]: Int64]
  private let columns: (stage: Int, end: Int)?

  init(_ db: Database, _ table: ResultTable) throws {
    let removed = table.ages ? try Manifest.prunedTo(db, of: table.name) : [:]
    toMs = Dictionary(uniqueKeysWithValues: removed.map { (Array($0.key.utf8), $0.value) })
    if let stage = table.digested.firstIndex(of: table.stage),
      let end = table.digested.firstIndex(of: table.agingEnd)
    {
      columns = (stage, end)
    } else {
      columns = nil
    }
  }

  /// Whether the file had to remove a row like this one of another file.
  func covers(_ row: RowCells) -> Bool {
    guard !toMs.isEmpty, let columns, case .text(let stage) = row.cells[columns.stage],
      let toMs = toMs[stage], let endMs = row.cells[columns.end].integer
    else { return false }
    return endMs <= toMs
  }
}
