import GRDB
import StreamCore

/// Which rows of `funnels`, `retention` or `sessions` to read; every condition that is set must
/// hold.
public struct StageQuery: Sendable {
  /// Name of the stage.
  public var name: String?
  /// Entry windows, units or days that start at or after this.
  public var from: EventTime?
  /// Entry windows, units or days that start before this.
  public var to: EventTime?
  /// Dimensions that the row must have, as text; nil for a missing one. Others may be there.
  public var dimensions: [String: String?]
  /// Status of the row.
  public var status: ResultStatus?
  /// At most so many rows.
  public var limit: Int
  /// Whether the newest windows come first.
  public var newestFirst: Bool

  /// Asks for all rows, up to `limit`.
  public init(
    name: String? = nil, from: EventTime? = nil, to: EventTime? = nil,
    dimensions: [String: String?] = [:], status: ResultStatus? = nil, limit: Int = 1000,
    newestFirst: Bool = false
  ) {
    self.name = name
    self.from = from
    self.to = to
    self.dimensions = dimensions
    self.status = status
    self.limit = limit
    self.newestFirst = newestFirst
  }
}

/// The tables of results.
public enum ResultKind: String, Sendable, CaseIterable {
  /// Steps of funnels.
  case funnels
  /// Values of KPIs over parts of their periods.
  case kpis
  /// Metrics, formulas and lifecycles.
  case metrics
  /// Cells of retention tables.
  case retention
  /// Days of sessions.
  case sessions

  /// What the store knows of it.
  var table: ResultTable {
    switch self {
    case .funnels: .funnels
    case .kpis: .kpis
    case .metrics: .metrics
    case .retention: .retention
    case .sessions: .sessions
    }
  }
}

/// What a file holds of one stage.
public struct StageSummary: Sendable, Equatable {
  /// The table.
  public var kind: ResultKind
  /// Name of the stage.
  public var name: String
  /// Its rows.
  public var rows: Int64
  /// Those that can still change.
  public var provisionalRows: Int64
  /// Start of the first window.
  public var start: EventTime
  /// End of the last window.
  public var end: EventTime
}

/// How far the rows of a stage reach in event time.
public struct StageReach: Sendable, Equatable {
  /// End of the last window with rows.
  public var end: EventTime
  /// End of the last settled window: all that ended by then is settled, absent rows too.
  public var settledTo: EventTime?
}

extension ResultsReader {
  /// Rows of `funnels` in the order of funnel, entry window, dimensions, step, or from the newest
  /// entry window. None in a file of an earlier schema.
  ///
  /// O(log rows + rows of the stage and range); without a name O(rows).
  public func funnels(_ query: StageQuery = StageQuery()) throws(StoreError) -> [FunnelRow] {
    try rows(query)
  }

  /// Rows of `retention` in the order of name, cohort, period, dimensions, or from the newest unit.
  /// None in a file of an earlier schema.
  ///
  /// - Parameter fromCohort: Only cohorts of this day, `YYYY-MM-DD`, and later ones.
  /// - Complexity: O(log rows + rows of the stage); without a name O(rows).
  public func retention(
    _ query: StageQuery = StageQuery(), fromCohort: String? = nil
  ) throws(StoreError) -> [RetentionRow] {
    try rows(query, extra: fromCohort.map { ("cohort >= ?", .text($0)) })
  }

  /// Rows of `sessions` in the order of name, day, dimensions, or from the newest day. None in a
  /// file of an earlier schema.
  ///
  /// O(log rows + rows of the stage and range); without a name O(rows).
  public func sessions(_ query: StageQuery = StageQuery()) throws(StoreError) -> [SessionRow] {
    try rows(query)
  }

  /// What the file holds of every stage with rows, by table and name. O(rows).
  public func stages() throws(StoreError) -> [StageSummary] {
    try connection.read("reading what it holds") { db in
      var found: [StageSummary] = []
      for kind in ResultKind.allCases where try kind.table.exists(in: db) {
        let table = kind.table
        try BoundStatement(
          db,
          """
          SELECT \(table.stage), count(*), sum(status = 'provisional'), min(\(table.window.start)),
            max(\(table.window.end))
          FROM \(table.name) GROUP BY \(table.stage) ORDER BY \(table.stage)
          """
        ).execute {
          found.append(
            StageSummary(
              kind: kind, name: $0.text(0), rows: $0.int(1), provisionalRows: $0.int(2),
              start: EventTime(ms: $0.int(3)), end: EventTime(ms: $0.int(4))))
        }
      }
      return found
    }
  }

  /// Starts of the newest `limit` entry windows, units or days of a stage that start before
  /// `before`, newest first.
  ///
  /// O(rows of these windows) for funnels, metrics and sessions.
  public func latestStarts(
    of kind: ResultKind, name: String, before: EventTime? = nil, limit: Int
  ) throws(StoreError) -> [EventTime] {
    let start = kind.table.window.start
    return try latest(start, of: kind.table, name: name, before: before, limit: limit) {
      EventTime(ms: $0.int(0))
    }
  }

  /// The newest `limit` cohorts of a retention table, newest first. O(rows of these cohorts).
  public func latestCohorts(of name: String, limit: Int) throws(StoreError) -> [String] {
    try latest("cohort", of: .retention, name: name, limit: limit) { $0.text(0) }
  }

  /// Names of the stages with rows in a table, in their order. O(names · log rows).
  public func names(of kind: ResultKind) throws(StoreError) -> [String] {
    let table = kind.table
    return try connection.read("reading \(table.name)") { db in
      guard try table.exists(in: db) else { return [] }
      let next = try BoundStatement(
        db, "SELECT min(\(table.stage)) FROM \(table.name) WHERE \(table.stage) > ?")
      var found: [String] = []
      var name: String? = ""
      while let last = name {
        next.bind(1, last)
        _ = try next.first { name = $0.optionalText(0) }
        if let name { found.append(name) }
      }
      return found
    }
  }

  /// How far the rows of a stage reach; nil without rows. O(log rows + rows of its last windows).
  public func reach(of kind: ResultKind, name: String) throws(StoreError) -> StageReach? {
    let table = kind.table
    return try connection.read("reading \(table.name)") { db in
      guard try table.exists(in: db) else { return nil }
      return try StageReach(db, table, name)
    }
  }

  private func latest<Value>(
    _ column: String, of table: ResultTable, name: String, before: EventTime? = nil, limit: Int,
    _ value: (borrowing BoundStatement.Row) -> Value
  ) throws(StoreError) -> [Value] {
    try connection.read("reading \(table.name)") { db in
      guard try table.exists(in: db) else { return [] }
      let select = try BoundStatement(
        db,
        """
        SELECT DISTINCT \(column) FROM \(table.name)
        WHERE \(table.stage) = ? AND \(table.window.start) < ? ORDER BY \(column) DESC LIMIT ?
        """)
      select.bind(1, name)
      select.bind(2, before?.ms ?? .max)
      select.bind(3, Int64(limit))
      var found: [Value] = []
      try select.execute { found.append(value($0)) }
      return found
    }
  }

  /// What stands for a `?` of a condition.
  enum Argument {
    case integer(Int64)
    case text(String)
    case null
  }

  /// Rows of one table that `query` asks for.
  func rows<Row: StoredRow>(
    _ query: StageQuery, extra: (condition: String, argument: Argument)? = nil
  ) throws(StoreError) -> [Row] {
    let table = Row.table
    var filter = query.filter(table)
    if let extra { filter.require(extra.condition, extra.argument) }
    let order =
      query.newestFirst
      ? ["\(table.window.start) DESC"] + table.key.filter { $0 != table.window.start } : table.key
    return try connection.read("reading \(table.name)") { db in
      guard try table.exists(in: db) else { return [] }
      return try filter.rows(
        db, "SELECT \(table.columns.joined(separator: ", ")) FROM \(table.name)",
        "ORDER BY \(order.joined(separator: ", "))", limit: query.limit
      ) { Row($0) }
    }
  }
}

extension StageQuery {
  /// What rows of `table` have to hold.
  func filter(_ table: ResultTable) -> Filter {
    var filter = Filter()
    filter.require(table.stage, is: name)
    filter.require(table.window.start, from: from?.ms, to: to?.ms)
    filter.require("status", is: status?.rawValue)
    for (key, value) in dimensions.sorted(by: { $0.key < $1.key }) {
      filter.require(
        """
        EXISTS (SELECT 1 FROM json_each(dimensions) WHERE key = ?
        AND CASE WHEN type IN ('true', 'false') THEN type ELSE CAST(value AS TEXT) END IS ?)
        """, .text(key), value.map(ResultsReader.Argument.text) ?? .null)
    }
    return filter
  }
}

extension StageReach {
  /// Reads it; nil without rows. Windows of one stage end in the order in which they start.
  init?(_ db: Database, _ table: ResultTable, _ name: String) throws {
    let (start, end) = table.window
    func last(_ condition: String) throws -> EventTime? {
      let select = try BoundStatement(
        db,
        """
        SELECT \(end) FROM \(table.name) WHERE \(table.stage) = ? AND \(condition)
        ORDER BY \(start) DESC, \(end) DESC LIMIT 1
        """)
      select.bind(1, name)
      var found: EventTime?
      _ = try select.first { found = EventTime(ms: $0.int(0)) }
      return found
    }
    guard let end = try last("TRUE") else { return nil }
    self.end = end
    settledTo = try last(table.settled)
  }
}
