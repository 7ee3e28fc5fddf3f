import StreamCore

// Rows of results for people, with the names that expectations have for their columns.

extension MetricRow {
  var text: String {
    "\(metric) at \(Instants.text(windowStart)) \(dimensions) = "
      + "\(valueExact ?? "\(value)") of \(samples) samples (\(status.rawValue))"
  }
}

extension FunnelRow {
  var text: String {
    // A day of the calendar has 23 hours at least.
    let isDay = entryEnd.ms - entryStart.ms >= 23 * Units.hour
    var text = "\(funnel) \(isDay ? entryDay : Instants.text(entryStart)) \(dimensions)"
    text += " step \(step) \(stepName): users \(users)"
    if let conversionFromStart { text += ", conversion_from_start \(conversionFromStart)" }
    if let conversionFromPrevious { text += ", conversion_from_previous \(conversionFromPrevious)" }
    if let p50Ms { text += ", p50_ms \(p50Ms)" }
    if let p90Ms { text += ", p90_ms \(p90Ms)" }
    return text + " (\(status.rawValue))"
  }
}

extension RetentionRow {
  var text: String {
    var text = "\(retention) \(cohort) \(dimensions) period \(period): users \(users)"
    if let amount { text += ", amount \(amountExact ?? "\(amount)")" }
    return text + " (\(status.rawValue))"
  }
}

extension SessionRow {
  var text: String {
    "\(session) \(day) \(dimensions): sessions \(sessions), users \(users), events \(events), "
      + "bounces \(bounces), duration_ms \(durationMs), entry_events \(entryEvents), "
      + "exit_events \(exitEvents) (\(status.rawValue))"
  }
}

extension KPIRow {
  var text: String {
    var text = "\(kpi) from \(Instants.text(periodStart)) to \(Instants.text(asOf)): value \(value)"
    if let previous { text += ", previous \(previous)" }
    if let movedBy { text += ", moved_by \(movedBy)" }
    if let moved { text += ", moved \(moved)" }
    return text + " (\(status.rawValue))"
  }
}

extension AlertRow: ShownRow {
  /// Whether it is, or was, more than a condition that did not hold for long enough.
  var hasFired: Bool { opened != nil }

  var text: String {
    var text = "\(rule) \(dimensions) of \(Instants.text(windowStart)): \(state.rawValue)"
    if let opened { text += ", opened \(Instants.text(opened))" }
    if let resolved { text += ", resolved \(Instants.text(resolved))" }
    if let value { text += ", value \(value)" }
    return text + " (\(status.rawValue))"
  }
}

extension AlertTransition {
  var text: String {
    var text = "\(rule) \(dimensions) at \(Instants.text(windowStart)): "
    text += "\(from.rawValue) to \(to.rawValue)"
    text += value.map { ", value \($0)" } ?? ", no value"
    return text + " of \(samples) samples, thresholds \(thresholds) (\(status.rawValue))"
  }
}

extension FindingRow: ShownRow {
  /// Whether it was not withdrawn.
  var isFound: Bool { status != .withdrawn }

  var text: String {
    var text = "\(rule) \(entityKind) \(entity): opened \(Instants.text(opened))"
    if let closed { text += ", closed \(Instants.text(closed))" }
    return text + " (\(status.rawValue))"
  }
}
