import GRDB
import StreamCore

/// The private file `NAME.sqlite-state`: keyed state as of a snapshot, so that a restart does not
/// read everything again.
///
/// **Never ahead of the results.** State of snapshot n is only any good beside results that hold
/// snapshot n: results can catch up with state by reading events again, state cannot go back.
/// - A kill cannot break this: `save` comes after the `commit` that made snapshot n.
/// - A loss of power could: a results commit that is not durable sits in the system's cache, and a
///   `save` that reached the disk first would survive it. Therefore `save` takes the newest durable
///   snapshot of the results file and refuses state of a later one. A durable commit syncs the
///   whole write-ahead log, that is every snapshot up to its own, before it returns; `save` itself
///   writes nothing before it has checked, and syncs its own log. So whenever the state of snapshot
///   n can be read after a loss of power, snapshot n can be read too.
/// - `load` checks once more and refuses what a copied or restored file may have brought about.
///
/// A `save` is one transaction: after a kill in its middle the earlier state is there, whole. There
/// is one user, who holds `NAME.sqlite-state.lock`; others may copy the file meanwhile
/// (`StorePair`). Calls may come from any thread and run one after the other.
public final class StateFile: Sendable {
  /// The file's path, as it was given.
  public let path: String
  let connection: Connection
  let identity: PipelineIdentity
  private let lock: FileLock

  /// The state file of the results file at `path`.
  public static func path(besides path: String) -> String { path + stateFileSuffix }

  /// Opens the file at `path`, or creates it.
  ///
  /// Throws a `StoreError` for a file that is damaged, foreign, of another pipeline or definition
  /// or of a later schema, for a path that cannot be written, and while another process holds it.
  /// O(bytes of the file) up to `checkMaxBytes`.
  public static func open(
    path: String, identity: PipelineIdentity, options: StoreOptions = StoreOptions()
  ) throws(StoreError) -> StateFile {
    try StateFile(path: path, identity: identity, options: options)
  }

  private init(path: String, identity: PipelineIdentity, options: StoreOptions) throws(StoreError) {
    self.path = path
    self.identity = identity
    try FileSystem.checkWritable(path)
    lock = try FileLock(of: path)
    connection = try Connection(path: path, role: .sharedWriter, options: options)
    try connection.prepare(
      .state, options: options, pageBytes: 16384,
      existing: { try Self.check(identity, $0, path: path) },
      create: { db in
        try db.execute(
          sql: "INSERT INTO identity (id, pipeline, definition_digest) VALUES (1, ?, ?)",
          arguments: [identity.name, identity.definitionDigest])
      })
  }

  /// What the latest `save` left; nil when there was none.
  ///
  /// Throws `stateAhead` when that is later than `resume`, where the results file stopped.
  public func load(notAheadOf resume: ResumePoint?) throws(StoreError) -> LoadedState? {
    guard let state = try Self.header(connection) else { return nil }
    try check(state, resume)
    return state
  }

  /// What the latest `save` left, whatever it belongs to; nil when there was none.
  static func header(_ connection: Connection) throws(StoreError) -> LoadedState? {
    try connection.read("reading its header") { db in
      let header = try BoundStatement(db, "SELECT snapshot_id, saved_wall_ms FROM header")
      var found: (id: Int64, saved: WallTime)?
      _ = try header.first { found = ($0.int(0), WallTime(ms: $0.int(1))) }
      guard let found else { return nil }
      var positions: [PartitionID: Int64] = [:]
      try BoundStatement(db, "SELECT topic, partition, next_offset FROM positions").execute {
        let number = Int32(truncatingIfNeeded: $0.int(1))
        positions[PartitionID(topic: $0.text(0), partition: number)] = $0.int(2)
      }
      return LoadedState(
        connection: connection, snapshotID: found.id, saved: found.saved, positions: positions)
    }
  }

  /// Replaces the stored state by `change`, in one transaction that a loss of power cannot take
  /// back.
  ///
  /// - Parameter durableTo: `durableSnapshotID` of the results file; state of a later snapshot is
  ///   refused with `stateAhead`, and nothing is written.
  /// - Parameter onProgress: Called after every few thousand records: a save of much state takes
  ///   long, and somebody may want to see that it goes on.
  /// - Complexity: O(changed records · log records).
  public func save(
    _ change: StateChange, durableTo: Int64, onProgress: () -> Void = {}
  ) throws(StoreError) {
    guard change.snapshotID <= durableTo else {
      throw StoreError(
        kind: .stateAhead, path: path,
        what: "state of snapshot \(change.snapshotID) was to be saved while the results are safe "
          + "only up to snapshot \(durableTo)",
        whatToDo: "Nothing was saved; this is a fault of Weir, please report it")
    }
    try connection.run("saving the state") { db in
      try db.inTransaction(.immediate) {
        if change.replacesAll { try db.execute(sql: "DELETE FROM records") }
        try writeRecords(change, db, onProgress)
        try writeHeader(change, db)
        return .commit
      }
    }
  }

  /// Where the copy is that was made because opening the file migrated it; nil when it did not.
  public var keptCopy: String? { connection.keptCopy }

  /// Closes the file. Nothing may be called afterwards but `close()`.
  public func close() throws(StoreError) {
    defer { lock.release() }
    try connection.close()
  }

  private static let recordsPerStep = 4_096

  func writeRecords(
    _ change: StateChange, to table: String = "records", _ db: Database,
    _ onProgress: () -> Void = {}
  ) throws {
    let delete = try BoundStatement(
      db, "DELETE FROM \(table) WHERE owner = ? AND stage = ? AND key = ?")
    for key in change.deletes {
      delete.bind(1, key.owner)
      delete.bind(2, Int64(key.stage))
      delete.bind(3, key.key)
      try delete.execute()
    }
    let upsert = try BoundStatement(
      db,
      """
      INSERT INTO \(table) (owner, stage, key, codec_version, checksum, bytes)
      VALUES (?, ?, ?, ?, ?, ?)
      ON CONFLICT DO UPDATE SET codec_version = excluded.codec_version,
        checksum = excluded.checksum, bytes = excluded.bytes
      """)
    for (index, record) in change.upserts.enumerated() {
      if index % Self.recordsPerStep == Self.recordsPerStep - 1 { onProgress() }
      upsert.bind(1, record.key.owner)
      upsert.bind(2, Int64(record.key.stage))
      upsert.bind(3, record.key.key)
      upsert.bind(4, Int64(record.codecVersion))
      upsert.bind(5, Checksum.of(record))
      upsert.bind(6, record.bytes)
      try upsert.execute()
    }
  }

  private func writeHeader(_ change: StateChange, _ db: Database) throws {
    try db.execute(sql: "DELETE FROM positions")
    let position = try BoundStatement(
      db, "INSERT INTO positions (topic, partition, next_offset) VALUES (?, ?, ?)")
    for (id, offset) in change.positions {
      position.bind(1, id.topic)
      position.bind(2, Int64(id.partition))
      position.bind(3, offset)
      try position.execute()
    }
    try db.execute(
      sql: "INSERT OR REPLACE INTO header (id, snapshot_id, saved_wall_ms) VALUES (1, ?, ?)",
      arguments: [change.snapshotID, FileSystem.wallMs()])
  }

  private func check(_ state: LoadedState, _ resume: ResumePoint?) throws(StoreError) {
    let latest = resume?.snapshotID ?? 0
    let stored = resume?.positions ?? [:]
    let ahead = state.positions.filter { $0.value > stored[$0.key] ?? 0 }.min { $0.key < $1.key }
    let what: String
    if state.snapshotID > latest {
      what = "it is the state of snapshot \(state.snapshotID), the results end with \(latest)"
    } else if let ahead {
      what =
        "it is at offset \(ahead.value) of \(ahead.key), the results at "
        + "\(stored[ahead.key] ?? 0)"
    } else {
      return
    }
    throw StoreError(
      kind: .stateAhead, path: path, what: "the state is ahead of the results: \(what)",
      whatToDo: "Put back the results file that belongs to it, or \(Self.waysOn(path))")
  }

  /// What may be done where state and results do not belong together, or are of no use.
  static func waysOn(_ path: String) -> String {
    let results = path.hasSuffix(stateFileSuffix) ? String(path.dropLast(6)) : path
    return "put both files back from a backup (`weir restore DIR --into \(results) --replace`), or "
      + "build a file from history (`weir replay PIPELINE.yaml --into NEW.sqlite --like "
      + "\(results)`, then `weir adopt \(results) --into NEW.sqlite`)"
  }

  private static func check(
    _ identity: PipelineIdentity, _ db: Database, path: String
  ) throws {
    guard let found = try StoredIdentity.current(db) else {
      throw StoreError.damaged(path: path, "it names no pipeline")
    }
    let next = try StoredIdentity.next(db)
    // What an upgrade prepared is as good: `follow` decides.
    let digest = [found.digest, next?.digest].compactMap(\.self).first(where: identity.accepts)
    if digest == nil, found.pipeline == identity.name {
      throw StoreError(
        kind: .otherDefinition, path: path,
        what: "it is the state of another definition of '\(identity.name)' "
          + "(\(found.digest.prefix(12)), now \(identity.definitionDigest.prefix(12)))",
        whatToDo: "Put back the state file that belongs to the results, \(waysOn(path))")
    }
    try identity.check(
      path: path, name: found.pipeline, digest: digest ?? found.digest, definition: nil)
  }
}
