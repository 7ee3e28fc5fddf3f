/// Numbers the windows of a plan.
///
/// Windows begin at the starts of *steps*, which are `every` long and divide the time line: step
/// `k` is `[start(k), start(k + 1))`. Window `k` begins with step `k` and is `size` long. The
/// windows that contain an instant of step `k` are `k - overlap + 1 ... k`.
///
/// Steps of milliseconds are aligned to 1970-01-01T00:00Z. Those of days, weeks and months begin
/// with local days (see `Zone.startOfDay`) and are aligned to local 1970-01-01, to Monday
/// 1970-01-05 and to January 1970: three months are quarters, twelve are years. A step may be empty
/// where a zone skipped a day. Times are taken as at most `EventTime.distantFuture` and at least
/// `distantPast`.
public struct WindowCalendar: Sendable {
  private struct Step {
    var ordinal: Int64
    var startMs: Int64
    var endMs: Int64
  }

  /// The windows that are numbered.
  public let window: WindowPlan
  /// The zone of days, weeks and months.
  public let zone: Zone

  /// The two steps used last: at the border of two, events of both come mixed.
  private var recent: Step
  private var other: Step

  /// Makes the calendar of a plan. Sizes that are not positive count as 1.
  public init(window: WindowPlan, zone: Zone) {
    self.window = WindowPlan(
      unit: window.unit, size: max(1, window.size), every: max(1, window.every))
    self.zone = zone
    recent = Step(ordinal: 0, startMs: 0, endMs: 0)
    other = recent
  }

  /// The number of the step that holds an instant: that of the last window that contains it. 1-2 ns
  /// for the step of the event before, else O(log transitions of the zone).
  @inline(__always)
  public mutating func ordinal(of time: EventTime) -> Int64 {
    if recent.startMs <= time.ms, time.ms < recent.endMs { return recent.ordinal }
    return findOrdinal(time)
  }

  /// The first instant of step and window `ordinal`. O(log transitions).
  public func start(_ ordinal: Int64) -> EventTime {
    start(ordinal, plus: 0)
  }

  /// The first instant after window `ordinal`. O(log transitions).
  public func end(_ ordinal: Int64) -> EventTime {
    start(ordinal, plus: window.size)
  }

  private mutating func findOrdinal(_ time: EventTime) -> Int64 {
    swap(&recent, &other)
    if recent.startMs <= time.ms, time.ms < recent.endMs { return recent.ordinal }
    // One millisecond short of the end, so that every instant is before the end of its step.
    let ms = min(max(time.ms, EventTime.distantPast.ms), EventTime.distantFuture.ms - 1)
    let unit: Int64
    switch window.unit {
    case .millisecond: unit = ms
    case .day: unit = zone.dayNumber(of: EventTime(ms: ms))
    case .week:
      unit = FloorDivision.quotient(
        zone.dayNumber(of: EventTime(ms: ms)) - Self.firstMonday, 7)
    case .month: unit = zone.monthNumber(of: EventTime(ms: ms))
    }
    let ordinal = FloorDivision.quotient(unit, window.every)
    recent = Step(
      ordinal: ordinal, startMs: start(ordinal).ms, endMs: start(ordinal, plus: window.every).ms)
    return ordinal
  }

  /// 1970-01-05, in days since 1970-01-01.
  private static var firstMonday: Int64 { 4 }

  private func start(_ ordinal: Int64, plus units: Int64) -> EventTime {
    let (scaled, overflow) = ordinal.multipliedReportingOverflow(by: window.every)
    let (unit, carried) = scaled.addingReportingOverflow(units)
    if overflow || carried { return ordinal < 0 ? .distantPast : .distantFuture }
    switch window.unit {
    case .millisecond: return Zone.clamped(EventTime(ms: unit))
    case .day: return zone.startOfDay(unit)
    case .week:
      let (days, overflow) = unit.multipliedReportingOverflow(by: 7)
      if overflow || days > Int64.max / 2 { return ordinal < 0 ? .distantPast : .distantFuture }
      return zone.startOfDay(days + Self.firstMonday)
    case .month: return zone.startOfMonth(unit)
    }
  }
}
