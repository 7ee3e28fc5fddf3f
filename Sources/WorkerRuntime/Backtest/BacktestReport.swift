import StreamCore

/// How all candidates of a backtest did, in the order in which they are shown.
public struct BacktestReport: Sendable {
  /// One candidate.
  public struct Line: Sendable {
    /// What was tried.
    public var candidate: BacktestCandidate
    /// What it gave, in order of time.
    public var alerts: [BacktestAlert]
    /// Over everything that was read.
    public var whole: BacktestFigures
    /// Before the time to validate from, and from it on; nil without one.
    public var parts: (before: BacktestFigures, after: BacktestFigures)?
    /// Whether it is the best of its rule, of those that found anything.
    public var isBest = false

    /// What candidates are compared by: nothing of the part that is held back.
    public var compared: BacktestFigures { parts?.before ?? whole }
  }

  /// One rule.
  public struct Rule: Sendable {
    /// The rule and its candidates in the order in which they were given.
    public var rule: BacktestRule
    /// The part of the time that all of its candidates were judged in: what they look back on was
    /// read.
    public var range: Range<EventTime>
    /// That of the file first, then the best; without incidents those with the fewest alerts.
    public var lines: [Line]
    /// The incidents that it has to find, those that lie outside of its range left out.
    public var incidents: [Incident]
  }

  /// What was read, in event time.
  public var range: Range<EventTime>
  /// The time from which on figures are held back; nil without one.
  public var validateFrom: EventTime?
  /// The rules in the order of the plan; without those that look back further than was read.
  public var rules: [Rule]
  /// Incidents that lie outside of the events.
  public var outside: [Incident]

  /// Computes the figures of all candidates.
  ///
  /// - Throws: `WorkerError` of wrong usage for a time to validate from outside of the events, and
  ///   where nothing that the rules look back on was read.
  /// - Complexity: O(candidates · alerts · (log alerts + incidents)).
  public init(
    _ plan: BacktestPlan, _ result: BacktestResult, incidents: [Incident] = [],
    validateFrom: EventTime? = nil
  ) throws(WorkerError) {
    let range = result.range
    self.range = range
    self.validateFrom = validateFrom
    let whole = BacktestPart(range)
    outside = incidents.filter { !whole.contains($0) }
    rules = []
    for rule in plan.rules {
      guard let judged = Self.judged(range, from: result.completeFrom[rule.name]) else { continue }
      let whole = BacktestPart(judged)
      let parts = try Self.parts(of: judged, at: validateFrom)
      let own = incidents.filter {
        whole.contains($0) && ($0.rule == nil || $0.rule == rule.name)
      }
      var lines = rule.candidates.map { candidate in
        let alerts = result.alerts[candidate.key] ?? []
        let figures = { (part: BacktestPart) in
          BacktestFigures(alerts, incidents: own, part: part)
        }
        return Line(
          candidate: candidate, alerts: alerts, whole: figures(whole),
          parts: parts.map { (figures($0.before), figures($0.after)) })
      }
      Self.order(&lines)
      rules.append(Rule(rule: rule, range: judged, lines: lines, incidents: own))
    }
    guard !rules.isEmpty || plan.rules.isEmpty else {
      throw WorkerError(
        .usage,
        "nothing can be said of \(plan.rules.map(\.name).joined(separator: ", ")), which look back "
          + "further than was read",
        whatToDo: "read more with --warmup, or everything with --warmup all")
    }
  }

  /// The part of `range` from `start` on; nil where that leaves nothing of it.
  private static func judged(_ range: Range<EventTime>, from start: EventTime?) -> Range<
    EventTime
  >? {
    guard let start, start > range.lowerBound else { return range }
    return start < range.upperBound ? start..<range.upperBound : nil
  }

  private static func parts(
    of range: Range<EventTime>, at time: EventTime?
  ) throws(WorkerError) -> (before: BacktestPart, after: BacktestPart)? {
    guard let time else { return nil }
    guard let split = BacktestPart.split(range, at: time) else {
      throw WorkerError(
        .usage,
        "--validate-from \(time.text) is not between the first event and the last, "
          + "\(range.lowerBound.text) and \(range.upperBound.text)",
        whatToDo: "give a time between them")
    }
    return split
  }

  /// The rule as it stands stays first; the others come in order of merit.
  private static func order(_ lines: inout [Line]) {
    let rest = lines.dropFirst().enumerated().sorted { a, b in
      let (x, y) = (a.element.compared, b.element.compared)
      if x.isBetter(than: y) { return true }
      if y.isBetter(than: x) { return false }
      return x.alerts != y.alerts ? x.alerts < y.alerts : a.offset < b.offset
    }.map(\.element)
    lines = Array(lines.prefix(1)) + rest
    let best = lines.indices.reduce(nil as Int?) { best, index in
      guard let held = best else { return index }
      return lines[index].compared.isBetter(than: lines[held].compared) ? index : held
    }
    if let best, lines[best].compared.f1 ?? 0 > 0 { lines[best].isBest = true }
  }
}
