import Charts
import SnapshotStore
import StreamCore

/// One full-screen page for a big day: few numbers, read from five metres.
enum WallPage {
  static let endpoints: [Endpoint] = [
    Endpoint.page(
      "/wall", summary: "Main numbers, full-screen.",
      parameters: [
        .query("kpi", .text(max: 256), "A KPI to show; may be repeated."),
        .query("metric", .text(max: 1_024), "A metric to show; may be repeated."),
      ]
    ) { asked in try page(asked) }.fresh
  ]

  /// Tiles on the page.
  private static let tilesMax = 9
  /// Tiles unless somebody chooses.
  private static let usual = 6

  private static func page(_ asked: Asked) throws -> Answer {
    let words = asked.words
    let health = try Health(asked)
    let tiles = try tiles(asked)
    let body: HTML =
      tiles.isEmpty
      ? "<p class=\"notice\">\(words.wall.nothing)</p>" : "<div class=\"wall-tiles\">\(tiles)</div>"
    return PageFrame.answer(
      asked, .wall, title: words.frame.wall,
      body: """
        <div class="wall" id="wall" data-live>\(head(asked, health))\(alerts(asked, health))\(body)
        <p class="pace">\(words.wall.explanation) <a href="/">\(words.wall.back)</a></p></div>
        """)
  }

  // MARK: - Clock and alerts

  private static func head(_ asked: Asked, _ health: Health) -> HTML {
    let words = asked.words
    let clock = health.clock.map { ZoneTimes.second($0, asked.file.zone) } ?? words.frame.missing
    var notes: [String] = []
    if let delay = health.watermarkDelayMs {
      notes.append(words.wall.behind(Numbers.duration(delay, words)))
    }
    if health.isLive, let snapshot = health.snapshot {
      let ageMs = max(0, asked.now.ms - snapshot.taken.ms) / 1_000 * 1_000
      notes.append(words.wall.snapshotAgo(Numbers.duration(ageMs, words)))
    } else if let snapshot = health.snapshot {
      notes.append(words.overview.file(ZoneTimes.second(snapshot.taken, asked.file.zone)))
    }
    notes += health.reasons
    let mark: HTML = health.verdict == .stuck ? " class=\"down\"" : " class=\"muted\""
    return """
      <div class="wall-head"><strong><a href="/">\(asked.file.name)</a></strong>\
      <span>\(words.wall.eventTime) <span class="clock">\(clock)</span></span>\
      <span\(mark)>\(notes.joined(separator: " · "))</span></div>
      """
  }

  private static func alerts(_ asked: Asked, _ health: Health) -> HTML {
    let words = asked.words.overview
    guard !health.firing.isEmpty else {
      return "<ul class=\"wall-alerts\"><li>\(words.quiet)</li></ul>"
    }
    let items = health.firing.prefix(4).html { record -> HTML in
      let series = Dimensions.text(
        Dimensions.read(asked.dimensions(record.alert.dimensions)))
      let link = "/alerts/\(URLText.encoded(record.alert.alertID))"
      let since = ZoneTimes.minute(
        record.alert.opened ?? record.alert.windowStart, asked.file.zone)
      return """
        <li><a href="\(link)">\(record.alert.rule) \(series)</a> · \(words.since) \(since)</li>
        """
    }
    let rest = Int(health.firingCount) - min(4, health.firing.count)
    let more: HTML = rest > 0 ? "<li>\(asked.words.results.more(rest))</li>" : .empty
    return "<ul class=\"wall-alerts firing-now\">\(items)\(more)</ul>"
  }

  // MARK: - Tiles

  private static func tiles(_ asked: Asked) throws -> [HTML] {
    let query = asked.target.drop { $0 != "?" }.dropFirst()
    let fields = URLText.fields(query) ?? []
    let states = try KPIState.all(asked)
    let wanted = fields.filter { $0.name == "kpi" || $0.name == "metric" }.prefix(tilesMax)
    if !wanted.isEmpty {
      return try wanted.compactMap { field in
        guard field.name == "kpi" else { return try metric(asked, field.value) }
        return try states.first { $0.node.kpi == field.value }.map { try tile(asked, $0) }
      }
    }
    // The business first, then what is beneath it.
    let shown = states.filter { $0.row != nil }.enumerated()
      .sorted { ($0.element.depth, $0.offset) < ($1.element.depth, $1.offset) }
      .prefix(usual).map(\.element)
    if !shown.isEmpty { return try shown.map { try tile(asked, $0) } }
    return try SeriesCards.mainNames(asked).prefix(usual).compactMap { try metric(asked, $0) }
  }

  private static func tile(_ asked: Asked, _ state: KPIState) throws -> HTML {
    let words = asked.words
    let row = state.row
    let mark: HTML = row?.status == .provisional ? " provisional" : ""
    let meter: HTML = state.meter(words).map { HTML(markup: $0.svg) } ?? .empty
    let curve: HTML = state.sparkline(words).map { HTML(markup: $0.svg) } ?? .empty
    var then: [HTML] = []
    func add(_ name: String, _ before: Double?) {
      guard let before else { return }
      let change = Numbers.change(
        state.settled?.value, from: before, state.unit, better: state.node.direction, words)
      then.append("<span><span class=\"muted\">\(name)</span> \(change)</span>")
    }
    if let settled = state.settled {
      add(words.wall.lastPeriod, settled.previous)
      add(words.wall.weekBefore, try value(asked, settled, daysBefore: 7))
      // 52 weeks: the same day of the week.
      add(words.wall.yearBefore, try value(asked, settled, daysBefore: 364))
    }
    let owner: HTML =
      state.node.owner.map { " <span class=\"small muted\">\($0)</span>" } ?? .empty
    return """
      <section class="wall-tile"><h2>\(state.title)\(owner)</h2>
      <div class="big\(mark)">\(Numbers.value(row?.value, state.unit, words))</div>
      <div class="then">\(then)</div>\(meter)\(pace(asked, state))\(curve)</section>

      """
  }

  private static func pace(_ asked: Asked, _ state: KPIState) -> HTML {
    let words = asked.words.wall
    guard let target = state.node.target, let row = state.row else { return .empty }
    let aim = state.unit.described(target)
    guard let expected = state.expected, let settled = state.settled, row.asOf < row.periodEnd
    else {
      return "<p class=\"pace\">\(words.noPace(aim))</p>"
    }
    var text = words.pace(state.unit.described(expected), aim)
    if expected != 0, target != 0 {
      let end = settled.value / (expected / target)
      if end.isFinite { text += " · " + words.forecast(state.unit.described(end)) }
    }
    let mark: HTML = state.isOnPace == false ? " down" : state.isOnPace == true ? " up" : ""
    return "<p class=\"pace\(mark)\">\(text)</p>"
  }

  /// The value of the period some days before, over the same part; nil where there is none, or
  /// that is the period before, which has its own place.
  private static func value(
    _ asked: Asked, _ row: KPIRow, daysBefore days: Int64
  ) throws -> Double? {
    let lengthMs = row.periodEnd.ms - row.periodStart.ms
    guard lengthMs < days * 86_400_000 - 2 * 3_600_000 else { return nil }
    let start = TimeSpan.shifted(row.periodStart, days: -days, asked.file.zone)
    let rows = try asked.reader.kpis(
      KPIQuery(
        kpi: row.kpi, from: start, to: EventTime(ms: start.ms + 1), limit: 2_000,
        newestFirst: true)
    ).rows
    let part = row.asOf.ms - row.periodStart.ms
    return rows.first { $0.asOf.ms - $0.periodStart.ms <= part }?.value
  }

  /// A tile of a metric; nil where there is none of that name.
  private static func metric(_ asked: Asked, _ name: String) throws -> HTML? {
    let words = asked.words
    let data = try MetricData.read(asked, name, try asked.facts(), by: [], limit: 2_000)
    guard let series = data.series.first else { return nil }
    let last = series.points.last { $0.status != .provisional } ?? series.points.last
    var then: HTML = .empty
    if let last {
      let start = TimeSpan.shifted(last.start, days: -7, asked.file.zone)
      let old = try MetricData.read(
        asked, name, try asked.facts(), from: start, to: EventTime(ms: start.ms + 1), by: [],
        limit: 2_000)
      if let before = old.series.first(where: { $0.dimensions == series.dimensions })?.points.first
      {
        let change = Numbers.change(
          last.value, from: before.value, data.unit, better: nil, words)
        then = "<span><span class=\"muted\">\(words.wall.weekBefore)</span> \(change)</span>"
      }
    }
    let curve = Sparkline(series.points.suffix(120).map(\.value), label: name)
    let time = last.map { ZoneTimes.window($0.start, $0.end, asked.file.zone) } ?? ""
    let part: HTML =
      series.dimensions.isEmpty || data.series.count == 1
      ? "" : " <span class=\"small\">\(Numbers.series(series.dimensions, words))</span>"
    return """
      <section class="wall-tile"><h2><a href="\(SeriesPage.link(name))">\(name)</a>\(part)</h2>
      <div class="big">\(Numbers.value(last?.value, data.unit, words))</div>
      <div class="then"><span class="muted">\(time)</span>\(then)</div>\
      \(HTML(markup: curve.svg))</section>

      """
  }
}
