/// Turns local times of a zone into instants. Keeps the last day that had one offset throughout.
///
/// Around a change of the zone's offset there are local times that come twice and some that never
/// come. Both are read with the offset in force before the change: of two instants the earlier, and
/// in a gap the instant as many hours after the change as the clock shows past it.
struct LocalClock {
  private let zone: Zone
  private var steadyMidnightMs = Int64.min
  private var steadyOffsetMs: Int64 = 0

  /// Milliseconds of a day without a change of offset.
  static let dayMs: Int64 = 86_400_000

  /// More than any offset ever used: an instant whose local time reads X is within this of X read
  /// as UTC.
  private static let reachMs: Int64 = 16 * 3_600_000

  init(_ zone: Zone) { self.zone = zone }

  /// The instant of a local time: its day's midnight as if in UTC, and milliseconds after it.
  @inline(__always)
  mutating func utcMs(midnightMs: Int64, msOfDay: Int64) -> Int64 {
    if midnightMs == steadyMidnightMs { return midnightMs + msOfDay - steadyOffsetMs }
    return find(midnightMs: midnightMs, msOfDay: msOfDay)
  }

  private mutating func find(midnightMs: Int64, msOfDay: Int64) -> Int64 {
    let dayBefore = offsetMs(midnightMs - Self.reachMs)
    if dayBefore == offsetMs(midnightMs + Self.dayMs + Self.reachMs) {
      steadyMidnightMs = midnightMs
      steadyOffsetMs = dayBefore
      return midnightMs + msOfDay - dayBefore
    }
    let localMs = midnightMs + msOfDay
    let before = offsetMs(localMs - Self.reachMs)
    if offsetMs(localMs - before) == before { return localMs - before }
    let after = offsetMs(localMs + Self.reachMs)
    return offsetMs(localMs - after) == after ? localMs - after : localMs - before
  }

  private func offsetMs(_ ms: Int64) -> Int64 { zone.offsetMs(at: EventTime(ms: ms)) }
}

extension CivilDate {
  /// Days since 1970-01-01 of the date of these numbers; nil when there is no such date.
  static func dayNumber(year: Int, month: Int, day: Int) -> Int64? {
    let days: Int
    switch month {
    case 1, 3, 5, 7, 8, 10, 12: days = 31
    case 4, 6, 9, 11: days = 30
    case 2: days = isLeap(year: Int64(year)) ? 29 : 28
    default: return nil
    }
    guard day >= 1, day <= days else { return nil }
    return CivilDate(year: Int64(year), month: month, day: day).dayNumber
  }
}
