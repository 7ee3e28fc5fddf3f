import GRDB
import StreamCore

/// Rows of results, part by part: what may be long is never read at once.
///
/// Each list is in the order of its table's key, or with `newestFirst` from its end on by start of
/// window and then the rest of the key. With a name a part costs O(log rows + rows passed); without
/// one `newestFirst` sorts the table. `limit` of a query is that of one part; parts of more than
/// 100,000 rows are cut there. A file of an earlier schema has no rows of what it lacks.
extension ResultsReader {
  /// Rows of `metrics`: of one metric all series, window after window.
  ///
  /// Throws `invalid` for a cursor of another list.
  public func metricPage(
    _ query: MetricQuery, after cursor: Cursor? = nil
  ) throws(StoreError) -> Page<MetricRow> {
    try page(query.stage, after: cursor)
  }

  /// Rows of `funnels`. Throws `invalid` for a cursor of another list.
  public func funnelPage(
    _ query: StageQuery, after cursor: Cursor? = nil
  ) throws(StoreError) -> Page<FunnelRow> {
    try page(query, after: cursor)
  }

  /// Rows of `retention`; with `fromCohort`, a day `YYYY-MM-DD`, of cohorts from then on.
  ///
  /// Throws `invalid` for a cursor of another list.
  public func retentionPage(
    _ query: StageQuery, fromCohort: String? = nil, after cursor: Cursor? = nil
  ) throws(StoreError) -> Page<RetentionRow> {
    try page(query, extra: fromCohort.map { ("cohort >= ?", .text($0)) }, after: cursor)
  }

  /// Rows of `sessions`. Throws `invalid` for a cursor of another list.
  public func sessionPage(
    _ query: StageQuery, after cursor: Cursor? = nil
  ) throws(StoreError) -> Page<SessionRow> {
    try page(query, after: cursor)
  }

  /// Rows of `kpis`. Throws `invalid` for a cursor of another list.
  public func kpis(
    _ query: KPIQuery, after cursor: Cursor? = nil
  ) throws(StoreError) -> Page<KPIRow> {
    try page(
      StageQuery(
        name: query.kpi, from: query.from, to: query.to, status: query.status, limit: query.limit,
        newestFirst: query.newestFirst), after: cursor)
  }

  /// What a file holds of every stage with rows, without counting them, by table and name.
  /// O(stages · log rows).
  public func outlines() throws(StoreError) -> [StageOutline] {
    var found: [StageOutline] = []
    for kind in ResultKind.allCases { found += try outlines(of: kind) }
    return found
  }

  /// What a file holds of every stage of a kind with rows, by name. O(stages · log rows).
  public func outlines(of kind: ResultKind) throws(StoreError) -> [StageOutline] {
    var found: [StageOutline] = []
    for name in try names(of: kind) {
      guard let reach = try reach(of: kind, name: name) else { continue }
      found.append(StageOutline(kind: kind, name: name, reach: reach))
    }
    return found
  }

  /// The series of a metric in a range of time, the greatest first, at most `limit` of them.
  ///
  /// What `sum` says holds only of what may be added up: of counts and sums, not of distinct users,
  /// averages or quantiles. O(rows of the metric and range).
  public func series(
    of metric: String, from: EventTime? = nil, to: EventTime? = nil,
    dimensions: [String: String?] = [:], by order: SeriesOrder = .sum, limit: Int = 100
  ) throws(StoreError) -> SeriesList {
    let query = StageQuery(name: metric, from: from, to: to, dimensions: dimensions)
    return try connection.read("reading metrics") { db in
      var places: [String: Int] = [:]
      var all: [SeriesSummary] = []
      _ = try query.filter(.metrics).rows(
        db, "SELECT dimensions, window_start_ms, value, status, approximate FROM metrics",
        "ORDER BY metric, window_start_ms"
      ) { row in
        let dimensions = row.text(0)
        let place = places[dimensions] ?? all.count
        if place == all.count {
          places[dimensions] = place
          all.append(SeriesSummary(dimensions: dimensions))
        }
        all[place].add(
          row.double(2), at: EventTime(ms: row.int(1)), isProvisional: row.text(3) == "provisional",
          isApproximate: row.bool(4))
      }
      all.sort {
        let (a, b) = order == .sum ? ($0.sum, $1.sum) : ($0.last, $1.last)
        return a == b ? $0.dimensions < $1.dimensions : a > b
      }
      return SeriesList(series: Array(all.prefix(max(0, limit))), total: all.count)
    }
  }

  private func page<Row: StoredRow>(
    _ query: StageQuery, extra: (condition: String, argument: Argument)? = nil, after: Cursor?
  ) throws(StoreError) -> Page<Row> {
    let table = Row.table
    var filter = query.filter(table)
    if let extra { filter.require(extra.condition, extra.argument) }
    // The name is the same in all rows then, and no index would be searched behind it.
    let key = table.key.filter { query.name == nil || $0 != table.stage }
    let order = PageOrder(
      table.name,
      query.newestFirst
        ? [table.window.start] + key.filter { $0 != table.window.start } : key,
      descending: query.newestFirst)
    return try connection.read("reading \(table.name)") { db in
      guard try table.exists(in: db) else { return Page(rows: [], next: nil) }
      return try filter.page(
        db, table.columns, from: table.name, order, limit: query.limit, after: after, path: path
      ) { Row($0) }
    }
  }
}

/// How far one stage reaches.
public struct StageOutline: Sendable, Equatable {
  /// The table.
  public var kind: ResultKind
  /// Name of the stage.
  public var name: String
  /// How far its rows reach.
  public var reach: StageReach
}

/// By what the series of a metric are put in order.
public enum SeriesOrder: String, Sendable, CaseIterable, Codable {
  /// By the sum of their values.
  case sum
  /// By their last values.
  case last
}

/// Series of a metric.
public struct SeriesList: Sendable, Equatable {
  /// The first of them.
  public var series: [SeriesSummary]
  /// How many there are.
  public var total: Int
}

/// One series of a metric in a range of time.
public struct SeriesSummary: Sendable, Equatable {
  /// Canonical JSON with sorted keys; `{}` without dimensions.
  public var dimensions: String
  /// The values of its rows, added up.
  public var sum = 0.0
  /// The value of its last row.
  public var last = 0.0
  /// Start of the window of that row.
  public var lastStart = EventTime.distantPast
  /// Its rows.
  public var windows = 0
  /// Those that can still change.
  public var provisionalWindows = 0
  /// Whether a value is an estimate.
  public var isApproximate = false

  init(dimensions: String) { self.dimensions = dimensions }

  fileprivate mutating func add(
    _ value: Double, at start: EventTime, isProvisional: Bool, isApproximate: Bool
  ) {
    sum += value
    (last, lastStart) = (value, start)
    windows += 1
    if isProvisional { provisionalWindows += 1 }
    if isApproximate { self.isApproximate = true }
  }
}
