import GRDB
import StreamCore

/// Restates the rows of one name in one table, window by window.
struct StageRestater {
  private let table: ResultTable
  private let live: Database
  private let replay: Database
  private let liveEnds: ClosedWindows
  private let replayEnds: ClosedWindows
  private let completeFromMs: Int64
  /// Of retention: the starts of cohorts, by their names.
  private let cohorts: [[UInt8]: Int64]
  private let cause: RestatementLog.Cause
  private let log: RestatementLog
  private let insert: BoundStatement
  private let delete: BoundStatement
  private var bytes: CanonicalRow
  private var count: Restatement.Count

  init(
    live: Database, replay: Database, source: LiveLog, table: ResultTable,
    stage: Restatement.Stage, name: String, cause: RestatementLog.Cause
  ) throws {
    self.table = table
    self.live = live
    self.replay = replay
    self.cause = cause
    liveEnds = try ClosedWindows(live, table, name, settlesAfterMs: stage.settlesAfterMs)
    var ends = try ClosedWindows(replay, table, name, settlesAfterMs: stage.settlesAfterMs)
    ends.untilMs = source.manifest[ManifestKey.replayUntilMs].flatMap(Int64.init) ?? .max
    replayEnds = ends
    completeFromMs = source.completeFrom(stage.name).ms
    cohorts =
      try table.name == ResultTable.retention.name ? Self.cohorts(name, [live, replay]) : [:]
    log = try RestatementLog(live)
    let columns = table.columns
    insert = try BoundStatement(
      live,
      "INSERT OR REPLACE INTO \(table.name) (\(columns.joined(separator: ", "))) "
        + "VALUES (\(columns.map { _ in "?" }.joined(separator: ", ")))")
    delete = try BoundStatement(
      live, "DELETE FROM \(table.name) WHERE \(table.matches(table.key.count))")
    bytes = CanonicalRow(of: table)
    count = Restatement.Count(table: table.name, stage: name)
  }

  /// Restates all windows that start from `from` on and end by `to`, and keeps the digest in step.
  mutating func run(
    from: Int64?, to: Int64?, _ settlement: inout TableSettlement
  ) throws -> Restatement.Count {
    let range = (from ?? .min, to ?? .max)
    let windows = try Set(windows(live, range)).union(windows(replay, range))
    for window in windows.sorted(by: { ($0.startMs, $0.endMs) < ($1.startMs, $1.endMs) }) {
      try restate(window, &settlement)
    }
    return count
  }

  private mutating func restate(
    _ window: RestatedWindow, _ settlement: inout TableSettlement
  ) throws {
    let old = try rows(live, window)
    guard window.startMs >= completeFromMs, liveEnds.isClosed(window), replayEnds.isClosed(window)
    else {
      count.leftAlone += old.count
      return
    }
    let known = old.filter(isComplete)
    count.leftAlone += old.count - known.count
    let new = try rows(replay, window).filter(isComplete)
    var (a, b) = (known[...], new[...])
    while true {
      switch (a.first, b.first) {
      case (nil, nil): return
      case (let left?, let right?) where left.key == right.key:
        if left.cells.prefix(table.digested.count) == right.cells.prefix(table.digested.count) {
          count.unchanged += 1
        } else {
          count.replaced += 1
          try change(window, from: left, to: right, &settlement)
        }
        a.removeFirst()
        b.removeFirst()
      case (let left?, let right) where right.map({ RowCells.precedes(left, $0) }) ?? true:
        count.removed += 1
        try change(window, from: left, to: nil, &settlement)
        a.removeFirst()
      case (_, let right):
        count.inserted += 1
        try change(window, from: nil, to: right, &settlement)
        b.removeFirst()
      }
    }
  }

  private mutating func change(
    _ window: RestatedWindow, from old: RowCells?, to row: RowCells?,
    _ settlement: inout TableSettlement
  ) throws {
    var new = row
    if let last = new?.cells.indices.last {
      new?.cells[last] = .text(Array(ResultStatus.restated.rawValue.utf8))
    }
    if let old {
      bytes.encode(old.cells.prefix(table.digested.count))
      bytes.bytes.withUnsafeBytes { settlement.digest.subtract(row: $0) }
    }
    if let new {
      bytes.encode(new.cells.prefix(table.digested.count))
      bytes.bytes.withUnsafeBytes { settlement.digest.add(row: $0) }
      var binder = ColumnBinder(insert)
      for cell in new.cells { binder.put(cell) }
      try insert.execute()
      settlement.newestStartMs = max(settlement.newestStartMs, window.startMs)
    } else if let old {
      var binder = ColumnBinder(delete)
      for cell in old.key { binder.put(cell) }
      try delete.execute()
      let range = settlement.removedMs[count.stage] ?? window.startMs...window.startMs
      settlement.removedMs[count.stage] =
        min(range.lowerBound, window.startMs)...max(range.upperBound, window.startMs)
    }
    try log.write(table, stage: count.stage, window: window, old: old, new: new, cause)
  }

  /// Whether the replay would have the row if there were one: of retention the cohort has to begin
  /// where its rows are complete.
  private func isComplete(_ row: RowCells) -> Bool {
    guard table.name == ResultTable.retention.name, completeFromMs > EventTime.distantPast.ms else {
      return true
    }
    guard case .text(let cohort) = row.cells[1] else { return false }
    return cohorts[cohort].map { $0 >= completeFromMs } ?? false
  }

  /// Starts of cohorts, as their own cells tell: those of period 0.
  private static func cohorts(_ name: String, _ files: [Database]) throws -> [[UInt8]: Int64] {
    var found: [[UInt8]: Int64] = [:]
    for db in files where try ResultTable.retention.exists(in: db) {
      let select = try BoundStatement(
        db, "SELECT cohort, unit_start_ms FROM retention WHERE retention = ? AND period = 0")
      select.bind(1, name)
      try select.execute { found[Array($0.bytes(0))] = $0.int(1) }
    }
    return found
  }

  private func windows(
    _ db: Database, _ range: (Int64, Int64)
  ) throws -> [RestatedWindow] {
    guard try table.exists(in: db) else { return [] }
    let (start, end) = table.window
    let select = try BoundStatement(
      db,
      """
      SELECT DISTINCT \(start), \(end) FROM \(table.name)
      WHERE \(table.stage) = ? AND \(start) >= ? AND \(end) <= ? AND \(table.settled)
      """)
    select.bind(1, count.stage)
    select.bind(2, range.0)
    select.bind(3, range.1)
    var found: [RestatedWindow] = []
    try select.execute { found.append(RestatedWindow(startMs: $0.int(0), endMs: $0.int(1))) }
    return found
  }

  /// Settled rows of a window, in the order of their key.
  private func rows(_ db: Database, _ window: RestatedWindow) throws -> [RowCells] {
    guard try table.exists(in: db) else { return [] }
    let (start, end) = table.window
    let columns = table.columns
    let select = try BoundStatement(
      db,
      """
      SELECT \(columns.joined(separator: ", ")) FROM \(table.name)
      WHERE \(table.stage) = ? AND \(start) = ? AND \(end) = ? AND \(table.settled)
      ORDER BY \(table.key.joined(separator: ", "))
      """)
    select.bind(1, count.stage)
    select.bind(2, window.startMs)
    select.bind(3, window.endMs)
    var found: [RowCells] = []
    try select.execute { found.append(RowCells($0, columns: columns.count, table)) }
    return found
  }
}

/// Which windows of a stage a file has closed: their rows, and those that are not there, can no
/// longer change.
struct ClosedWindows {
  /// End of the last settled window; windows settle in order.
  private var settledEndMs = Int64.min
  /// Start of the first window with a provisional row.
  private var openStartMs = Int64.max
  /// Windows without rows that ended by then are closed too.
  private var quietEndMs = Int64.min
  /// Windows that ended by then may have been removed.
  private var prunedToMs = Int64.min
  /// What ends later was not reported.
  var untilMs = Int64.max

  init(
    _ db: Database, _ table: ResultTable, _ name: String, settlesAfterMs: Int64
  ) throws {
    if let watermark = try SnapshotRow.latest(db, limit: 1).first?.watermark {
      let (end, overflow) = watermark.ms.subtractingReportingOverflow(settlesAfterMs)
      if !overflow { quietEndMs = end }
    }
    prunedToMs = try Manifest.prunedTo(db, of: table.name)[name] ?? .min
    guard try table.exists(in: db) else { return }
    let (start, end) = table.window
    let select = try BoundStatement(
      db,
      """
      SELECT max(CASE WHEN \(table.settled) THEN \(end) END),
        min(CASE WHEN NOT (\(table.settled)) THEN \(start) END)
      FROM \(table.name) WHERE \(table.stage) = ?
      """)
    select.bind(1, name)
    _ = try select.first {
      settledEndMs = $0.optionalInt(0) ?? .min
      openStartMs = $0.optionalInt(1) ?? .max
    }
  }

  func isClosed(_ window: RestatedWindow) -> Bool {
    window.startMs < openStartMs && window.endMs > prunedToMs && window.endMs <= untilMs
      && (window.endMs <= settledEndMs || window.endMs <= quietEndMs)
  }
}
