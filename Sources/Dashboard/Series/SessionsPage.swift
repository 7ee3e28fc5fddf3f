import Charts
import SnapshotStore
import StreamCore

/// Days of one kind of session, their series added up: every session begins on one day, in one
/// series.
struct SessionData: Sendable {
  /// One day.
  struct Day: Sendable {
    var start: EventTime
    var end: EventTime
    var day: String
    var sessions: Int64 = 0
    /// Users of all series: who is in two counts twice.
    var users: Int64 = 0
    var events: Int64 = 0
    var bounces: Int64 = 0
    var durationMs: Int64 = 0
    var entries: [String: Int64] = [:]
    var exits: [String: Int64] = [:]
    var status: ResultStatus

    var bounceRate: Double? { sessions > 0 ? Double(bounces) / Double(sessions) : nil }
    var meanDurationMs: Int64? { sessions > 0 ? durationMs / sessions : nil }
    var meanEvents: Double? { sessions > 0 ? Double(events) / Double(sessions) : nil }

    mutating func add(_ other: Day) {
      sessions += other.sessions
      users += other.users
      events += other.events
      bounces += other.bounces
      durationMs += other.durationMs
      entries.merge(other.entries, uniquingKeysWith: +)
      exits.merge(other.exits, uniquingKeysWith: +)
      if other.status == .provisional || status == .final { status = other.status }
    }
  }

  /// In order of time.
  var days: [Day]
  /// From the first day's start to the last one's end; nil without days.
  var range: Range<EventTime>? {
    guard let first = days.first, let last = days.last else { return nil }
    return first.start..<last.end
  }
  /// Series by their dimensions, all days added up, the greatest first.
  var series: [(dimensions: DimensionValues, all: Day)]
  /// The first day that is shown, where earlier ones of the range were left out.
  var cutAt: String?

  static func read(
    _ asked: Asked, _ name: String, from: EventTime?, to: EventTime?, limit: Int
  ) throws -> SessionData {
    let page = try asked.reader.sessionPage(
      StageQuery(name: name, from: from, to: to, limit: limit, newestFirst: true))
    var days: [EventTime: Day] = [:]
    var series: [DimensionValues: Day] = [:]
    var dimensions: [String: DimensionValues] = [:]
    for row in asked.shown(page.rows) {
      let day = Day(
        start: row.dayStart, end: row.dayEnd, day: row.day, sessions: row.sessions,
        users: row.users,
        events: row.events, bounces: row.bounces, durationMs: row.durationMs,
        entries: counts(row.entryEvents), exits: counts(row.exitEvents), status: row.status)
      if days[row.dayStart]?.add(day) == nil { days[row.dayStart] = day }
      let values = dimensions[row.dimensions] ?? Dimensions.read(row.dimensions)
      dimensions[row.dimensions] = values
      if series[values]?.add(day) == nil { series[values] = day }
    }
    let sorted = days.values.sorted { $0.start < $1.start }
    return SessionData(
      days: sorted,
      series: series.map { ($0.key, $0.value) }.sorted {
        ($1.1.sessions, Dimensions.text($0.0)) < ($0.1.sessions, Dimensions.text($1.0))
      }, cutAt: page.next == nil ? nil : sorted.first?.day)
  }

  private static func counts(_ json: String) -> [String: Int64] {
    var counts: [String: Int64] = [:]
    for (name, value) in Dimensions.read(json) {
      if case .int(let count) = value { counts[name] = count }
    }
    return counts
  }
}

/// One kind of session, day by day.
enum SessionsPage {
  static let endpoints: [Endpoint] = [
    .page(
      "/series/sessions/{session}", summary: "A kind of session.",
      parameters: [.path("session", "Its name.", example: "visits")] + TimeSpan.parameters
    ) { asked in try page(asked) }
  ]

  static func link(_ name: String) -> String { "/series/sessions/\(URLText.encoded(name))" }

  private static func page(_ asked: Asked) throws -> Answer {
    let name = asked.path("session")
    let words = asked.words
    guard let reach = try asked.reader.reach(of: .sessions, name: name) else {
      throw Problem.nothingNamed(name)
    }
    let span = TimeSpan(asked, end: reach.end, usual: .days90)
    let data = try SessionData.read(
      asked, name, from: span.from, to: span.to, limit: MetricData.rowsMax)
    let presets: [RangePreset] = [.days7, .days30, .days90, .all]
    let cut: HTML = data.cutAt.map { "<p class=\"muted\">\(words.results.cut($0))</p>" } ?? .empty
    return PageFrame.answer(
      asked, .metrics, title: "\(words.series.sessions): \(name)",
      subtitle: "<span class=\"muted\">\(words.results.zone(asked.file.zone.name))</span>",
      body: """
        \(span.picker(asked, path: link(name), end: reach.end, keeping: [], presets: presets))
        <div id="sessions" data-live>\(charts(asked, data))\(cut)
        \(series(asked, data))\(events(asked, data))\(table(asked, name, data))</div>
        <p class="notice">\(words.series.sessionNote)</p>
        """)
  }

  private static func charts(_ asked: Asked, _ data: SessionData) -> HTML {
    let words = asked.words.series
    func chart(
      _ title: String, _ unit: ValueUnit, _ value: (SessionData.Day) -> Double?
    ) -> TimeChart {
      var chart = TimeChart(
        title: title, unit: unit, zone: asked.file.zone,
        series: [
          TimeChart.Series(
            name: title,
            points: data.days.map {
              TimeChart.Point(
                time: $0.start, value: value($0), isProvisional: $0.status == .provisional)
            }, mark: .bars)
        ], range: data.range, plotHeight: 110)
      chart.isSmall = true
      return chart
    }
    let all = [
      chart(words.count, .count("")) { Double($0.sessions) },
      chart(words.bounceRate, .share) { $0.bounceRate },
      chart(words.meanDuration, .durationMs) { $0.meanDurationMs.map(Double.init) },
      chart(words.meanEvents, .number("")) { $0.meanEvents },
    ]
    let cards = all.enumerated().html { index, chart in
      "<div class=\"card\">\(PageFrame.smallChart(asked, chart, id: "sessions-\(index)"))</div>"
    }
    return "<div class=\"grid\">\(cards)</div>"
  }

  private static func series(_ asked: Asked, _ data: SessionData) -> HTML {
    guard data.series.count > 1 else { return .empty }
    let words = asked.words
    var table = PageTable(
      words.series.series,
      [
        .init(words.series.series), .init(words.series.count, isNumber: true),
        .init(words.series.bounceRate, isNumber: true),
        .init(words.series.meanDuration, isNumber: true),
        .init(words.series.meanEvents, isNumber: true),
      ])
    for (dimensions, all) in data.series.prefix(20) {
      table.add([
        "\(Numbers.series(dimensions, words))", "\(Numbers.count(all.sessions))",
        "\(Numbers.share(all.bounceRate, words))", "\(Numbers.duration(all.meanDurationMs, words))",
        "\(all.meanEvents.map { words.results.short(.number(""), $0) } ?? words.frame.missing)",
      ])
    }
    let rest = data.series.count - 20
    let more: HTML = rest > 0 ? "<p class=\"muted\">\(words.results.more(rest))</p>" : .empty
    return "<h2>\(words.series.series)</h2>\(table.html)\(more)"
  }

  private static func events(_ asked: Asked, _ data: SessionData) -> HTML {
    let words = asked.words.series
    let entries = data.days.reduce(into: [:]) { $0.merge($1.entries, uniquingKeysWith: +) }
    let exits = data.days.reduce(into: [:]) { $0.merge($1.exits, uniquingKeysWith: +) }
    func bars(_ title: String, _ counts: [String: Int64], _ id: String) -> HTML {
      let all = counts.values.reduce(0, +)
      let top = counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.prefix(10)
      let list = BarList(
        title: title, unit: .count(""),
        bars: top.map {
          BarList.Bar(
            name: $0.key, value: Double($0.value),
            note: all > 0 ? ValueUnit.share.short(Double($0.value) / Double(all)) : "")
        })
      return "<div class=\"card\">\(PageFrame.smallChart(asked, list, id: id))</div>"
    }
    return """
      <div class="grid">\(bars(words.entry, entries, "entry"))\(bars(words.exit, exits, "exit"))\
      </div>
      """
  }

  private static func table(_ asked: Asked, _ name: String, _ data: SessionData) -> HTML {
    let words = asked.words
    var table = PageTable(
      words.results.table,
      [
        .init(words.series.day), .init(words.series.count, isNumber: true),
        .init(words.series.events, isNumber: true), .init(words.series.bounceRate, isNumber: true),
        .init(words.series.meanDuration, isNumber: true), .init(words.results.status),
      ])
    for day in data.days.reversed().prefix(60) {
      table.add([
        "\(day.day)", "\(Numbers.count(day.sessions))", "\(Numbers.count(day.events))",
        "\(Numbers.share(day.bounceRate, words))", "\(Numbers.duration(day.meanDurationMs, words))",
        Numbers.status(day.status, words),
      ])
    }
    let csv = asked.link(
      "/api/v1/sessions/\(URLText.encoded(name))/rows", ["format": "csv", "limit": "1000"],
      keeping: ["from", "to"])
    return """
      <h2>\(words.results.table)</h2><p><a href="\(csv)">\(words.frame.csv)</a></p>\(table.html)
      """
  }
}
