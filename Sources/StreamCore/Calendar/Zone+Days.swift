/// Local days and months.
///
/// Local days divide the time line: day `d` is `[startOfDay(d), startOfDay(d + 1))`, from the first
/// instant at which the local date is `d` or a later one. Days have 23, 24 or 25 hours where clocks
/// change, begin after midnight where midnight is skipped, and are empty where the whole day is
/// skipped. Where clocks go back over midnight, the hour that comes twice belongs to the later day.
extension Zone {
  static var dayMs: Int64 { 86_400_000 }
  /// No offset is greater; `TZifParser` makes sure of it.
  static var greatestOffsetMs: Int64 { 26 * 3_600_000 }

  /// The local day of an instant, in days since 1970-01-01. O(log transitions).
  public func dayNumber(of time: EventTime) -> Int64 {
    // Short of the end, where starts of days are clamped.
    let time = min(Self.clamped(time), EventTime(ms: EventTime.distantFuture.ms - 1))
    var day = FloorDivision.quotient(time.ms + offsetMs(at: time), Self.dayMs)
    while startOfDay(day + 1) <= time { day += 1 }
    return day
  }

  /// The first instant of a local day. O(log transitions).
  public func startOfDay(_ dayNumber: Int64) -> EventTime {
    let (local, overflow) = dayNumber.multipliedReportingOverflow(by: Self.dayMs)
    if overflow || local.magnitude > UInt64(Int64.max / 2) {
      return dayNumber < 0 ? .distantPast : .distantFuture
    }
    // Before this the local time is earlier than the wanted one, whatever the offset.
    var range = range(at: EventTime(ms: local - Self.greatestOffsetMs))
    while true {
      let start = max(range.from.ms, local - range.offsetMs)
      if start < range.until.ms { return Self.clamped(EventTime(ms: start)) }
      range = self.range(at: range.until)
    }
  }

  /// The local month of an instant, in months since January 1970. O(log transitions).
  public func monthNumber(of time: EventTime) -> Int64 {
    CivilDate(dayNumber: dayNumber(of: time)).monthNumber
  }

  /// The first instant of a local month, counted from January 1970. O(log transitions).
  public func startOfMonth(_ monthNumber: Int64) -> EventTime {
    let limit = Int64.max / Self.dayMs
    if monthNumber.magnitude > UInt64(limit) {
      return monthNumber < 0 ? .distantPast : .distantFuture
    }
    return startOfDay(CivilDate(monthNumber: monthNumber).dayNumber)
  }

  static func clamped(_ time: EventTime) -> EventTime {
    min(max(time, .distantPast), .distantFuture)
  }
}
