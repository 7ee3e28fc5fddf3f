/// Lines over whole numbers of periods: what is left of a cohort after 1, 2, 3 … units.
public struct PeriodChart: Chart {
  /// One line.
  public struct Line: Hashable, Sendable {
    /// What it is, for the legend.
    public var name: String
    /// By period, from `PeriodChart.first` on; nil is a gap.
    public var values: [Double?]

    /// Makes a line.
    public init(name: String, values: [Double?]) {
      self.name = name
      self.values = values
    }
  }

  /// Above it, in one line, and its name for readers of screens.
  public var title: String
  /// What the numbers are.
  public var unit: ValueUnit
  /// What the periods are, e.g. `weeks since the first order`.
  public var periodsTitle: String
  /// Number of the first period.
  public var first: Int
  /// The first stands out; more than six share their looks.
  public var lines: [Line]
  /// The language of its fixed words.
  public var words = ChartWords.english

  /// Makes a chart.
  public init(
    title: String, unit: ValueUnit, periodsTitle: String, first: Int = 0, lines: [Line]
  ) {
    self.title = title
    self.unit = unit
    self.periodsTitle = periodsTitle
    self.first = first
    self.lines = lines
  }

  private static let plotHeight = 180.0

  private static func usable(_ value: Double?) -> Double? {
    value.flatMap { $0.isFinite && $0.magnitude <= ValueAxis.limit ? $0 : nil }
  }

  private var count: Int { lines.map(\.values.count).max() ?? 0 }

  /// What is seen on it, in words.
  public var summary: String {
    let known = lines.prefix(12).map { line -> String in
      let values = line.values.compactMap(Self.usable)
      guard let least = values.min(), let greatest = values.max(), let last = values.last else {
        return words.empty(line.name)
      }
      return words.series(
        line.name, least: unit.described(least, words), greatest: unit.described(greatest, words),
        last: unit.described(last, words))
    }
    return known.isEmpty ? words.noDataSentence : known.joined(separator: " ")
  }

  /// The drawing for a width in pixels; `id` is unique on the page.
  public func drawing(width: Double, id: String) -> Drawing {
    var svg = SVGWriter()
    let titles = Titles.lines(title, width: width)
    Titles.paint(titles, on: &svg)
    var y = Double(titles.count) * Titles.pitch + 4
    let values = lines.flatMap { $0.values.compactMap(Self.usable) }
    guard let low = values.min(), let high = values.max() else {
      svg.label(words.noData, x: 0, y: y + 16, "muted")
      return Drawing(body: svg.text, height: y + 26)
    }
    paintLegend(&svg, width: width, y: &y)
    let axis = ValueAxis(low: min(low, 0), high: max(high, 0), unit: unit, count: 4, words: words)
    let left = ((axis.ticks.map { TextWidth.of($0.label) }.max() ?? 0) + 10).rounded(.up)
    let right = width - 16
    let top = y + 10
    let bottom = top + Self.plotHeight
    func place(_ period: Int, _ value: Double) -> PlotPoint {
      let steps = Double(max(count - 1, 1))
      return PlotPoint(
        x: left + 8 + Double(period) / steps * (right - left - 16),
        y: bottom - axis.position(value) * (bottom - top))
    }
    for tick in axis.ticks {
      let line = bottom - axis.position(tick.value) * (bottom - top)
      svg.line(x1: left, y1: line, x2: right, y2: line, tick.value == 0 ? "axis" : "grid")
      svg.label(tick.label, x: left - 8, y: line + 4, "tick end")
    }
    paintPeriods(&svg, bottom: bottom, right: right, pixels: right - left) { place($0, 0).x }
    for (index, line) in lines.enumerated().reversed() {
      paint(line, look: index % TimeChartPainter.looks, on: &svg, place)
    }
    return Drawing(body: svg.text, height: bottom + 40)
  }

  private func paintLegend(_ svg: inout SVGWriter, width: Double, y: inout Double) {
    guard lines.count > 1 else { return }
    var x = 0.0
    y += 14
    for (index, line) in lines.enumerated() {
      let text = TextWidth.cut(line.name, to: width - 26)
      let room = 26 + TextWidth.of(text)
      if x > 0, x + room > width {
        x = 0
        y += 19
      }
      svg.line(
        x1: x, y1: y - 4, x2: x + 20, y2: y - 4, "line s\(index % TimeChartPainter.looks)")
      svg.label(text, x: x + 26, y: y, "muted")
      x += room + 18
    }
  }

  private func paintPeriods(
    _ svg: inout SVGWriter, bottom: Double, right: Double, pixels: Double,
    _ x: (Int) -> Double
  ) {
    let every =
      [1, 2, 5, 10, 20, 50, 100].first { pixels / Double(max(count, 1)) * Double($0) >= 26 } ?? 200
    for period in 0..<count where (first + period) % every == 0 {
      svg.line(x1: x(period), y1: bottom, x2: x(period), y2: bottom + 4, "axis")
      svg.label("\(first + period)", x: x(period), y: bottom + 17, "tick middle")
    }
    svg.label(periodsTitle, x: right, y: bottom + 34, "muted end")
  }

  private func paint(
    _ line: Line, look: Int, on svg: inout SVGWriter, _ place: (Int, Double) -> PlotPoint
  ) {
    var path = ""
    var isOpen = false
    for (period, value) in line.values.enumerated() {
      guard let value = Self.usable(value) else {
        isOpen = false
        continue
      }
      let point = place(period, value)
      path +=
        (isOpen ? "L" : "M") + "\(SVGWriter.number(point.x)) \(SVGWriter.number(point.y))"
      isOpen = true
      svg.element(
        "circle",
        [
          "class": "bar s\(look)", "cx": SVGWriter.number(point.x),
          "cy": SVGWriter.number(point.y), "r": "2.6",
        ], title: "\(line.name), \(first + period): \(unit.described(value, words))")
    }
    svg.path(path, "line s\(look)")
  }
}
