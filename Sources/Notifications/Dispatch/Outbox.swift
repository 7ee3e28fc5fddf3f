import StreamCore

/// A message that waits in the outbox.
public struct PendingMessage: Sendable, Equatable {
  /// Its id, the same for each attempt: the `Idempotency-Key`.
  public var messageID: String
  /// The name of its destination.
  public var sink: String
  /// What `MessageText.payload` made when it was decided; sent as it is.
  public var payload: String
  /// Attempts that were answered, or failed, so far.
  public var attempts: Int
  /// Id of the alert or finding that it is about; messages about the same are sent in their order.
  /// Also the key of `kafka` records. Empty: no order.
  public var subject: String

  /// Names a message.
  public init(
    messageID: String, sink: String, payload: String, attempts: Int = 0, subject: String = ""
  ) {
    self.messageID = messageID
    self.sink = sink
    self.payload = payload
    self.attempts = attempts
    self.subject = subject
  }
}

/// What became of one attempt, to be stored.
public struct DeliveryOutcome: Sendable, Equatable {
  /// The state of the message from now on.
  public enum State: String, Sendable {
    case delivered, pending, dead
  }

  /// The message.
  public var messageID: String
  /// The name of its destination.
  public var sink: String
  /// What it is from now on.
  public var state: State
  /// Attempts so far, this one with them.
  public var attempts: Int
  /// When the answer came, or the attempt failed.
  public var ended: WallTime
  /// While it is pending: not to be sent before.
  public var nextAttempt: WallTime?
  /// Why it was not delivered, for people; never an address beyond its host, nor a secret.
  public var error: String?

  /// Names an outcome.
  public init(
    messageID: String, sink: String, state: State, attempts: Int, ended: WallTime,
    nextAttempt: WallTime? = nil, error: String? = nil
  ) {
    self.messageID = messageID
    self.sink = sink
    self.state = state
    self.attempts = attempts
    self.ended = ended
    self.nextAttempt = nextAttempt
    self.error = error
  }
}

/// Where messages are kept.
public protocol OutboxStore: Sendable {
  /// Messages of `sink` that are pending and may be sent at `dueBy`, at most `limit`, in the order
  /// in which they were decided. One whose subject has an earlier message that is pending and not
  /// due is left out, so that nobody hears of an end before the beginning.
  func pendingMessages(
    sink: String, dueBy: WallTime, limit: Int
  ) async throws -> [PendingMessage]
  /// When the next pending message of `sink` may be sent; nil: there is none.
  func nextDue(sink: String) async throws -> WallTime?
  /// Stores what became of an attempt; must be durable when it returns. Called again with the same
  /// outcome after it threw.
  func noteDelivery(_ outcome: DeliveryOutcome) async throws
}
