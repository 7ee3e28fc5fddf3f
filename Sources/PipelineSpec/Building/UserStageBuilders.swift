import StreamCore

/// Reads retention tables.
struct RetentionBuilder {
  let reader: StageReader

  /// The table of one entry of `retention`.
  func build(_ entry: NamedSettings, _ scope: inout NameScope) -> RetentionPlan? {
    let settings = entry.settings
    reader.checkUser(entry, "the retention table", scope)
    var plan = RetentionPlan(name: entry.name)
    plan.start = reader.expression(RetentionOptions.start, of: settings, wanted: .bool, &scope)
    plan.returning = reader.expression(
      RetentionOptions.returning, of: settings, wanted: .bool, &scope)
    plan.unit = reader.unit(settings, RetentionOptions.unit)
    plan.periods = settings[RetentionOptions.periods].map { Int($0) } ?? plan.periods
    plan.mode = settings[RetentionOptions.mode].flatMap(RetentionPlan.Mode.init) ?? .firstTime
    plan.value = reader.expression(RetentionOptions.value, of: settings, wanted: .number, &scope)
    plan.dimensions = reader.dimensions(settings, &scope)
    plan.forgetAfterMs = reader.forgetAfterMs(settings)
    plan.latenessMs = settings[StageOptions.lateness]
    plan.maxSeries = reader.maxSeries(settings)
    return plan
  }
}

/// Reads kinds of sessions.
struct SessionBuilder {
  let reader: StageReader

  /// The kind of one entry of `sessions`.
  func build(_ entry: NamedSettings, _ scope: inout NameScope) -> SessionPlan? {
    let settings = entry.settings
    reader.checkUser(entry, "the kind of session", scope)
    var plan = SessionPlan(name: entry.name)
    plan.gapMs = settings[SessionOptions.gap] ?? plan.gapMs
    plan.maxMs = settings[SessionOptions.max] ?? plan.maxMs
    if plan.maxMs < plan.gapMs {
      let option = settings.gives(SessionOptions.max) ? SessionOptions.max : SessionOptions.gap
      reader.faults.add(
        settings.position(of: option), "max-below-gap",
        "max \(Units.text(ofDuration: plan.maxMs)) is below gap "
          + Units.text(ofDuration: plan.gapMs), hint: "raise max or lower gap")
    }
    plan.condition = reader.condition(settings, &scope)
    plan.dimensions = reader.dimensions(settings, &scope)
    plan.latenessMs = settings[StageOptions.lateness]
    plan.maxSeries = reader.maxSeries(settings)
    return plan
  }
}

/// Reads lifecycles.
struct LifecycleBuilder {
  let reader: StageReader

  /// The lifecycle of one entry of `lifecycle`.
  func build(_ entry: NamedSettings, _ scope: inout NameScope) -> LifecyclePlan? {
    let settings = entry.settings
    reader.checkUser(entry, "the lifecycle", scope)
    var plan = LifecyclePlan(name: entry.name)
    plan.unit = reader.unit(settings, LifecycleOptions.unit)
    plan.condition = reader.condition(settings, &scope)
    plan.dimensions = reader.dimensions(settings, &scope)
    plan.forgetAfterMs = reader.forgetAfterMs(settings)
    plan.latenessMs = settings[StageOptions.lateness]
    plan.maxSeries = reader.maxSeries(settings)
    return plan
  }
}
