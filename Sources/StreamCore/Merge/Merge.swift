/// Combines the contributions of all partitions, closes windows and turns them into rows.
///
/// The only place that knows every partition. It is pure: the runtime hands it reports and takes
/// rows from it. Calls for one snapshot: `absorb` every report; have the owners fold the windows
/// that `overfull()` names and absorb again; `close`; `takeRows`.
public final class Merge {
  /// A window that has more series than are kept: owners move those of a higher rank to `(other)`.
  public struct Fold: Sendable {
    /// Index of the group.
    public let group: Int
    /// The window.
    public let ordinal: Int64
    /// Series of a rank above this go.
    public let above: UInt64
  }

  let plan: StagePlan
  /// No watermark passes this: nothing that ends later is closed, judged or settled.
  public var limit = EventTime.distantFuture

  var groups: [MergedGroup]
  var formulas: [FormulaState]
  var carried: [[Int: CarriedValues]]
  private var owners: [String: Int] = [:]
  private var partitions: [PartitionID: (source: Int, clock: EventTime?)] = [:]
  var rows = ResultRows()
  /// Makes the rows of stages with records of users, by group.
  var userRows: [Int: UserStageRows] = [:]
  /// Judges alerts; nil when there are none.
  let judge: AlertJudge?
  /// Values of thresholds, as of the snapshot at hand; set between snapshots.
  public var thresholds = ThresholdSchedule([])
  /// Metrics that only explain alerts, and their rows that the judge has not taken.
  private let hidden: Set<String>
  var hiddenRows: [MetricRow] = []
  /// From when on results of stages that began later are complete, by their names: rules see
  /// nothing of windows that began before. Set before anything is closed.
  public var begins: [String: EventTime] = [:]
  /// Alert rules that began later, by name: windows that end by then were another rule's, and are
  /// not judged again. Set before anything is closed.
  public var judgedThrough: [String: EventTime] {
    get { judge?.judgedThrough ?? [:] }
    set { judge?.judgedThrough = newValue }
  }
  /// Keeps KPIs; nil when there are none.
  var kpis: KPIBook?
  /// What is known of findings that may still move or close.
  var findings = FindingBook()
  private let readers: [String: [(formula: Int, input: Int)]]
  private let formulaGroups: [Set<Int>]

  /// Makes the merge of a pipeline's stages.
  public init(plan: StagePlan) {
    self.plan = plan
    judge = AlertJudge(plan)
    kpis = KPIBook(plan)
    hidden = Set(plan.pipeline.metrics.filter(\.isInternal).map(\.name))
    groups = plan.groups.map { MergedGroup(plan: $0) }
    carried = plan.groups.map { group in
      var values: [Int: CarriedValues] = [:]
      for (index, metric) in group.metrics.enumerated() {
        if let carryMs = metric.carryMs {
          values[index] = CarriedValues(carryMs: carryMs, maxSeries: group.maxSeries)
        }
      }
      return values
    }
    formulas = plan.pipeline.formulas.map { formula in
      FormulaState(plan: formula, inputs: formula.inputs.map { Self.input($0, plan) })
    }
    var readers: [String: [(formula: Int, input: Int)]] = [:]
    for (index, formula) in plan.pipeline.formulas.enumerated() {
      for (input, name) in formula.inputs.enumerated() {
        readers[name, default: []].append((index, input))
      }
    }
    self.readers = readers
    var reached: [Set<Int>] = []
    for formula in plan.pipeline.formulas {
      var all: Set<Int> = []
      for name in formula.inputs {
        if let earlier = plan.pipeline.formulas.firstIndex(where: { $0.name == name }) {
          all.formUnion(reached.indices.contains(earlier) ? reached[earlier] : [])
        }
        for group in plan.groups where group.names.contains(name) { all.insert(group.index) }
      }
      reached.append(all)
    }
    formulaGroups = reached
    for group in plan.groups where group.stage != nil {
      userRows[group.index] = UserStageRows(group, zone: plan.pipeline.zone)
    }
  }

  private static func input(_ name: String, _ plan: StagePlan) -> FormulaState.Input {
    for group in plan.groups {
      if let metric = group.metrics.first(where: { $0.name == name }) {
        return FormulaState.Input(
          name: name, isZeroWithoutEvents: metric.isZeroWithoutEvents,
          seriesTTLMs: group.seriesTTLMs)
      }
    }
    return FormulaState.Input(name: name, isZeroWithoutEvents: false, seriesTTLMs: 0)
  }

  /// Makes a partition known before its first report, so that no window closes without it.
  public func register(_ partition: PartitionID, source: Int) {
    partitions[partition] = (source, nil)
  }

  /// Takes a report of a partition task or a shard. O(partials × owners).
  public func absorb(_ report: TaskReport) {
    let owner = owners[report.owner] ?? owners.count
    owners[report.owner] = owner
    if let progress = report.progress, let known = partitions[progress.id] {
      partitions[progress.id] = (known.source, report.clock)
    }
    findings.absorb(report.findings)
    for partial in report.partials { groups[partial.group].absorb(partial, owner: owner) }
  }

  /// The windows that owners must fold before the next `close`.
  public func overfull() -> [Fold] {
    groups.indices.flatMap { index in
      groups[index].overfull().map { Fold(group: index, ordinal: $0.ordinal, above: $0.above) }
    }
  }

  /// Drops the series that owners are about to fold; their reports on it follow.
  public func folding(_ fold: Fold) {
    for (window, ordinal, name) in groups[fold.group].fold(
      ordinal: fold.ordinal, above: fold.above)
    {
      let group = plan.groups[fold.group]
      for metric in group.metrics {
        forget(
          MetricKey(metric: metric.name, windowStart: window.start, dimensions: name.text))
      }
      rows.removed += userRows[fold.group]?.keys(window, ordinal, name) ?? []
    }
  }

  /// Drops a row and what formulas made of it.
  private func forget(_ key: MetricKey) {
    rows.removed.append(.metric(key))
    for reader in readers[key.metric] ?? [] {
      formulas[reader.formula].forget(reader.input, key)
      forget(
        MetricKey(
          metric: formulas[reader.formula].plan.name, windowStart: key.windowStart,
          dimensions: key.dimensions))
    }
  }
}

// MARK: - Watermarks

extension Merge {
  /// The pipeline watermark of group `index`: the least over partitions of clock − lateness;
  /// nil while a partition has no clock.
  func watermark(_ index: Int) -> EventTime? {
    least { plan.settlingLatenessMs(index, source: $0) }
  }

  /// The watermark up to which events behind the exchange are applied: that of the exchanged stage
  /// with the greatest lateness.
  public func exchangeWatermark() -> EventTime? {
    least { plan.ordered.exchangedLatenessMs[$0] }
  }

  /// Whether the clocks of all partitions are past everything: whatever might still come is late.
  public var isClosed: Bool {
    partitions.values.allSatisfy { $0.clock ?? .distantPast >= .distantFuture }
  }

  private func least(_ lateness: (Int) -> Int64) -> EventTime? {
    var least: EventTime?
    for (source, clock) in partitions.values {
      guard let clock else { return nil }
      let watermark = EventTime(ms: clock.ms - lateness(source))
      least = Swift.min(least ?? watermark, watermark)
    }
    return least.map { Swift.min($0, limit) }
  }

  /// The least watermark of all stages.
  public var watermark: EventTime? {
    guard !plan.groups.isEmpty else {
      return least { plan.greatestLatenessMs[$0] }
    }
    var result: EventTime?
    for index in plan.groups.indices {
      guard let watermark = watermark(index) else { return nil }
      result = Swift.min(result ?? watermark, watermark)
    }
    return result
  }

  /// For each group, up to where its windows are closed, so that owners need not keep them.
  public var released: [EventTime] { groups.map(\.closedThrough) }
}

// MARK: - Closing and rows

extension Merge {
  func closeStages(horizon: EventTime) {
    let reach = kpiReach(horizon)
    let before = ResultRows.Counts(rows)
    for index in groups.indices {
      guard let watermark = watermark(index) else { continue }
      close(group: index, upTo: watermark, horizon: horizon)
    }
    for index in formulas.indices {
      let watermark = formulaGroups[index].map { groups[$0].closedThrough }.min()
      guard let watermark else { continue }
      var rows: [(EventTime, EventTime, SeriesName, MetricResult?)] = []
      formulas[index].close(upTo: watermark) { rows.append(($0, $1, $2, $3)) }
      for (start, end, name, result) in rows {
        emit(
          formulas[index].plan.name, start, end, name, result, .final, isReplacing: true)
      }
    }
    closeKPIs(horizon: horizon, reach: reach, before: before)
    closeFindings(into: &rows)
  }

  private func close(group index: Int, upTo watermark: EventTime, horizon: EventTime) {
    let from = groups[index].closedThrough
    let closing = groups[index].close(upTo: watermark)
    kpis?.take(index, closing.map(\.window))
    if userRows[index] != nil {
      var horizon = horizon
      if userRows[index]?.rolling != nil {
        horizon = RollingCounts.reach(closing.map(\.window), horizon)
      }
      for (ordinal, window) in closing {
        userRows[index]?.finish(ordinal, window, horizon: horizon, into: &rows)
      }
      userRows[index]?.finishQuiet(upTo: watermark, horizon: horizon, into: &rows)
      return
    }
    if carried[index].isEmpty {
      for (_, window) in closing { finish(index, window, Self.totals(window)) }
      return
    }
    var calendar = WindowCalendar(window: plan.groups[index].window, zone: plan.pipeline.zone)
    var pending = closing[...]
    var next = pending.first?.ordinal
    if carried[index].values.contains(where: { !$0.isEmpty }), from > .distantPast {
      next = firstOrdinal(endingAfter: from, &calendar)
    }
    while let ordinal = next {
      let start = calendar.start(ordinal)
      let end = calendar.end(ordinal)
      guard end <= watermark, pending.first != nil || start <= horizon else { break }
      if let found = pending.first, found.ordinal == ordinal {
        pending = pending.dropFirst()
        finish(index, found.window, Self.totals(found.window))
      } else {
        finish(index, MergedGroup.Window(start: start, end: end), [:])
      }
      let goesOn = carried[index].values.contains { !$0.isEmpty }
      next = goesOn ? ordinal + 1 : pending.first?.ordinal
    }
  }

  private func firstOrdinal(endingAfter time: EventTime, _ calendar: inout WindowCalendar) -> Int64
  {
    var ordinal = calendar.ordinal(of: time)
    while calendar.end(ordinal - 1) > time { ordinal -= 1 }
    return ordinal
  }

  private static func totals(_ window: MergedGroup.Window) -> [SeriesName: CellValue] {
    window.entries.mapValues { $0.total() }
  }

  private func finish(
    _ index: Int, _ window: MergedGroup.Window, _ totals: [SeriesName: CellValue]
  ) {
    let group = plan.groups[index]
    let names = totals.keys.sorted()
    for (at, metric) in group.metrics.enumerated() where !metric.isSlice {
      var results: [SeriesName: MetricResult] = [:]
      for key in names {
        let result = totals[key].flatMap { metric.result($0, group.inputs) }
        results[key] = result
        emit(metric.name, window.start, window.end, key, result, .final, isReplacing: false)
      }
      guard let goingOn = carried[index][at]?.advance(to: window.end, with: results) else {
        continue
      }
      for (key, result) in goingOn {
        emit(metric.name, window.start, window.end, key, result, .final, isReplacing: false)
      }
    }
  }

  private func emit(
    _ metric: String, _ start: EventTime, _ end: EventTime, _ series: SeriesName,
    _ result: MetricResult?, _ status: ResultStatus, isReplacing: Bool
  ) {
    for reader in readers[metric] ?? [] {
      formulas[reader.formula].offer(
        reader.input, start: start, end: end, name: series, result: result)
    }
    guard let result else {
      if isReplacing {
        if status == .final { judge?.takeMissing(metric, start: start, series) }
        rows.removed.append(
          .metric(MetricKey(metric: metric, windowStart: start, dimensions: series.text)))
      }
      return
    }
    let row = MetricRow(
      metric: metric, windowStart: start, windowEnd: end, dimensions: series.text,
      value: result.value, valueExact: result.exact, samples: result.samples,
      approximate: result.isApproximate, status: status)
    guard hidden.isEmpty || !hidden.contains(metric) else {
      if judge != nil { hiddenRows.append(row) }
      return
    }
    rows.metrics.append(row)
  }

  func takeStageRows(provisional: Bool, horizon: EventTime) -> ResultRows {
    if provisional {
      for index in groups.indices {
        let group = plan.groups[index]
        var changed: [(Int64, MergedGroup.Window, SeriesName, CellValue)] = []
        groups[index].takeChanged { changed.append(($0, $1, $2, $3)) }
        userRows[index]?.show(changed, groups[index].windows, horizon: horizon, into: &rows)
        for (_, window, dimensions, total) in changed {
          for metric in group.metrics where !metric.isSlice {
            emit(
              metric.name, window.start, window.end, dimensions,
              metric.result(total, group.inputs), .provisional, isReplacing: false)
          }
        }
      }
      for index in formulas.indices {
        var changed: [(EventTime, EventTime, SeriesName, MetricResult?)] = []
        formulas[index].takeChanged { changed.append(($0, $1, $2, $3)) }
        for (start, end, dimensions, result) in changed {
          emit(
            formulas[index].plan.name, start, end, dimensions, result, .provisional,
            isReplacing: true)
        }
      }
      showKPIs(horizon: horizon)
    }
    defer { rows = ResultRows() }
    return rows
  }
}
