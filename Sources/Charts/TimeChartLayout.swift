import StreamCore

/// Where the parts of a time chart lie. Pixels from the left and from the top.
struct TimeChartLayout {
  /// A sample of a series' look, or a word, above the plot.
  struct LegendItem {
    enum Kind: Equatable {
      case text
      /// The class of its look.
      case series(String, TimeChart.Mark)
      case provisional(TimeChart.Mark)
    }
    var kind: Kind
    var text: String
    var x: Double
    var y: Double
  }

  let data: TimeChartData
  let width: Double
  let isNarrow: Bool
  let titleLines: [String]
  let legend: [LegendItem]
  let valueAxis: ValueAxis
  let timeAxis: TimeAxis?
  /// Top of each lane.
  let laneTops: [Double]
  let left: Double
  let right: Double
  let top: Double
  let bottom: Double
  let height: Double
  /// Room for labels of thresholds to the right of the plot; 0: they are inside.
  let labelRoom: Double

  static let laneHeight = 14.0
  static let lanePitch = 18.0
  private static let sampleWidth = 26.0
  private static let legendPitch = 19.0

  init(_ chart: TimeChart, width: Double) {
    let data = TimeChartData(chart)
    self.data = data
    self.width = width
    isNarrow = width < 600
    titleLines = Titles.lines(chart.title, width: width)
    let plotHeight = max(chart.plotHeight, 60) * (width < 600 ? 0.85 : 1)

    let bounds = data.bounds
    let axis = ValueAxis(
      low: bounds.low, high: bounds.high, unit: chart.unit, count: Int(plotHeight / 44),
      words: chart.words)
    valueAxis = axis
    let tickWidth = axis.ticks.map { TextWidth.of($0.label) }.max() ?? 0
    let laneWidth = data.lanes.map { TextWidth.of($0.name) }.max() ?? 0
    let leftLimit = width * (width < 600 ? 0.22 : 0.16)
    left = (max(tickWidth, min(laneWidth, leftLimit)) + 10).rounded(.up)
    let labels = data.thresholds.map { TextWidth.of($0.label, size: 12.5) }.max() ?? 0
    labelRoom = width < 600 || labels == 0 ? 0 : min(labels + 12, width * 0.2).rounded(.up)
    // Half of the last time's label may stand beyond the plot.
    right = width - max(labelRoom, 20)

    var y = Double(titleLines.count) * 20 + 2
    legend = Self.legend(chart, data, width: width, y: &y)
    y += data.lanes.isEmpty ? 4 : 10
    var tops: [Double] = []
    for _ in data.lanes {
      tops.append(y)
      y += Self.lanePitch
    }
    laneTops = tops
    top = (y + 8).rounded(.up)
    bottom = top + plotHeight.rounded()
    height = bottom + 40
    let plotWidth = right - left
    timeAxis = data.range.map {
      TimeAxis(range: $0, zone: chart.zone, width: plotWidth, words: chart.words)
    }
  }

  /// Sets unit, series and zone one after the other, and on as many lines as they need.
  private static func legend(
    _ chart: TimeChart, _ data: TimeChartData, width: Double, y: inout Double
  ) -> [LegendItem] {
    var wanted: [(LegendItem.Kind, String)] = []
    let unit = chart.unit.name(chart.words)
    if !unit.isEmpty { wanted.append((.text, unit)) }
    if data.series.count > 1 {
      for (index, series) in data.series.enumerated() {
        wanted.append((.series(TimeChartPainter.look(series, index), series.mark), series.name))
      }
    }
    let open = data.series.first { $0.points.contains { $0.isProvisional && $0.value != nil } }
    if let open, !chart.isSmall {
      wanted.append((.provisional(open.mark), chart.words.provisional))
    }
    if data.range != nil, !chart.isSmall { wanted.append((.text, chart.zone.name)) }
    guard !wanted.isEmpty else { return [] }
    var items: [LegendItem] = []
    var x = 0.0
    y += 14
    for (kind, text) in wanted {
      let sample = kind == .text ? 0 : sampleWidth
      let shown = TextWidth.cut(text, to: width - sample)
      let room = sample + TextWidth.of(shown)
      if x > 0, x + room > width {
        x = 0
        y += legendPitch
      }
      items.append(LegendItem(kind: kind, text: shown, x: x, y: y))
      x += room + 18
    }
    return items
  }

  /// Pixels from the left of a time.
  func x(_ time: EventTime) -> Double {
    left + (timeAxis?.position(time) ?? 0) * (right - left)
  }

  /// Pixels from the top of a value.
  func y(_ value: Double) -> Double {
    bottom - valueAxis.position(value) * (bottom - top)
  }

  /// Where text of `width` stands when its middle should be at `x`, within the drawing.
  func middle(_ x: Double, width text: Double) -> Double {
    min(max(x, text / 2), width - text / 2)
  }
}
