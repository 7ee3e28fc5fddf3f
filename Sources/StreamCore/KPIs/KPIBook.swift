/// What the merge knows of KPIs: totals of running periods, and what they came to slice by slice.
///
/// A value: a copy may look ahead. Closed windows are taken in order; `advance` then goes through
/// the slices that everything a KPI reads has closed. What it gives is the same whichever windows
/// are closed together.
struct KPIBook {
  /// The running total of a group of metrics, or of first events, over a period.
  struct Total {
    let group: Int
    let clock: Int
    let parts: GroupPlan.Parts
    let inputs: [GroupPlan.ValueInput]
    /// The series that it feeds; nil: users.
    let feeds: [(series: Int, metric: GroupPlan.GroupMetric?)]
    var period: Int64?
    var cell: CellValue
  }

  /// A number of a stage with windows of its own.
  struct Level {
    let series: Int
    let group: Int
    let delayMs: Int64
    var signal: AlertSignal
  }

  /// What a slot of a formula holds.
  indirect enum Operand {
    case series(Int)
    case kpi(Int)
    case formula(Expression, [Operand], SlotBuffer)
  }

  /// One KPI.
  struct Node {
    let plan: KPIPlan
    let clock: Int
    let operands: [Operand]
    let slots: SlotBuffer
    /// Groups that it reads itself.
    let groups: [Int]
    /// KPIs that it reads, or that may have moved it; all come before it.
    let needs: [Int]
    /// Series that feed it, and the KPIs that it reads.
    let feeds: [Int]
    /// Its children, with the slot of their value where it is read; in order of name.
    let children: [(node: Int, slots: [Int])]
    var closedThrough = EventTime.distantPast
    var history = KPIHistory()
  }

  var calendars: [KPICalendar] = []
  var series: [KPISeries] = []
  var totals: [Total] = []
  var levels: [Level] = []
  var nodes: [Node] = []
  /// Rows that are shown and not settled, by key.
  var shown: [KPIKey: KPIRow] = [:]
}

// MARK: - What is read

extension KPIBook {
  /// Groups of slices, whose events KPIs count.
  var sliceGroups: [Int] { totals.map(\.group) }

  /// KPIs whose formula reads what was before, or a KPI that does.
  var comparisons: Set<String> {
    var names: Set<String> = []
    // Every KPI comes after those that it reads.
    for node in nodes {
      let compares = node.plan.inputs.contains { input in
        if case .kpi(let name) = input.source, names.contains(name) { return true }
        return input.isPrevious
      }
      if compares { names.insert(node.plan.name) }
    }
    return names
  }

  /// Takes windows that a group has closed, in order.
  mutating func take(_ group: Int, _ windows: [MergedGroup.Window]) {
    guard !windows.isEmpty else { return }
    for at in totals.indices where totals[at].group == group {
      for window in windows { add(window, to: at) }
    }
  }

  private mutating func add(_ window: MergedGroup.Window, to at: Int) {
    let clock = totals[at].clock
    let period = calendars[clock].period(of: window.start)
    if totals[at].period != period {
      totals[at].period = period
      totals[at].cell = CellValue(parts: totals[at].parts)
    }
    var own = CellValue(parts: totals[at].parts)
    for entry in window.entries.values { own.merge(entry.total()) }
    totals[at].cell.merge(own)
    for (index, metric) in totals[at].feeds {
      let number = Self.number(totals[at].cell, metric, totals[at].inputs)
      let isFresh = Self.number(own, metric, totals[at].inputs) != nil
      series[index].append(
        endMs: window.end.ms, period: period, number: number, isFresh: isFresh)
    }
  }

  private static func number(
    _ cell: CellValue, _ metric: GroupPlan.GroupMetric?, _ inputs: [GroupPlan.ValueInput]
  ) -> KPINumber? {
    guard let metric else {
      let users = cell.counts.first ?? 0
      return users > 0 ? KPINumber(value: Double(users)) : nil
    }
    return metric.result(cell, inputs).map {
      KPINumber(value: $0.value, isApproximate: $0.isApproximate)
    }
  }

  /// Takes final rows of stages with windows of their own.
  mutating func take(_ rows: ResultRows, from counts: ResultRows.Counts) {
    for at in levels.indices {
      if case .value = levels[at].signal.source.reference.figure {
        let stage = levels[at].signal.source.reference.stage
        for row in rows.metrics[counts.metrics...] where row.metric == stage {
          levels[at].signal.offer(
            AlertReading(value: row.value, samples: row.samples), start: row.windowStart,
            SeriesName(row.dimensions), isFinal: row.status == .final)
        }
      } else {
        levels[at].signal.take(Array(rows.funnels[counts.funnels...]))
        levels[at].signal.take(Array(rows.retention[counts.retention...]))
        levels[at].signal.take(Array(rows.sessions[counts.sessions...]))
      }
    }
  }

  /// Settles the windows of stages that are closed.
  mutating func settleLevels(horizon: EventTime, closed: (Int) -> EventTime) {
    let name = SeriesName("{}")
    for at in levels.indices {
      let through = closed(levels[at].group)
      guard through > .distantPast else { continue }
      let ended = EventTime(ms: through.ms - levels[at].delayMs)
      let before = levels[at].signal.settled ?? .min
      guard let last = levels[at].signal.lastWindow(closed: ended, horizon: horizon) else {
        continue
      }
      while levels[at].signal.settle(through: last, limit: 1_000) {}
      if let history = levels[at].signal.series[name]?.history, !history.isEmpty {
        let first = max(history.first, before == .min ? .min : before + 1)
        for ordinal in first..<max(first, history.end) {
          guard let number = history[ordinal]?.number else { continue }
          let end = levels[at].signal.calendar.end(ordinal)
          series[levels[at].series].append(
            endMs: end.ms + levels[at].delayMs, period: 0, number: KPINumber(value: number),
            isFresh: true)
        }
      }
      levels[at].signal.trim(before: last + 1)
    }
  }
}

extension ResultRows {
  /// How many rows there are of each kind that rules and KPIs read.
  struct Counts {
    var metrics: Int
    var funnels: Int
    var retention: Int
    var sessions: Int
    var kpis: Int

    init(_ rows: ResultRows) {
      metrics = rows.metrics.count
      funnels = rows.funnels.count
      retention = rows.retention.count
      sessions = rows.sessions.count
      kpis = rows.kpis.count
    }
  }
}

// MARK: - Slices

extension KPIBook {
  /// How far slices are gone through.
  struct Limit {
    /// Periods that begin later have no rows.
    var reach: EventTime
    /// With a value, slices that begin later have no rows: nothing is closed, all is as of now.
    var now: EventTime?
  }

  /// Goes through the slices that `closed` says the groups of each KPI have closed. Gives their
  /// rows, and the keys of slices without a value.
  mutating func advance(
    _ limit: Limit, closed: (Int) -> EventTime, _ emit: (KPIKey, KPIRow?) -> Void
  ) {
    for index in nodes.indices {
      let groups = nodes[index].groups.map(closed).min() ?? .distantFuture
      let needs = nodes[index].needs.map { nodes[$0].closedThrough }.min() ?? .distantFuture
      let through = min(groups, needs)
      guard through > nodes[index].closedThrough else { continue }
      walk(index, through: through, limit, emit)
      nodes[index].closedThrough = through
    }
    trim()
  }

  private mutating func walk(
    _ index: Int, through: EventTime, _ limit: Limit, _ emit: (KPIKey, KPIRow?) -> Void
  ) {
    let (plan, clock) = (nodes[index].plan, nodes[index].clock)
    let from = nodes[index].closedThrough
    let feeds = nodes[index].feeds
    var next: Int64? = calendars[clock].ordinal(of: from)
    if from == .distantPast { next = nil }
    var afterMs = from.ms
    while true {
      // Where nothing feeds it, on to what does.
      if next == nil {
        guard let fed = nextFed(feeds, after: afterMs) else { return }
        next = calendars[clock].ordinal(of: EventTime(ms: fed - 1))
      }
      guard let ordinal = next else { return }
      let part = calendars[clock].part(ordinal)
      guard part.end <= through, part.periodStart <= limit.reach else { return }
      if let now = limit.now, part.start > now { return }
      next = ordinal + 1
      afterMs = part.end.ms
      // A day that a zone skipped has no end of its own.
      if part.start == part.end { continue }
      guard isFed(feeds, at: part.end.ms, plan) else {
        next = nil
        continue
      }
      let key = KPIKey(kpi: plan.name, periodStart: part.periodStart, asOf: part.end)
      emit(key, row(index, part))
    }
  }

  private func nextFed(_ feeds: [Int], after ms: Int64) -> Int64? {
    feeds.compactMap { series[$0].next(after: ms) }.min()
  }

  /// Whether what feeds a KPI has done so, and not too long ago.
  private func isFed(_ feeds: [Int], at ms: Int64, _ plan: KPIPlan) -> Bool {
    guard let last = feeds.compactMap({ series[$0].last(atOrBefore: ms) }).max() else {
      return false
    }
    return ms - last <= plan.silenceMs
  }

  private mutating func row(_ index: Int, _ part: KPICalendar.Part) -> KPIRow? {
    let (plan, clock) = (nodes[index].plan, nodes[index].clock)
    let before = calendars[clock].before(part)
    let wasFed = before.map { isFed(nodes[index].feeds, at: $0.end.ms, plan) } ?? false
    var isApproximate = false
    let slots = nodes[index].slots
    for (slot, operand) in nodes[index].operands.enumerated() {
      var number: KPINumber?
      if !plan.inputs[slot].isPrevious {
        number = self.number(operand, part)
      } else if let before, wasFed {
        number = self.number(operand, before)
      }
      slots.base[slot] = number.map { .double($0.value) } ?? .null
      isApproximate = isApproximate || number?.isApproximate ?? false
    }
    guard let value = Self.evaluate(plan.expression, slots) else { return nil }
    let previous = before.flatMap { nodes[index].history[$0.end.ms]?.number.value }
    nodes[index].history.append(
      KPIHistory.Entry(
        endMs: part.end.ms, number: KPINumber(value: value, isApproximate: isApproximate),
        previous: previous))
    let mover = mover(index, part, value)
    return KPIRow(
      kpi: plan.name, periodStart: part.periodStart, periodEnd: part.periodEnd, asOf: part.end,
      value: value, previous: previous, movedBy: mover?.name, moved: mover?.moved,
      approximate: isApproximate, status: .final)
  }

  private func number(_ operand: Operand, _ part: KPICalendar.Part) -> KPINumber? {
    switch operand {
    case .series(let index): return series[index].number(at: part.end.ms, period: part.period)
    case .kpi(let index): return nodes[index].history[part.end.ms]?.number
    case .formula(let expression, let operands, let slots):
      var isApproximate = false
      // Inputs may be formulas with slots of their own.
      for (slot, operand) in operands.enumerated() {
        let number = number(operand, part)
        slots.base[slot] = number.map { .double($0.value) } ?? .null
        isApproximate = isApproximate || number?.isApproximate ?? false
      }
      return Self.evaluate(expression, slots).map {
        KPINumber(value: $0, isApproximate: isApproximate)
      }
    }
  }

  private static func evaluate(_ expression: Expression, _ slots: SlotBuffer) -> Double? {
    defer { slots.scratch.reset() }
    guard let number = expression.evaluate(slots.base, slots.scratch).number, number.isFinite
    else { return nil }
    return number == 0 ? 0 : number
  }

  /// The child that moved the value most. Called with the slots of the value still in place.
  private func mover(
    _ index: Int, _ part: KPICalendar.Part, _ value: Double
  ) -> (name: String, moved: Double?)? {
    let node = nodes[index]
    var best: (name: String, moved: Double?, size: Double)?
    let isRead = node.children.contains { !$0.slots.isEmpty }
    for (child, slots) in node.children where isRead == !slots.isEmpty {
      let other = nodes[child]
      let now =
        isRead || other.clock == node.clock
        ? other.history[part.end.ms] : other.history.newest(part.end.ms)
      guard let now, let previous = now.previous else { continue }
      let name = other.plan.name
      if isRead {
        for slot in slots { node.slots.base[slot] = .double(previous) }
        let without = Self.evaluate(node.plan.expression, node.slots)
        for slot in slots { node.slots.base[slot] = .double(now.number.value) }
        guard let without, value != without, (value - without).isFinite else { continue }
        let size = (value - without).magnitude
        if size > best?.size ?? 0 { best = (name, value - without, size) }
      } else if previous != 0 {
        let size = ((now.number.value - previous) / previous).magnitude
        if size.isFinite, size > best?.size ?? 0 { best = (name, nil, size) }
      }
    }
    return best.map { ($0.name, $0.moved) }
  }

  /// Drops what no KPI will look at any more.
  private mutating func trim() {
    var floors = [Int64](repeating: .max, count: calendars.count)
    for node in nodes {
      floors[node.clock] = min(floors[node.clock], floor(node.closedThrough, node.clock))
    }
    var seriesFloors = [Int64](repeating: .max, count: series.count)
    var historyFloors = nodes.map { floors[$0.clock] }
    for node in nodes {
      for feed in node.feeds { seriesFloors[feed] = min(seriesFloors[feed], floors[node.clock]) }
      for need in node.needs {
        historyFloors[need] = min(
          historyFloors[need], floors[node.clock], node.closedThrough.ms)
      }
    }
    for index in series.indices { series[index].trim(before: seriesFloors[index]) }
    for index in nodes.indices { nodes[index].history.trim(before: historyFloors[index]) }
  }

  /// The start of the period before the one that is gone through next.
  private func floor(_ closed: EventTime, _ clock: Int) -> Int64 {
    guard closed > .distantPast else { return .min }
    var calendar = calendars[clock]
    return calendar.start(ofPeriod: calendar.period(of: closed) - 1).ms
  }
}
