/// What came of one attempt to deliver a message.
public enum DeliveryResult: Sendable, Equatable {
  /// It was taken.
  case delivered
  /// It may be taken later; `afterMs` when the destination said so, and then nothing else is to be
  /// sent there before.
  case retry(afterMs: Int64?, error: String)
  /// It will never be taken.
  case dead(error: String)
}
