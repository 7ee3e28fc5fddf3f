import StreamCore
import Testing

@testable import Charts

@Suite struct SmallDrawingTests {
  private static let hostile = ["", "<b>\"&'", "长名字", String(repeating: "w", count: 300)]

  @Test("periods are drawn on one scale, gaps stay gaps, and every width is well formed")
  func periods() throws {
    let chart = PeriodChart(
      title: "kept", unit: .share, periodsTitle: "weeks", first: 1,
      lines: [
        .init(name: "all", values: [0.5, nil, 0.25]), .init(name: "app", values: [1, .nan]),
      ])
    for width in [960.0, 360] {
      let svg = chart.svg(id: "p", width: width)
      _ = try SVGReader(svg)
      #expect(svg.components(separatedBy: "<circle").count == 4)
      // Nothing lies beside both gaps: each point begins a line.
      #expect(!svg.contains("L"))
      #expect(svg.contains("all, 3: 25%"))
    }
    for name in Self.hostile {
      let line = PeriodChart.Line(name: name, values: [1, 2])
      _ = try SVGReader(
        PeriodChart(title: name, unit: .number(name), periodsTitle: name, lines: [line])
          .svg(id: "p"))
    }
    let empty = PeriodChart(title: "kept", unit: .share, periodsTitle: "", lines: [])
    #expect(empty.svg(id: "p").contains("no data"))
  }

  @Test("a meter is as long as its share, full at most, and marked where it should be")
  func meters() throws {
    let half = Meter(share: 0.5, mark: 0.75, mood: .bad, label: "<half>").svg
    _ = try SVGReader(half)
    #expect(half.contains("fill bad") && half.contains("width=\"60\"") && half.contains("x=\"89\""))
    #expect(
      Meter(share: 7, label: "").svg.contains("class=\"fill plain\" x=\"0\" y=\"1\" width=\"120\""))
    for share in [0, -1, .nan, .infinity] as [Double] {
      #expect(!Meter(share: share, mark: share, label: "").svg.contains("fill"))
    }
  }

  @Test("a line with another behind shares its scale")
  func sparklines() throws {
    let points = [Sparkline.Point(place: 0, value: 10), .init(place: 0.5, value: 5)]
    let behind = [Sparkline.Point(place: 0, value: 0), .init(place: 1, value: 20)]
    let svg = Sparkline(points: points, behind: behind, label: "x").svg
    _ = try SVGReader(svg)
    // 20 lies at the top, 10 in the middle.
    #expect(svg.contains("line behind") && svg.contains("L116 4") && svg.contains("M4 12"))
  }

  @Test("what was before is drawn faintly, and charts speak the reader's language")
  func behindAndWords() throws {
    func points(_ value: Double, _ isProvisional: Bool) -> [TimeChart.Point] {
      (0..<40).map {
        TimeChart.Point(
          time: EventTime(ms: $0 * 86_400_000), value: value, isProvisional: isProvisional)
      }
    }
    var chart = TimeChart(
      title: "", unit: .durationMs, zone: .utc,
      series: [
        .init(name: "now", points: points(1, true), mark: .bars),
        .init(name: "then", points: points(2, false), mark: .bars, isBehind: true),
      ])
    chart.words = .chinese
    let svg = chart.svg(id: "t")
    _ = try SVGReader(svg)
    #expect(svg.contains("line behind") && svg.contains("bar provisional s0"))
    for word in ["未定", "1970年1月", "2月", "时长"] { #expect(svg.contains(word), "\(word)") }
    for word in ["provisional)", "Jan", ">time<"] { #expect(!svg.contains(word), "\(word)") }
    chart.isSmall = true
    #expect(!chart.svg(id: "t").contains(">未定<"))
  }
}
