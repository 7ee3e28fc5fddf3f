import Foundation
import Testing

@testable import StreamCore

@Suite struct CalendarWindowTests {
  private static let plans = [
    WindowPlan(unit: .millisecond, every: 1), WindowPlan(unit: .millisecond, every: 60_000),
    WindowPlan(unit: .millisecond, size: 600_000, every: 60_000), WindowPlan(unit: .day, every: 1),
    WindowPlan(unit: .day, size: 7, every: 1), WindowPlan(unit: .day, every: 3),
    WindowPlan(unit: .week, every: 1), WindowPlan(unit: .week, size: 4, every: 2),
    WindowPlan(unit: .month, every: 1), WindowPlan(unit: .month, every: 3),
    WindowPlan(unit: .month, size: 12, every: 1),
  ]

  @Test(
    "the windows of an instant are those that contain it",
    arguments: ["UTC", "America/Sao_Paulo", "Asia/Beirut", "Pacific/Apia", "America/St_Johns"])
  func membership(name: String) throws {
    let zone = try CalendarZones.zone(name)
    for window in Self.plans {
      var calendar = WindowCalendar(window: window, zone: zone)
      let seed: UInt64 = 90
      var random = AggregateRandom(seed: seed)
      var time = random.instant()
      for step in 0..<300 {
        // Jumps, and walks that cross borders of steps in both directions.
        let stride = Int64.random(in: -90_000_000...90_000_000, using: &random)
        let scale = Int64(step % 3 * 1000 + 1)
        time = step % 10 == 0 ? random.instant() : EventTime(ms: time.ms + stride / scale)
        let problem = problem(at: time, &calendar)
        if let problem {
          Issue.record("\(problem): \(window) in \(name) at \(time.ms), seed \(seed)")
        }
      }
    }
  }

  private func problem(at time: EventTime, _ calendar: inout WindowCalendar) -> String? {
    let last = calendar.ordinal(of: time)
    var fresh = WindowCalendar(window: calendar.window, zone: calendar.zone)
    if fresh.ordinal(of: time) != last { return "the answer depends on earlier ones" }
    let isInStep = calendar.start(last) <= time && time < calendar.start(last + 1)
    if !isInStep { return "step \(last) does not hold it" }
    let first = last - calendar.window.overlap + 1
    for number in (first - 1)...(last + 1) {
      let contains = calendar.start(number) <= time && time < calendar.end(number)
      // Behind an empty step two windows begin together.
      if calendar.start(number) == calendar.start(number + 1) { continue }
      if contains != (first...last).contains(number) { return "window \(number)" }
    }
    return nil
  }

  @Test func `calendar steps are aligned as people expect`() throws {
    let zone = try CalendarZones.zone("Asia/Shanghai")
    func day(_ window: WindowPlan, _ year: Int64, _ month: Int, _ day: Int) -> String {
      var calendar = WindowCalendar(window: window, zone: zone)
      let noon =
        zone.startOfDay(CivilDate(year: year, month: month, day: day).dayNumber).ms + 43_200_000
      let ordinal = calendar.ordinal(of: EventTime(ms: noon))
      let days = [calendar.start(ordinal), calendar.end(ordinal)].map {
        "\(CivilDate(dayNumber: zone.dayNumber(of: $0)))"
      }
      return days.joined(separator: " ")
    }
    #expect(day(WindowPlan(unit: .week, every: 1), 2026, 1, 1) == "2025-12-29 2026-01-05")
    #expect(day(WindowPlan(unit: .month, every: 3), 2026, 5, 31) == "2026-04-01 2026-07-01")
    #expect(day(WindowPlan(unit: .month, every: 12), 2024, 2, 29) == "2024-01-01 2025-01-01")
    #expect(day(WindowPlan(unit: .day, size: 7, every: 1), 2026, 3, 1) == "2026-03-01 2026-03-08")
    #expect(day(WindowPlan(unit: .day, every: 2), 1970, 1, 2) == "1970-01-01 1970-01-03")
    #expect(day(WindowPlan(unit: .week, every: 2), 1970, 1, 7) == "1970-01-05 1970-01-19")
    #expect(day(WindowPlan(unit: .week, every: 1), 1969, 12, 31) == "1969-12-29 1970-01-05")
  }

  @Test func `windows agree with Foundation's weeks and months`() throws {
    let name = "Europe/Berlin"
    let zone = try CalendarZones.zone(name)
    var oracle = Calendar(identifier: .iso8601)
    oracle.timeZone = try #require(TimeZone(identifier: name))
    var random = AggregateRandom(seed: 91)
    for (unit, component) in [
      (WindowPlan.Unit.day, Calendar.Component.day), (.week, .weekOfYear), (.month, .month),
    ] {
      var calendar = WindowCalendar(window: WindowPlan(unit: unit, every: 1), zone: zone)
      for _ in 0..<100 {
        let time = random.instant()
        let date = Date(timeIntervalSince1970: Double(time.ms) / 1000)
        let interval = try #require(oracle.dateInterval(of: component, for: date))
        let ordinal = calendar.ordinal(of: time)
        #expect(calendar.start(ordinal).ms == Int64(interval.start.timeIntervalSince1970 * 1000))
        #expect(calendar.end(ordinal).ms == Int64(interval.end.timeIntervalSince1970 * 1000))
      }
    }
  }

  @Test func `fixed steps are aligned to the epoch on both sides of it`() {
    var calendar = WindowCalendar(window: WindowPlan(unit: .millisecond, every: 1000), zone: .utc)
    let ordinals: KeyValuePairs<Int64, Int64> = [
      0: 0, 999: 0, 1000: 1, -1: -1, -1000: -1, -1001: -2,
    ]
    for (ms, expected) in ordinals {
      let ordinal = calendar.ordinal(of: EventTime(ms: ms))
      #expect(ordinal == expected)
    }
  }

  @Test func `extreme times and numbers do not trap`() {
    for window in Self.plans + [
      WindowPlan(unit: .week, every: .max), WindowPlan(unit: .day, every: 0),
    ] {
      var calendar = WindowCalendar(window: window, zone: .utc)
      for ms in [Int64.min, .min / 4, -1, .max / 4, .max] {
        _ = calendar.ordinal(of: EventTime(ms: ms))
      }
      for ordinal in [Int64.min, .min / 2, .max / 2, .max] {
        #expect(calendar.start(ordinal) <= calendar.end(ordinal))
      }
    }
  }
}
