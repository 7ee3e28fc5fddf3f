import Charts
import SnapshotStore
import StreamCore

/// The page of alerts, findings and silences.
struct AlertsPage {
  /// What it shows.
  enum Part: String, CaseIterable { case alerts, findings, silences }

  static let endpoints: [Endpoint] = [
    .page("/alerts", summary: "Alerts, findings, silences.", parameters: parameters) { asked in
      try AlertsPage(asked).answer()
    }.fresh,
    .page(
      "/alerts/{id}", summary: "One alert or finding.",
      parameters: [.path("id", "Its id, or the beginning of it.", example: "4be0a1c2")]
    ) { asked in try StoryPage(asked).answer() }.fresh,
  ]

  static let parameters: [Parameter] =
    [.query("show", .choice(Part.allCases.map(\.rawValue)), "What to show.")]
    + AlertFilter.parameters + [.limit(50), Parameter.cursor]

  let asked: Asked
  let filter: AlertFilter
  private let part: Part
  private let rules: [RuleRow]

  private var words: AlertsWords { asked.words.alerts }
  private var zone: Zone { asked.file.zone }

  /// Rules of the timeline, and alerts of each.
  private static let lanesMax = 12
  private static let spansMax = 2_000

  init(_ asked: Asked) throws {
    self.asked = asked
    part = asked.text("show").flatMap(Part.init) ?? .alerts
    filter = try AlertFilter(asked)
    rules = try asked.reader.rules()
  }

  func answer() throws -> Answer {
    let content: HTML =
      switch part {
      case .alerts: try alerts
      case .findings: try findings
      case .silences: try SilenceList(asked: asked, rules: rules).html
      }
    let filters = part == .silences ? HTML.empty : AlertFilterForm(filter, rules, asked, part).html
    return PageFrame.answer(
      asked, .alerts, title: asked.words.frame.alerts, subtitle: asked.zoneNote,
      body: "\(tabs)\(filters)\(content)")
  }

  private var tabs: HTML {
    let names = [Part.alerts: words.alerts, .findings: words.findings, .silences: words.silences]
    let links = Part.allCases.html { other -> HTML in
      let mark: HTML = other == part ? " aria-current=\"true\"" : ""
      let link = asked.link(
        "/alerts", ["show": other.rawValue], keeping: ["range", "from", "to"])
      return "<a href=\"\(link)\"\(mark)>\(names[other] ?? "")</a>"
    }
    return "<nav class=\"tabs\" aria-label=\"\(words.alerts)\">\(links)</nav>"
  }

  // MARK: - Alerts

  private var alerts: HTML {
    get throws {
      var sections: HTML = .empty
      let silences = try asked.reader.silences(at: asked.now)
      if filter.showsOpen, asked.text("cursor") == nil {
        var query = filter.alerts
        query.states = filter.states ?? AlertFilter.open
        // What goes on counts whenever it began.
        if filter.states == nil { query.from = nil }
        let page = try asked.reader.alertPage(query)
        let table = AlertTable(page.rows, silences, asked)
        let none: HTML = "<p class=\"notice success\">\(words.noneOpen)</p>"
        sections += """
          <section id="alerts-open" data-live><h2>\(words.open)</h2>
          \(page.rows.isEmpty ? none : table.html)</section>
          """
      }
      sections += try timeline
      if filter.showsPast {
        var query = filter.alerts
        query.states = filter.states ?? AlertFilter.past
        let page = try asked.reader.alertPage(query, after: try asked.cursor())
        let fired = try asked.reader.firedValues(of: page.rows.map(\.alert.alertID))
        let table = AlertTable(page.rows, silences, asked, fired: fired)
        let none: HTML = "<p class=\"muted\">\(words.nonePast)</p>"
        sections += """
          <section id="alerts-past" data-live><h2>\(words.past)</h2>
          \(page.rows.isEmpty ? none : table.html)\(pager(page.next))</section>
          """
      }
      return sections + links("alerts")
    }
  }

  /// When rules fired: one lane for each.
  private var timeline: HTML {
    get throws {
      var query = filter.alerts
      query.kind = query.kind ?? .alert
      query.states = [.firing, .recovering, .resolved]
      query.limit = Self.spansMax
      let rows = try asked.reader.alertPage(query).rows.map(\.alert).filter { $0.opened != nil }
      guard let first = rows.compactMap(\.opened).min() else { return .empty }
      let lanes = Set(rows.map(\.rule)).sorted().prefix(Self.lanesMax)
      let last = max(filter.end ?? first, rows.map(\.windowEnd).max() ?? first)
      let from = filter.span.from ?? first
      let margin = max(60_000, (last.ms - from.ms) / 100)
      let spans = rows.filter { lanes.contains($0.rule) }.compactMap { row in
        row.opened.map {
          TimelineChart.Span(
            lane: row.rule, from: $0, to: row.resolved,
            label: asked.dimensionsText(row.dimensions), isStrong: row.severity == "critical")
        }
      }
      let chart = TimelineChart(
        title: words.timeline, zone: zone, lanes: Array(lanes), spans: spans,
        range: EventTime(ms: from.ms - margin)..<EventTime(ms: last.ms + margin))
      return """
        <section id="alerts-timeline" data-live>
        \(asked.figure(chart, id: "timeline", caption: words.timelineHelp))</section>
        """
    }
  }

  // MARK: - Findings

  private var findings: HTML {
    get throws {
      let page = try asked.reader.findingPage(filter.findings, after: try asked.cursor())
      var table = PageTable(
        words.findings,
        [
          .init(words.state), .init(words.rule), .init(words.entity), .init(words.fired, .time),
          .init(words.ended, .time), .init(words.severity), .init(words.owner),
          .init(words.figures, .long),
          .init(words.note, .long),
        ])
      for record in page.rows {
        let row = record.finding
        let link = HTML.link("/alerts/\(row.findingID)", row.rule)
        table.add([
          StateTag.of(row, words), link,
          "<span class=\"muted\">\(row.entityKind)</span> \(asked.personal(row.entity))",
          .text(ZoneTimes.second(row.opened, zone)),
          .text(row.closed.map { ZoneTimes.second($0, zone) } ?? words.goesOn),
          .tag(words.names[row.severity] ?? row.severity, row.severity), .text(row.owner ?? ""),
          .text(PageText.values(asked.figures(row.figures), asked.words)),
          PeopleMarks.of(record.acknowledgements, record.verdict, isSilenced: false, words),
        ])
      }
      let none: HTML = "<p class=\"muted\">\(words.noFindings)</p>"
      return """
        <section id="findings" data-live>\(page.rows.isEmpty ? none : table.html)\
        \(pager(page.next))</section>
        """ + links("findings")
    }
  }

  private func pager(_ next: Cursor?) -> HTML {
    guard let next else { return .empty }
    let link = asked.link(
      "/alerts", ["cursor": next.description], keeping: ["show", "limit"] + AlertFilter.names)
    return "<p><a href=\"\(link)\" rel=\"next\">\(asked.words.frame.next)</a></p>"
  }

  private func links(_ list: String) -> HTML {
    let csv = asked.link(
      "\(APIPath.prefix)/\(list)", ["format": "csv"], keeping: AlertFilter.names)
    return """
      <p><a href="\(csv)">\(asked.words.frame.csv)</a> · \
      <a href="\(APIPath.prefix)/incidents">\(words.incidents)</a></p>
      """
  }
}

/// Alerts as rows.
struct AlertTable {
  private let rows: [AlertRecord]
  private let silences: [Silence]
  private let asked: Asked

  /// Values with which alerts fired; nil: those that were judged last are shown.
  private let fired: [String: Double]?

  init(
    _ rows: [AlertRecord], _ silences: [Silence], _ asked: Asked, fired: [String: Double]? = nil
  ) {
    self.fired = fired
    self.rows = rows
    self.silences = silences
    self.asked = asked
  }

  var html: HTML {
    let words = asked.words.alerts
    let zone = asked.file.zone
    let units = WatchedUnits(asked)
    var table = PageTable(
      words.alerts,
      [
        .init(words.state), .init(words.rule), .init(words.series), .init(words.severity),
        .init(words.owner), .init(words.fired, .time), .init(words.lasted, isNumber: true),
        .init(fired == nil ? words.value : words.firedValue, isNumber: true),
        .init(words.judgedWith), .init(words.note, .long),
      ])
    for record in rows {
      let row = record.alert
      let began = row.opened ?? row.windowStart
      let isSilenced = silences.contains { $0.covers(rule: row.rule, dimensions: row.dimensions) }
      let end = row.resolved ?? row.windowEnd
      table.add([
        StateTag.of(row, words), .link("/alerts/\(row.alertID)", row.rule),
        .text(asked.dimensionsText(row.dimensions)),
        .tag(words.names[row.severity] ?? row.severity, row.severity), .text(row.owner ?? ""),
        .text(ZoneTimes.minute(began, zone)),
        .text(PageText.duration(max(0, end.ms - began.ms), asked.words)),
        .text(units.text(fired == nil ? row.value : fired?[row.alertID], of: row.rule)),
        .text(PageText.values(row.thresholds, asked.words)),
        PeopleMarks.of(record.acknowledgements, record.verdict, isSilenced: isSilenced, words),
      ])
    }
    return table.html
  }
}

/// The mark of a state.
enum StateTag {
  static func of(_ row: AlertRow, _ words: AlertsWords) -> HTML {
    let name = words.names[row.state.rawValue] ?? row.state.rawValue
    let kind = row.state == .recovering ? "warning" : row.state.rawValue
    guard row.status == .provisional else { return .tag(name, kind) }
    let provisional = words.names["provisional"] ?? ""
    return "\(HTML.tag(name, kind)) <span class=\"provisional\">\(provisional)</span>"
  }

  static func of(_ row: FindingRow, _ words: AlertsWords) -> HTML {
    let state =
      row.status == .withdrawn ? "withdrawn" : row.closed == nil ? "open" : row.status.rawValue
    let name = words.names[state] ?? state
    let mark: HTML =
      row.status == .provisional
      ? " <span class=\"provisional\">\(words.names["provisional"] ?? "")</span>" : .empty
    return HTML.tag(name, state == "open" ? "firing" : "") + mark
  }
}

/// What people did about an alert, in a cell.
enum PeopleMarks {
  static func of(
    _ seen: [Acknowledgement], _ verdict: VerdictRow?, isSilenced: Bool, _ words: AlertsWords
  ) -> HTML {
    var marks: [HTML] = []
    if let verdict {
      let kind = verdict.verdict == .real ? "critical" : ""
      marks.append(.tag(words.verdicts[verdict.verdict.rawValue] ?? "", kind))
    }
    if isSilenced { marks.append(.tag(words.silence)) }
    if let last = seen.last {
      marks.append("<span class=\"muted\">\(words.seenBy(last.by))</span>")
    }
    return marks.html { "\($0) " }
  }
}

extension Asked {
  /// An id of a person as the visitor may see it.
  func personal(_ text: String) -> String { visitor.mayReveal ? text : Masking.masked(text) }
}
