import StreamCore

/// Numbers with units, as pipeline files write them.
enum Units {
  static let second: Int64 = 1_000
  static let minute = 60 * second
  static let hour = 60 * minute
  static let day = 24 * hour
  static let year = 366 * day

  /// Why a text is no duration or size.
  enum Failure: Error, Equatable {
    case malformed
    /// A month, quarter or year, where only fixed lengths are legal.
    case calendarUnit
    case tooLarge
  }

  private static func numberAndUnit(_ text: String) throws(Failure) -> (Int64, String) {
    let digits = text.prefix { ("0"..."9").contains($0) }
    guard !digits.isEmpty else { throw .malformed }
    guard let number = Int64(digits) else { throw .tooLarge }
    return (number, String(text.dropFirst(digits.count)))
  }

  private static func product(_ number: Int64, _ unit: Int64) throws(Failure) -> Int64 {
    let (result, overflow) = number.multipliedReportingOverflow(by: unit)
    if overflow { throw .tooLarge }
    return result
  }

  /// Milliseconds of a fixed length: `200ms 5s 1m 2h 1d 1w`, a day being 24 hours; `0` is legal.
  static func duration(_ text: String) throws(Failure) -> Int64 {
    let (number, unit) = try numberAndUnit(text)
    switch unit {
    case "ms": return number
    case "s": return try product(number, second)
    case "m": return try product(number, minute)
    case "h": return try product(number, hour)
    case "d": return try product(number, day)
    case "w": return try product(number, 7 * day)
    case "mo", "q", "y": throw .calendarUnit
    case "" where number == 0: return 0
    default: throw .malformed
    }
  }

  /// Length of a window: days and more follow the calendar.
  static func window(_ text: String) throws(Failure) -> WindowLength {
    let (number, unit) = try numberAndUnit(text)
    let calendar: (WindowPlan.Unit, Int64)? =
      switch unit {
      case "d": (.day, 1)
      case "w": (.week, 1)
      case "mo": (.month, 1)
      case "q": (.month, 3)
      case "y": (.month, 12)
      default: nil
      }
    if let (unit, factor) = calendar {
      return WindowLength(unit: unit, count: try product(number, factor), text: text)
    }
    return WindowLength(unit: .millisecond, count: try duration(text), text: text)
  }

  /// Bytes: `64KiB 512MiB 1GiB 1TiB`, or a plain number of bytes.
  static func size(_ text: String) throws(Failure) -> Int64 {
    let (number, unit) = try numberAndUnit(text)
    switch unit {
    case "", "B": return number
    case "KiB": return try product(number, 1 << 10)
    case "MiB": return try product(number, 1 << 20)
    case "GiB": return try product(number, 1 << 30)
    case "TiB": return try product(number, 1 << 40)
    default: throw .malformed
    }
  }

  /// A duration as a pipeline file would write it, in the largest unit that divides it.
  static func text(ofDuration ms: Int64) -> String {
    let units = [(7 * day, "w"), (day, "d"), (hour, "h"), (minute, "m"), (second, "s"), (1, "ms")]
    if ms == 0 { return "0s" }
    for (length, name) in units where ms % length == 0 { return "\(ms / length)\(name)" }
    return "\(ms)ms"
  }

  /// A window's fixed length: as a duration, but in hours at most, days being of the calendar.
  static func text(ofFixed ms: Int64) -> String {
    ms % hour == 0 && ms > 0 ? "\(ms / hour)h" : text(ofDuration: ms)
  }

  /// A size as a pipeline file would write it, in the largest unit that divides it.
  static func text(ofSize bytes: Int64) -> String {
    let units: [(Int64, String)] = [
      (1 << 40, "TiB"), (1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB"),
    ]
    for (length, name) in units where bytes != 0 && bytes % length == 0 {
      return "\(bytes / length)\(name)"
    }
    return "\(bytes)"
  }
}

/// Length of a window as it was written.
struct WindowLength: Sendable, Equatable {
  var unit: WindowPlan.Unit
  /// In `unit`.
  var count: Int64
  var text: String

  /// The same length in `unit`, where that is exact: weeks as days.
  func converted(to other: WindowPlan.Unit) -> Int64? {
    if unit == other { return count }
    if unit == .week, other == .day { return count * 7 }
    return nil
  }
}
