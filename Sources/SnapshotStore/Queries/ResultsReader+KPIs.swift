import GRDB
import StreamCore

/// Which rows of the table `kpis` to read; every condition that is set must hold.
public struct KPIQuery: Sendable {
  /// Name of the KPI.
  public var kpi: String?
  /// Periods that start at or after this.
  public var from: EventTime?
  /// Periods that start before this.
  public var to: EventTime?
  /// Status of the row.
  public var status: ResultStatus?
  /// At most so many rows.
  public var limit: Int
  /// Whether the newest periods come first, each from its end.
  public var newestFirst: Bool

  /// Asks for all rows, up to `limit`.
  public init(
    kpi: String? = nil, from: EventTime? = nil, to: EventTime? = nil, status: ResultStatus? = nil,
    limit: Int = 1000, newestFirst: Bool = false
  ) {
    self.kpi = kpi
    self.from = from
    self.to = to
    self.status = status
    self.limit = limit
    self.newestFirst = newestFirst
  }
}

/// How a KPI stands.
public struct KPIStanding: Sendable, Equatable {
  /// Its name.
  public var kpi: String
  /// The newest row that cannot change any more; nil before there is one.
  public var settled: KPIRow?
  /// The newest row that still can, where it is newer; nil where there is none.
  public var provisional: KPIRow?
  /// Rows of the newest period, in order of time: all, or some at equal distances.
  public var current: [KPIRow]
  /// Rows of the period before that, likewise; empty where there is none.
  public var before: [KPIRow]

  /// The newest row of all.
  public var newest: KPIRow? { provisional ?? settled }
}

/// How far a period of a KPI had come.
public struct KPIPeriod: Sendable, Equatable {
  /// Its newest row: of a period that is over the period's own.
  public var newest: KPIRow
  /// Its newest row that cannot change any more, which alone is held against the period before;
  /// nil before there is one.
  public var settled: KPIRow?
}

extension KPIRow {
  /// Whether the input ended well before the row's period did, so that what the period came to
  /// says nothing of how it went: with more than a hundredth of it to go, for the last event is
  /// never quite at the end.
  ///
  /// `inputEnd` is that of the file, `ResultsReader.inputEnd`; without one nothing is cut short.
  public func isCutShort(by inputEnd: EventTime?) -> Bool {
    guard let inputEnd else { return false }
    return periodEnd.ms - inputEnd.ms > (periodEnd.ms - periodStart.ms) / 100
  }
}

/// KPIs of a file. One of an earlier schema has none.
extension ResultsReader {
  /// The pipeline's KPIs, each behind its parent: roots and siblings by position. O(KPIs).
  public func kpiTree() throws(StoreError) -> [KPINode] {
    try connection.read("reading KPIs") { db in
      guard try db.tableExists("kpi_tree") else { return [] }
      let nodes = try KPINode.all(db)
      let names = Set(nodes.map(\.kpi))
      let children = Dictionary(grouping: nodes) { node in
        node.parent.flatMap { names.contains($0) ? $0 : nil }
      }
      var sorted: [KPINode] = []
      var open = Array((children[nil] ?? []).reversed())
      while let node = open.popLast() {
        sorted.append(node)
        open += (children[node.kpi] ?? []).reversed()
      }
      return sorted
    }
  }

  /// How every KPI with rows stands, by name: its newest rows, and at most `points` of its newest
  /// period and of the one before it, for a small curve.
  ///
  /// O(points · log rows) for each KPI.
  public func latestKPIs(points: Int = 60) throws(StoreError) -> [KPIStanding] {
    let names = try names(of: .kpis)
    return try connection.read("reading KPIs") { db in
      guard try ResultTable.kpis.exists(in: db) else { return [] }
      let rows = try KPIRows(db)
      return try names.compactMap { name in
        guard let newest = try rows.newest(name) else { return nil }
        let settled = newest.isSettled ? newest : try rows.newestSettled(name)
        let before = try rows.newest(name, before: newest.periodStart)
        return KPIStanding(
          kpi: name, settled: settled, provisional: newest.isSettled ? nil : newest,
          current: try rows.some(newest, points),
          before: try before.map { try rows.some($0, points) } ?? [])
      }
    }
  }

  /// The greatest clock of an input that has ended, as of which everything was closed; nil while
  /// it goes on, and where it had no event.
  public func inputEnd() throws(StoreError) -> EventTime? {
    try connection.read("reading the end of the input") { db in
      guard let watermark = try SnapshotRow.latest(db, limit: 1).first?.watermark,
        watermark.isEndOfInput
      else { return nil }
      return try PartitionProgress.greatestClock(db)
    }
  }

  /// Rows of whole periods, each the period's own: what alerts watch. O(rows of the KPI in the
  /// range).
  public func wholePeriods(_ query: KPIQuery) throws(StoreError) -> [KPIRow] {
    try rows(
      StageQuery(
        name: query.kpi, from: query.from, to: query.to, status: query.status, limit: query.limit,
        newestFirst: query.newestFirst), extra: ("as_of_ms - period_end_ms = ?", .integer(0)))
  }

  /// How far each of the newest `limit` periods of a KPI had come, the newest first.
  /// O(limit · log rows).
  public func kpiPeriods(of kpi: String, limit: Int) throws(StoreError) -> [KPIPeriod] {
    try connection.read("reading KPIs") { db in
      guard try ResultTable.kpis.exists(in: db) else { return [] }
      let rows = try KPIRows(db)
      var found: [KPIPeriod] = []
      while found.count < min(limit, Filter.maxPageRows),
        let row = try rows.newest(kpi, before: found.last?.newest.periodStart ?? .distantFuture)
      {
        let settled = row.isSettled ? row : try rows.newestSettled(kpi, in: row.periodStart)
        found.append(KPIPeriod(newest: row, settled: settled))
      }
      return found
    }
  }
}

/// Finds single rows of `kpis` along its key.
private struct KPIRows {
  private let newest: BoundStatement
  private let settled: BoundStatement
  private let settledOfPeriod: BoundStatement
  private let all: BoundStatement
  private let until: BoundStatement

  init(_ db: Database) throws {
    let select = "SELECT \(ResultTable.kpis.columns.joined(separator: ", ")) FROM kpis"
    let order = "ORDER BY period_start_ms DESC, as_of_ms DESC LIMIT 1"
    newest = try BoundStatement(db, "\(select) WHERE kpi = ? AND period_start_ms < ? \(order)")
    settled = try BoundStatement(
      db, "\(select) WHERE kpi = ? AND \(ResultTable.kpis.settled) \(order)")
    settledOfPeriod = try BoundStatement(
      db,
      "\(select) WHERE kpi = ? AND period_start_ms = ? AND \(ResultTable.kpis.settled) "
        + "ORDER BY as_of_ms DESC LIMIT 1")
    all = try BoundStatement(
      db, "\(select) WHERE kpi = ? AND period_start_ms = ? ORDER BY as_of_ms LIMIT ?")
    until = try BoundStatement(
      db,
      "\(select) WHERE kpi = ? AND period_start_ms = ? AND as_of_ms <= ? ORDER BY as_of_ms DESC "
        + "LIMIT 1")
  }

  /// The last row of the last period that starts before `start`.
  func newest(_ kpi: String, before start: EventTime = .distantFuture) throws -> KPIRow? {
    newest.bind(1, kpi)
    newest.bind(2, start.ms)
    return try first(newest)
  }

  /// The last row that cannot change any more.
  func newestSettled(_ kpi: String) throws -> KPIRow? {
    settled.bind(1, kpi)
    return try first(settled)
  }

  /// The last row of a period that cannot change any more.
  func newestSettled(_ kpi: String, in periodStart: EventTime) throws -> KPIRow? {
    settledOfPeriod.bind(1, kpi)
    settledOfPeriod.bind(2, periodStart.ms)
    return try first(settledOfPeriod)
  }

  /// Rows of the period of `last`, its last row: all where they are no more than `points`, or those
  /// at equal distances up to `last`.
  func some(_ last: KPIRow, _ points: Int) throws -> [KPIRow] {
    let points = min(max(2, points), 1000)
    all.bind(1, last.kpi)
    all.bind(2, last.periodStart.ms)
    all.bind(3, Int64(points + 1))
    var rows: [KPIRow] = []
    try all.execute { rows.append(KPIRow($0)) }
    guard rows.count > points else { return rows }
    rows = []
    let lengthMs = last.asOf.ms - last.periodStart.ms
    for point in 1...Int64(points) {
      let part = lengthMs / Int64(points) * point + lengthMs % Int64(points) * point / Int64(points)
      until.bind(1, last.kpi)
      until.bind(2, last.periodStart.ms)
      until.bind(3, last.periodStart.ms + part)
      if let row = try first(until), row != rows.last { rows.append(row) }
    }
    return rows
  }

  private func first(_ statement: BoundStatement) throws -> KPIRow? {
    var row: KPIRow?
    _ = try statement.first { row = KPIRow($0) }
    return row
  }
}
