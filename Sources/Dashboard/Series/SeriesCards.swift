import Charts
import SnapshotStore
import StreamCore

/// Small charts of the metrics that matter most.
enum SeriesCards {
  /// How many there are.
  static let count = 6
  /// Rows that are read for one.
  static let rowsMax = 2_000

  /// Cards of the metrics that alerts watch and KPIs read, then of others, by name.
  static func main(_ asked: Asked) throws -> [HTML] {
    let facts = try asked.facts()
    return try chosen(asked, facts).map { try card(asked, $0, facts) }
  }

  /// Their names.
  static func mainNames(_ asked: Asked) throws -> [String] {
    try chosen(asked, try asked.facts()).map(\.name)
  }

  private static func chosen(_ asked: Asked, _ facts: StageFacts) throws -> [StageOutline] {
    let stored = try asked.reader.outlines(of: .metrics)
    var names = facts.watched
    for node in try asked.reader.kpiTree() { names += words(of: node.formula) }
    // What has few series comes before what has many.
    names += stored.map(\.name).sorted {
      (facts.metric($0).dimensions.count, $0) < (facts.metric($1).dimensions.count, $1)
    }
    var chosen: [StageOutline] = []
    for name in names where chosen.count < count {
      guard let outline = stored.first(where: { $0.name == name }) else { continue }
      if !chosen.contains(where: { $0.name == name }) { chosen.append(outline) }
    }
    return chosen
  }

  /// Names in a formula.
  private static func words(of formula: String) -> [String] {
    formula.split { !($0.isLetter || $0.isNumber || $0 == "_" || $0 == ".") }.map(String.init)
  }

  private static func card(
    _ asked: Asked, _ outline: StageOutline, _ facts: StageFacts
  ) throws -> HTML {
    let words = asked.words
    let probe = try MetricData.read(asked, outline.name, facts, by: [], limit: 50)
    let preset = RangePreset.usual(windowMs: probe.windowMs)
    let from = preset.lengthMs.map { EventTime(ms: outline.reach.end.ms - $0) }
    let data = try MetricData.read(
      asked, outline.name, facts, from: from, by: [], limit: rowsMax)
    let points = data.series.first?.points ?? []
    let last = data.series.first?.newest
    var before: Double?
    if let last, last.status != .provisional, data.series.count == 1 {
      let start = TimeSpan.shifted(last.start, days: -7, asked.file.zone)
      before = try MetricData.value(
        asked, outline.name, facts, at: start, data.series[0].dimensions)
    }
    let change =
      before == nil
      ? HTML.empty : Numbers.change(last?.value, from: before, data.unit, better: nil, words)
    var chart = TimeChart(
      title: "", unit: data.unit, zone: asked.file.zone,
      series: data.chartSeries(words, count: 3), plotHeight: 90)
    chart.isSmall = true
    if points.count < 3, data.series.count == 1, let first = points.first, let last = points.last {
      // A line of one or two windows is not seen.
      chart.range = first.start..<last.end
      for index in chart.series.indices { chart.series[index].mark = .bars }
    }
    let id = "card-" + Numbers.identifier(outline.name)
    let time = last.map { ZoneTimes.window($0.start, $0.end, asked.file.zone) } ?? ""
    let value: HTML =
      data.series.count == 1
      ? "<b>\(Numbers.value(last?.value, data.unit, words))</b>" : ""
    return """
      <div class="card metric"><h3><a href="\(SeriesPage.link(outline.name))">\(outline.name)</a>\
      </h3><p class="number">\(value) \(change) <span class="muted">\(time)</span></p>
      \(PageFrame.smallChart(asked, chart, id: id))</div>

      """
  }
}
