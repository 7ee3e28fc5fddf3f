import GRDB
import StreamCore

extension StateFile {
  /// Whether the state is of another definition than the one that it was opened with, and no more
  /// than that.
  public var isOfFormerDefinition: Bool {
    get throws(StoreError) {
      try connection.read("reading its identity") { db in
        let digest = try String.fetchOne(db, sql: "SELECT definition_digest FROM identity")
        return digest != identity.definitionDigest
      }
    }
  }

  /// The records of one owner after the other, as they were saved.
  public func owners() throws(StoreError) -> [String] {
    try connection.read("reading the state") { db in
      try String.fetchAll(db, sql: "SELECT DISTINCT owner FROM records ORDER BY owner")
    }
  }

  /// All records of `owner`, in the order of stage and key. O(their bytes).
  public func records(of owner: String) throws(StoreError) -> [StateRecord] {
    try connection.read("reading the state") { db in try Self.records(of: owner, db, path: path) }
  }

  /// Replaces the records of every owner by what `translate` makes of them, and the file's identity
  /// by the one that it was opened with, in one transaction that a loss of power cannot take back.
  /// Offsets and the snapshot that the state belongs to stay. O(bytes), with one owner's in memory
  /// at a time.
  public func rewrite(
    _ translate: ([StateRecord]) throws -> [StateRecord]
  ) throws(StoreError) {
    try connection.run("taking the state over to the new definition") { db in
      try db.inTransaction(.immediate) {
        let owners = try String.fetchAll(
          db, sql: "SELECT DISTINCT owner FROM records ORDER BY owner")
        for owner in owners {
          let records = try translate(try Self.records(of: owner, db, path: path))
          try db.execute(sql: "DELETE FROM records WHERE owner = ?", arguments: [owner])
          var change = StateChange(snapshotID: 0, positions: [:])
          change.upserts = records
          try writeRecords(change, db)
        }
        try db.execute(
          sql: "UPDATE identity SET definition_digest = ?", arguments: [identity.definitionDigest])
        return .commit
      }
    }
  }

  private static func records(
    of owner: String, _ db: Database, path: String
  ) throws -> [StateRecord] {
    let select = try BoundStatement(
      db,
      """
      SELECT stage, key, codec_version, bytes, checksum FROM records WHERE owner = ?
      ORDER BY stage, key
      """)
    select.bind(1, owner)
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
