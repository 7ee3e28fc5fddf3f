import StreamCore

// Lines of risks and alerts: what decides findings and transitions. Values of thresholds have a
// history of their own, and how people are told decides no result.

extension Definition {
  /// What a KPI is for, and what people read of it, decides no row.
  static func lines(of kpi: KPIPlan) -> [String] {
    ["kpi \(kpi.name) period=\(WindowText.text(kpi.period))"] + part("formula", kpi.expression)
      + kpi.children.sorted().map { " child \($0)" }
  }

  static func lines(of risk: RiskPlan) -> [String] {
    var lines = [
      "risk \(risk.name) entity=\(risk.entityKind) within=\(risk.withinMs) "
        + "max_events=\(risk.maxEvents) lateness=\(optional(risk.latenessMs))"
    ]
    lines += part("entity", risk.entity) + part("where", risk.condition)
    switch risk.pattern {
    case .window(let when, _): lines += part("when", when)
    case .sequence(let steps, let absent):
      for step in steps {
        lines.append(" step \(JSONText.quoted(step.name)) = \(normalised(step.condition.text))")
      }
      lines += part("absent", absent)
    }
    return lines + thresholds(risk.thresholds)
  }

  static func lines(of alert: AlertPlan) -> [String] {
    let hold =
      switch alert.hold {
      case .windows(let count): "\(count) windows"
      case .duration(let ms): "\(ms)"
      }
    var lines = [
      "alert \(alert.name) watch=\(text(of: alert.watch)) for=\(hold) "
        + "keep_firing_for=\(alert.keepFiringForMs) min_samples=\(alert.minSamples) "
        + "no_data=\(alert.noData.rawValue) provisional=\(alert.isProvisional)"
    ]
    lines += part("when", alert.when) + part("clear", alert.clear)
    for hours in alert.active {
      let days = hours.days.sorted().map { String($0) }.joined(separator: ",")
      lines.append(" active \(days) \(hours.fromMinute)-\(hours.toMinute)")
    }
    lines += alert.breakdowns.map { " explain \($0.dimension)" }
    return lines + thresholds(alert.thresholds)
  }

  private static func thresholds(_ thresholds: [ThresholdPlan]) -> [String] {
    thresholds.map { " threshold \($0.name)" }
  }

  /// A result as alerts name it, steps by number.
  static func text(of reference: ResultReference) -> String {
    switch reference.figure {
    case .value, .kpi: reference.stage
    case .funnel(let step, let figure): "\(reference.stage).\(step).\(figure.rawValue)"
    case .retention(let period, let figure):
      "\(reference.stage).period_\(period).\(figure.rawValue)"
    case .session(let figure): "\(reference.stage).\(figure.rawValue)"
    }
  }
}
