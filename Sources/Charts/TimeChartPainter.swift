import StreamCore

/// Draws a time chart, from back to front.
struct TimeChartPainter {
  private let chart: TimeChart
  private let layout: TimeChartLayout
  private let id: String
  private var svg = SVGWriter()

  private var data: TimeChartData { layout.data }
  /// More times are not explained one by one when pointed at.
  private static let hintLimit = 400
  /// Looks of series: `s0` … `s5`.
  static let looks = 6

  /// The class of a series' look.
  static func look(_ series: TimeChart.Series, _ index: Int) -> String {
    series.isBehind ? "behind" : "s\(index % looks)"
  }

  init(_ chart: TimeChart, layout: TimeChartLayout, id: String) {
    self.chart = chart
    self.layout = layout
    self.id = id
  }

  mutating func paint() -> Drawing {
    Titles.paint(layout.titleLines, on: &svg)
    paintLegend()
    paintHatch()
    guard layout.timeAxis != nil else {
      paintFrame()
      svg.label(
        chart.words.noData, x: (layout.left + layout.right) / 2,
        y: (layout.top + layout.bottom) / 2,
        "muted middle")
      return Drawing(body: svg.text, height: layout.height)
    }
    paintBands()
    paintFrame()
    paintTimes()
    for (index, series) in data.series.enumerated() where series.mark == .bars {
      paintBars(series, look: index % Self.looks)
    }
    paintThresholds()
    for isBehind in [true, false] {
      for (index, series) in data.series.enumerated()
      where series.mark == .line && series.isBehind == isBehind {
        paintLine(series, look: Self.look(series, index))
      }
    }
    paintHints()
    paintLanes()
    return Drawing(body: svg.text, height: layout.height)
  }

  // MARK: - Around the plot

  private mutating func paintLegend() {
    for item in layout.legend {
      var x = item.x
      let middle = item.y - 4
      switch item.kind {
      case .text: break
      case .series(let look, let mark):
        paintSample(mark, look, x: x, middle: middle)
        x += 26
      case .provisional(let mark):
        paintSample(mark, "provisional s0", x: x, middle: middle)
        x += 26
      }
      svg.label(item.text, x: x, y: item.y, "muted")
    }
  }

  private mutating func paintSample(
    _ mark: TimeChart.Mark, _ look: String, x: Double, middle: Double
  ) {
    switch mark {
    case .line: svg.line(x1: x, y1: middle, x2: x + 20, y2: middle, "line \(look)")
    case .bars:
      svg.rectangle(x: x + 6, y: middle - 5, width: 12, height: 10, "bar \(look)", radius: 1)
    }
  }

  /// Stripes, so that incidents differ in more than colour.
  private mutating func paintHatch() {
    guard data.lanes.contains(where: { $0.kind == .incident }) else { return }
    svg.open(
      "pattern",
      [
        "id": "\(id)-hatch", "width": "6", "height": "6", "patternUnits": "userSpaceOnUse",
        "patternTransform": "rotate(45)",
      ])
    svg.rectangle(x: 0, y: 0, width: 6, height: 6, "hatch-ground")
    svg.rectangle(x: 0, y: 0, width: 2, height: 6, "hatch")
    svg.close("pattern")
  }

  private mutating func paintFrame() {
    for tick in layout.valueAxis.ticks {
      let y = layout.y(tick.value)
      let isBase = tick.value == 0 || tick == layout.valueAxis.ticks.first
      svg.line(
        x1: layout.left, y1: y, x2: layout.right, y2: y, isBase ? "axis" : "grid")
      svg.label(tick.label, x: layout.left - 8, y: y + 4, "tick end")
    }
  }

  private mutating func paintTimes() {
    guard let axis = layout.timeAxis else { return }
    var free = -1.0
    // Labels of days, months, years that follow so closely that they would touch: the first, which
    // may stand for a short rest, gives way.
    var contexts: [(x: Double, width: Double, text: String)] = []
    for tick in axis.ticks {
      let x = layout.x(tick.time)
      let width = TextWidth.of(tick.label, size: 12)
      let middle = layout.middle(x, width: width)
      if let context = tick.context {
        if tick != axis.ticks.first {
          svg.line(x1: x, y1: layout.top, x2: x, y2: layout.bottom, "grid")
        }
        let width = TextWidth.of(context, size: 12)
        contexts.append((layout.middle(x, width: width), width, context))
      }
      svg.line(x1: x, y1: layout.bottom, x2: x, y2: layout.bottom + 4, "axis")
      guard middle - width / 2 >= free else { continue }
      svg.label(tick.label, x: middle, y: layout.bottom + 17, "tick middle")
      free = middle + width / 2 + 4
    }
    if contexts.count > 1,
      contexts[0].x + contexts[0].width / 2 + 6 > contexts[1].x
        - contexts[1].width / 2
    {
      contexts.removeFirst()
    }
    free = -1
    for context in contexts where context.x - context.width / 2 >= free {
      svg.label(context.text, x: context.x, y: layout.bottom + 33, "context middle")
      free = context.x + context.width / 2 + 6
    }
  }

  // MARK: - Alerts and incidents

  private func ends(of span: TimeChart.Span) -> (from: Double, to: Double) {
    let from = layout.x(span.from)
    let to = span.to.map(layout.x) ?? layout.right
    // What is shorter than a few pixels is seen nevertheless.
    guard to - from < 3 else { return (from, to) }
    let start = min(from, layout.right - 3)
    return (start, start + 3)
  }

  /// Behind the plot: incidents, and alerts of the first lane of them, so that bands of many
  /// candidates do not hide each other.
  private mutating func paintBands() {
    let firstAlerts = data.lanes.first { $0.kind == .alert }?.name
    for lane in data.lanes where lane.kind == .incident || lane.name == firstAlerts {
      for span in lane.spans {
        let ends = ends(of: span)
        svg.rectangle(
          x: ends.from, y: layout.top, width: ends.to - ends.from,
          height: layout.bottom - layout.top,
          lane.kind == .incident ? "band incident" : "band alert")
      }
    }
  }

  private mutating func paintLanes() {
    for (lane, top) in zip(data.lanes, layout.laneTops) {
      let base = top + TimeChartLayout.laneHeight - 3
      svg.label(
        TextWidth.cut(lane.name, to: layout.left - 8), x: layout.left - 8, y: base, "tick end",
        title: lane.name)
      svg.line(
        x1: layout.left, y1: top + TimeChartLayout.laneHeight / 2, x2: layout.right,
        y2: top + TimeChartLayout.laneHeight / 2, "grid")
      var labels: [(text: String, x: Double)] = []
      for (index, span) in lane.spans.enumerated() {
        let ends = ends(of: span)
        let isIncident = lane.kind == .incident
        svg.rectangle(
          x: ends.from, y: top, width: ends.to - ends.from, height: TimeChartLayout.laneHeight,
          isIncident ? "span incident" : "span alert", fill: isIncident ? "url(#\(id)-hatch)" : nil,
          radius: 2, title: hint(span))
        let next = index + 1 < lane.spans.count ? self.ends(of: lane.spans[index + 1]).from : nil
        let room = (next ?? layout.right) - ends.to - 10
        if !span.label.isEmpty, TextWidth.of(span.label, size: 11) <= room {
          labels.append((span.label, ends.to + 4))
        }
      }
      for label in labels { svg.label(label.text, x: label.x, y: base, "small halo") }
    }
  }

  private func hint(_ span: TimeChart.Span) -> String {
    let from = LocalTime(span.from, chart.zone).full
    let to = span.to.map { LocalTime($0, chart.zone).full } ?? "…"
    let lane = span.laneName(chart.words)
    let name = span.label.isEmpty ? lane : "\(lane): \(span.label)"
    return "\(name), \(from) – \(to)"
  }

  // MARK: - Values

  private mutating func paintLine(_ series: TimeChart.Series, look: String) {
    let points = series.points.map { point in
      let x = layout.x(point.time)
      return (
        x: x,
        point: point.value.map {
          PlotPoint(x: x, y: layout.y($0), isProvisional: point.isProvisional)
        }
      )
    }
    var settled = ""
    var provisional = ""
    for run in Downsampling.runs(points) {
      let run = Downsampling.extremes(run)
      if run.count == 1, let point = run.first {
        // A line of no length with round ends: a dot.
        let dot = "M\(Self.place(point))h0"
        if point.isProvisional { provisional += dot } else { settled += dot }
        continue
      }
      var before: Bool?
      for (a, b) in zip(run, run.dropFirst()) {
        let isProvisional = a.isProvisional || b.isProvisional
        let start = before == isProvisional ? "" : "M\(Self.place(a))"
        before = isProvisional
        let piece = "\(start)L\(Self.place(b))"
        if isProvisional { provisional += piece } else { settled += piece }
      }
    }
    svg.path(settled, "line \(look)")
    svg.path(provisional, "line provisional \(look)")
  }

  private static func place(_ point: PlotPoint) -> String {
    "\(SVGWriter.number(point.x)) \(SVGWriter.number(point.y))"
  }

  /// One rectangle a bar; where bars are narrower than two pixels, one a column of pixels: as high
  /// as the highest of it, and strong up to the lowest.
  private mutating func paintBars(_ series: TimeChart.Series, look: Int) {
    let rank = data.series.prefix { $0 != series }.count { $0.mark == .bars }
    let total = max(data.series.count { $0.mark == .bars }, 1)
    var bars: [BarShape] = []
    for (index, point) in series.points.enumerated() {
      guard let value = point.value else { continue }
      let from = layout.x(point.time)
      let to = layout.x(EventTime(ms: data.barEnd(series.points, index)))
      // Bars of several series share the room.
      let share = (to - from) / Double(total)
      bars.append(
        BarShape(
          from: from + share * Double(rank), to: from + share * Double(rank + 1),
          value: layout.y(value), isProvisional: point.isProvisional))
    }
    let zero = layout.y(0)
    let width = bars.map { $0.to - $0.from }.max() ?? 0
    if width >= 2 {
      svg.path(
        BarShape.path(bars.filter { !$0.isProvisional }, zero: zero, gap: width > 5 ? 1 : 0.4),
        "bar s\(look)")
      svg.path(
        BarShape.path(bars.filter(\.isProvisional), zero: zero, gap: width > 5 ? 1 : 0.4),
        "bar provisional s\(look)")
      return
    }
    for isProvisional in [false, true] {
      let columns = BarShape.columns(
        bars.filter { $0.isProvisional == isProvisional }, zero: zero, from: layout.left,
        to: layout.right)
      let classes = isProvisional ? "bar provisional s\(look)" : "bar s\(look)"
      svg.path(BarShape.path(columns.outer, zero: zero, gap: 0), classes + " faint")
      svg.path(BarShape.path(columns.inner, zero: zero, gap: 0), classes)
    }
  }

  private mutating func paintThresholds() {
    let values = data.thresholds.map { layout.y($0.value) }
    let places = LabelPlaces.spread(values, pitch: 14, from: layout.top, to: layout.bottom)
    for (index, threshold) in data.thresholds.enumerated() {
      let y = values[index]
      svg.line(x1: layout.left, y1: y, x2: layout.right, y2: y, "threshold")
      guard let place = places[index] else { continue }
      if layout.labelRoom > 0 {
        let text = TextWidth.cut(threshold.label, to: layout.labelRoom - 10, size: 12.5)
        svg.line(x1: layout.right, y1: y, x2: layout.right + 8, y2: place, "leader")
        svg.label(text, x: layout.right + 11, y: place + 4, "small strong", title: threshold.label)
      } else {
        let text = TextWidth.cut(threshold.label, to: layout.right - layout.left - 8, size: 11)
        let above = place - 4 > layout.top + 8 ? place - 4 : place + 13
        svg.label(text, x: layout.right - 4, y: above, "small strong halo end")
      }
    }
  }

  /// What a reader who points at a time is told.
  private mutating func paintHints() {
    guard !layout.isNarrow else { return }
    var hints: [EventTime: [String]] = [:]
    for series in data.series {
      for point in series.points {
        guard let value = point.value else { continue }
        let name = data.series.count > 1 ? series.name + ": " : ""
        let state = point.isProvisional ? chart.words.bracketed(chart.words.provisional) : ""
        hints[point.time, default: []].append(
          name + chart.unit.described(value, chart.words) + state)
        if hints.count > Self.hintLimit { return }
      }
    }
    let times = hints.keys.sorted()
    let hasBars = data.series.contains { $0.mark == .bars }
    for (index, time) in times.enumerated() {
      let x = layout.x(time)
      let next = index + 1 < times.count ? layout.x(times[index + 1]) : layout.right
      let before = index > 0 ? layout.x(times[index - 1]) : layout.left
      // Bars lie after their time, points of lines in the middle.
      let from = hasBars ? x : (before + x) / 2
      let to = hasBars ? next : (x + next) / 2
      svg.rectangle(
        x: from, y: layout.top, width: to - from, height: layout.bottom - layout.top, "hit",
        title: ([LocalTime(time, chart.zone).full] + (hints[time] ?? [])).joined(separator: "\n"))
    }
  }
}
