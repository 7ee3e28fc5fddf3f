import GRDB
import StreamCore

/// A piece of SQL with the values for its `?`, in their order.
struct Filter {
  private(set) var conditions: [String] = []
  private(set) var arguments: [ResultsReader.Argument] = []

  /// Adds a condition that has to hold too.
  mutating func require(_ condition: String, _ arguments: ResultsReader.Argument...) {
    conditions.append(condition)
    self.arguments += arguments
  }

  /// Adds the value for a further `?` of the last condition.
  mutating func add(_ argument: ResultsReader.Argument) { arguments.append(argument) }

  /// Requires `column` to be the text, if there is one.
  mutating func require(_ column: String, is text: String?) {
    if let text { require("\(column) = ?", .text(text)) }
  }

  /// Requires a time from `from` on and before `to`, as far as they are given.
  mutating func require(_ column: String, from: Int64?, to: Int64?) {
    if let from { require("\(column) >= ?", .integer(from)) }
    if let to { require("\(column) < ?", .integer(to)) }
  }

  /// Requires `column` to be one of the texts; none of them: anything.
  ///
  /// - Parameter isSearched: Whether an index may find them. Otherwise rows are passed over, which
  ///   is cheaper where most rows have these texts, or few are looked at.
  mutating func require(_ column: String, in texts: [String], isSearched: Bool = true) {
    guard let first = texts.first else { return }
    let column = isSearched ? column : "+" + column
    if texts.count == 1 {
      require("\(column) = ?", .text(first))
    } else {
      conditions.append("\(column) IN (\(texts.map { _ in "?" }.joined(separator: ", ")))")
      arguments += texts.map(ResultsReader.Argument.text)
    }
  }

  /// ` WHERE …`, or nothing.
  var sql: String {
    conditions.isEmpty ? "" : " WHERE " + conditions.joined(separator: " AND ")
  }

  /// The rows that `select`, this filter and `tail` give, each made by `row`.
  func rows<Row>(
    _ db: Database, _ select: String, _ tail: String = "", limit: Int? = nil,
    _ row: (borrowing BoundStatement.Row) throws -> Row
  ) throws -> [Row] {
    let statement = try BoundStatement(
      db, select + sql + " " + tail + (limit == nil ? "" : " LIMIT ?"))
    var binder = ColumnBinder(statement)
    for argument in arguments {
      switch argument {
      case .integer(let value): binder.put(value)
      case .text(let value): binder.put(value)
      case .null: binder.putNull()
      }
    }
    if let limit { binder.put(Int64(max(0, limit))) }
    var rows: [Row] = []
    try statement.execute { rows.append(try row($0)) }
    return rows
  }
}

extension ThresholdRow {
  /// Columns of the table `thresholds`, as `init` reads them.
  static let columns = [
    "rule", "name", "dimensions", "value", "effective_ms", "set_wall_ms", "origin", "set_by",
    "reason",
  ]

  init(_ row: borrowing BoundStatement.Row) {
    self.init(
      rule: row.text(0), name: row.text(1), dimensions: row.text(2), value: row.double(3),
      effective: EventTime(ms: row.int(4)), set: WallTime(ms: row.int(5)),
      origin: Origin(rawValue: row.text(6)) ?? .file, setBy: row.text(7), reason: row.text(8))
  }

  /// Rows of `thresholds` in the order in which they were set.
  static func all(_ db: Database, _ filter: Filter = Filter()) throws -> [ThresholdRow] {
    try filter.rows(
      db, "SELECT \(columns.joined(separator: ", ")) FROM thresholds", "ORDER BY id"
    ) { ThresholdRow($0) }
  }
}

extension ThresholdRequest {
  /// Columns of the table `threshold_requests`, as `init` reads them.
  static let columns = [
    "id", "rule", "name", "dimensions", "value", "from_ms", "requested_wall_ms", "requested_by",
    "reason", "state", "answer",
  ]

  init(_ row: borrowing BoundStatement.Row) {
    self.init(
      id: row.int(0), rule: row.text(1), name: row.text(2), dimensions: row.text(3),
      value: row.optionalDouble(4), from: row.optionalInt(5).map(EventTime.init(ms:)),
      requested: WallTime(ms: row.int(6)), requestedBy: row.text(7), reason: row.text(8),
      state: State(rawValue: row.text(9)) ?? .waiting, answer: row.optionalText(10))
  }

  /// Rows of `threshold_requests` in the order in which they were asked.
  static func all(_ db: Database, _ filter: Filter) throws -> [ThresholdRequest] {
    try filter.rows(
      db, "SELECT \(columns.joined(separator: ", ")) FROM threshold_requests", "ORDER BY id"
    ) { ThresholdRequest($0) }
  }

  /// Those that wait.
  static func waiting(_ db: Database) throws -> [ThresholdRequest] {
    var filter = Filter()
    filter.require("state = 'waiting'")
    return try all(db, filter)
  }
}

extension RuleRow {
  /// The tables `rules` and `rule_thresholds`, by name.
  static func all(_ db: Database) throws -> [RuleRow] {
    var thresholds: [String: [ThresholdPlan]] = [:]
    try BoundStatement(
      db,
      """
      SELECT rule, name, standard, min, max, step FROM rule_thresholds ORDER BY rule, name
      """
    ).execute {
      thresholds[$0.text(0), default: []].append(
        ThresholdPlan(
          name: $0.text(1), standard: $0.double(2), min: $0.optionalDouble(3),
          max: $0.optionalDouble(4), step: $0.optionalDouble(5)))
    }
    try BoundStatement(
      db,
      """
      SELECT rule, name, json_extract(value, '$.dimensions'), json_extract(value, '$.value')
      FROM rule_thresholds, json_each(by_dimensions) ORDER BY rule, name, json_each.key
      """
    ).execute { row in
      let (rule, name) = (row.text(0), row.text(1))
      guard let at = thresholds[rule]?.firstIndex(where: { $0.name == name }) else { return }
      thresholds[rule]?[at].byDimensions.append((row.text(2), row.double(3)))
    }
    var dimensions: [String: [String]] = [:]
    try BoundStatement(
      db, "SELECT rule, value FROM rules, json_each(dimensions) ORDER BY rule, json_each.key"
    ).execute { dimensions[$0.text(0), default: []].append($0.text(1)) }
    return try Filter().rows(
      db,
      "SELECT rule, kind, severity, owner, runbook, summary, labels, definition FROM rules",
      "ORDER BY rule"
    ) {
      let rule = $0.text(0)
      return RuleRow(
        rule: rule, kind: Kind(rawValue: $0.text(1)) ?? .alert, severity: $0.text(2),
        owner: $0.optionalText(3), runbook: $0.optionalText(4), summary: $0.optionalText(5),
        labels: $0.text(6), dimensions: dimensions[rule] ?? [], definition: $0.text(7),
        thresholds: thresholds[rule] ?? [])
    }
  }
}

extension Silence {
  /// Columns of the table `silences`, as `init` reads them.
  static let columns = [
    "id", "rule", "dimensions", "from_wall_ms", "until_wall_ms", "created_wall_ms", "created_by",
    "note", "ended_wall_ms",
  ]

  init(_ row: borrowing BoundStatement.Row) {
    self.init(
      id: row.int(0), rule: row.text(1), dimensions: row.text(2), from: WallTime(ms: row.int(3)),
      until: row.optionalInt(4).map(WallTime.init(ms:)), created: WallTime(ms: row.int(5)),
      createdBy: row.text(6), note: row.text(7), ended: row.optionalInt(8).map(WallTime.init(ms:)))
  }

  /// Those that hold at `time`, or all.
  static func filter(at time: WallTime?) -> Filter {
    var filter = Filter()
    guard let time else { return filter }
    filter.require("from_wall_ms <= ?", .integer(time.ms))
    filter.require("(until_wall_ms IS NULL OR until_wall_ms > ?)", .integer(time.ms))
    filter.require("(ended_wall_ms IS NULL OR ended_wall_ms > ?)", .integer(time.ms))
    return filter
  }

  /// Rows of `silences` in the order in which they were made; with `at` those that hold then.
  static func all(_ db: Database, at time: WallTime? = nil) throws -> [Silence] {
    try filter(at: time).rows(
      db, "SELECT \(columns.joined(separator: ", ")) FROM silences", "ORDER BY id"
    ) { Silence($0) }
  }
}

extension Acknowledgement {
  /// By alert or finding, oldest first; of what nobody acknowledged nothing. O(ids · log rows).
  static func of(_ ids: [String], _ db: Database) throws -> [String: [Acknowledgement]] {
    let select = try BoundStatement(
      db,
      """
      SELECT alert_id, acknowledged_wall_ms, acknowledged_by, note FROM acknowledgements
      WHERE alert_id = ? ORDER BY acknowledged_wall_ms, acknowledged_by
      """)
    var found: [String: [Acknowledgement]] = [:]
    for id in Set(ids) {
      select.bind(1, id)
      try select.execute {
        found[id, default: []].append(
          Acknowledgement(
            alertID: $0.text(0), acknowledged: WallTime(ms: $0.int(1)), by: $0.text(2),
            note: $0.text(3)))
      }
    }
    return found
  }
}

extension OutboxRow {
  /// Columns of the table `outbox`, as `init` reads them.
  static let columns = [
    "message_id", "sink", "event", "subject_id", "rule", "payload", "decided_ms", "decided_wall_ms",
    "state", "next_attempt_wall_ms", "attempts", "delivered_wall_ms", "last_error",
  ]

  init(_ row: borrowing BoundStatement.Row) {
    self.init(
      message: OutboxMessage(
        messageID: row.text(0), sink: row.text(1), event: row.text(2), subjectID: row.text(3),
        rule: row.text(4), payload: row.text(5),
        decided: row.optionalInt(6).map(EventTime.init(ms:)),
        decidedWall: WallTime(ms: row.int(7)), state: OutboxState(rawValue: row.text(8)) ?? .dead,
        nextAttemptWall: WallTime(ms: row.int(9))),
      attempts: Int(row.int(10)), deliveredWall: row.optionalInt(11).map(WallTime.init(ms:)),
      lastError: row.optionalText(12))
  }

  /// Rows of `outbox`, after a `tail` that orders them.
  static func all(
    _ db: Database, _ filter: Filter, _ tail: String, limit: Int
  ) throws -> [OutboxRow] {
    try filter.rows(
      db, "SELECT \(columns.joined(separator: ", ")) FROM outbox", tail, limit: limit
    ) { OutboxRow($0) }
  }
}

/// How many messages to one destination are in one state.
public struct OutboxDepth: Sendable, Equatable {
  /// Name of the destination.
  public var sink: String
  /// The state.
  public var state: OutboxState
  /// How many.
  public var count: Int64
  /// When the oldest of them was decided.
  public var oldest: WallTime

  /// By destination and state. O(rows).
  static func all(_ db: Database) throws -> [OutboxDepth] {
    try Filter().rows(
      db, "SELECT sink, state, count(*), min(decided_wall_ms) FROM outbox",
      "GROUP BY sink, state ORDER BY sink, state"
    ) {
      OutboxDepth(
        sink: $0.text(0), state: OutboxState(rawValue: $0.text(1)) ?? .dead, count: $0.int(2),
        oldest: WallTime(ms: $0.int(3)))
    }
  }
}

extension AlertRow {
  /// Rows of `alerts`, after a `tail` that orders them.
  static func all(
    _ db: Database, _ filter: Filter, _ tail: String, limit: Int? = nil
  ) throws -> [AlertRow] {
    try filter.rows(
      db, "SELECT \(columns.joined(separator: ", ")) FROM alerts", tail, limit: limit
    ) { AlertRow($0) }
  }
}

extension FindingRow {
  /// Rows of `findings`, after a `tail` that orders them.
  static func all(
    _ db: Database, _ filter: Filter, _ tail: String, limit: Int? = nil
  ) throws -> [FindingRow] {
    let columns = table.columns.joined(separator: ", ")
    return try filter.rows(db, "SELECT \(columns) FROM findings", tail, limit: limit) {
      FindingRow($0)
    }
  }
}

extension PartitionProgress {
  /// The greatest clock of all partitions; nil before the first event.
  static func greatestClock(_ db: Database) throws -> EventTime? {
    var clock: EventTime?
    _ = try BoundStatement(db, "SELECT max(clock_ms) FROM partitions").first {
      clock = $0.optionalInt(0).map(EventTime.init(ms:))
    }
    return clock
  }
}
