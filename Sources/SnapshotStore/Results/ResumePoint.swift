import GRDB
import StreamCore

/// Where an earlier run of a pipeline stopped, as its results file tells it.
public struct ResumePoint: Sendable, Equatable {
  /// The latest row of `snapshots`.
  public var snapshotID: Int64
  /// When it was taken.
  public var taken: WallTime
  /// The pipeline watermark then.
  public var watermark: EventTime?
  /// Every partition, by id.
  public var partitions: [PartitionProgress]
  /// Every mark, by partition and offset.
  public var marks: [ClockMark]
  /// The table `run_manifest`.
  public var manifest: [String: String]
  /// Rows of `rejected_events`.
  public var rejectedSamples: Int
  /// Rows of `late_events`.
  public var lateSamples: Int

  /// Offset of the next record to read, of every partition.
  public var positions: [PartitionID: Int64] {
    Dictionary(partitions.map { ($0.id, $0.nextOffset) }) { $1 }
  }

  /// Reads it; nil before the first snapshot.
  init?(_ db: Database) throws {
    guard let latest = try SnapshotRow.latest(db, limit: 1).first else { return nil }
    snapshotID = latest.id
    taken = latest.taken
    watermark = latest.watermark
    partitions = try PartitionProgress.all(db)
    marks = try ClockMark.all(db)
    manifest = try Manifest.all(db)
    rejectedSamples = try Int.fetchOne(db, sql: "SELECT count(*) FROM rejected_events") ?? 0
    lateSamples = try Int.fetchOne(db, sql: "SELECT count(*) FROM late_events") ?? 0
  }
}

/// One row of the table `snapshots`.
public struct SnapshotRow: Sendable, Equatable {
  /// 1, 2, 3, … in the order in which they were taken.
  public var id: Int64
  /// When it was taken.
  public var taken: WallTime
  /// The pipeline watermark; nil before there was one.
  public var watermark: EventTime?
  /// Fates of all events up to then.
  public var fates: FateCounts
}

extension SnapshotRow {
  /// Columns of the table `snapshots`, as `init` reads them.
  static let columns = [
    "id", "taken_wall_ms", "watermark_ms", "read", "rejected", "filtered", "late", "duplicate",
    "applied",
  ]

  init(_ row: borrowing BoundStatement.Row) {
    self.init(
      id: row.int(0), taken: WallTime(ms: row.int(1)),
      watermark: row.optionalInt(2).map(EventTime.init(ms:)), fates: row.fates(from: 3))
  }

  /// The newest `limit` rows, newest first.
  static func latest(_ db: Database, limit: Int) throws -> [SnapshotRow] {
    try Filter().rows(
      db, "SELECT \(columns.joined(separator: ", ")) FROM snapshots", "ORDER BY id DESC",
      limit: limit
    ) { SnapshotRow($0) }
  }
}

extension PartitionProgress {
  /// The table `partitions`, by id.
  static func all(_ db: Database) throws -> [PartitionProgress] {
    var rows: [PartitionProgress] = []
    try BoundStatement(
      db,
      """
      SELECT topic, partition, next_offset, clock_ms, read, rejected, filtered, late, duplicate,
        applied, idle FROM partitions ORDER BY topic, partition
      """
    ).execute {
      rows.append(
        PartitionProgress(
          id: PartitionID(topic: $0.text(0), partition: Int32(truncatingIfNeeded: $0.int(1))),
          nextOffset: $0.int(2), clock: $0.optionalInt(3).map(EventTime.init(ms:)),
          fates: $0.fates(from: 4), idle: $0.bool(10)))
    }
    return rows
  }
}

extension ClockMark {
  /// The table `marks`, by partition and offset.
  static func all(_ db: Database) throws -> [ClockMark] {
    var rows: [ClockMark] = []
    try BoundStatement(
      db,
      """
      SELECT topic, partition, next_offset, clock_ms, kind FROM marks
      ORDER BY topic, partition, next_offset
      """
    ).execute {
      guard let kind = Kind(rawValue: $0.text(4)) else { return }
      rows.append(
        ClockMark(
          id: PartitionID(topic: $0.text(0), partition: Int32(truncatingIfNeeded: $0.int(1))),
          nextOffset: $0.int(2), clock: EventTime(ms: $0.int(3)), kind: kind))
    }
    return rows
  }
}
