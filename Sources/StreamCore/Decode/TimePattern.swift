/// A compiled pattern of a time without zone, of parts and literal characters.
///
/// Parts: `yyyy` or `yy` (1970 to 2069), `MM dd HH hh mm ss` with exactly two digits, `M d H h m s`
/// with one or two, `SSS`, and `a` for AM or PM, also 上午 and 下午, with hours `h` of 1 to 12. What
/// stands in `[…]` may be left out.
///
/// Text must match it from end to end. Parts that the pattern or the text lacks are the first:
/// January, the 1st, midnight. A second of 60 is a leap second and counts as the last millisecond
/// of its minute. Letters stand for themselves only between single quotes, except `T`; two single
/// quotes are one.
public struct TimePattern: Sendable, Equatable {
  indirect enum Part: Sendable, Equatable {
    case literal(UInt8)
    /// A number of at least and at most so many digits.
    case number(Unit, ClosedRange<Int>)
    case halfOfDay
    case optional([Part])
  }

  enum Unit: Int, Sendable {
    case year, shortYear, month, day, hour, hourOfHalf, minute, second, millisecond
  }

  private let parts: [Part]
  /// Whether year, month and day are all in it.
  public let hasFullDate: Bool

  /// Compiles a pattern. Throws for letters that are no part of one, a part that comes twice, an
  /// open quote or bracket, digits whose part cannot be told, and for a pattern without a year or
  /// with a day but no month. Also for one of more than 100 bytes or with brackets nested more than
  /// 8 deep.
  public init(_ pattern: String) throws(TimePatternError) {
    var parser = TimePatternParser(pattern)
    parts = try parser.parse()
    hasFullDate = parser.has(.month) && parser.has(.day)
  }

  /// The local time that text holds: its day's midnight as if in UTC, and milliseconds after it.
  func read(_ text: UnsafeRawBufferPointer) -> (midnightMs: Int64, msOfDay: Int64)? {
    var found = Found()
    guard let end = Self.match(parts, text, at: 0, &found), end == text.count else { return nil }
    return found.time
  }

  /// What parts stood for.
  private struct Found {
    var year = 0
    var month = 1
    var day = 1
    var hour = 0
    var isHalf = false
    var isAfternoon = false
    var minute = 0
    var second = 0
    var millisecond = 0

    mutating func set(_ unit: Unit, _ number: Int) {
      switch unit {
      case .year: year = number
      case .shortYear: year = number < 70 ? 2000 + number : 1900 + number
      case .month: month = number
      case .day: day = number
      case .hour: hour = number
      case .hourOfHalf:
        hour = number
        isHalf = true
      case .minute: minute = number
      case .second: second = number
      case .millisecond: millisecond = number
      }
    }

    var time: (midnightMs: Int64, msOfDay: Int64)? {
      var hour = hour
      if isHalf {
        guard hour >= 1, hour <= 12 else { return nil }
        hour = hour % 12 + (isAfternoon ? 12 : 0)
      }
      guard hour < 24, minute < 60, second <= 60,
        let days = CivilDate.dayNumber(year: year, month: month, day: day)
      else { return nil }
      let ms = second == 60 ? 59_999 : second * 1_000 + millisecond
      return (
        days * LocalClock.dayMs, Int64(hour) * 3_600_000 + Int64(minute) * 60_000 + Int64(ms)
      )
    }
  }

  /// Where `parts` end in a text that has them at `start`; nil when it does not have them.
  private static func match(
    _ parts: [Part], _ text: UnsafeRawBufferPointer, at start: Int, _ found: inout Found
  ) -> Int? {
    var at = start
    for part in parts {
      switch part {
      case .literal(let byte):
        guard at < text.count, text[at] == byte else { return nil }
        at += 1
      case .number(let unit, let digits):
        var number = 0
        var count = 0
        while count < digits.upperBound, at < text.count, let digit = Digits.one(text[at]) {
          number = number * 10 + digit
          count += 1
          at += 1
        }
        guard count >= digits.lowerBound else { return nil }
        found.set(unit, number)
      case .halfOfDay:
        guard let (isAfternoon, length) = halfOfDay(text, at: at) else { return nil }
        found.isAfternoon = isAfternoon
        at += length
      case .optional(let inner):
        let before = found
        if let end = match(inner, text, at: at, &found) { at = end } else { found = before }
      }
    }
    return at
  }

  private static func halfOfDay(
    _ text: UnsafeRawBufferPointer, at: Int
  ) -> (isAfternoon: Bool, length: Int)? {
    if at + 2 <= text.count, text[at + 1] | 0x20 == UInt8(ascii: "m") {
      if text[at] | 0x20 == UInt8(ascii: "a") { return (false, 2) }
      if text[at] | 0x20 == UInt8(ascii: "p") { return (true, 2) }
    }
    let rest = text[at..<min(at + 6, text.count)]
    if rest.elementsEqual("上午".utf8) { return (false, 6) }
    if rest.elementsEqual("下午".utf8) { return (true, 6) }
    return nil
  }
}

/// Reads patterns of times.
private struct TimePatternParser {
  private static let bytesMax = 100
  private static let depthMax = 8

  private let pattern: String
  private let bytes: [UInt8]
  private var at = 0
  private var units: Set<Int> = []
  private var hasHalf = false

  init(_ pattern: String) {
    self.pattern = pattern
    bytes = Array(pattern.utf8)
  }

  mutating func parse() throws(TimePatternError) -> [TimePattern.Part] {
    guard bytes.count <= Self.bytesMax else {
      throw TimePatternError(
        "\(pattern.prefix(20))…", "it is longer than \(Self.bytesMax) bytes")
    }
    let parts = try list()
    guard has(.year) || has(.shortYear) else { throw error("it has no year (yyyy)") }
    guard has(.month) || !has(.day) else { throw error("it has a day but no month (MM)") }
    guard hasHalf == has(.hourOfHalf) else {
      throw error("hours of half a day (h) and AM or PM (a) go together")
    }
    if Self.isUnclear(parts) {
      throw error("where a part of one letter ends cannot be told from the digits after it")
    }
    return parts
  }

  func has(_ unit: TimePattern.Unit) -> Bool { units.contains(unit.rawValue) }

  private func error(_ fact: String) -> TimePatternError { TimePatternError(pattern, fact) }

  /// Parts up to the bracket that closes the `depth`th one, or to the end at depth 0.
  private mutating func list(depth: Int = 0) throws(TimePatternError) -> [TimePattern.Part] {
    guard depth <= Self.depthMax else {
      throw error("brackets lie in more than \(Self.depthMax) others")
    }
    var parts: [TimePattern.Part] = []
    while at < bytes.count {
      let byte = bytes[at]
      switch byte {
      case UInt8(ascii: "'"): try addQuoted(to: &parts)
      case UInt8(ascii: "["):
        at += 1
        parts.append(.optional(try list(depth: depth + 1)))
      case UInt8(ascii: "]"):
        guard depth > 0 else { throw error("a bracket is closed that was not opened") }
        at += 1
        return parts
      case _ where Self.isLetter(byte) && byte != UInt8(ascii: "T"):
        let start = at
        while at < bytes.count, bytes[at] == byte { at += 1 }
        parts.append(try part(letter: byte, count: at - start))
      default:
        parts.append(.literal(byte))
        at += 1
      }
    }
    guard depth == 0 else { throw error("a bracket is not closed") }
    return parts
  }

  private static func isLetter(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
  }

  private mutating func addQuoted(
    to parts: inout [TimePattern.Part]
  ) throws(TimePatternError) {
    at += 1
    let start = at
    while at < bytes.count, bytes[at] != UInt8(ascii: "'") {
      parts.append(.literal(bytes[at]))
      at += 1
    }
    guard at < bytes.count else { throw error("a quote is not closed") }
    if at == start { parts.append(.literal(UInt8(ascii: "'"))) }
    at += 1
  }

  private mutating func part(
    letter: UInt8, count: Int
  ) throws(TimePatternError) -> TimePattern.Part {
    let unit: TimePattern.Unit
    switch (letter, count) {
    case (UInt8(ascii: "y"), 4): unit = .year
    case (UInt8(ascii: "y"), 2): unit = .shortYear
    case (UInt8(ascii: "M"), 1...2): unit = .month
    case (UInt8(ascii: "d"), 1...2): unit = .day
    case (UInt8(ascii: "H"), 1...2): unit = .hour
    case (UInt8(ascii: "h"), 1...2): unit = .hourOfHalf
    case (UInt8(ascii: "m"), 1...2): unit = .minute
    case (UInt8(ascii: "s"), 1...2): unit = .second
    case (UInt8(ascii: "S"), 3): unit = .millisecond
    case (UInt8(ascii: "a"), 1):
      if hasHalf { throw error("a part comes twice") }
      hasHalf = true
      return .halfOfDay
    default:
      let found = String(repeating: Character(Unicode.Scalar(letter)), count: count)
      throw error(
        "\(found) is none of yyyy yy MM M dd d HH H hh h mm m ss s SSS a; quote letters: '\(found)'"
      )
    }
    let isTwice =
      !units.insert(unit.rawValue).inserted || (has(.year) && has(.shortYear))
      || (has(.hour) && has(.hourOfHalf))
    if isTwice { throw error("a part comes twice") }
    return .number(unit, count == 1 ? 1...2 : count...count)
  }

  /// Whether digits can follow a part of one or two digits at once.
  private static func isUnclear(_ parts: [TimePattern.Part]) -> Bool {
    var isOpen = false
    func look(_ parts: [TimePattern.Part]) -> Bool {
      for part in parts {
        switch part {
        case .literal(let byte):
          if isOpen, Digits.one(byte) != nil { return true }
          isOpen = false
        case .halfOfDay: isOpen = false
        case .number(_, let digits):
          if isOpen { return true }
          isOpen = digits.count > 1
        case .optional(let inner):
          let before = isOpen
          if look(inner) { return true }
          isOpen = isOpen || before
        }
      }
      return false
    }
    return look(parts)
  }
}

/// A time pattern cannot be read.
public struct TimePatternError: Error, Sendable, CustomStringConvertible {
  /// What was to be read.
  public let pattern: String
  /// What is wrong with it, and what is legal.
  public let fact: String

  init(_ pattern: String, _ fact: String) {
    self.pattern = pattern
    self.fact = fact
  }

  public var description: String { "time pattern \"\(pattern)\": \(fact)" }
}
