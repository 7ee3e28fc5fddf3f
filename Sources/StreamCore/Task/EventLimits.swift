/// Limits on an event's own fields, and what counts as wrong in them.
enum EventLimits {
  /// Bytes of an event's name.
  static let nameBytes: UInt32 = 256
  /// Bytes of a user.
  static let userBytes: UInt32 = 512
  /// Bytes of an id.
  static let idBytes: UInt32 = 512

  /// What is wrong with the name, user or id of an event; nil when nothing is.
  @inline(__always)
  static func check(_ row: UnsafePointer<Value>) -> (reason: RejectReason, detail: String)? {
    let name = row[Slot.name]
    let user = row[Slot.user]
    let id = row[Slot.id]
    if name.kind == .string && name.length > 0 && name.length <= nameBytes
      && (user.isNull || (user.kind == .string && user.length <= userBytes))
      && (id.isNull || (id.kind == .string && id.length <= idBytes))
    {
      return nil
    }
    return slowCheck(name, user, id)
  }

  @inline(never)
  private static func slowCheck(
    _ name: Value, _ user: Value, _ id: Value
  ) -> (reason: RejectReason, detail: String)? {
    if name.isNull || (name.kind == .string && name.length == 0) {
      return (.noName, "the event has no name")
    }
    guard name.kind == .string else { return (.wrongType, "the name is not text") }
    guard name.length <= nameBytes else { return (.tooLong, "the name is over \(nameBytes) bytes") }
    for (value, what, limit) in [(user, "user", userBytes), (id, "id", idBytes)] {
      switch value.kind {
      case .missing, .null:
        continue
      case .string, .number:
        guard value.length <= limit else { return (.tooLong, "the \(what) is over \(limit) bytes") }
      case .int:
        return (.wrongType, "the \(what) is a constant number; write it as text")
      case .bool, .double, .object, .array:
        return (.wrongType, "the \(what) is neither text nor a number")
      }
    }
    return nil
  }

  /// The hash by which a user or an id is known; 0 when there is none.
  @inline(__always)
  static func hash(_ value: Value) -> UInt64 {
    if value.isNull || value.length == 0 { return 0 }
    let hash = Hash64.of(value.bytes)
    return hash == 0 ? 1 : hash
  }

  /// Why a time could not be read, for people. The time itself is not repeated.
  static func timeDetail(_ value: Value) -> String {
    switch value.kind {
    case .missing: "the time field is not there"
    case .null: "the time field is null"
    case .string: "the time is text of \(value.length) bytes that is no known time"
    case .number, .int, .double: "the time is a number that is no epoch time"
    case .bool, .object, .array: "the time is neither text nor a number"
    }
  }
}
