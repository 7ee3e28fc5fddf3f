import GRDB

/// What a table of results is called and made of: all that writing, `keep`, the result digest,
/// `verify`, `diff` and the queries know of it. What its rows hold is in their `StoredRow`.
///
/// A new table of results is one entry of `all`, one `StoredRow`, one migration.
struct ResultTable: Sendable {
  /// The table's name.
  let name: String
  /// What a stage that writes to it is called in errors.
  let noun: String
  /// Columns of its primary key, in that order; the first names the stage.
  let key: [String]
  /// So many columns of the key name what comes and goes together: a funnel's steps do.
  let removedBy: Int
  /// Further columns that the digest covers: values and event times. Never status, wall time,
  /// samples, evidence or Kafka coordinates.
  let values: [String]
  /// Columns that the digest leaves out, besides `status`.
  let others: [String]
  /// Columns of the window: when it starts, inclusive, and ends, exclusive.
  let window: (start: String, end: String)

  /// The columns that the digest covers, in the order in which they are encoded.
  var digested: [String] { key + values }

  /// Every column, in the order in which rows are written and read.
  var columns: [String] { digested + others + ["status"] }

  /// The column that names the stage.
  var stage: String { key[0] }

  /// SQL that is true of settled rows: final or restated.
  static let settled = "status <> 'provisional'"

  /// Every settled row's digested columns in the order of its key.
  var selectSettled: String {
    "SELECT \(digested.joined(separator: ", ")) FROM \(name) WHERE \(Self.settled) "
      + "ORDER BY \(key.joined(separator: ", "))"
  }

  /// SQL that is true of the row or rows whose first `count` columns of the key are bound.
  func matches(_ count: Int) -> String {
    key.prefix(count).map { "\($0) = ?" }.joined(separator: " AND ")
  }

  /// Whether the file has the table; one of an earlier schema that is only read may not.
  func exists(in db: Database) throws -> Bool { try db.tableExists(name) }

  static let funnels = ResultTable(
    name: "funnels", noun: "funnel", key: ["funnel", "entry_start_ms", "dimensions", "step"],
    removedBy: 3,
    values: [
      "entry_end_ms", "entry_day", "step_name", "users", "conversion_from_start",
      "conversion_from_previous", "p50_ms", "p90_ms",
    ], others: [], window: ("entry_start_ms", "entry_end_ms"))

  static let metrics = ResultTable(
    name: "metrics", noun: "metric", key: ["metric", "window_start_ms", "dimensions"], removedBy: 3,
    values: ["window_end_ms", "value", "value_exact", "approximate"], others: ["samples"],
    window: ("window_start_ms", "window_end_ms"))

  static let retention = ResultTable(
    name: "retention", noun: "retention", key: ["retention", "cohort", "period", "dimensions"],
    removedBy: 4,
    values: ["unit_start_ms", "unit_end_ms", "users", "amount", "amount_exact"], others: [],
    window: ("unit_start_ms", "unit_end_ms"))

  static let sessions = ResultTable(
    name: "sessions", noun: "session", key: ["session", "day_start_ms", "dimensions"], removedBy: 3,
    values: [
      "day_end_ms", "day", "sessions", "users", "events", "bounces", "duration_ms", "entry_events",
      "exit_events",
    ], others: [], window: ("day_start_ms", "day_end_ms"))

  /// Every table of results, by name; the result digest covers them all.
  static let all = [funnels, metrics, retention, sessions]
}
