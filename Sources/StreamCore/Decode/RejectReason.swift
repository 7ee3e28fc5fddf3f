/// Why a message is not an event. The order is that in which the reasons are tested.
public enum RejectReason: UInt8, Sendable, CaseIterable {
  /// No payload, or nothing but blanks.
  case empty
  /// Not well-formed JSON or CSV, or not UTF-8.
  case malformed
  /// Well-formed JSON that is no object.
  case notAnObject
  /// The time field is missing or null.
  case noTime
  /// The time field holds no time of the source's format.
  case badTime
  /// The event's name is missing or null.
  case noName
  /// A field of the event holds a value of a type that it cannot have.
  case wrongType
  /// A field of the event, or the message, is over its limit.
  case tooLong
  /// Before the earliest time accepted.
  case tooEarly
  /// Too far past the record's timestamp.
  case tooFarAhead

  /// The reason's name in tables and metrics.
  public var code: String {
    switch self {
    case .empty: "empty"
    case .malformed: "malformed"
    case .notAnObject: "not_an_object"
    case .noTime: "no_time"
    case .badTime: "bad_time"
    case .noName: "no_name"
    case .wrongType: "wrong_type"
    case .tooLong: "too_long"
    case .tooEarly: "too_early"
    case .tooFarAhead: "too_far_ahead"
    }
  }
}
