/// Judges the closed windows of every alert rule, one by one, in order.
///
/// Owned by the merge, which hands it final rows and says how far stages are closed. What it gives
/// depends on those rows alone: not on how many windows are closed together, nor on restarts.
final class AlertJudge {
  /// A transition with what it is sorted by.
  struct Made {
    var rule: Int
    var name: SeriesName
    var row: AlertTransition
  }

  /// An alert as it stands, to be written.
  struct Changed {
    var rule: Int
    var name: SeriesName
    var open: AlertProgress.Open
    var state: AlertState
    var judgement: AlertRule.Judgement
    var thresholds: [Double]
  }

  let pipeline: String
  var signals: [AlertSignal] = []
  private(set) var rules: [AlertRule] = []
  /// Windows that end by then are not judged, by the rule's name.
  var judgedThrough: [String: EventTime] = [:]
  /// How far each rule is.
  var progress: [AlertProgress] = []
  /// Signals that read the rows of a metric, by its name.
  private var metricSignals: [String: [Int]] = [:]
  private var otherSignals: [Int] = []
  private var made: [Made] = []
  private var changed: [String: Changed] = [:]
  /// Series of breakdowns, as of the windows being judged.
  var parts: [PartsKey: AlertExplanation.Parts] = [:]
  /// Provisional alerts that stand, by id.
  var standing: [String: Standing] = [:]
  /// Windows in which provisional rules fired in the end, since rows were taken.
  var fired: Set<FiredKey> = []

  struct PartsKey: Hashable {
    var signal: Int
    var dimension: String
  }

  /// Most windows that are settled before they are judged and dropped.
  private static let windowsAtOnce = 4096

  /// Makes the judge of a pipeline's alerts; nil when it has none.
  init?(_ plan: StagePlan) {
    guard !plan.pipeline.alerts.isEmpty else { return nil }
    pipeline = plan.pipeline.name
    let zone = plan.pipeline.zone
    var known: [ResultReference: [WindowPlan: Int]] = [:]
    let add = { [self] (reference: ResultReference, window: WindowPlan) -> Int in
      if let at = known[reference]?[window] { return at }
      let source = AlertSource(reference, in: plan)
      signals.append(AlertSignal(source, window: window, zone: zone))
      known[reference, default: [:]][window] = signals.count - 1
      return signals.count - 1
    }
    for alert in plan.pipeline.alerts {
      let watch = add(alert.watch, alert.window)
      let others = alert.inputs.map { input -> Int? in
        if case .other(let reference) = input { add(reference, alert.window) } else { nil }
      }
      let breakdowns = alert.breakdowns.map { breakdown in
        breakdown.metrics.map { add(ResultReference(stage: $0), alert.window) }
      }
      let rule = AlertRule(
        alert, watch: watch, others: others, breakdowns: breakdowns, zone: zone)
      if alert.isProvisional {
        for (signal, _) in rule.lookBack { signals[signal].isShown = true }
      }
      rules.append(rule)
      progress.append(AlertProgress())
    }
    for (index, signal) in signals.enumerated() {
      if case .value = signal.source.reference.figure {
        metricSignals[signal.source.reference.stage, default: []].append(index)
      } else {
        otherSignals.append(index)
      }
    }
  }
}

// MARK: - Rows

extension AlertJudge {
  /// Takes rows, final ones or those of open windows.
  func take(_ rows: ArraySlice<MetricRow>) {
    for row in rows {
      guard let readers = metricSignals[row.metric] else { continue }
      for index in readers {
        signals[index].offer(
          AlertReading(value: row.value, samples: row.samples), start: row.windowStart,
          SeriesName(row.dimensions), isFinal: row.status == .final)
      }
    }
  }

  /// Takes a closed window in which a formula has no value although its inputs have.
  func takeMissing(_ metric: String, start: EventTime, _ name: SeriesName) {
    for index in metricSignals[metric] ?? [] {
      signals[index].offer(.noData, start: start, name, isFinal: true)
    }
  }

  /// Takes rows of stages with records of users, and of KPIs.
  func take(
    _ funnels: [FunnelRow], _ retention: [RetentionRow], _ sessions: [SessionRow], _ kpis: [KPIRow]
  ) {
    for index in otherSignals {
      signals[index].take(funnels)
      signals[index].take(retention)
      signals[index].take(sessions)
      signals[index].take(kpis)
    }
  }

  /// Takes closed slices in which KPIs have no value.
  func takeMissing(_ keys: [KPIKey]) {
    for key in keys { for index in otherSignals { signals[index].takeMissing(key) } }
  }

  /// Takes how far the open periods of watched KPIs have come.
  func takeToDate(_ rows: (_ kpi: Int) -> [KPIRow]) {
    for index in otherSignals where signals[index].isShown {
      guard case .kpi(let kpi) = signals[index].source.closing else { continue }
      signals[index].offer(toDate: rows(kpi))
    }
  }

  /// Drops rows of open windows.
  func forget(_ keys: [ResultKey]) {
    for key in keys {
      switch key {
      case .metric(let key):
        for index in metricSignals[key.metric] ?? [] {
          signals[index].forget(start: key.windowStart, SeriesName(key.dimensions))
        }
      case .funnel(let key), .session(let key):
        for index in otherSignals where signals[index].source.reference.stage == key.metric {
          signals[index].forget(start: key.windowStart, SeriesName(key.dimensions))
        }
      case .retention, .kpi:
        // Cells only fill, and open periods of KPIs are told anew each time.
        break
      }
    }
  }
}

// MARK: - Judging

extension AlertJudge {
  /// Judges every window that all results a rule reads have closed.
  ///
  /// `closed` says how far what closes a result is; `horizon` is the greatest event time of any
  /// clock.
  func advance(
    horizon: EventTime, thresholds: ThresholdSchedule, closed: (AlertSource.Closing) -> EventTime
  ) {
    let last = signals.indices.map { index in
      let through = closed(signals[index].source.closing)
      return signals[index].lastWindow(closed: through, horizon: horizon)
    }
    var hasMore = true
    while hasMore {
      hasMore = false
      for (index, last) in last.enumerated() {
        guard let last else { continue }
        let more = signals[index].settle(through: last, limit: Self.windowsAtOnce)
        hasMore = hasMore || more
      }
      parts.removeAll()
      for index in rules.indices { judge(rule: index, thresholds) }
      trim()
    }
    for index in signals.indices { signals[index].forgetOpen() }
  }

  private func judge(rule index: Int, _ thresholds: ThresholdSchedule) {
    let rule = rules[index]
    guard var next = progress[index].next ?? signals[rule.watch].begin else { return }
    var last = Int64.max
    for (signal, _) in rule.lookBack { last = min(last, signals[signal].settled ?? .min) }
    let view = AlertView(signals: signals)
    while next <= last {
      if progress[index].open.isEmpty, signals[rule.watch].series.isEmpty {
        next = last + 1
        break
      }
      judge(rule: index, window: next, view, thresholds)
      next += 1
    }
    progress[index].next = next
  }

  private func judge(
    rule index: Int, window ordinal: Int64, _ view: AlertView, _ schedule: ThresholdSchedule
  ) {
    let rule = rules[index]
    let signal = view.signals[rule.watch]
    let start = signal.calendar.start(ordinal)
    let end = signal.calendar.end(ordinal)
    guard rule.isActive(start), end > judgedThrough[rule.plan.name] ?? .distantPast else { return }
    let most = signal.source.maxSeries + 1
    let shared = rule.sharedThresholds(schedule, end)
    guard signal.series.count + progress[index].open.count <= most else {
      return judgeMany(rule: index, window: ordinal, most, view, schedule)
    }
    // Nobody has to wait, so the order is of no account.
    for (name, series) in signal.series {
      guard let reading = series.history[ordinal] else { continue }
      let thresholds = shared ?? rule.thresholds(schedule, name, end)
      guard
        let judgement = rule.judge(
          reading, ordinal, start: start, end: end, name, view, thresholds),
        judgement.window.isWhen || !progress[index].open.isEmpty
      else { continue }
      take(judgement, rule: index, name, ordinal, view, thresholds)
    }
    for name in progress[index].open.keys where signal.reading(ordinal, name) == nil {
      let thresholds = shared ?? rule.thresholds(schedule, name, end)
      if let judgement = rule.judge(
        .noData, ordinal, start: start, end: end, name, view, thresholds)
      {
        take(judgement, rule: index, name, ordinal, view, thresholds)
      }
    }
  }

  /// Judges a window of more series than may have open alerts: in order, so that who waits does not
  /// depend on that of a dictionary.
  private func judgeMany(
    rule index: Int, window ordinal: Int64, _ most: Int, _ view: AlertView,
    _ schedule: ThresholdSchedule
  ) {
    let rule = rules[index]
    let signal = view.signals[rule.watch]
    let start = signal.calendar.start(ordinal)
    let end = signal.calendar.end(ordinal)
    var names: [SeriesName] = []
    for (name, series) in signal.series where series.history[ordinal] != nil { names.append(name) }
    for name in progress[index].open.keys where signal.reading(ordinal, name) == nil {
      names.append(name)
    }
    if names.count > most { names.sort() }
    for name in names {
      let thresholds = rule.thresholds(schedule, name, end)
      guard progress[index].open[name] != nil || progress[index].open.count < most,
        let judgement = rule.judge(ordinal, start: start, end: end, name, view, thresholds)
      else { continue }
      take(judgement, rule: index, name, ordinal, view, thresholds)
    }
  }

  private func take(
    _ judgement: AlertRule.Judgement, rule index: Int, _ name: SeriesName, _ ordinal: Int64,
    _ view: AlertView, _ thresholds: [Double]
  ) {
    let rule = rules[index]
    let window = judgement.window
    var machine = progress[index].open[name]?.machine ?? AlertMachine()
    var from = machine.state
    let entered = machine.take(window, rule.limits)
    guard from != .inactive || !entered.isEmpty else { return }
    var open =
      progress[index].open[name]
      ?? AlertProgress.Open(
        id: AlertID.of(
          pipeline: pipeline, rule: rule.plan.name, name, machine.firstStart,
          isProvisional: false), machine: machine)
    open.machine = machine
    for to in entered {
      if to == .firing, open.opened == nil {
        open.opened = window.end
        open.explanation = explain(rule, name, ordinal, view)
        if rule.plan.isProvisional {
          fired.insert(FiredKey(rule: index, name: name, ordinal: ordinal))
        }
      }
      made.append(
        Made(
          rule: index, name: name,
          row: transition(
            open.id, rule, name, judgement, from: from, to: to, thresholds, .final)))
      from = to
    }
    let isOver = machine.state == .inactive
    progress[index].open[name] = isOver ? nil : open
    changed[open.id] = Changed(
      rule: index, name: name, open: open, state: entered.last ?? machine.state,
      judgement: judgement, thresholds: thresholds)
  }

  func explain(
    _ rule: AlertRule, _ name: SeriesName, _ ordinal: Int64, _ view: AlertView
  ) -> String {
    let parts = rule.plan.breakdowns.enumerated().map { index, breakdown in
      rule.breakdowns[index].map { signal -> AlertExplanation.Parts in
        let key = PartsKey(signal: signal, dimension: breakdown.dimension)
        if let known = self.parts[key] { return known }
        let made = signals[signal].parts(of: breakdown.dimension)
        self.parts[key] = made
        return made
      }
    }
    return AlertExplanation(rule: rule, ordinal: ordinal, name: name, view: view, parts: parts)
      .text { view.signals[rule.watch].calendar.start($0) }
  }

  /// Drops readings that no rule looks at again.
  private func trim() {
    var keepFrom = [Int64](repeating: .max, count: signals.count)
    for (index, rule) in rules.enumerated() {
      guard let next = progress[index].next ?? signals[rule.watch].settled.map({ $0 + 1 }) else {
        for (signal, _) in rule.lookBack { keepFrom[signal] = .min }
        continue
      }
      for (signal, windows) in rule.lookBack {
        keepFrom[signal] = min(keepFrom[signal], next - windows)
      }
    }
    for (index, ordinal) in keepFrom.enumerated() where ordinal < .max {
      signals[index].trim(before: ordinal)
    }
  }
}

// MARK: - Rows out

extension AlertJudge {
  func transition(
    _ id: String, _ rule: AlertRule, _ name: SeriesName, _ judgement: AlertRule.Judgement,
    from: AlertState, to: AlertState, _ thresholds: [Double], _ status: ResultStatus
  ) -> AlertTransition {
    AlertTransition(
      alertID: id, rule: rule.plan.name, dimensions: name.text,
      windowStart: judgement.window.start, windowEnd: judgement.window.end, from: from, to: to,
      value: judgement.reading.number, samples: judgement.reading.samples,
      thresholds: rule.thresholdsText(thresholds), status: status)
  }

  /// Adds what became known since the last call: transitions in order of (window end, rule,
  /// dimensions), and the alerts that changed.
  func takeFinals(into rows: inout ResultRows) {
    let order = made.indices.sorted { a, b in
      let (x, y) = (made[a], made[b])
      if x.row.windowEnd != y.row.windowEnd { return x.row.windowEnd < y.row.windowEnd }
      if x.rule != y.rule { return x.rule < y.rule }
      return x.name != y.name ? x.name < y.name : a < b
    }
    rows.alertTransitions += order.map { made[$0].row }
    let alerts = changed.values.sorted { a, b in
      let (x, y) = (a.judgement.window.end, b.judgement.window.end)
      if x != y { return x < y }
      if a.rule != b.rule { return a.rule < b.rule }
      return a.name != b.name
        ? a.name < b.name : a.open.machine.firstStart < b.open.machine.firstStart
    }
    rows.alerts += alerts.map { rules[$0.rule].row($0) }
    made.removeAll()
    changed.removeAll()
  }
}

extension AlertRule {
  /// Canonical JSON of its thresholds, by name.
  func thresholdsText(_ values: [Double]) -> String {
    CanonicalJSON.object(zip(plan.thresholds, values).map { ($0.name, .double($1)) })
  }

  /// The row of an alert.
  func row(_ changed: AlertJudge.Changed, status: ResultStatus = .final) -> AlertRow {
    let window = changed.judgement.window
    return AlertRow(
      alertID: changed.open.id, rule: plan.name, dimensions: changed.name.text,
      state: changed.state, severity: plan.severity, owner: plan.owner,
      windowStart: changed.open.machine.firstStart, windowEnd: window.end,
      value: changed.judgement.reading.number, threshold: changed.thresholds.first,
      thresholds: thresholdsText(changed.thresholds), opened: changed.open.opened,
      resolved: changed.state == .resolved ? window.end : nil,
      explanation: changed.open.explanation, status: status)
  }
}
