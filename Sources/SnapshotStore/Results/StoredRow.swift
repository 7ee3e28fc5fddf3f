import StreamCore

/// Takes the columns of a row one after the other: to bind them, or to encode them.
protocol ColumnSink {
  mutating func put(_ value: Int64)
  mutating func put(_ value: Double)
  mutating func put(_ value: String)
  mutating func putNull()
}

extension ColumnSink {
  mutating func put(_ value: EventTime) { put(value.ms) }

  mutating func put(_ value: Bool) { put(Int64(value ? 1 : 0)) }

  mutating func put(optional value: Int64?) { if let value { put(value) } else { putNull() } }

  mutating func put(optional value: Double?) { if let value { put(value) } else { putNull() } }

  mutating func put(optional value: String?) { if let value { put(value) } else { putNull() } }
}

/// Binds columns to a statement's parameters, from the first on.
struct ColumnBinder: ColumnSink {
  let statement: BoundStatement
  private var last: Int32 = 0

  init(_ statement: BoundStatement) { self.statement = statement }

  mutating func put(_ value: Int64) { statement.bind(next(), value) }
  mutating func put(_ value: Double) { statement.bind(next(), value) }
  mutating func put(_ value: String) { statement.bind(next(), value) }
  mutating func putNull() { statement.bind(next(), Int64?.none) }

  mutating func put(_ status: ResultStatus) {
    switch status {
    case .provisional: statement.bind(next(), "provisional" as StaticString)
    case .final: statement.bind(next(), "final" as StaticString)
    case .restated: statement.bind(next(), "restated" as StaticString)
    }
  }

  private mutating func next() -> Int32 {
    last += 1
    return last
  }
}

/// A row that the result digest may cover.
protocol DigestedRow: Sendable {
  static var table: ResultTable { get }

  /// The columns of the table's `key`.
  func putKey(into sink: inout some ColumnSink)
  /// The columns of the table's `values`.
  func putValues(into sink: inout some ColumnSink)
  /// The columns of the table's `others`.
  func putOthers(into sink: inout some ColumnSink)
  /// Reads the table's `columns`; its CHECKs vouch for their types.
  init(_ row: borrowing BoundStatement.Row)
}

/// A row of a table of results: its columns, in the order of the table's `columns`.
protocol StoredRow: DigestedRow {
  /// Name of the stage.
  var stage: String { get }
  var windowStart: EventTime { get }
  var windowEnd: EventTime { get }
  /// The end by which it ages.
  var agingEnd: EventTime { get }
  var status: ResultStatus { get }
  /// Which row of its stage and window it is, for errors.
  var place: String { get }
  /// What it says, for errors.
  var said: String { get }
  /// Whether it holds nothing that no row may: NaN, less than nothing.
  var isSane: Bool { get }
  /// Whether it is true of the table's `settled`.
  var isSettled: Bool { get }
}

extension DigestedRow {
  func putOthers(into sink: inout some ColumnSink) {}
}

extension StoredRow {
  var agingEnd: EventTime { windowEnd }

  var isSettled: Bool { status != .provisional }
}

extension ResultStatus {
  /// Reads a column `status`.
  init(stored text: String) { self = ResultStatus(rawValue: text) ?? .provisional }
}

extension MetricRow: StoredRow {
  static let table = ResultTable.metrics

  var stage: String { metric }
  var place: String { "dimensions \(dimensions)" }
  var said: String { "value \(value), \(samples) samples" }
  var isSane: Bool { !value.isNaN && samples >= 0 }

  func putKey(into sink: inout some ColumnSink) {
    sink.put(metric)
    sink.put(windowStart)
    sink.put(dimensions)
  }

  func putValues(into sink: inout some ColumnSink) {
    sink.put(windowEnd)
    sink.put(value)
    sink.put(optional: valueExact)
    sink.put(approximate)
  }

  func putOthers(into sink: inout some ColumnSink) { sink.put(samples) }

  init(_ row: borrowing BoundStatement.Row) {
    self.init(
      metric: row.text(0), windowStart: EventTime(ms: row.int(1)),
      windowEnd: EventTime(ms: row.int(3)), dimensions: row.text(2), value: row.double(4),
      valueExact: row.optionalText(5), samples: row.int(7), approximate: row.bool(6),
      status: ResultStatus(stored: row.text(8)))
  }
}
