import Charts
import SnapshotStore
import StreamCore

/// The list of metrics, and one metric over time.
enum SeriesPage {
  static let endpoints: [Endpoint] = [
    .page("/series", summary: "The metrics.") { asked in try SeriesList.page(asked) },
    .page(
      "/series/{metric}", summary: "A metric over time.",
      parameters: [
        .path("metric", "Its name.", example: "revenue"),
        .query("by", .text(max: 256), "The dimension to split by; none adds all up."),
        .query("dimensions", .text(max: 4_096), "Only series with these dimensions."),
        .query("compare", .flag, "Against the week before."),
      ] + TimeSpan.parameters
    ) { asked in try page(asked) },
  ]

  /// The page of a metric.
  static func link(_ metric: String) -> String { "/series/\(URLText.encoded(metric))" }

  /// Parameters that links of the page keep.
  private static let kept = ["by", "dimensions", "compare"] + TimeSpan.names
  /// Series that a chart shows by themselves.
  private static let seriesMax = 6
  private static let tableRows = 60

  private static func page(_ asked: Asked) throws -> Answer {
    let name = asked.path("metric")
    let words = asked.words
    guard let reach = try asked.reader.reach(of: .metrics, name: name) else {
      throw Problem.nothingNamed(name)
    }
    let facts = try asked.facts()
    let probe = try MetricData.read(asked, name, facts, limit: 20)
    let span = TimeSpan(asked, end: reach.end, usual: .usual(windowMs: probe.windowMs))
    let dimensions = try ResultsAPI.dimensions(asked)
    let data = try MetricData.read(
      asked, name, facts, from: span.from, to: span.to, by: by(asked), dimensions: dimensions)
    let before = try before(asked, data, facts, dimensions)
    let path = link(name)
    return PageFrame.answer(
      asked, .metrics, title: name,
      subtitle: "<span class=\"muted\">\(SeriesText.line(data.facts, words))</span>",
      body: """
        \(span.picker(asked, path: path, end: reach.end, keeping: ["by", "dimensions", "compare"]))
        \(choices(asked, data, probe, path))
        <div id="chart" data-live>\(chart(asked, data, before, span, reach))</div>
        \(SeriesText.notes(asked, data, hasOpen: hasOpen(data)))
        <div id="tables" data-live>\(breakdown(asked, data, path))\
        \(table(asked, data, before))</div>
        \(SeriesText.definition(asked, data.facts, facts))
        """)
  }

  /// The dimension that is asked for, `*` for all of them; what adds up is added up unless somebody
  /// chooses.
  private static func by(_ asked: Asked) -> [String]? {
    guard let name = asked.text("by") else { return asked.text("dimensions") == nil ? [] : nil }
    return name == "*" ? nil : [name]
  }

  private static func hasOpen(_ data: MetricData) -> Bool {
    data.series.contains { $0.points.contains { $0.status == .provisional } }
  }

  // MARK: - What it is held against

  /// Values of the week before by the start of the window that they are held against, by series.
  private struct Before {
    var values: [DimensionValues: [EventTime: Double]] = [:]
  }

  private static func before(
    _ asked: Asked, _ data: MetricData, _ facts: StageFacts, _ dimensions: [String: String?]
  ) throws -> Before? {
    let starts = data.series.flatMap { $0.points.map(\.start) }
    guard asked.flag("compare"), let first = starts.min(), let last = starts.max() else {
      return nil
    }
    let zone = asked.file.zone
    let old = try MetricData.read(
      asked, data.facts.name, facts, from: TimeSpan.shifted(first, days: -7, zone),
      to: EventTime(ms: TimeSpan.shifted(last, days: -7, zone).ms + 1), by: data.by,
      dimensions: dimensions)
    var before = Before()
    for series in old.series {
      for point in series.points {
        let start = TimeSpan.shifted(point.start, days: 7, zone)
        before.values[series.dimensions, default: [:]][start] = point.value
      }
    }
    return before
  }

  // MARK: - Choices

  private static func choices(
    _ asked: Asked, _ data: MetricData, _ probe: MetricData, _ path: String
  ) -> HTML {
    let words = asked.words
    var tabs: [(text: String, link: String, isCurrent: Bool)] = []
    let names = Set(probe.names).union(data.names).sorted()
    if data.isAdditive, !names.isEmpty {
      let chosen = asked.text("by")
      func link(_ by: String?) -> String { asked.link(path, ["by": by], keeping: kept) }
      tabs.append((words.series.total, link(nil), chosen == nil))
      for name in names { tabs.append((words.series.by(name), link(name), chosen == name)) }
      if names.count > 1 { tabs.append((words.series.allSeries, link("*"), chosen == "*")) }
    }
    let split: HTML = tabs.isEmpty ? .empty : Numbers.tabs(words.results.split, tabs)
    var only: HTML = .empty
    if let text = asked.text("dimensions") {
      let all = asked.link(path, ["dimensions": nil], keeping: kept)
      only = """
        <p>\(words.series.oneSeries(Numbers.series(text, words))) · \
        <a href="\(all)">\(words.series.allSeries)</a></p>
        """
    }
    let isOn = asked.flag("compare")
    let compare = asked.link(path, ["compare": isOn ? nil : "true"], keeping: kept)
    let text = isOn ? words.results.compareNot : words.results.compareWeek
    return "\(split)\(only)<p class=\"choice\"><a href=\"\(compare)\">\(text)</a></p>"
  }

  // MARK: - The chart

  private static func chart(
    _ asked: Asked, _ data: MetricData, _ before: Before?, _ span: TimeSpan, _ reach: StageReach
  ) -> HTML {
    let words = asked.words
    guard !data.series.isEmpty else { return "<p class=\"notice\">\(words.series.noSeries)</p>" }
    var series = data.chartSeries(words, count: seriesMax)
    var caption = ""
    if let before {
      let own = data.series.prefix(1).compactMap { first in
        before.values[first.dimensions].map { values in
          TimeChart.Series(
            name: words.results.weekBefore
              + (data.series.count > 1 ? " (\(Numbers.series(first.dimensions, words)))" : ""),
            points: values.sorted { $0.key < $1.key }.map {
              TimeChart.Point(time: $0.key, value: $0.value)
            }, isBehind: true)
        }
      }
      if own.isEmpty { caption = words.series.noWeekBefore }
      series += own
    }
    if hasOpen(data) { caption = [words.series.openNote, caption].joined(separator: " ") }
    let chart = TimeChart(
      title: data.facts.name, unit: data.unit, zone: asked.file.zone, series: series)
    let shown = data.isAdditive ? 0 : max(0, data.series.count - seriesMax)
    let more: HTML = shown > 0 ? "<p class=\"muted\">\(words.results.more(shown))</p>" : .empty
    let cut: HTML =
      data.cutAt.map {
        "<p class=\"muted\">\(words.results.cut(ZoneTimes.minute($0, asked.file.zone)))</p>"
      } ?? .empty
    return PageFrame.figure(asked, chart, id: "metric", caption: caption) + more + cut
  }

  // MARK: - Tables

  /// The series with their sizes, where there are several.
  private static func breakdown(_ asked: Asked, _ data: MetricData, _ path: String) -> HTML {
    guard data.series.count > 1 else { return .empty }
    let words = asked.words
    var table = PageTable(
      words.series.series,
      [
        .init(words.series.series),
        .init(data.addsOverTime ? words.series.sum : words.series.newest, isNumber: true),
        .init(data.addsOverTime ? words.series.share : "", isNumber: true),
        .init(words.series.curve),
      ])
    let all = data.series.reduce(0) { $0 + $1.size(addsOverTime: true) }
    for series in data.series.prefix(20) {
      let size = series.size(addsOverTime: data.addsOverTime)
      let open: HTML =
        !data.addsOverTime && series.newest?.status == .provisional
        ? Numbers.status(.provisional, words) : .empty
      let json = Dimensions.json(series.dimensions)
      let link = asked.link(path, ["dimensions": json], keeping: kept)
      let name = Numbers.series(series.dimensions, words)
      let mayFilter = asked.mayFilter(series.dimensions.keys)
      let share = data.addsOverTime && all > 0 ? ValueUnit.share.short(size / all) : ""
      let curve = series.sparkline(120, label: name)
      table.add([
        mayFilter ? .link(link, name) : .text(name),
        "\(Numbers.value(size, data.unit, words)) \(open)", "\(share)",
        HTML(markup: curve.svg),
      ])
    }
    let rest = data.series.count - 20
    let more: HTML = rest > 0 ? "<p class=\"muted\">\(words.results.more(rest))</p>" : .empty
    return "<h2>\(words.series.series)</h2>\(table.html)\(more)"
  }

  private static func table(_ asked: Asked, _ data: MetricData, _ before: Before?) -> HTML {
    let words = asked.words
    var columns: [PageTable.Column] = [.init(words.results.window)]
    let hasSeries = data.series.count > 1
    if hasSeries { columns.append(.init(words.series.series)) }
    columns += [
      .init(words.series.value, isNumber: true), .init(words.series.samples, isNumber: true),
    ]
    if before != nil { columns.append(.init(words.series.change, isNumber: true)) }
    columns.append(.init(words.results.status))
    var table = PageTable(words.results.table, columns)
    let rows = data.series.enumerated().flatMap { index, series in
      series.points.suffix(tableRows).map { (index, series.dimensions, $0) }
    }.sorted { ($1.2.start, $0.0) < ($0.2.start, $1.0) }
    for (_, dimensions, point) in rows.prefix(tableRows) {
      let mark: HTML = point.approximate ? "≈ " : ""
      var cells: [HTML] = [
        "\(ZoneTimes.window(point.start, point.end, asked.file.zone))"
      ]
      if hasSeries { cells.append("\(Numbers.series(dimensions, words))") }
      cells += [
        "\(mark)\(Numbers.value(point.value, data.unit, words))", "\(Numbers.count(point.samples))",
      ]
      if let before {
        // Of a window that is open a part is there alone.
        let value = point.status == .provisional ? nil : point.value
        cells.append(
          Numbers.change(
            value, from: before.values[dimensions]?[point.start], data.unit, better: nil,
            words))
      }
      cells.append(Numbers.status(point.status, words))
      table.add(cells)
    }
    let csv = asked.link(
      "/api/v1/metrics/\(URLText.encoded(data.facts.name))/rows",
      ["format": "csv", "newest_first": "true", "limit": "1000"],
      keeping: ["from", "to", "dimensions"])
    return """
      <h2>\(words.series.newestRows(min(rows.count, tableRows)))</h2>
      <p><a href="\(csv)">\(words.frame.csv)</a></p>\(table.html)
      """
  }
}
