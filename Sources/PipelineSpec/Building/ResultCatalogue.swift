import StreamCore

/// The numbers that stages of a file compute in each window, by the names that alerts give them.
struct ResultCatalogue {
  /// One number.
  struct Entry {
    var reference: ResultReference
    var window: WindowPlan
    /// Names of its dimensions, sorted.
    var dimensions: [String]
    /// Whether it is a share of one count in another.
    var isRatioOfCounts = false
  }

  /// What a name stands for.
  enum Outcome {
    case entry(Entry)
    /// A stage that is faulty itself.
    case faulty
    /// Nothing: why, and what to write.
    case unknown(message: String, hint: String?)
  }

  private let stages: Stages
  /// Results of a name alone: metrics, formulas, rows of lifecycles, KPIs.
  private var plain: [String: Entry] = [:]
  /// Names of all stages that the file has, faulty or not.
  private let declared: Set<String>
  /// Likewise, of KPIs.
  private let kpis: Set<String>

  init(_ settings: Settings, _ stages: Stages) {
    self.stages = stages
    declared = Set(StagesBuilder.kinds.flatMap { (settings[$0.option] ?? []).map(\.name) })
    kpis = Set((settings[PipelineOptions.kpis] ?? []).map(\.name))
    for plan in stages.metrics {
      plain[plan.name] = Entry(
        reference: ResultReference(stage: plan.name), window: plan.window,
        dimensions: plan.dimensions.map(\.name))
    }
    for plan in stages.formulas {
      plain[plan.name] = Entry(
        reference: ResultReference(stage: plan.name), window: plan.window,
        dimensions: plan.dimensions, isRatioOfCounts: isRatioOfCounts(plan))
    }
    for plan in stages.lifecycles {
      for name in plan.resultNames {
        plain[name] = Entry(
          reference: ResultReference(stage: name), window: plan.unit,
          dimensions: plan.dimensions.map(\.name),
          isRatioOfCounts: name == "\(plan.name).stickiness")
      }
    }
    for plan in stages.kpis {
      plain[plan.name] = Entry(
        reference: ResultReference(stage: plan.name, figure: .kpi), window: plan.period,
        dimensions: [])
    }
  }

  /// Whether `name` is that of a stage or a result.
  func has(_ name: String) -> Bool { declared.contains(name) || plain[name] != nil }

  /// The result called `name`: steps of a path with dots between them.
  func result(_ name: String) -> Outcome {
    if let entry = plain[name] { return .entry(entry) }
    let steps = PathText.steps(of: name)
    let rest = Array(steps.dropFirst())
    if let plan = stages.funnels.first(where: { $0.name == steps[0] }) {
      return found(name, funnel(plan, rest), Self.names(of: plan), hint: hint(plan, rest))
    }
    if let plan = stages.retentions.first(where: { $0.name == steps[0] }) {
      return found(name, retention(plan, rest), Self.names(of: plan), hint: hint(plan, rest))
    }
    if let plan = stages.sessions.first(where: { $0.name == steps[0] }) {
      return found(name, session(plan, rest), Self.names(of: plan))
    }
    if let plan = stages.lifecycles.first(where: { $0.name == steps[0] }) {
      return found(name, nil, plan.resultNames)
    }
    if declared.contains(steps[0]) || kpis.contains(name) { return .faulty }
    return .unknown(
      message: "there is no result", hint: NearestName.hint(name, in: names))
  }

  /// Names of all results, of cells of retention the first ones.
  var names: [String] {
    (Array(plain.keys) + stages.funnels.flatMap(Self.names) + stages.retentions.flatMap(Self.names)
      + stages.sessions.flatMap(Self.names)).sorted()
  }

  private func found(
    _ name: String, _ entry: Entry?, _ names: [String], hint: String? = nil
  ) -> Outcome {
    if let entry { return .entry(entry) }
    let shown = names.prefix(8).joined(separator: ", ") + (names.count > 8 ? ", …" : "")
    return .unknown(
      message: "there is no number",
      hint: hint ?? NearestName.hint(name, in: names) ?? "there are \(shown)")
  }

  // MARK: - Stages with several numbers

  /// The figure is after the last dot; what is between is a step's name or number. Names of steps
  /// may have dots of their own.
  private func funnel(_ plan: FunnelPlan, _ rest: [String]) -> Entry? {
    guard let last = rest.last, let figure = ResultReference.FunnelFigure(rawValue: last) else {
      return nil
    }
    let step: Int
    if rest.count == 1 {
      guard figure == .conversion else { return nil }
      step = plan.steps.count
    } else {
      let called = rest.dropLast().joined(separator: ".")
      let places = plan.steps.indices.filter { plan.steps[$0].name == called }
      if places.count == 1 {
        step = places[0] + 1
      } else if let number = Int(called), plan.steps.indices.contains(number - 1) {
        step = number
      } else {
        return nil
      }
    }
    return Entry(
      reference: ResultReference(stage: plan.name, figure: .funnel(step: step, figure)),
      window: plan.entered, dimensions: plan.dimensions.map(\.name),
      isRatioOfCounts: figure == .conversion || figure == .fromPrevious)
  }

  /// What to write where a step has the name of another.
  private func hint(_ plan: FunnelPlan, _ rest: [String]) -> String? {
    let called = rest.dropLast().joined(separator: ".")
    let places = plan.steps.indices.filter { plan.steps[$0].name == called }
    guard places.count > 1 else { return nil }
    let numbers = places.map { String($0 + 1) }.joined(separator: " and ")
    return "`\(ConfigNode.shortened(called))` is the name of steps \(numbers); write a number"
  }

  /// What a cell needs that is not there.
  private func hint(_ plan: RetentionPlan, _ rest: [String]) -> String? {
    if rest.count == 2, rest[1] == "amount", plan.value == nil {
      return "\(plan.name) has no value, so that there are no amounts"
    }
    guard let cell = rest.first, let period = Int(cell.drop { !$0.isNumber }),
      period > plan.periods
    else { return nil }
    return "\(plan.name) has periods 0 to \(plan.periods)"
  }

  private func retention(_ plan: RetentionPlan, _ rest: [String]) -> Entry? {
    let prefix = "period_"
    guard let cell = rest.first, cell.hasPrefix(prefix), rest.count <= 2,
      let period = Int(cell.dropFirst(prefix.count)), "\(prefix)\(period)" == cell,
      (0...plan.periods).contains(period)
    else { return nil }
    let name = rest.count == 2 ? rest[1] : "share"
    guard let figure = ResultReference.RetentionFigure(rawValue: name),
      figure != .amount || plan.value != nil
    else { return nil }
    return Entry(
      reference: ResultReference(stage: plan.name, figure: .retention(period: period, figure)),
      window: plan.unit, dimensions: plan.dimensions.map(\.name),
      isRatioOfCounts: figure == .share)
  }

  private func session(_ plan: SessionPlan, _ rest: [String]) -> Entry? {
    guard rest.count == 1, let figure = ResultReference.SessionFigure(rawValue: rest[0]) else {
      return nil
    }
    return Entry(
      reference: ResultReference(stage: plan.name, figure: .session(figure)),
      window: WindowPlan(unit: .day, every: 1), dimensions: plan.dimensions.map(\.name),
      isRatioOfCounts: figure == .bounceRate)
  }

  private static func names(of plan: FunnelPlan) -> [String] {
    let figures = ResultReference.FunnelFigure.allCases.map(\.rawValue)
    let names = plan.steps.map(\.name)
    let steps = names.enumerated().map { index, name in
      names.count { $0 == name } > 1 ? String(index + 1) : name
    }
    return ["\(plan.name).conversion"]
      + steps.flatMap { step in figures.map { "\(plan.name).\(step).\($0)" } }
  }

  private static func names(of plan: RetentionPlan) -> [String] {
    (0...plan.periods).map { "\(plan.name).period_\($0)" }
      + ["\(plan.name).period_1.users"]
      + (plan.value == nil ? [] : ["\(plan.name).period_1.amount"])
  }

  private static func names(of plan: SessionPlan) -> [String] {
    ResultReference.SessionFigure.allCases.map { "\(plan.name).\($0.rawValue)" }
  }

  // MARK: - Ratios

  /// Whether a formula is `a / b` of two counts.
  private func isRatioOfCounts(_ plan: FormulaPlan) -> Bool {
    guard let ratio = plan.expression.ratioSlots else { return false }
    return isCount(plan.inputs[ratio.above]) && isCount(plan.inputs[ratio.below])
  }

  private func isCount(_ name: String) -> Bool {
    guard let metric = stages.metrics.first(where: { $0.name == name }) else { return false }
    switch metric.aggregate {
    case .count, .distinct, .distinctUsers: return true
    case .sum, .avg, .min, .max, .last, .quantile: return false
    }
  }

  /// The metrics that the changes of the result called `stage` come from: itself, or numerator and
  /// denominator; nil where it cannot be taken apart.
  func additiveMetrics(of stage: String) -> [MetricPlan]? {
    var names = [stage]
    if let formula = stages.formulas.first(where: { $0.name == stage }) {
      guard let ratio = formula.expression.ratioSlots else { return nil }
      names = [formula.inputs[ratio.above], formula.inputs[ratio.below]]
    }
    let metrics = names.compactMap { name in
      stages.metrics.first { $0.name == name && $0.isAdditive }
    }
    return metrics.count == names.count ? metrics : nil
  }
}

extension MetricPlan {
  /// Whether its values by a further dimension add up to it, or nearly so.
  fileprivate var isAdditive: Bool {
    switch aggregate {
    case .count, .sum, .distinct, .distinctUsers: true
    case .avg, .min, .max, .last, .quantile: false
    }
  }
}
