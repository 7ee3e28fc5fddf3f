import Foundation
import GRDB
import Testing

@testable import SnapshotStore

@Suite struct SchemaTests {
  private func schema(of db: Database) throws -> [String] {
    try String.fetchAll(
      db,
      sql: """
        SELECT type || ' ' || name || ' ' || ifnull(sql, '') FROM sqlite_master ORDER BY rowid
        """)
      + [
        "application_id \(try Int.fetchOne(db, sql: "PRAGMA application_id") ?? 0)",
        "user_version \(try Int.fetchOne(db, sql: "PRAGMA user_version") ?? 0)",
      ]
  }

  @Test func `docs/schema.sql is the schema of a fresh file, comments included`() throws {
    let directory = try TemporaryDirectory()
    try ResultsFile.open(path: directory.file(), identity: shop).close()
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()
    let contract = try String(
      contentsOf: root.appendingPathComponent("docs/schema.sql"), encoding: .utf8)
    let documented = try DatabaseQueue().write { db in
      try db.execute(sql: contract)
      return try schema(of: db)
    }
    let fresh = try DatabaseQueue(path: directory.file()).read(schema)
    #expect(documented == fresh)
    #expect(fresh.filter { $0.hasPrefix("table") }.allSatisfy { $0.contains("STRICT") })
  }

  @Test func `A file of a later schema is refused, naming both versions, and left as it is`() throws
  {
    let directory = try TemporaryDirectory()
    let path = directory.file()
    try ResultsFile.open(path: path, identity: shop).close()
    try execute("PRAGMA user_version = 99", on: path)
    let before = try Data(contentsOf: URL(fileURLWithPath: path))
    let error = expectError(.newerSchema) { try ResultsFile.open(path: path, identity: shop) }
    #expect(error?.what.contains("99") == true)
    #expect(error?.what.contains("up to \(Schema.results.version)") == true)
    expectError(.newerSchema) { try ResultsReader.open(path: path) }
    #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == before)
  }

  @Test func `A migration keeps a copy of the file as it was`() throws {
    let directory = try TemporaryDirectory()
    let path = directory.file()
    let file = try ResultsFile.open(path: path, identity: shop)
    _ = try file.commit(change([metric()], next: 3), durable: false)
    try file.close()
    let later = Schema(
      kind: Schema.results.kind, applicationID: Schema.results.applicationID,
      migrations: Schema.results.migrations + [
        Migration(
          version: Schema.results.version + 1,
          sql: "CREATE TABLE later (id INTEGER PRIMARY KEY) STRICT")
      ])
    let migrated = try ResultsFile(
      path: path, identity: shop, options: StoreOptions(), schema: later)
    #expect(migrated.resume?.positions.values.first == 3)
    #expect(migrated.keptCopy == path + ".before-migration-v\(Schema.results.version)")
    try migrated.close()
    let copy = path + ".before-migration-v\(Schema.results.version)"
    let versions = try [path, copy].map { path in
      try DatabaseQueue(path: path).read { db in
        (
          try Int.fetchOne(db, sql: "PRAGMA user_version"), try db.tableExists("later"),
          try Int.fetchOne(db, sql: "SELECT count(*) FROM metrics")
        )
      }
    }
    #expect(versions[0] == (Schema.results.version + 1, true, 1))
    #expect(versions[1] == (Schema.results.version, false, 1))
    expectError(.newerSchema) { try ResultsFile.open(path: path, identity: shop) }
  }

  @Test func `Of the copies from before migrations the newest stay, each as it was last`() throws {
    let directory = try TemporaryDirectory()
    let path = directory.file()
    let kept = { (version: Int) in "\(path).before-migration-v\(version)" }
    let newest = Schema.results.version
    for version in 1..<newest {
      let file = try ResultsFile.open(path: path, identity: shop)
      _ = try file.commit(
        change([metric(at: Int64(version))], next: Int64(version)), durable: false)
      try file.close()
      try makeOlder(path, version: version)
      try ResultsFile.open(path: path, identity: shop).close()
    }
    let there = (0...newest).filter { FileManager.default.fileExists(atPath: kept($0)) }
    #expect(there == Array((newest - Connection.keptCopiesMax)..<newest))
    // Migrated once more from the same version: what was written since is in the copy, too.
    let file = try ResultsFile.open(path: path, identity: shop)
    #expect(file.keptCopy == nil)
    _ = try file.commit(change([metric(at: 99)], next: 99), durable: false)
    try file.close()
    try makeOlder(path, version: newest - 1)
    let again = try ResultsFile.open(path: path, identity: shop)
    #expect(again.keptCopy == kept(newest - 1))
    try again.close()
    let rows = try ResultsReader.open(path: kept(newest - 1)).metrics()
    #expect(rows.map(\.windowStart.ms).contains(99 * minute))
  }

  @Test func `A migration that fails leaves the file at its version`() throws {
    let directory = try TemporaryDirectory()
    let path = directory.file()
    try ResultsFile.open(path: path, identity: shop).close()
    let broken = Schema(
      kind: Schema.results.kind, applicationID: Schema.results.applicationID,
      migrations: Schema.results.migrations + [
        Migration(
          version: Schema.results.version + 1,
          sql: "CREATE TABLE later (id INTEGER); CREATE TABLE metrics (x)")
      ])
    expectError(.io) {
      try ResultsFile(path: path, identity: shop, options: StoreOptions(), schema: broken)
    }
    try ResultsFile.open(path: path, identity: shop).close()
  }

  @Test func `A file from before the tables of users is read, compared and migrated`() throws {
    let directory = try TemporaryDirectory()
    let (old, new) = (directory.file(), directory.file("new.sqlite"))
    for path in [old, new] {
      let file = try ResultsFile.open(path: path, identity: shop)
      _ = try file.commit(change([metric()], next: 3), durable: false)
      try file.close()
    }
    try makeOlder(old, version: 1)
    let reader = try ResultsReader.open(path: old)
    #expect(try reader.metrics() == [metric()])
    #expect(try reader.funnels().isEmpty && reader.retention().isEmpty)
    #expect(try reader.sessions().isEmpty)
    #expect(try reader.stages().map(\.name) == ["revenue"])
    #expect(try reader.reach(of: .funnels, name: "checkout") == nil)
    #expect(try reader.names(of: .funnels) == [])
    reader.close()
    #expect(try ResultsDigest.verify(path: old).isSound)
    #expect(try ResultsDigest.diff(old, new).isEmpty)

    let file = try ResultsFile.open(path: old, identity: shop)
    let digest = try file.resultDigest
    #expect(try ResultsDigest.verify(path: old).isSound)
    _ = try file.commit(change(rows { $0.funnels = [funnel()] }, next: 3), durable: false)
    #expect(try file.resultDigest != digest)
    try file.close()
    #expect(try ResultsDigest.verify(path: old).isSound)
    #expect(try ResultsDigest.diff(old, new).tables.map(\.onlyInA) == inTables("funnels", 1))
  }
}
