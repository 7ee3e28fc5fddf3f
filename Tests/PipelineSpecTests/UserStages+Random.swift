import StreamCore
import StreamTestKit

extension UserStages {
  /// How long things take in a history of `spanMs`, from far less than that to more.
  private static func duration(
    _ spanMs: Int64, tickMs: Int64 = 1, _ generator: inout SeededGenerator, unit: Int64 = 1
  ) -> Int64 {
    let divisor = generator.pick([Int64(1), 2, 5, 10, 30, 100])
    let ms = generator.whole((spanMs / divisor / 2)...(spanMs / divisor * 3 / 2 + 1))
    // Often whole ticks, so that events lie just on the bound.
    let step = unit == 1 && generator.chance(0.5) ? tickMs : unit
    return max(step, ms / step * step)
  }

  /// A random set of stages for a history.
  static func random(
    _ options: EventHistory.Options, zone: String, _ generator: inout SeededGenerator,
    ownLateness: Bool = false
  ) throws -> UserStages {
    var stages = UserStages()
    stages.zone = zone
    stages.latenessMs = options.latenessMs
    stages.hasTraits = !ownLateness && generator.chance(0.5)
    stages.done = .random(&generator)
    let span = options.spanMs
    try stages.addFunnel("plain", span, options.tickMs, &generator)
    try stages.addFunnel("keyed", span, options.tickMs, &generator, per: true)
    try stages.addRetention("first", span, .firstTime, &generator)
    try stages.addRetention("again", span, .recurring, &generator)
    try stages.addSessions(span, options.tickMs, &generator)
    try stages.addLifecycle(span, &generator)
    if stages.hasTraits { try stages.addMetric(&generator) }
    guard ownLateness else { return stages }
    let lateness = options.latenessMs
    let own = { (generator: inout SeededGenerator) in
      generator.pick([nil, lateness / 4, lateness / 2, lateness, lateness * 2])
    }
    for index in stages.funnels.indices { stages.funnels[index].plan.latenessMs = own(&generator) }
    for index in stages.retentions.indices {
      stages.retentions[index].plan.latenessMs = own(&generator)
    }
    stages.sessions[0].plan.latenessMs = own(&generator)
    stages.lifecycles[0].plan.latenessMs = own(&generator)
    return stages
  }

  private func dimensions(_ dimensions: [StageDimension]) throws -> [MetricPlan.Dimension] {
    try dimensions.map { .init(name: $0.name, expression: try StageFields.compile($0.text)) }
  }

  private mutating func addFunnel(
    _ name: String, _ span: Int64, _ tick: Int64, _ generator: inout SeededGenerator,
    per: Bool = false
  ) throws {
    let traits = hasTraits && !per
    let steps = (0..<generator.pick([2, 2, 3, 3, 4, 5])).map { index in
      ("\(index + 1)", StageCondition.random(&generator, traits: traits))
    }
    let within = Self.duration(span, tickMs: tick, &generator)
    let isStrict = generator.chance(0.3)
    let exclude = generator.chance(0.3) ? StageCondition.random(&generator, traits: traits) : nil
    let by = StageDimension.random(&generator, traits: traits)
    let isHourly = generator.chance(0.3)
    let plan = FunnelPlan(
      name: name,
      steps: try steps.map { .init(name: $0.0, condition: try StageFields.compile($0.1.text)) },
      withinMs: within, order: isStrict ? .strict : .default,
      exclude: try exclude.map { try StageFields.compile($0.text) },
      per: per ? try StageFields.compile("properties.order") : nil,
      dimensions: try dimensions(by),
      entered: isHourly
        ? WindowPlan(unit: .millisecond, every: 3_600_000) : WindowPlan(unit: .day, every: 1))
    let excluded = exclude?.matches
    let oracle = FunnelOracle(
      name: name, steps: steps.map { .init($0.0, $0.1.matches) }, withinMs: within,
      isStrict: isStrict, exclude: { excluded?($0) ?? false },
      key: { per ? $0.order : $0.user }, dimensions: by.map(\.oracle),
      entered: isHourly ? .fixed(ms: 3_600_000) : .day, calendar: OracleCalendar(zone: zone))
    let text =
      "\(name): {steps: [\(steps.map { $0.1.text }.joined(separator: "; "))], within: \(within)ms, "
      + "order: \(plan.order), exclude: \(exclude?.text ?? "-"), by: \(by.map(\.text)), "
      + "entered: \(isHourly ? "1h" : "1d")\(per ? ", per: properties.order" : "")}"
    funnels.append(Stage(plan: plan, oracle: oracle, text: text))
  }

  private static func unit(_ generator: inout SeededGenerator) -> (OracleUnit, WindowPlan) {
    switch generator.below(4) {
    case 0: (.week, WindowPlan(unit: .week, every: 1))
    case 1: (.month, WindowPlan(unit: .month, every: 1))
    default: (.day, WindowPlan(unit: .day, every: 1))
    }
  }

  private static func forgetting(_ span: Int64, _ generator: inout SeededGenerator) -> Int64 {
    generator.chance(0.5) ? 400 * 86_400_000 : duration(span, &generator, unit: 3_600_000)
  }

  private mutating func addRetention(
    _ name: String, _ span: Int64, _ mode: RetentionPlan.Mode, _ generator: inout SeededGenerator
  ) throws {
    let start =
      generator.chance(0.6) ? StageCondition.random(&generator, traits: hasTraits) : nil
    let returning =
      generator.chance(0.6) ? StageCondition.random(&generator, traits: hasTraits) : nil
    let (unit, window) = Self.unit(&generator)
    let periods = generator.pick([1, 2, 3, 5, 30, 400])
    let hasValue = generator.chance(0.5)
    let by = StageDimension.random(&generator, traits: hasTraits)
    let forget = Self.forgetting(span, &generator)
    let plan = RetentionPlan(
      name: name, start: try start.map { try StageFields.compile($0.text) },
      returning: try returning.map { try StageFields.compile($0.text) }, unit: window,
      periods: periods, mode: mode,
      value: hasValue ? try StageFields.compile("properties.total") : nil,
      dimensions: try dimensions(by), forgetAfterMs: forget)
    let (starts, returns) = (start?.matches, returning?.matches)
    let amount: @Sendable (OracleEvent) -> Int64? = { $0.units }
    let oracle = RetentionOracle(
      name: name, start: { starts?($0) ?? true }, returning: { returns?($0) ?? true }, unit: unit,
      periods: periods, isRecurring: mode == .recurring, value: hasValue ? amount : nil,
      dimensions: by.map(\.oracle), forgetAfterMs: forget, calendar: OracleCalendar(zone: zone))
    let text =
      "\(name): {start: \(start?.text ?? "-"), return: \(returning?.text ?? "-"), unit: \(unit), "
      + "periods: \(periods), mode: \(mode.rawValue), value: \(hasValue), by: \(by.map(\.text)), "
      + "forget_after: \(forget / 3_600_000)h}"
    retentions.append(Stage(plan: plan, oracle: oracle, text: text))
  }

  private mutating func addSessions(
    _ span: Int64, _ tick: Int64, _ generator: inout SeededGenerator
  ) throws {
    let gap = Self.duration(span / 10, tickMs: tick, &generator)
    let longest = Self.duration(span, tickMs: tick, &generator)
    let by = StageDimension.random(&generator, traits: hasTraits)
    let condition = generator.chance(0.3) ? StageCondition.random(&generator) : nil
    let plan = SessionPlan(
      name: "visits", gapMs: gap, maxMs: longest,
      condition: try condition.map { try StageFields.compile($0.text) },
      dimensions: try dimensions(by))
    let counts = condition?.matches
    let oracle = SessionOracle(
      name: "visits", gapMs: gap, maxMs: longest, condition: { counts?($0) ?? true },
      dimensions: by.map(\.oracle), calendar: OracleCalendar(zone: zone))
    let text =
      "visits: {gap: \(gap)ms, max: \(longest)ms, where: \(condition?.text ?? "-"), "
      + "by: \(by.map(\.text))}"
    sessions.append(Stage(plan: plan, oracle: oracle, text: text))
  }

  private mutating func addLifecycle(_ span: Int64, _ generator: inout SeededGenerator) throws {
    let (unit, window) = Self.unit(&generator)
    let by = StageDimension.random(&generator, traits: hasTraits)
    let condition = generator.chance(0.3) ? StageCondition.random(&generator) : nil
    let forget = Self.forgetting(span, &generator)
    let plan = LifecyclePlan(
      name: "growth", unit: window,
      condition: try condition.map { try StageFields.compile($0.text) },
      dimensions: try dimensions(by), forgetAfterMs: forget)
    let counts = condition?.matches
    let oracle = LifecycleOracle(
      name: "growth", unit: unit, condition: { counts?($0) ?? true },
      dimensions: by.map(\.oracle), forgetAfterMs: forget, calendar: OracleCalendar(zone: zone))
    let text =
      "growth: {unit: \(unit), where: \(condition?.text ?? "-"), by: \(by.map(\.text)), "
      + "forget_after: \(forget / 3_600_000)h}"
    lifecycles.append(Stage(plan: plan, oracle: oracle, text: text))
  }

  /// A metric by a trait.
  private mutating func addMetric(_ generator: inout SeededGenerator) throws {
    let kind = StageDimension(
      name: "kind", text: "users.done == 0 ? \"new\" : \"returning\""
    ) { .text($0.traits["done"] == .whole(0) ? "new" : "returning") }
    let condition = StageCondition.random(&generator, traits: true)
    let plan = MetricPlan(
      name: "kinds", aggregate: .count, condition: try StageFields.compile(condition.text),
      dimensions: try dimensions([kind]), window: WindowPlan(unit: .day, every: 1))
    let oracle = MetricOracle(
      name: "kinds", aggregate: .count, condition: condition.matches,
      dimensions: [
        ("kind", { if case .text(let text) = kind.value($0) { text } else { nil } })
      ], windows: OracleCalendar(zone: zone).windows(.day))
    metrics.append(
      Stage(plan: plan, oracle: oracle, text: "kinds: {where: \(condition.text), by: \(kind.text)}")
    )
  }
}
