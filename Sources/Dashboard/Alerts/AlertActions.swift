import SnapshotStore
import StreamCore

/// What people may do about one alert or finding.
struct AlertActions {
  let asked: Asked
  let story: SubjectStory
  let isOpen: Bool

  var html: HTML {
    let words = asked.words.alerts
    guard asked.visitor.mayWrite else {
      return "<h2>\(words.act)</h2>" + PageFrame.changeForm(asked, action: "", .empty)
    }
    let path = "/alerts/\(story.alert?.alertID ?? story.finding?.findingID ?? "")"
    let note: HTML = """
      <label>\(words.note) <input name="note" maxlength="2000" size="24"></label>
      """
    let verdicts = Verdict.allCases.map { ($0.rawValue, words.verdicts[$0.rawValue] ?? "") }
    let current = story.verdicts.first?.verdict.rawValue
    let scopes = [("series", words.thisSeries), ("rule", words.wholeRule)]
    let hasScope = story.finding != nil || story.alert?.dimensions != "{}"
    let scope: HTML =
      hasScope
      ? .select("scope", label: words.silenceScope, scopes, chosen: "series")
      : "<input type=\"hidden\" name=\"scope\" value=\"rule\">"
    return """
      <section><h2>\(words.act)</h2><div class="grid">
      \(card(path + "/acknowledge", note + button(words.acknowledge)))
      \(card(
        path + "/verdict",
        HTML.select("verdict", label: words.verdict, verdicts, chosen: current) + note
          + button(words.verdict), help: words.verdictHelp))
      \(card(
        path + "/silence",
        scope + HTML.select("hours", label: words.forHours, words.hours, chosen: "4") + note
          + button(words.silence), help: words.silenceHelp))
      </div></section>
      """
  }

  private func button(_ text: String) -> HTML { "<button>\(text)</button>" }

  private func card(_ action: String, _ fields: HTML, help: String = "") -> HTML {
    let help: HTML = help.isEmpty ? .empty : "<p class=\"muted\"><small>\(help)</small></p>"
    return "<div class=\"card\">\(PageFrame.changeForm(asked, action: action, fields))\(help)</div>"
  }
}

/// What people change about alerts, by forms and by the API.
enum AlertChange {
  static let id = Parameter.path(
    "id", "The alert or finding: its id, or the beginning of it.", example: "4be0a1c2")
  static let note = Parameter.field("note", .text(max: 2_000), "Why.", isRequired: false)
  static let verdict = Parameter.field(
    "verdict", .choice(Verdict.allCases.map(\.rawValue)), "What it was.", example: "real")
  static let silence: [Parameter] = [
    .field("rule", .text(max: 256), "Name of the rule.", example: "payment_trouble"),
    .field(
      "dimensions", .text(max: 2_048), "Series that are meant, as a JSON object; all without it.",
      isRequired: false),
    hours,
    .field("until", .time, "When it ends; until somebody ends it without it.", isRequired: false),
    note,
  ]
  static let hours = Parameter.field(
    "hours", .integer(1...8_760), "How long, in place of `until`.", isRequired: false)
  static let silenceID = Parameter.path("id", "Number of the silence.", example: "1")

  static let forms: [Endpoint] = [
    .form(
      "/alerts/{id}/acknowledge", summary: "Notes that somebody has seen it.",
      parameters: [id, note, ThresholdChange.back]
    ) { asked in
      _ = try acknowledge(asked)
      return .seeOther(back(asked))
    },
    .form(
      "/alerts/{id}/verdict", summary: "Says what it was.",
      parameters: [id, verdict, note, ThresholdChange.back]
    ) { asked in
      _ = try judge(asked)
      return .seeOther(back(asked))
    },
    .form(
      "/alerts/{id}/silence", summary: "Tells nobody of it for a while.",
      parameters: [
        id, .field("scope", .choice(["series", "rule"]), "What is silenced."), hours, note,
        ThresholdChange.back,
      ]
    ) { asked in
      let story = try StoryPage.story(asked)
      let rule = story.alert?.rule ?? story.finding?.rule ?? ""
      let dimensions = asked.text("scope") == "series" ? story.dimensions : "{}"
      _ = try silence(asked, rule: rule, dimensions: dimensions)
      return .seeOther(back(asked))
    },
    .form("/silences", summary: "Silences a rule.", parameters: silence + [ThresholdChange.back]) {
      asked in
      _ = try silence(
        asked, rule: asked.text("rule") ?? "", dimensions: asked.text("dimensions") ?? "{}")
      return .seeOther(back(asked))
    },
    .form(
      "/silences/{id}/end", summary: "Ends a silence.",
      parameters: [silenceID, ThresholdChange.back]
    ) { asked in
      _ = try end(asked)
      return .seeOther(back(asked))
    },
  ]

  /// Where the form was, without its place in a list.
  private static func back(_ asked: Asked) -> String {
    let back = FrameEndpoints.back(asked)
    return back == "/" ? "/alerts" : back
  }

  static func acknowledge(_ asked: Asked) throws -> Acknowledgement {
    try desk(asked) { desk in
      try desk.acknowledge(
        asked.path("id"), by: asked.visitor.name ?? "", note: asked.text("note") ?? "",
        now: asked.now
      ).get()
    }
  }

  static func judge(_ asked: Asked) throws -> VerdictRow {
    let verdict = asked.text("verdict").flatMap(Verdict.init) ?? .known
    return try desk(asked) { desk in
      try desk.judge(
        asked.path("id"), verdict: verdict, by: asked.visitor.name ?? "",
        note: asked.text("note") ?? "", now: asked.now
      ).get()
    }
  }

  static func silence(_ asked: Asked, rule: String, dimensions: String) throws -> Silence {
    var until = asked.time("until").map { WallTime(ms: $0.ms) }
    if let hours = asked.integer("hours") {
      guard until == nil else {
        throw Problem.badRequest(
          "a silence has either hours or until", whatToDo: "Leave one of them out")
      }
      until = WallTime(ms: asked.now.ms + hours * 3_600_000)
    }
    let wish = Silence(
      rule: rule, dimensions: dimensions, from: asked.now, until: until, created: asked.now,
      createdBy: asked.visitor.name ?? "", note: asked.text("note") ?? "")
    return try desk(asked) { try $0.silence(wish).get() }
  }

  static func end(_ asked: Asked) throws -> Silence {
    guard let id = Int64(asked.path("id")) else {
      throw Problem.notFound(
        "there is no such silence", whatToDo: "Look at the list of silences",
        kind: .nothingNamed(asked.path("id")))
    }
    return try desk(asked) { try $0.endSilence(id, now: asked.now).get() }
  }

  /// Runs a change on the file; refusals are problems.
  static func desk<Value>(_ asked: Asked, _ body: (PeopleDesk) throws -> Value) throws -> Value {
    let desk = try PeopleDesk.open(
      path: asked.reader.path, busyTimeoutMs: ThresholdChange.busyTimeoutMs)
    defer { desk.close() }
    return try body(desk)
  }
}
