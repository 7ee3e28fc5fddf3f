/// A stage that keeps a record of each user.
enum UserStagePlan: Sendable {
  case funnel(FunnelPlan)
  case retention(RetentionPlan)
  case session(SessionPlan)
  case lifecycle(LifecyclePlan)
  case risk(RiskPlan)
  case firsts(KPIFirstsPlan)

  /// The stages of a pipeline, in an order that depends on its definition alone.
  static func all(_ pipeline: PipelinePlan) -> [UserStagePlan] {
    pipeline.funnels.map { .funnel($0) } + pipeline.retentions.map { .retention($0) }
      + pipeline.sessions.map { .session($0) } + pipeline.lifecycles.map { .lifecycle($0) }
      + pipeline.risks.map { .risk($0) } + KPIFeeds(pipeline).firsts.map { .firsts($0) }
  }

  var name: String {
    switch self {
    case .funnel(let plan): plan.name
    case .retention(let plan): plan.name
    case .session(let plan): plan.name
    case .lifecycle(let plan): plan.name
    case .risk(let plan): plan.name
    case .firsts(let plan): plan.name
    }
  }

  var latenessMs: Int64? {
    switch self {
    case .funnel(let plan): plan.latenessMs
    case .retention(let plan): plan.latenessMs
    case .session(let plan): plan.latenessMs
    case .lifecycle(let plan): plan.latenessMs
    case .risk(let plan): plan.latenessMs
    case .firsts(let plan): plan.latenessMs
    }
  }

  var dimensions: [MetricPlan.Dimension] {
    switch self {
    case .funnel(let plan): plan.dimensions
    case .retention(let plan): plan.dimensions
    case .session(let plan): plan.dimensions
    case .lifecycle(let plan): plan.dimensions
    case .risk, .firsts: []
    }
  }

  /// Series kept in one window of cells. Those of a lifecycle are limited in its rows alone.
  var maxSeries: Int {
    switch self {
    case .funnel(let plan): plan.maxSeries
    case .retention(let plan): plan.maxSeries
    case .session(let plan): plan.maxSeries
    case .lifecycle, .risk, .firsts: Self.unlimited
    }
  }

  private static let unlimited = 1 << 40

  /// The windows of its cells.
  var window: WindowPlan {
    switch self {
    case .funnel(let plan): plan.entered
    case .retention(let plan): plan.unit
    case .session, .risk: WindowPlan(unit: .day, every: 1)
    case .lifecycle(let plan): plan.unit
    case .firsts(let plan): plan.slice
    }
  }

  /// How long after its end a window can still change.
  var closingDelayMs: Int64 {
    switch self {
    case .funnel(let plan): plan.withinMs
    case .session(let plan): plan.maxMs
    case .retention, .lifecycle, .risk, .firsts: 0
    }
  }

  /// What its key is, when it is not the user.
  var key: Expression? {
    switch self {
    case .funnel(let plan): plan.per
    case .risk(let plan): plan.entity
    case .retention, .session, .lifecycle, .firsts: nil
    }
  }

  /// Amounts that it adds up.
  var value: Expression? {
    if case .retention(let plan) = self { plan.value } else { nil }
  }

  /// Its conditions, in the order in which its state asks for them; nil: every event.
  var conditions: [Expression?] {
    switch self {
    case .funnel(let plan): plan.steps.map(\.condition) + (plan.exclude.map { [$0] } ?? [])
    case .retention(let plan): [plan.start, plan.returning]
    case .session(let plan): [plan.condition]
    case .lifecycle(let plan): [plan.condition]
    case .firsts(let plan): [plan.condition]
    case .risk(let plan): (plan.condition.map { [$0] } ?? []) + plan.pattern.conditions
    }
  }

  /// How many of its conditions, from the first, decide whether an event concerns it at all.
  var decidingCount: Int {
    if case .risk(let plan) = self, plan.condition != nil { 1 } else { conditions.count }
  }

  /// Whether every event of a key concerns it, whatever its conditions.
  var takesEveryEvent: Bool {
    if case .funnel(let plan) = self { return plan.order == .strict }
    return conditions.prefix(decidingCount).contains { $0 == nil }
  }

  /// Slots that it reads beside its conditions.
  var slots: Set<Int> {
    var slots = Set(dimensions.flatMap(\.expression.slots) + (value?.slots ?? []))
    if case .session = self { slots.insert(Slot.name) }
    if case .risk(let plan) = self {
      slots.formUnion(plan.entity?.slots ?? [Slot.user])
      if case .window(_, let aggregates) = plan.pattern {
        slots.formUnion(aggregates.flatMap { $0.value?.slots ?? [] })
      }
    }
    return slots
  }

  /// What a cell holds.
  var parts: GroupPlan.Parts {
    var parts = GroupPlan.Parts()
    switch self {
    case .funnel(let plan):
      parts.counts = plan.steps.count
      parts.quantiles = plan.steps.count - 1
    case .retention(let plan):
      parts.counts = plan.periods + 1
      parts.amounts = plan.value == nil ? 0 : plan.periods + 1
    case .session:
      parts.counts = SessionCount.allCases.count
      parts.nameCounts = 2
    case .lifecycle:
      parts.counts = LifecycleCount.allCases.count
    case .firsts: parts.counts = 1
    case .risk: break
    }
    return parts
  }
}

extension RiskPlan.Pattern {
  /// Its conditions: of aggregates, or of steps and then of `absent`; nil: every event.
  var conditions: [Expression?] {
    switch self {
    case .window(_, let aggregates):
      aggregates.prefix(RiskPlan.aggregatesMax).map(\.condition)
    case .sequence(let steps, let absent): steps.map(\.condition) + (absent.map { [$0] } ?? [])
    }
  }
}

/// Counts in a cell of sessions.
enum SessionCount: Int, CaseIterable {
  case sessions, users, events, bounces, durationMs
}

/// Counts in a cell of a lifecycle. The last two are by how much a rolling count differs from that
/// of the unit before.
enum LifecycleCount: Int, CaseIterable {
  case active, new, returning, resurrected, dormant, rise7, rise30
}
