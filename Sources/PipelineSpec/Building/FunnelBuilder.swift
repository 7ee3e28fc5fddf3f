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
    let steps = steps(entry, &scope)
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

  // MARK: - Steps

  private func steps(_ entry: NamedSettings, _ scope: inout NameScope) -> [FunnelPlan.Step]? {
    guard let node = entry.settings[FunnelOptions.steps] else { return nil }
    guard let items = node.items else {
      if node.scalar?.isUnresolved ?? false { return nil }
      faults.add(
        node.position, "not-a-list", "steps is \(node.found); it has to be a list of 2 to 32 steps",
        hint: "for example steps: [product_view, add_to_cart, purchase]")
      return nil
    }
    guard FunnelPlan.stepsRange.contains(items.count) else {
      faults.add(
        node.position, items.count < 2 ? "too-few-steps" : "too-many-steps",
        "the funnel \(entry.name) has \(items.count) step\(items.count == 1 ? "" : "s"); 2 to 32 "
          + "are legal",
        hint: items.count < 2
          ? "count a single event with a metric" : "make several funnels of it")
      return nil
    }
    let steps = items.enumerated().map { step($1, "step \($0 + 1) of \(entry.name)", &scope) }
    let right = steps.compactMap { $0 }
    return right.count == items.count ? right : nil
  }

  private func step(
    _ node: ConfigNode, _ owner: String, _ scope: inout NameScope
  ) -> FunnelPlan.Step? {
    switch node.content {
    case .scalar(let scalar):
      if scalar.isUnresolved { return nil }
      if !scalar.isNull, !scalar.text.isEmpty { return step(ofEvent: scalar, node, &scope) }
    case .mapping(let entries) where !entries.isEmpty:
      return step(ofMapping: node, owner, &scope)
    case .mapping, .sequence: break
    }
    faults.add(
      node.position, "bad-step", "\(owner) is \(node.found)",
      hint: "write the name of an event, or {name: NAME, where: 'expression'}")
    return nil
  }

  private func step(
    ofEvent scalar: ConfigNode.Scalar, _ node: ConfigNode, _ scope: inout NameScope
  ) -> FunnelPlan.Step? {
    if ["==", "!=", "&&", "||"].contains(where: { scalar.text.contains($0) }) {
      faults.add(
        node.position, "unnamed-step",
        "\(node.found) is an expression, and a step is written as the name of an event",
        hint: "give it a name: {name: NAME, where: 'expression'}")
      return nil
    }
    return event(scalar.text, at: node, &scope)
  }

  private func step(
    ofMapping node: ConfigNode, _ owner: String, _ scope: inout NameScope
  ) -> FunnelPlan.Step? {
    let settings = OptionReader(faults: faults).read(node, FunnelStepOptions.all, owner: owner)
    guard let name = settings[FunnelStepOptions.name] else {
      _ = reader.condition(settings, &scope)
      return nil
    }
    guard settings.gives(StageOptions.condition) else { return event(name, at: node, &scope) }
    return reader.condition(settings, &scope).map { .init(name: name, condition: $0) }
  }

  /// What a step that is the event called `name` asks.
  static func condition(event name: String) -> String { "event == \(JSONText.quoted(name))" }

  /// The step that is every event called `name`.
  private func event(
    _ name: String, at node: ConfigNode, _ scope: inout NameScope
  ) -> FunnelPlan.Step? {
    let text = Self.condition(event: name)
    let place = ConfigNode(
      position: node.position,
      content: .scalar(.init(written: text, text: text, style: .plain)))
    return reader.compiler.compile(place, owner: "a step", wanted: .bool, in: &scope)
      .map { .init(name: name, condition: $0) }
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
