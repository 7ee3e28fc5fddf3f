import StreamCore

/// Reads alerts.
struct AlertBuilder {
  let reader: StageReader
  let catalogue: ResultCatalogue
  var faults: FaultCollector { reader.faults }

  /// The alert of one entry of `alerts`, and the metrics that explain it; nil when it is faulty.
  func build(
    _ entry: NamedSettings, _ scope: inout NameScope
  ) -> (plan: AlertPlan, hidden: [MetricPlan])? {
    let settings = entry.settings
    let watched = watched(settings)
    let thresholds = ThresholdBuilder(
      faults: faults, rule: entry.name, taken: isTaken, dimensions: watched?.dimensions
    ).build(settings[RuleOptions.thresholds])
    // Dimensions have paths of their own, whatever else is wrong.
    let explanations = reader.dimensions(
      settings[AlertOptions.explain] ?? ConfigNode(position: .start, content: .sequence([])),
      option: "explain", max: AlertOptions.explainMax, &scope)
    let hold = hold(settings)
    let active = ActiveHoursReader(faults: faults).read(settings[AlertOptions.active])
    guard let watched, let name = settings[AlertOptions.watch] else { return nil }
    checkWindows(watched, name, active, settings)
    var expressions = AlertExpressions(
      reader: reader, catalogue: catalogue, watched: watched, watchedName: name,
      thresholds: thresholds.map(\.plan))
    let when = settings[AlertOptions.when].flatMap { expressions.compile($0, owner: "when") }
    let clear = settings[AlertOptions.clear].flatMap { expressions.compile($0, owner: "clear") }
    guard let when, clear != nil || !settings.gives(AlertOptions.clear) else { return nil }
    for (index, threshold) in thresholds.enumerated()
    where !expressions.inputs.contains(.threshold(index)) && !isTaken(threshold.plan.name) {
      UnusedThreshold.report(threshold.plan.name, of: entry.name, threshold.position, faults)
    }
    var plan = AlertPlan(
      name: entry.name, watch: watched.reference, when: when, clear: clear,
      inputs: expressions.inputs, thresholds: thresholds.map(\.plan), hold: hold,
      window: watched.window, dimensions: watched.dimensions)
    plan.keepFiringForMs = settings[AlertOptions.keepFiring] ?? 0
    plan.minSamples = settings[AlertOptions.minSamples] ?? 0
    plan.noData = settings[AlertOptions.noData].flatMap(AlertPlan.NoData.init) ?? .keep
    plan.active = active
    plan.isProvisional = settings[AlertOptions.provisional] ?? false
    plan.severity = settings[PolicyOptions.severity] ?? plan.severity
    plan.owner = settings[PolicyOptions.owner]
    let hidden = explain(&plan, by: explanations, settings)
    return (plan, hidden)
  }

  /// What a threshold may not be called.
  private func isTaken(_ name: String) -> Bool {
    AlertExpressions.names.contains(name) || AlertExpressions.calls[name] != nil
      || Expression.functions.contains(name) || catalogue.has(name)
  }

  private func watched(_ settings: Settings) -> ResultCatalogue.Entry? {
    guard let name = settings[AlertOptions.watch] else { return nil }
    switch catalogue.result(name) {
    case .entry(let entry): return entry
    case .faulty: return nil
    case .unknown(let message, let hint):
      // Not found where a variable has no value: then it is taken as right.
      guard settings.node(of: AlertOptions.watch)?.scalar?.isUnresolved != true else { return nil }
      faults.add(
        settings.position(of: AlertOptions.watch), "unknown-result",
        "\(message) \(settings.found(AlertOptions.watch))", hint: hint)
      return nil
    }
  }

  /// Refuses what would be without effect on the windows of the watched result.
  private func checkWindows(
    _ watched: ResultCatalogue.Entry, _ name: String, _ active: [AlertPlan.ActiveHours],
    _ settings: Settings
  ) {
    let isKPI = watched.reference.figure == .kpi
    if isKPI, settings[AlertOptions.minSamples] ?? 0 > 0 {
      faults.add(
        settings.position(of: AlertOptions.minSamples), "kpi-without-samples",
        "\(name) is a KPI, which rests on no one number of samples",
        hint: "remove min_samples, and ask in when for a KPI that counts")
    }
    guard !active.isEmpty, watched.window.unit != .millisecond else { return }
    let length = WindowText.length(watched.window.every, watched.window.unit)
    let position = settings.position(of: AlertOptions.active)
    if isKPI, watched.window != WindowPlan(unit: .day, every: 1) {
      faults.add(
        position, "active-periods",
        "\(name) has periods of \(length), which are of no hours of a week",
        hint: "remove active")
    } else if !active.contains(where: { $0.fromMinute == 0 }) {
      faults.add(
        position, "never-active",
        "\(name) has windows of \(length), and none of them starts within active",
        hint: "windows of days start at midnight: write days alone, as active: [\"mon-fri\"]")
    }
  }

  private func hold(_ settings: Settings) -> AlertPlan.Hold {
    guard let node = settings[AlertOptions.hold], let scalar = node.scalar else {
      if let node = settings[AlertOptions.hold] { badHold(node) }
      return .windows(1)
    }
    if scalar.isUnresolved { return .windows(1) }
    if let count = Int64(scalar.text), (1...AlertOptions.holdMax).contains(count) {
      return .windows(Int(count))
    }
    if let ms = try? Units.duration(scalar.text), (1...400 * Units.day).contains(ms) {
      return .duration(ms: ms)
    }
    badHold(node)
    return .windows(1)
  }

  private func badHold(_ node: ConfigNode) {
    faults.add(
      node.position, "bad-value",
      "for is \(node.found); it has to be a number of windows from 1, or a duration up to 400d",
      hint: "for example for: 2, or for: 30m")
  }

  // MARK: - Explanation

  /// The metrics by the alert's dimensions and one more each.
  private func explain(
    _ plan: inout AlertPlan, by dimensions: [MetricPlan.Dimension], _ settings: Settings
  ) -> [MetricPlan] {
    if dimensions.isEmpty { return [] }
    let position = settings.position(of: AlertOptions.explain)
    guard plan.watch.figure == .value, let metrics = catalogue.additiveMetrics(of: plan.watch.stage)
    else {
      faults.add(
        position, "not-explainable",
        "\(plan.name) watches \(settings.found(AlertOptions.watch)), which cannot be taken apart",
        hint: plan.watch.figure == .kpi
          ? "remove explain: what moved a KPI is told of its children"
          : "explain a count, sum or distinct, or a formula a / b of two of them")
      return []
    }
    var hidden: [MetricPlan] = []
    for dimension in dimensions {
      guard !plan.dimensions.contains(dimension.name) else {
        faults.add(
          position, "duplicate-dimension",
          "\(plan.name) is by \(dimension.name) already: each of its values has its own alert",
          hint: "remove it from explain")
        continue
      }
      var names: [String] = []
      for metric in metrics {
        var part = metric
        part.name = "\(plan.name)/explain/\(dimension.name)"
        if metrics.count > 1 { part.name += "/\(metric.name)" }
        part.dimensions = (metric.dimensions + [dimension]).sorted { $0.name < $1.name }
        part.isInternal = true
        names.append(part.name)
        if !hidden.contains(where: { $0.name == part.name }) { hidden.append(part) }
      }
      plan.breakdowns.append(.init(dimension: dimension.name, metrics: names))
    }
    return hidden
  }
}

/// A threshold that no expression reads would change nothing.
enum UnusedThreshold {
  static func report(
    _ name: String, of rule: String, _ position: Position, _ faults: FaultCollector
  ) {
    faults.add(
      position, "unused-threshold", "nothing of \(rule) reads the threshold \(name)",
      hint: "use it in when, or remove it")
  }
}
