import GRDB

/// One step of a file's schema: what brings a file of the version before to `version`.
struct Migration: Sendable {
  let version: Int
  let sql: String
}

/// What a kind of file consists of, version by version.
struct Schema: Sendable {
  /// What Weir calls such a file, for errors.
  let kind: String
  /// SQLite's `application_id`, by which a file says what it is.
  let applicationID: Int64
  /// Steps from an empty file on, by version, without gaps.
  let migrations: [Migration]

  /// The version that this program writes.
  var version: Int { migrations.last?.version ?? 0 }

  /// Whether the file has no tables yet. Throws when it is not of this kind, or of a later version.
  func check(_ db: Database, path: String) throws -> (isNew: Bool, version: Int) {
    let id = try Int64.fetchOne(db, sql: "PRAGMA application_id") ?? 0
    let tables = try Int.fetchOne(db, sql: "SELECT count(*) FROM sqlite_master") ?? 0
    let version = try Int.fetchOne(db, sql: "PRAGMA user_version") ?? 0
    if tables == 0, id == 0 || id == applicationID { return (true, 0) }
    guard id == applicationID else {
      throw StoreError(
        kind: .foreign, path: path, what: "it is an SQLite file, but not a \(kind) of Weir",
        whatToDo: "Choose another path with --data")
    }
    guard version <= self.version else {
      throw StoreError(
        kind: .newerSchema, path: path,
        what: "its schema is version \(version), this weir knows versions up to \(self.version)",
        whatToDo: "Use the weir that wrote it or a later one; nothing was changed")
    }
    return (false, version)
  }

  /// Brings a file of version `from` to this version. Call within a transaction.
  func migrate(_ db: Database, from: Int) throws {
    for migration in migrations where migration.version > from {
      try db.execute(sql: migration.sql)
    }
    try db.execute(sql: "PRAGMA application_id = \(applicationID)")
    try db.execute(sql: "PRAGMA user_version = \(version)")
  }
}
