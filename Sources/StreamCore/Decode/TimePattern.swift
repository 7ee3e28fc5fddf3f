/// A compiled pattern of a time without zone: `yyyy MM dd HH mm ss SSS` and literal characters.
///
/// Text must match it from end to end; each part has exactly the digits of its letters. Parts that
/// the pattern lacks are the first: January, the 1st, midnight. A second of 60 is a leap second and
/// counts as the last millisecond of its minute. Letters stand for themselves only between single
/// quotes, except `T`; two single quotes are one.
public struct TimePattern: Sendable, Equatable {
  private enum Part: Sendable, Equatable {
    case literal(UInt8)
    case number(Unit, digits: Int)
  }

  private enum Unit: Int, Sendable {
    case year, month, day, hour, minute, second, millisecond
  }

  private var parts: [Part] = []

  /// Compiles a pattern. Throws for letters that are no part of one, a part that comes twice, an
  /// open quote, and for a pattern without a year or with a day but no month.
  public init(_ pattern: String) throws(TimePatternError) {
    let bytes = Array(pattern.utf8)
    var at = 0
    while at < bytes.count {
      let byte = bytes[at]
      if byte == UInt8(ascii: "'") {
        try addQuoted(bytes, at: &at, in: pattern)
      } else if Self.isLetter(byte), byte != UInt8(ascii: "T") {
        let start = at
        while at < bytes.count, bytes[at] == byte { at += 1 }
        try addNumber(letter: byte, digits: at - start, in: pattern)
      } else {
        parts.append(.literal(byte))
        at += 1
      }
    }
    guard has(.year) else { throw TimePatternError(pattern, "it has no year (yyyy)") }
    guard has(.month) || !has(.day) else {
      throw TimePatternError(pattern, "it has a day but no month (MM)")
    }
  }

  private func has(_ unit: Unit) -> Bool {
    parts.contains { if case .number(unit, _) = $0 { true } else { false } }
  }

  private static func isLetter(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
  }

  private mutating func addQuoted(
    _ bytes: [UInt8], at: inout Int, in pattern: String
  ) throws(TimePatternError) {
    at += 1
    let start = at
    while at < bytes.count, bytes[at] != UInt8(ascii: "'") {
      parts.append(.literal(bytes[at]))
      at += 1
    }
    guard at < bytes.count else { throw TimePatternError(pattern, "a quote is not closed") }
    if at == start { parts.append(.literal(UInt8(ascii: "'"))) }
    at += 1
  }

  private mutating func addNumber(
    letter: UInt8, digits: Int, in pattern: String
  ) throws(TimePatternError) {
    let unit: Unit
    switch (letter, digits) {
    case (UInt8(ascii: "y"), 4): unit = .year
    case (UInt8(ascii: "M"), 2): unit = .month
    case (UInt8(ascii: "d"), 2): unit = .day
    case (UInt8(ascii: "H"), 2): unit = .hour
    case (UInt8(ascii: "m"), 2): unit = .minute
    case (UInt8(ascii: "s"), 2): unit = .second
    case (UInt8(ascii: "S"), 3): unit = .millisecond
    default:
      let found = String(repeating: Character(Unicode.Scalar(letter)), count: digits)
      throw TimePatternError(
        pattern, "\(found) is none of yyyy MM dd HH mm ss SSS; quote letters: '\(found)'")
    }
    guard !has(unit) else { throw TimePatternError(pattern, "a part comes twice") }
    parts.append(.number(unit, digits: digits))
  }

  /// The local time that text holds: its day's midnight as if in UTC, and milliseconds after it.
  func read(_ text: UnsafeRawBufferPointer) -> (midnightMs: Int64, msOfDay: Int64)? {
    var year = 0
    var month = 1
    var day = 1
    var hour = 0
    var minute = 0
    var second = 0
    var millisecond = 0
    var at = 0
    for part in parts {
      switch part {
      case .literal(let byte):
        guard at < text.count, text[at] == byte else { return nil }
        at += 1
      case .number(let unit, let digits):
        guard at + digits <= text.count else { return nil }
        var number = 0
        for index in at..<(at + digits) {
          guard let digit = Digits.one(text[index]) else { return nil }
          number = number * 10 + digit
        }
        at += digits
        switch unit {
        case .year: year = number
        case .month: month = number
        case .day: day = number
        case .hour: hour = number
        case .minute: minute = number
        case .second: second = number
        case .millisecond: millisecond = number
        }
      }
    }
    guard at == text.count, hour < 24, minute < 60, second <= 60,
      let days = CivilDate.dayNumber(year: year, month: month, day: day)
    else { return nil }
    let ms = second == 60 ? 59_999 : second * 1_000 + millisecond
    return (
      days * LocalClock.dayMs, Int64(hour) * 3_600_000 + Int64(minute) * 60_000 + Int64(ms)
    )
  }
}

/// A time pattern cannot be read.
public struct TimePatternError: Error, Sendable, CustomStringConvertible {
  /// What is wrong, where, and what is legal.
  public let description: String

  init(_ pattern: String, _ fact: String) {
    description = "time pattern \"\(pattern)\": \(fact)"
  }
}
