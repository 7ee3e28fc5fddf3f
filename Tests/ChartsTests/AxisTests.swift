import StreamCore
import Testing

@testable import Charts

@Suite struct AxisTests {
  @Test("value ticks are round, ascend evenly and hold the values")
  func valueTicks() {
    var random = Numbers(seed: 11)
    for _ in 0..<800 {
      let size = Numbers.powerOfTen(random.whole(-30...30))
      let low = random.share() * size * (random.share() < 0.3 ? -1 : 1)
      let high = low + random.share() * size
      let unit = [ValueUnit.count("events"), .number(""), .share][random.whole(0...2)]
      let axis = ValueAxis(low: low, high: high, unit: unit, count: 5)
      #expect(axis.least <= low && axis.greatest >= high, "\(low) ... \(high)")
      #expect((2...9).contains(axis.ticks.count), "\(low) ... \(high): \(axis.ticks.count)")
      #expect(axis.ticks.first?.value == axis.least && axis.ticks.last?.value == axis.greatest)
      let step = (axis.greatest - axis.least) / Double(axis.ticks.count - 1)
      for (a, b) in zip(axis.ticks, axis.ticks.dropFirst()) {
        #expect(((b.value - a.value) / step - 1).magnitude < 1e-6)
      }
      #expect(Self.isRound(step), "step \(step)")
      #expect(Set(axis.ticks.map(\.label)).count == axis.ticks.count || step / size < 1e-6)
    }
  }

  /// 1, 2 or 5 by a power of ten.
  private static func isRound(_ step: Double) -> Bool {
    (-45...45).contains { exponent in
      [1.0, 2, 5].contains { factor in
        (factor * Numbers.powerOfTen(exponent) / step - 1).magnitude < 1e-9
      }
    }
  }

  @Test(
    "labels of value ticks are short",
    arguments: [
      (0.0, 1.0, ValueUnit.share, ["0%", "20%", "40%", "60%", "80%", "100%"]),
      (0, 0.031, .share, ["0%", "1%", "2%", "3%", "4%"]),
      (0, 4_900_000, .count("events"), ["0", "1 M", "2 M", "3 M", "4 M", "5 M"]),
      (0, 2400, .number("CNY"), ["0", "0.5 k", "1.0 k", "1.5 k", "2.0 k", "2.5 k"]),
      (0, 3, .count("users"), ["0", "1", "2", "3"]),
      (-3, 4, .number(""), ["−4", "−2", "0", "2", "4"]),
      (0, 7_000_000, .durationMs, ["0", "30m", "1h", "1h 30m", "2h"]),
      (0, 0, .number(""), ["0", "0.2", "0.4", "0.6", "0.8", "1.0"]),
    ])
  func valueLabels(low: Double, high: Double, unit: ValueUnit, labels: [String]) {
    #expect(ValueAxis(low: low, high: high, unit: unit, count: 5).ticks.map(\.label) == labels)
  }

  @Test(
    "time ticks ascend, lie in the range, and stand where local clocks and calendars are round",
    arguments: ["Asia/Shanghai", "Europe/Berlin", "Australia/Lord_Howe", "America/St_Johns"])
  func timeTicks(name: String) throws {
    let zone = try Zones.named(name)
    var random = Numbers(seed: 5)
    for _ in 0..<400 {
      let length = Int64(Numbers.powerOfTen(random.whole(1...12)) * (1 + random.share() * 9))
      let start = Int64((random.share() * 2 - 0.5) * 2e12)
      let range = EventTime(ms: start)..<EventTime(ms: start + length)
      let axis = TimeAxis(range: range, zone: zone, width: 800)
      #expect(axis.ticks.count <= 30, "\(range)")
      #expect(axis.ticks.allSatisfy { range.contains($0.time) })
      #expect(zip(axis.ticks, axis.ticks.dropFirst()).allSatisfy { $0.time < $1.time })
      #expect(axis.ticks.first?.context != nil || axis.ticks.isEmpty || length > 40_000_000_000)
      if length > 3_000 { #expect(axis.ticks.count >= 2, "\(range)") }
      if length > 86_400_000 * 20 {
        for tick in axis.ticks {
          #expect(zone.startOfDay(zone.dayNumber(of: tick.time)) == tick.time)
        }
      }
    }
  }

  @Test("days of 23 and 25 hours move the ticks with the clock")
  func changingClocks() throws {
    let zone = try Zones.named("Europe/Berlin")
    // 31 March 2024, clocks go from 2 to 3.
    let spring = EventTime(ms: 1_711_839_600_000)
    let axis = TimeAxis(
      range: spring..<EventTime(ms: spring.ms + 82_800_000), zone: zone, width: 700)
    #expect(
      axis.ticks.map(\.label) == ["00:00"]
        + (1...11).map { ($0 < 5 ? "0" : "") + "\($0 * 2)" }
        .filter { $0 != "02" }.map { $0 + ":00" })
    #expect(axis.ticks.map(\.context).compactMap { $0 } == ["31 Mar 2024"])
  }

  @Test("days, months and years are named where they begin")
  func calendar() throws {
    let zone = try Zones.named("Asia/Shanghai")
    let from = zone.startOfMonth(53 * 12 + 10)
    let to = zone.startOfMonth(54 * 12 + 4)
    let axis = TimeAxis(range: from..<to, zone: zone, width: 360)
    #expect(axis.ticks.map(\.label) == ["Nov", "Dec", "Jan", "Feb", "Mar", "Apr"])
    #expect(axis.ticks.map(\.context) == ["2023", nil, "2024", nil, nil, nil])
  }
}
