/// Where the numbers that a `ResultReference` names come from, and what a window without a row
/// means there.
struct AlertSource {
  /// What closes its windows.
  enum Closing: Equatable {
    /// A group of the stage plan; its windows are final so long after their end.
    case group(Int, delayMs: Int64)
    /// A formula, by index.
    case formula(Int)
    /// A KPI, by index.
    case kpi(Int)
    /// Nothing: there is no such result.
    case never
  }

  /// What a window without a row means.
  enum Silence: Equatable {
    /// This value of a series that has not been silent for too long; nil: no data.
    case value(Double?)
    /// Zero where there is a cohort so many windows earlier, else no data.
    case cohort(period: Int64)
  }

  let reference: ResultReference
  var closing = Closing.never
  var silence = Silence.value(nil)
  /// Whether it counts: zero then says something however few samples there are.
  var isCount = false
  var hasDimensions = false
  /// How long a series may be silent before it is forgotten; one without dimensions never is.
  var seriesTTLMs = AlertSource.standardTTLMs
  /// Series that are followed, beside `"(other)"`.
  var maxSeries = 10_000
  var otherDimensions = SeriesName("{}")

  /// `series_ttl` of stages that have none of their own.
  private static let standardTTLMs: Int64 = 7 * 86_400_000

  /// Finds a result of the pipeline.
  init(_ reference: ResultReference, in plan: StagePlan) {
    self.reference = reference
    if case .kpi = reference.figure {
      // A period without a row, be it for long silence or for want of a value, has no data.
      let index = plan.pipeline.kpis.firstIndex { $0.name == reference.stage }
      if let index { closing = .kpi(index) }
    } else if case .value = reference.figure,
      let index = plan.pipeline.formulas.firstIndex(where: { $0.name == reference.stage })
    {
      take(formula: index, plan)
    } else {
      for group in plan.groups { take(group) }
    }
  }

  private mutating func take(_ group: GroupPlan) {
    switch (group.stage, reference.figure) {
    case (nil, .value):
      guard let metric = group.metrics.first(where: { $0.name == reference.stage }) else { return }
      isCount = metric.isZeroWithoutEvents
      if isCount { silence = .value(0) }
      seriesTTLMs = group.seriesTTLMs
      maxSeries = group.maxSeries
    case (.lifecycle(let plan), .value):
      guard RollingCounts.names(plan).contains(reference.stage) else { return }
      // Rows of the value zero are left out there.
      isCount = !reference.stage.hasSuffix(".stickiness")
      if isCount { silence = .value(0) }
      maxSeries = plan.maxSeries
    case (.funnel(let plan), .funnel(_, let figure)):
      guard plan.name == reference.stage else { return }
      isCount = figure == .users
      if isCount { silence = .value(0) }
      maxSeries = plan.maxSeries
    case (.retention(let plan), .retention(let period, let figure)):
      guard plan.name == reference.stage else { return }
      isCount = figure == .users
      maxSeries = plan.maxSeries
      if period > 0 {
        // A cell that nobody is in has no row.
        silence =
          figure == .amount && plan.value == nil ? .value(nil) : .cohort(period: Int64(period))
      } else if isCount {
        silence = .value(0)
      }
    case (.session(let plan), .session(let figure)):
      guard plan.name == reference.stage else { return }
      isCount = [.sessions, .users, .events, .bounces].contains(figure)
      if isCount { silence = .value(0) }
      maxSeries = plan.maxSeries
    default: return
    }
    closing = .group(group.index, delayMs: group.closingDelayMs)
    hasDimensions = !group.dimensions.isEmpty
    otherDimensions = SeriesName(group.otherDimensions)
  }

  private mutating func take(formula index: Int, _ plan: StagePlan) {
    let formula = plan.pipeline.formulas[index]
    closing = .formula(index)
    hasDimensions = !formula.dimensions.isEmpty
    otherDimensions = SeriesName(SeriesKey.otherDimensions(formula.dimensions))
    var inputs: [AlertSource] = []
    for name in formula.inputs {
      guard !plan.pipeline.formulas.contains(where: { $0.name == name }) else { return }
      inputs.append(AlertSource(ResultReference(stage: name), in: plan))
    }
    seriesTTLMs = inputs.map(\.seriesTTLMs).min() ?? seriesTTLMs
    maxSeries = inputs.map(\.maxSeries).max() ?? maxSeries
    guard inputs.allSatisfy({ $0.isCount }) else { return }
    let slots = SlotBuffer(count: inputs.count)
    for slot in inputs.indices { slots.base[slot] = .double(0) }
    let value = formula.expression.evaluate(slots.base, slots.scratch).number
    silence = .value(value.flatMap { $0.isFinite ? ($0 == 0 ? 0 : $0) : nil })
  }
}
