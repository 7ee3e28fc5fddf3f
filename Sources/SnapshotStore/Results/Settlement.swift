import GRDB
import StreamCore

/// What the file knows of the settled rows of all tables besides the rows.
///
/// A commit works on a copy and the file takes it over when the transaction has committed.
struct Settlement {
  private var tables = ResultTable.all.map { _ in TableSettlement() }

  /// Of nothing.
  init() {}

  /// What is known of one of `ResultTable.all`.
  subscript(_ table: ResultTable) -> TableSettlement {
    get { tables[Self.index(of: table)] }
    set { tables[Self.index(of: table)] = newValue }
    _modify { yield &tables[Self.index(of: table)] }
  }

  /// The result digest: the sum of the tables'.
  var digest: DigestSum { tables.reduce(into: DigestSum()) { $0 += $1.digest } }

  private static func index(of table: ResultTable) -> Int {
    ResultTable.all.firstIndex { $0.name == table.name } ?? 0
  }
}

/// What the file knows of a table's settled rows besides the rows: digests, horizons, the newest
/// window.
struct TableSettlement {
  /// Sum over every settled row that was ever stored.
  var digest = DigestSum()
  /// The part of `digest` that belongs to rows which `keep` has removed.
  var prunedDigest = DigestSum()
  var prunedRows: Int64 = 0
  /// By stage: windows that ended by then have been removed and never come back.
  var prunedToMs: [String: Int64] = [:]
  /// Greatest start of a settled window, where rows age.
  var newestStartMs = Int64.min
  /// By stage: the starts of windows between which rows were removed on purpose.
  var removedMs: [String: ClosedRange<Int64>] = [:]
}

extension Settlement {
  /// Reads it back from the file. O(stages · log rows), besides provisional rows.
  init(_ db: Database, path: String) throws {
    for table in ResultTable.all { self[table] = try TableSettlement(db, table, path: path) }
  }
}

extension TableSettlement {
  fileprivate init(_ db: Database, _ table: ResultTable, path: String) throws {
    let name = table.name
    digest = try Manifest.digest(db, Manifest.resultDigest(of: name), path: path)
    prunedDigest = try Manifest.digest(db, Manifest.prunedDigest(of: name), path: path)
    prunedRows = try Manifest.get(db, Manifest.prunedRows(of: name)).flatMap(Int64.init) ?? 0
    guard table.ages else { return }
    prunedToMs = try Manifest.prunedTo(db, of: name)
    removedMs = try RestatementLog.removed(db, table)
    let (stage, start) = (table.stage, table.window.start)
    // The greatest start of each stage, found stage by stage along an index.
    try BoundStatement(
      db,
      """
      WITH RECURSIVE names (name) AS (
        SELECT min(\(stage)) FROM \(name)
        UNION ALL
        SELECT (SELECT min(\(stage)) FROM \(name) WHERE \(stage) > names.name) FROM names
        WHERE names.name IS NOT NULL
      )
      SELECT max((
        SELECT \(start) FROM \(name)
        WHERE \(name).\(stage) = names.name AND \(table.settled)
        ORDER BY \(start) DESC LIMIT 1
      )) FROM names
      """
    ).execute { newestStartMs = $0.optionalInt(0) ?? Int64.min }
  }
}
