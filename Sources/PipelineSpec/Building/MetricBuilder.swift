import StreamCore

/// Reads metrics that events feed.
struct MetricBuilder {
  let reader: StageReader
  var faults: FaultCollector { reader.faults }

  /// The metric of one entry of `metrics`; nil when it is faulty.
  func build(_ entry: NamedSettings, _ scope: inout NameScope) -> MetricPlan? {
    let settings = entry.settings
    guard let (aggregate, node) = aggregate(entry) else { return nil }
    checkCarry(entry, aggregate)
    let window = window(entry)
    var plan = MetricPlan(
      name: entry.name, aggregate: aggregate, window: window ?? WindowPlan(unit: .day, every: 1))
    if let node {
      let isUser = node.scalar?.text.filter { $0 != " " } == "user"
      if aggregate == .distinct, isUser, scope.own["user"] != nil {
        plan.aggregate = .distinctUsers
      } else {
        let wanted: ExpressionType = aggregate == .distinct ? .unknown : .number
        plan.value = reader.compiler.compile(node, owner: entry.name, wanted: wanted, in: &scope)
      }
    }
    plan.condition = reader.condition(settings, &scope)
    plan.dimensions = reader.dimensions(settings, &scope)
    plan.latenessMs = settings[StageOptions.lateness]
    plan.carryMs = settings[MetricOptions.carry]
    let defaults = reader.limits
    plan.seriesTTLMs =
      settings[MetricOptions.seriesTTL] ?? defaults?[LimitOptions.seriesTTL] ?? plan.seriesTTLMs
    plan.maxSeries = reader.maxSeries(settings)
    return window == nil ? nil : plan
  }

  // MARK: - Aggregate

  /// The one aggregate that the entry gives, and what it is of.
  private func aggregate(_ entry: NamedSettings) -> (Aggregate, ConfigNode?)? {
    let settings = entry.settings
    var given: [(name: String, aggregate: Aggregate, node: ConfigNode?)] = []
    if settings.gives(MetricOptions.count) { given.append(("count", .count, nil)) }
    let simple: [(Option<ConfigNode>, Aggregate)] = [
      (MetricOptions.sum, .sum), (MetricOptions.avg, .avg), (MetricOptions.min, .min),
      (MetricOptions.max, .max), (MetricOptions.distinct, .distinct), (MetricOptions.last, .last),
    ]
    for (option, aggregate) in simple {
      if let node = settings[option] { given.append((option.spec.name, aggregate, node)) }
    }
    if let node = settings[MetricOptions.quantile],
      let name = settings.givenName(of: MetricOptions.quantile),
      let hundredths = Int(name.dropFirst())
    {
      given.append((name, .quantile(hundredths), node))
    }
    if given.isEmpty {
      // An aggregate that was given and is faulty is reported already.
      let tried = MetricOptions.aggregates.contains { settings.gives($0) }
      if !tried {
        faults.add(
          entry.position, "no-aggregate", "the metric \(entry.name) computes nothing",
          hint: "give it one of \(MetricOptions.aggregateNames)")
      }
      return nil
    }
    guard given.count == 1 else {
      let names = given.map(\.name).joined(separator: ", ")
      faults.add(
        entry.position, "two-aggregates", "the metric \(entry.name) has \(names)",
        hint: "make each a metric of its own")
      return nil
    }
    return (given[0].aggregate, given[0].node)
  }

  private func checkCarry(_ entry: NamedSettings, _ aggregate: Aggregate) {
    if entry.settings.gives(MetricOptions.carry), aggregate != .last {
      faults.add(
        entry.settings.position(of: MetricOptions.carry), "carry-without-last",
        "carry goes with last only", hint: "remove carry")
    }
  }

  // MARK: - Windows

  /// The entry's windows; nil when a fault says why not.
  func window(_ entry: NamedSettings) -> WindowPlan? {
    let settings = entry.settings
    guard let every = settings[MetricOptions.every] else {
      if !settings.gives(MetricOptions.every) {
        faults.add(
          entry.position, "missing-option", "the metric \(entry.name) has no every",
          hint: "for example every: 1h")
      }
      return nil
    }
    let size = settings[MetricOptions.window] ?? every
    return reader.windows(
      ("window", size, settings.position(of: MetricOptions.window)),
      every: ("every", every, settings.position(of: MetricOptions.every)))
  }
}
