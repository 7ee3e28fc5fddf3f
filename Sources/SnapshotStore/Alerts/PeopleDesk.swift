import GRDB
import StreamCore

/// Where people change what is theirs in a results file, beside a running worker or without one:
/// thresholds, acknowledgements, silences, messages to send again.
///
/// Each change is a short transaction of its own, which waits for the worker's commit at most
/// `busyTimeoutMs`. Only a threshold needs the worker, because event time passes there: it is asked
/// for and answered by the next snapshot; on a file that no worker holds the desk takes `FILE.lock`
/// for a moment and answers itself. What is refused changes
/// nothing. Calls may come from any thread and run one after the other.
public final class PeopleDesk: Sendable {
  /// The file's path, as it was given.
  public let path: String
  let connection: Connection

  /// Opens the file at `path` for people's changes.
  ///
  /// Throws when it is not there, damaged, foreign, of another version's schema, or may not be
  /// written; an earlier schema is brought up to date by a worker that starts.
  ///
  /// - Parameter busyTimeoutMs: How long a change waits for the worker's, in milliseconds.
  public static func open(
    path: String, busyTimeoutMs: Int64 = 10_000
  ) throws(StoreError) -> PeopleDesk {
    guard FileSystem.size(of: path) != nil else {
      throw StoreError(
        kind: .io, path: path, what: "there is no such file, or it may not be seen",
        whatToDo: "Check the path; a worker creates the file when it starts")
    }
    return try PeopleDesk(path: path, busyTimeoutMs: busyTimeoutMs)
  }

  private init(path: String, busyTimeoutMs: Int64) throws(StoreError) {
    self.path = path
    try FileSystem.checkWritable(path)
    connection = try Connection(
      path: path, role: .guest, options: StoreOptions(busyTimeoutMs: busyTimeoutMs))
    let found = try connection.read("opening it") { try Schema.results.check($0, path: path) }
    guard !found.isNew, found.version >= Schema.thresholdsSince else {
      try connection.close()
      throw StoreError(
        kind: .io, path: path,
        what: found.isNew
          ? "it has no tables yet"
          : "its schema is version \(found.version), from before there were thresholds",
        whatToDo:
          "Start this version's worker with it once (`weir run`), which brings it up to date"
      )
    }
  }

  /// Ends the use of the file. Safe to call again; later calls throw.
  public func close() { try? connection.close() }

  /// Notes that `by` has seen an alert or a finding, named by its id or a unique beginning of it of
  /// four digits or more.
  ///
  /// Throws a `StoreError` for the file's troubles; a refusal for an unknown id or no name.
  public func acknowledge(
    _ id: String, by: String, note: String = "", now: WallTime
  ) throws(StoreError) -> Result<Acknowledgement, Refusal> {
    try change("acknowledging") { db in
      try ThresholdDesk.check(by, is: "the name of who acknowledges", option: "--by")
      if !note.isEmpty { try ThresholdDesk.check(note, is: "the note", option: "--note") }
      let row = Acknowledgement(
        alertID: try SubjectName.one(id, db), acknowledged: now, by: by, note: note)
      let insert = try BoundStatement(
        db,
        """
        INSERT INTO acknowledgements (alert_id, acknowledged_wall_ms, acknowledged_by, note)
        VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET note = excluded.note
        """)
      var binder = ColumnBinder(insert)
      binder.put(row.alertID)
      binder.put(row.acknowledged.ms)
      binder.put(row.by)
      binder.put(row.note)
      try insert.execute()
      return row
    }
  }

  /// Silences a rule: its messages are not sent while `silence` holds. `id` and `ended` of it are
  /// the desk's; its `dimensions` may be any JSON object.
  ///
  /// Throws a `StoreError` for the file's troubles; a refusal for an unknown rule or dimension, an
  /// end that is not after the beginning, or no name.
  public func silence(_ silence: Silence) throws(StoreError) -> Result<Silence, Refusal> {
    try change("silencing") { db in
      var row = silence
      let rules = try RuleRow.all(db)
      guard let rule = rules.first(where: { $0.rule == row.rule }) else {
        let names = rules.map(\.rule)
        throw Refusal(
          "there is no rule '\(row.rule)'" + Refusal.hint(row.rule, names),
          whatToDo: names.isEmpty
            ? "This pipeline has no rules" : "Name one of \(names.joined(separator: ", "))",
          kind: .unknownRule(row.rule, known: names))
      }
      row.dimensions = try ThresholdDesk.canonical(row.dimensions, of: rule)
      try ThresholdDesk.check(row.createdBy, is: "the name of who silences", option: "--by")
      if !row.note.isEmpty { try ThresholdDesk.check(row.note, is: "the note", option: "--note") }
      if let until = row.until, until <= max(row.from, row.created) {
        throw Refusal(
          "the silence would be over already", whatToDo: "Give a later end with --for",
          kind: .silenceOver)
      }
      row.ended = nil
      let insert = try BoundStatement(
        db,
        """
        INSERT INTO silences (rule, dimensions, from_wall_ms, until_wall_ms, created_wall_ms,
          created_by, note) VALUES (?, ?, ?, ?, ?, ?, ?)
        """)
      var binder = ColumnBinder(insert)
      binder.put(row.rule)
      binder.put(row.dimensions)
      binder.put(row.from.ms)
      binder.put(optional: row.until?.ms)
      binder.put(row.created.ms)
      binder.put(row.createdBy)
      binder.put(row.note)
      try insert.execute()
      row.id = db.lastInsertedRowID
      return row
    }
  }

  /// Ends a silence that is not over. Throws as `silence` does; a refusal where there is none.
  public func endSilence(
    _ id: Int64, now: WallTime
  ) throws(StoreError) -> Result<Silence, Refusal> {
    try change("ending a silence") { db in
      guard var row = try Silence.all(db).first(where: { $0.id == id }) else {
        throw Refusal(
          "there is no silence \(id)", whatToDo: "`weir alerts list` shows those that there are",
          kind: .unknownSilence(id))
      }
      guard row.ended == nil, row.until.map({ now < $0 }) ?? true else {
        throw Refusal(
          "silence \(id) is over", whatToDo: "There is nothing to end", kind: .silenceEnded(id))
      }
      let update = try BoundStatement(db, "UPDATE silences SET ended_wall_ms = ? WHERE id = ?")
      update.bind(1, now.ms)
      update.bind(2, id)
      try update.execute()
      row.ended = now
      return row
    }
  }

  /// Which messages to send again.
  public enum Retry: Sendable, Equatable {
    /// These, by id.
    case messages([String])
    /// All that are dead; with a name only those to that destination.
    case dead(sink: String?)
  }

  /// Makes messages due at `now`, dead ones as if they had never been tried; how many.
  ///
  /// Throws a `StoreError` for the file's troubles; a refusal where there is no such message, or
  /// one that is neither pending nor dead.
  public func retry(_ which: Retry, now: WallTime) throws(StoreError) -> Result<Int, Refusal> {
    try change("sending again") { db in
      let update =
        """
        UPDATE outbox SET attempts = CASE state WHEN 'dead' THEN 0 ELSE attempts END,
          state = 'pending', next_attempt_wall_ms = ? WHERE
        """
      switch which {
      case .messages(let ids):
        let one = try BoundStatement(
          db, update + " message_id = ? AND (state = 'pending' OR state = 'dead')")
        for id in ids {
          one.bind(1, now.ms)
          one.bind(2, id)
          try one.execute()
          guard one.changedRows > 0 else {
            throw Refusal(
              "there is no message '\(id.prefix(64))' that is pending or dead",
              whatToDo: "`weir outbox list` shows those that there are",
              kind: .unknownMessage(String(id.prefix(64))))
          }
        }
        return ids.count
      case .dead(let sink):
        let all = try BoundStatement(db, update + " state = 'dead' AND sink = ifnull(?, sink)")
        all.bind(1, now.ms)
        all.bind(2, sink)
        try all.execute()
        return Int(all.changedRows)
      }
    }
  }

  /// Runs `body` in one transaction; a refusal rolls it back.
  func change<Value>(
    _ doing: String, _ body: (Database) throws -> Value
  ) throws(StoreError) -> Result<Value, Refusal> {
    try connection.run(doing) { db in
      var result: Result<Value, Refusal>?
      try db.inTransaction(.immediate) {
        do {
          result = .success(try body(db))
          return .commit
        } catch let refusal as Refusal {
          result = .failure(refusal)
          return .rollback
        }
      }
      guard let result else {
        throw StoreError(
          kind: .io, path: path, what: "\(doing) gave nothing", whatToDo: "Try again")
      }
      return result
    }
  }
}

/// Finds alerts and findings by their ids.
enum SubjectName {
  /// The one that `id`, or a unique beginning of it, names; throws a refusal where it is none, or
  /// several.
  static func one(_ id: String, _ db: Database) throws -> String {
    let found = try find(id, db)
    guard let first = found.first else { throw unknown(id) }
    guard found.count == 1 else {
      throw Refusal(
        "'\(id)' is the beginning of several ids", whatToDo: "Give more of it",
        kind: .severalSubjects(String(id.prefix(64))))
    }
    return first
  }

  static func unknown(_ id: String) -> Refusal {
    Refusal(
      "there is no alert and no finding '\(id.prefix(64))'",
      whatToDo: "`weir alerts list` shows those that there are",
      kind: .unknownSubject(String(id.prefix(64))))
  }

  /// Those of which `id` is the whole id, or a beginning of four digits or more: at most two.
  private static func find(_ id: String, _ db: Database) throws -> [String] {
    let select = try BoundStatement(
      db,
      """
      SELECT alert_id FROM alerts WHERE alert_id >= ?1 AND alert_id < ?2
      UNION SELECT finding_id FROM findings WHERE finding_id >= ?1 AND finding_id < ?2
      ORDER BY 1 LIMIT 2
      """)
    select.bind(1, id)
    // After every digit that may follow, and nothing but the id itself where it is too short.
    select.bind(2, id.utf8.count >= 4 ? id + "~" : id + "\u{1}")
    var found: [String] = []
    try select.execute { found.append($0.text(0)) }
    return found.first == id ? [id] : found
  }
}
