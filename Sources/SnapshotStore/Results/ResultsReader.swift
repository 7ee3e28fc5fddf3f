import GRDB
import StreamCore

/// Which rows of the table `metrics` to read; every condition that is set must hold.
public struct MetricQuery: Sendable {
  /// Name of the metric.
  public var metric: String?
  /// Windows that start at or after this.
  public var from: EventTime?
  /// Windows that start before this.
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
    metric: String? = nil, from: EventTime? = nil, to: EventTime? = nil,
    dimensions: [String: String?] = [:], status: ResultStatus? = nil, limit: Int = 1000,
    newestFirst: Bool = false
  ) {
    self.metric = metric
    self.from = from
    self.to = to
    self.dimensions = dimensions
    self.status = status
    self.limit = limit
    self.newestFirst = newestFirst
  }

  var stage: StageQuery {
    StageQuery(
      name: metric, from: from, to: to, dimensions: dimensions, status: status, limit: limit,
      newestFirst: newestFirst)
  }
}

/// One row of `rejected_events` or `late_events`.
public struct StoredSample: Sendable, Equatable {
  /// The snapshot that brought it.
  public var snapshotID: Int64
  /// When that was taken.
  public var taken: WallTime
  /// The example.
  public var sample: EventSample
}

/// Read-only queries on a results file, also while a worker writes to it.
///
/// Each call sees one committed snapshot and ends before it returns, so the writer's log never
/// waits for a reader. Calls may come from any thread and run one after the other; for parallel
/// queries open several readers.
public final class ResultsReader: Sendable {
  /// The file's path, as it was given.
  public let path: String
  let connection: Connection

  /// Opens the file at `path` for reading.
  ///
  /// Throws when it is not there, damaged, foreign or of a later schema. The directory must be
  /// writable where the file has no `-shm` beside it: SQLite shares the log through one.
  ///
  /// - Parameter queryLimitMs: How long one call may read, in milliseconds, before it throws
  ///   `timedOut`; nil: as long as it takes.
  public static func open(
    path: String, queryLimitMs: Int64? = nil
  ) throws(StoreError) -> ResultsReader {
    guard FileSystem.size(of: path) != nil else {
      throw StoreError(
        kind: .io, path: path, what: "there is no such file, or it may not be seen",
        whatToDo: "Check the path; a worker creates the file when it starts")
    }
    return try ResultsReader(path: path, deadline: queryLimitMs.map(QueryDeadline.init))
  }

  private init(path: String, deadline: QueryDeadline?) throws(StoreError) {
    self.path = path
    connection = try Connection(
      path: path, role: .reader, options: StoreOptions(), deadline: deadline)
    let isNew = try connection.read("opening it") { try Schema.results.check($0, path: path).isNew }
    guard !isNew else {
      throw StoreError(
        kind: .foreign, path: path, what: "it has no tables yet",
        whatToDo: "Wait until a worker has started with it, or check the path")
    }
  }

  /// Rows of `metrics` in the order of metric, window start, dimensions, or from the newest window.
  ///
  /// O(log rows + rows of the metric and range); without a metric O(rows).
  public func metrics(_ query: MetricQuery = MetricQuery()) throws(StoreError) -> [MetricRow] {
    try rows(query.stage)
  }

  /// The table `partitions`, by topic and partition.
  public func partitions() throws(StoreError) -> [PartitionProgress] {
    try connection.read("reading partitions") { try PartitionProgress.all($0) }
  }

  /// The table `marks`, by partition and offset.
  public func marks() throws(StoreError) -> [ClockMark] {
    try connection.read("reading marks") { try ClockMark.all($0) }
  }

  /// The table `run_manifest`.
  public func manifest() throws(StoreError) -> [String: String] {
    try connection.read("reading the manifest") { try Manifest.all($0) }
  }

  /// The newest rows of `snapshots`, newest first.
  public func snapshots(limit: Int = 100) throws(StoreError) -> [SnapshotRow] {
    try connection.read("reading snapshots") { try SnapshotRow.latest($0, limit: limit) }
  }

  /// The newest rows of `rejected_events`, newest first.
  public func rejectedEvents(limit: Int = 100) throws(StoreError) -> [StoredSample] {
    try samples("rejected_events", limit: limit)
  }

  /// The newest rows of `late_events`, newest first.
  public func lateEvents(limit: Int = 100) throws(StoreError) -> [StoredSample] {
    try samples("late_events", limit: limit)
  }

  /// Ends the use of the file. Safe to call again; later queries throw.
  public func close() { try? connection.close() }

  private func samples(_ table: String, limit: Int) throws(StoreError) -> [StoredSample] {
    try connection.read("reading \(table)") { db in
      let columns = StoredSample.columns(withPayload: true).joined(separator: ", ")
      return try Filter().rows(
        db, "SELECT \(columns) FROM \(table)", "ORDER BY id DESC", limit: limit
      ) { StoredSample($0) }
    }
  }
}

extension StoredSample {
  /// Columns of the tables of examples, as `init` reads them.
  static func columns(withPayload: Bool) -> [String] {
    [
      "snapshot_id", "taken_wall_ms", "topic", "partition", "offset", "reason", "detail",
      "event_time_ms", "watermark_ms", withPayload ? "payload" : "''",
    ]
  }

  init(_ row: borrowing BoundStatement.Row) {
    let id = PartitionID(topic: row.text(2), partition: Int32(truncatingIfNeeded: row.int(3)))
    self.init(
      snapshotID: row.int(0), taken: WallTime(ms: row.int(1)),
      sample: EventSample(
        id: id, offset: row.int(4), reason: row.text(5), detail: row.text(6),
        eventTime: row.optionalInt(7).map(EventTime.init(ms:)),
        watermark: row.optionalInt(8).map(EventTime.init(ms:)), payload: row.text(9)))
  }
}
