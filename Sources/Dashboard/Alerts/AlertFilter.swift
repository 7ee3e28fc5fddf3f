import SnapshotStore
import StreamCore

/// Which alerts and findings a request is about.
struct AlertFilter {
  static let open: [AlertState] = [.firing, .recovering, .pending]
  static let past: [AlertState] = [.resolved]

  private static let groups = ["open", "past"]
  private static let alertStates = groups + AlertState.allCases.map(\.rawValue)
  private static let findingStates = groups + FindingStatus.allCases.map(\.rawValue)

  /// Of lists of alerts.
  static let ofAlerts = parameters(alertStates, "A state of alerts, or open or past ones.")
  /// Of lists of findings.
  static let ofFindings = parameters(findingStates, "A status of findings, or open or past ones.")
  /// Of the page that shows either.
  static let parameters = parameters(
    alertStates + FindingStatus.allCases.map(\.rawValue),
    "A state of alerts, a status of findings, or open or past ones.")

  private static func parameters(_ states: [String], _ text: String) -> [Parameter] {
    [
      .query("state", .choice(states), text),
      .query("rule", .text(max: 256), "Name of the rule."),
      .query("kind", .choice(AlertKind.allCases.map(\.rawValue)), "Of results, or of the worker."),
      .query("severity", .choice(["info", "warning", "critical"]), "How urgent."),
      .query("owner", .text(max: 256), "Whose."),
    ] + TimeSpan.parameters
  }
  /// Their names but those of the range.
  static let ownNames = ["state", "rule", "kind", "severity", "owner"]
  static let names = ownNames + TimeSpan.names

  /// States that are asked for by name; nil: the usual ones of each list.
  var states: [AlertState]?
  var showsOpen = true
  var showsPast = true
  /// What both lists have in common; for alerts without states.
  var alerts = AlertQuery()
  var findings = FindingQuery()
  /// Back from the greatest clock, or a reader's own.
  let span: TimeSpan
  /// The end of the range: as asked, or the greatest clock.
  let end: EventTime?
  private let clock: EventTime?

  init(_ asked: Asked) throws {
    clock = try asked.reader.partitions().compactMap(\.clock).max()
    span = TimeSpan(asked, end: clock, usual: .all)
    end = span.to ?? clock
    alerts.rule = asked.text("rule")
    alerts.kind = asked.text("kind").flatMap(AlertKind.init)
    alerts.severity = asked.text("severity")
    alerts.owner = asked.text("owner")
    (alerts.from, alerts.to) = (span.from, span.to)
    alerts.limit = Int(asked.integer("limit") ?? 50)
    findings.rule = alerts.rule
    findings.severity = alerts.severity
    findings.owner = alerts.owner
    (findings.from, findings.to) = (span.from, span.to)
    findings.limit = alerts.limit
    take(state: asked.text("state"))
  }

  private mutating func take(state: String?) {
    guard let state else { return }
    switch state {
    case "open":
      showsPast = false
      findings.isOpen = true
    case "past":
      showsOpen = false
      findings.isPast = true
    default:
      if let state = AlertState(rawValue: state) {
        states = [state]
        showsOpen = Self.open.contains(state)
        showsPast = !showsOpen
      }
      if let status = FindingStatus(rawValue: state) { findings.statuses = [status] }
    }
  }

  /// Alerts for programs: all states unless some are asked for.
  var listed: AlertQuery {
    var query = alerts
    query.states = states ?? (showsOpen && showsPast ? [] : showsOpen ? Self.open : Self.past)
    return query
  }
}

/// The form that narrows lists of alerts.
struct AlertFilterForm {
  private let filter: AlertFilter
  private let rules: [RuleRow]
  private let asked: Asked
  private let part: AlertsPage.Part

  init(_ filter: AlertFilter, _ rules: [RuleRow], _ asked: Asked, _ part: AlertsPage.Part) {
    self.filter = filter
    self.rules = rules
    self.asked = asked
    self.part = part
  }

  var html: HTML {
    let words = asked.words.alerts
    let name = { (raw: String) in (raw, words.names[raw] ?? raw) }
    let isFindings = part == .findings
    let states =
      isFindings
      ? ["open", "past"] + FindingStatus.allCases.map(\.rawValue)
      : ["open", "past"] + AlertState.allCases.map(\.rawValue)
    let known = rules.filter { ($0.kind == .risk) == isFindings }
    let owners = Set(known.compactMap(\.owner)).sorted()
    var fields: HTML = .select(
      "state", label: words.state, [("", words.anyState)] + states.map(name),
      chosen: asked.text("state") ?? "")
    fields += .select(
      "rule", label: words.rule, [("", words.anyRule)] + known.map { ($0.rule, $0.rule) },
      chosen: asked.text("rule") ?? "")
    fields += .select(
      "severity", label: words.severity,
      [("", words.anySeverity)] + ["critical", "warning", "info"].map(name),
      chosen: asked.text("severity") ?? "")
    if !owners.isEmpty {
      fields += .select(
        "owner", label: words.owner, [("", words.anyOwner)] + owners.map { ($0, $0) },
        chosen: asked.text("owner") ?? "")
    }
    let kept = TimeSpan.names.html { name -> HTML in
      guard let value = asked.text(name) else { return .empty }
      return "<input type=\"hidden\" name=\"\(name)\" value=\"\(value)\">"
    }
    let picker = filter.span.picker(
      asked, path: "/alerts", end: filter.end, keeping: ["show"] + AlertFilter.ownNames,
      presets: [.hours24, .days7, .days30, .days90, .all])
    return """
      <form class="filter" method="get" action="/alerts" data-submit-on-change>
      <input type="hidden" name="show" value="\(part.rawValue)">
      \(kept)\(fields)<button>\(asked.words.frame.show)</button></form>
      \(picker)
      """
  }
}
