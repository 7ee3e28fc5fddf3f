import Foundation
import Testing

@testable import StreamCore

@Suite struct CalendarRuleTests {
  private func rule(_ text: String) -> ZoneRule? {
    var parser = ZoneRuleParser(text: Array(text.utf8))
    return parser.parse()
  }

  private func hoursAhead(_ text: String, _ date: CivilDate, hour: Int64) -> Double? {
    let time = EventTime(ms: date.dayNumber * 86_400_000 + hour * 3_600_000)
    guard let range = rule(text)?.range(at: time, notBefore: .min), range.contains(time) else {
      return nil
    }
    return Double(range.offsetMs) / 3_600_000
  }

  @Test func `rules of every form are understood`() {
    let summer = CivilDate(year: 2050, month: 7, day: 1)
    let winter = CivilDate(year: 2050, month: 1, day: 20)
    for (text, january, july) in [
      ("CST-8", 8.0, 8.0),
      ("<+0545>-5:45", 5.75, 5.75),
      ("EST5EDT,M3.2.0,M11.1.0", -5, -4),
      ("IST-1GMT0,M10.5.0,M3.5.0/1", 0, 1),
      ("<-02>2<-01>,M3.5.0/-1,M10.5.0/0", -2, -1),
      ("AEST-10AEDT,M10.1.0,M4.1.0/3", 11, 10),
      ("<+1030>-10:30<+11>-11,M10.1.0,M4.1.0", 11, 10.5),
      ("AAA3BBB,J60,J300", -3, -2),
      ("AAA3BBB,59/0,299/0", -3, -2),
      ("XXX3EDT4,0/0,J365/23", -4, -4),
    ] {
      #expect(hoursAhead(text, winter, hour: 12) == january, "\(text)")
      #expect(hoursAhead(text, summer, hour: 12) == july, "\(text)")
    }
  }

  @Test func `summer time that never ends covers every instant`() {
    for hour: Int64 in 0..<72 {
      let date = CivilDate(year: 2051, month: 12, day: 30)
      #expect(hoursAhead("XXX3EDT4,0/0,J365/23", date, hour: hour) == -4)
    }
  }

  @Test func `a Julian day is the same date in leap years`() {
    for (year, day) in [(2050 as Int64, 1), (2052, 1)] {
      let first = CivilDate(year: year, month: 3, day: day)
      #expect(hoursAhead("AAA0BBB,J60/0,J300/0", first, hour: -1) == 0)
      #expect(hoursAhead("AAA0BBB,J60/0,J300/0", first, hour: 0) == 1)
    }
  }

  @Test func `texts that are no rules are refused`() {
    for text in [
      "", "A5", "EST", "EST5EDT", "EST5EDT,M3.2.0", "EST5EDT,M13.2.0,M11.1.0", "<+05-5",
      "EST99", "EST5EDT,M3.2.0,M11.1.0,", "EST5EDT,M3.2.7,M11.1.0", "EST5EDT,J0,J5", "EST5:99",
    ] {
      #expect(rule(text) == nil, "\(text)")
    }
  }

  @Test func `dates and day numbers are inverse, for leap centuries too`() {
    var expected = CivilDate(year: 1890, month: 1, day: 1)
    for number in expected.dayNumber..<(expected.dayNumber + 100_000) {
      let date = CivilDate(dayNumber: number)
      if date != expected || date.dayNumber != number { Issue.record("\(number): \(date)") }
      expected.day += 1
      let lengths = [
        31, CivilDate.isLeap(year: date.year) ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31,
      ]
      if expected.day > lengths[expected.month - 1] {
        expected.day = 1
        expected.month += 1
      }
      if expected.month > 12 {
        expected.month = 1
        expected.year += 1
      }
    }
    #expect(CivilDate(dayNumber: 0) == CivilDate(year: 1970, month: 1, day: 1))
    #expect(
      "\(CivilDate(dayNumber: -1)) \(CivilDate(year: 12, month: 3, day: 4))"
        == "1969-12-31 0012-03-04")
    #expect(CivilDate(monthNumber: -1) == CivilDate(year: 1969, month: 12, day: 1))
    #expect(CivilDate(monthNumber: 14).monthNumber == 14)
  }
}
