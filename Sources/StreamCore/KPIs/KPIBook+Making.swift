extension KPIBook {
  /// The book of a pipeline's KPIs; nil when it has none.
  init?(_ plan: StagePlan) {
    let pipeline = plan.pipeline
    if pipeline.kpis.isEmpty { return nil }
    var maker = Maker(plan: plan)
    for kpi in pipeline.kpis { maker.add(kpi) }
    calendars = maker.clocks.map {
      KPICalendar(period: $0.period, slice: $0.slice, zone: pipeline.zone)
    }
    series = maker.series
    totals = maker.totals.map { total in
      let group = plan.groups[total.group]
      return Total(
        group: total.group, clock: total.clock, parts: group.parts, inputs: group.inputs,
        feeds: total.feeds, period: nil, cell: CellValue(parts: group.parts))
    }
    levels = maker.levels
    nodes = maker.nodes
  }

  private struct Clock: Equatable {
    var period: WindowPlan
    var slice: WindowPlan
  }

  private struct Maker {
    let plan: StagePlan
    var clocks: [Clock] = []
    var series: [KPISeries] = []
    var totals: [(group: Int, clock: Int, feeds: [(Int, GroupPlan.GroupMetric?)])] = []
    var levels: [Level] = []
    var nodes: [Node] = []
    /// Series by metric and clock, and by result.
    private var known: [String: Int] = [:]
    private var knownLevels: [ResultReference: Int] = [:]
    /// The group that closes each series; -1: there is no such result.
    private var groupOf: [Int] = []

    init(plan: StagePlan) { self.plan = plan }

    mutating func add(_ kpi: KPIPlan) {
      let wanted = Clock(period: kpi.period, slice: kpi.slice)
      let clock = clocks.firstIndex(of: wanted) ?? clocks.count
      if clock == clocks.count { clocks.append(wanted) }
      var feeds: Set<Int> = []
      var needs: Set<Int> = []
      let operands = kpi.inputs.map { operand($0, kpi, clock, &feeds, &needs) }
      let groups = Set(feeds.map { groupOf[$0] }.filter { $0 >= 0 })
      for need in needs { feeds.formUnion(nodes[need].feeds) }
      let children = kpi.children.sorted().compactMap { name in
        nodes.firstIndex { $0.plan.name == name }.map { node in
          (node, kpi.inputs.indices.filter { kpi.inputs[$0] == KPIInput(.kpi(name)) })
        }
      }
      needs.formUnion(children.map(\.0))
      nodes.append(
        Node(
          plan: kpi, clock: clock, operands: operands, slots: SlotBuffer(count: operands.count),
          groups: groups.sorted(), needs: needs.sorted(), feeds: feeds.sorted(),
          children: children))
    }

    private mutating func operand(
      _ input: KPIInput, _ kpi: KPIPlan, _ clock: Int, _ feeds: inout Set<Int>,
      _ needs: inout Set<Int>
    ) -> Operand {
      switch input.source {
      case .kpi(let name):
        // The plan has every KPI after those that it reads.
        let index = nodes.firstIndex { $0.plan.name == name } ?? 0
        needs.insert(index)
        return .kpi(index)
      case .level(let reference):
        let index = level(reference)
        feeds.insert(index)
        return .series(index)
      case .metric(let name):
        if let formula = plan.pipeline.formulas.first(where: { $0.name == name }) {
          let operands = formula.inputs.map {
            operand(KPIInput(.metric($0)), kpi, clock, &feeds, &needs)
          }
          return .formula(formula.expression, operands, SlotBuffer(count: operands.count))
        }
        let index = metric(name, kpi, clock)
        feeds.insert(index)
        return .series(index)
      }
    }

    private mutating func level(_ reference: ResultReference) -> Int {
      if let index = knownLevels[reference] { return index }
      let source = AlertSource(reference, in: plan)
      let index = newSeries(
        "level \(reference)", reference.stage, isZeroWithoutEvents: false, carryMs: .max)
      knownLevels[reference] = index
      guard case .group(let group, let delayMs) = source.closing else { return index }
      groupOf[index] = group
      levels.append(
        Level(
          series: index, group: group, delayMs: delayMs,
          signal: AlertSignal(
            source, window: plan.groups[group].window, zone: plan.pipeline.zone)))
      return index
    }

    private mutating func metric(_ name: String, _ kpi: KPIPlan, _ clock: Int) -> Int {
      let key = "\(clock) \(name)"
      if let index = known[key] { return index }
      guard let metric = plan.pipeline.metrics.first(where: { $0.name == name }) else {
        return newSeries("none", name, isZeroWithoutEvents: false, carryMs: nil)
      }
      let (period, slice) = (KPIFeeds.text(kpi.period), KPIFeeds.text(kpi.slice))
      let index = newSeries(
        "\(name) \(period) \(slice)", name,
        isZeroWithoutEvents: metric.aggregate.isZeroWithoutEvents, carryMs: metric.carryMs)
      known[key] = index
      let wanted = KPIFirstsPlan(metric, kpi)
      for group in plan.groups {
        var own: GroupPlan.GroupMetric?
        if metric.aggregate == .distinctUsers {
          guard case .firsts(let firsts) = group.stage, firsts.isSame(as: wanted) else { continue }
        } else {
          let name = KPIFeeds.name(metric, kpi)
          own = group.metrics.first { $0.name == name }
          if own == nil { continue }
        }
        groupOf[index] = group.index
        let at = totals.firstIndex { $0.group == group.index && $0.clock == clock }
        if let at {
          totals[at].feeds.append((index, own))
        } else {
          totals.append((group.index, clock, [(index, own)]))
        }
      }
      return index
    }

    private mutating func newSeries(
      _ key: String, _ metric: String, isZeroWithoutEvents: Bool, carryMs: Int64?
    ) -> Int {
      series.append(
        KPISeries(
          key: key, metric: metric, isZeroWithoutEvents: isZeroWithoutEvents, carryMs: carryMs))
      groupOf.append(-1)
      return series.count - 1
    }
  }
}
