import Charts
import SnapshotStore
import StreamCore

/// The page that people open first: is the stream healthy, what fires, how the business stands.
enum OverviewPage {
  static let endpoints: [Endpoint] = [
    Endpoint.page("/", summary: "The overview.") { asked in try page(asked) }.fresh
  ]

  private static func page(_ asked: Asked) throws -> Answer {
    let words = asked.words
    let health = try Health(asked)
    let kpis = try KPIState.all(asked)
    let series = try SeriesCards.main(asked)
    let zone = words.results.zone(asked.file.zone.name)
    return PageFrame.answer(
      asked, .overview, title: asked.file.name, subtitle: "<span class=\"muted\">\(zone)</span>",
      body: """
        \(verdict(asked, health))
        \(firing(asked, health))
        \(strip(asked, health))
        \(KPITreeView.section(asked, kpis))
        \(cards(asked, series))
        """)
  }

  // MARK: - The sentence above everything

  private static func verdict(_ asked: Asked, _ health: Health) -> HTML {
    let words = asked.words.overview
    let zone = asked.file.zone
    let sentence: String
    let kind: HTML
    switch health.verdict {
    case .firing:
      (sentence, kind) = (words.firing(health.firingCount), "problem")
    case .stuck:
      (sentence, kind) = (words.stuck, "problem")
    case .catchingUp:
      (sentence, kind) = ("\(words.catchingUp) · \(words.quiet)", "warning")
    case .file:
      let text = health.snapshot.map { words.file(ZoneTimes.second($0.taken, zone)) }
      (sentence, kind) = ("\(text ?? words.nothingYet) · \(words.quiet)", "plain")
    case .well:
      (sentence, kind) = ("\(words.well) · \(words.quiet)", "success")
    }
    let reasons: HTML =
      health.reasons.isEmpty
      ? .empty : "<div class=\"muted\">\(health.reasons.joined(separator: "; "))</div>"
    var notes: [HTML] = []
    if health.pendingCount > 0 { notes.append("\(words.pending(health.pendingCount))") }
    if health.openFindings > 0 { notes.append("\(words.findings(health.openFindings))") }
    let links: HTML =
      notes.isEmpty
      ? .empty
      : "<div><a href=\"/alerts\">\(notes.html { "<span class=\"part\">\($0)</span>" })</a></div>"
    return """
      <div class="notice verdict \(kind)" id="verdict" data-live role="status">\
      <strong>\(sentence)</strong>\(reasons)\(links)</div>
      """
  }

  // MARK: - What fires

  private static func firing(_ asked: Asked, _ health: Health) -> HTML {
    guard !health.firing.isEmpty else { return "<div id=\"firing\" data-live></div>" }
    let words = asked.words
    let units = WatchedUnits(asked)
    let items = health.firing.html { record -> HTML in
      let alert = record.alert
      let series = Dimensions.text(Dimensions.read(asked.dimensions(alert.dimensions)))
      let dimensions: HTML = series.isEmpty ? .empty : " <span class=\"muted\">\(series)</span>"
      let value = units.text(alert.value, of: alert.rule)
      let threshold = alert.threshold.map { units.text($0, of: alert.rule) }
      let line: HTML =
        threshold.map { "\(words.overview.threshold) <b class=\"number\">\($0)</b>" } ?? .empty
      let owner: HTML = alert.owner.map { "<span class=\"muted\">\($0)</span>" } ?? .empty
      let since = ZoneTimes.minute(alert.opened ?? alert.windowStart, asked.file.zone)
      let seen: HTML =
        record.acknowledgements.last.map {
          "<span class=\"tag good\">\(words.overview.seenBy($0.by))</span>"
        } ?? .empty
      let link = "/alerts/\(URLText.encoded(alert.alertID))"
      return """
        <li><span class="tag \(HTML(markup: Numbers.identifier(alert.severity)))">\
        \(alert.severity)</span>
        <a href="\(link)"><strong>\(alert.rule)</strong></a>\(dimensions)
        <span>\(words.overview.value) <b class="number">\(value)</b></span>
        <span>\(line)</span>
        <span class="muted">\(words.overview.since) \(since)</span> \(owner) \(seen)</li>

        """
    }
    let rest = Int(health.firingCount) - health.firing.count
    let more: HTML =
      "<p><a href=\"/alerts\">\(words.overview.allAlerts)</a>"
      + (rest > 0 ? " <span class=\"muted\">\(words.results.more(rest))</span>" : .empty) + "</p>"
    return """
      <section id="firing" data-live><h2>\(words.overview.firesNow)</h2>
      <ul class="firing">\(items)</ul>\(more)</section>
      """
  }

  // MARK: - The stream

  private static func strip(_ asked: Asked, _ health: Health) -> HTML {
    let words = asked.words
    let own = words.overview
    let zone = asked.file.zone
    var figures: [(name: String, value: HTML, note: HTML)] = []
    if let rate = health.perSecond {
      let read = Numbers.count(health.fates.read)
      figures.append(
        (
          own.rate,
          "\(words.results.short(.count(""), rate))<span class=\"unit\">\(own.perSecond)</span>",
          "\(read) \(own.read)"
        ))
    }
    if health.isLive {
      let lag: HTML = health.lag.map { "\(Numbers.count($0))" } ?? "\(words.frame.missing)"
      figures.append((own.lag, lag, "\(own.lagNote)"))
    }
    let isOver = health.watermark?.isEndOfInput == true
    let clock = health.clock.map { ZoneTimes.second($0, zone) } ?? words.frame.missing
    figures.append(
      (own.eventTime, "<span class=\"time\">\(clock)</span>", isOver ? "\(own.closed)" : ""))
    if let delay = health.watermarkDelayMs {
      figures.append((own.watermark, "\(Numbers.duration(delay, words))", "\(own.watermarkNote)"))
    }
    if let snapshot = health.snapshot {
      let ageMs = asked.now.ms - snapshot.taken.ms
      let age = Numbers.duration(ageMs / 1_000 * 1_000, words)
      let taken = ZoneTimes.second(snapshot.taken, zone)
      let value: HTML =
        health.isLive
        ? "\(ageMs < 1_000 ? own.justNow : own.ago(age))" : "<span class=\"time\">\(taken)</span>"
      figures.append((own.snapshot, value, health.isLive ? "\(taken)" : "#\(snapshot.id)"))
    }
    return """
      <section id="stream" data-live><h2>\(own.stream)</h2>
      \(HTML.figures(figures))
      \(fates(asked, health))</section>
      """
  }

  private static func fates(_ asked: Asked, _ health: Health) -> HTML {
    let words = asked.words.overview
    let read = health.fates.read
    guard read > 0 else { return .empty }
    let items = health.shares.html { fate -> HTML in
      let share = Double(fate.count) / Double(read)
      let isBad = fate.count > 0 && fate.name != \OverviewWords.applied
      let mark: HTML = isBad ? "" : " muted"
      return """
        <li class="fate\(mark)"><span>\(words[keyPath: fate.name])</span> \
        <b class="number">\(ValueUnit.share.short(share))</b> \
        <span class="muted number">\(Numbers.count(fate.count))</span></li>
        """
    }
    return "<ul class=\"fates\" aria-label=\"\(words.fates)\">\(items)</ul>"
  }

  // MARK: - The main series

  private static func cards(_ asked: Asked, _ cards: [HTML]) -> HTML {
    let words = asked.words.overview
    guard !cards.isEmpty else { return .empty }
    return """
      <section id="main-series" data-live><h2>\(words.mainSeries)</h2>
      <div class="grid">\(cards)</div>
      <p><a href="/series">\(words.allSeries)</a></p></section>
      """
  }
}
