import GRDB

/// The table `run_manifest`: facts about the file, by key.
enum Manifest {
  static let pipeline = "pipeline"
  static let definition = "definition"
  static let definitionDigest = "definition_digest"
  static let definitionDocument = "definition_document"
  static let stages = "stages"
  static let nextStageID = "next_stage_id"
  static let removedStages = "removed_stages"
  static let upgrades = "upgrades"
  static let weirVersion = "weir_version"
  static let sqliteVersion = "sqlite_version"
  static let tzdataVersion = "tzdata_version"
  static let createdWallMs = "created_wall_ms"
  static let openedWallMs = "opened_wall_ms"
  static let resultDigest = "result_digest"

  /// Digest of one table's settled rows, stored or removed by `keep`.
  static func resultDigest(of table: String) -> String { "result_digest.\(table)" }
  /// The part of it that belongs to removed rows.
  static func prunedDigest(of table: String) -> String { "pruned_digest.\(table)" }
  /// How many rows were removed.
  static func prunedRows(of table: String) -> String { "pruned_rows.\(table)" }
  /// Start of the keys of one table's horizons: windows of a metric that ended by then are gone.
  static func prunedTo(of table: String) -> String { "pruned_to_ms.\(table)." }

  /// Whether the store itself keeps `key`.
  static func isReserved(_ key: String) -> Bool {
    let own = [
      pipeline, definition, definitionDigest, weirVersion, sqliteVersion, tzdataVersion,
      createdWallMs, openedWallMs, resultDigest, definitionDocument, stages, nextStageID,
      removedStages, upgrades,
    ]
    let families = ["result_digest.", "pruned_digest.", "pruned_rows.", "pruned_to_ms."]
    return own.contains(key) || families.contains { key.hasPrefix($0) }
  }

  static func set(_ db: Database, _ key: String, _ value: String) throws {
    let statement = try BoundStatement(
      db,
      """
      INSERT INTO run_manifest (key, value) VALUES (?, ?)
      ON CONFLICT DO UPDATE SET value = excluded.value WHERE value <> excluded.value
      """)
    statement.bind(1, key)
    statement.bind(2, value)
    try statement.execute()
  }

  static func get(_ db: Database, _ key: String) throws -> String? {
    let statement = try BoundStatement(db, "SELECT value FROM run_manifest WHERE key = ?")
    statement.bind(1, key)
    var value: String?
    _ = try statement.first { value = $0.text(0) }
    return value
  }

  static func all(_ db: Database) throws -> [String: String] {
    var found: [String: String] = [:]
    try BoundStatement(db, "SELECT key, value FROM run_manifest").execute {
      found[$0.text(0)] = $0.text(1)
    }
    return found
  }

  /// By series: what of `table` ended by then is gone.
  static func prunedTo(_ db: Database, of table: String) throws -> [String: Int64] {
    let family = prunedTo(of: table)
    var found: [String: Int64] = [:]
    for (key, value) in try all(db) where key.hasPrefix(family) {
      found[String(key.dropFirst(family.count))] = Int64(value)
    }
    return found
  }

  /// A digest that the store wrote; an empty one where there is none yet.
  static func digest(_ db: Database, _ key: String, path: String) throws -> DigestSum {
    guard let text = try get(db, key) else { return DigestSum() }
    guard let sum = DigestSum(hex: text) else {
      throw StoreError.damaged(path: path, "'\(key)' in run_manifest is no digest")
    }
    return sum
  }
}
