import StreamCore

/// Points in time, as pipeline files and commands write them.
public enum Instants {
  /// An instant of RFC 3339, with `T` or a blank, or of a date alone. Without an offset it is local
  /// time of `zone`; a local time that does not exist, or is there twice, is the earlier instant.
  public static func parse(_ text: String, zone: Zone) -> EventTime? {
    var rest = text.utf8[...]
    guard let year = number(&rest, 4), take(&rest, "-"), let month = number(&rest, 2),
      take(&rest, "-"), let day = number(&rest, 2), (1...12).contains(month),
      (1...daysIn(month: month, year: year)).contains(day)
    else { return nil }
    let date = CivilDate(year: year, month: Int(month), day: Int(day))
    if rest.isEmpty { return zone.startOfDay(date.dayNumber) }
    var ms = date.dayNumber * 86_400_000
    guard take(&rest, "T") || take(&rest, "t") || take(&rest, " "), let hour = number(&rest, 2),
      take(&rest, ":"), let minute = number(&rest, 2), hour < 24, minute < 60
    else { return nil }
    ms += (hour * 60 + minute) * 60_000
    if take(&rest, ":") {
      guard let second = number(&rest, 2), second < 60 else { return nil }
      ms += second * 1_000
      if take(&rest, ".") {
        guard let fraction = milliseconds(&rest) else { return nil }
        ms += fraction
      }
    }
    if rest.isEmpty { return local(ms, zone) }
    if take(&rest, "Z") || take(&rest, "z") { return rest.isEmpty ? EventTime(ms: ms) : nil }
    let sign: Int64 = take(&rest, "+") ? 1 : take(&rest, "-") ? -1 : 0
    guard sign != 0, let hours = number(&rest, 2) else { return nil }
    _ = take(&rest, ":")
    guard let minutes = rest.isEmpty ? 0 : number(&rest, 2), rest.isEmpty, hours < 24, minutes < 60
    else { return nil }
    return EventTime(ms: ms - sign * (hours * 60 + minutes) * 60_000)
  }

  /// `time` as RFC 3339 in UTC, with milliseconds only where there are any.
  public static func text(_ time: EventTime) -> String { wholeText(time) + "Z" }

  /// `time` as RFC 3339 in `zone` with its offset: `2026-01-01T08:00:00+08:00`; `Z` in UTC itself.
  /// Offsets with seconds, as of local mean time, are cut to minutes in the suffix alone.
  public static func text(_ time: EventTime, zone: Zone) -> String {
    if zone == .utc { return text(time) }
    let offset = zone.offsetMs(at: time)
    let minutes = offset.magnitude / 60_000
    return wholeText(EventTime(ms: time.ms + offset)) + (offset < 0 ? "-" : "+")
      + padded(Int64(minutes / 60), 2) + ":" + padded(Int64(minutes % 60), 2)
  }

  /// The local text of `time`, read as UTC, without an offset.
  private static func wholeText(_ time: EventTime) -> String {
    let days = Zone.utc.dayNumber(of: time)
    let rest = time.ms - days * 86_400_000
    var text = "\(CivilDate(dayNumber: days))T"
    text += "\(padded(rest / 3_600_000, 2)):\(padded(rest / 60_000 % 60, 2))"
    text += ":\(padded(rest / 1_000 % 60, 2))"
    if rest % 1_000 != 0 { text += ".\(padded(rest % 1_000, 3))" }
    return text
  }

  private static func local(_ ms: Int64, _ zone: Zone) -> EventTime {
    let day: Int64 = 86_400_000
    let before = ms - zone.offsetMs(at: EventTime(ms: ms - day))
    let after = ms - zone.offsetMs(at: EventTime(ms: ms + day))
    let candidates = [min(before, after), max(before, after)]
    let exact = candidates.first { $0 + zone.offsetMs(at: EventTime(ms: $0)) == ms }
    return EventTime(ms: exact ?? candidates[0])
  }

  private static func number(_ rest: inout Substring.UTF8View, _ digits: Int) -> Int64? {
    let part = rest.prefix(digits)
    guard part.count == digits, part.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
    rest = rest.dropFirst(digits)
    return part.reduce(0) { $0 * 10 + Int64($1 - 0x30) }
  }

  private static func milliseconds(_ rest: inout Substring.UTF8View) -> Int64? {
    let digits = rest.prefix { (0x30...0x39).contains($0) }
    guard (1...9).contains(digits.count) else { return nil }
    rest = rest.dropFirst(digits.count)
    var value: Int64 = 0
    for index in 0..<3 {
      let digit = digits.dropFirst(index).first.map { Int64($0 - 0x30) } ?? 0
      value = value * 10 + digit
    }
    return value
  }

  private static func take(_ rest: inout Substring.UTF8View, _ scalar: Unicode.Scalar) -> Bool {
    guard rest.first == UInt8(ascii: scalar) else { return false }
    rest = rest.dropFirst()
    return true
  }

  private static func padded(_ number: Int64, _ width: Int) -> String {
    let text = String(number)
    return String(repeating: "0", count: max(0, width - text.count)) + text
  }

  private static func daysIn(month: Int64, year: Int64) -> Int64 {
    switch month {
    case 2: CivilDate.isLeap(year: year) ? 29 : 28
    case 4, 6, 9, 11: 30
    default: 31
    }
  }
}
