import SnapshotStore
import StreamCore

/// Pages of thresholds: which there are, and one rule's with what others would have done.
enum ThresholdsPage {
  static let endpoints: [Endpoint] = [
    .page("/thresholds", summary: "All thresholds.") { try list($0) },
    .page("/thresholds/{rule}", summary: "Thresholds of one rule.", parameters: parameters) {
      try ThresholdRulePage($0).answer()
    }.heavy,
    .page(
      "/thresholds/{rule}/preview", summary: "What other values would have done: a part of a page.",
      parameters: parameters
    ) { asked in
      let rule = try rule(asked)
      return .html(try PreviewFragment.make(try wish(asked, rule), rule, asked))
    }.heavy,
  ]

  /// Values to try are further parts of the query, `try.NAME`.
  static let parameters: [Parameter] = [
    .path("rule", "Name of the rule.", example: "payment_trouble"),
    .query("dimensions", .text(max: 2_048), "Series that are meant, as a JSON object."),
    .query("span", .choice(PreviewSpan.allCases.map(\.rawValue)), "How far to look back."),
  ]

  /// The rule that the path names. Throws a 404.
  static func rule(_ asked: Asked) throws -> RuleRow {
    let name = asked.path("rule")
    let rules = try asked.reader.rules()
    guard let rule = rules.first(where: { $0.rule == name }) else {
      throw Problem.notFound(
        "there is no rule '\(name.prefix(64))'"
          + Refusal.hint(String(name.prefix(64)), rules.map(\.rule)),
        whatToDo: "Look at /thresholds",
        kind: .refusal(
          Refusal("", whatToDo: "", kind: .unknownRule(name, known: rules.map(\.rule)))))
    }
    return rule
  }

  /// What the query wants to be tried.
  static func wish(_ asked: Asked, _ rule: RuleRow) throws -> PreviewWish {
    var wish = PreviewWish(rule: rule.rule)
    wish.span = asked.text("span").flatMap(PreviewSpan.init)
    wish.dimensions = try dimensions(asked, rule)
    let query = asked.target.drop { $0 != "?" }.dropFirst()
    for (name, value) in URLText.fields(query) ?? [] where name.hasPrefix("try.") {
      let name = String(name.dropFirst("try.".count))
      guard let threshold = rule.thresholds.first(where: { $0.name == name }), !value.isEmpty
      else { continue }
      guard let number = Double(value), number.isFinite else {
        throw Problem.badRequest(
          "\(name.prefix(64)) is not a number", kind: .notNumber(String(name.prefix(64))))
      }
      try check(number, threshold)
      wish.values[name] = number
    }
    return wish
  }

  /// Canonical JSON of a scope. Throws a problem for what the rule's series do not have.
  static func dimensions(_ asked: Asked, _ rule: RuleRow) throws -> String {
    do {
      let text = try ThresholdDesk.canonical(asked.text("dimensions") ?? "{}", of: rule)
      try asked.checkFilter(Dimensions.read(text).keys)
      return text
    } catch let error as Refusal {
      throw Problem.badRequest(
        error.what, whatToDo: "Name dimensions of the rule as JSON", kind: .refusal(error))
    }
  }

  /// Throws a problem for a value out of the threshold's bounds.
  static func check(_ value: Double, _ threshold: ThresholdPlan) throws {
    let (low, high) = (threshold.min ?? -.infinity, threshold.max ?? .infinity)
    guard value >= low, value <= high else {
      throw Problem.badRequest(
        "\(JSON.text(value)) is outside of what \(threshold.name) may be, "
          + bounds(threshold),
        kind: .outOfBounds(JSON.text(value), of: threshold.name, bounds: bounds(threshold)))
    }
  }

  /// `0 … 1`, with `–` where there is no bound; nothing without any.
  static func bounds(_ threshold: ThresholdPlan) -> String {
    if threshold.min == nil, threshold.max == nil { return "" }
    let low = threshold.min.map(JSON.text) ?? "–"
    return "\(low) … \(threshold.max.map(JSON.text) ?? "–")"
  }

  private static func list(_ asked: Asked) throws -> Answer {
    let words = asked.words.thresholds
    let kinds = Dictionary(
      try asked.reader.rules().map { ($0.rule, $0.kind) }, uniquingKeysWith: { a, _ in a })
    let standings = try asked.reader.thresholds()
    let table = StandingsTable(standings: standings, kinds: kinds, asked: asked)
    let content: HTML =
      standings.isEmpty ? "<p class=\"notice\">\(words.noRules)</p>" : table.html
    return PageFrame.answer(
      asked, .thresholds, title: asked.words.frame.thresholds, subtitle: asked.zoneNote,
      body: """
        <p class="muted">\(words.intro)</p>
        <div id="thresholds-list" data-live>\(content)</div>
        <p><a href="\(APIPath.prefix)/thresholds?format=csv">\(asked.words.frame.csv)</a></p>
        """)
  }
}

/// How thresholds stand, one row for each scope.
struct StandingsTable {
  let standings: [ThresholdStanding]
  /// Of what kind rules are; nil: the rule is not shown.
  let kinds: [String: RuleRow.Kind]?
  let asked: Asked

  private var words: ThresholdsWords { asked.words.thresholds }

  var html: HTML {
    var columns: [PageTable.Column] = [
      .init(words.threshold), .init(words.scope), .init(words.value, isNumber: true),
      .init(words.standard, isNumber: true), .init(words.bounds, isNumber: true),
      .init(words.since, .time), .init(words.by), .init(words.reason, .long),
    ]
    if kinds != nil { columns.insert(.init(words.rule), at: 0) }
    var table = PageTable(words.current, columns)
    var last: String?
    for standing in standings {
      var cells = cells(standing)
      if let kinds {
        let isNew = standing.rule != last
        last = standing.rule
        cells.insert(isNew ? name(standing.rule, kinds[standing.rule]) : .empty, at: 0)
      }
      table.add(cells)
    }
    return table.html
  }

  private func name(_ rule: String, _ kind: RuleRow.Kind?) -> HTML {
    let link = HTML.link("/thresholds/\(URLText.encoded(rule))", rule)
    return kind == .risk ? link + " " + HTML.tag(words.kindRisk) : link
  }

  private func cells(_ standing: ThresholdStanding) -> [HTML] {
    let scope = asked.dimensionsText(standing.dimensions)
    let isPerson = standing.person != nil
    let value = JSON.text(standing.value)
    let shown: HTML = isPerson ? "<strong>\(value)</strong>" : .text(value)
    let later = standing.upcoming.html { row -> HTML in
      let time = ZoneTimes.minute(row.effective, asked.file.zone)
      return "<br><small>\(words.upcoming(JSON.text(row.value), time))</small>"
    }
    let isSet = standing.holder.map { $0.origin == .person } ?? false
    let since =
      standing.holder.map {
        $0.effective.ms <= 0 ? "" : ZoneTimes.minute($0.effective, asked.file.zone)
      } ?? ""
    return [
      .text(standing.threshold.name),
      scope.isEmpty ? "<span class=\"muted\">\(words.everySeries)</span>" : .text(scope),
      shown + later, .text(JSON.text(standing.standard)),
      .text(ThresholdsPage.bounds(standing.threshold)), .text(since),
      isSet ? .text(standing.holder?.setBy ?? "") : "<span class=\"muted\">\(words.file)</span>",
      .text(isSet ? standing.holder?.reason ?? "" : ""),
    ]
  }
}
