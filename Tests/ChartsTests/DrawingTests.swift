import Foundation
import StreamCore
import Testing

@testable import Charts

@Suite struct DrawingTests {
  private static let hostile = [
    "<script>alert(1)</script>", "\" onload=\"alert(1)", "'><b>&amp;", "]]>",
    "\u{0}\u{7}\u{1B}[31m",
    "\u{202E}txt.exe", "小程序 & 直播", "", String(repeating: "very long ", count: 60), "a\nb\tc",
  ]

  /// A chart of anything.
  private static func chart(_ random: inout Numbers, zone: Zone) -> TimeChart {
    let step = [60_000, 3_600_000, 86_400_000, 1][random.whole(0...3)]
    let count = [0, 1, 2, 50, 3000][random.whole(0...4)]
    func name() -> String { hostile[random.whole(0...hostile.count - 1)] }
    let series = (0..<random.whole(0...3)).map { _ in
      TimeChart.Series(
        name: name(),
        points: (0..<count).map { index in
          let values = [
            random.share() * 100, -random.share(), .nan, .infinity, 1e300, 0, 1e-12,
          ]
          return TimeChart.Point(
            time: EventTime(ms: 1_700_000_000_000 + Int64(index * step)),
            value: random.share() < 0.1
              ? nil : values[random.share() < 0.8 ? 0 : random.whole(0...6)],
            isProvisional: index > count - 5)
        }.reversed(), mark: random.share() < 0.5 ? .bars : .line)
    }
    let start = 1_700_000_000_000 + Int64(step)
    return TimeChart(
      title: name(),
      unit: [.count(name()), .number(name()), .share, .durationMs][random.whole(0...3)],
      zone: zone, series: series,
      thresholds: (0..<random.whole(0...30)).map { .init(label: name(), value: Double($0) * 3) },
      spans: (0..<random.whole(0...5)).map {
        .init(
          kind: $0 % 2 == 0 ? .alert : .incident, from: EventTime(ms: start + Int64($0 * step)),
          to: $0 == 3 ? nil : EventTime(ms: start + Int64(($0 + 2) * step)), label: name(),
          lane: $0 == 4 ? name() : nil)
      })
  }

  @Test("drawings of any input are well-formed, the same each time, and lie within their size")
  func anything() throws {
    let zone = try Zones.named("Asia/Shanghai")
    var random = Numbers(seed: 3)
    for _ in 0..<120 {
      let chart = Self.chart(&random, zone: zone)
      for width in [ChartWidth.wide, ChartWidth.narrow, 200] {
        let svg = chart.svg(id: "x", width: width)
        #expect(svg == chart.svg(id: "x", width: width))
        let drawing = chart.drawing(width: width, id: "x")
        let reader = try SVGReader(svg)
        #expect(reader.rootAttributes["role"] == "img")
        #expect(reader.elements.contains("title") && reader.elements.contains("desc"))
        #expect(!reader.elements.contains("script") && !reader.attributes.contains("style"))
        #expect(reader.attributes.allSatisfy { !$0.hasPrefix("on") })
        #expect(reader.xs.allSatisfy { $0 >= 0 && $0 <= width + 0.05 })
        #expect(reader.ys.allSatisfy { $0 >= 0 && $0 <= drawing.height + 0.05 })
      }
    }
  }

  @Test("every point of a line lies inside the plot, and extremes survive the thinning")
  func points() throws {
    let zone = try Zones.named("Europe/Berlin")
    var random = Numbers(seed: 21)
    let points = (0..<50_000).map { index in
      PlotPoint(x: Double(index) / 60, y: random.share() * 200)
    }
    let kept = Downsampling.extremes(points)
    #expect(kept.count <= 4 * 835)
    #expect(zip(kept, kept.dropFirst()).allSatisfy { $0.x < $1.x })
    for column in 0..<833 {
      func inColumn(_ points: [PlotPoint]) -> [Double] {
        points.filter { Int($0.x) == column }.map(\.y)
      }
      #expect(
        inColumn(kept).min() == inColumn(Array(points[(column * 60)..<(column * 60 + 60)])).min())
      #expect(
        inColumn(kept).max() == inColumn(Array(points[(column * 60)..<(column * 60 + 60)])).max())
    }
    let chart = TimeChart(
      title: "t", unit: .number(""), zone: zone,
      series: [
        .init(
          name: "a",
          points: (0..<500).map {
            .init(time: EventTime(ms: Int64($0) * 60_000), value: random.share() * 9 - 4)
          })
      ])
    let layout = TimeChartLayout(chart, width: 960)
    for point in chart.series[0].points {
      let y = layout.y(try #require(point.value))
      #expect(y >= layout.top && y <= layout.bottom)
      #expect(layout.x(point.time) >= layout.left && layout.x(point.time) <= layout.right)
    }
  }

  @Test("gaps break a line, and what is not settled is drawn apart")
  func gaps() throws {
    func series(_ values: [Double?], provisionalFrom: Int) -> TimeChart {
      TimeChart(
        title: "t", unit: .number(""), zone: .utc,
        series: [
          .init(
            name: "a",
            points: values.enumerated().map {
              .init(
                time: EventTime(ms: Int64($0) * 60_000), value: $1,
                isProvisional: $0 >= provisionalFrom)
            })
        ])
    }
    let whole = series([1, 2, 3, 4], provisionalFrom: 9).svg(id: "a")
    #expect(whole.components(separatedBy: "class=\"line s0\"").count == 2)
    #expect(!whole.contains("provisional"))
    let gap = series([1, 2, nil, 4, 5], provisionalFrom: 9).svg(id: "a")
    let path = try #require(gap.components(separatedBy: "d=\"").last?.split(separator: "\"").first)
    #expect(path.filter { $0 == "M" }.count == 2)
    let open = series([1, 2, 3, 4], provisionalFrom: 3).svg(id: "a")
    #expect(open.contains("line provisional s0") && open.contains(">provisional</text>"))
  }

  @Test("labels beside the plot keep their distance, in their order, within the plot")
  func labelPlaces() {
    var random = Numbers(seed: 8)
    for _ in 0..<500 {
      let wanted = (0..<random.whole(0...30)).map { _ in random.share() * 100 }
      let places = LabelPlaces.spread(wanted, pitch: 14, from: 0, to: 100)
      let placed = zip(wanted, places).compactMap { wanted, place in place.map { (wanted, $0) } }
        .sorted { ($0.1, $0.0) < ($1.1, $1.0) }
      #expect(placed.count == min(wanted.count, 8))
      #expect(placed.allSatisfy { $0.1 >= -1e-9 && $0.1 <= 100 })
      #expect(zip(placed, placed.dropFirst()).allSatisfy { $1.1 - $0.1 >= 14 - 1e-9 })
      #expect(zip(placed, placed.dropFirst()).allSatisfy { $0.0 <= $1.0 })
    }
  }

  @Test("heat maps shade by value and hatch what is not finished; bar lists show every number")
  func others() throws {
    let map = HeatMap(
      title: "weekly", unit: .share, columns: ["0", "1"],
      rows: [
        .init(name: "<i>", cells: [.init(1), .init(0.25, isUnfinished: true)]),
        .init(name: "b", cells: [.init(nil), .init(.nan)]),
      ])
    let svg = map.svg(id: "m")
    #expect(svg.contains("cell h7") && svg.contains("cell h2") && svg.contains("url(#m-stripes)"))
    #expect(svg.contains("&lt;i&gt;") && svg.contains("25%"))
    #expect(svg.components(separatedBy: "class=\"cell ").count == 3)
    let list = BarList(
      title: "steps", unit: .count("users"),
      bars: [
        .init(name: "a", value: 120_340), .init(name: "b", value: -1), .init(name: "c", value: nil),
      ])
    for width in [960.0, 360] {
      let text = list.svg(id: "l", width: width)
      #expect(text.contains("120,340") && text.contains("−1") && text.contains("no data"))
      _ = try SVGReader(text)
    }
    for name in Self.hostile {
      _ = try SVGReader(Sparkline([1, nil, .nan, 3], label: name).svg)
      let bars = [BarList.Bar(name: name, value: 1, note: name)]
      _ = try SVGReader(BarList(title: name, unit: .number(name), bars: bars).svg(id: name))
      let rows = [HeatMap.Row(name: name, note: name, cells: [.init(3)])]
      _ = try SVGReader(
        HeatMap(title: name, unit: .share, columns: [name], columnsTitle: name, rows: rows)
          .svg(id: name))
    }
  }

  @Test(
    "numbers are short",
    arguments: [
      (0.0, "0"), (950, "950"), (1234, "1.23 k"), (999_999, "1 M"), (1_200_000, "1.2 M"),
      (-45_600, "−45.6 k"), (0.12345, "0.123"), (3.4, "3.4"), (0.00001, "1×10⁻⁵"),
      (2.5e18, "2.5×10¹⁸"), (.nan, "–"), (.infinity, "–"),
    ])
  func shortNumbers(value: Double, text: String) {
    #expect(ValueUnit.number("").short(value) == text)
  }

  @Test("shares and durations are written as such")
  func otherUnits() {
    #expect(ValueUnit.share.short(0.034) == "3.4%")
    #expect(ValueUnit.share.short(1) == "100%")
    #expect(ValueUnit.durationMs.short(3_900_000) == "1h 5m")
    #expect(ValueUnit.durationMs.short(850) == "850 ms")
    #expect(ValueUnit.number("CNY").described(1_200_000) == "1.2 M CNY")
    #expect(ValueUnit.count("users").full(1_234_567) == "1,234,567")
  }
}
