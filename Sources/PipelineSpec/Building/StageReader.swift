import StreamCore

/// Reads what stages of every kind have in common.
struct StageReader {
  let compiler: ExpressionCompiler
  /// `limits` of the file.
  let limits: Settings?
  var faults: FaultCollector { compiler.faults }

  /// The expression that `option` gives; nil when it is not given, or faulty.
  func expression(
    _ option: Option<ConfigNode>, of settings: Settings, wanted: ExpressionType = .unknown,
    _ scope: inout NameScope
  ) -> Expression? {
    settings[option].flatMap {
      compiler.compile($0, owner: option.spec.name, wanted: wanted, in: &scope)
    }
  }

  /// `where`.
  func condition(_ settings: Settings, _ scope: inout NameScope) -> Expression? {
    expression(StageOptions.condition, of: settings, wanted: .bool, &scope)
  }

  /// `max_series`, or that of `limits`.
  func maxSeries(_ settings: Settings) -> Int {
    let given = settings[StageOptions.maxSeries] ?? limits?[LimitOptions.maxSeries]
    return Int(given ?? 10_000)
  }

  /// `unit`.
  func unit(_ settings: Settings, _ option: Option<String>) -> WindowPlan {
    let unit = StageOptions.units.first { $0.name == settings[option] }?.window
    return WindowPlan(unit: unit ?? .day, every: 1)
  }

  /// `forget_after`, in whole hours.
  func forgetAfterMs(_ settings: Settings) -> Int64 {
    let ms = settings[StageOptions.forgetAfter] ?? 400 * Units.day
    if ms % Units.hour != 0 {
      faults.add(
        settings.position(of: StageOptions.forgetAfter), "not-whole-hours",
        "forget_after is \(settings.found(StageOptions.forgetAfter)); it has to be whole hours",
        hint: "write \(Units.text(ofFixed: (ms / Units.hour + 1) * Units.hour))")
    }
    return ms
  }

  /// Says so when no source has users, whom the stage follows. `stage` names it in messages.
  func checkUser(_ entry: NamedSettings, _ stage: String, _ scope: NameScope) {
    guard scope.own["user"] == nil else { return }
    faults.add(
      entry.position, "no-user",
      "\(stage) \(entry.name) follows users, and no source says where an event's user is",
      hint: "add user to fields")
  }

  // MARK: - Windows

  /// A window's length or its distance, and where the file gives it.
  typealias Given = (name: String, length: WindowLength, position: Position)

  /// Windows of `size` at every `every`; nil when a fault says why not.
  func windows(_ size: Given, every: Given) -> WindowPlan? {
    if every.length.unit == .millisecond, every.length.count < 100 {
      faults.add(
        every.position, "out-of-range",
        "\(every.name) is \(every.length.text); windows are at least 100ms apart")
      return nil
    }
    guard let count = size.length.converted(to: every.length.unit) else {
      faults.add(
        size.position, "window-units",
        "\(size.name) \(size.length.text) is not a fixed number of \(every.length.text)",
        hint: size.length.unit == .day && every.length.unit == .millisecond
          ? "days of the calendar have 23 to 25 hours; write hours for a fixed length"
          : "give both in the same unit")
      return nil
    }
    let step = every.length.count
    if step > count {
      faults.add(
        every.position, "slide-exceeds-size",
        "every \(every.length.text) exceeds window \(size.length.text); events between windows "
          + "would be lost", hint: "lower every or raise window")
      return nil
    }
    guard count % step == 0 else {
      faults.add(
        size.position, "window-not-multiple",
        "window \(size.length.text) is no multiple of every \(every.length.text)",
        hint: "make window a multiple of every")
      return nil
    }
    guard count / step <= MetricOptions.overlapMax else {
      faults.add(
        every.position, "too-many-windows",
        "every event would be in \(count / step) windows; at most "
          + "\(MetricOptions.overlapMax) may overlap", hint: "raise every or lower window")
      return nil
    }
    let unit = every.length.unit
    let limit: Int64 = unit == .millisecond ? 400 * Units.day : unit == .month ? 120 : 4_000
    guard count <= limit else {
      faults.add(
        size.position, "out-of-range",
        "the window \(size.length.text) is longer than ten years", hint: "lower it")
      return nil
    }
    return WindowPlan(unit: unit, size: count, every: step)
  }

  // MARK: - Dimensions

  /// `by`, sorted by name.
  func dimensions(_ settings: Settings, _ scope: inout NameScope) -> [MetricPlan.Dimension] {
    settings[StageOptions.by].map {
      dimensions($0, option: "by", max: StageOptions.dimensionsMax, &scope)
        .sorted { $0.name < $1.name }
    } ?? []
  }

  /// The dimensions that `node` lists for the option called `option`, in its order.
  func dimensions(
    _ node: ConfigNode, option: String, max: Int, _ scope: inout NameScope
  ) -> [MetricPlan.Dimension] {
    let items = node.items ?? (node.isNull ? [] : [node])
    var dimensions: [MetricPlan.Dimension] = []
    if items.count > max {
      faults.add(
        node.position, "too-many-dimensions",
        "\(option) has \(items.count) dimensions; at most \(max) are legal")
      return []
    }
    for item in items {
      for (name, position, value) in named(item, option) {
        guard !dimensions.contains(where: { $0.name == name }) else {
          faults.add(
            position, "duplicate-dimension", "\(option) has a dimension twice", hint: "keep one")
          continue
        }
        if let expression = compiler.compile(value, owner: option, in: &scope) {
          dimensions.append(.init(name: name, expression: expression))
        }
      }
    }
    return dimensions
  }

  /// Dimensions of one entry: a path that is its own name, or `{name: expression}`.
  private func named(
    _ item: ConfigNode, _ option: String
  ) -> [(String, Position, ConfigNode)] {
    switch item.content {
    case .scalar(let scalar):
      if scalar.isUnresolved || ExpressionCompiler.isPath(scalar.text) {
        return [(scalar.text, item.position, item)]
      }
      faults.add(
        item.position, "unnamed-dimension", "\(option) has \(item.found), which is no path",
        hint: "give the expression a name: {name: 'expression'}")
      return []
    case .mapping(let entries) where !entries.isEmpty:
      for entry in entries {
        OptionReader(faults: faults).checkName(entry.key, .name, at: entry.keyPosition)
      }
      return entries.map { ($0.key, $0.keyPosition, $0.value) }
    default:
      faults.add(
        item.position, "bad-value", "\(option) has \(item.found)",
        hint: "write a path, or {name: 'expression'}")
      return []
    }
  }
}
