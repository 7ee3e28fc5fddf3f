import StreamCore

/// When things went on, one lane for each kind of them: alerts by rule.
///
/// Text comes out the same for the same input. O(spans).
public struct TimelineChart: Chart {
  /// A time in which something went on.
  public struct Span: Hashable, Sendable {
    /// The lane that it lies in.
    public var lane: String
    /// Its first instant.
    public var from: EventTime
    /// Its end, not part of it; nil when it goes on.
    public var to: EventTime?
    /// What it is called; shown when it is pointed at.
    public var label: String
    /// Whether it matters more than others.
    public var isStrong: Bool

    /// Makes a span.
    public init(
      lane: String, from: EventTime, to: EventTime?, label: String = "", isStrong: Bool = true
    ) {
      self.lane = lane
      self.from = from
      self.to = to
      self.label = label
      self.isStrong = isStrong
    }
  }

  /// Above it, in one line, and its name for readers of screens.
  public var title: String
  /// Whose clocks and days the time axis shows.
  public var zone: Zone
  /// From top to bottom.
  public var lanes: [String]
  /// In any order; those of other lanes are not shown.
  public var spans: [Span]
  /// Times shown.
  public var range: Range<EventTime>
  /// The language of its fixed words.
  public var words = ChartWords.english

  /// Makes a chart.
  public init(
    title: String, zone: Zone, lanes: [String], spans: [Span], range: Range<EventTime>
  ) {
    self.title = title
    self.zone = zone
    self.lanes = lanes
    self.spans = spans
    self.range = range
  }

  private static let laneHeight = 14.0
  private static let pitch = 24.0

  /// What is seen on it, in words.
  public var summary: String {
    if spans.isEmpty { return words.noDataSentence }
    let from = LocalTime(range.lowerBound, zone).full
    let to = LocalTime(range.upperBound, zone).full
    let counts = lanes.map { lane in
      words.bar(lane, String(spans.count { $0.lane == lane }), note: "")
    }
    return ([words.range(from, to, zone: zone.name)] + counts).joined(separator: " ")
  }

  /// The drawing for a width in pixels; `id` is unique on the page.
  public func drawing(width: Double, id: String) -> Drawing {
    var svg = SVGWriter()
    let lines = Titles.lines(title, width: width)
    Titles.paint(lines, on: &svg)
    let top = Double(lines.count) * Titles.pitch + 22
    svg.label(zone.name, x: 0, y: top - 10, "muted")
    let widest = lanes.map { TextWidth.of($0) }.max() ?? 0
    let left = min(widest + 12, width * 0.34).rounded(.up)
    let right = width - 8
    let axis = TimeAxis(range: range, zone: zone, width: right - left, words: words)
    let bottom = top + Double(lanes.count) * Self.pitch
    paint(axis, from: left, to: right, top: top, bottom: bottom, on: &svg)
    let x = { (time: EventTime) in left + axis.position(time) * (right - left) }
    for (index, lane) in lanes.enumerated() {
      let y = top + Double(index) * Self.pitch + 5
      svg.label(
        TextWidth.cut(lane, to: left - 10), x: left - 8, y: y + 11, "tick end", title: lane)
      svg.line(x1: left, y1: y + 7, x2: right, y2: y + 7, "grid")
      for span in spans where span.lane == lane {
        let from = min(x(span.from), right - 3)
        let to = max(from + 3, span.to.map(x) ?? right)
        svg.rectangle(
          x: from, y: y, width: to - from, height: Self.laneHeight,
          span.isStrong ? "span alert" : "span mild", radius: 2, title: hint(span))
      }
    }
    return Drawing(body: svg.text, height: bottom + 40)
  }

  private func paint(
    _ axis: TimeAxis, from left: Double, to right: Double, top: Double, bottom: Double,
    on svg: inout SVGWriter
  ) {
    svg.line(x1: left, y1: bottom, x2: right, y2: bottom, "axis")
    var free = -1.0
    var contextFree = -1.0
    for tick in axis.ticks {
      let x = left + axis.position(tick.time) * (right - left)
      let half = TextWidth.of(tick.label) / 2
      svg.line(x1: x, y1: bottom, x2: x, y2: bottom + 4, "axis")
      let middle = min(max(x, half), right - half)
      if middle - half >= free {
        svg.label(tick.label, x: middle, y: bottom + 17, "tick middle")
        free = middle + half + 4
      }
      guard let context = tick.context else { continue }
      svg.line(x1: x, y1: top, x2: x, y2: bottom, "grid")
      let wide = TextWidth.of(context) / 2
      let place = min(max(x, wide), right - wide)
      if place - wide >= contextFree {
        svg.label(context, x: place, y: bottom + 33, "context middle")
        contextFree = place + wide + 6
      }
    }
  }

  private func hint(_ span: Span) -> String {
    let to = span.to.map { LocalTime($0, zone).full } ?? "…"
    let name = span.label.isEmpty ? span.lane : "\(span.lane), \(span.label)"
    return "\(name): \(LocalTime(span.from, zone).full) – \(to)"
  }
}
