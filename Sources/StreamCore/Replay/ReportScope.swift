/// Which rows of a run over a part of history are complete, so that they may be reported.
///
/// A stage's rows are reported from the first window on whose look-back was read. An alert counts
/// by its first window, a finding by its opening: one that began before is not reported, because
/// its beginning, and with it its id, is not known.
public struct ReportScope: Sendable, Equatable {
  /// From when the rows of each stage are complete: windows that begin then or later. Those of a
  /// stage that is not named always are; `distantFuture`: never.
  public private(set) var completeFrom: [StageName: EventTime] = [:]
  /// What ends later is not reported; nil: no end.
  public var until: EventTime?

  private var metricStarts: [String: EventTime] = [:]
  private var cohortStarts: [String: String] = [:]

  /// Everything is complete.
  public static let everything = ReportScope()

  private init() {}

  /// Makes the scope of a run that has read all events of `events` and later, of which rows from
  /// `from` on are wanted. `distantPast`: everything.
  public init(_ plan: PipelinePlan, events: EventTime, from: EventTime, until: EventTime? = nil) {
    self.init()
    self.until = until
    var starts: [StageName: EventTime] = [:]
    for (stage, lookBack) in plan.lookBacks {
      switch lookBack {
      case _ where events == .distantPast: starts[stage] = from
      case .open: starts[stage] = .distantFuture
      case .finite(let ms): starts[stage] = max(from, EventTime(ms: events.ms + ms))
      }
    }
    complete(starts.filter { $0.value > .distantPast }, plan)
  }

  /// Makes a scope of what an earlier life stored.
  public init(_ plan: PipelinePlan, completeFrom: [StageName: EventTime], until: EventTime?) {
    self.init()
    self.until = until
    complete(completeFrom, plan)
  }

  private mutating func complete(_ starts: [StageName: EventTime], _ plan: PipelinePlan) {
    completeFrom = starts
    for (stage, start) in starts {
      switch stage.kind {
      case .metrics: metricStarts[stage.name] = start
      case .lifecycle:
        for lifecycle in plan.lifecycles where lifecycle.name == stage.name {
          for name in RollingCounts.names(lifecycle) { metricStarts[name] = start }
        }
      case .retention: cohortStarts[stage.name] = Self.firstDay(from: start, plan.zone)
      case .funnels, .sessions, .kpis, .risks, .alerts: break
      }
    }
  }

  /// Whether nothing is left out.
  public var isEverything: Bool { completeFrom.isEmpty && until == nil }

  /// The first local day that begins at `time` or later; later than any when that is never.
  private static func firstDay(from time: EventTime, _ zone: Zone) -> String {
    if time >= .distantFuture { return "~" }
    let day = zone.dayNumber(of: time)
    return CivilDate(dayNumber: zone.startOfDay(day) < time ? day + 1 : day).description
  }

  /// Takes out what is not to be reported. O(rows).
  public func filter(_ rows: inout ResultRows) {
    if isEverything { return }
    rows.metrics.removeAll { row in
      metricStarts[row.metric].map { row.windowStart < $0 } ?? false
        || isOpen(row.windowEnd, row.status)
    }
    rows.funnels.removeAll {
      isBefore(.funnels, $0.funnel, $0.entryStart) || isOpen($0.entryEnd, $0.status)
    }
    rows.sessions.removeAll {
      isBefore(.sessions, $0.session, $0.dayStart) || isOpen($0.dayEnd, $0.status)
    }
    rows.retention.removeAll { row in
      cohortStarts[row.retention].map { row.cohort < $0 } ?? false
        || isOpen(row.unitEnd, row.status)
    }
    rows.kpis.removeAll {
      isBefore(.kpis, $0.kpi, $0.periodStart) || isOpen($0.asOf, $0.status)
    }
    filterAlerts(&rows)
    filterFindings(&rows)
  }

  private func isBefore(_ kind: StageName.Kind, _ name: String, _ start: EventTime) -> Bool {
    completeFrom[StageName(kind, name)].map { start < $0 } ?? false
  }

  /// Whether it would not be known yet at the end of what is wanted.
  private func isOpen(_ end: EventTime, _ status: ResultStatus) -> Bool {
    until.map { end > $0 || status == .provisional } ?? false
  }

  private func filterAlerts(_ rows: inout ResultRows) {
    var begins: [String: EventTime] = [:]
    for row in rows.alerts { begins[row.alertID] = row.windowStart }
    rows.alertTransitions.removeAll {
      isBefore(.alerts, $0.rule, begins[$0.alertID] ?? $0.windowStart)
        || isOpen($0.windowEnd, $0.status)
    }
    rows.alerts.removeAll {
      isBefore(.alerts, $0.rule, $0.windowStart) || isOpen($0.windowEnd, $0.status)
    }
  }

  private func filterFindings(_ rows: inout ResultRows) {
    var begins: [String: EventTime] = [:]
    for row in rows.findings { begins[row.findingID] = row.opened }
    let isOut = { (opened: EventTime, rule: String) in
      isBefore(.risks, rule, opened) || until.map { opened >= $0 } ?? false
    }
    rows.findingTransitions.removeAll { step in
      isOut(begins[step.findingID] ?? step.at, step.rule) || until.map { step.at >= $0 } ?? false
    }
    rows.findings.removeAll { row in
      isOut(row.opened, row.rule) || (until != nil && row.status == .provisional)
    }
    guard let until else { return }
    for index in rows.findings.indices where rows.findings[index].closed ?? .distantPast >= until {
      rows.findings[index].closed = nil
    }
  }
}
