import StreamCore

/// Reads steps that events come through: those of funnels, and of sequences of risks.
struct StepReader {
  let reader: StageReader
  /// The option that lists them.
  let option: String
  /// Whose they are, and what several such would be, for messages.
  let owner: String
  let plural: String
  var faults: FaultCollector { reader.faults }

  /// Steps at most.
  private var stepsMax: Int { FunnelPlan.stepsRange.upperBound }

  /// The steps that `node` lists for the stage `name`; nil when a fault says why not.
  func steps(
    _ node: ConfigNode, of name: String, atLeast least: Int, _ scope: inout NameScope
  ) -> [FunnelPlan.Step]? {
    guard let items = node.items else {
      if node.scalar?.isUnresolved ?? false { return nil }
      faults.add(
        node.position, "not-a-list",
        "\(option) is \(node.found); it has to be a list of \(least) to \(stepsMax) steps",
        hint: "for example \(option): [product_view, add_to_cart, purchase]")
      return nil
    }
    guard (least...stepsMax).contains(items.count) else {
      faults.add(
        node.position, items.count < least ? "too-few-steps" : "too-many-steps",
        "\(owner) has \(items.count) step\(items.count == 1 ? "" : "s"); \(least) to \(stepsMax) "
          + "are legal",
        hint: items.count < least
          ? "count a single event with a metric" : "make several \(plural) of it")
      return nil
    }
    let steps = items.enumerated().map { step($1, "step \($0 + 1) of \(name)", &scope) }
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
  func event(
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
