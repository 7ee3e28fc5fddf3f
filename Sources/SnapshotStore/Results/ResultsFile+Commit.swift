import GRDB
import StreamCore

extension ResultsFile {
  /// Stores `change` as one snapshot, in one transaction, and returns its `snapshots.id`.
  ///
  /// Provisional rows go first where `dropsProvisional` says so. Rows of `rows.removed` go next,
  /// then the rows of each table are written in their order. A final row that is there already with
  /// the same key, values and event times is passed over, one that differs is a `conflict`; a
  /// provisional row never replaces a settled one; a `restated` row replaces any and stands, as
  /// does what a `Restatement` removed. A final finding may still be closed, once. Alerts hold what
  /// the later window says; messages that are there already, answered requests and rows of
  /// `finding_transitions` are passed over.
  ///
  /// - Parameter durable: Whether the snapshot, and all before it, must outlive a loss of power
  ///   when the call returns (one `fsync`). Otherwise a loss of power may take the newest snapshots
  ///   back, never a part of one; the end of the process takes none back in either case.
  /// - Complexity: O(rows · log rows of the file).
  public func commit(_ change: SnapshotChange, durable: Bool) throws(StoreError) -> Int64 {
    try connection.run("committing a snapshot") { db in
      try checkLog(db)
      try setSynchronous(db, full: durable)
      var next = settlement
      let id = latestID + 1
      try db.inTransaction(.immediate) {
        try write(change, id: id, db, &next)
        return .commit
      }
      settlement = next
      latestID = id
      if let watermark = change.watermark { removed.removeAll { $0.dropMs <= watermark.ms } }
      if durable { durableID = id }
      return id
    }
  }

  private func write(_ change: SnapshotChange, id: Int64, _ db: Database, _ next: inout Settlement)
    throws
  {
    try writePartitions(change.partitions, db)
    try writeMarks(change.newMarks, db)
    try writeSnapshot(change, id: id, db)
    let remover = ResultRemover(db)
    if change.dropsProvisional {
      try remover.removeAll()
      try AlertWriter(db).endProvisional(but: change.rows.alerts)
    }
    try remover.remove(change.rows.removed)
    try write(change.rows.funnels, db, &next)
    try write(change.rows.kpis, db, &next)
    try write(change.rows.metrics, db, &next)
    try write(change.rows.retention, db, &next)
    try write(change.rows.sessions, db, &next)
    try writeAlerts(change, db, &next)
    if let nodes = change.kpiTree { try KPINode.replace(with: nodes, db) }
    if let watermark = change.watermark {
      let keeper = ResultKeeper(db, rules: options.keep)
      for table in ResultTable.all { try keeper.prune(table, at: watermark, &next[table]) }
      try dropRemoved(db, at: watermark, &next)
    }
    let samples = SampleWriter(db, snapshotID: id, taken: change.taken, limit: options.sampleLimit)
    try samples.write(change.rejected, to: "rejected_events")
    try samples.write(change.late, to: "late_events")
    for (key, value) in change.manifest {
      guard !Manifest.isReserved(key) else {
        throw StoreError(
          kind: .invalid, path: path, what: "the key '\(key)' of run_manifest is the store's own",
          whatToDo: "Nothing was committed; this is a fault of Weir, please report it")
      }
      try Manifest.set(db, key, value)
    }
    for table in ResultTable.all where next[table].digest != settlement[table].digest {
      try Manifest.set(db, Manifest.resultDigest(of: table.name), next[table].digest.hex)
    }
    try Manifest.set(db, Manifest.resultDigest, next.digest.hex)
  }

  private func writeAlerts(
    _ change: SnapshotChange, _ db: Database, _ next: inout Settlement
  ) throws {
    try write(change.rows.alertTransitions, db, &next)
    try AlertWriter(db).write(change.rows.alerts)
    if !change.rows.findings.isEmpty {
      var writer = try FindingWriter(db, path: path)
      for row in change.rows.findings { try writer.write(row, &next[.findings]) }
    }
    try FindingWriter.write(change.rows.findingTransitions, db)
    let writer = PeopleWriter(db)
    if let rules = change.rules { try writer.write(rules) }
    try writer.write(change.thresholds)
    try writer.write(change.answers, limit: options.requestLimit)
    try writer.write(change.messages, limit: options.outboxLimit)
  }

  private func write<Row: StoredRow>(_ rows: [Row], _ db: Database, _ next: inout Settlement) throws
  {
    guard !rows.isEmpty else { return }
    var writer = try ResultWriter<Row>(db, path: path)
    // Taken out for the loop: to look the table up for every row would show.
    var settlement = next[Row.table]
    for row in rows { try writer.write(row, &settlement) }
    next[Row.table] = settlement
  }

  private func writePartitions(_ partitions: [PartitionProgress], _ db: Database) throws {
    let upsert = try BoundStatement(
      db,
      """
      INSERT INTO partitions (topic, partition, next_offset, clock_ms, read, rejected, filtered,
        late, duplicate, applied, idle) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
      ON CONFLICT DO UPDATE SET next_offset = excluded.next_offset, clock_ms = excluded.clock_ms,
        read = excluded.read, rejected = excluded.rejected, filtered = excluded.filtered,
        late = excluded.late, duplicate = excluded.duplicate, applied = excluded.applied,
        idle = excluded.idle
      WHERE partitions.next_offset <= excluded.next_offset
      """)
    for row in partitions {
      upsert.bind(1, row.id.topic)
      upsert.bind(2, Int64(row.id.partition))
      upsert.bind(3, row.nextOffset)
      upsert.bind(4, row.clock?.ms)
      upsert.bind(row.fates, from: 5)
      upsert.bind(11, row.idle)
      try upsert.execute()
      guard upsert.changedRows > 0 else {
        throw StoreError(
          kind: .invalid, path: path,
          what:
            "partition \(row.id) would go back to offset \(row.nextOffset), before the one stored",
          whatToDo: "Nothing was committed; this is a fault of Weir, please report it")
      }
    }
  }

  private func writeMarks(_ marks: [ClockMark], _ db: Database) throws {
    let upsert = try BoundStatement(
      db,
      """
      INSERT INTO marks (topic, partition, next_offset, clock_ms, kind) VALUES (?, ?, ?, ?, ?)
      ON CONFLICT DO UPDATE SET clock_ms = excluded.clock_ms, kind = excluded.kind
      WHERE marks.clock_ms < excluded.clock_ms
      """)
    for mark in marks {
      upsert.bind(1, mark.id.topic)
      upsert.bind(2, Int64(mark.id.partition))
      upsert.bind(3, mark.nextOffset)
      upsert.bind(4, mark.clock.ms)
      upsert.bind(5, mark.kind.rawValue)
      try upsert.execute()
    }
  }

  private func writeSnapshot(_ change: SnapshotChange, id: Int64, _ db: Database) throws {
    let insert = try BoundStatement(
      db,
      """
      INSERT INTO snapshots (id, taken_wall_ms, watermark_ms, read, rejected, filtered, late,
        duplicate, applied)
      SELECT ?, ?, ?, ifnull(sum(read), 0), ifnull(sum(rejected), 0), ifnull(sum(filtered), 0),
        ifnull(sum(late), 0), ifnull(sum(duplicate), 0), ifnull(sum(applied), 0) FROM partitions
      """)
    insert.bind(1, id)
    insert.bind(2, change.taken.ms)
    insert.bind(3, change.watermark?.ms)
    try insert.execute()
    let trim = try BoundStatement(db, "DELETE FROM snapshots WHERE id <= ?")
    trim.bind(1, id - Int64(max(1, options.snapshotLimit)))
    try trim.execute()
  }

  /// In WAL mode, `NORMAL` leaves the log to the system's cache and `FULL` syncs all of it at a
  /// commit.
  private func setSynchronous(_ db: Database, full: Bool) throws {
    guard full != isFullySynchronous else { return }
    try db.execute(sql: "PRAGMA synchronous = \(full ? "FULL" : "NORMAL")")
    isFullySynchronous = full
  }

  /// Refuses to go on while the log is over its limit and a reader keeps it from being emptied.
  private func checkLog(_ db: Database) throws {
    let log = path + "-wal"
    guard let bytes = FileSystem.size(of: log), bytes > options.maxWalBytes else { return }
    try db.execute(sql: "PRAGMA busy_timeout = 0")
    defer { try? db.execute(sql: "PRAGMA busy_timeout = \(options.busyTimeoutMs)") }
    _ = try Row.fetchOne(db, sql: "PRAGMA wal_checkpoint(TRUNCATE)")
    guard let left = FileSystem.size(of: log), left > options.maxWalBytes else { return }
    throw StoreError(
      kind: .walTooLarge, path: log,
      what:
        "the write-ahead log has \(left) bytes, over max_wal (\(options.maxWalBytes)), because a "
        + "reader keeps a transaction open: \(OpenFile.list(OpenFile.others(holding: path)))",
      whatToDo:
        "End that reader's transaction (readers should be short), or raise max_wal; nothing "
        + "was committed, and the next snapshot holds it all")
  }
}

/// Writes the bounded tables of examples.
struct SampleWriter {
  private let db: Database
  private let snapshotID: Int64
  private let taken: WallTime
  private let limit: Int

  init(_ db: Database, snapshotID: Int64, taken: WallTime, limit: Int) {
    self.db = db
    self.snapshotID = snapshotID
    self.taken = taken
    self.limit = max(0, limit)
  }

  /// Adds the newest of `samples` that fit, and drops older rows beyond the limit.
  func write(_ samples: [EventSample], to table: String) throws {
    guard !samples.isEmpty else { return }
    let insert = try BoundStatement(
      db,
      """
      INSERT INTO \(table) (snapshot_id, taken_wall_ms, topic, partition, offset, reason, detail,
        event_time_ms, watermark_ms, payload) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
      ON CONFLICT DO NOTHING
      """)
    for sample in samples.suffix(limit) {
      insert.bind(1, snapshotID)
      insert.bind(2, taken.ms)
      insert.bind(3, sample.id.topic)
      insert.bind(4, Int64(sample.id.partition))
      insert.bind(5, sample.offset)
      insert.bind(6, sample.reason)
      insert.bind(7, sample.detail)
      insert.bind(8, sample.eventTime?.ms)
      insert.bind(9, sample.watermark?.ms)
      insert.bind(10, sample.payload)
      try insert.execute()
    }
    let trim = try BoundStatement(
      db, "DELETE FROM \(table) WHERE id <= (SELECT max(id) FROM \(table)) - ?")
    trim.bind(1, Int64(limit))
    try trim.execute()
  }
}

extension BoundStatement {
  /// Binds the six counts to consecutive parameters, in the order of the tables' columns.
  func bind(_ fates: FateCounts, from index: Int32) {
    bind(index, fates.read)
    bind(index + 1, fates.rejected)
    bind(index + 2, fates.filtered)
    bind(index + 3, fates.late)
    bind(index + 4, fates.duplicate)
    bind(index + 5, fates.applied)
  }
}

extension BoundStatement.Row {
  /// Six consecutive columns of counts.
  func fates(from column: Int32) -> FateCounts {
    var fates = FateCounts()
    fates.read = int(column)
    fates.rejected = int(column + 1)
    fates.filtered = int(column + 2)
    fates.late = int(column + 3)
    fates.duplicate = int(column + 4)
    fates.applied = int(column + 5)
    return fates
  }
}
