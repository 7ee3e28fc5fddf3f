import StreamCore

/// Rows as a public file would hold them, by key, a table for each kind of result.
public struct ResultTables: Sendable, Equatable {
  /// Key of a row of the table `funnels`.
  public struct FunnelKey: Hashable, Sendable {
    /// Funnel, start of the entry window, and dimensions.
    public var series: MetricKey
    /// The step, from 1.
    public var step: Int

    /// Makes a key of its parts.
    public init(series: MetricKey, step: Int) {
      self.series = series
      self.step = step
    }
  }

  /// Key of a row of the table `alert_transitions`.
  public struct AlertTransitionKey: Hashable, Sendable {
    /// The alert.
    public var alertID: String
    /// End of the window that was judged.
    public var windowEnd: EventTime
    /// The state that was entered.
    public var to: AlertState

    /// Makes a key of its parts.
    public init(alertID: String, windowEnd: EventTime, to: AlertState) {
      self.alertID = alertID
      self.windowEnd = windowEnd
      self.to = to
    }
  }

  /// The table `metrics`.
  public private(set) var metrics: [MetricKey: MetricRow] = [:]
  /// The table `funnels`.
  public private(set) var funnels: [FunnelKey: FunnelRow] = [:]
  /// The table `retention`.
  public private(set) var retention: [RetentionKey: RetentionRow] = [:]
  /// The table `sessions`, by kind, start of the day, and dimensions.
  public private(set) var sessions: [MetricKey: SessionRow] = [:]
  /// The table `kpis`.
  public private(set) var kpis: [KPIKey: KPIRow] = [:]
  /// The table `alert_transitions`.
  public private(set) var alertTransitions: [AlertTransitionKey: AlertTransition] = [:]
  /// The table `alerts`, by id.
  public private(set) var alerts: [String: AlertRow] = [:]

  /// The table `findings`, by id.
  public private(set) var findings: [String: FindingRow] = [:]
  /// The table `finding_transitions`.
  public private(set) var findingTransitions: [FindingTransition] = []

  /// Empty tables.
  public init() {}

  /// Applies what one snapshot writes, removals first. A final row stays as it is: gives those that
  /// were written again with another content, in words. O(rows).
  mutating func apply(_ rows: ResultRows) -> [String] {
    for key in rows.removed { remove(key) }
    var conflicts: [String] = []
    for row in rows.metrics { Self.write(row, to: &metrics, &conflicts) }
    for row in rows.funnels { Self.write(row, to: &funnels, &conflicts) }
    for row in rows.retention { Self.write(row, to: &retention, &conflicts) }
    for row in rows.sessions { Self.write(row, to: &sessions, &conflicts) }
    for row in rows.kpis { Self.write(row, to: &kpis, &conflicts) }
    for row in rows.alertTransitions { Self.write(row, to: &alertTransitions, &conflicts) }
    for row in rows.alerts { alerts[row.alertID] = row }
    for row in rows.findings { write(row, &conflicts) }
    for transition in rows.findingTransitions where !findingTransitions.contains(transition) {
      findingTransitions.append(transition)
    }
    return conflicts
  }

  /// Takes over the rows of `others`; gives those that are here with another content, in words.
  mutating func adopt(_ others: ResultTables) -> [String] {
    var conflicts: [String] = []
    let rows = others.rows
    for row in rows.metrics { Self.take(row, into: &metrics, &conflicts) }
    for row in rows.funnels { Self.take(row, into: &funnels, &conflicts) }
    for row in rows.retention { Self.take(row, into: &retention, &conflicts) }
    for row in rows.sessions { Self.take(row, into: &sessions, &conflicts) }
    for row in rows.kpis { Self.take(row, into: &kpis, &conflicts) }
    for row in rows.alertTransitions { Self.take(row, into: &alertTransitions, &conflicts) }
    // An alert goes on: the later row holds.
    for row in rows.alerts where alerts[row.alertID].map({ $0.windowEnd < row.windowEnd }) ?? true {
      alerts[row.alertID] = row
    }
    for row in rows.findings {
      let later = findings.updateValue(row, forKey: row.findingID)
      if let later { write(later, &conflicts) }
    }
    findingTransitions =
      others.findingTransitions
      + findingTransitions.filter { !others.findingTransitions.contains($0) }
    return conflicts
  }

  /// The final rows alone.
  public var finals: ResultTables {
    var finals = ResultTables()
    finals.metrics = metrics.filter { $0.value.status == .final }
    finals.funnels = funnels.filter { $0.value.status == .final }
    finals.retention = retention.filter { $0.value.status == .final }
    finals.sessions = sessions.filter { $0.value.status == .final }
    finals.kpis = kpis.filter { $0.value.status == .final }
    finals.alertTransitions = alertTransitions.filter { $0.value.status == .final }
    finals.alerts = alerts.filter { $0.value.status == .final }
    finals.findings = findings.filter { $0.value.status == .final }
    return finals
  }

  /// Every row: by name of the stage, then window, then dimensions, then step or period. What
  /// alerts did by window end, rule and dimensions.
  public var rows: ResultRows {
    var rows = ResultRows()
    rows.metrics = metrics.values.sorted {
      ($0.metric, $0.windowStart.ms, $0.dimensions) < ($1.metric, $1.windowStart.ms, $1.dimensions)
    }
    rows.funnels = funnels.values.sorted {
      ($0.funnel, $0.entryStart.ms, $0.dimensions, $0.step)
        < ($1.funnel, $1.entryStart.ms, $1.dimensions, $1.step)
    }
    rows.retention = retention.values.sorted {
      ($0.retention, $0.cohort, $0.dimensions, $0.period)
        < ($1.retention, $1.cohort, $1.dimensions, $1.period)
    }
    rows.sessions = sessions.values.sorted {
      ($0.session, $0.dayStart.ms, $0.dimensions) < ($1.session, $1.dayStart.ms, $1.dimensions)
    }
    rows.kpis = kpis.values.sorted {
      ($0.kpi, $0.periodStart.ms, $0.asOf.ms) < ($1.kpi, $1.periodStart.ms, $1.asOf.ms)
    }
    rows.alertTransitions = alertTransitions.values.sorted {
      ($0.windowEnd.ms, $0.rule, $0.dimensions, $0.alertID, $0.to.order)
        < ($1.windowEnd.ms, $1.rule, $1.dimensions, $1.alertID, $1.to.order)
    }
    rows.alerts = alerts.values.sorted {
      ($0.rule, $0.windowStart.ms, $0.dimensions, $0.alertID)
        < ($1.rule, $1.windowStart.ms, $1.dimensions, $1.alertID)
    }
    rows.findings = findings.values.sorted {
      ($0.opened.ms, $0.rule, $0.entity, $0.findingID)
        < ($1.opened.ms, $1.rule, $1.entity, $1.findingID)
    }
    rows.findingTransitions = findingTransitions
    return rows
  }

  private mutating func remove(_ key: ResultKey) {
    switch key {
    case .metric(let key): Self.remove(key, from: &metrics)
    case .funnel(let series):
      for step in 1...FunnelPlan.stepsRange.upperBound {
        Self.remove(FunnelKey(series: series, step: step), from: &funnels)
      }
    case .retention(let key): Self.remove(key, from: &retention)
    case .session(let key): Self.remove(key, from: &sessions)
    case .kpi(let key): Self.remove(key, from: &kpis)
    }
  }

  private static func remove<Row: KeyedRow>(_ key: Row.Key, from table: inout [Row.Key: Row]) {
    if table[key]?.status != .final { table[key] = nil }
  }

  private static func write<Row: KeyedRow>(
    _ row: Row, to table: inout [Row.Key: Row], _ conflicts: inout [String]
  ) {
    if let held = table[row.key], held.status == .final {
      if held != row { conflicts.append("\(held.text), then \(row.text)") }
      return
    }
    table[row.key] = row
  }

  /// Writes a finding. A settled one only closes, once; one that says as what it was announced
  /// takes that one's place.
  private mutating func write(_ row: FindingRow, _ conflicts: inout [String]) {
    if let id = row.announcedAs, findings[id]?.status == .provisional { findings[id] = nil }
    guard var held = findings[row.findingID], held.status == .final else {
      findings[row.findingID] = row
      return
    }
    if row.status != .final { return }
    let isOther =
      held.rule != row.rule || held.entityKind != row.entityKind || held.entity != row.entity
      || held.opened != row.opened || held.figures != row.figures
      || (held.closed != nil && row.closed != nil && held.closed != row.closed)
    if isOther { conflicts.append("\(held.text), then \(row.text)") }
    held.closed = held.closed ?? row.closed
    findings[row.findingID] = held
  }

  private static func take<Row: KeyedRow>(
    _ row: Row, into table: inout [Row.Key: Row], _ conflicts: inout [String]
  ) {
    if let held = table[row.key], held != row {
      conflicts.append("\(row.text), then \(held.text)")
    }
    table[row.key] = row
  }
}

/// A row that people are shown.
protocol ShownRow: Equatable {
  /// All of it that expectations can name, for people.
  var text: String { get }
}

/// A row with its key in its table.
protocol KeyedRow: ShownRow {
  associatedtype Key: Hashable
  var key: Key { get }
  var status: ResultStatus { get }
}

extension MetricRow: KeyedRow {
  var key: MetricKey {
    MetricKey(metric: metric, windowStart: windowStart, dimensions: dimensions)
  }
}

extension FunnelRow: KeyedRow {
  var key: ResultTables.FunnelKey {
    .init(
      series: MetricKey(metric: funnel, windowStart: entryStart, dimensions: dimensions),
      step: step)
  }
}

extension RetentionRow: KeyedRow {
  var key: RetentionKey {
    RetentionKey(retention: retention, cohort: cohort, period: period, dimensions: dimensions)
  }
}

extension SessionRow: KeyedRow {
  var key: MetricKey { MetricKey(metric: session, windowStart: dayStart, dimensions: dimensions) }
}

extension KPIRow: KeyedRow {}

extension AlertTransition: KeyedRow {
  var key: ResultTables.AlertTransitionKey {
    .init(alertID: alertID, windowEnd: windowEnd, to: to)
  }
}

extension AlertState {
  /// States that are entered in one window are entered in this order.
  fileprivate var order: Int { AlertState.allCases.firstIndex(of: self) ?? 0 }
}
