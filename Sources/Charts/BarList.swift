/// Named numbers one below the other, each with a bar: the steps of a funnel, the greatest series
/// of a metric.
public struct BarList: Chart {
  /// One line.
  public struct Bar: Hashable, Sendable {
    /// What it is.
    public var name: String
    /// Its number; nil or no number: no data.
    public var value: Double?
    /// After the number, e.g. `62.1% of all`; `""` for nothing.
    public var note: String
    /// Whether it may still change.
    public var isProvisional: Bool

    /// Makes a bar.
    public init(name: String, value: Double?, note: String = "", isProvisional: Bool = false) {
      self.name = name
      self.value = value
      self.note = note
      self.isProvisional = isProvisional
    }
  }

  /// Above it, in one line, and its name for readers of screens.
  public var title: String
  /// What the numbers are.
  public var unit: ValueUnit
  /// From top to bottom.
  public var bars: [Bar]
  /// The language of its fixed words.
  public var words = ChartWords.english

  /// Makes a list.
  public init(title: String, unit: ValueUnit, bars: [Bar]) {
    self.title = title
    self.unit = unit
    self.bars = bars
  }

  /// What is seen on it, in words.
  public var summary: String {
    if bars.isEmpty { return words.noDataSentence }
    let shown = bars.prefix(40).map { bar in
      words.bar(
        bar.name, Self.usable(bar).map { unit.described($0, words) } ?? words.noData,
        note: bar.note)
    }
    let rest = bars.count > 40 ? [words.more(bars.count - 40)] : []
    return (shown + rest).joined(separator: " ")
  }

  private static func usable(_ bar: Bar) -> Double? {
    bar.value.flatMap { $0.isFinite && $0.magnitude <= ValueAxis.limit ? $0 : nil }
  }

  /// The drawing for a width in pixels; `id` is unique on the page.
  public func drawing(width: Double, id: String) -> Drawing {
    var svg = SVGWriter()
    let lines = Titles.lines(title, width: width)
    Titles.paint(lines, on: &svg)
    var y = Double(lines.count) * Titles.pitch + 6
    let unitName = unit.name(words)
    if !unitName.isEmpty {
      svg.label(unitName, x: 0, y: y + 8, "muted")
      y += 18
    }
    guard !bars.isEmpty else {
      svg.label(words.noData, x: 0, y: y + 16, "muted")
      return Drawing(body: svg.text, height: y + 26)
    }
    let scale = Scale(bars.map { Self.usable($0) ?? 0 })
    if width < 600 {
      for bar in bars { paintNarrow(bar, scale: scale, width: width, on: &svg, y: &y) }
    } else {
      paintWide(scale: scale, width: width, on: &svg, y: &y)
    }
    return Drawing(body: svg.text, height: y)
  }

  /// From the least value or zero to the greatest or zero.
  private struct Scale {
    let low: Double
    let high: Double

    init(_ values: [Double]) {
      low = min(values.min() ?? 0, 0)
      high = max(values.max() ?? 0, 0)
    }

    /// A bar's left end and its length as shares of the whole.
    func bar(_ value: Double) -> (from: Double, length: Double) {
      guard high > low else { return (0, 0) }
      return ((min(value, 0) - low) / (high - low), value.magnitude / (high - low))
    }
  }

  /// Name, bar, number and note on one line each.
  private func paintWide(
    scale: Scale, width: Double, on svg: inout SVGWriter, y: inout Double
  ) {
    let texts = bars.map { text($0) }
    let names = bars.map { Self.nameWidth($0.name) }.max() ?? 0
    let left = (min(names, width * 0.3) + 12).rounded(.up)
    let values = (texts.map { TextWidth.of($0.value, size: 15) }.max() ?? 0) + 10
    let notes = texts.map { TextWidth.of($0.note) }.max() ?? 0
    // Figures stand behind the longest bar, one below the other.
    // A pixel more than they need: sums of widths are not exact, and what does not fit is cut.
    let room = min(values + notes + 9, width * 0.5)
    let full = max(width - left - room, 40)
    for (bar, text) in zip(bars, texts) {
      let base = y + 13.5
      svg.label(
        Self.cutName(bar.name, to: left - 12), x: left - 10, y: base, "name end", title: bar.name)
      paint(bar, scale: scale, from: left, length: full, y: y, thickness: 18, on: &svg)
      let end = left + full + 8
      svg.label(text.value, x: end, y: base, "value")
      if !text.note.isEmpty {
        let shown = TextWidth.cut(text.note, to: width - end - values)
        svg.label(shown, x: end + values, y: base, "muted", title: text.note)
      }
      y += 30
    }
  }

  /// Name and number above the bar, the note below it.
  private func paintNarrow(
    _ bar: Bar, scale: Scale, width: Double, on svg: inout SVGWriter, y: inout Double
  ) {
    let text = text(bar)
    let room = width - TextWidth.of(text.value, size: 15) - 10
    svg.label(Self.cutName(bar.name, to: room), x: 0, y: y + 12, "name", title: bar.name)
    svg.label(text.value, x: width, y: y + 12, "value end")
    paint(bar, scale: scale, from: 0, length: width, y: y + 18, thickness: 12, on: &svg)
    y += 34
    if !text.note.isEmpty {
      svg.label(TextWidth.cut(text.note, to: width), x: 0, y: y + 10, "muted", title: text.note)
      y += 16
    }
    y += 10
  }

  private func paint(
    _ bar: Bar, scale: Scale, from: Double, length: Double, y: Double, thickness: Double,
    on svg: inout SVGWriter
  ) {
    svg.rectangle(x: from, y: y, width: length, height: thickness, "track", radius: 2)
    guard let value = Self.usable(bar), value != 0 else { return }
    let place = scale.bar(value)
    // Anything but zero shows.
    let shown = max(place.length * length, 2)
    svg.rectangle(
      x: min(from + place.from * length, from + length - shown), y: y, width: shown,
      height: thickness, bar.isProvisional ? "bar provisional s0" : "bar s0", radius: 2)
  }

  private static func nameWidth(_ name: String) -> Double { TextWidth.of(name, size: 14) }

  private static func cutName(_ name: String, to width: Double) -> String {
    TextWidth.cut(name, to: width, size: 14)
  }

  private func text(_ bar: Bar) -> (value: String, note: String) {
    let value = Self.usable(bar).map { unit.full($0, words) } ?? words.noData
    let state = bar.isProvisional ? words.provisional : ""
    return (value, [bar.note, state].filter { !$0.isEmpty }.joined(separator: ", "))
  }
}
