/// What a table of results gives to the result digest, to `verify` and to `diff`.
///
/// A new table of results is one more entry of `all`.
struct DigestedTable: Sendable {
  /// The table's name.
  let name: String
  /// Columns of its primary key, in that order.
  let key: [String]
  /// Further columns that count: values and event times. Never status, wall time, samples, evidence
  /// or Kafka coordinates.
  let values: [String]
  /// SQL that is true of settled rows: final or restated.
  let settled: String

  /// The columns in the order in which they are encoded.
  var columns: [String] { key + values }

  /// Every settled row's `columns` in the order of its key.
  var selectSettled: String {
    "SELECT \(columns.joined(separator: ", ")) FROM \(name) WHERE \(settled) "
      + "ORDER BY \(key.joined(separator: ", "))"
  }

  static let metrics = DigestedTable(
    name: "metrics", key: ["metric", "window_start_ms", "dimensions"],
    values: ["window_end_ms", "value", "value_exact", "approximate"],
    settled: "status <> 'provisional'")

  /// Every table that the result digest covers, by name.
  static let all = [metrics]
}
