import GRDB
import StreamCore

/// What the worker reads back of alerts, thresholds and messages, and what it notes of deliveries.
/// People write to the same tables meanwhile (`PeopleDesk`).
extension ResultsFile {
  /// The table `thresholds`, in the order in which the rows were set. O(rows).
  public func thresholdRows() throws(StoreError) -> [ThresholdRow] {
    try connection.read("reading thresholds") { try ThresholdRow.all($0) }
  }

  /// Requests that no snapshot has answered yet, in the order in which they were asked.
  /// O(rows that wait).
  public func waitingRequests() throws(StoreError) -> [ThresholdRequest] {
    try connection.read("reading requests") { try ThresholdRequest.waiting($0) }
  }

  /// Messages to send to `sink` by `time`, at most `limit`, in the order in which they were
  /// decided.
  ///
  /// A message waits for earlier pending ones about the same subject, so that an end never
  /// overtakes its beginning. O(pending rows of the sink).
  public func pendingMessages(
    sink: String, dueBy time: WallTime, limit: Int
  ) throws(StoreError) -> [OutboxRow] {
    try connection.read("reading the outbox") { db in
      var filter = Filter()
      filter.require("state = 'pending'")
      filter.require("sink", is: sink)
      filter.require("next_attempt_wall_ms <= ?", .integer(time.ms))
      filter.require(Self.isFirstOfItsSubject)
      return try OutboxRow.all(db, filter, "ORDER BY id", limit: limit)
    }
  }

  /// SQL that is true of a pending message without an earlier pending one about its subject.
  private static let isFirstOfItsSubject = """
    NOT EXISTS (SELECT 1 FROM outbox AS earlier WHERE earlier.state = 'pending'
    AND earlier.sink = outbox.sink AND earlier.subject_id = outbox.subject_id
    AND earlier.id < outbox.id)
    """

  /// When the earliest pending message to `sink` that waits for no other is to be sent; nil without
  /// one.
  /// O(pending rows of the sink).
  public func nextAttempt(sink: String) throws(StoreError) -> WallTime? {
    try connection.read("reading the outbox") { db in
      var filter = Filter()
      filter.require("state = 'pending'")
      filter.require("sink", is: sink)
      filter.require(Self.isFirstOfItsSubject)
      return try filter.rows(db, "SELECT min(next_attempt_wall_ms) FROM outbox") {
        $0.optionalInt(0).map(WallTime.init(ms:))
      }.first ?? nil
    }
  }

  /// Notes what attempts came to, in one transaction. Each counts as an attempt but those that were
  /// suppressed; notes on messages that are not pending are passed over. O(notes · log rows).
  public func noteDelivery(_ notes: [DeliveryNote]) throws(StoreError) {
    guard !notes.isEmpty else { return }
    try connection.run("noting deliveries") { db in
      try db.inTransaction(.immediate) {
        let update = try BoundStatement(
          db,
          """
          UPDATE outbox SET state = ?, attempts = attempts + ?, delivered_wall_ms = ?,
            next_attempt_wall_ms = ifnull(?, next_attempt_wall_ms),
            last_error = CASE WHEN ? THEN ? ELSE last_error END
          WHERE message_id = ? AND state = 'pending'
          """)
        for note in notes {
          var state = OutboxState.pending
          var (attempts, delivered, next): (Int64, Int64?, Int64?) = (1, nil, nil)
          var (setsError, error): (Bool, String?) = (true, nil)
          switch note.outcome {
          case .delivered(let time): (state, delivered) = (.delivered, time.ms)
          case .retry(let time, let why): (next, error) = (time.ms, why)
          case .dead(let why): (state, error) = (.dead, why)
          case .suppressed(let reason): (state, attempts, setsError) = (reason, 0, false)
          }
          update.bind(1, state.rawValue)
          update.bind(2, attempts)
          update.bind(3, delivered)
          update.bind(4, next)
          update.bind(5, setsError)
          update.bind(6, error)
          update.bind(7, note.messageID)
          try update.execute()
        }
        return .commit
      }
    }
  }

  /// Silences that hold at `time`, in the order in which they were made. O(rows).
  public func silences(at time: WallTime) throws(StoreError) -> [Silence] {
    try connection.read("reading silences") { try Silence.all($0, at: time) }
  }

  /// Acknowledgements by alert or finding, oldest first. O(ids · log rows).
  public func acknowledgements(of ids: [String]) throws(StoreError) -> [String: [Acknowledgement]] {
    try connection.read("reading acknowledgements") { try Acknowledgement.of(ids, $0) }
  }

  /// Messages about an alert or a finding, in the order in which they were decided.
  /// O(its messages · log rows).
  public func messages(about subjectID: String) throws(StoreError) -> [OutboxRow] {
    try connection.read("reading the outbox") { db in
      var filter = Filter()
      filter.require("subject_id", is: subjectID)
      return try OutboxRow.all(db, filter, "ORDER BY id", limit: 10_000)
    }
  }

  /// When a message of `event` was decided last; nil where there is none. O(messages).
  public func lastDecided(_ event: String) throws(StoreError) -> WallTime? {
    try connection.read("reading the outbox") { db in
      let select = try BoundStatement(
        db, "SELECT max(decided_wall_ms) FROM outbox WHERE event = ?")
      select.bind(1, event)
      var last: WallTime?
      _ = try select.first { last = $0.optionalInt(0).map(WallTime.init(ms:)) }
      return last
    }
  }

  /// Alerts that fire or recover, provisional ones and those of health rules too, by rule and first
  /// window. O(their number).
  public func firingAlerts() throws(StoreError) -> [AlertRow] {
    try connection.read("reading alerts") { db in
      var filter = Filter()
      filter.require(AlertRow.active)
      return try AlertRow.all(db, filter, "ORDER BY rule, window_start_ms, alert_id")
    }
  }

  /// Findings that a starting worker takes over, by rule and opening: those that are not settled
  /// yet, and settled ones that are open, or opened at or after `since`, which it may find again.
  /// O(their number · log findings).
  public func findings(since: EventTime) throws(StoreError) -> [FindingRow] {
    try connection.read("reading findings") { db in
      var filter = Filter()
      filter.require(
        """
        finding_id IN (
          SELECT finding_id FROM findings WHERE status = 'provisional'
          UNION SELECT finding_id FROM findings WHERE closed_ms IS NULL AND status <> 'withdrawn'
          UNION SELECT finding_id FROM findings WHERE +status = 'final' AND opened_ms >= ?)
        """, .integer(since.ms))
      return try FindingRow.all(db, filter, "ORDER BY rule, opened_ms, finding_id")
    }
  }

  /// How many messages there are, by destination and state. O(rows of the outbox).
  public func outboxDepth() throws(StoreError) -> [OutboxDepth] {
    try connection.read("reading the outbox") { try OutboxDepth.all($0) }
  }

  /// Ends of alerts and findings that were decided at or after `decided` and not told because they
  /// were too old, of those that ended at or after `ended`, in the order in which they were
  /// decided. O(rows of the outbox).
  public func withheldEnds(
    decidedSince decided: WallTime, endedSince ended: EventTime
  ) throws(StoreError) -> [WithheldEnd] {
    try connection.read("reading the outbox") { db in
      var found: [WithheldEnd] = []
      let select = try BoundStatement(
        db,
        """
        SELECT subject_id, outbox.rule, max(decided_ms), coalesce(
            (SELECT dimensions FROM alerts WHERE alert_id = subject_id),
            (SELECT json_object(entity_kind, entity) FROM findings WHERE finding_id = subject_id),
            '{}')
        FROM outbox
        WHERE event = 'resolved' AND state = 'suppressed:stale' AND decided_wall_ms >= ?
          AND decided_ms >= ?
        GROUP BY subject_id ORDER BY min(id)
        """)
      select.bind(1, decided.ms)
      select.bind(2, ended.ms)
      try select.execute {
        found.append(
          WithheldEnd(
            id: $0.text(0), rule: $0.text(1), ended: EventTime(ms: $0.int(2)),
            dimensions: $0.text(3)))
      }
      return found
    }
  }
}

/// The end of an alert or a finding that nobody was told of.
public struct WithheldEnd: Sendable, Equatable {
  /// The alert's or finding's id.
  public var id: String
  /// Its rule.
  public var rule: String
  /// When it ended.
  public var ended: EventTime
  /// Canonical JSON of its series; of a finding its entity by kind.
  public var dimensions: String
}
