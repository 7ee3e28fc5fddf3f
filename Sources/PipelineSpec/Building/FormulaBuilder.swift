import StreamCore

/// Reads metrics that other metrics feed.
struct FormulaBuilder {
  let compiler: ExpressionCompiler
  /// Names of every entry of `metrics`, faulty ones too.
  let known: Set<String>
  var faults: FaultCollector { compiler.faults }

  private struct Draft {
    var entry: NamedSettings
    var expression: Expression
    var inputs: [String]
  }

  /// Formulas, each after those it reads.
  func build(_ entries: [NamedSettings], metrics: [MetricPlan]) -> [FormulaPlan] {
    var drafts: [String: Draft] = [:]
    for entry in entries {
      if let draft = draft(entry) { drafts[entry.name] = draft }
    }
    let needs = drafts.mapValues { draft in Set(draft.inputs.filter { drafts[$0] != nil }) }
    let (order, circle) = Dependencies.order(needs)
    if let first = circle.first, let draft = drafts[first] {
      faults.add(
        draft.entry.settings.position(of: MetricOptions.formula), "formula-cycle",
        "formulas need each other in a circle: \((circle + [first]).joined(separator: " → "))",
        hint: "compute one of them from metrics alone")
    }
    var shapes: [String: Shape] = [:]
    for metric in metrics {
      shapes[metric.name] = Shape(window: metric.window, dimensions: metric.dimensions.map(\.name))
    }
    var plans: [FormulaPlan] = []
    for name in order {
      guard let draft = drafts[name], let shape = shape(draft, shapes) else { continue }
      shapes[name] = shape
      plans.append(
        FormulaPlan(
          name: name, expression: draft.expression, inputs: draft.inputs, window: shape.window,
          dimensions: shape.dimensions))
    }
    return plans
  }

  /// Windows and dimensions that all of a formula's inputs share.
  private struct Shape: Equatable {
    var window: WindowPlan
    var dimensions: [String]
  }

  private func draft(_ entry: NamedSettings) -> Draft? {
    checkOptions(entry)
    guard let node = entry.settings[MetricOptions.formula] else { return nil }
    var inputs: [String] = []
    let names = known.subtracting([entry.name]).sorted()
    let expression = compiler.compile(node, owner: "formula", wanted: .number) { name in
      guard known.contains(name) else { return .unknown(known: names) }
      if let index = inputs.firstIndex(of: name) { return .slot(index, type: .number) }
      inputs.append(name)
      return .slot(inputs.count - 1, type: .number)
    }
    guard let expression else { return nil }
    if inputs.isEmpty {
      faults.add(
        node.position, "formula-without-metric",
        "the formula \(entry.name) reads no metric; it would have no windows",
        hint: "name a metric of this file")
      return nil
    }
    return Draft(entry: entry, expression: expression, inputs: inputs)
  }

  private func checkOptions(_ entry: NamedSettings) {
    let options = [
      MetricOptions.count.spec, StageOptions.condition.spec, StageOptions.lateness.spec,
      MetricOptions.carry.spec, MetricOptions.seriesTTL.spec, StageOptions.maxSeries.spec,
    ]
    let aggregates = MetricOptions.aggregates.map(\.spec).filter { $0.name != "formula" }
    for option in options + aggregates where entry.settings.gives(option) {
      faults.add(
        entry.position, "formula-option",
        "the formula \(entry.name) has \(option.name), which belongs to the metrics it reads",
        hint: "remove \(option.name), or give it to those metrics")
    }
  }

  private func shape(_ draft: Draft, _ shapes: [String: Shape]) -> Shape? {
    let settings = draft.entry.settings
    guard let first = draft.inputs.first, let shape = shapes[first] else { return nil }
    let place = settings.position(of: MetricOptions.formula)
    for other in draft.inputs.dropFirst() {
      guard let otherShape = shapes[other] else { return nil }
      if otherShape.window != shape.window {
        faults.add(
          place, "formula-windows",
          "\(first) has windows of \(WindowText.text(shape.window)) and \(other) of "
            + WindowText.text(otherShape.window), hint: "give both the same every and window")
        return nil
      }
      if otherShape.dimensions != shape.dimensions {
        faults.add(
          place, "formula-dimensions",
          "\(first) is by \(Self.text(shape.dimensions)) and \(other) by "
            + Self.text(otherShape.dimensions), hint: "give both the same by")
        return nil
      }
    }
    return checkGiven(draft, first, shape) ? shape : nil
  }

  /// A formula may repeat `every`, `window` and the names of `by`; they have to be its inputs'.
  private func checkGiven(_ draft: Draft, _ first: String, _ shape: Shape) -> Bool {
    let settings = draft.entry.settings
    if settings.gives(MetricOptions.every) || settings.gives(MetricOptions.window) {
      let builder = MetricBuilder(reader: StageReader(compiler: compiler, limits: nil))
      guard let own = builder.window(draft.entry) else { return false }
      if own != shape.window {
        faults.add(
          settings.position(of: MetricOptions.every), "formula-windows",
          "\(draft.entry.name) has windows of \(WindowText.text(own)) and \(first) of "
            + WindowText.text(shape.window),
          hint: "leave every and window out, or give both the same")
        return false
      }
    }
    guard let by = settings[StageOptions.by] else { return true }
    let items = by.items ?? [by]
    let names = items.flatMap { item in
      item.entries.map { $0.map(\.key) } ?? [item.scalar?.text ?? ""]
    }
    if names.sorted() == shape.dimensions { return true }
    faults.add(
      by.position, "formula-dimensions",
      "\(draft.entry.name) is by \(Self.text(names.sorted())) and \(first) by "
        + Self.text(shape.dimensions), hint: "leave by out, or give both the same")
    return false
  }

  private static func text(_ dimensions: [String]) -> String {
    dimensions.isEmpty ? "nothing" : dimensions.joined(separator: ", ")
  }

}

/// Windows as a pipeline file writes them.
enum WindowText {
  /// `1h`, or `7d every 1d`.
  static func text(_ window: WindowPlan) -> String {
    let size = length(window.size, window.unit)
    return window.size == window.every ? size : "\(size) every \(length(window.every, window.unit))"
  }

  static func length(_ count: Int64, _ unit: WindowPlan.Unit) -> String {
    switch unit {
    case .millisecond: Units.text(ofFixed: count)
    case .day: "\(count)d"
    case .week: "\(count)w"
    case .month: "\(count)mo"
    }
  }
}
