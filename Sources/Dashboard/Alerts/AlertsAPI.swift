import PipelineSpec
import SnapshotStore
import StreamCore

/// Alerts, findings and what people do about them, for programs.
enum AlertsAPI {
  static let endpoints: [Endpoint] = [
    .api(
      "/alerts", summary: "Alerts, the newest first.",
      parameters: AlertFilter.ofAlerts + [.limit(100), .cursor, .format],
      response: AlertListing.alerts.schema
    ) { asked in
      let filter = try AlertFilter(asked)
      var query = filter.listed
      query.limit = Int(asked.integer("limit") ?? 100)
      let page = try asked.reader.alertPage(query, after: try asked.cursor())
      return AlertListing.alerts.answer(
        page.rows.map(asked.shown), next: page.next?.description, to: asked)
    },
    .api(
      "/alerts/{id}", summary: "Everything about one alert.", parameters: [AlertChange.id],
      response: AlertListing.alertStory
    ) { asked in
      let story = try StoryPage.story(asked)
      guard let alert = story.alert else { throw noSuch("alert", asked) }
      let record = AlertRecord(
        alert: alert, acknowledgements: story.acknowledgements, verdict: story.verdicts.first)
      return AlertListing.answer(AlertListing.alerts.json(asked.shown(record)), story, asked)
    },
    .api(
      "/findings", summary: "Findings, the newest first; entities masked unless the token may see.",
      parameters: AlertFilter.ofFindings + [.limit(100), .cursor, .format],
      response: AlertListing.findings.schema
    ) { asked in
      let filter = try AlertFilter(asked)
      var query = filter.findings
      query.limit = Int(asked.integer("limit") ?? 100)
      let page = try asked.reader.findingPage(query, after: try asked.cursor())
      let rows = page.rows.map { ShownFinding(record: $0, asked) }
      return AlertListing.findings.answer(rows, next: page.next?.description, to: asked)
    },
    .api(
      "/findings/{id}", summary: "Everything about one finding.", parameters: [AlertChange.id],
      response: AlertListing.findingStory
    ) { asked in
      let story = try StoryPage.story(asked)
      guard let finding = story.finding else { throw noSuch("finding", asked) }
      let record = FindingRecord(
        finding: finding, acknowledgements: story.acknowledgements, verdict: story.verdicts.first)
      return AlertListing.answer(
        AlertListing.findings.json(ShownFinding(record: record, asked)), story, asked)
    },
    .change(
      "/alerts/{id}/acknowledge", summary: "Notes that the holder of the token has seen it.",
      parameters: [AlertChange.id, AlertChange.note],
      response: AlertListing.acknowledgements.rowSchema
    ) { asked in
      .json(AlertListing.acknowledgements.json(try AlertChange.acknowledge(asked)))
    },
    .change(
      "/alerts/{id}/verdict", summary: "Says what an alert or a finding was.",
      parameters: [AlertChange.id, AlertChange.verdict, AlertChange.note],
      response: AlertListing.verdicts.rowSchema
    ) { asked in .json(AlertListing.verdicts.json(try AlertChange.judge(asked))) },
    .api(
      "/silences", summary: "Silences, the newest first.",
      parameters: [.limit(100), .cursor, .format], response: AlertListing.silences.schema
    ) { asked in
      let page = try asked.reader.silencePage(
        limit: Int(asked.integer("limit") ?? 100), after: try asked.cursor())
      return AlertListing.silences.answer(
        asked.shown(page.rows), next: page.next?.description, to: asked)
    }.fresh,
    .change(
      "/silences", summary: "Silences a rule.", parameters: AlertChange.silence,
      response: AlertListing.silences.rowSchema
    ) { asked in
      let row = try AlertChange.silence(
        asked, rule: asked.text("rule") ?? "", dimensions: asked.text("dimensions") ?? "{}")
      return .json(AlertListing.silences.json(asked.shown(row)))
    },
    .change(
      "/silences/{id}/end", summary: "Ends a silence.", parameters: [AlertChange.silenceID],
      response: AlertListing.silences.rowSchema
    ) { asked in
      let row = try AlertChange.end(asked)
      return .json(AlertListing.silences.json(asked.shown(row)))
    },
    .api(
      "/transitions", summary: "What alerts did, window by window, the newest first.",
      parameters: [
        .query("rule", .text(max: 256), "Name of the rule."), .from, .to, .limit(100), .cursor,
        .format,
      ], response: AlertListing.transitions.schema
    ) { asked in
      let query = TransitionQuery(
        rule: asked.text("rule"), from: asked.time("from"), to: asked.time("to"),
        limit: Int(asked.integer("limit") ?? 100))
      let page = try asked.reader.transitions(query, after: try asked.cursor())
      return AlertListing.transitions.answer(
        asked.shown(page.rows), next: page.next?.description, to: asked)
    },
    Incidents.endpoint,
  ]

  private static func noSuch(_ kind: String, _ asked: Asked) -> Problem {
    .notFound(
      "there is no \(kind) '\(asked.path("id").prefix(64))'", whatToDo: "Look at the list of them")
  }
}

/// A finding as a visitor may see it.
struct ShownFinding: Sendable {
  let record: FindingRecord
  let entity: String
  let evidence: String?
  let figures: String

  init(record: FindingRecord, _ asked: Asked) {
    self.record = record
    entity = asked.personal(record.finding.entity)
    figures = asked.figures(record.finding.figures)
    evidence = asked.visitor.mayReveal ? record.finding.evidence : nil
  }
}

/// What was wrong, by people's verdicts, as backtests read it.
enum Incidents {
  private static let usual: Int64 = 10_000

  static let endpoint = Endpoint(
    .get, APIPath.prefix + "/incidents", kind: .api,
    summary: "What people called real, as `weir backtest --incidents` reads it.",
    parameters: [.limit(usual, max: usual), .cursor], response: .text("text/csv")
  ) { asked in
    let page = try asked.reader.judgedPage(
      .real, limit: Int(asked.integer("limit") ?? usual), after: try asked.cursor())
    var text = "incident,from,to,rule,series,by,note\r\n"
    for judged in page.rows {
      guard let incident = Incident(judged, asked) else { continue }
      let fields = [
        "\(incident.rule) \(judged.verdict.subjectID.prefix(10))",
        Instants.text(incident.from, zone: asked.file.zone),
        Instants.text(incident.to, zone: asked.file.zone), incident.rule, incident.series,
        judged.verdict.by, judged.verdict.note,
      ]
      text += fields.map { CSVText.field($0) }.joined(separator: ",") + "\r\n"
    }
    var answer = Answer.text(text, contentType: "text/csv; charset=utf-8; header=present")
    answer.link(next: page.next?.description, asked)
    return answer
  }.heavy

  /// From the first window in which a condition held to its end, or from an opening to its close.
  private struct Incident {
    var rule: String
    var from: EventTime
    var to: EventTime
    /// In which it is to be found; empty: in any. Whose series names somebody is told to nobody
    /// who may not see that.
    var series: String

    /// Nil of a health alert, whose times are not those of events.
    init?(_ judged: JudgedSubject, _ asked: Asked) {
      if let alert = judged.alert {
        let end = alert.resolved ?? alert.windowEnd
        guard alert.kind == .alert, alert.windowStart < end else { return nil }
        (rule, from, to) = (alert.rule, alert.windowStart, end)
        // Masked it would be found in no series.
        let shown = asked.dimensions(alert.dimensions)
        series = shown == alert.dimensions ? shown : ""
      } else if let finding = judged.finding {
        let least = EventTime(ms: finding.opened.ms + 1)
        (rule, from, to) = (
          finding.rule, finding.opened, max(finding.closed ?? least, least)
        )
        series = asked.visitor.mayReveal ? finding.entity : ""
      } else {
        return nil
      }
    }
  }
}
