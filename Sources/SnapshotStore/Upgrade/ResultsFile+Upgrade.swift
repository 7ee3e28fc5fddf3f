import GRDB
import StreamCore

/// What a file is brought to when it goes on under another definition.
public struct FileUpgrade: Sendable {
  /// The register under the new definition.
  public var register: StageRegister
  /// From when on rows of stages that began are complete, in milliseconds, by `KIND.NAME`.
  public var completeFromMs: [String: Int64]
  /// Stages whose entries of the manifest go, by `KIND.NAME`: removed and redefined ones.
  public var ended: [String]
  /// Rules that are no more, or mean something else: their open alerts are ended.
  public var endedRules: [String]

  /// Makes an upgrade of its parts.
  public init(
    register: StageRegister, completeFromMs: [String: Int64], ended: [String],
    endedRules: [String]
  ) {
    self.register = register
    self.completeFromMs = completeFromMs
    self.ended = ended
    self.endedRules = endedRules
  }
}

extension ResultsFile {
  /// Whether there is a file at `path` that holds anything.
  public static func exists(path: String) -> Bool { (FileSystem.size(of: path) ?? 0) > 0 }

  /// The register of stages that the file has; nil before `enter(_:)` on a file of an earlier
  /// version.
  public func register() throws(StoreError) -> StageRegister? {
    try connection.read("reading its stages") { db in
      StageRegister(manifest: try Manifest.all(db))
    }
  }

  /// Digest of the definition that the file has, and its stages.
  func definition() throws(StoreError) -> (digest: String, stages: StageRegister?) {
    try connection.read("reading its stages") { db in
      let manifest = try Manifest.all(db)
      return (manifest[Manifest.definitionDigest] ?? "", StageRegister(manifest: manifest))
    }
  }

  /// The end of the latest window in which the alert `rule` changed, for good; nil when it never
  /// did. O(transitions).
  public func judgedThrough(rule: String) throws(StoreError) -> EventTime? {
    try connection.read("reading its alerts") { db in
      try Int64.fetchOne(
        db,
        sql: """
          SELECT max(window_end_ms) FROM alert_transitions
          WHERE rule = ? AND \(ResultTable.alertTransitions.settled)
          """, arguments: [rule]
      ).map(EventTime.init(ms:))
    }
  }

  /// Notes what the file's stages are, where it does not know: in a new file, and in one of an
  /// earlier version.
  public func enter(_ register: StageRegister, document: String) throws(StoreError) {
    try connection.run("noting its stages") { db in
      try db.inTransaction(.immediate) {
        for (key, value) in try register.entries() { try Manifest.set(db, key, value) }
        try Manifest.set(db, Manifest.definitionDocument, document)
        return .commit
      }
    }
    try loadRemoved()
  }

  /// Takes the file over to the definition that it was opened with, in one transaction that a loss
  /// of power cannot take back.
  ///
  /// Rows stay; those of removed stages go by and by, as `commit` comes past their time. Open
  /// alerts of rules that end are resolved, without a transition: nothing that was judged says so.
  /// O(alerts).
  public func upgrade(_ upgrade: FileUpgrade, document: String) throws(StoreError) {
    try connection.run("taking it over to the new definition") { db in
      try db.execute(sql: "PRAGMA synchronous = FULL")
      isFullySynchronous = true
      try db.inTransaction(.immediate) {
        for stage in upgrade.ended {
          try db.execute(
            sql: "DELETE FROM run_manifest WHERE key = ?",
            arguments: [ManifestKey.completeFrom(stage)])
          let name = stage.drop { $0 != "." }.dropFirst()
          try db.execute(
            sql: "DELETE FROM run_manifest WHERE substr(key, 1, ?) = ?",
            arguments: ["stage.\(name).".unicodeScalars.count, "stage.\(name)."])
        }
        for (stage, ms) in upgrade.completeFromMs.sorted(by: { $0.key < $1.key }) {
          try Manifest.set(db, ManifestKey.completeFrom(stage), "\(ms)")
        }
        for rule in upgrade.endedRules {
          try db.execute(
            sql: """
              UPDATE alerts SET state = iif(opened_ms IS NULL, 'inactive', 'resolved'),
                resolved_ms = iif(opened_ms IS NULL, NULL, window_end_ms)
              WHERE rule = ? AND kind = 'alert' AND state NOT IN ('resolved', 'inactive')
              """, arguments: [rule])
          try db.execute(
            sql: """
              UPDATE findings SET status = 'withdrawn' WHERE rule = ? AND status = 'provisional'
              """, arguments: [rule])
        }
        for (key, value) in try upgrade.register.entries() { try Manifest.set(db, key, value) }
        try Manifest.set(db, Manifest.definition, identity.shownDefinition)
        try Manifest.set(db, Manifest.definitionDigest, identity.definitionDigest)
        try Manifest.set(db, Manifest.definitionDocument, document)
        return .commit
      }
    }
    try loadRemoved()
  }

  /// Reads which removed stages have rows that wait to be dropped.
  func loadRemoved() throws(StoreError) {
    try connection.run("reading removed stages") { db in
      removed = StageRegister(manifest: try Manifest.all(db))?.removed ?? []
    }
  }

  /// Drops the rows of removed stages whose time has come, and takes them out of the digest.
  func dropRemoved(_ db: Database, at watermark: EventTime, _ next: inout Settlement) throws {
    let due = removed.filter { $0.dropMs <= watermark.ms }
    if due.isEmpty { return }
    for stage in due {
      guard let name = StageName(text: stage.stage) else { continue }
      for table in Self.tables(of: name.kind) {
        try drop(name, untilMs: stage.untilMs, of: table, db, &next)
      }
    }
    guard var register = StageRegister(manifest: try Manifest.all(db)) else { return }
    register.removed.removeAll { due.contains($0) }
    for (key, value) in try register.entries() { try Manifest.set(db, key, value) }
  }

  private func drop(
    _ stage: StageName, untilMs: Int64, of table: ResultTable, _ db: Database,
    _ next: inout Settlement
  ) throws {
    // Several metrics of a lifecycle have its name before a dot.
    let isFamily = stage.kind == .lifecycle
    let matches =
      isFamily
      ? "substr(\(table.stage), 1, length(?) + 1) = ? || '.'" : "\(table.stage) = ?"
    let settled = try BoundStatement(
      db,
      """
      DELETE FROM \(table.name)
      WHERE \(matches) AND \(table.window.start) < ? AND (\(table.settled))
      RETURNING \(table.digested.joined(separator: ", "))
      """)
    let others = try BoundStatement(
      db, "DELETE FROM \(table.name) WHERE \(matches) AND \(table.window.start) < ?")
    for statement in [settled, others] {
      statement.bind(1, stage.name)
      if isFamily { statement.bind(2, stage.name) }
      statement.bind(isFamily ? 3 : 2, untilMs)
    }
    var row = CanonicalRow(of: table)
    try settled.execute {
      row.encode($0, columns: table.digested.count)
      row.bytes.withUnsafeBytes { next[table].digest.subtract(row: $0) }
    }
    try others.execute()
  }

  /// Tables that hold rows of a kind of stage.
  private static func tables(of kind: StageName.Kind) -> [ResultTable] {
    switch kind {
    case .metrics, .lifecycle: [.metrics]
    case .funnels: [.funnels]
    case .retention: [.retention]
    case .sessions: [.sessions]
    case .kpis: [.kpis]
    // What people were told of stays.
    case .risks, .alerts: []
    }
  }
}
