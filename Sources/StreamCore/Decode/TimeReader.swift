/// Reads the times of one source. Keeps the day read last, since the next event's is mostly the
/// same. Forms of `TimeFormat.automatic`:
///
/// - `2024-03-13T10:21:14.123+08:00`: RFC 3339 with `T`, `t` or a blank; seconds may be left out; a
///   fraction after `.` or `,` of any length is cut to milliseconds; `Z`, `z`, `+hh:mm`, `+hhmm` or
///   `+hh`. Without an offset it is local time of the source's zone; see `LocalClock`.
/// - A second of 60 is a leap second and counts as the last millisecond of its minute.
/// - `2024-03-13`: midnight in the source's zone.
/// - Epoch numbers, as number or text, whole or decimal; see `EpochNumber`.
///
/// Dates that no calendar has, hour 24 and minute 60 are no times.
struct TimeReader {
  private enum Form {
    case automatic
    case pattern(TimePattern)
    case none
  }

  private let form: Form
  private var clock: LocalClock
  // The date read last: `yyyy-MM-` and `dd` as they are in memory, and its midnight.
  private var monthText: UInt64 = 0
  private var dayText: UInt16 = 0
  private var midnightMs: Int64 = 0

  /// A pattern that cannot be read yields no time at all; whoever takes one from a file makes a
  /// `TimePattern` first to hear why.
  init(format: TimeFormat, zone: Zone) {
    clock = LocalClock(zone)
    switch format {
    case .automatic: form = .automatic
    case .pattern(let text): form = (try? TimePattern(text)).map(Form.pattern) ?? .none
    }
  }

  mutating func read(_ value: Value) -> EventTime? {
    switch value.kind {
    case .string, .number: read(value.bytes)
    case .int: EventTime(ms: value.intBits)
    case .double: EpochNumber.ms(of: value.doubleBits).map(EventTime.init(ms:))
    case .missing, .null, .bool, .object, .array: nil
    }
  }

  private mutating func read(_ text: UnsafeRawBufferPointer) -> EventTime? {
    switch form {
    case .automatic:
      if text.count >= 10, text[4] == UInt8(ascii: "-") { return rfc3339(text) }
      return EpochNumber.ms(of: text).map(EventTime.init(ms:))
    case .pattern(let pattern):
      guard let local = pattern.read(text) else { return nil }
      return EventTime(ms: clock.utcMs(midnightMs: local.midnightMs, msOfDay: local.msOfDay))
    case .none:
      return nil
    }
  }

  private mutating func rfc3339(_ text: UnsafeRawBufferPointer) -> EventTime? {
    guard let midnightMs = date(text) else { return nil }
    if let msOfDay = Self.plainUTC(text) { return EventTime(ms: midnightMs + msOfDay) }
    let count = text.count
    if count == 10 { return EventTime(ms: clock.utcMs(midnightMs: midnightMs, msOfDay: 0)) }
    guard count >= 16, text[10] == 0x54 || text[10] == 0x74 || text[10] == 0x20,
      let hour = Digits.two(text, at: 11), hour < 24, text[13] == UInt8(ascii: ":"),
      let minute = Digits.two(text, at: 14), minute < 60
    else { return nil }
    var msOfDay = Int64(hour) * 3_600_000 + Int64(minute) * 60_000
    var at = 16
    if at < count, text[at] == UInt8(ascii: ":") {
      guard count >= 19, let second = Digits.two(text, at: 17), second <= 60 else { return nil }
      at = 19
      guard let fractionMs = Self.fraction(text, at: &at) else { return nil }
      msOfDay += second == 60 ? 59_999 : Int64(second) * 1_000 + fractionMs
    }
    if at == count { return EventTime(ms: clock.utcMs(midnightMs: midnightMs, msOfDay: msOfDay)) }
    guard let offsetMs = Self.offset(text, at: at) else { return nil }
    return EventTime(ms: midnightMs + msOfDay - offsetMs)
  }

  /// Milliseconds of the day of `…Thh:mm:ssZ` or `…Thh:mm:ss.SSSZ`, the forms that nearly all
  /// events have, with the eight bytes of the time checked in one word; nil for others, which may
  /// be right.
  @inline(__always)
  private static func plainUTC(_ text: UnsafeRawBufferPointer) -> Int64? {
    let count = text.count
    guard count == 20 || count == 24, text[10] == UInt8(ascii: "T"),
      text[count &- 1] == UInt8(ascii: "Z")
    else { return nil }
    let word = UInt64(littleEndian: text.loadUnaligned(fromByteOffset: 11, as: UInt64.self))
    // Digits become 0 to 9 and colons 0; adding 6 carries all other digits into the high halves.
    let digits = word ^ 0x3030_3A30_303A_3030
    guard ((digits &+ 0x0606_0006_0600_0606) | digits) & 0xF0F0_FFF0_F0FF_F0F0 == 0 else {
      return nil
    }
    let two = { (shift: UInt64) in
      Int64(truncatingIfNeeded: (digits >> shift & 15) &* 10 &+ (digits >> (shift &+ 8) & 15))
    }
    let (hour, minute, second) = (two(0), two(24), two(48))
    guard hour < 24, minute < 60, second < 60 else { return nil }
    var ms = hour &* 3_600_000 &+ minute &* 60_000 &+ second &* 1_000
    if count == 24 {
      guard text[19] == UInt8(ascii: "."), let hundreds = Digits.one(text[20]),
        let rest = Digits.two(text, at: 21)
      else { return nil }
      ms &+= Int64(hundreds &* 100 &+ rest)
    }
    return ms
  }

  /// Midnight of the date `yyyy-MM-dd` that the text begins with, as if in UTC.
  private mutating func date(_ text: UnsafeRawBufferPointer) -> Int64? {
    let month = text.loadUnaligned(fromByteOffset: 0, as: UInt64.self)
    let day = text.loadUnaligned(fromByteOffset: 8, as: UInt16.self)
    if month == monthText, day == dayText { return midnightMs }
    guard text[7] == UInt8(ascii: "-"), let century = Digits.two(text, at: 0),
      let year = Digits.two(text, at: 2), let monthOfYear = Digits.two(text, at: 5),
      let dayOfMonth = Digits.two(text, at: 8),
      let days = CivilDate.dayNumber(
        year: century * 100 + year, month: monthOfYear, day: dayOfMonth)
    else { return nil }
    monthText = month
    dayText = day
    midnightMs = days * LocalClock.dayMs
    return midnightMs
  }

  /// Milliseconds of the fraction at `at`, which is moved past it; 0 when there is none; nil when
  /// digits are missing.
  private static func fraction(_ text: UnsafeRawBufferPointer, at: inout Int) -> Int64? {
    guard at < text.count, text[at] == UInt8(ascii: ".") || text[at] == UInt8(ascii: ",") else {
      return 0
    }
    at += 1
    let start = at
    var ms: Int64 = 0
    var unit: Int64 = 100
    while at < text.count, let digit = Digits.one(text[at]) {
      ms += Int64(digit) * unit
      unit /= 10
      at += 1
    }
    return at > start ? ms : nil
  }

  /// The offset from UTC that the text ends with, in milliseconds.
  private static func offset(_ text: UnsafeRawBufferPointer, at: Int) -> Int64? {
    let rest = text.count - at
    let sign = text[at]
    if rest == 1, sign == UInt8(ascii: "Z") || sign == UInt8(ascii: "z") { return 0 }
    guard sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-"), rest >= 3,
      let hours = Digits.two(text, at: at + 1), hours < 24
    else { return nil }
    var minutes = 0
    switch rest {
    case 3: break
    case 5:
      guard let two = Digits.two(text, at: at + 3) else { return nil }
      minutes = two
    case 6:
      guard text[at + 3] == UInt8(ascii: ":"), let two = Digits.two(text, at: at + 4) else {
        return nil
      }
      minutes = two
    default: return nil
    }
    guard minutes < 60 else { return nil }
    let ms = Int64(hours * 60 + minutes) * 60_000
    return sign == UInt8(ascii: "-") ? -ms : ms
  }
}

/// Decimal digits of ASCII text.
enum Digits {
  /// The digit that a byte stands for.
  @inline(__always)
  static func one(_ byte: UInt8) -> Int? {
    let digit = byte &- UInt8(ascii: "0")
    return digit < 10 ? Int(digit) : nil
  }

  /// The number of two digits at `index`, which the caller knows to be inside the text.
  @inline(__always)
  static func two(_ text: UnsafeRawBufferPointer, at index: Int) -> Int? {
    guard let tens = one(text[index]), let units = one(text[index + 1]) else { return nil }
    return tens * 10 + units
  }
}
