import Foundation
import SnapshotStore
import StreamCore
import Testing

@testable import weir

@Suite struct ReportTextTests {
  @Test(arguments: [
    ("", 0), ("abc", 3), ("浏览", 4), ("カート", 6), ("ｶ", 1), ("가", 2), ("e\u{301}", 1), ("🚀", 2),
    ("❤️", 2), ("🇨🇳", 2), ("👨‍👩‍👧", 2), ("…", 1), ("█░", 2), ("\u{200B}", 0), ("￥", 2), ("𠮷", 2),
  ])
  func `Text is as wide as a terminal shows it`(text: String, width: Int) {
    #expect(TextTable.width(text) == width)
  }

  @Test func `Columns stay aligned below wide text and beside styles`() {
    var table = TextTable([("name", .left), ("n", .right), ("", .left)])
    table.add(["浏览🚀", "1", "x"])
    table.add(["a", "22", "y"], styles: [nil, "48;5;24"])
    #expect(table.text() == "name     n\n浏览🚀   1  x\na       \u{1B}[48;5;24m22\u{1B}[0m  y\n")
  }

  @Test(
    arguments: [
      (nil, ""), (0, "0 ms"), (999, "999 ms"), (1000, "1.0 s"), (59_999, "59.9 s"),
      (60_000, "1m 00s"), (3_599_999, "59m 59s"), (3_600_000, "1h 00m"), (86_399_999, "23h 59m"),
      (86_400_000, "1d 00h"), (950_400_000, "11d 00h"),
    ] as [(Int64?, String)])
  func `Durations are short and never rounded up to the next unit`(ms: Int64?, text: String) {
    #expect(Figures.duration(ms: ms) == text)
  }

  @Test(arguments: [
    (0, "0%"), (0.0004, "0.0%"), (0.032, "3.2%"), (0.0994, "9.9%"), (0.0999, "10%"), (0.324, "32%"),
    (1, "100%"),
  ])
  func `Shares take at most four columns`(share: Double, text: String) {
    #expect(Figures.shortPercent(share) == text)
  }

  @Test func `A bar is as long as its share, and anything shows`() {
    #expect(Figures.bar(0, width: 8) == "")
    #expect(Figures.bar(0.0001, width: 8) == "▏")
    #expect(Figures.bar(0.5, width: 8) == "████")
    #expect(Figures.bar(0.53125, width: 8) == "████▎")
    #expect(Figures.bar(7, width: 2) == "██")
  }

  @Test func `Shades are quarters of the greatest, in blocks or colours`() {
    let plain = Shades(isStyled: false, greatest: 0.4)
    #expect([0, 0.01, 0.1, 0.11, 0.2, 0.3, 0.31, 0.4].map(plain.mark).joined() == " ░░▒▒▓██")
    #expect(plain.style(0.4) == nil)
    let styled = Shades(isStyled: true, greatest: 0.4)
    #expect(styled.mark(0.4) == "" && styled.style(0) == nil)
    #expect(Set([0.1, 0.2, 0.3, 0.4].map(styled.style)).count == 4)
    #expect(Shades(isStyled: true, greatest: 0).style(0) == nil)
  }
}

@Suite struct RetentionReportTests {
  private func triangle(
    _ rows: [RetentionRow], end: Int64, settled: Int64?, watermark: EventTime?, periods: Int = 4
  ) throws -> RetentionTriangle {
    let units = RetentionUnits(
      .week, end: ReportFixture.at(days: end),
      settledTo: settled.map { ReportFixture.at(days: $0) },
      watermark: watermark, zone: try shanghai())
    return try #require(
      RetentionTriangle.triangles(rows, units: units, by: [], periods: periods).first)
  }

  private func shanghai() throws -> Zone {
    let tzif = try Data(contentsOf: URL(filePath: "/usr/share/zoneinfo/Asia/Shanghai"))
    return try Zone(name: "Asia/Shanghai", tzif: Array(tzif))
  }

  private let start = [
    ReportFixture.cell(week: 0, period: 0, users: 10),
    ReportFixture.cell(week: 1, period: 0, users: 5),
  ]

  @Test(
    arguments: [
      // Weeks end on days 7, 14, 21, 28, … : cells of an open week are marked.
      (14, 14, 14, ["  *", " *"]), (14, 14, 20, ["  *", " *"]), (14, 14, 21, ["   *", "  *"]),
      (14, 7, nil, [" *", "*"]), (14, nil, 8, [" *", "*"]), (28, 28, 22, ["    ", "   "]),
      (14, 14, .max, ["  ", " "]),
    ] as [(Int64, Int64?, Int64?, [String])])
  func `Cells are there once their unit has begun, and final once it is over`(
    end: Int64, settled: Int64?, watermark: Int64?, expected: [String]
  ) throws {
    let time = watermark.map {
      $0 == .max ? EventTime.distantFuture : ReportFixture.at(days: $0)
    }
    let triangle = try triangle(start, end: end, settled: settled, watermark: time)
    #expect(
      triangle.cohorts.map { $0.cells.map { $0.isProvisional ? "*" : " " }.joined() } == expected)
  }

  @Test func `A table has no cells beyond its periods`() throws {
    let triangle = try triangle(
      start, end: 70, settled: 70, watermark: ReportFixture.at(days: 70), periods: 2)
    #expect(triangle.cohorts.map(\.cells.count) == [3, 3])
  }

  @Test func `Months are counted as months, in any year`() throws {
    let units = RetentionUnits(
      .month, end: ReportFixture.at(days: 27), settledTo: nil,
      watermark: ReportFixture.at(days: 28),
      zone: try shanghai())
    let january = try #require(units.number(ofCohort: "2026-01-01"))
    #expect(units.number(ofCohort: "2025-12-01") == january - 1)
    #expect((units.finished, units.reached) == (january, january + 1))
    #expect(units.number(ofCohort: "2026-13-01") == nil && units.number(ofCohort: "x") == nil)
  }

  @Test func `A cohort whose own cell is gone has counts, but no shares`() throws {
    let rows = [ReportFixture.cell(week: 0, period: 2, users: 4, amount: "9")]
    let triangle = try triangle(
      rows, end: 21, settled: 21, watermark: ReportFixture.at(days: 21), periods: 2)
    let cohort = try #require(triangle.cohorts.first)
    #expect(cohort.users == nil && cohort.cells[2].users == 4)
    #expect(cohort.share(cohort.cells[2]) == nil && cohort.cells[2].perHead == nil)
    let text = RetentionView(content: .percent, isStyled: false, periodsMax: 9).table(triangle)
    #expect(text.contains("2026-01-05      ?      ?      ?"))
  }

  @Test func `A styled triangle says what a plain one says`() throws {
    let rows = start + [ReportFixture.cell(week: 0, period: 1, users: 3)]
    let triangle = try triangle(rows, end: 14, settled: 14, watermark: ReportFixture.at(days: 14))
    let styled = RetentionView(content: .percent, isStyled: true, periodsMax: 9).table(triangle)
    #expect(styled.contains("\u{1B}[48;5;27;38;5;231m 30% \u{1B}[0m"))
    let bare = styled.replacing(/\u{1B}\[[0-9;]*m/, with: "")
    let plain = RetentionView(content: .percent, isStyled: false, periodsMax: 9).table(triangle)
    #expect(
      bare.split(whereSeparator: \.isWhitespace).filter { $0 != "*" }.prefix(7)
        == plain.replacing(/[░▒▓█]/, with: " ").split(whereSeparator: \.isWhitespace).prefix(7))
  }
}

@Suite struct FunnelReportTests {
  @Test func `Series and windows add up by users, and shares follow from the sums`() {
    let rows =
      ReportFixture.funnel(dimensions: #"{"c":"a"}"#, users: [10, 4, 0])
      + ReportFixture.funnel(dimensions: #"{"c":null}"#, users: [30, 0, 0])
      + ReportFixture.funnel(day: 1, dimensions: #"{"c":"a"}"#, users: [60, 16, 5])
    let days = FunnelBlock.blocks(rows, by: [], total: false)
    #expect(days.map { $0.steps.map(\.users) } == [[60, 16, 5], [40, 4, 0]])
    #expect(days[1].steps.map(\.fromStart) == [1, 0.1, 0])
    #expect(days[1].steps.map(\.fromPrevious) == [1, 0.1, 0])
    #expect(days[0].steps.last?.p50Ms == 400_000 && days[1].steps.last?.p50Ms == nil)
    let split = FunnelBlock.blocks(rows, by: ["c"], total: false)
    #expect(split.map(\.entries) == [60, 30, 10])
    #expect(split.map { $0.dimensions["c"] } == [.string("a"), .null, .string("a")])
    #expect(split[1].steps[2].fromPrevious == nil)
    let total = FunnelBlock.blocks(rows, by: ["c"], total: true)
    #expect(total.map { $0.steps.map(\.users) } == [[70, 20, 5], [30, 0, 0]])
    #expect(total.map(\.windows) == [2, 1])
  }

  @Test func `Entry windows that are no days are named by their start`() throws {
    var rows = ReportFixture.funnel(users: [3, 2, 1])
    for index in rows.indices { rows[index].entryEnd.ms = rows[index].entryStart.ms + 3_600_000 }
    let report = FunnelReport(zone: .utc, by: [], total: false)
    #expect(
      report.table(FunnelBlock.blocks(rows, by: [], total: false))
        .contains("\n2026-01-04T16:00:00Z  浏览             3"))
  }
}
