import GRDB
import StreamCore

/// The table `restatements`: what was replaced on purpose.
struct RestatementLog {
  private let insert: BoundStatement
  private let latest: BoundStatement

  init(_ db: Database) throws {
    insert = try BoundStatement(
      db,
      """
      INSERT INTO restatements (table_name, stage, row_key, window_start_ms, window_end_ms, old_row,
        new_row, restated_wall_ms, restated_by, reason, replay, replay_digest)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
      """)
    latest = try BoundStatement(
      db,
      """
      SELECT new_row IS NULL FROM restatements
      WHERE table_name = ? AND stage = ? AND window_start_ms = ? AND row_key = ?
      ORDER BY id DESC LIMIT 1
      """)
  }

  /// Why a change is made: what is the same in all rows of one restatement.
  struct Cause {
    let now: WallTime
    let by: String
    let reason: String
    let replay: String
    let replayDigest: String
  }

  /// Adds one change of a row of `table`; `old` and `new` are its columns.
  func write(
    _ table: ResultTable, stage: String, window: RestatedWindow, old: RowCells?, new: RowCells?,
    _ cause: Cause
  ) throws {
    guard let key = (old ?? new)?.key else { return }
    var binder = ColumnBinder(insert)
    binder.put(table.name)
    binder.put(stage)
    binder.put(RowJSON.text(table.key, key))
    binder.put(window.startMs)
    binder.put(window.endMs)
    binder.put(optional: old.map { RowJSON.text(table.columns, $0.cells) })
    binder.put(optional: new.map { RowJSON.text(table.columns, $0.cells) })
    binder.put(cause.now.ms)
    binder.put(cause.by)
    binder.put(cause.reason)
    binder.put(cause.replay)
    binder.put(cause.replayDigest)
    try insert.execute()
  }

  /// Whether the row of that key was removed on purpose and not added since. O(log rows + changes
  /// of its window).
  func isRemoved(_ table: ResultTable, stage: String, startMs: Int64, key: String) throws -> Bool {
    latest.bind(1, table.name)
    latest.bind(2, stage)
    latest.bind(3, startMs)
    latest.bind(4, key)
    var isRemoved = false
    _ = try latest.first { isRemoved = $0.bool(0) }
    return isRemoved
  }

  /// By stage of `table`: the starts of windows between which rows were removed. O(such rows).
  static func removed(
    _ db: Database, _ table: ResultTable
  ) throws -> [String: ClosedRange<Int64>] {
    let select = try BoundStatement(
      db,
      """
      SELECT stage, min(window_start_ms), max(window_start_ms) FROM restatements
      WHERE table_name = ? AND new_row IS NULL GROUP BY stage
      """)
    select.bind(1, table.name)
    var found: [String: ClosedRange<Int64>] = [:]
    try select.execute { found[$0.text(0)] = $0.int(1)...$0.int(2) }
    return found
  }
}

/// A window, an entry window, a unit or a day.
struct RestatedWindow: Hashable {
  let startMs: Int64
  let endMs: Int64
}

/// One row of the table `restatements`.
public struct RestatementRow: Sendable, Equatable {
  /// Name of the table.
  public var table: String
  /// The row's metric, funnel, retention or session.
  public var stage: String
  /// The columns of its key, as a JSON object.
  public var key: String
  /// Start of its window, inclusive.
  public var windowStart: EventTime
  /// End of its window, exclusive.
  public var windowEnd: EventTime
  /// Its columns before, as a JSON object; nil: there was no row.
  public var old: String?
  /// Its columns since, as a JSON object; nil: there is no row.
  public var new: String?
  /// When it was changed.
  public var restated: WallTime
  /// Who changed it.
  public var by: String
  /// Why.
  public var reason: String
  /// Path of the replayed file.
  public var replay: String
  /// The replayed file's result digest then.
  public var replayDigest: String
}

extension RestatementRow {
  /// Columns of the table `restatements`, as `init` reads them.
  static let columns = [
    "table_name", "stage", "row_key", "window_start_ms", "window_end_ms", "old_row", "new_row",
    "restated_wall_ms", "restated_by", "reason", "replay", "replay_digest",
  ]

  init(_ row: borrowing BoundStatement.Row) {
    self.init(
      table: row.text(0), stage: row.text(1), key: row.text(2),
      windowStart: EventTime(ms: row.int(3)), windowEnd: EventTime(ms: row.int(4)),
      old: row.optionalText(5), new: row.optionalText(6), restated: WallTime(ms: row.int(7)),
      by: row.text(8), reason: row.text(9), replay: row.text(10), replayDigest: row.text(11))
  }
}

extension ResultsReader {
  /// What was replaced on purpose, in the order in which it was: of `stage`, where one is named,
  /// and of windows that start from `from` on and before `to`. None in a file of an earlier schema.
  /// O(rows of `restatements`).
  public func restatements(
    stage: String? = nil, from: EventTime? = nil, to: EventTime? = nil, limit: Int = 1000
  ) throws(StoreError) -> [RestatementRow] {
    try connection.read("reading restatements") { db in
      guard try db.tableExists("restatements") else { return [] }
      var filter = Filter()
      filter.require("stage", is: stage)
      filter.require("window_start_ms", from: from?.ms, to: to?.ms)
      return try filter.rows(
        db, "SELECT \(RestatementRow.columns.joined(separator: ", ")) FROM restatements",
        "ORDER BY id", limit: limit
      ) { RestatementRow($0) }
    }
  }
}
