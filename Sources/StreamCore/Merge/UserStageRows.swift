/// Makes the rows of one stage with records of users from its merged cells.
struct UserStageRows {
  let group: GroupPlan
  let zone: Zone
  private let calendar: WindowCalendar
  /// What a lifecycle's rolling counts have come to.
  var rolling: RollingCounts?

  init(_ group: GroupPlan, zone: Zone) {
    self.group = group
    self.zone = zone
    calendar = WindowCalendar(window: group.window, zone: zone)
    if case .lifecycle(let plan) = group.stage {
      rolling = RollingCounts(plan, calendar: calendar)
    }
  }

  /// Emits the rows of a window that is closed.
  mutating func finish(
    _ ordinal: Int64, _ window: MergedGroup.Window, horizon: EventTime, into rows: inout ResultRows
  ) {
    if rolling != nil {
      rolling?.finish(ordinal, window, horizon: horizon, into: &rows)
      return
    }
    for name in window.entries.keys.sorted() {
      guard let total = window.entries[name]?.total() else { continue }
      emit(ordinal, window, name, total, .final, into: &rows)
    }
  }

  /// Emits what goes on in closed windows in which nothing happened.
  mutating func finishQuiet(
    upTo watermark: EventTime, horizon: EventTime, into rows: inout ResultRows
  ) {
    rolling?.finishQuiet(upTo: watermark, horizon: horizon, into: &rows)
  }

  /// Emits provisional rows of what changed in open windows.
  mutating func show(
    _ changed: [(Int64, MergedGroup.Window, SeriesName, CellValue)],
    _ windows: [Int64: MergedGroup.Window], horizon: EventTime, into rows: inout ResultRows
  ) {
    if rolling != nil {
      if !changed.isEmpty { rolling?.show(windows, horizon: horizon, into: &rows) }
      return
    }
    for (ordinal, window, name, total) in changed {
      emit(ordinal, window, name, total, .provisional, into: &rows)
    }
  }

  private func emit(
    _ ordinal: Int64, _ window: MergedGroup.Window, _ name: SeriesName, _ total: CellValue,
    _ status: ResultStatus, into rows: inout ResultRows
  ) {
    switch group.stage {
    case .funnel(let plan): emit(plan, window, name, total, status, into: &rows)
    case .retention(let plan):
      for period in 0...plan.periods {
        emit(plan, ordinal, period, window, name, total, status, into: &rows)
      }
    case .session(let plan): emit(plan, window, name, total, status, into: &rows)
    case .lifecycle, .risk, .firsts, nil: break
    }
  }

  /// Keys of all rows that a series of a window may have.
  func keys(
    _ window: MergedGroup.Window, _ ordinal: Int64, _ name: SeriesName
  ) -> [ResultKey] {
    let own = { (metric: String) in
      MetricKey(metric: metric, windowStart: window.start, dimensions: name.text)
    }
    switch group.stage {
    case .funnel(let plan): return [.funnel(own(plan.name))]
    case .session(let plan): return [.session(own(plan.name))]
    case .retention(let plan):
      return (0...plan.periods).map { .retention(key(plan, ordinal, $0, name)) }
    case .lifecycle(let plan):
      return RollingCounts.names(plan).map { .metric(own($0)) }
    case .risk, .firsts, nil: return []
    }
  }

  private func day(_ start: EventTime) -> String {
    CivilDate(dayNumber: zone.dayNumber(of: start)).description
  }

  // MARK: - Funnels

  private func emit(
    _ plan: FunnelPlan, _ window: MergedGroup.Window, _ name: SeriesName, _ total: CellValue,
    _ status: ResultStatus, into rows: inout ResultRows
  ) {
    // Users at a level or beyond, from those at exactly each.
    var users = total.counts
    for step in stride(from: users.count - 2, through: 0, by: -1) { users[step] += users[step + 1] }
    guard let entered = users.first, entered > 0 else {
      rows.removed.append(
        .funnel(MetricKey(metric: plan.name, windowStart: window.start, dimensions: name.text)))
      return
    }
    let entryDay = day(window.start)
    for (step, count) in users.enumerated() {
      let before = step == 0 ? entered : users[step - 1]
      rows.funnels.append(
        FunnelRow(
          funnel: plan.name, entryStart: window.start, entryEnd: window.end, entryDay: entryDay,
          dimensions: name.text, step: step + 1, stepName: plan.steps[step].name, users: count,
          conversionFromStart: Double(count) / Double(entered),
          conversionFromPrevious: before > 0 ? Double(count) / Double(before) : nil,
          p50Ms: quantile(total, step, 50, count), p90Ms: quantile(total, step, 90, count),
          status: status))
    }
  }

  private func quantile(
    _ total: CellValue, _ step: Int, _ hundredths: Int, _ users: Int64
  ) -> Int64? {
    if users == 0 { return nil }
    if step == 0 { return 0 }
    return Int64(total.quantiles[step - 1].quantile(hundredths: hundredths).rounded())
  }

  // MARK: - Retention

  private func key(
    _ plan: RetentionPlan, _ ordinal: Int64, _ period: Int, _ name: SeriesName
  ) -> RetentionKey {
    RetentionKey(
      retention: plan.name, cohort: day(calendar.start(ordinal - Int64(period))), period: period,
      dimensions: name.text)
  }

  private func emit(
    _ plan: RetentionPlan, _ ordinal: Int64, _ period: Int, _ window: MergedGroup.Window,
    _ name: SeriesName, _ total: CellValue, _ status: ResultStatus, into rows: inout ResultRows
  ) {
    let users = total.counts[period]
    let units = total.amounts.isEmpty ? 0 : total.amounts[period]
    if users == 0 && units == 0 { return }
    let amount = total.amounts.isEmpty ? nil : ExactDecimal(units: units)
    let key = key(plan, ordinal, period, name)
    rows.retention.append(
      RetentionRow(
        retention: key.retention, cohort: key.cohort, period: period, unitStart: window.start,
        unitEnd: window.end, dimensions: name.text, users: users, amount: amount?.doubleValue,
        amountExact: amount?.description, status: status))
  }

  // MARK: - Sessions

  /// Names of events that are told apart in one row.
  private static let namesMax = 100

  private func emit(
    _ plan: SessionPlan, _ window: MergedGroup.Window, _ name: SeriesName, _ total: CellValue,
    _ status: ResultStatus, into rows: inout ResultRows
  ) {
    let count = { (kind: SessionCount) in total.counts[kind.rawValue] }
    guard count(.sessions) > 0 else { return }
    rows.sessions.append(
      SessionRow(
        session: plan.name, dayStart: window.start, dayEnd: window.end, day: day(window.start),
        dimensions: name.text, sessions: count(.sessions), users: count(.users),
        events: count(.events), bounces: count(.bounces), durationMs: count(.durationMs),
        entryEvents: Self.json(total.nameCounts[0]), exitEvents: Self.json(total.nameCounts[1]),
        status: status))
  }

  /// The names with most sessions, the rest under `"(other)"`, as a JSON object with sorted keys.
  private static func json(_ counts: [SeriesName: Int64]) -> String {
    let ranked = counts.filter { $0.value != 0 }
      .sorted { $0.value != $1.value ? $0.value > $1.value : $0.key < $1.key }
    var kept = Dictionary(uniqueKeysWithValues: ranked.prefix(namesMax).map { ($0.key, $0.value) })
    let rest = ranked.dropFirst(namesMax).reduce(0) { $0 + $1.value }
    if rest > 0 { kept[SeriesName("(other)"), default: 0] += rest }
    var text: [UInt8] = [UInt8(ascii: "{")]
    for (index, entry) in kept.sorted(by: { $0.key < $1.key }).enumerated() {
      if index > 0 { text.append(UInt8(ascii: ",")) }
      CanonicalJSON.append(string: entry.key.text, to: &text)
      text.append(UInt8(ascii: ":"))
      text.append(contentsOf: String(entry.value).utf8)
    }
    text.append(UInt8(ascii: "}"))
    return String(decoding: text, as: UTF8.self)
  }
}
