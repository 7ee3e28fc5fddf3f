import StreamCore

/// Reads metrics that events feed.
struct MetricBuilder {
  let compiler: ExpressionCompiler
  let defaults: Settings?
  var faults: FaultCollector { compiler.faults }

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
        plan.value = compile(node, entry.name, wanted: wanted, &scope)
      }
    }
    if let condition = settings[MetricOptions.condition] {
      plan.condition = compile(condition, "where", wanted: .bool, &scope)
    }
    if let by = settings[MetricOptions.by] { plan.dimensions = dimensions(by, &scope) }
    plan.latenessMs = settings[MetricOptions.lateness]
    plan.carryMs = settings[MetricOptions.carry]
    plan.seriesTTLMs =
      settings[MetricOptions.seriesTTL] ?? defaults?[LimitOptions.seriesTTL] ?? plan.seriesTTLMs
    let maxSeries = settings[MetricOptions.maxSeries] ?? defaults?[LimitOptions.maxSeries]
    plan.maxSeries = maxSeries.map { Int($0) } ?? plan.maxSeries
    return window == nil ? nil : plan
  }

  private func compile(
    _ node: ConfigNode, _ owner: String, wanted: ExpressionType, _ scope: inout NameScope
  ) -> Expression? {
    compiler.compile(node, owner: owner, wanted: wanted) { scope.resolve($0) }
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
    let place = settings.position(of: MetricOptions.every)
    if every.unit == .millisecond, every.count < 100 {
      faults.add(place, "out-of-range", "every is \(every.text); windows are at least 100ms apart")
      return nil
    }
    guard let count = size.converted(to: every.unit) else {
      faults.add(
        settings.position(of: MetricOptions.window), "window-units",
        "window \(size.text) is not a fixed number of \(every.text)",
        hint: size.unit == .day && every.unit == .millisecond
          ? "days of the calendar have 23 to 25 hours; write hours for a fixed length"
          : "give both in the same unit")
      return nil
    }
    if every.count > count {
      faults.add(
        place, "slide-exceeds-size",
        "every \(every.text) exceeds window \(size.text); events between windows would be lost",
        hint: "lower every or raise window")
      return nil
    }
    guard count % every.count == 0 else {
      faults.add(
        settings.position(of: MetricOptions.window), "window-not-multiple",
        "window \(size.text) is no multiple of every \(every.text)",
        hint: "make window a multiple of every")
      return nil
    }
    guard count / every.count <= MetricOptions.overlapMax else {
      faults.add(
        place, "too-many-windows",
        "every event would be in \(count / every.count) windows; at most "
          + "\(MetricOptions.overlapMax) may overlap", hint: "raise every or lower window")
      return nil
    }
    let limit: Int64 =
      every.unit == .millisecond ? 400 * Units.day : every.unit == .month ? 120 : 4_000
    guard count <= limit else {
      faults.add(
        settings.position(of: MetricOptions.window), "out-of-range",
        "the window \(size.text) is longer than ten years", hint: "lower it")
      return nil
    }
    return WindowPlan(unit: every.unit, size: count, every: every.count)
  }

  // MARK: - Dimensions

  private func dimensions(
    _ node: ConfigNode, _ scope: inout NameScope
  ) -> [MetricPlan.Dimension] {
    let items = node.items ?? (node.isNull ? [] : [node])
    var dimensions: [MetricPlan.Dimension] = []
    if items.count > MetricOptions.dimensionsMax {
      faults.add(
        node.position, "too-many-dimensions",
        "by has \(items.count) dimensions; at most \(MetricOptions.dimensionsMax) are legal")
      return []
    }
    for item in items {
      for (name, position, value) in named(item) {
        guard !dimensions.contains(where: { $0.name == name }) else {
          faults.add(position, "duplicate-dimension", "by has a dimension twice", hint: "keep one")
          continue
        }
        if let expression = compiler.compile(value, owner: "by", resolve: { scope.resolve($0) }) {
          dimensions.append(.init(name: name, expression: expression))
        }
      }
    }
    return dimensions.sorted { $0.name < $1.name }
  }

  /// Dimensions of one entry of `by`: a path that is its own name, or `{name: expression}`.
  private func named(_ item: ConfigNode) -> [(String, Position, ConfigNode)] {
    switch item.content {
    case .scalar(let scalar):
      if scalar.isUnresolved || ExpressionCompiler.isPath(scalar.text) {
        return [(scalar.text, item.position, item)]
      }
      faults.add(
        item.position, "unnamed-dimension", "by has \(item.found), which is no path",
        hint: "give the expression a name: {name: 'expression'}")
      return []
    case .mapping(let entries) where !entries.isEmpty:
      for entry in entries {
        OptionReader(faults: faults).checkName(entry.key, .name, at: entry.keyPosition)
      }
      return entries.map { ($0.key, $0.keyPosition, $0.value) }
    default:
      faults.add(
        item.position, "bad-value", "by has \(item.found)",
        hint: "write a path, or {name: 'expression'}")
      return []
    }
  }
}
