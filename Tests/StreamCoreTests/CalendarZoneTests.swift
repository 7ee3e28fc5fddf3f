import Foundation
import Testing

@testable import StreamCore

/// Zones read from the machine's own files.
enum CalendarZones {
  static let names = [
    "UTC", "Asia/Shanghai", "Asia/Tokyo", "Asia/Kolkata", "Asia/Kathmandu", "Asia/Beirut",
    "Asia/Tehran", "Asia/Gaza", "Europe/Berlin", "Europe/London", "Europe/Dublin",
    "Africa/Casablanca", "Africa/Cairo", "America/New_York", "America/Sao_Paulo",
    "America/St_Johns", "America/Santiago", "America/Nuuk", "America/Havana", "America/Asuncion",
    "Australia/Lord_Howe", "Australia/Sydney", "Pacific/Apia", "Pacific/Chatham",
    "Pacific/Kwajalein", "Antarctica/Troll",
  ]

  static func bytes(_ name: String) throws -> [UInt8] {
    for folder in ["/usr/share/zoneinfo", "/usr/lib/zoneinfo", "/usr/share/lib/zoneinfo"] {
      if let data = FileManager.default.contents(atPath: "\(folder)/\(name)") {
        return [UInt8](data)
      }
    }
    throw ZoneError(description: "no file of zone \(name): install tzdata")
  }

  static func zone(_ name: String) throws -> Zone { try Zone(name: name, tzif: bytes(name)) }
}

extension AggregateRandom {
  /// An instant from 1970 to 2060.
  mutating func instant() -> EventTime {
    EventTime(ms: Int64.random(in: 0..<2_840_140_800_000, using: &self))
  }
}

@Suite struct CalendarZoneTests {
  @Test("offsets agree with Foundation's", arguments: CalendarZones.names)
  func offsets(name: String) throws {
    let zone = try CalendarZones.zone(name)
    let oracle = try #require(TimeZone(identifier: name))
    let seed: UInt64 = 70
    var random = AggregateRandom(seed: seed)
    var cursor = ZoneCursor(zone)
    var times = (0..<1500).map { _ in random.instant() }
    // Both sides of every change, where errors would be.
    for time in times.prefix(300) {
      let range = zone.range(at: time)
      #expect(range.contains(time))
      for ms in [range.from.ms &- 1, range.from.ms, range.until.ms &- 1, range.until.ms]
      where (0..<2_840_140_800_000).contains(ms) {
        times.append(EventTime(ms: ms))
      }
    }
    for time in times {
      let date = Date(timeIntervalSince1970: (Double(time.ms) / 1000).rounded(.down))
      let expected = Int64(oracle.secondsFromGMT(for: date)) * 1000
      let found = zone.offsetMs(at: time)
      if found != expected || cursor.offsetMs(at: time) != expected {
        Issue.record("\(name) at \(time.ms): \(found), not \(expected); seed \(seed)")
        return
      }
    }
  }

  @Test("days divide the time line and begin with their date", arguments: CalendarZones.names)
  func days(name: String) throws {
    let zone = try CalendarZones.zone(name)
    let seed: UInt64 = 71
    var random = AggregateRandom(seed: seed)
    var times = (0..<1000).map { _ in random.instant() }
    // Where clocks go back over midnight a date comes twice; most zones do so a few times at best.
    for time in times {
      let change = zone.range(at: time).until.ms
      if change < .max {
        times += [change - 1, change, change + 1_800_000].map(EventTime.init(ms:))
      }
    }
    for time in times {
      if let problem = problem(at: time, zone) {
        Issue.record("\(problem): \(name) at \(time.ms), seed \(seed)")
        return
      }
    }
  }

  private func problem(at time: EventTime, _ zone: Zone) -> String? {
    let day = zone.dayNumber(of: time)
    let start = zone.startOfDay(day)
    let isInDay = start <= time && time < zone.startOfDay(day + 1)
    if !isInDay { return "day \(day) does not hold the instant" }
    // The first instant: its local date has come, and a moment before it had not.
    let local = start.ms + zone.offsetMs(at: start)
    let before = start.ms - 1 + zone.offsetMs(at: EventTime(ms: start.ms - 1))
    let midnight = day * 86_400_000
    if local < midnight || before >= midnight { return "day \(day) begins at \(start.ms)" }
    let month = zone.monthNumber(of: time)
    let isInMonth = zone.startOfMonth(month) <= time && time < zone.startOfMonth(month + 1)
    return isInMonth ? nil : "month \(month) does not hold the instant"
  }

  @Test("days agree with Foundation's", arguments: CalendarZones.names)
  func foundationDays(name: String) throws {
    let zone = try CalendarZones.zone(name)
    var calendar = Calendar(identifier: .gregorian)
    calendar.timeZone = try #require(TimeZone(identifier: name))
    let seed: UInt64 = 72
    var random = AggregateRandom(seed: seed)
    for _ in 0..<150 {
      let time = random.instant()
      let date = CivilDate(dayNumber: zone.dayNumber(of: time))
      let parts = calendar.dateComponents(
        [.year, .month, .day], from: Date(timeIntervalSince1970: Double(time.ms / 1000)))
      let expected = CivilDate(
        year: Int64(parts.year ?? 0), month: parts.month ?? 0, day: parts.day ?? 0)
      if date != expected { Issue.record("\(name) at \(time.ms): \(date), not \(expected)") }
    }
  }

  private func hours(_ name: String, _ year: Int64, _ month: Int, _ day: Int) throws -> Int64 {
    let zone = try CalendarZones.zone(name)
    let number = CivilDate(year: year, month: month, day: day).dayNumber
    return (zone.startOfDay(number + 1).ms - zone.startOfDay(number).ms) / 3_600_000
  }

  @Test func `days have as many hours as their zone gives them`() throws {
    #expect(try hours("America/New_York", 2024, 3, 10) == 23)
    #expect(try hours("America/New_York", 2024, 11, 3) == 25)
    #expect(try hours("America/New_York", 2055, 3, 14) == 23)
    #expect(try hours("Asia/Shanghai", 2024, 3, 10) == 24)
    #expect(try hours("America/Sao_Paulo", 2017, 10, 15) == 23)
    #expect(try hours("Asia/Beirut", 2022, 3, 27) == 23)
    #expect(try hours("Pacific/Apia", 2011, 12, 29) == 24)
    #expect(try hours("Pacific/Apia", 2011, 12, 30) == 0)
    #expect(try hours("Pacific/Apia", 2011, 12, 31) == 24)
  }

  @Test func `a day without midnight begins at its first instant`() throws {
    let zone = try CalendarZones.zone("America/Sao_Paulo")
    let start = zone.startOfDay(CivilDate(year: 2017, month: 10, day: 15).dayNumber)
    // 03:00 UTC is 01:00 of local summer time.
    #expect(start.ms == 1_508_036_400_000)
    #expect(zone.offsetMs(at: start) == -2 * 3_600_000)
  }

  @Test func `before the first transition the first type holds, at the ends of time nothing traps`()
    throws
  {
    let berlin = try CalendarZones.zone("Europe/Berlin")
    #expect(berlin.offsetMs(at: .distantPast) == 3_208_000)
    for name in CalendarZones.names {
      let zone = try CalendarZones.zone(name)
      for ms in [Int64.min, .min / 4, .max / 4, .max] {
        let day = zone.dayNumber(of: EventTime(ms: ms))
        _ = zone.startOfDay(day)
        _ = zone.monthNumber(of: EventTime(ms: ms))
      }
      for number in [Int64.min, .max, .max / 2] {
        _ = zone.startOfDay(number)
        _ = zone.startOfMonth(number)
      }
    }
  }

  @Test func `UTC needs no file`() {
    #expect(Zone.utc.offsetMs(at: EventTime(ms: 0)) == 0)
    #expect(Zone.utc.dayNumber(of: EventTime(ms: -1)) == -1)
    #expect(Zone.utc.startOfDay(1).ms == 86_400_000)
  }

  @Test func `damaged files throw or give a zone that answers`() throws {
    for name in ["America/New_York", "Asia/Shanghai", "Pacific/Apia"] {
      let bytes = try CalendarZones.bytes(name)
      for end in 0..<min(bytes.count, 4000) {
        #expect(throws: ZoneError.self) { try Zone(name: name, tzif: Array(bytes[..<end])) }
      }
      var random = AggregateRandom(seed: 73)
      for _ in 0..<400 {
        var damaged = bytes
        let range = Bool.random(using: &random) ? damaged.count : min(60, damaged.count)
        for _ in 0..<3 {
          damaged[Int.random(in: 0..<range, using: &random)] = UInt8.random(
            in: 0...255, using: &random)
        }
        guard let zone = try? Zone(name: name, tzif: damaged) else { continue }
        for _ in 0..<5 {
          let time = random.instant()
          let day = zone.dayNumber(of: time)
          #expect(zone.startOfDay(day) <= time && time < zone.startOfDay(day + 1))
        }
      }
    }
    #expect(throws: ZoneError.self) { try Zone(name: "x", tzif: Array("garbage".utf8)) }
  }

  @Test func `files that count leap seconds are refused`() throws {
    guard let bytes = try? CalendarZones.bytes("right/UTC") else { return }
    #expect(throws: ZoneError.self) { try Zone(name: "right/UTC", tzif: bytes) }
  }
}
