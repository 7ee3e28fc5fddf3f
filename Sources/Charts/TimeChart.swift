import StreamCore

/// Numbers over event time: lines and bars, thresholds, alerts and incidents.
///
/// Text comes out the same for the same input. O(points).
public struct TimeChart: Chart {
  /// A value at a time.
  public struct Point: Hashable, Sendable {
    /// Event time: of a window, its start.
    public var time: EventTime
    /// Nil where there is no data: a gap. Infinities and what is no number are gaps too.
    public var value: Double?
    /// Whether it may still change.
    public var isProvisional: Bool

    /// Makes a point.
    public init(time: EventTime, value: Double?, isProvisional: Bool = false) {
      self.time = time
      self.value = value
      self.isProvisional = isProvisional
    }
  }

  /// How a series is drawn.
  public enum Mark: Hashable, Sendable {
    /// From point to point.
    case line
    /// From zero up, as wide as the time to the next point: for counts of windows.
    case bars
  }

  /// Values of one thing.
  public struct Series: Hashable, Sendable {
    /// What it is, for the legend.
    public var name: String
    /// In any order; of several at one time the last counts.
    public var points: [Point]
    /// How it is drawn.
    public var mark: Mark
    /// Whether it is what others are held against: drawn faintly behind them, as a line.
    public var isBehind: Bool

    /// Makes a series.
    public init(name: String, points: [Point], mark: Mark = .line, isBehind: Bool = false) {
      self.name = name
      self.points = points
      self.mark = isBehind ? .line : mark
      self.isBehind = isBehind
    }
  }

  /// A horizontal line.
  public struct Threshold: Hashable, Sendable {
    /// What it is, e.g. `above = 0.2`.
    public var label: String
    /// Where it lies, in the unit of the chart.
    public var value: Double

    /// Makes a threshold.
    public init(label: String, value: Double) {
      self.label = label
      self.value = value
    }
  }

  /// A time in which something was wrong.
  public struct Span: Hashable, Sendable {
    /// What the span is of.
    public enum Kind: Hashable, Sendable {
      /// A rule said so.
      case alert
      /// People say so.
      case incident
    }

    /// What it is of.
    public var kind: Kind
    /// Its first instant.
    public var from: EventTime
    /// Its end, not part of it; nil when it goes on.
    public var to: EventTime?
    /// What it is called.
    public var label: String
    /// The row above the plot that it lies in; nil: `alerts` or `incidents`.
    public var lane: String?

    /// Makes a span.
    public init(
      kind: Kind, from: EventTime, to: EventTime?, label: String = "", lane: String? = nil
    ) {
      self.kind = kind
      self.from = from
      self.to = to
      self.label = label
      self.lane = lane
    }

    /// The name of its row.
    func laneName(_ words: ChartWords) -> String {
      lane ?? (kind == .alert ? words.alerts : words.incidents)
    }
  }

  /// Above it, in one line, and its name for readers of screens.
  public var title: String
  /// What the values are.
  public var unit: ValueUnit
  /// Whose clocks and days the time axis shows.
  public var zone: Zone
  /// What is drawn, first things first. More than six share their looks.
  public var series: [Series]
  /// Lines across.
  public var thresholds: [Threshold]
  /// Shown in rows above the plot, and as bands behind it.
  public var spans: [Span]
  /// Times shown, half-open; nil: from the first point to the end of the last.
  public var range: Range<EventTime>?
  /// Pixels between the least and the greatest value.
  public var plotHeight: Double
  /// The language of its fixed words.
  public var words = ChartWords.english
  /// Whether it is one of many small ones: what holds for all of them, zone and dashes, is said
  /// beside them.
  public var isSmall = false

  /// Makes a chart.
  public init(
    title: String, unit: ValueUnit, zone: Zone, series: [Series], thresholds: [Threshold] = [],
    spans: [Span] = [], range: Range<EventTime>? = nil, plotHeight: Double = 220
  ) {
    self.title = title
    self.unit = unit
    self.zone = zone
    self.series = series
    self.thresholds = thresholds
    self.spans = spans
    self.range = range
    self.plotHeight = plotHeight
  }

  /// The drawing for a width in pixels; `id` is unique on the page.
  public func drawing(width: Double, id: String) -> Drawing {
    var painter = TimeChartPainter(self, layout: TimeChartLayout(self, width: width), id: id)
    return painter.paint()
  }

  /// What is seen on it, in words.
  public var summary: String {
    let data = TimeChartData(self)
    guard let range = data.range else { return words.noDataSentence }
    var parts = [
      words.range(
        LocalTime(range.lowerBound, zone).full, LocalTime(range.upperBound, zone).full,
        zone: zone.name)
    ]
    for series in data.series.prefix(12) {
      let values = series.points.compactMap(\.value)
      guard let least = values.min(), let greatest = values.max(), let last = values.last else {
        parts.append(words.empty(series.name))
        continue
      }
      parts.append(
        words.series(
          series.name, least: unit.described(least, words),
          greatest: unit.described(greatest, words),
          last: unit.described(last, words)))
    }
    if data.series.count > 12 { parts.append(words.moreSeries(data.series.count - 12)) }
    for threshold in data.thresholds.prefix(12) {
      parts.append(words.threshold(threshold.label, unit.described(threshold.value, words)))
    }
    for lane in data.lanes {
      parts.append(words.lane(lane.name, lane.spans.count))
    }
    return parts.joined(separator: " ")
  }
}
