import StreamCore

/// The canonical text of what decides a pipeline's results.
///
/// One fact a line, sorted within each part, names in place of slots, blanks in expressions made
/// even. Left out: brokers, topics, credentials, sinks, paths, storage, tests, and the options that
/// change when results come but not what they are (`idle_after`, `when_idle` and `max_drift`: the
/// idle marks in the log say what they did).
enum Definition {
  /// The text of `plan`.
  static func text(of plan: PipelinePlan) -> String {
    var lines = ["pipeline 1", "name \(plan.name)", "zone \(plan.zone.name)"]
    lines.append(
      "time lateness=\(plan.time.latenessMs) max_ahead=\(plan.time.maxAheadMs) "
        + "not_before=\(plan.time.notBefore.ms) dedup=\(optional(plan.time.dedupMs))")
    for source in plan.sources { lines += self.lines(of: source, plan) }
    for field in plan.derived.sorted(by: { $0.name < $1.name }) {
      lines.append("derive \(field.name) = \(normalised(field.expression.text))")
    }
    if let line = pseudonyms(plan) { lines.append("pseudonymize \(line)") }
    if let filter = plan.filter { lines.append("filter \(normalised(filter.text))") }
    for trait in plan.traits {
      lines.append(
        "trait \(trait.name) \(trait.kind.rawValue) = \(normalised(trait.expression.text))")
    }
    for metric in plan.metrics.sorted(by: { $0.name < $1.name }) { lines += self.lines(of: metric) }
    for formula in plan.formulas.sorted(by: { $0.name < $1.name }) {
      lines.append("formula \(formula.name) = \(normalised(formula.expression.text))")
    }
    for funnel in plan.funnels { lines += self.lines(of: funnel) }
    for retention in plan.retentions { lines += self.lines(of: retention) }
    for session in plan.sessions { lines += self.lines(of: session) }
    for lifecycle in plan.lifecycles { lines += self.lines(of: lifecycle) }
    for kpi in plan.kpis.sorted(by: { $0.name < $1.name }) { lines += self.lines(of: kpi) }
    for risk in plan.risks { lines += self.lines(of: risk) }
    for alert in plan.alerts { lines += self.lines(of: alert) }
    return lines.joined(separator: "\n") + "\n"
  }

  /// Which fields are made pseudonyms, and by which key as far as that may be told.
  static func pseudonyms(_ plan: PipelinePlan) -> String? {
    plan.pseudonyms.map { own in
      own.names.map(JSONText.quoted).joined(separator: " ") + " key=\(own.fingerprint ?? "?")"
    }
  }

  static func lines(of source: SourcePlan, _ plan: PipelinePlan) -> [String] {
    var lines = [
      "source \(source.name) zone=\(source.zone.name) keyed=\(source.keyed) "
        + "lateness=\(optional(source.latenessMs))"
    ]
    switch source.format {
    case .json: lines.append(" json")
    case .csv(let csv):
      let header = csv.header.map { $0.map(JSONText.quoted).joined(separator: ",") } ?? "first row"
      var line = " csv delimiter=\(csv.delimiter) trim=\(csv.trim) header=\(header)"
      // Only where they are given: files without them keep the digest that they had.
      if csv.encoding != .utf8 { line += " encoding=\(csv.encoding.rawValue)" }
      if let thousands = csv.thousands { line += " thousands=\(thousands.separator)" }
      lines.append(line)
    }
    switch source.timeFormat {
    case .automatic: break
    case .pattern(let pattern): lines.append(" time format \(JSONText.quoted(pattern))")
    }
    lines += zip(plan.fields, source.fields).map { name, binding in
      " field \(name) = \(text(of: binding, source))"
    }.sorted()
    return lines
  }

  static func text(of binding: FieldBinding, _ source: SourcePlan) -> String {
    switch binding {
    case .paths(let paths):
      paths.map { JSONText.quoted(PathText.joined($0)) }.joined(separator: ", ")
    case .constant(.bool(let value)): "const \(value)"
    case .constant(.int(let value)): "const \(value)"
    case .constant(.double(let value)): "const \(value)"
    case .constant(.string(let value)): "const \(JSONText.quoted(value))"
    case .recordKey: "$key"
    case .recordTimestamp: "$timestamp"
    case .recordTopic: "$topic"
    case .recordHeader(let index):
      "$headers." + (source.headers.indices.contains(index) ? source.headers[index] : "")
    case .absent: "absent"
    }
  }

  static func lines(of metric: MetricPlan) -> [String] {
    var lines = [
      "\(metric.isInternal ? "breakdown" : "metric") \(metric.name) \(text(of: metric.aggregate)) "
        + "window=\(WindowText.length(metric.window.size, metric.window.unit)) "
        + "every=\(WindowText.length(metric.window.every, metric.window.unit)) "
        + "lateness=\(optional(metric.latenessMs)) carry=\(optional(metric.carryMs)) "
        + "series_ttl=\(metric.seriesTTLMs) max_series=\(metric.maxSeries)"
    ]
    lines += part("of", metric.value) + part("where", metric.condition)
    return lines + by(metric.dimensions)
  }

  static func text(of aggregate: Aggregate) -> String {
    switch aggregate {
    case .count: "count"
    case .sum: "sum"
    case .avg: "avg"
    case .min: "min"
    case .max: "max"
    case .distinct: "distinct"
    case .distinctUsers: "distinct users"
    case .last: "last"
    case .quantile(let hundredths): "p\(hundredths)"
    }
  }

  static func optional(_ value: Int64?) -> String { value.map { String($0) } ?? "-" }

  /// A line of one expression, where there is one.
  static func part(_ what: String, _ expression: Expression?) -> [String] {
    expression.map { [" \(what) \(normalised($0.text))"] } ?? []
  }

  /// A line for each dimension.
  static func by(_ dimensions: [MetricPlan.Dimension]) -> [String] {
    dimensions.map { " by \($0.name) = \(normalised($0.expression.text))" }
  }

  /// `text` with every run of blanks outside quotes made one blank, and none at its ends.
  static func normalised(_ text: String) -> String {
    var result = ""
    var quotes = QuoteState()
    var isAfterBlank = true
    for character in text {
      let isQuoted = quotes.isOpen
      quotes.take(character)
      if isQuoted || !character.isWhitespace {
        result.append(character)
        isAfterBlank = false
      } else {
        if !isAfterBlank { result.append(" ") }
        isAfterBlank = true
      }
    }
    if !quotes.isOpen, result.hasSuffix(" ") { result.removeLast() }
    return result
  }
}
