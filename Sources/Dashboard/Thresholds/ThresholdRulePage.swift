import SnapshotStore
import StreamCore

/// The page of one rule's thresholds.
struct ThresholdRulePage {
  let asked: Asked
  let rule: RuleRow
  let wish: PreviewWish
  /// What is told first: why something was not done.
  var notice: HTML = .empty

  private var words: ThresholdsWords { asked.words.thresholds }
  private var zone: Zone { asked.file.zone }
  private var path: String { "/thresholds/\(URLText.encoded(rule.rule))" }

  /// Rows of the history, and requests, that are shown.
  private static let historyMax = 100
  private static let requestsMax = 5
  /// Scopes that can be chosen.
  private static let scopesMax = 200

  /// Reads the rule that the path names, and what is to be tried. Throws a problem.
  init(_ asked: Asked) throws {
    self.asked = asked
    rule = try ThresholdsPage.rule(asked)
    wish = try ThresholdsPage.wish(asked, rule)
  }

  /// The page after a form, with what it held.
  init(_ asked: Asked, _ rule: RuleRow, _ wish: PreviewWish, notice: HTML) {
    self.asked = asked
    self.rule = rule
    self.wish = wish
    self.notice = notice
  }

  func answer() throws -> Answer {
    let standings = try asked.reader.thresholds().filter { $0.rule == rule.rule }
    guard !standings.isEmpty else {
      throw Problem.notFound(
        "the rule '\(rule.rule)' has no thresholds", whatToDo: "Look at /thresholds",
        kind: .noThresholds(rule: rule.rule))
    }
    let preview = try PreviewFragment.make(wish, rule, asked)
    let kind = rule.kind == .risk ? words.kindRisk : words.kindAlert
    let severity = HTML.tag(
      asked.words.alerts.names[rule.severity] ?? rule.severity, rule.severity)
    return PageFrame.answer(
      asked, .thresholds, title: rule.rule,
      subtitle: "\(HTML.tag(kind)) \(severity) \(asked.zoneNote)",
      body: """
        \(notice)\(facts)
        <section id="standing" data-live><h2>\(words.current)</h2>
        \(StandingsTable(standings: standings, kinds: nil, asked: asked).html)
        \(try requests)</section>
        <h2>\(words.tryOut)</h2>
        \(try tryForm(standings))
        <div id="preview">\(preview)</div>
        <h2>\(words.set)</h2>
        \(try setForms(standings))\(resets(standings))
        <section id="history" data-live><h2>\(words.history)</h2>\(try history)</section>
        \(commands)
        """)
  }

  private var facts: HTML {
    let facts = RuleFacts(rule, asked.personal)
    var lines: [HTML] = []
    if let summary = rule.summary { lines.append("<p>\(summary)</p>") }
    if let condition = facts.condition {
      lines.append(
        "<p><span class=\"muted\">\(words.condition)</span> <code>\(condition)</code></p>")
    }
    if let owner = rule.owner {
      lines.append("<p><span class=\"muted\">\(words.owner)</span> \(owner)</p>")
    }
    return lines.html { $0 }
  }

  // MARK: - Trying

  private func value(_ threshold: ThresholdPlan, _ standings: [ThresholdStanding]) -> Double {
    let scope = DimensionSet(wish.dimensions)
    let own = standings.filter {
      $0.threshold.name == threshold.name && scope.contains(DimensionSet($0.dimensions))
    }
    return wish.values[threshold.name]
      ?? own.max { DimensionSet($0.dimensions).count < DimensionSet($1.dimensions).count }?.value
      ?? threshold.standard
  }

  private func tryForm(_ standings: [ThresholdStanding]) throws -> HTML {
    let fields = rule.thresholds.html { threshold -> HTML in
      let value = value(threshold, standings)
      let id = threshold.name
      let name = "try.\(threshold.name)"
      let range = SliderRange(threshold, value: value)
      let bounds = HTML(markup: range.attributes)
      return """
        <label>\(threshold.name) <input type="range" id="slider-\(id)" value="\(JSON.text(value))" \
        data-twin="number-\(id) set-\(id)"\(bounds)></label>\
        <label>\(words.tried) <input type="number" id="number-\(id)" name="\(name)" \
        value="\(JSON.text(value))" data-twin="slider-\(id) set-\(id)" step="any"></label>
        """
    }
    let spans = PreviewSpan.allCases.map { ($0.rawValue, words.spans[$0.rawValue] ?? $0.rawValue) }
    let button = rule.kind == .risk ? words.makeCommand : words.preview
    let span: HTML =
      rule.kind == .risk
      ? .empty
      : .select(
        "span", label: words.range, [("", words.usualSpan)] + spans,
        chosen: wish.span?.rawValue ?? "")
    return """
      <form class="filter" method="get" action="\(path)" data-preview="\(path)/preview" \
      data-preview-into="preview">
      \(fields)\(try scopeField())\(span)<button>\(button)</button></form>
      <p class="muted">\(words.previewHelp)</p>
      """
  }

  private func scopeField() throws -> HTML {
    guard rule.kind == .alert, !rule.dimensions.isEmpty else { return .empty }
    let scopes = try scopes()
    return .select(
      "dimensions", label: words.scope,
      [("{}", words.everySeries)] + scopes.map { ($0, PageText.dimensions($0)) },
      chosen: wish.dimensions)
  }

  /// Scopes that newer rows suggest: each value of each dimension, then whole series.
  private func scopes() throws -> [String] {
    var found: [String] = []
    let facts = RuleFacts(rule, asked.personal)
    if let stage = facts.watch {
      for dimensions in try SeriesNames.latest(of: stage, asked.reader) {
        let pairs = DimensionSet(dimensions).pairs.sorted { $0.key < $1.key }
        for (name, value) in pairs { found.append("{\(JSON.string(name).text):\(value)}") }
        if pairs.count > 1 { found.append(dimensions) }
      }
    }
    if wish.dimensions != "{}" { found.append(wish.dimensions) }
    // What names somebody is chosen by those alone who may see it.
    found.removeAll { !asked.mayFilter(Dimensions.read($0).keys) }
    var seen: Set<String> = []
    let unique = found.filter { seen.insert($0).inserted }
    return Array(
      unique.sorted {
        let (a, b) = (DimensionSet($0), DimensionSet($1))
        return (a.count, a.text) < (b.count, b.text)
      }.prefix(Self.scopesMax))
  }

  // MARK: - Setting

  private func setForms(_ standings: [ThresholdStanding]) throws -> HTML {
    guard asked.visitor.mayWrite else { return PageFrame.changeForm(asked, action: "", .empty) }
    let scope = try scopeField()
    return rule.thresholds.html { threshold -> HTML in
      let range = SliderRange(threshold, value: value(threshold, standings))
      let bounds = HTML(markup: range.limits)
      return PageFrame.changeForm(
        asked, action: path + "/set",
        """
        <input type="hidden" name="name" value="\(threshold.name)">\
        <label>\(threshold.name) <input type="number" id="set-\(threshold.name)" name="value" \
        value="\(JSON.text(range.value))" required step="any"\(bounds)></label>\
        \(scope)\
        <label>\(words.reason) <input name="reason" required maxlength="2000" size="32"></label>\
        <label title="\(words.fromHelp)">\(words.from) \
        <input type="datetime-local" name="from"></label>\
        <button>\(words.setOne(threshold.name))</button>
        """)
    }
  }

  private func resets(_ standings: [ThresholdStanding]) -> HTML {
    let set = standings.filter {
      $0.person != nil && asked.mayFilter(Dimensions.read($0.dimensions).keys)
    }
    guard !set.isEmpty, asked.visitor.mayWrite else { return .empty }
    return set.html { standing -> HTML in
      let scope = asked.dimensionsText(standing.dimensions)
      let name = standing.threshold.name + (scope.isEmpty ? "" : " (\(scope))")
      return PageFrame.changeForm(
        asked, action: path + "/reset",
        """
        <input type="hidden" name="name" value="\(standing.threshold.name)">\
        <input type="hidden" name="dimensions" value="\(standing.dimensions)">\
        <label>\(words.resetReason) \
        <input name="reason" required maxlength="2000" size="32"></label>\
        <button class="quiet" title="\(words.resetHelp)">\(words.reset) \(name) → \
        \(JSON.text(standing.standard))</button>
        """)
    }
  }

  // MARK: - What was

  private var requests: HTML {
    get throws {
      let all = try asked.reader.requestPage(limit: 100).rows.filter { $0.rule == rule.rule }
      guard !all.isEmpty else { return .empty }
      let rows = try asked.reader.thresholdPage(rule: rule.rule, limit: Self.historyMax).rows
      let items = all.prefix(Self.requestsMax).html { request -> HTML in
        let scope = asked.dimensionsText(request.dimensions)
        let value = request.value.map(JSON.text) ?? words.reset
        let kind = ["taken": "good", "refused": "critical"][request.state.rawValue] ?? "warning"
        let text = told(request, rows)
        let time = ZoneTimes.second(request.requested, zone)
        return """
          <li>\(HTML.tag(words.states[request.state.rawValue] ?? "", kind)) \
          <strong>\(request.name)\(scope.isEmpty ? "" : " (\(scope))") → \(value)</strong> \
          <span class="muted">\(words.askedBy(request.requestedBy, time))</span><br>\
          <small>\(text)</small></li>
          """
      }
      return "<h3>\(words.requests)</h3><ul>\(items)</ul>"
    }
  }

  /// What became of a request: of a taken one by its row of the history, in the reader's words.
  private func told(_ request: ThresholdRequest, _ rows: [ThresholdRow]) -> String {
    let problems = asked.words.problems
    switch request.state {
    case .waiting: return words.waits
    case .refused: return problems.inEnglish + (asked.answer(to: request) ?? "")
    case .taken:
      let row = rows.first {
        $0.name == request.name && $0.dimensions == request.dimensions
          && $0.setBy == request.requestedBy && $0.reason == request.reason
          && $0.set >= request.requested
          && (request.value.map { [value = $0.value] in $0 == value } ?? ($0.origin == .reset))
      }
      guard let row else { return problems.inEnglish + (asked.answer(to: request) ?? "") }
      let from = row.effective.ms <= 0 ? nil : ZoneTimes.second(row.effective, zone)
      let scope = asked.dimensionsText(row.dimensions)
      return problems.taken(
        row.origin == .reset, "\(rule.rule).\(row.name)" + (scope.isEmpty ? "" : " (\(scope))"),
        JSON.text(row.value), from)
    }
  }

  private var history: HTML {
    get throws {
      let page = try asked.reader.thresholdPage(rule: rule.rule, limit: Self.historyMax)
      guard !page.rows.isEmpty else { return "<p class=\"muted\">\(words.noHistory)</p>" }
      var table = PageTable(
        words.history,
        [
          .init(words.since, .time), .init(words.threshold), .init(words.scope),
          .init(words.setValue, isNumber: true), .init(words.by), .init(words.reason, .long),
        ])
      for row in page.rows {
        let scope = asked.dimensionsText(row.dimensions)
        let since = row.effective.ms <= 0 ? "–" : ZoneTimes.minute(row.effective, zone)
        let by = row.origin == .file ? words.file : row.setBy
        table.add([
          .text(since), .text(row.name), .text(scope.isEmpty ? words.everySeries : scope),
          .text(JSON.text(row.value)),
          row.origin == .reset ? "\(by) \(HTML.tag(words.reset))" : .text(by),
          .text(row.origin == .file ? words.standard : row.reason),
        ])
      }
      let csv = "\(APIPath.prefix)\(path)/history?format=csv"
      return "\(table.html)<p><a href=\"\(csv)\">\(asked.words.frame.csv)</a></p>"
    }
  }

  private var commands: HTML {
    let name = rule.thresholds.first.map { "\(rule.rule).\($0.name)" } ?? rule.rule
    let names = asked.commandNames
    return .commands(
      words.commands,
      [
        "weir thresholds history \(names.file) --rule \(rule.rule)",
        "weir thresholds set \(names.file) \(name)=VALUE --by NAME --reason WHY",
        "weir thresholds reset \(names.file) \(name) --by NAME --reason WHY",
        "weir backtest \(names.pipeline) --sweep \(name)=LO..HI:STEP",
      ]) + asked.pipelineNote
  }
}

/// From where to where a slider goes: the threshold's bounds, or around its value.
struct SliderRange {
  var value: Double
  var low: Double
  var high: Double
  var step: Double?
  private let threshold: ThresholdPlan

  init(_ threshold: ThresholdPlan, value: Double) {
    self.threshold = threshold
    self.value = value
    let size = max(threshold.standard.magnitude, value.magnitude, 1)
    low = threshold.min ?? (min(threshold.standard, value) < 0 ? -4 * size : 0)
    high = threshold.max ?? 4 * size
    step = threshold.step
  }

  /// Of a slider.
  var attributes: String {
    let step = step.map(JSON.text) ?? JSON.text((high - low) / 200)
    return " min=\"\(JSON.text(low))\" max=\"\(JSON.text(high))\" step=\"\(step)\""
  }

  /// Of a number: the threshold's own bounds.
  var limits: String {
    (threshold.min.map { " min=\"\(JSON.text($0))\"" } ?? "")
      + (threshold.max.map { " max=\"\(JSON.text($0))\"" } ?? "")
  }
}

/// What a rule's definition says, for people.
struct RuleFacts {
  /// The stage that it watches.
  var watch: String?
  /// When it fires, as the file has it.
  var condition: String?

  /// - Parameter personal: What is masked for the visitor.
  init(_ rule: RuleRow, _ personal: PersonalDimensions) {
    let facts = Dimensions.read(rule.definition).mapValues { personal.maskedExpression("\($0)") }
    watch = facts["watch"]
    let told = ["watch", "when", "clear", "entity", "where", "sequence", "absent", "limit"]
    let parts = told.compactMap { name in facts[name].map { "\(name): \($0)" } }
    condition = parts.isEmpty ? nil : parts.joined(separator: "; ")
  }
}

/// Which series a stage has had of late.
enum SeriesNames {
  /// Dimensions of the newest rows of a stage, in their order. O(rows that are read).
  static func latest(of stage: String, _ reader: ResultsReader) throws -> [String] {
    let limit = 500
    var found = try reader.metrics(
      MetricQuery(metric: stage, limit: limit, newestFirst: true)
    ).map(\.dimensions)
    let query = StageQuery(name: stage, limit: limit, newestFirst: true)
    if found.isEmpty { found = try reader.funnels(query).map(\.dimensions) }
    if found.isEmpty { found = try reader.retention(query).map(\.dimensions) }
    if found.isEmpty { found = try reader.sessions(query).map(\.dimensions) }
    return Set(found).sorted()
  }
}
