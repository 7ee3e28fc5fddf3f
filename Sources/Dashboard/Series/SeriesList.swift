import Charts
import SnapshotStore
import StreamCore

/// All metrics with their newest values, lifecycles and kinds of sessions.
enum SeriesList {
  /// Rows that are read for one line.
  private static let rowsMax = 400
  private static let linesMax = 200

  static func page(_ asked: Asked) throws -> Answer {
    let words = asked.words
    let facts = try asked.facts()
    let metrics = try asked.reader.outlines(of: .metrics)
    let lifecycles = metrics.filter { facts.metric($0.name).isLifecycle }
    let plain = metrics.filter { !facts.metric($0.name).isLifecycle }
    let zone = words.results.zone(asked.file.zone.name)
    return PageFrame.answer(
      asked, .metrics, title: words.frame.metrics,
      subtitle: "<span class=\"muted\">\(zone)</span>",
      body: """
        <div id="metrics" data-live>\(try table(asked, plain, facts))</div>
        \(try section(asked, words.series.lifecycles, "lifecycles", lifecycles, facts))
        \(try sessions(asked))
        """)
  }

  private static func section(
    _ asked: Asked, _ title: String, _ id: String, _ outlines: [StageOutline], _ facts: StageFacts
  ) throws -> HTML {
    guard !outlines.isEmpty else { return .empty }
    return """
      <section id="\(id)" data-live><h2>\(title)</h2>\(try table(asked, outlines, facts))</section>
      """
  }

  private static func table(
    _ asked: Asked, _ outlines: [StageOutline], _ facts: StageFacts
  ) throws -> HTML {
    let words = asked.words
    guard !outlines.isEmpty else { return "<p class=\"notice\">\(words.series.none)</p>" }
    var table = PageTable(
      words.frame.metrics,
      [
        .init(words.series.metric), .init(words.series.newest, isNumber: true),
        .init(words.series.curve), .init(words.series.window), .init(words.series.computes),
      ])
    for outline in outlines.prefix(linesMax) {
      let data = try MetricData.read(asked, outline.name, facts, by: [], limit: rowsMax)
      let first = data.series.first
      let last = first?.newest
      let name =
        data.series.count > 1 && first?.dimensions.isEmpty == false
        ? " (\(Numbers.series(first?.dimensions ?? [:], words)))" : ""
      let curve = first?.sparkline(90, label: outline.name).svg ?? ""
      let time = last.map { ZoneTimes.window($0.start, $0.end, asked.file.zone) } ?? ""
      let open: HTML = last?.status == .provisional ? Numbers.status(.provisional, words) : .empty
      table.add([
        .link(SeriesPage.link(outline.name), outline.name),
        """
        \(Numbers.value(last?.value, data.unit, words))\
        <span class="muted small">\(name)</span>\(open)
        """, HTML(markup: curve), "<span class=\"nowrap\">\(time)</span>",
        "<span class=\"muted\">\(SeriesText.line(data.facts, words))</span>",
      ])
    }
    let rest = outlines.count - linesMax
    let more: HTML = rest > 0 ? "<p class=\"muted\">\(words.results.more(rest))</p>" : .empty
    return table.html + more
  }

  private static func sessions(_ asked: Asked) throws -> HTML {
    let words = asked.words
    let kinds = try asked.reader.outlines(of: .sessions)
    guard !kinds.isEmpty else { return .empty }
    var table = PageTable(
      words.series.sessions,
      [
        .init(words.series.sessions), .init(words.series.day),
        .init(words.series.count, isNumber: true), .init(words.series.bounceRate, isNumber: true),
        .init(words.series.meanDuration, isNumber: true), .init(words.series.curve),
      ])
    for kind in kinds {
      let days = try SessionData.read(asked, kind.name, from: nil, to: nil, limit: 1_000).days
      let last = days.last { $0.status != .provisional } ?? days.last
      let open: HTML =
        last?.status == .provisional ? " \(Numbers.status(.provisional, words))" : .empty
      let settled = days.filter { $0.status != .provisional }
      let curve = Sparkline(settled.suffix(90).map { Double($0.sessions) }, label: kind.name)
      table.add([
        .link(SessionsPage.link(kind.name), kind.name), "\(last?.day ?? "")",
        "\(last.map { Numbers.count($0.sessions) } ?? "")\(open)",
        "\(Numbers.share(last?.bounceRate, words))",
        "\(Numbers.duration(last?.meanDurationMs, words))", HTML(markup: curve.svg),
      ])
    }
    return """
      <section id="sessions" data-live><h2>\(words.series.sessions)</h2>\(table.html)</section>
      """
  }
}
