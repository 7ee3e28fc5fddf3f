import StreamCore

/// Reads risks.
struct RiskBuilder {
  let reader: StageReader
  var faults: FaultCollector { reader.faults }

  /// The risk of one entry of `risks`; nil when it is faulty.
  func build(_ entry: NamedSettings, _ scope: inout NameScope) -> RiskPlan? {
    let settings = entry.settings
    scope.traitRefusal = "a risk is judged on arrival, before anything is known of the user"
    defer { scope.traitRefusal = nil }
    let entity = entity(entry, &scope)
    let condition = reader.condition(settings, &scope)
    let thresholds = ThresholdBuilder(
      faults: faults, rule: entry.name, taken: Self.isTaken, dimensions: []
    ).build(settings[RuleOptions.thresholds])
    guard let pattern = pattern(entry, thresholds, &scope), let entity,
      let within = settings[RiskOptions.within]
    else { return nil }
    var plan = RiskPlan(
      name: entry.name, entity: entity.expression, entityKind: entity.kind, condition: condition,
      withinMs: within, pattern: pattern, thresholds: thresholds.map(\.plan))
    plan.maxEvents = settings[RiskOptions.maxEvents].map { Int($0) } ?? plan.maxEvents
    plan.latenessMs = settings[StageOptions.lateness]
    plan.severity = settings[PolicyOptions.severity] ?? plan.severity
    plan.owner = settings[PolicyOptions.owner]
    return plan
  }

  /// What a threshold may not be called.
  private static func isTaken(_ name: String) -> Bool {
    RiskPlan.Aggregate.Kind(rawValue: name) != nil || Expression.functions.contains(name)
  }

  // MARK: - Entity

  /// What the rule's events belong to.
  private struct Entity {
    /// Nil for users.
    var expression: Expression?
    var kind: String
  }

  private func entity(_ entry: NamedSettings, _ scope: inout NameScope) -> Entity? {
    guard let node = entry.settings[RiskOptions.entity] else { return nil }
    var kind = ""
    var place = node
    switch node.content {
    case .scalar(let scalar):
      if scalar.isUnresolved { return nil }
      kind = scalar.text
      if kind == "user", scope.own["user"] != nil || !entry.settings.gives(RiskOptions.entity) {
        reader.checkUser(entry, "the risk", scope)
        return Entity(expression: nil, kind: kind)
      }
      guard !scalar.isNull, ExpressionCompiler.isPath(scalar.text) else {
        faults.add(
          node.position, "unnamed-entity", "entity is \(node.found), which is no path",
          hint: "write user, a path, or {name: 'expression'}")
        return nil
      }
    case .mapping(let entries) where entries.count == 1:
      (kind, place) = (entries[0].key, entries[0].value)
      OptionReader(faults: faults).checkName(kind, .name, at: entries[0].keyPosition)
    case .mapping, .sequence:
      faults.add(
        node.position, "bad-value", "entity is \(node.found)",
        hint: "write user, a path, or {name: 'expression'}")
      return nil
    }
    guard let expression = reader.compiler.compile(place, owner: "entity", in: &scope) else {
      return nil
    }
    guard expression.type != .list else {
      faults.add(
        place.position, "wrong-type", "the expression gives a list, and an entity is one thing",
        hint: "take one thing of it")
      return nil
    }
    return Entity(expression: expression, kind: kind)
  }

  // MARK: - Pattern

  private typealias Thresholds = [(plan: ThresholdPlan, position: Position)]

  private func pattern(
    _ entry: NamedSettings, _ thresholds: Thresholds, _ scope: inout NameScope
  ) -> RiskPlan.Pattern? {
    let settings = entry.settings
    let (hasWhen, hasSequence) = (
      settings.gives(RiskOptions.when), settings.gives(RiskOptions.sequence)
    )
    if hasWhen == hasSequence {
      faults.add(
        entry.position, hasWhen ? "two-patterns" : "no-pattern",
        "the risk \(entry.name) has \(hasWhen ? "both when and" : "neither when nor") sequence",
        hint: hasWhen ? "make each a risk of its own" : "give it one of them")
      return nil
    }
    return hasWhen
      ? window(entry, thresholds, &scope) : sequence(entry, thresholds, &scope)
  }

  private func window(
    _ entry: NamedSettings, _ thresholds: Thresholds, _ scope: inout NameScope
  ) -> RiskPlan.Pattern? {
    if entry.settings.gives(RiskOptions.absent) {
      faults.add(
        entry.settings.position(of: RiskOptions.absent), "absent-without-sequence",
        "absent goes with sequence only", hint: "remove absent, or write sequence in place of when")
    }
    guard let node = entry.settings[RiskOptions.when] else { return nil }
    var expressions = RiskExpressions(reader: reader, thresholds: thresholds.map(\.plan.name))
    guard let when = expressions.compile(node, &scope) else { return nil }
    let first = expressions.aggregates.count
    for (index, threshold) in thresholds.enumerated()
    where !when.slots.contains(first + index) && !Self.isTaken(threshold.plan.name) {
      UnusedThreshold.report(threshold.plan.name, of: entry.name, threshold.position, faults)
    }
    return .window(when: when, aggregates: expressions.aggregates)
  }

  private func sequence(
    _ entry: NamedSettings, _ thresholds: Thresholds, _ scope: inout NameScope
  ) -> RiskPlan.Pattern? {
    let settings = entry.settings
    for threshold in thresholds {
      UnusedThreshold.report(threshold.plan.name, of: entry.name, threshold.position, faults)
    }
    let hasAbsent = settings.gives(RiskOptions.absent)
    let reading = StepReader(
      reader: reader, option: "sequence", owner: "the risk \(entry.name)", plural: "risks")
    let steps = settings[RiskOptions.sequence].flatMap {
      reading.steps($0, of: entry.name, atLeast: hasAbsent ? 1 : 2, &scope)
    }
    var absent: Expression?
    if let node = settings[RiskOptions.absent] { absent = self.absent(node, reading, &scope) }
    guard let steps, absent != nil || !hasAbsent else { return nil }
    return .sequence(steps: steps, absent: absent)
  }

  /// The name of an event; what has an operator or a call is an expression.
  private func absent(
    _ node: ConfigNode, _ steps: StepReader, _ scope: inout NameScope
  ) -> Expression? {
    guard let scalar = node.scalar, !scalar.isNull, !scalar.text.isEmpty else {
      faults.add(
        node.position, "bad-value",
        "absent is \(node.found); it has to be the name of an event, or an expression",
        hint: "for example absent: shipped")
      return nil
    }
    if scalar.isUnresolved { return nil }
    let operators = ["==", "!=", "&&", "||", "<", ">", " in ", "!"]
    let isCall = scalar.text.contains(/[A-Za-z]\(/)
    if isCall || operators.contains(where: { scalar.text.contains($0) }) {
      return reader.compiler.compile(node, owner: "absent", wanted: .bool, in: &scope)
    }
    return steps.event(scalar.text, at: node, &scope)?.condition
  }
}
