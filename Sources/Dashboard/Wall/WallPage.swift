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
    // More than two rows of three are written smaller.
    let many: HTML = tiles.count > usual ? " many" : ""
    // Rows of three would leave a tile or two alone in the last one.
    let columns: HTML = (7...8).contains(tiles.count) ? " in-four" : ""
    let body: HTML =
      tiles.isEmpty
      ? "<p class=\"notice\">\(words.wall.nothing)</p>"
      : "<div class=\"wall-tiles\(columns)\">\(tiles.map(\.html))</div>"
    var notes: [String] = []
    if tiles.contains(where: \.hasPace) { notes.append(words.wall.paceNote) }
    if tiles.contains(where: \.hasBefore) { notes.append(words.wall.beforeNote) }
    if tiles.contains(where: \.hasWeeks) { notes.append(words.wall.weeksNote) }
    if tiles.contains(where: \.hasMonths) { notes.append(words.wall.monthsNote) }
    return PageFrame.answer(
      asked, .wall, title: words.frame.wall,
      body: """
        <div class="wall\(many)" id="wall" data-live>\(head(asked, health))\
        \(alerts(asked, health))\(body)
        <p class="pace">\(notes.joined(separator: " ")) <a href="/">\(words.wall.back)</a></p></div>
        """)
  }

  // MARK: - Clock and alerts

  private static func head(_ asked: Asked, _ health: Health) -> HTML {
    let words = asked.words
    let clock = health.clock.map { ZoneTimes.second($0, asked.file.zone) } ?? words.frame.missing
    var notes: [String] = []
    if let delay = health.watermarkDelayMs, delay > 0 {
      notes.append(words.wall.behind(Numbers.duration(delay, words)))
    }
    if health.isLive, let snapshot = health.snapshot {
      let ageMs = max(0, asked.now.ms - snapshot.taken.ms) / 1_000 * 1_000
      notes.append(
        ageMs == 0 ? words.wall.snapshotNow : words.wall.snapshotAgo(Numbers.duration(ageMs, words))
      )
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

  /// A tile, and what of it needs an explanation.
  private struct Tile {
    var html: HTML = .empty
    var hasPace = false
    var hasBefore = false
    var hasMonths = false
    var hasWeeks = false
  }

  private static func tiles(_ asked: Asked) throws -> [Tile] {
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

  private static func tile(_ asked: Asked, _ state: KPIState) throws -> Tile {
    let words = asked.words
    let row = state.row
    let mark: HTML = row?.status == .provisional ? " provisional" : ""
    let meter: HTML = state.meter(words).map { HTML(markup: $0.svg) } ?? .empty
    let curve: HTML = state.sparkline(words).map { HTML(markup: $0.svg) } ?? .empty
    var then: [HTML] = []
    var tile = Tile()
    func add(_ name: String, _ before: Double?) {
      guard let before else { return }
      let change = Numbers.change(
        state.settled?.value, from: before, state.unit, better: state.node.direction, words)
      then.append("<span><span class=\"muted\">\(name)</span> \(change)</span>")
      tile.hasBefore = true
    }
    if let settled = state.settled {
      add(words.wall.lastPeriod, settled.previous)
      let places = WallPlaces(settled.periodStart, settled.periodEnd, asked.file.zone)
      if let week = places.week { add(words.wall.weekBefore, try value(asked, settled, week)) }
      if let year = places.year, let before = try value(asked, settled, year) {
        add(words.wall.yearBefore, before)
        tile.hasMonths = places.isMonths
        tile.hasWeeks = !places.isMonths
      }
    }
    let owner: HTML =
      state.node.owner.map { " <span class=\"small muted\">\($0)</span>" } ?? .empty
    tile.hasPace = state.forecast != nil
    tile.html = """
      <section class="wall-tile"><h2>\(state.title)\(owner)</h2>
      <div class="big\(mark)">\(Numbers.value(row?.value, state.unit, words))</div>
      <div class="then">\(then)</div>\(meter)\(pace(asked, state))\
      \(KPITreeView.cut(asked, state))\(curve)</section>

      """
    return tile
  }

  private static func pace(_ asked: Asked, _ state: KPIState) -> HTML {
    let words = asked.words.wall
    guard let row = state.row else { return "<p class=\"pace\">\(words.noValue)</p>" }
    guard let target = state.node.target else { return .empty }
    let aim = Numbers.described(target, state.unit, asked.words)
    let mark: HTML = state.isOnPace == false ? " down" : state.isOnPace == true ? " up" : ""
    guard !state.isLevel, let expected = state.expected, row.asOf < row.periodEnd else {
      return "<p class=\"pace\(mark)\">\(words.noPace(aim))</p>"
    }
    var text = words.pace(Numbers.described(expected, state.unit, asked.words), aim)
    if let end = state.forecast {
      text += " · " + words.forecast(Numbers.described(end, state.unit, asked.words))
    }
    return "<p class=\"pace\(mark)\">\(text)</p>"
  }

  /// The value of the period that starts then, over exactly the same part; nil where there is none.
  private static func value(
    _ asked: Asked, _ row: KPIRow, _ start: EventTime
  ) throws -> Double? {
    let rows = try asked.reader.kpis(
      KPIQuery(
        kpi: row.kpi, from: start, to: EventTime(ms: start.ms + 1), limit: 2_000,
        newestFirst: true)
    ).rows
    let part = row.asOf.ms - row.periodStart.ms
    let isWhole = row.asOf == row.periodEnd
    return rows.first {
      $0.status != .provisional
        && (isWhole ? $0.asOf == $0.periodEnd : $0.asOf.ms - $0.periodStart.ms == part)
    }?.value
  }

  /// A tile of a metric; nil where there is none of that name.
  private static func metric(_ asked: Asked, _ name: String) throws -> Tile? {
    let words = asked.words
    let facts = try asked.facts()
    let data = try MetricData.read(asked, name, facts, by: [], limit: 2_000)
    guard let series = data.series.first else { return nil }
    let last = series.newest
    var tile = Tile()
    var then: [HTML] = []
    if let last, last.status != .provisional {
      let places = WallPlaces(last.start, last.end, asked.file.zone)
      for (name, start) in [
        (words.wall.weekBefore, places.week), (words.wall.yearBefore, places.year),
      ] {
        guard let start,
          let before = try MetricData.value(
            asked, data.facts.name, facts, at: start, series.dimensions)
        else { continue }
        let change = Numbers.change(last.value, from: before, data.unit, better: nil, words)
        then.append("<span><span class=\"muted\">\(name)</span> \(change)</span>")
        tile.hasBefore = true
        if start == places.year {
          tile.hasMonths = places.isMonths
          tile.hasWeeks = !places.isMonths
        }
      }
    }
    let curve = series.sparkline(120, label: name)
    let time = last.map { ZoneTimes.window($0.start, $0.end, asked.file.zone) } ?? ""
    let part: HTML =
      series.dimensions.isEmpty || data.series.count == 1
      ? "" : " <span class=\"small\">\(Numbers.series(series.dimensions, words))</span>"
    let open: HTML =
      last?.status == .provisional ? Numbers.status(.provisional, words) : .empty
    tile.html = """
      <section class="wall-tile"><h2><a href="\(SeriesPage.link(name))">\(name)</a>\(part)</h2>
      <div class="big">\(Numbers.value(last?.value, data.unit, words))</div>
      <div class="then"><span class="muted">\(time)</span>\(open)\(then)</div>\
      \(HTML(markup: curve.svg))</section>

      """
    return tile
  }
}

/// Where the periods a week and a year before one begin.
struct WallPlaces {
  /// Nil where that is the period before, or none.
  var week: EventTime?
  var year: EventTime?
  /// Whether they are months, of which a year is twelve, and no 52 weeks.
  var isMonths = false

  init(_ start: EventTime, _ end: EventTime, _ zone: Zone) {
    let day: Int64 = 86_400_000
    let month = zone.monthNumber(of: start)
    let months = zone.monthNumber(of: end) - month
    isMonths =
      months > 0 && zone.startOfMonth(month) == start && zone.startOfMonth(month + months) == end
    if isMonths {
      // Of years the one before has its own place.
      if months < 12 { year = zone.startOfMonth(month - 12) }
      return
    }
    // An hour's slack: days may be as much shorter.
    let slack: Int64 = 2 * 3_600_000
    if end.ms - start.ms < 7 * day - slack { week = TimeSpan.shifted(start, days: -7, zone) }
    // 52 weeks: the same day of the week.
    if end.ms - start.ms < 364 * day - slack { year = TimeSpan.shifted(start, days: -364, zone) }
  }
}
