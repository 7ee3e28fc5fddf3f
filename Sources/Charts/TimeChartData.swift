import StreamCore

/// What of a chart can be drawn: sorted, in range, without what is no number.
struct TimeChartData {
  struct Lane {
    var kind: TimeChart.Span.Kind
    var name: String
    /// By start.
    var spans: [TimeChart.Span]
  }

  /// Sorted by time, one point at a time.
  var series: [TimeChart.Series]
  var thresholds: [TimeChart.Threshold]
  /// In order of first appearance, incidents first.
  var lanes: [Lane]
  /// Times shown; nil without anything to show.
  var range: Range<EventTime>?
  /// The usual time from point to point, in milliseconds; 0 when unknown.
  var stepMs: Int64
  /// The end of the times that were asked for.
  private let wantedEnd: Int64?

  /// Times that calendars can show.
  private static let limitMs: Int64 = 8_640_000_000_000_000

  init(_ chart: TimeChart) {
    var times: Set<Int64> = []
    wantedEnd = chart.range?.upperBound.ms
    series = chart.series.map { series in
      var series = series
      series.points = Self.sorted(series.points, in: chart.range)
      for point in series.points { times.insert(point.time.ms) }
      return series
    }
    stepMs = Self.step(series)
    range = Self.range(chart, times: times, series: series, stepMs: stepMs)
    thresholds = chart.thresholds.filter {
      $0.value.isFinite && $0.value.magnitude <= ValueAxis.limit
    }
    lanes = Self.lanes(chart.spans, in: range, chart.words)
  }

  private static func sorted(
    _ points: [TimeChart.Point], in range: Range<EventTime>?
  ) -> [TimeChart.Point] {
    let usable = points.enumerated().filter { _, point in
      point.time.ms.magnitude <= UInt64(limitMs) && range?.contains(point.time) ?? true
    }
    let sorted = usable.sorted {
      ($0.element.time.ms, $0.offset) < ($1.element.time.ms, $1.offset)
    }
    var result: [TimeChart.Point] = []
    result.reserveCapacity(sorted.count)
    for (_, point) in sorted {
      var point = point
      if let value = point.value, !value.isFinite || value.magnitude > ValueAxis.limit {
        point.value = nil
      }
      if result.last?.time == point.time { result.removeLast() }
      result.append(point)
    }
    return result
  }

  private static func step(_ series: [TimeChart.Series]) -> Int64 {
    var least = Int64.max
    for series in series {
      for (a, b) in zip(series.points, series.points.dropFirst()) {
        least = min(least, b.time.ms - a.time.ms)
      }
    }
    return least == .max ? 0 : least
  }

  private static func range(
    _ chart: TimeChart, times: Set<Int64>, series: [TimeChart.Series], stepMs: Int64
  ) -> Range<EventTime>? {
    if let range = chart.range {
      let from = max(range.lowerBound.ms, -limitMs)
      let to = min(range.upperBound.ms, limitMs)
      return from < to ? EventTime(ms: from)..<EventTime(ms: to) : nil
    }
    var from = times.min()
    var to = times.max()
    if from == nil {
      for span in chart.spans where span.from.ms.magnitude <= UInt64(limitMs) {
        from = min(from ?? span.from.ms, span.from.ms)
        to = max(to ?? span.from.ms, min(span.to?.ms ?? span.from.ms, limitMs))
      }
    }
    guard let from, let to else { return nil }
    let hasBars = series.contains { $0.mark == .bars }
    let end = hasBars ? to + stepMs : to
    // A single point lies at the beginning of a minute or of its step.
    return EventTime(ms: from)..<EventTime(ms: end > from ? end : from + max(stepMs, 60_000))
  }

  /// Rows of the spans that touch `range`, cut to it.
  private static func lanes(
    _ spans: [TimeChart.Span], in range: Range<EventTime>?, _ words: ChartWords
  ) -> [Lane] {
    guard let range else { return [] }
    var lanes: [Lane] = []
    for span in spans {
      let to = min(span.to ?? range.upperBound, range.upperBound)
      let from = max(span.from, range.lowerBound)
      guard from < to else { continue }
      let name = span.laneName(words)
      if let index = lanes.firstIndex(where: { $0.name == name && $0.kind == span.kind }) {
        lanes[index].spans.append(span)
      } else {
        lanes.append(Lane(kind: span.kind, name: name, spans: [span]))
      }
    }
    for index in lanes.indices {
      lanes[index].spans.sort {
        ($0.from, $0.to ?? .distantFuture, $0.label) < ($1.from, $1.to ?? .distantFuture, $1.label)
      }
    }
    return lanes.filter { $0.kind == .incident } + lanes.filter { $0.kind == .alert }
  }

  /// The end of the bar that begins at `points[index]`: at the next point, unless that is far.
  /// Days and months differ in length.
  func barEnd(_ points: [TimeChart.Point], _ index: Int) -> Int64 {
    let start = points[index].time.ms
    // A lone bar fills the times that were asked for.
    if stepMs == 0, let wantedEnd, wantedEnd > start { return wantedEnd }
    let usual = stepMs > 0 ? stepMs : 60_000
    guard index + 1 < points.count else { return start + usual }
    let next = points[index + 1].time.ms - start
    return start + (Double(next) <= Double(usual) * 1.25 ? next : usual)
  }

  /// The least and greatest value to show.
  var bounds: (low: Double, high: Double) {
    var low = Double.infinity
    var high = -Double.infinity
    for series in series {
      for case let value? in series.points.lazy.map(\.value) {
        low = min(low, value)
        high = max(high, value)
      }
    }
    for threshold in thresholds {
      low = min(low, threshold.value)
      high = max(high, threshold.value)
    }
    guard low <= high else { return (0, 1) }
    // Bars stand on zero; lines too, unless that would flatten them.
    let hasBars = series.contains { $0.mark == .bars }
    if low > 0, hasBars || low <= high * 0.6 { low = 0 }
    if high < 0, hasBars || high >= low * 0.6 { high = 0 }
    return (low, high)
  }
}
