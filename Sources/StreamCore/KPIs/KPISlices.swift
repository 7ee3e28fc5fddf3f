/// How periods of KPIs are divided.
public enum KPISlices {
  /// The shortest period, in milliseconds.
  public static var leastPeriodMs: Int64 { 5 * minuteMs }
  /// The longest period of a fixed length, in milliseconds.
  public static var greatestFixedMs: Int64 { 24 * hourMs }

  private static var minuteMs: Int64 { 60_000 }
  private static var hourMs: Int64 { 3_600_000 }

  /// The slices of a period: of a fixed one the greatest whole minutes that divide it into 12 or
  /// more, a minute at least; quarters of an hour of a day; hours of up to a week, or quarters
  /// where the zone has offsets that are no whole hours; days of anything longer.
  ///
  /// Nil for what no slices divide: fixed lengths that are no whole minutes, below 5 minutes or
  /// above 24 hours, and days of a zone that `since` then had an offset between the quarters of an
  /// hour.
  public static func slice(
    of period: WindowPlan, zone: Zone, since: EventTime
  ) -> WindowPlan? {
    let days: Int64
    switch period.unit {
    case .millisecond: return fixedSlice(period.size)
    case .day: days = period.size
    case .week: days = period.size * 7
    case .month: return WindowPlan(unit: .day, every: 1)
    }
    if days > 7 { return WindowPlan(unit: .day, every: 1) }
    if days > 1, hasOffsets(zone, of: hourMs, since: since) {
      return WindowPlan(unit: .millisecond, every: hourMs)
    }
    guard hasOffsets(zone, of: 15 * minuteMs, since: since) else { return nil }
    return WindowPlan(unit: .millisecond, every: 15 * minuteMs)
  }

  private static func fixedSlice(_ ms: Int64) -> WindowPlan? {
    guard ms % minuteMs == 0, (leastPeriodMs...greatestFixedMs).contains(ms) else { return nil }
    let minutes = ms / minuteMs
    var size = Swift.max(1, minutes / 12)
    while minutes % size != 0 { size -= 1 }
    return WindowPlan(unit: .millisecond, every: size * minuteMs)
  }

  /// Whether every offset of a zone since an instant is a multiple of `ms`.
  static func hasOffsets(_ zone: Zone, of ms: Int64, since: EventTime) -> Bool {
    // Rules of the future repeat themselves: some years of them are all.
    let year2050 = EventTime(ms: 2_524_608_000_000)
    var at = since
    while true {
      let range = zone.range(at: at)
      if range.offsetMs % ms != 0 { return false }
      if range.until >= year2050 || range.until <= at { return true }
      at = range.until
    }
  }
}

/// Numbers the slices of the periods of KPIs.
struct KPICalendar {
  private var period: WindowCalendar
  private var slice: WindowCalendar

  /// A slice, and the period up to its end.
  struct Part {
    /// Number of the period.
    var period: Int64
    var periodStart: EventTime
    var periodEnd: EventTime
    var start: EventTime
    var end: EventTime
    /// Which slice of the period, from 0.
    var number: Int64
    var isLast: Bool
  }

  init(period: WindowPlan, slice: WindowPlan, zone: Zone) {
    self.period = WindowCalendar(window: period, zone: zone)
    self.slice = WindowCalendar(window: slice, zone: zone)
  }

  /// The number of the slice that holds an instant.
  mutating func ordinal(of time: EventTime) -> Int64 { slice.ordinal(of: time) }

  /// The number of the period that holds an instant.
  mutating func period(of time: EventTime) -> Int64 { period.ordinal(of: time) }

  /// The start of a period.
  func start(ofPeriod number: Int64) -> EventTime { period.start(number) }

  /// The slice of a number.
  mutating func part(_ ordinal: Int64) -> Part {
    let (start, end) = (slice.start(ordinal), slice.end(ordinal))
    let number = period.ordinal(of: start)
    let periodStart = period.start(number)
    let periodEnd = period.end(number)
    return Part(
      period: number, periodStart: periodStart, periodEnd: periodEnd, start: start, end: end,
      number: ordinal - slice.ordinal(of: periodStart), isLast: end >= periodEnd)
  }

  /// The same part of the period before: the slice of the same number, at most its last; the last
  /// one of the last. Nil where that period is empty.
  mutating func before(_ part: Part) -> Part? {
    let (start, end) = (period.start(part.period - 1), period.end(part.period - 1))
    guard start < end else { return nil }
    let first = slice.ordinal(of: start)
    let last = slice.ordinal(of: EventTime(ms: end.ms - 1))
    return self.part(part.isLast ? last : min(first + part.number, last))
  }
}
