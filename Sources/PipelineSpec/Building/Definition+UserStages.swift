import StreamCore

// Lines of the stages that follow users.

extension Definition {
  static func lines(of funnel: FunnelPlan) -> [String] {
    let entered = WindowText.length(funnel.entered.every, funnel.entered.unit)
    var lines = [
      "funnel \(funnel.name) within=\(funnel.withinMs) entered=\(entered) "
        + "order=\(funnel.order.rawValue) " + limits(funnel.latenessMs, funnel.maxSeries)
    ]
    for step in funnel.steps {
      lines.append(" step \(JSONText.quoted(step.name)) = \(normalised(step.condition.text))")
    }
    return lines + part("exclude", funnel.exclude) + part("per", funnel.per)
      + by(funnel.dimensions)
  }

  static func lines(of retention: RetentionPlan) -> [String] {
    let unit = WindowText.length(retention.unit.every, retention.unit.unit)
    return [
      "retention \(retention.name) unit=\(unit) periods=\(retention.periods) "
        + "mode=\(retention.mode.rawValue) forget_after=\(retention.forgetAfterMs) "
        + limits(retention.latenessMs, retention.maxSeries)
    ] + part("start", retention.start) + part("return", retention.returning)
      + part("value", retention.value) + by(retention.dimensions)
  }

  static func lines(of session: SessionPlan) -> [String] {
    [
      "session \(session.name) gap=\(session.gapMs) max=\(session.maxMs) "
        + limits(session.latenessMs, session.maxSeries)
    ] + part("where", session.condition) + by(session.dimensions)
  }

  static func lines(of lifecycle: LifecyclePlan) -> [String] {
    let unit = WindowText.length(lifecycle.unit.every, lifecycle.unit.unit)
    return [
      "lifecycle \(lifecycle.name) unit=\(unit) forget_after=\(lifecycle.forgetAfterMs) "
        + limits(lifecycle.latenessMs, lifecycle.maxSeries)
    ] + part("where", lifecycle.condition) + by(lifecycle.dimensions)
  }

  private static func limits(_ latenessMs: Int64?, _ maxSeries: Int) -> String {
    "lateness=\(optional(latenessMs)) max_series=\(maxSeries)"
  }
}
