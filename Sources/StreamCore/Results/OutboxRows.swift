/// What became of a message in the outbox.
public enum OutboxState: String, Sendable, CaseIterable {
  /// To be sent, or to be tried again.
  case pending
  /// The destination took it.
  case delivered
  /// Refused for good, or tried too often; a person may send it again.
  case dead
  /// Not sent: what it tells ended too long ago.
  case suppressedStale = "suppressed:stale"
  /// Not sent: a person silenced it.
  case suppressedSilenced = "suppressed:silenced"
  /// Not sent: a replay tells nobody.
  case suppressedReplay = "suppressed:replay"
}

/// A message that has been decided: a new row of the table `outbox`.
public struct OutboxMessage: Sendable, Equatable {
  /// Hash of destination, subject, event and ordinal: the same in every run, the
  /// `Idempotency-Key`.
  public var messageID: String
  /// Name of the destination in `notify`; never its URL.
  public var sink: String
  /// What happened: `firing`, `repeated`, `escalated`, `resolved`, `summary`.
  public var event: String
  /// The alert or finding that it is about; of a summary the first of them.
  public var subjectID: String
  /// Its rule.
  public var rule: String
  /// The bytes to send, decided once; without secrets.
  public var payload: String
  /// Event time of what it tells; nil for a health rule.
  public var decided: EventTime?
  /// When it was decided.
  public var decidedWall: WallTime
  /// `pending`, or why it is not sent.
  public var state: OutboxState
  /// Not to be sent before this.
  public var nextAttemptWall: WallTime

  /// Makes a message of its columns.
  public init(
    messageID: String, sink: String, event: String, subjectID: String, rule: String,
    payload: String, decided: EventTime?, decidedWall: WallTime, state: OutboxState = .pending,
    nextAttemptWall: WallTime
  ) {
    self.messageID = messageID
    self.sink = sink
    self.event = event
    self.subjectID = subjectID
    self.rule = rule
    self.payload = payload
    self.decided = decided
    self.decidedWall = decidedWall
    self.state = state
    self.nextAttemptWall = nextAttemptWall
  }
}

/// One row of the table `outbox`.
public struct OutboxRow: Sendable, Equatable {
  /// What was decided; `state` and `nextAttemptWall` as they are now.
  public var message: OutboxMessage
  /// How often it was tried.
  public var attempts: Int
  /// When the destination took it.
  public var deliveredWall: WallTime?
  /// Why the last attempt failed, in words; without secrets.
  public var lastError: String?

  /// Makes a row of its columns.
  public init(
    message: OutboxMessage, attempts: Int = 0, deliveredWall: WallTime? = nil,
    lastError: String? = nil
  ) {
    self.message = message
    self.attempts = attempts
    self.deliveredWall = deliveredWall
    self.lastError = lastError
  }
}

/// What one attempt to send a message came to.
public struct DeliveryNote: Sendable, Equatable {
  /// How it ended.
  public enum Outcome: Sendable, Equatable {
    /// The destination took it, at this time.
    case delivered(WallTime)
    /// It failed and is tried again, not before this.
    case retry(at: WallTime, error: String)
    /// It is not tried again.
    case dead(error: String)
    /// It was not tried, and is not: a silence began, or it waited too long.
    case suppressed(OutboxState)
  }

  /// The message.
  public var messageID: String
  /// How it ended.
  public var outcome: Outcome

  /// Notes one attempt.
  public init(messageID: String, outcome: Outcome) {
    self.messageID = messageID
    self.outcome = outcome
  }
}
