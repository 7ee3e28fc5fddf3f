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
  /// Columns of its primary key, in that order.
  let key: [String]
  /// The column that names the stage, or the rule.
  let stage: String
  /// So many columns of the key name what comes and goes together: a funnel's steps do.
  let removedBy: Int
  /// Further columns that the digest covers: values and event times. Never status, wall time,
  /// samples, evidence or Kafka coordinates.
  let values: [String]
  /// Columns that the digest leaves out, besides `status`.
  let others: [String]
  /// Columns of the window: when it starts, inclusive, and ends, exclusive.
  let window: (start: String, end: String)
  /// The column of the end by which rows age: that of the window, or of what it is a part of.
  let agingEnd: String
  /// Whether rows age by `keep`, and provisional ones go when a worker starts; others stay for
  /// ever.
  let ages: Bool
  /// SQL that is true of settled rows, which the digest covers and which stay as they are: final or
  /// restated ones.
  let settled: String

  /// Describes a table; of most the key's first column is the stage.
  init(
    name: String, noun: String, key: [String], stage: String? = nil, removedBy: Int,
    values: [String], others: [String], window: (start: String, end: String),
    agingEnd: String? = nil,
    ages: Bool = true,
    settled: String = "status <> 'provisional'"
  ) {
    self.name = name
    self.noun = noun
    self.key = key
    self.stage = stage ?? key[0]
    self.removedBy = removedBy
    self.values = values
    self.others = others
    self.window = window
    self.agingEnd = agingEnd ?? window.end
    self.ages = ages
    self.settled = settled
  }

  /// The columns that the digest covers, in the order in which they are encoded.
  var digested: [String] { key + values }

  /// Every column, in the order in which rows are written and read.
  var columns: [String] { digested + others + ["status"] }

  /// Every settled row's digested columns in the order of its key.
  var selectSettled: String {
    "SELECT \(digested.joined(separator: ", ")) FROM \(name) WHERE \(settled) "
      + "ORDER BY \(key.joined(separator: ", "))"
  }

  /// SQL that is true of the row or rows whose first `count` columns of the key are bound.
  func matches(_ count: Int) -> String {
    key.prefix(count).map { "\($0) = ?" }.joined(separator: " AND ")
  }

  /// Whether the file has the table; one of an earlier schema that is only read may not.
  func exists(in db: Database) throws -> Bool { try db.tableExists(name) }

  static let alertTransitions = ResultTable(
    name: "alert_transitions", noun: "alert", key: ["alert_id", "window_start_ms", "to_state"],
    stage: "rule", removedBy: 3,
    values: ["rule", "window_end_ms", "dimensions", "from_state", "value", "thresholds"],
    others: ["samples", "kind"], window: ("window_start_ms", "window_end_ms"), ages: false,
    settled: "status <> 'provisional' AND kind = 'alert'")

  static let findings = ResultTable(
    name: "findings", noun: "risk", key: ["finding_id"], stage: "rule", removedBy: 1,
    values: ["rule", "entity_kind", "entity", "opened_ms", "closed_ms", "figures"],
    others: ["announced_as", "evidence", "severity", "owner"], window: ("opened_ms", "closed_ms"),
    ages: false, settled: "status = 'final'")

  static let funnels = ResultTable(
    name: "funnels", noun: "funnel", key: ["funnel", "entry_start_ms", "dimensions", "step"],
    removedBy: 3,
    values: [
      "entry_end_ms", "entry_day", "step_name", "users", "conversion_from_start",
      "conversion_from_previous", "p50_ms", "p90_ms",
    ], others: [], window: ("entry_start_ms", "entry_end_ms"))

  /// A row's window is the part of the period that it is about; it ages with the period.
  static let kpis = ResultTable(
    name: "kpis", noun: "KPI", key: ["kpi", "period_start_ms", "as_of_ms"], removedBy: 3,
    values: ["period_end_ms", "value", "previous", "moved_by", "moved", "approximate"], others: [],
    window: ("period_start_ms", "as_of_ms"), agingEnd: "period_end_ms")

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
  static let all = [alertTransitions, findings, funnels, kpis, metrics, retention, sessions]
}
