import Foundation
import StreamTestKit
import Testing

@testable import StreamCore

@Suite("Times of events")
struct DecodeTimeTests {
  private func reader(_ format: TimeFormat = .automatic, zone: Zone = .utc) -> EventDecoder {
    EventDecoder(
      source: SourcePlan(name: "s", topic: "t", fields: [], timeFormat: format, zone: zone),
      topic: "t")
  }

  private func ms(_ text: String, _ decoder: EventDecoder, number: Bool = false) -> Int64? {
    Array(text.utf8).withUnsafeBytes {
      decoder.eventTime(.text(number ? .number : .string, $0))?.ms
    }
  }

  private func zone(_ name: String) throws -> Zone {
    let path = "/usr/share/zoneinfo/\(name)"
    let bytes = try #require(
      FileManager.default.contents(atPath: path), "no zone file \(path): install tzdata")
    return try Zone(name: name, tzif: Array(bytes))
  }

  @Test(
    "RFC 3339 is read with any offset and fraction",
    arguments: [
      ("1970-01-01T00:00:00Z", Int64(0)), ("2024-03-13T10:21:14Z", 1_710_325_274_000),
      ("2024-03-13 10:21:14", 1_710_325_274_000), ("2024-03-13t10:21:14z", 1_710_325_274_000),
      ("2024-03-13T10:21Z", 1_710_325_260_000), ("2024-03-13T10:21", 1_710_325_260_000),
      ("2024-03-13T10:21+01:00", 1_710_321_660_000),
      ("2024-03-13T10:21:14.1Z", 1_710_325_274_100), ("2024-03-13T10:21:14,12", 1_710_325_274_120),
      ("2024-03-13T10:21:14.1239999999999999999999Z", 1_710_325_274_123),
      ("2024-03-13T18:21:14+08:00", 1_710_325_274_000),
      ("2024-03-13T18:21:14.5+0800", 1_710_325_274_500),
      ("2024-03-13 02:21:14-08", 1_710_325_274_000),
      ("2024-03-13T04:51:14.007-05:30", 1_710_325_274_007),
      ("2024-03-13", 1_710_288_000_000), ("1969-12-31T23:59:59.999Z", -1),
      ("2024-02-29", 1_709_164_800_000), ("2000-02-29", 951_782_400_000),
      ("0000-01-01", -62_167_219_200_000), ("9999-12-31T23:59:59.999Z", 253_402_300_799_999),
      ("2016-12-31T23:59:60Z", 1_483_228_799_999), ("2016-12-31T23:59:60.5Z", 1_483_228_799_999),
    ])
  func rfc3339(text: String, expected: Int64) {
    #expect(ms(text, reader()) == expected)
  }

  @Test(
    "text that is no time is none",
    arguments: [
      "", " ", "2024-03", "2024-3-13", "2024-02-30", "2023-02-29", "1900-02-29",
      "2024-04-31", "2024-13-01", "2024-00-10", "2024-01-00", "2024-03-13T", "2024-03-13T10",
      "2024-03-13T24:00:00Z", "2024-03-13T10:60:00Z", "2024-03-13T10:21:61Z",
      "2024-03-13T10:21:14.Z", "2024-03-13T10:21:1", "2024-03-13T10:21:14ZZ",
      "2024-03-13T10:21:14+", "2024-03-13T10:21:14+8", "2024-03-13T10:21:14+08:0",
      "2024-03-13T10:21:14+24:00", "2024-03-13T10:21:14+08:60", "2024-03-13X10:21:14",
      "2024/03/13 10:21:14", "2024-03-13T10-21-14", "-024-03-13T10:21:14", "2024-03-13T10:21:14 ",
      " 2024-03-13T10:21:14", "abc", "12a", "1e", "1.", ".5", "+5", "--5", "0x10", "1 ",
      "99999999999999999999", "1e19", "1e1000000000000", "2024-03-1３",
    ])
  func noTimes(text: String) {
    let decoder = reader()
    #expect(ms(text, decoder) == nil)
    #expect(ms("2024-03-13", decoder) != nil)
    #expect(ms(text, decoder) == nil)
  }

  @Test(
    "epoch numbers are told apart by magnitude, as numbers and as text",
    arguments: [
      ("0", Int64(0)), ("-0", 0), ("1", 1_000), ("1710325274", 1_710_325_274_000),
      ("1710325274.5", 1_710_325_274_500), ("1710325274.0019", 1_710_325_274_001),
      ("1710325274123", 1_710_325_274_123), ("1710325274123.9", 1_710_325_274_123),
      ("1710325274123456", 1_710_325_274_123), ("1710325274123456789", 1_710_325_274_123),
      ("1.710325274e9", 1_710_325_274_000), ("1710325274123E0", 1_710_325_274_123),
      ("17103252741235e-1", 1_710_325_274_123), ("99999999999", 99_999_999_999_000),
      ("100000000000", 100_000_000_000), ("-1", -1_000), ("-1.5", -1_500), ("-0.0001", -1),
      ("-1710325274", -1_710_325_274_000), ("0001710325274", 1_710_325_274_000),
      ("1710325274.00000000000000000000000001", 1_710_325_274_000), ("1e-300", 0),
      ("0e999999999", 0), ("9999999999999999999", 9_999_999_999_999),
    ])
  func epochs(text: String, expected: Int64) {
    #expect(ms(text, reader()) == expected)
    #expect(ms(text, reader(), number: true) == expected)
  }

  @Test("values that are no text are read as what they are")
  func otherKinds() {
    let decoder = reader()
    #expect(decoder.eventTime(.int(1_234))?.ms == 1_234)
    #expect(decoder.eventTime(.double(1_710_325_274.5))?.ms == 1_710_325_274_500)
    #expect(decoder.eventTime(.double(-0.0001))?.ms == -1)
    #expect(decoder.eventTime(.double(.nan)) == nil)
    #expect(decoder.eventTime(.double(.infinity)) == nil)
    for value in [Value.missing, .null, .bool(true), Value(kind: .object), Value(kind: .array)] {
      #expect(decoder.eventTime(value) == nil)
    }
  }

  @Test("random instants written in every form are read back")
  func randomInstants() async {
    await withSeed(11) { seed, random in
      let decoder = reader()
      let offsets = ["Z": 0, "+08:00": 480, "-0330": -210, "+14": 840]
      for _ in 0..<4_000 {
        let instant = Int64.random(in: -62_135_596_800_000...253_402_300_799_999, using: &random)
        let (suffix, minutes) = random.pick(offsets.sorted { $0.key < $1.key })
        let local = instant + Int64(minutes) * 60_000
        let day = FloorDivision.quotient(local, 86_400_000)
        let rest = FloorDivision.remainder(local, 86_400_000)
        func two(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }
        let millis = String(1_000 + rest % 1_000).dropFirst()
        let date = CivilDate(dayNumber: day)
        guard date.year > 0, date.year < 10_000 else { continue }
        let time =
          "\(two(rest / 3_600_000)):\(two(rest / 60_000 % 60)):\(two(rest / 1_000 % 60)).\(millis)"
        #expect(ms("\(date)T\(time)\(suffix)", decoder) == instant, "seed \(seed)")
      }
    }
  }

  @Test("times without an offset are local to the source's zone, on both sides of a change")
  func localTimes() throws {
    let newYork = reader(zone: try zone("America/New_York"))
    let shanghai = reader(zone: try zone("Asia/Shanghai"))
    #expect(ms("2024-03-13 18:21:14", shanghai) == 1_710_325_274_000)
    #expect(ms("2024-03-13", shanghai) == 1_710_259_200_000)
    #expect(ms("2024-03-13T10:21:14Z", shanghai) == 1_710_325_274_000)
    // Spring forward at 07:00Z of 10 March 2024: 02:00 to 03:00 does not come.
    let springMs: Int64 = 1_710_054_000_000
    #expect(ms("2024-03-10T01:59:59", newYork) == springMs - 1_000)
    #expect(ms("2024-03-10T03:00:00", newYork) == springMs)
    #expect(ms("2024-03-10T02:30:00", newYork) == springMs + 1_800_000)
    // Fall back at 06:00Z of 3 November 2024: 01:00 to 02:00 comes twice.
    let autumnMs: Int64 = 1_730_613_600_000
    #expect(ms("2024-11-03T00:59:59", newYork) == autumnMs - 3_601_000)
    #expect(ms("2024-11-03T01:30:00", newYork) == autumnMs - 1_800_000)
    #expect(ms("2024-11-03T02:00:00", newYork) == autumnMs + 3_600_000)
    #expect(ms("2024-11-03", newYork) == autumnMs - 2 * 3_600_000)
    #expect(ms("2024-11-04", newYork) == autumnMs + 23 * 3_600_000)
  }

  @Test("local times of random instants are read back, but for those that come twice")
  func localRoundTrip() throws {
    let names = ["America/New_York", "Europe/Dublin", "Australia/Lord_Howe", "Asia/Manila"]
    var random = SeededGenerator(seed: 12)
    for name in names {
      let zone = try zone(name)
      var clock = LocalClock(zone)
      for _ in 0..<3_000 {
        let instant = Int64.random(in: -4_000_000_000_000...4_000_000_000_000, using: &random)
        let local = instant + zone.offsetMs(at: EventTime(ms: instant))
        let msOfDay = FloorDivision.remainder(local, LocalClock.dayMs)
        let found = clock.utcMs(midnightMs: local - msOfDay, msOfDay: msOfDay)
        let again = found + zone.offsetMs(at: EventTime(ms: found))
        #expect(again == local && found <= instant, "seed 12, \(name) at \(instant)")
      }
    }
  }

  @Test(
    "patterns are read from text and numbers alike",
    arguments: [
      ("yyyyMMdd", "19970101", Int64(852_076_800_000)),
      ("yyyy-MM-dd HH:mm:ss.SSS", "1997-01-01 10:20:30.456", 852_114_030_456),
      ("dd/MM/yyyy", "01/01/1997", 852_076_800_000),
      ("yyyy-MM-ddTHH:mm", "1997-01-01T00:01", 852_076_860_000),
      ("yyyy'年'MM'月'dd'日'", "1997年01月01日", 852_076_800_000),
      ("yyyy", "1997", 852_076_800_000), ("HHmmss yyyyMMdd", "235960 19970101", 852_163_199_999),
    ])
  func patterns(pattern: String, text: String, expected: Int64) {
    #expect(ms(text, reader(.pattern(pattern))) == expected)
    #expect(ms(text, reader(.pattern(pattern)), number: true) == expected)
    #expect(ms(text + "0", reader(.pattern(pattern))) == nil)
    #expect(ms(String(text.dropLast()), reader(.pattern(pattern))) == nil)
    #expect(ms("", reader(.pattern(pattern))) == nil)
  }

  @Test("a pattern's text must be a date, in the source's zone")
  func patternDates() throws {
    let decoder = reader(.pattern("yyyyMMdd"), zone: try zone("Asia/Shanghai"))
    #expect(ms("19970101", decoder) == 852_048_000_000)
    for text in ["19970229", "19971301", "1997010a", "1997-01-01", "19970100"] {
      #expect(ms(text, decoder) == nil)
    }
  }

  @Test(
    "a pattern that cannot be read is refused with the reason",
    arguments: [
      ("", "no year"), ("MM-dd", "no year"), ("yyyy-dd", "no month"), ("yyy-MM-dd", "yyy is none"),
      ("yyyy-MM-dd hhh", "hhh is none"), ("yyyyMMddyyyy", "twice"), ("yyyy'T", "not closed"),
      ("yyyy-MM-ddZ", "quote letters"),
    ])
  func badPatterns(pattern: String, fact: String) {
    let error = #expect(throws: TimePatternError.self) { try TimePattern(pattern) }
    #expect(error?.description.contains(fact) == true)
    #expect(ms("1997-01-01", reader(.pattern(pattern))) == nil)
  }
}
