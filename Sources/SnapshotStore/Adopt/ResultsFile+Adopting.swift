import GRDB
import StreamCore

extension ResultsFile {
  /// Carries over what `adoption` says and takes the file into service, in one transaction.
  func adopt(_ adoption: Adoption, now: WallTime) throws(StoreError) -> Adoption.Report {
    try connection.run("adopting") { db in
      if let live = adoption.live {
        try db.execute(sql: "ATTACH ? AS live", arguments: [FileSystem.uriForReading(live)])
      }
      defer { if adoption.live != nil { try? db.execute(sql: "DETACH live") } }
      var report = Adoption.Report()
      try db.inTransaction(.immediate) {
        // A file from before there were thresholds has nothing that could be carried.
        if let live = adoption.live, try db.tableExists("thresholds", in: "live") {
          let carrier = Carrier(db)
          try carrier.carryThresholds(from: try LiveLog.read(path: live), &report)
          try carrier.carryPeople(&report)
          try carrier.carryMessages(&report)
          try carrier.noteRules(&report)
        }
        try Carrier(db).tellWhatFires()
        try db.execute(
          sql: "DELETE FROM run_manifest WHERE substr(key, 1, ?) = ?",
          arguments: [ManifestKey.replayPrefix.utf8.count, ManifestKey.replayPrefix])
        try Manifest.set(db, ManifestKey.adoptedFrom, adoption.live ?? "")
        try Manifest.set(db, ManifestKey.adoptedWallMs, "\(now.ms)")
        try Manifest.set(db, ManifestKey.adoptedBy, adoption.by)
        return .commit
      }
      return report
    }
  }
}

/// Copies rows from the attached file `live` into the main one.
private struct Carrier {
  private let db: Database

  init(_ db: Database) { self.db = db }

  /// Values that people set and the file lacks. What pipeline files said is each file's own; of a
  /// rule that is gone it is history.
  func carryThresholds(from live: LiveLog, _ report: inout Adoption.Report) throws {
    let own = try ThresholdRow.all(db)
    let rules = try RuleRow.all(db)
    let missing = live.thresholds.filter { row in
      !own.contains(row) && (row.origin != .file || !rules.contains { $0.has(row) })
    }
    try PeopleWriter(db).write(missing)
    report.thresholds = missing.count
    let requests = "rule, name, dimensions, value, from_ms, requested_wall_ms, requested_by, reason"
    report.requests = try copyNew(
      "threshold_requests", columns: requests, more: ", state", where: "state = 'waiting'")
  }

  /// Acknowledgements, verdicts and silences.
  func carryPeople(_ report: inout Adoption.Report) throws {
    report.acknowledgements = try change(
      """
      INSERT INTO main.acknowledgements
      SELECT * FROM live.acknowledgements
      WHERE alert_id NOT IN (SELECT alert_id FROM live.alerts WHERE kind = 'health')
      ON CONFLICT DO NOTHING
      """)
    // A file from before there were verdicts has none.
    if try db.tableExists("verdicts", in: "live") {
      report.verdicts = try copyNew(
        "verdicts", columns: "subject_id, kind, verdict, verdict_wall_ms, verdict_by, note",
        more: "",
        where: "subject_id NOT IN (SELECT alert_id FROM live.alerts WHERE kind = 'health')")
    }
    let silences =
      "rule, dimensions, from_wall_ms, until_wall_ms, created_wall_ms, created_by, note"
    report.silences = try copyNew(
      "silences", columns: silences, more: ", ended_wall_ms", where: "TRUE")
  }

  /// What became of messages, those of health rules apart: the worker judges its health anew.
  func carryMessages(_ report: inout Adoption.Report) throws {
    let values = """
      sink, event, subject_id, rule, payload, decided_ms, decided_wall_ms, state, attempts,
      next_attempt_wall_ms, delivered_wall_ms, last_error
      """
    let known = "FROM live.outbox WHERE decided_ms IS NOT NULL"
    try BoundStatement(db, "SELECT state, count(*) \(known) GROUP BY state").execute {
      if let state = OutboxState(rawValue: $0.text(0)) { report.messages[state] = Int($0.int(1)) }
    }
    _ = try change(
      """
      UPDATE main.outbox SET (\(values)) = (
        SELECT \(values) FROM live.outbox AS told WHERE told.message_id = main.outbox.message_id)
      WHERE message_id IN (SELECT message_id \(known) AND state <> 'pending')
      """)
    // Pending ones come last, in the order in which they were decided: an end never overtakes its
    // beginning.
    _ = try change(
      """
      DELETE FROM main.outbox
      WHERE message_id IN (SELECT message_id \(known) AND state = 'pending')
      """)
    _ = try change(
      """
      INSERT INTO main.outbox (message_id, \(values)) SELECT message_id, \(values) \(known)
      AND message_id NOT IN (SELECT message_id FROM main.outbox) ORDER BY id
      """)
    report.untoldEnds =
      try Int.fetchOne(
        db,
        sql: """
          SELECT count(*) FROM live.alerts
          WHERE kind = 'alert' AND status = 'final' AND (state = 'firing' OR state = 'recovering')
          AND alert_id NOT IN (
            SELECT alert_id FROM main.alerts WHERE state = 'firing' OR state = 'recovering')
          """) ?? 0
  }

  /// What fires still and nobody was told of: the worker tells it together with all that is too old
  /// to be told by itself.
  func tellWhatFires() throws {
    _ = try change(
      """
      UPDATE main.outbox SET state = 'suppressed:stale'
      WHERE state = 'suppressed:replay' AND event = 'firing' AND subject_id IN (
        SELECT alert_id FROM main.alerts
        WHERE kind = 'alert' AND (state = 'firing' OR state = 'recovering'))
      """)
  }

  /// Names the rules of thresholds and silences that there are no more.
  func noteRules(_ report: inout Adoption.Report) throws {
    report.goneRules = try String.fetchAll(
      db,
      sql: """
        SELECT rule FROM live.thresholds UNION SELECT rule FROM live.silences
        EXCEPT SELECT rule FROM main.rules ORDER BY 1
        """
    ).filter { !$0.hasPrefix("health.") }
  }

  /// Adds rows of `table` that hold `condition` and are not there with the same `columns`, in their
  /// order; how many.
  private func copyNew(
    _ table: String, columns: String, more: String, where condition: String
  ) throws -> Int {
    let same = columns.split(separator: ", ").map { "own.\($0) IS theirs.\($0)" }
    return try change(
      """
      INSERT INTO main.\(table) (\(columns)\(more)) SELECT \(columns)\(more)
      FROM live.\(table) AS theirs WHERE \(condition) AND NOT EXISTS (
        SELECT 1 FROM main.\(table) AS own WHERE \(same.joined(separator: " AND ")))
      ORDER BY id
      """)
  }

  /// Runs a change; how many rows it changed.
  private func change(_ sql: String) throws -> Int {
    try db.execute(sql: sql)
    return db.changesCount
  }
}
