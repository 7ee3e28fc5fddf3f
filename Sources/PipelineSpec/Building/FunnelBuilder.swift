import StreamCore

/// Reads funnels.
struct FunnelBuilder {
  let reader: StageReader
  var faults: FaultCollector { reader.faults }

  /// The funnel of one entry of `funnels`; nil when it is faulty.
  func build(_ entry: NamedSettings, _ scope: inout NameScope) -> FunnelPlan? {
    let settings = entry.settings
    if settings.gives(FunnelOptions.per) {
      scope.traitRefusal = "with `per`, a funnel follows something else than users"
    } else {
      reader.checkUser(entry, "the funnel", scope)
    }
    defer { scope.traitRefusal = nil }
    let steps = settings[FunnelOptions.steps].flatMap {
      StepReader(
        reader: reader, option: "steps", owner: "the funnel \(entry.name)", plural: "funnels"
      ).steps($0, of: entry.name, atLeast: FunnelPlan.stepsRange.lowerBound, &scope)
    }
    var plan = FunnelPlan(
      name: entry.name, steps: steps ?? [], withinMs: settings[FunnelOptions.within] ?? 0)
    plan.order = settings[FunnelOptions.order].flatMap(FunnelPlan.Order.init) ?? .default
    plan.exclude = reader.expression(FunnelOptions.exclude, of: settings, wanted: .bool, &scope)
    plan.per = reader.expression(FunnelOptions.per, of: settings, &scope)
    plan.dimensions = reader.dimensions(settings, &scope)
    plan.latenessMs = settings[StageOptions.lateness]
    plan.maxSeries = reader.maxSeries(settings)
    guard let entered = entered(settings) else { return nil }
    plan.entered = entered
    checkOpenWindows(settings, plan)
    return steps == nil || settings[FunnelOptions.within] == nil ? nil : plan
  }

  private func entered(_ settings: Settings) -> WindowPlan? {
    guard let length = settings[FunnelOptions.entered] else { return nil }
    let given = ("entered", length, settings.position(of: FunnelOptions.entered))
    return reader.windows(given, every: given)
  }

  /// A user may be on the way in every entry window that `within` spans; they all are state.
  private func checkOpenWindows(_ settings: Settings, _ plan: FunnelPlan) {
    let open = plan.openWindows
    guard open > FunnelOptions.openWindowsMax else { return }
    faults.add(
      settings.position(of: FunnelOptions.within), "too-many-windows",
      "within \(settings.found(FunnelOptions.within)) spans \(open) entry windows; a user may be "
        + "in \(FunnelOptions.openWindowsMax) at most", hint: "lower within or raise entered")
  }
}

extension FunnelPlan {
  /// Entry windows in which one user may be on the way at a time, estimated by usual lengths.
  var openWindows: Int64 {
    let length = Swift.max(1, entered.usualMs)
    return (withinMs + length - 1) / length + 1
  }
}

extension WindowPlan {
  /// Length of one window in milliseconds: of calendar windows without daylight saving, and of the
  /// shortest month.
  var usualMs: Int64 {
    switch unit {
    case .millisecond: size
    case .day: size * Units.day
    case .week: size * 7 * Units.day
    case .month: size * 28 * Units.day
    }
  }
}
