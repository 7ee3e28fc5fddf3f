import Foundation
import StreamCore
import Testing

@testable import Charts

@Suite struct PageTests {
  private static let hostile = "</title><script>alert(\"1\" & '2')</script>\u{202E}"

  private static func page() -> HTMLPage {
    var page = HTMLPage(title: hostile, subtitle: hostile, language: "en\"x")
    page.heading(hostile)
    page.heading("three", level: 3)
    page.paragraph(hostile)
    page.paragraph(["plain ", .code(hostile), .strong(hostile)])
    page.list([[.text(hostile)], ["b"]])
    page.code(hostile)
    page.notice(.problem, hostile)
    page.keyFigures([.init(label: hostile, value: hostile, note: hostile)])
    var table = HTMLTable(caption: hostile, columns: [.init(hostile), .init("n", .number)])
    table.add([hostile, "1"], isHighlighted: true)
    table.rows.append(.init([.sparkline(Sparkline([1, 2], label: hostile)), "2", "dropped"]))
    page.table(table)
    page.details(hostile) { $0.paragraph(hostile) }
    page.figure(BarList(title: hostile, unit: .share, bars: [.init(name: hostile, value: 1)]))
    page.figure(
      TimeChart(title: hostile, unit: .share, zone: .utc, series: []), caption: hostile)
    page.footer(hostile)
    return page
  }

  @Test("nothing that is put on a page becomes markup")
  func escaping() throws {
    let text = Self.page().text
    #expect(!text.contains("<script"))
    #expect(!text.contains("\u{202E}"))
    #expect(!text.contains("dropped"))
    #expect(!text.contains(" style=") && !text.contains("javascript:"))
    // The body is also well-formed XML, so every element is closed where it should be.
    let body = try #require(text.range(of: "<main>"))
    let end = try #require(text.range(of: "</main>"))
    _ = try SVGReader(String(text[body.lowerBound..<end.upperBound]))
  }

  @Test("a page stands alone: language, viewport, policy, style, and no address outside")
  func standsAlone() {
    let text = Self.page().text
    for part in [
      "<!DOCTYPE html>", "<html lang=\"en&quot;x\">", "width=device-width", "default-src 'none'",
      "prefers-color-scheme: dark", "<th scope=\"col\"",
    ] { #expect(text.contains(part), "\(part)") }
    let addresses = text.components(separatedBy: "http").dropFirst()
      .filter { !$0.hasPrefix("://www.w3.org/2000/svg") && !$0.hasPrefix("-equiv") }
    #expect(addresses.isEmpty)
  }

  @Test("ids are unique, and what refers to them finds them")
  func ids() throws {
    let text = Self.page().text
    func values(_ attribute: String) -> [String] {
      text.components(separatedBy: " \(attribute)=\"").dropFirst()
        .compactMap { $0.split(separator: "\"", omittingEmptySubsequences: false).first }
        .map(String.init)
    }
    let ids = values("id")
    #expect(Set(ids).count == ids.count)
    #expect(ids.count >= 8)
    for reference in values("aria-labelledby") + values("aria-describedby") {
      #expect(ids.contains(reference))
    }
  }

  @Test("the same parts give the same bytes")
  func determinism() { #expect(Self.page().text == Self.page().text) }

  @Test("small charts and pages are as they were")
  func golden() throws {
    let dayMs: Int64 = 86_400_000
    let points = [100.0, 200, 300, 400].enumerated().map { index, value in
      TimeChart.Point(
        time: EventTime(ms: Int64(index) * dayMs), value: value, isProvisional: index == 3)
    }
    let alert = TimeChart.Span(
      kind: .alert, from: EventTime(ms: 2 * dayMs), to: EventTime(ms: 3 * dayMs), label: "critical")
    let chart = TimeChart(
      title: "orders", unit: .count("orders per day"), zone: .utc,
      series: [.init(name: "orders", points: points, mark: .bars)],
      thresholds: [.init(label: "above = 250", value: 250)], spans: [alert])
    try Golden.check(chart.svg(id: "orders", width: 480), "orders.svg")
    try Golden.check(
      BarList(
        title: "checkout", unit: .count("users"),
        bars: [.init(name: "view", value: 1200), .init(name: "paid", value: 90, note: "7.5%")]
      ).svg(id: "checkout", width: 700), "checkout.svg")
    try Golden.check(
      HeatMap(
        title: "weekly", unit: .share, columns: ["0", "1"], columnsTitle: "weeks",
        rows: [
          .init(name: "2024-01-01", note: "80", cells: [.init(1), .init(0.4)]),
          .init(name: "2024-01-08", note: "95", cells: [.init(1, isUnfinished: true)]),
        ]
      ).svg(id: "weekly", width: 400), "weekly.svg")
  }
}

/// Files of expected text. With `WEIR_RENEW_GOLDEN` set they are written anew.
enum Golden {
  static func check(_ text: String, _ name: String) throws {
    let url = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("Golden").appendingPathComponent(name)
    if ProcessInfo.processInfo.environment["WEIR_RENEW_GOLDEN"] != nil {
      try Data(text.utf8).write(to: url)
    }
    #expect(try String(contentsOf: url, encoding: .utf8) == text, "\(name)")
  }
}
