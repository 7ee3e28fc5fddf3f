import GRDB
import StreamCore

/// Which examples of events to read.
public enum SampleKind: String, Sendable, CaseIterable, Codable {
  /// The table `rejected_events`.
  case rejected
  /// The table `late_events`.
  case late

  fileprivate var table: String { "\(rawValue)_events" }
}

/// Bytes of a file and of what belongs to it; 0 where there is none.
public struct FileSizes: Sendable, Equatable {
  /// The results file.
  public var results: Int64
  /// Its write-ahead log.
  public var wal: Int64
  /// The state file.
  public var state: Int64
  /// The state file's write-ahead log.
  public var stateWal: Int64
}

/// How many alerts, findings and messages a file holds.
public struct ResultsCounts: Sendable, Equatable {
  /// Alerts, those of health rules too, by state; none: no entry.
  public var alerts: [AlertState: Int64] = [:]
  /// Findings by status; none: no entry.
  public var findings: [FindingStatus: Int64] = [:]
  /// Findings that are neither closed nor withdrawn.
  public var openFindings: Int64 = 0
  /// Messages by state; none: no entry.
  public var outbox: [OutboxState: Int64] = [:]
  /// When the oldest pending message was decided; nil without one.
  public var oldestPending: WallTime?
}

/// What a file says of events, snapshots and itself.
extension ResultsReader {
  /// Examples of events, the newest first; their payloads only where they are wanted, otherwise "".
  ///
  /// Throws `invalid` for a cursor of another list. O(log rows + rows that are passed).
  public func samplePage(
    _ kind: SampleKind, reason: String? = nil, withPayload: Bool = false, limit: Int = 100,
    after cursor: Cursor? = nil
  ) throws(StoreError) -> Page<StoredSample> {
    try connection.read("reading \(kind.table)") { db in
      var filter = Filter()
      filter.require("reason", is: reason)
      return try filter.page(
        db, StoredSample.columns(withPayload: withPayload), from: kind.table,
        PageOrder(kind.table, ["id"], descending: true), limit: limit, after: cursor, path: path
      ) { StoredSample($0) }
    }
  }

  /// Snapshots, the newest first. Throws `invalid` for a cursor of another list.
  /// O(log rows + `limit`).
  public func snapshotPage(
    limit: Int = 100, after cursor: Cursor? = nil
  ) throws(StoreError) -> Page<SnapshotRow> {
    try connection.read("reading snapshots") { db in
      try Filter().page(
        db, SnapshotRow.columns, from: "snapshots",
        PageOrder("snapshots", ["id"], descending: true), limit: limit, after: cursor, path: path
      ) { SnapshotRow($0) }
    }
  }

  /// Snapshots taken at or after `time`, the oldest first: all, or where they are more than
  /// `points`, that many at equal distances, the first and the last among them.
  ///
  /// O(points · log rows).
  public func snapshots(since time: WallTime, points: Int) throws(StoreError) -> [SnapshotRow] {
    try connection.read("reading snapshots") { db in
      guard let range = try SnapshotRow.ids(db, since: time) else { return [] }
      let points = Int64(min(max(2, points), Filter.maxPageRows))
      let steps = range.upperBound - range.lowerBound
      let select = try BoundStatement(
        db, "SELECT \(SnapshotRow.columns.joined(separator: ", ")) FROM snapshots WHERE id = ?")
      var rows: [SnapshotRow] = []
      for point in 0...min(steps, points - 1) {
        select.bind(
          1, range.lowerBound + (steps < points ? point : steps * point / (points - 1)))
        _ = try select.first { rows.append(SnapshotRow($0)) }
      }
      return rows
    }
  }

  /// What was replaced on purpose, the newest first; with a stage only of that one.
  ///
  /// Throws `invalid` for a cursor of another list. O(log rows + rows that are passed).
  public func restatementPage(
    stage: String? = nil, limit: Int = 100, after cursor: Cursor? = nil
  ) throws(StoreError) -> Page<RestatementRow> {
    try connection.read("reading restatements") { db in
      guard try db.tableExists("restatements") else { return Page(rows: [], next: nil) }
      var filter = Filter()
      filter.require("stage", is: stage)
      return try filter.page(
        db, RestatementRow.columns, from: "restatements",
        PageOrder("restatements", ["id"], descending: true), limit: limit, after: cursor, path: path
      ) { RestatementRow($0) }
    }
  }

  /// A number that is another one whenever somebody has committed a change to the file meanwhile.
  /// Numbers of different readers say nothing about each other. O(1).
  public func dataVersion() throws(StoreError) -> Int64 {
    try connection.read("asking for changes") { db in
      try Int64.fetchOne(db, sql: "PRAGMA data_version") ?? 0
    }
  }

  /// How large the file is, and what belongs to it. O(1).
  public func fileSizes() -> FileSizes {
    let state = StateFile.path(besides: path)
    func size(_ path: String) -> Int64 { FileSystem.size(of: path) ?? 0 }
    return FileSizes(
      results: size(path), wal: size(path + "-wal"), state: size(state),
      stateWal: size(state + "-wal"))
  }

  /// How many alerts, findings and messages there are. O(their number), along indexes alone.
  public func counts() throws(StoreError) -> ResultsCounts {
    try readAlerts("counting", none: ResultsCounts()) { db in
      var counts = ResultsCounts()
      try BoundStatement(db, "SELECT state, count(*) FROM alerts GROUP BY state").execute {
        if let state = AlertState(rawValue: $0.text(0)) { counts.alerts[state] = $0.int(1) }
      }
      try BoundStatement(db, "SELECT status, count(*) FROM findings GROUP BY status").execute {
        if let status = FindingStatus(rawValue: $0.text(0)) { counts.findings[status] = $0.int(1) }
      }
      _ = try BoundStatement(
        db, "SELECT count(*) FROM findings WHERE closed_ms IS NULL AND status <> 'withdrawn'"
      ).first { counts.openFindings = $0.int(0) }
      try BoundStatement(db, "SELECT state, count(*) FROM outbox GROUP BY state").execute {
        if let state = OutboxState(rawValue: $0.text(0)) { counts.outbox[state] = $0.int(1) }
      }
      _ = try BoundStatement(db, "SELECT min(decided_wall_ms) FROM outbox WHERE state = 'pending'")
        .first { counts.oldestPending = $0.optionalInt(0).map(WallTime.init(ms:)) }
      return counts
    }
  }
}

extension SnapshotRow {
  /// Ids of the snapshots taken at or after `time`, which rise with it; nil without one.
  /// O(log rows) steps of O(log rows).
  static func ids(_ db: Database, since time: WallTime) throws -> ClosedRange<Int64>? {
    var ends: (first: Int64, last: Int64)?
    _ = try BoundStatement(
      db, "SELECT (SELECT min(id) FROM snapshots), (SELECT max(id) FROM snapshots)"
    ).first { row in
      if let first = row.optionalInt(0) { ends = (first, row.int(1)) }
    }
    guard let ends else { return nil }
    let taken = try BoundStatement(db, "SELECT taken_wall_ms FROM snapshots WHERE id = ?")
    var (low, high) = (ends.first, ends.last + 1)
    while low < high {
      let middle = low + (high - low) / 2
      taken.bind(1, middle)
      var isBefore = true
      _ = try taken.first { isBefore = $0.int(0) < time.ms }
      if isBefore { low = middle + 1 } else { high = middle }
    }
    return low <= ends.last ? low...ends.last : nil
  }
}
