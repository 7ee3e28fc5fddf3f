/// Makes the metrics of a lifecycle from its merged cells, and keeps what its rolling counts have
/// come to: cells hold only by how much they change from one unit to the next.
struct RollingCounts {
  private let plan: LifecyclePlan
  private let calendar: WindowCalendar
  /// Users active in the last 7 and 30 days as of the last closed unit, by series.
  private(set) var totals: [SeriesName: [Int64]] = [:]
  /// The last closed unit; nil before there is one.
  private(set) var lastUnit: Int64?
  /// Series with provisional rows, by unit: those that end without a value have rows to remove.
  private var shown: [Int64: Set<SeriesName>] = [:]

  init(_ plan: LifecyclePlan, calendar: WindowCalendar) {
    self.plan = plan
    self.calendar = calendar
  }

  /// The start of the last unit that has rows: up to `horizon`, and further where users were
  /// active, which the clock of a fast phone does not vouch for.
  static func reach(_ windows: [MergedGroup.Window], _ horizon: EventTime) -> EventTime {
    let active = windows.filter { window in
      window.entries.values.contains { entry in
        entry.contributions.contains { $0.value.counts[LifecycleCount.active.rawValue] != 0 }
      }
    }
    return active.map(\.start).reduce(horizon, max)
  }

  private static let kinds: [(suffix: String, count: LifecycleCount)] = [
    ("active", .active), ("new", .new), ("returning", .returning), ("resurrected", .resurrected),
    ("dormant", .dormant),
  ]

  /// Names of the metrics that a lifecycle has.
  static func names(_ plan: LifecyclePlan) -> [String] {
    kinds.map { "\(plan.name).\($0.suffix)" }
      + (plan.unit.unit == .day
        ? LifecycleStage.rolling.map { "\(plan.name).active_\($0.days)d" }
          + ["\(plan.name).stickiness"]
        : [])
  }

  private var isDaily: Bool { plan.unit.unit == .day }

  /// Puts saved totals back.
  mutating func restore(lastUnit: Int64?, totals: [SeriesName: [Int64]]) {
    self.lastUnit = lastUnit
    self.totals = totals
  }

  /// Emits the rows of a closed unit, after those of the units between the last one and it.
  mutating func finish(
    _ ordinal: Int64, _ window: MergedGroup.Window, horizon: EventTime, into rows: inout ResultRows
  ) {
    finishUnits(before: ordinal, horizon: horizon, into: &rows)
    let cells = window.entries.mapValues { $0.total().counts }
    totals = Self.added(totals, cells)
    emit(ordinal, cells, totals, .final, horizon: horizon, into: &rows)
    lastUnit = ordinal
  }

  /// Emits the rows of closed units in which nothing changed.
  mutating func finishQuiet(
    upTo watermark: EventTime, horizon: EventTime, into rows: inout ResultRows
  ) {
    guard lastUnit != nil, !totals.isEmpty else { return }
    var calendar = calendar
    let unit = calendar.ordinal(of: min(watermark, horizon))
    let isClosed = calendar.end(unit) <= watermark
    finishUnits(before: isClosed ? unit + 1 : unit, horizon: horizon, into: &rows)
  }

  private mutating func finishUnits(
    before ordinal: Int64, horizon: EventTime, into rows: inout ResultRows
  ) {
    guard let last = lastUnit, last + 1 < ordinal else { return }
    guard !totals.isEmpty else {
      lastUnit = ordinal - 1
      return
    }
    for unit in (last + 1)..<ordinal {
      emit(unit, [:], totals, .final, horizon: horizon, into: &rows)
      lastUnit = unit
    }
  }

  /// Emits provisional rows of the open units that have begun.
  mutating func show(
    _ windows: [Int64: MergedGroup.Window], horizon: EventTime, into rows: inout ResultRows
  ) {
    var running = totals
    let horizon = Self.reach(Array(windows.values), horizon)
    for (ordinal, window) in windows.sorted(by: { $0.key < $1.key }) {
      let cells = window.entries.mapValues { $0.total().counts }
      running = Self.added(running, cells)
      emit(ordinal, cells, running, .provisional, horizon: horizon, into: &rows)
      let (shownCells, shownTotals) = limited(cells, running)
      shown[ordinal, default: []].formUnion(Set(shownCells.keys).union(shownTotals.keys))
    }
  }

  private static func added(
    _ totals: [SeriesName: [Int64]], _ cells: [SeriesName: [Int64]]
  ) -> [SeriesName: [Int64]] {
    var totals = totals
    for (name, counts) in cells {
      var own = totals[name] ?? [0, 0]
      for (at, rolling) in LifecycleStage.rolling.enumerated() {
        own[at] += counts[rolling.rise.rawValue]
      }
      totals[name] = own.contains { $0 != 0 } ? own : nil
    }
    return totals
  }

  /// Cells and totals with the series beyond the limit in `"(other)"`.
  ///
  /// Only here: what comes into a rolling count must go out of it under the same name, however many
  /// series there are in the units between.
  private func limited(
    _ cells: [SeriesName: [Int64]], _ totals: [SeriesName: [Int64]]
  ) -> ([SeriesName: [Int64]], [SeriesName: [Int64]]) {
    let names = Set(cells.keys).union(totals.keys)
    guard names.count > plan.maxSeries else { return (cells, totals) }
    let ranked = names.map { ($0, SeriesTable.rank($0.text)) }.sorted {
      $0.1 != $1.1 ? $0.1 < $1.1 : $0.0 < $1.0
    }
    let other = SeriesName(SeriesKey.otherDimensions(plan.dimensions.map(\.name)))
    let going = Set(ranked[plan.maxSeries...].map(\.0))
    let fold = { (counts: [SeriesName: [Int64]]) in
      var folded: [SeriesName: [Int64]] = [:]
      for (name, own) in counts {
        let into = going.contains(name) ? other : name
        folded[into] = folded[into].map { zip($0, own).map(+) } ?? own
      }
      return folded
    }
    return (fold(cells), fold(totals))
  }

  private mutating func emit(
    _ ordinal: Int64, _ cells: [SeriesName: [Int64]], _ totals: [SeriesName: [Int64]],
    _ status: ResultStatus, horizon: EventTime, into rows: inout ResultRows
  ) {
    let start = calendar.start(ordinal)
    guard start <= horizon else { return }
    let end = calendar.end(ordinal)
    let before = shown[ordinal] ?? []
    if status == .final { shown[ordinal] = nil }
    let (cells, totals) = limited(cells, totals)
    for name in Set(cells.keys).union(totals.keys).union(before).sorted() {
      let counts = cells[name] ?? []
      let value = { (kind: LifecycleCount) in counts.isEmpty ? 0 : counts[kind.rawValue] }
      func add(_ suffix: String, _ number: Double, exact: String?, samples: Int64) {
        let metric = "\(plan.name).\(suffix)"
        guard number != 0 else {
          if before.contains(name) {
            rows.removed.append(
              .metric(MetricKey(metric: metric, windowStart: start, dimensions: name.text)))
          }
          return
        }
        rows.metrics.append(
          MetricRow(
            metric: metric, windowStart: start, windowEnd: end, dimensions: name.text,
            value: number, valueExact: exact, samples: samples, approximate: false,
            status: status))
      }
      for kind in Self.kinds {
        let count = value(kind.count)
        add(kind.suffix, Double(count), exact: String(count), samples: count)
      }
      guard isDaily else { continue }
      let rolling = totals[name] ?? [0, 0]
      for (at, entry) in LifecycleStage.rolling.enumerated() {
        add(
          "active_\(entry.days)d", Double(rolling[at]), exact: String(rolling[at]),
          samples: rolling[at])
      }
      add(
        "stickiness", rolling[1] > 0 ? Double(value(.active)) / Double(rolling[1]) : 0, exact: nil,
        samples: rolling[1])
    }
  }
}

extension LifecyclePlan {
  /// Names of the metrics that it has.
  public var resultNames: [String] { RollingCounts.names(self) }
}
