import StreamTestKit
import Testing

@testable import StreamCore

@Suite("Times in spreadsheet exports")
struct DecodeExportTimesTests {
  private func text(_ pattern: String, _ text: String) throws -> String? {
    let read = try TimePattern(pattern)
    let found = Array(text.utf8).withUnsafeBytes { read.read($0) }
    return found.map { midnightMs, msOfDay in
      let clock = [msOfDay / 3_600_000, msOfDay / 60_000 % 60, msOfDay / 1000 % 60]
      let parts = clock.map { ($0 < 10 ? "0" : "") + "\($0)" }.joined(separator: ":")
      return "\(CivilDate(dayNumber: midnightMs / 86_400_000)) \(parts)"
    }
  }

  private static let written: [(String, String, String?)] = [
    ("yyyy/M/d H:mm", "2024/3/13 10:21", "2024-03-13 10:21:00"),
    ("yyyy/M/d H:mm", "2024/12/3 9:05", "2024-12-03 09:05:00"),
    ("yyyy/M/d H:mm", "2024/03/13 09:05", "2024-03-13 09:05:00"),
    ("yyyy/M/d H:mm", "2024/3/13 10:21:05", nil), ("yyyy/M/d H:mm", "2024/3/113 10:21", nil),
    ("yyyy/M/d H:mm[:ss]", "2024/3/13 10:21:05", "2024-03-13 10:21:05"),
    ("yyyy/M/d H:mm[:ss]", "2024/3/13 10:21", "2024-03-13 10:21:00"),
    ("yyyy/M/d[ H:mm[:ss]]", "2024/3/13", "2024-03-13 00:00:00"),
    ("yyyy/M/d[ H:mm[:ss]]", "2024/3/13 9:00", "2024-03-13 09:00:00"),
    ("yyyy/M/d[ H:mm[:ss]]", "2024/3/13 9:00:", nil),
    ("yyyy-M-d", "2024-3-13", "2024-03-13 00:00:00"), ("yyyy-M-d", "2024-13-3", nil),
    ("dd.MM.yyyy HH:mm:ss", "13.03.2024 10:21:05", "2024-03-13 10:21:05"),
    ("d.M.yyyy H:mm", "3.3.2024 0:00", "2024-03-03 00:00:00"),
    ("yyyy年M月d日 H:mm", "2024年3月13日 9:05", "2024-03-13 09:05:00"),
    ("M/d/yy h:mm a", "3/13/24 9:05 PM", "2024-03-13 21:05:00"),
    ("M/d/yyyy h:mm:ss a", "3/13/2024 12:00:07 am", "2024-03-13 00:00:07"),
    ("M/d/yyyy h:mm:ss a", "3/13/2024 12:00:07 PM", "2024-03-13 12:00:07"),
    ("M/d/yyyy h:mm a", "3/13/2024 13:00 PM", nil), ("M/d/yyyy h:mm a", "3/13/2024 0:00 AM", nil),
    ("yyyy/M/d ah:mm", "2024/3/13 下午3:05", "2024-03-13 15:05:00"),
    ("yyyy/M/d ah:mm", "2024/3/13 上午12:05", "2024-03-13 00:05:00"),
    ("yy-M-d", "70-1-1", "1970-01-01 00:00:00"), ("yy-M-d", "69-1-1", "2069-01-01 00:00:00"),
    ("yyyy/M/d", "", nil), ("yyyy/M/d", "2024/3/", nil),
  ]

  @Test(
    "parts of one letter have one or two digits, parts in brackets may be missing",
    arguments: written)
  func reads(pattern: String, text: String, expected: String?) throws {
    #expect(try self.text(pattern, text) == expected)
  }

  @Test(
    "patterns that cannot be told apart or closed are refused with the reason",
    arguments: [
      ("yyyyMd", "cannot be told"), ("yyyy/M/dH", "cannot be told"), ("yyyy/M/d[H]", "cannot be"),
      ("yyyy/M[/d]0", "cannot be told"), ("yyyy[/MM", "not closed"), ("yyyy]/MM", "not opened"),
      ("yyyy-MM-dd h:mm", "go together"), ("yyyy-MM-dd HH:mm a", "go together"),
      ("yyyy yy", "twice"), ("yyyy H h a", "twice"), ("yyyy-MMM", "MMM is none"),
      ("yyyy" + String(repeating: "[", count: 100_000), "longer than 100 bytes"),
      ("yyyy[[[[[[[[[-]]]]]]]]]", "in more than 8"),
    ])
  func refuses(pattern: String, fact: String) {
    let error = #expect(throws: TimePatternError.self) { try TimePattern(pattern) }
    #expect(error?.description.contains(fact) == true, "\(error?.description ?? "")")
  }

  @Test("every minute of a leap year comes back as it was written")
  func roundTrip() throws {
    let seed: UInt64 = 9
    var random = SeededGenerator(seed: seed)
    for _ in 0..<3000 {
      let day = CivilDate(dayNumber: 19_723 + Int64.random(in: 0..<366, using: &random))
      let (hour, minute) = (
        Int.random(in: 0..<24, using: &random), Int.random(in: 0..<60, using: &random)
      )
      func two(_ number: Int) -> String { (number < 10 ? "0" : "") + "\(number)" }
      let expected = "\(day) \(two(hour)):\(two(minute)):00"
      let half = "\(hour % 12 == 0 ? 12 : hour % 12):\(two(minute)) \(hour < 12 ? "AM" : "PM")"
      for (pattern, written) in [
        ("yyyy/M/d H:mm", "\(day.year)/\(day.month)/\(day.day) \(hour):\(two(minute))"),
        ("M/d/yy h:mm a", "\(day.month)/\(day.day)/24 \(half)"),
        ("d.M.yyyy[ H:m]", "\(day.day).\(day.month).\(day.year) \(hour):\(minute)"),
      ] { #expect(try text(pattern, written) == expected, "seed \(seed): \(written)") }
    }
  }
}
