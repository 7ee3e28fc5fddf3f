import StreamCore

// Stages that follow users: what they compute, when it is final, and what a user costs.

extension PlanExplanation {
  static func traits(_ plan: PipelinePlan) -> Section {
    Section(
      title: "Traits, the value before each event", columns: ["trait", "slot", "keeps"],
      rows: plan.traits.enumerated().map { index, trait in
        [
          TraitOptions.prefix + trait.name, "\(plan.firstTraitSlot + index)",
          "\(trait.kind.rawValue) of \(trait.expression.text)",
        ]
      })
  }

  static func funnels(_ plan: PipelinePlan) -> Section {
    Section(
      title: "Funnels",
      columns: [
        "funnel", "counts", "entered", "within", "order", "exclude", "by", "final", "lateness",
        "max_series",
      ],
      rows: plan.funnels.map { funnel in
        let within = Units.text(ofDuration: funnel.withinMs)
        return [
          funnel.name, funnel.per.map { "each \($0.text)" } ?? "users",
          WindowText.length(funnel.entered.every, funnel.entered.unit), within,
          funnel.order.rawValue, funnel.exclude?.text ?? "", by(funnel.dimensions),
          "\(within) past the entry window", lateness(funnel.latenessMs, plan),
          "\(funnel.maxSeries)",
        ]
      })
  }

  static func steps(_ plan: PipelinePlan) -> Section {
    Section(
      title: "Steps", columns: ["funnel", "step", "name", "events"],
      rows: plan.funnels.flatMap { funnel in
        funnel.steps.enumerated().map { index, step in
          [funnel.name, "\(index + 1)", step.name, step.condition.text]
        }
      })
  }

  static func retentions(_ plan: PipelinePlan) -> Section {
    Section(
      title: "Retention",
      columns: [
        "retention", "start", "return", "unit", "periods", "mode", "value", "by", "forget_after",
        "final", "lateness", "max_series",
      ],
      rows: plan.retentions.map { retention in
        [
          retention.name, retention.start?.text ?? "every event",
          retention.returning?.text ?? "every event",
          WindowText.length(retention.unit.every, retention.unit.unit), "\(retention.periods)",
          retention.mode.rawValue, retention.value.map { "sum of \($0.text)" } ?? "",
          by(retention.dimensions), Units.text(ofDuration: retention.forgetAfterMs),
          "with the unit of the period", lateness(retention.latenessMs, plan),
          "\(retention.maxSeries)",
        ]
      })
  }

  static func sessions(_ plan: PipelinePlan) -> Section {
    Section(
      title: "Sessions",
      columns: ["session", "where", "gap", "max", "by", "final", "lateness", "max_series"],
      rows: plan.sessions.map { session in
        let max = Units.text(ofFixed: session.maxMs)
        return [
          session.name, session.condition?.text ?? "", Units.text(ofFixed: session.gapMs), max,
          by(session.dimensions), "\(max) past the day", lateness(session.latenessMs, plan),
          "\(session.maxSeries)",
        ]
      })
  }

  static func lifecycles(_ plan: PipelinePlan) -> Section {
    Section(
      title: "Lifecycles",
      columns: [
        "lifecycle", "where", "unit", "metrics", "by", "forget_after", "final", "lateness",
        "max_series",
      ],
      rows: plan.lifecycles.map { lifecycle in
        [
          lifecycle.name, lifecycle.condition?.text ?? "",
          WindowText.length(lifecycle.unit.every, lifecycle.unit.unit),
          lifecycle.resultNames.joined(separator: ", "), by(lifecycle.dimensions),
          Units.text(ofDuration: lifecycle.forgetAfterMs), "with the unit",
          lateness(lifecycle.latenessMs, plan), "\(lifecycle.maxSeries)",
        ]
      })
  }

  private static func by(_ dimensions: [MetricPlan.Dimension]) -> String {
    dimensions.map(text).joined(separator: ", ")
  }
}
