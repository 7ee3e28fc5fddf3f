import Foundation
import GRDB
import StreamCore
import Testing

@testable import SnapshotStore

/// Files of every version of the schema that there was, made by the SQL that made them then.
@Suite struct ReleasedFileTests {
  /// The folder of that SQL.
  private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("Released")

  /// Rows of every table of results.
  private var everything: ResultRows {
    rows {
      $0.metrics = [metric(), metric("open", at: 3, .provisional)]
      $0.funnels = [funnel()]
      $0.retention = [cell()]
      $0.sessions = [visits()]
    }
  }

  /// Makes a file of `version` at `path`, with what `whole` has of its tables and columns.
  private func make(_ version: Int, at path: String, of whole: String) throws {
    let sql = try String(
      contentsOf: Self.folder.appendingPathComponent("results-v\(version).sql"), encoding: .utf8)
    let queue = try DatabaseQueue(path: path)
    try queue.writeWithoutTransaction { db in
      try db.execute(sql: sql)
      #expect(try Int.fetchOne(db, sql: "PRAGMA user_version") == version)
      try db.execute(sql: "ATTACH ? AS whole", arguments: [whole])
      let tables = try String.fetchAll(
        db, sql: "SELECT name FROM main.sqlite_master WHERE type = 'table'")
      for table in tables {
        let columns = try String.fetchAll(
          db,
          sql: """
            SELECT name FROM pragma_table_info(?, 'main')
            INTERSECT SELECT name FROM pragma_table_info(?, 'whole')
            """, arguments: [table, table]
        ).joined(separator: ", ")
        try db.execute(
          sql: "INSERT INTO main.\(table) (\(columns)) SELECT \(columns) FROM whole.\(table)")
      }
      let known = tables.map { "'\($0)'" }.joined(separator: ", ")
      // Digests of the tables that there are, and their sum.
      try db.execute(
        sql: """
          DELETE FROM main.run_manifest WHERE key LIKE 'result_digest.%'
            AND substr(key, 15) NOT IN (\(known));
          DELETE FROM main.run_manifest WHERE key IN
            ('stages', 'next_stage_id', 'removed_stages', 'upgrades', 'definition_document');
          DETACH whole
          """)
      var sum = DigestSum()
      for (_, value) in try Manifest.all(db).filter({ $0.key.hasPrefix("result_digest.") }) {
        sum += try #require(DigestSum(hex: value))
      }
      try Manifest.set(db, Manifest.resultDigest, sum.hex)
    }
    try queue.close()
  }

  /// Tables, columns and indexes.
  private func shape(_ path: String) throws -> [String] {
    try DatabaseQueue(path: path).read { db in
      try String.fetchAll(
        db, sql: "SELECT type || ' ' || name || ' ' || ifnull(sql, '') FROM sqlite_master"
      )
      .sorted()
    }
  }

  @Test(arguments: 1...Schema.results.version)
  func `A file of every version is read, migrated, kept as it was, and gone on with`(
    version: Int
  ) throws {
    let directory = try TemporaryDirectory()
    let (whole, old) = (directory.file("whole.sqlite"), directory.file("old.sqlite"))
    let file = try ResultsFile.open(path: whole, identity: shop)
    _ = try file.commit(change(everything, next: 3), durable: false)
    try file.close()
    try make(version, at: old, of: whole)

    let before = try ResultsDigest.verify(path: old)
    #expect(before.isSound, "\(before.problems)")
    let reader = try ResultsReader.open(path: old)
    #expect(try reader.metrics().map(\.metric).sorted() == ["open", "revenue"])
    reader.close()

    let migrated = try ResultsFile.open(path: old, identity: shop)
    #expect(migrated.resume?.positions.values.first == 3)
    #expect(try migrated.resultDigest == before.stored)
    #expect(try migrated.register() == nil)
    try migrated.enter(StageRegister(digests: ["metrics.revenue": "a"]), document: "{}")
    _ = try migrated.commit(
      change(rows { $0.metrics = [metric(at: 1)] }, next: 4), durable: true)
    try migrated.close()
    #expect(try ResultsDigest.verify(path: old).isSound)
    #expect(try shape(old) == shape(whole))
    let copy = old + ".before-migration-v\(version)"
    #expect(FileManager.default.fileExists(atPath: copy) == (version < Schema.results.version))
    if version < Schema.results.version {
      #expect(try ResultsDigest.verify(path: copy).stored == before.stored)
    }
  }

  @Test(arguments: 1...Schema.state.version)
  func `A state file of every version is read, migrated, kept as it was, and gone on with`(
    version: Int
  ) throws {
    let directory = try TemporaryDirectory()
    let path = directory.file()
    let statePath = StateFile.path(besides: path)
    let results = try ResultsFile.open(path: path, identity: shop)
    try results.enter(StageRegister(digests: ["metrics.revenue": "a"]), document: "{}")
    _ = try results.commit(change(next: 3), durable: true)
    try results.close()
    let sql = try String(
      contentsOf: Self.folder.appendingPathComponent("state-v\(version).sql"), encoding: .utf8)
    try execute(sql, on: statePath)
    let record = StateRecord(
      key: StateKey(owner: "events/0", stage: 1, key: [7]), codecVersion: 4, bytes: [1, 2, 3])
    try execute(
      """
      INSERT INTO identity (id, pipeline, definition_digest)
        VALUES (1, '\(shop.name)', '\(shop.definitionDigest)');
      INSERT INTO header VALUES (1, 1, 0);
      INSERT INTO positions VALUES ('events', 0, 3);
      INSERT INTO records VALUES ('events/0', 1, x'07', 4, \(Checksum.of(record)), x'010203');
      """, on: statePath)

    for _ in 0..<2 {
      let again = try ResultsFile.open(path: path, identity: shop)
      let state = try StateFile.open(path: statePath, identity: shop)
      try state.follow(again)
      let loaded = try #require(try state.load(notAheadOf: again.resume))
      var found: [StateRecord] = []
      try loaded.forEachRecord { owner, stage, key, version, bytes in
        found.append(
          StateRecord(
            key: StateKey(owner: owner, stage: stage, key: Array(key)), codecVersion: version,
            bytes: Array(bytes)))
      }
      #expect(found == [record])
      try state.save(StateChange(snapshotID: 1, positions: loaded.positions), durableTo: 1)
      try state.close()
      try again.close()
    }
    let whole = directory.file("new-state")
    try StateFile.open(path: whole, identity: shop).close()
    #expect(try shape(statePath) == shape(whole))
    let copy = statePath + ".before-migration-v\(version)"
    #expect(FileManager.default.fileExists(atPath: copy) == (version < Schema.state.version))
  }

  @Test func `A file of a later version is refused with what to do, results and state`() throws {
    let directory = try TemporaryDirectory()
    let path = directory.file()
    try ResultsFile.open(path: path, identity: shop).close()
    try StateFile.open(path: path + "-state", identity: shop).close()
    for file in [path, path + "-state"] { try execute("PRAGMA user_version = 99", on: file) }
    let errors = [
      expectError(.newerSchema) { try ResultsFile.open(path: path, identity: shop) },
      expectError(.newerSchema) { try StateFile.open(path: path + "-state", identity: shop) },
    ]
    #expect(errors.allSatisfy { $0?.whatToDo.contains("weir that wrote it") ?? false })
  }

  @Test func `There is the SQL of every version`() throws {
    let files = try FileManager.default.contentsOfDirectory(atPath: Self.folder.path)
    let results = (1...Schema.results.version).map { "results-v\($0).sql" }
    let states = (1...Schema.state.version).map { "state-v\($0).sql" }
    #expect(
      Set(files) == Set(results + states),
      """
      keep docs/schema.sql of each version as Released/results-vN.sql, and what the migrations make \
      of a state file as Released/state-vN.sql
      """)
  }
}
