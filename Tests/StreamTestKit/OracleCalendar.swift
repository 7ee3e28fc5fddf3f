import Foundation
import Synchronization

/// What entry windows, cohorts and days are counted in.
public enum OracleUnit: Sendable, Hashable {
  /// This many milliseconds, aligned to the epoch.
  case fixed(ms: Int64)
  case day
  /// From Monday on.
  case week
  case month
}

/// Calendar units of a zone, worked out from nothing but the zone's offsets as Foundation knows
/// them: a local day begins at the first instant whose local date is that day.
///
/// For zones whose clocks do not go back over midnight.
public struct OracleCalendar: Sendable {
  /// IANA name.
  public let zone: String
  private let timeZone: TimeZone

  /// Makes the calendar of a zone; of UTC when there is none of that name.
  public init(zone: String) {
    self.zone = zone
    timeZone = TimeZone(identifier: zone) ?? .gmt
  }

  /// The number of the unit that an instant lies in.
  public func number(_ unit: OracleUnit, at ms: Int64) -> Int64 {
    if case .fixed(let size) = unit { return floored(ms, size) }
    return number(unit, ofDay: day(at: ms))
  }

  /// The first instant of unit `number`.
  public func startMs(_ unit: OracleUnit, _ number: Int64) -> Int64 {
    switch unit {
    case .fixed(let size): return number * size
    case .day: return startOfDay(number)
    case .week: return startOfDay(number * 7 + Self.firstMonday)
    case .month:
      // Days are tried one by one from a little before.
      var day = (number - 1970 * 12) * 30
      while self.number(.month, ofDay: day) < number { day += 1 }
      return startOfDay(day)
    }
  }

  /// The window that is unit `number`.
  public func window(_ unit: OracleUnit, _ number: Int64) -> MetricOracle.Window {
    MetricOracle.Window(startMs: startMs(unit, number), endMs: startMs(unit, number + 1))
  }

  /// The windows of an instant, for a metric.
  public func windows(_ unit: OracleUnit) -> @Sendable (Int64) -> [MetricOracle.Window] {
    { [self] ms in [window(unit, number(unit, at: ms))] }
  }

  /// The local date of an instant, `YYYY-MM-DD`.
  public func dayText(at ms: Int64) -> String { Self.dateText(ofDay: day(at: ms)) }

  /// 1970-01-05, in days since 1970-01-01.
  private static let firstMonday: Int64 = 4

  private func number(_ unit: OracleUnit, ofDay day: Int64) -> Int64 {
    switch unit {
    case .fixed, .day: return day
    case .week: return floored(day - Self.firstMonday, 7)
    case .month:
      if let known = Self.knownMonths.withLock({ $0[day] }) { return known }
      let parts = Self.dateText(ofDay: day).split(separator: "-").compactMap { Int64($0) }
      let month = parts[0] * 12 + parts[1] - 1
      Self.knownMonths.withLock { $0[day] = month }
      return month
    }
  }

  /// The local date of an instant, in days since 1970-01-01.
  private func day(at ms: Int64) -> Int64 {
    var day = floored(ms, Self.dayMs)
    while startOfDay(day) > ms { day -= 1 }
    while startOfDay(day + 1) <= ms { day += 1 }
    return day
  }

  private func startOfDay(_ day: Int64) -> Int64 {
    let key = DayKey(zone: zone, day: day)
    if let known = Self.known.withLock({ $0[key] }) { return known }
    // The first instant whose local date is not before the day, found by halving.
    var (before, after) = ((day - 2) * Self.dayMs, (day + 2) * Self.dayMs)
    while after - before > 1 {
      let middle = (before + after) / 2
      let seconds = Double(floored(middle, 1000))
      let offset = timeZone.secondsFromGMT(for: Date(timeIntervalSince1970: seconds))
      if floored(middle + Int64(offset) * 1000, Self.dayMs) >= day {
        after = middle
      } else {
        before = middle
      }
    }
    Self.known.withLock { $0[key] = after }
    return after
  }

  private static func dateText(ofDay day: Int64) -> String {
    if let known = knownDates.withLock({ $0[day] }) { return known }
    let text = String(rfc3339(ms: day * dayMs, offsetMinutes: 0).prefix(10))
    knownDates.withLock { $0[day] = text }
    return text
  }

  private struct DayKey: Hashable {
    var zone: String
    var day: Int64
  }

  private static let dayMs: Int64 = 86_400_000
  private static let known = Mutex<[DayKey: Int64]>([:])
  private static let knownDates = Mutex<[Int64: String]>([:])
  private static let knownMonths = Mutex<[Int64: Int64]>([:])
}

/// The quotient, rounded down.
func floored(_ a: Int64, _ b: Int64) -> Int64 {
  let quotient = a / b
  return a % b < 0 ? quotient - 1 : quotient
}

/// Splits the events of one user where the rule of forgetting makes the user one never seen: where
/// the hour of an event is more than `forgetAfterMs` of hours after the hour of the one before.
/// Each part is then as of a user of its own.
func lives(_ events: [OracleEvent], forgetAfterMs: Int64) -> [[OracleEvent]] {
  let hourMs: Int64 = 3_600_000
  var lives: [[OracleEvent]] = []
  for event in events {
    let hour = floored(event.timeMs, hourMs)
    if let last = lives.last?.last,
      hour - floored(last.timeMs, hourMs) <= forgetAfterMs / hourMs
    {
      lives[lives.count - 1].append(event)
    } else {
      lives.append([event])
    }
  }
  return lives
}
