import SnapshotStore
import StreamCore

/// The page of one alert or finding: what it was, why, who knows, who was told.
struct StoryPage {
  let asked: Asked
  let story: SubjectStory
  /// What is told first: why something was not done.
  var notice: HTML = .empty

  private var words: AlertsWords { asked.words.alerts }
  private var zone: Zone { asked.file.zone }
  private var units: WatchedUnits { WatchedUnits(asked) }
  private var missing: String { asked.words.frame.missing }

  /// Reads what the path names. Throws a 404 where there is none, or several.
  init(_ asked: Asked) throws {
    self.asked = asked
    story = try Self.story(asked)
  }

  /// The alert or finding that the path names. Throws a 404.
  static func story(_ asked: Asked) throws -> SubjectStory {
    do {
      return try asked.reader.story(of: asked.path("id")).get()
    } catch let refusal as Refusal {
      throw Problem.notFound(
        refusal.what, whatToDo: "Look at /alerts", kind: .refusal(refusal))
    }
  }

  var id: String { story.alert?.alertID ?? story.finding?.findingID ?? "" }
  var rule: String { story.alert?.rule ?? story.finding?.rule ?? "" }

  func answer() throws -> Answer {
    let chart = try story.alert.map { try AlertChart(alert: $0, asked: asked).html } ?? .empty
    let isOpen = story.alert.map { $0.resolved == nil } ?? (story.finding?.closed == nil)
    return PageFrame.answer(
      asked, .alerts, title: rule, subtitle: subtitle,
      body: """
        \(notice)
        <section id="story" data-live>\(figures)\(facts)</section>
        \(AlertActions(asked: asked, story: story, isOpen: isOpen).html)
        <section id="story-series" data-live>\(chart)\(explanation)\(evidence)</section>
        <section id="story-people" data-live><h2>\(words.people)</h2>\(people)
        \(SilenceList.table(story.silences, asked))</section>
        <section id="story-steps" data-live><h2>\(words.steps)</h2>\(steps)
        <h2>\(words.messages)</h2>\(messages)</section>
        \(commands)
        """)
  }

  private var subtitle: HTML {
    if let alert = story.alert {
      let dimensions = asked.dimensionsText(alert.dimensions)
      return """
        \(StateTag.of(alert, words)) \(severity(alert.severity)) <span>\(dimensions)</span> \
        \(asked.zoneNote)
        """
    }
    guard let finding = story.finding else { return .empty }
    return """
      \(StateTag.of(finding, words)) \(severity(finding.severity)) \
      <span><span class="muted">\(finding.entityKind)</span> \
      \(asked.personal(finding.entity))</span> \(asked.zoneNote)
      """
  }

  private func severity(_ name: String) -> HTML { .tag(words.names[name] ?? name, name) }

  // MARK: - What it is

  private var figures: HTML {
    if let alert = story.alert {
      let began = alert.opened ?? alert.windowStart
      let end = alert.resolved ?? alert.windowEnd
      // At its end the value says that it is over.
      let fired = story.alertTransitions.first { $0.to == .firing }?.value
      let isPast = alert.resolved != nil && fired != nil
      return .figures([
        (
          isPast ? words.firedValue : words.value,
          .text(units.text(isPast ? fired : alert.value, of: rule)),
          .text(PageText.values(alert.thresholds, asked.words))
        ),
        (words.fired, .text(alert.opened.map { ZoneTimes.minute($0, zone) } ?? missing), .empty),
        (
          words.ended,
          .text(alert.resolved.map { ZoneTimes.minute($0, zone) } ?? words.goesOn), .empty
        ),
        (words.lasted, .text(PageText.duration(max(0, end.ms - began.ms), asked.words)), .empty),
      ])
    }
    guard let finding = story.finding else { return .empty }
    return .figures([
      (words.fired, .text(ZoneTimes.second(finding.opened, zone)), .empty),
      (
        words.ended, .text(finding.closed.map { ZoneTimes.second($0, zone) } ?? words.goesOn),
        .empty
      ),
      (
        words.figures,
        "<small>\(PageText.values(asked.figures(finding.figures), asked.words))</small>", .empty
      ),
    ])
  }

  private var facts: HTML {
    guard let rule = story.rule else {
      return "<p class=\"notice warning\">\(words.noSuchRule)</p>"
    }
    var lines: [(String, HTML)] = []
    if let summary = rule.summary { lines.append(("", .text(summary))) }
    if let condition = RuleFacts(rule, asked.personal).condition {
      lines.append((words.condition, "<code>\(condition)</code>"))
    }
    if let runbook = rule.runbook {
      let isLink = runbook.hasPrefix("https://") || runbook.hasPrefix("http://")
      lines.append(
        (
          words.runbook,
          isLink ? "<a href=\"\(runbook)\" rel=\"noreferrer\">\(runbook)</a>" : .text(runbook)
        ))
    }
    if let owner = rule.owner { lines.append((words.owner, .text(owner))) }
    let labels = PageText.dimensions(rule.labels)
    if !labels.isEmpty { lines.append((words.labels, .text(labels))) }
    if let announced = story.finding?.announcedAs {
      lines.append((words.announcedAs, "<code>\(announced)</code>"))
    }
    return lines.html { name, text in
      "<p>\(name.isEmpty ? HTML.empty : "<span class=\"muted\">\(name)</span> ")\(text)</p>"
    }
  }

  private var explanation: HTML {
    guard let alert = story.alert, alert.opened != nil else { return .empty }
    guard let told = Explanation(alert.explanation, asked.personal),
      !told.parts.isEmpty || told.from != nil
    else {
      return "<h2>\(words.movedBy)</h2><p class=\"muted\">\(words.notExplained)</p>"
    }
    let number = { (value: Double?) in units.text(value, of: rule) }
    var table = PageTable(
      words.movedBy,
      [
        .init(words.dimension), .init(words.before, isNumber: true),
        .init(words.after, isNumber: true), .init(words.share, isNumber: true),
      ])
    for part in told.parts {
      table.add([
        .text("\(part.dimension) = \(part.value)"), .text(number(part.from)),
        .text(number(part.to)), .text("\(Int((part.share * 100).rounded()))%"),
      ])
    }
    let mover: HTML =
      told.mover.map { mover in
        "<p>\(words.movedByChild(mover.kpi, mover.moved.map(number)))</p>"
      } ?? .empty
    let isUnexplained = told.parts.isEmpty && told.mover == nil
    let none: HTML =
      isUnexplained ? "<p class=\"muted\">\(words.notExplained)</p>" : .empty
    return """
      <h2>\(words.movedBy)</h2>
      <p>\(words.movedFrom(number(told.from), number(told.to)))</p>\(mover)
      \(table.html)\(none)
      """
  }

  private var evidence: HTML {
    guard let finding = story.finding else { return .empty }
    let events = Evidence.read(finding.evidence)
    guard asked.visitor.mayReveal else {
      return """
        <h2>\(words.evidence)</h2><p class="muted">\(words.evidenceHidden(events.count))</p>
        """
    }
    var table = PageTable(
      words.evidence,
      [
        .init(words.topic), .init(words.partition, isNumber: true),
        .init(words.offset, isNumber: true),
      ])
    for event in events {
      table.add(["topic", "partition", "offset"].map { .text(event[$0].map { "\($0)" } ?? "") })
    }
    return "<h2>\(words.evidence)</h2>\(table.html)"
  }

  // MARK: - What became of it

  private var people: HTML {
    guard !story.acknowledgements.isEmpty || !story.verdicts.isEmpty else {
      return "<p class=\"muted\">\(words.nobody)</p>"
    }
    var table = PageTable(
      words.people,
      [.init(words.when, .time), .init(words.what), .init(words.by), .init(words.note, .long)])
    for (index, verdict) in story.verdicts.enumerated() {
      let name = words.verdicts[verdict.verdict.rawValue] ?? ""
      table.add(
        [
          .text(ZoneTimes.second(verdict.given, zone)), "\(words.judged) \(HTML.tag(name))",
          .text(verdict.by), .text(verdict.note),
        ], isHighlighted: index == 0)
    }
    for seen in story.acknowledgements.reversed() {
      table.add([
        .text(ZoneTimes.second(seen.acknowledged, zone)), .text(words.acknowledged),
        .text(seen.by), .text(seen.note),
      ])
    }
    return table.html
  }

  private var steps: HTML {
    guard story.alert != nil else {
      var table = PageTable(words.steps, [.init(words.when, .time), .init(words.to)])
      for step in story.findingTransitions {
        let name = words.names[step.kind.rawValue] ?? step.kind.rawValue
        table.add([.text(ZoneTimes.second(step.at, zone)), .tag(name)])
      }
      return story.findingTransitions.isEmpty
        ? "<p class=\"muted\">\(words.noSteps)</p>" : table.html
    }
    guard !story.alertTransitions.isEmpty else {
      return "<p class=\"muted\">\(words.noSteps)</p>"
    }
    var table = PageTable(
      words.steps,
      [
        .init(words.window, .time), .init(words.to), .init(words.stepValue, isNumber: true),
        .init(words.samples, isNumber: true), .init(words.judgedWith),
      ])
    for step in story.alertTransitions.suffix(200) {
      let name = words.names[step.to.rawValue] ?? step.to.rawValue
      let until = ZoneTimes.minute(step.windowEnd, zone)
      table.add([
        .text("\(ZoneTimes.minute(step.windowStart, zone)) – \(until)"),
        .tag(name, step.to.rawValue),
        .text(units.text(step.value, of: rule)), .text(PageText.count(step.samples)),
        .text(PageText.values(step.thresholds, asked.words)),
      ])
    }
    return table.html
  }

  private var messages: HTML {
    guard !story.messages.isEmpty else { return "<p class=\"muted\">\(words.noMessages)</p>" }
    return OutboxTable.html(story.messages.suffix(200), asked)
  }

  private var commands: HTML {
    let (short, file) = (id.prefix(12), asked.commandNames.file)
    return .commands(
      words.commands,
      [
        "weir alerts show \(file) \(short)",
        "weir alerts ack \(file) \(short) --by NAME --note TEXT",
        "weir alerts verdict \(file) \(short) real --by NAME --note TEXT",
        "weir alerts silence \(file) \(rule) --for 4h --by NAME --note TEXT",
      ])
  }
}
