import GRDB
import StreamCore

/// What state is of: a definition, and the numbers that its stages had.
struct StoredIdentity: Equatable {
  /// Digest of the definition.
  var digest: String
  /// Numbers of the stages as `StageRegister.numbers` has them; nil: a file from before they were
  /// noted.
  var stages: String?
  /// Name of the pipeline; empty of what an upgrade prepared.
  var pipeline = ""

  /// What the records are of; nil in a file that is none of ours.
  static func current(_ db: Database) throws -> StoredIdentity? {
    let isNumbered = try db.columns(in: "identity").contains { $0.name == "stages" }
    let row = try Row.fetchOne(
      db,
      sql: "SELECT definition_digest, \(isNumbered ? "stages" : "NULL"), pipeline FROM identity")
    return row.map { StoredIdentity(digest: $0[0], stages: $0[1], pipeline: $0[2]) }
  }

  /// What an upgrade prepared and did not end.
  static func next(_ db: Database) throws -> StoredIdentity? {
    guard try db.tableExists("next_identity") else { return nil }
    let row = try Row.fetchOne(db, sql: "SELECT definition_digest, stages FROM next_identity")
    return row.map { StoredIdentity(digest: $0[0], stages: $0[1]) }
  }
}

// An upgrade is three transactions, each of which a loss of power cannot take back: the state of
// the new definition is written beside that of the old one, the results are taken over, and the new
// state takes the place of the old. The second decides: whoever opens the files next finds results
// of the old definition and drops what was prepared, or of the new one and ends what was begun.
extension StateFile {
  /// Whose records there are.
  public func owners() throws(StoreError) -> [String] {
    try connection.read("reading the state") { db in
      try String.fetchAll(db, sql: "SELECT DISTINCT owner FROM records ORDER BY owner")
    }
  }

  /// Records of `owner` in the order of stage and key: all, or those of `stage`. O(their bytes).
  public func records(
    of owner: String, stage: UInt32? = nil
  ) throws(StoreError) -> [StateRecord] {
    try connection.read("reading the state") { db in
      try Self.records(of: owner, stage: stage, db, path: path)
    }
  }

  /// Writes what `translate` makes of the records of every owner beside them, as the state of the
  /// definition that the file was opened with and of `register`, in one transaction.
  ///
  /// Nothing changes by that: the records stay what they are until results of that definition are
  /// there and `follow(_:)` is called. Offsets and the snapshot are the same for both. O(bytes),
  /// with one owner's in memory at a time.
  ///
  /// - Parameter onProgress: Called now and then, as it is by `save`.
  public func prepareUpgrade(
    to register: StageRegister, onProgress: () -> Void = {},
    _ translate: ([StateRecord]) throws -> [StateRecord]
  ) throws(StoreError) {
    try connection.run("taking the state over to the new definition") { db in
      try db.inTransaction(.immediate) {
        try Self.dropNext(db)
        let owners = try String.fetchAll(
          db, sql: "SELECT DISTINCT owner FROM records ORDER BY owner")
        for owner in owners {
          var change = StateChange(snapshotID: 0, positions: [:])
          change.upserts = try translate(try Self.records(of: owner, db, path: path))
          onProgress()
          try writeRecords(change, to: "next_records", db, onProgress)
        }
        try db.execute(
          sql: "INSERT INTO next_identity (id, definition_digest, stages) VALUES (1, ?, ?)",
          arguments: [identity.definitionDigest, register.numbers])
        return .commit
      }
    }
  }

  /// Ends an upgrade that `results` have gone through, or drops one that they have not; then makes
  /// sure that the state is of the definition and of the stages that `results` have.
  ///
  /// To be called before `load`. Throws `otherDefinition` for state that belongs to other results:
  /// also of the same definition, when a stage went and came back since. O(bytes) after a kill in
  /// an upgrade, O(stages) else.
  public func follow(_ results: ResultsFile) throws(StoreError) {
    let (digest, register) = try results.definition()
    let wanted = StoredIdentity(digest: digest, stages: register?.numbers)
    let found = try connection.run("seeing what it is of") { db -> StoredIdentity? in
      if let next = try StoredIdentity.next(db) {
        try db.inTransaction(.immediate) {
          if next == wanted { try Self.switchToNext(db) } else { try Self.dropNext(db) }
          return .commit
        }
      }
      return try StoredIdentity.current(db)
    }
    guard let found, found.digest == digest else { throw otherResults("another definition") }
    if let stages = found.stages, let own = wanted.stages, stages != own {
      throw otherResults("stages that were there before them")
    }
    guard found.stages == nil, let own = wanted.stages else { return }
    try connection.run("noting its stages") { db in
      try db.execute(sql: "UPDATE identity SET stages = ?", arguments: [own])
    }
  }

  private func otherResults(_ what: String) -> StoreError {
    StoreError(
      kind: .otherDefinition, path: path,
      what: "it is the state of \(what), and does not belong to the results beside it",
      whatToDo: "Put back the state file that belongs to them, \(Self.waysOn(path))")
  }

  private static func switchToNext(_ db: Database) throws {
    try db.execute(
      sql: """
        DROP TABLE records;
        ALTER TABLE next_records RENAME TO records;
        UPDATE identity SET (definition_digest, stages) =
          (SELECT definition_digest, stages FROM next_identity);
        DELETE FROM next_identity;
        \(Schema.recordsTable("next_records"))
        """)
  }

  private static func dropNext(_ db: Database) throws {
    try db.execute(sql: "DELETE FROM next_records; DELETE FROM next_identity")
  }

  private static func records(
    of owner: String, stage: UInt32? = nil, _ db: Database, path: String
  ) throws -> [StateRecord] {
    let select = try BoundStatement(
      db,
      """
      SELECT stage, key, codec_version, bytes, checksum FROM records WHERE owner = ?
      \(stage == nil ? "" : "AND stage = ?") ORDER BY stage, key
      """)
    select.bind(1, owner)
    if let stage { select.bind(2, Int64(stage)) }
    var found: [StateRecord] = []
    try select.execute { row in
      let record = StateRecord(
        key: StateKey(
          owner: owner, stage: UInt32(truncatingIfNeeded: row.int(0)), key: Array(row.bytes(1))),
        codecVersion: UInt16(truncatingIfNeeded: row.int(2)), bytes: Array(row.bytes(3)))
      guard Checksum.of(record) == row.int(4) else {
        throw StoreError.damaged(
          path: path, "a record of \(owner), stage \(record.key.stage) has a wrong checksum")
      }
      found.append(record)
    }
    return found
  }
}
