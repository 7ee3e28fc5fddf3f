/// Named numbers one below the other, each with a bar: the steps of a funnel, the greatest series of
/// a metric.
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

  public var title: String
  /// What the numbers are.
  public var unit: ValueUnit
  /// From top to bottom.
  public var bars: [Bar]

  /// Makes a list.
  public init(title: String, unit: ValueUnit, bars: [Bar]) {
    self.title = title
    self.unit = unit
    self.bars = bars
  }

  public var summary: String {
    if bars.isEmpty { return "No data." }
    let shown = bars.prefix(40).map { bar in
      let note = bar.note.isEmpty ? "" : " (\(bar.note))"
      return "\(bar.name): \(Self.usable(bar).map(unit.described) ?? "no data")\(note)."
    }
    let rest = bars.count > 40 ? [" And \(bars.count - 40) more."] : []
    return (shown + rest).joined(separator: " ")
  }

  private static let pitch = 30.0
  private static let narrowPitch = 46.0
  private static let thickness = 18.0

  private static func usable(_ bar: Bar) -> Double? {
    bar.value.flatMap { $0.isFinite && $0.magnitude <= ValueAxis.limit ? $0 : nil }
  }

  public func drawing(width: Double, id: String) -> Drawing {
    var svg = SVGWriter()
    let lines = Titles.lines(title, width: width)
    Titles.paint(lines, on: &svg)
    var y = Double(lines.count) * Titles.pitch + 6
    if !unit.name.isEmpty {
      svg.label(unit.name, x: 0, y: y + 8, "muted")
      y += 18
    }
    guard !bars.isEmpty else {
      svg.label("no data", x: 0, y: y + 16, "muted")
      return Drawing(body: svg.text, height: y + 26)
    }
    let isNarrow = width < 600
    let texts = bars.map { text($0) }
    let names = bars.map { TextWidth.of($0.name, size: 13) }.max() ?? 0
    let left = isNarrow ? 0 : (min(names, width * 0.3) + 12).rounded()
    // Figures stand behind the longest bar.
    let notes = texts.map { TextWidth.of($0.value, size: 13) + TextWidth.of($0.note, size: 12) + 16 }
    let room = min(notes.max() ?? 0, width * 0.5)
    let full = max(width - left - room, 40)
    let values = bars.map { Self.usable($0) ?? 0 }
    let low = min(values.min() ?? 0, 0)
    let high = max(values.max() ?? 0, 0)
    let scale = high > low ? full / (high - low) : 0
    for (index, bar) in bars.enumerated() {
      if isNarrow {
        svg.label(TextWidth.cut(bar.name, to: width), x: 0, y: y + 12, "name", title: bar.name)
        y += 17
      } else {
        svg.label(
          TextWidth.cut(bar.name, to: left - 12), x: left - 10, y: y + 13.5, "name end",
          title: bar.name)
      }
      let zero = left - low * scale
      let length = values[index] * scale
      svg.rectangle(
        x: left, y: y, width: full, height: Self.thickness, "track", radius: 2)
      // Anything but zero shows.
      let shown = values[index] == 0 ? 0 : max(length.magnitude, 1.5)
      svg.rectangle(
        x: length < 0 ? zero - shown : zero, y: y, width: shown, height: Self.thickness,
        bar.isProvisional ? "bar provisional s0" : "bar s0", radius: 2,
        title: "\(bar.name): \(texts[index].value) \(texts[index].note)")
      let end = left + full + 7
      let valueWidth = TextWidth.of(texts[index].value, size: 13)
      svg.label(texts[index].value, x: end, y: y + 13.5, "value")
      if !texts[index].note.isEmpty {
        let rest = width - end - valueWidth - 6
        svg.label(
          TextWidth.cut(texts[index].note, to: rest), x: end + valueWidth + 6, y: y + 13.5, "muted",
          title: texts[index].note)
      }
      y += isNarrow ? Self.narrowPitch - 17 : Self.pitch
    }
    return Drawing(body: svg.text, height: y)
  }

  private func text(_ bar: Bar) -> (value: String, note: String) {
    let value = Self.usable(bar).map(unit.short) ?? "no data"
    let state = bar.isProvisional ? "provisional" : ""
    return (value, [bar.note, state].filter { !$0.isEmpty }.joined(separator: ", "))
  }
}
