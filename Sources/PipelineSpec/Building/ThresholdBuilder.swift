import StreamCore

/// Reads `thresholds` of one alert or risk.
struct ThresholdBuilder {
  let faults: FaultCollector
  /// Name of the rule, for messages.
  let rule: String
  /// What other names mean in the rule's expressions: a threshold may have none of them.
  let taken: (String) -> Bool
  /// Dimensions of the rule's series; nil for risks, which have none, and where a fault hides them.
  let dimensions: [String]?

  /// The thresholds of the rule in order of name, with the place of each name.
  func build(_ node: ConfigNode?) -> [(plan: ThresholdPlan, position: Position)] {
    guard let node, !node.isNull else { return [] }
    guard let entries = node.entries else {
      if node.scalar?.isUnresolved ?? false { return [] }
      faults.add(
        node.position, "not-a-mapping", "thresholds is \(node.found), not a mapping of names",
        hint: "for example thresholds: {above: 0.2}")
      return []
    }
    guard entries.count <= RuleOptions.thresholdsMax else {
      faults.add(
        node.position, "too-many-entries",
        "\(rule) has \(entries.count) thresholds; at most \(RuleOptions.thresholdsMax) are legal")
      return []
    }
    return entries.map { entry in
      OptionReader(faults: faults).checkName(entry.key, .name, at: entry.keyPosition)
      if taken(entry.key) {
        faults.add(
          entry.keyPosition, "reserved-name",
          "\(entry.key) is something else in the expressions of \(rule)",
          hint: "name the threshold otherwise")
      }
      return (threshold(entry), entry.keyPosition)
    }.sorted { $0.0.name < $1.0.name }
  }

  private func threshold(_ entry: ConfigNode.Entry) -> ThresholdPlan {
    guard entry.value.entries != nil else {
      return ThresholdPlan(name: entry.key, standard: number(entry) ?? 0)
    }
    let settings = OptionReader(faults: faults).read(
      entry.value, ThresholdOptions.all, owner: "the threshold \(entry.key)")
    var plan = ThresholdPlan(name: entry.key, standard: settings[ThresholdOptions.standard] ?? 0)
    plan.min = known(settings, ThresholdOptions.min, entry)
    plan.max = known(settings, ThresholdOptions.max, entry)
    plan.step = known(settings, ThresholdOptions.step, entry)
    if let least = plan.min, let greatest = plan.max, least > greatest {
      faults.add(
        settings.position(of: ThresholdOptions.min), "min-above-max",
        "min \(settings.found(ThresholdOptions.min)) of \(entry.key) is above max "
          + settings.found(ThresholdOptions.max), hint: "raise max or lower min")
    } else if known(settings, ThresholdOptions.standard, entry) != nil {
      check(plan.standard, plan, settings.position(of: ThresholdOptions.standard), "default")
    }
    if let step = plan.step, !(step > 0) {
      faults.add(
        settings.position(of: ThresholdOptions.step), "out-of-range",
        "step of \(entry.key) is \(settings.found(ThresholdOptions.step)); it has to be above 0")
    }
    for value in settings[ThresholdOptions.values] ?? [] { add(value, to: &plan, entry.key) }
    return plan
  }

  /// A threshold that is a number alone.
  private func number(_ entry: ConfigNode.Entry) -> Double? {
    if entry.value.scalar?.isUnresolved ?? false { return nil }
    if let number = entry.value.scalar.flatMap({ Double($0.text) }), number.isFinite {
      return number
    }
    faults.add(
      entry.value.position, "bad-value",
      "the threshold \(entry.key) is \(entry.value.found); it has to be a number, or a mapping",
      hint: "for example \(entry.key): 0.2, or \(entry.key): {default: 0.2, min: 0, max: 1}")
    return nil
  }

  /// The option's number, unless it is not known here.
  private func known(
    _ settings: Settings, _ option: Option<Double>, _ entry: ConfigNode.Entry
  ) -> Double? {
    if entry.value[option.spec.name]?.scalar?.isUnresolved ?? false { return nil }
    return settings[option]
  }

  private func check(_ value: Double, _ plan: ThresholdPlan, _ position: Position, _ what: String) {
    guard value < plan.min ?? value || value > plan.max ?? value else { return }
    let bounds = [plan.min.map { "min \($0)" }, plan.max.map { "max \($0)" }]
    faults.add(
      position, "out-of-range",
      "\(what) of the threshold \(plan.name) is outside its "
        + bounds.compactMap { $0 }.joined(separator: " and "),
      hint: "change one of them")
  }

  // MARK: - Values of some series

  private func add(_ settings: Settings, to plan: inout ThresholdPlan, _ name: String) {
    let value = settings[ThresholdValueOptions.value]
    if let value {
      check(value, plan, settings.position(of: ThresholdValueOptions.value), "a value")
    }
    guard let node = settings[ThresholdValueOptions.condition],
      let text = canonical(node, name), let value
    else { return }
    if plan.byDimensions.contains(where: { $0.dimensions == text }) {
      faults.add(
        node.position, "duplicate-dimensions",
        "the threshold \(name) has two values for the same dimensions", hint: "keep one")
      return
    }
    plan.byDimensions.append((text, value))
    plan.byDimensions.sort { $0.dimensions < $1.dimensions }
  }

  /// Canonical JSON of the dimensions that `where` names.
  private func canonical(_ node: ConfigNode, _ name: String) -> String? {
    guard let entries = node.entries, !entries.isEmpty else {
      faults.add(
        node.position, "not-a-mapping",
        "where is \(node.found); it has to be a mapping of dimensions to values",
        hint: "for example where: {platform: app}")
      return nil
    }
    var isRight = true
    for entry in entries {
      if let dimensions, !dimensions.contains(entry.key) {
        isRight = false
        faults.add(
          entry.keyPosition, "unknown-dimension",
          "\(rule) has no dimension \(ConfigNode.shortened(entry.key))",
          hint: NearestName.hint(entry.key, in: dimensions)
            ?? (dimensions.isEmpty
              ? "it has none" : "it has \(dimensions.joined(separator: ", "))"))
      }
      if entry.value.scalar == nil {
        isRight = false
        faults.add(
          entry.value.position, "bad-value",
          "\(entry.key) is \(entry.value.found); a dimension is a text, a number, true or false")
      }
    }
    return isRight ? CanonicalDimensions.text(node) : nil
  }
}

/// Dimensions of the file in the form of the column `dimensions`.
enum CanonicalDimensions {
  /// Canonical JSON of a mapping.
  static func text(_ node: ConfigNode) -> String {
    var out: [UInt8] = []
    Array(JSONText.of(node).utf8).withUnsafeBytes { bytes in
      guard let base = bytes.baseAddress else { return }
      CanonicalJSON.append(
        Value(
          kind: .object, bits: UInt64(UInt(bitPattern: base)), length: UInt32(bytes.count)),
        to: &out)
    }
    return String(decoding: out, as: UTF8.self)
  }
}
