import GRDB
import StreamCore

/// Writes what a snapshot adds for people: rules, thresholds, answers, messages.
struct PeopleWriter {
  private let db: Database

  init(_ db: Database) { self.db = db }

  /// Puts `rules` in place of those that are stored. O(rules).
  func write(_ rules: [RuleRow]) throws {
    try db.execute(sql: "DELETE FROM rule_thresholds")
    try db.execute(sql: "DELETE FROM rules")
    let insert = try BoundStatement(
      db,
      """
      INSERT INTO rules (rule, kind, severity, owner, runbook, summary, labels, dimensions,
        definition) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
      """)
    let insertThreshold = try BoundStatement(
      db,
      """
      INSERT INTO rule_thresholds (rule, name, standard, min, max, step, by_dimensions)
      VALUES (?, ?, ?, ?, ?, ?, ?)
      """)
    for rule in rules {
      var binder = ColumnBinder(insert)
      binder.put(rule.rule)
      binder.put(rule.kind.rawValue)
      binder.put(rule.severity)
      binder.put(optional: rule.owner)
      binder.put(optional: rule.runbook)
      binder.put(optional: rule.summary)
      binder.put(rule.labels)
      binder.put(JSONList.text(of: rule.dimensions))
      binder.put(rule.definition)
      try insert.execute()
      for threshold in rule.thresholds {
        var binder = ColumnBinder(insertThreshold)
        binder.put(rule.rule)
        binder.put(threshold.name)
        binder.put(threshold.standard)
        binder.put(optional: threshold.min)
        binder.put(optional: threshold.max)
        binder.put(optional: threshold.step)
        binder.put(JSONList.text(of: threshold.byDimensions))
        try insertThreshold.execute()
      }
    }
  }

  /// Adds rows of `thresholds`, in their order. O(rows).
  func write(_ rows: [ThresholdRow]) throws {
    guard !rows.isEmpty else { return }
    let insert = try BoundStatement(
      db,
      """
      INSERT INTO thresholds (rule, name, dimensions, value, effective_ms, set_wall_ms, origin,
        set_by, reason) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
      """)
    for row in rows {
      var binder = ColumnBinder(insert)
      binder.put(row.rule)
      binder.put(row.name)
      binder.put(row.dimensions)
      binder.put(row.value)
      binder.put(row.effective)
      binder.put(row.set.ms)
      binder.put(row.origin.rawValue)
      binder.put(row.setBy)
      binder.put(row.reason)
      try insert.execute()
    }
  }

  /// Answers requests that wait, and drops the oldest answered ones beyond `limit`.
  func write(_ answers: [ThresholdAnswer], limit: Int) throws {
    guard !answers.isEmpty else { return }
    let update = try BoundStatement(
      db,
      "UPDATE threshold_requests SET state = ?, answer = ? WHERE id = ? AND state = 'waiting'")
    for answer in answers {
      let state: ThresholdRequest.State = answer.isTaken ? .taken : .refused
      update.bind(1, state.rawValue)
      update.bind(2, answer.text)
      update.bind(3, answer.requestID)
      try update.execute()
    }
    try trim("threshold_requests", where: "state <> 'waiting'", limit: limit)
  }

  /// Adds messages that are not there yet, and drops the oldest beyond `limit` that are not
  /// pending. O(messages · log rows + limit).
  func write(_ messages: [OutboxMessage], limit: Int) throws {
    guard !messages.isEmpty else { return }
    let insert = try BoundStatement(
      db,
      """
      INSERT INTO outbox (message_id, sink, event, subject_id, rule, payload, decided_ms,
        decided_wall_ms, state, attempts, next_attempt_wall_ms, delivered_wall_ms)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?, ?) ON CONFLICT DO NOTHING
      """)
    for message in messages {
      var binder = ColumnBinder(insert)
      binder.put(message.messageID)
      binder.put(message.sink)
      binder.put(message.event)
      binder.put(message.subjectID)
      binder.put(message.rule)
      binder.put(message.payload)
      binder.put(optional: message.decided?.ms)
      binder.put(message.decidedWall.ms)
      binder.put(message.state.rawValue)
      binder.put(message.nextAttemptWall.ms)
      binder.put(optional: message.state == .delivered ? message.decidedWall.ms : nil)
      try insert.execute()
    }
    try trim("outbox", where: "state <> 'pending'", limit: limit)
  }

  private func trim(_ table: String, where condition: String, limit: Int) throws {
    let delete = try BoundStatement(
      db,
      """
      DELETE FROM \(table) WHERE \(condition) AND id <= (
        SELECT id FROM \(table) WHERE \(condition) ORDER BY id DESC LIMIT 1 OFFSET ?)
      """)
    delete.bind(1, Int64(max(0, limit)))
    try delete.execute()
  }
}

/// Writes the few JSON lists of the tables; SQLite reads them.
enum JSONList {
  /// A list of texts.
  static func text(of names: [String]) -> String {
    var out = Array("[".utf8)
    for (index, name) in names.enumerated() {
      if index > 0 { out.append(UInt8(ascii: ",")) }
      CanonicalJSON.append(string: name, to: &out)
    }
    return String(decoding: out, as: UTF8.self) + "]"
  }

  /// A list of `{"dimensions": …, "value": …}`.
  static func text(of values: [(dimensions: String, value: Double)]) -> String {
    let items = values.map { #"{"dimensions":\#($0.dimensions),"value":\#($0.value)}"# }
    return "[\(items.joined(separator: ","))]"
  }
}
