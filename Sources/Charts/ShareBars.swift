/// Wholes one below the other, each as a bar of its parts: what became of the events of each
/// partition.
public struct ShareBars: Chart {
  /// One bar.
  public struct Bar: Hashable, Sendable {
    /// What it is.
    public var name: String
    /// As many as there are parts; what is negative or no number counts as zero.
    public var values: [Double]

    /// Makes a bar.
    public init(name: String, values: [Double]) {
      self.name = name
      self.values = values
    }

    fileprivate var usable: [Double] { values.map { $0.isFinite && $0 > 0 ? $0 : 0 } }
  }

  /// Above it, in one line, and its name for readers of screens.
  public var title: String
  /// Names of the parts, from left to right. More than six share their looks.
  public var parts: [String]
  /// From top to bottom.
  public var bars: [Bar]
  /// The language of its fixed words.
  public var words = ChartWords.english

  /// Makes a list.
  public init(title: String, parts: [String], bars: [Bar]) {
    self.title = title
    self.parts = parts
    self.bars = bars
  }

  private static let pitch = 26.0
  private static let thickness = 16.0

  /// What is seen on it, in words.
  public var summary: String {
    if bars.isEmpty { return words.noDataSentence }
    return bars.prefix(40).map { bar in
      words.bar(bar.name, told(bar), note: "")
    }.joined(separator: " ")
  }

  /// `applied 99.1%, late 0.9%`.
  private func told(_ bar: Bar) -> String {
    let values = bar.usable
    let sum = values.reduce(0, +)
    guard sum > 0 else { return words.noData }
    return zip(parts, values).filter { $0.1 > 0 }
      .map { "\($0) \(ValueUnit.share.short($1 / sum))" }.joined(separator: ", ")
  }

  /// The drawing for a width in pixels; `id` is unique on the page.
  public func drawing(width: Double, id: String) -> Drawing {
    var svg = SVGWriter()
    let lines = Titles.lines(title, width: width)
    Titles.paint(lines, on: &svg)
    var y = Double(lines.count) * Titles.pitch + 4
    y = paintLegend(width: width, from: y, on: &svg)
    guard !bars.isEmpty else {
      svg.label(words.noData, x: 0, y: y + 16, "muted")
      return Drawing(body: svg.text, height: y + 26)
    }
    let names = bars.map { TextWidth.of($0.name) }.max() ?? 0
    let left = (min(names, width * 0.34) + 12).rounded(.up)
    for bar in bars {
      svg.label(
        TextWidth.cut(bar.name, to: left - 10), x: left - 8, y: y + 12.5, "tick end",
        title: bar.name)
      paint(bar, from: left, length: width - left, y: y, on: &svg)
      y += Self.pitch
    }
    return Drawing(body: svg.text, height: y)
  }

  private func paintLegend(width: Double, from top: Double, on svg: inout SVGWriter) -> Double {
    var (x, y) = (0.0, top + 12)
    for (index, part) in parts.enumerated() {
      let room = TextWidth.of(part) + 36
      if x > 0, x + room > width { (x, y) = (0, y + 18) }
      svg.rectangle(x: x, y: y - 10, width: 14, height: 11, "bar s\(index % 6)", radius: 1)
      svg.label(part, x: x + 20, y: y, "muted")
      x += room
    }
    return y + 12
  }

  private func paint(
    _ bar: Bar, from left: Double, length: Double, y: Double, on svg: inout SVGWriter
  ) {
    svg.rectangle(x: left, y: y, width: length, height: Self.thickness, "track", radius: 2)
    let values = bar.usable
    let sum = values.reduce(0, +)
    guard sum > 0 else { return }
    // What is there is seen, however little it is.
    let widths = values.map { $0 > 0 ? max($0 / sum * length, 2) : 0 }
    let scale = length / widths.reduce(0, +)
    var x = left
    for (index, width) in widths.enumerated() where width > 0 {
      let name = index < parts.count ? parts[index] : ""
      svg.rectangle(
        x: x, y: y, width: width * scale, height: Self.thickness, "bar s\(index % 6)",
        title: "\(bar.name), \(name): \(ValueUnit.share.short(values[index] / sum))")
      x += width * scale
    }
  }
}
