import StreamCore

/// Leaves out of a pipeline what the rules that are tried do not read, where what is left gives
/// exactly the same: it makes a backtest fast.
struct BacktestReduction {
  private let plan: PipelinePlan

  init(_ plan: PipelinePlan) { self.plan = plan }

  /// The pipeline with these rules alone, and at least all that they read.
  func plan(alerts: [AlertPlan], risks: [RiskPlan]) -> PipelinePlan {
    var reduced = plan
    reduced.alerts = alerts
    reduced.risks = risks
    guard isExact else {
      // Each risk that is left out may have kept events from being late.
      let kept = Set(risks.map(\.name))
      reduced.risks = (risks + plan.risks.filter { !kept.contains($0.name) })
        .sorted { $0.name < $1.name }
      return reduced
    }
    let needed = self.needed(by: alerts)
    reduced.kpis = plan.kpis.filter { needed.contains($0.name) }
    reduced.formulas = plan.formulas.filter { needed.contains($0.name) }
    let together = Set(
      StagePlan(plan, keyed: true).groups.map(\.names)
        .filter { !$0.allSatisfy { !needed.contains($0) } }.joined())
    reduced.metrics = plan.metrics.filter { together.contains($0.name) }
    if !keepsRecords(needed, reduced.metrics) {
      reduced.funnels = []
      reduced.retentions = []
      reduced.sessions = []
      reduced.lifecycles = []
      reduced.traits = []
    }
    return reduced
  }

  /// Whether a stage's results are its own: every stage waits for late events equally long, and no
  /// copy is known by its id alone. Then no stage decides what another one gets.
  private var isExact: Bool {
    let all = Set(
      ownLatenessMs.map { own in plan.sources.map { own ?? $0.latenessMs ?? plan.time.latenessMs } }
    )
    return all.count < 2 && plan.time.dedupMs == nil
  }

  /// Lateness of a stage that takes no event which another one would not; nil: the pipeline's.
  var leastLatenessMs: Int64? {
    let own = ownLatenessMs
    guard let least = own.compactMap(\.self).min() else { return nil }
    let standard = plan.sources.map { $0.latenessMs ?? plan.time.latenessMs }.min()
    return own.contains(nil) ? min(least, standard ?? least) : least
  }

  private var ownLatenessMs: [Int64?] {
    plan.metrics.map(\.latenessMs) + plan.funnels.map(\.latenessMs)
      + plan.retentions.map(\.latenessMs) + plan.sessions.map(\.latenessMs)
      + plan.lifecycles.map(\.latenessMs) + plan.risks.map(\.latenessMs)
  }

  /// Names of the stages that alerts read, and of all that these are computed of.
  private func needed(by alerts: [AlertPlan]) -> Set<String> {
    var needed: Set<String> = []
    for alert in alerts {
      needed.insert(alert.watch.stage)
      for case .other(let reference) in alert.inputs { needed.insert(reference.stage) }
    }
    // Each KPI comes after those that it reads and its children, which it waits for.
    for kpi in plan.kpis.reversed() where needed.contains(kpi.name) {
      needed.formUnion(kpi.children)
      for input in kpi.inputs {
        switch input.source {
        case .metric(let name), .kpi(let name): needed.insert(name)
        case .level(let reference): needed.insert(reference.stage)
        }
      }
    }
    // Each formula comes after those that it reads.
    for formula in plan.formulas.reversed() where needed.contains(formula.name) {
      needed.formUnion(formula.inputs)
    }
    return needed
  }

  /// Whether anything that is needed is kept by user: such stages share the users' records.
  private func keepsRecords(_ needed: Set<String>, _ metrics: [MetricPlan]) -> Bool {
    let stages =
      plan.funnels.map(\.name) + plan.retentions.map(\.name) + plan.sessions.map(\.name)
    if stages.contains(where: needed.contains) { return true }
    if plan.lifecycles.contains(where: { lifecycle in
      needed.contains { $0.hasPrefix(lifecycle.name + ".") }
    }) {
      return true
    }
    return metrics.contains { metric in
      let expressions =
        [metric.value, metric.condition].compactMap(\.self) + metric.dimensions.map(\.expression)
      return expressions.contains { $0.slots.contains { $0 >= plan.firstTraitSlot } }
    }
  }
}
