import StreamCore

/// Asks the expressions of stages that follow users about real events. For samples; not for use
/// from two threads.
final class StageMatcher {
  /// What the sample says about one expression of a stage.
  struct Part {
    var stage: String
    var part: String
    var expression: Expression
    /// Whether it is asked for a value, in place of whether it is true.
    var isValue = false
    /// The event that it stands for, when it is a step by an event's name.
    var eventName: String?
    var matched = 0
  }

  /// Events that `filter` takes.
  private(set) var events = 0
  private(set) var parts: [Part]

  private let plan: PipelinePlan
  private let decoder: EventDecoder
  private let slots: UnsafeMutablePointer<Value>
  private var names: Set<String> = []

  init(plan: PipelinePlan, source: SourcePlan) {
    self.plan = plan
    decoder = EventDecoder(source: source, topic: source.topic ?? source.name)
    slots = .allocate(capacity: plan.slotCount)
    slots.initialize(repeating: .missing, count: plan.slotCount)
    parts = Self.parts(of: plan)
  }

  deinit { slots.deallocate() }

  /// Names the columns of CSV.
  func setHeader(_ columns: [String]) { decoder.setHeader(columns) }

  /// Asks about one payload; those that cannot be decoded are passed over.
  func add(_ payload: [UInt8]) {
    if parts.isEmpty { return }
    decoder.beginBlock()
    // The decoder may read a little past the end.
    let bytes = payload + [UInt8](repeating: 0, count: 64)
    bytes.withUnsafeBufferPointer { buffer in
      var message = RawMessage(
        payload: buffer.baseAddress, payloadCount: Int32(payload.count), offset: 0)
      guard decoder.decode(&message, into: slots) == nil else { return }
      ask()
    }
  }

  private func ask() {
    let scratch = decoder.scratch
    for (index, field) in plan.derived.enumerated() {
      slots[plan.fields.count + index] = field.expression.evaluate(slots, scratch)
    }
    if let filter = plan.filter, !filter.isTrue(slots, scratch) { return }
    events += 1
    let name = slots[Slot.name]
    if name.kind == .string, names.count < SampleCheck.pathsMax {
      names.insert(String(decoding: name.bytes, as: UTF8.self))
    }
    for index in parts.indices where !readsTraits(parts[index].expression) {
      let expression = parts[index].expression
      let isMatch =
        parts[index].isValue
        ? !expression.evaluate(slots, scratch).isNull : expression.isTrue(slots, scratch)
      if isMatch { parts[index].matched += 1 }
    }
  }

  /// Whether a sample cannot say: traits rest on all events before.
  func readsTraits(_ expression: Expression) -> Bool {
    expression.slots.contains { $0 >= plan.firstTraitSlot }
  }

  /// The event's name in the sample that a step with no match probably means.
  func nearest(_ part: Part) -> String? {
    guard part.matched == 0, let name = part.eventName else { return nil }
    return NearestName.of(name, in: names.sorted())
  }

  private static func parts(of plan: PipelinePlan) -> [Part] {
    var parts: [Part] = []
    func add(_ stage: String, _ part: String, _ expression: Expression?, isValue: Bool = false) {
      guard let expression else { return }
      parts.append(Part(stage: stage, part: part, expression: expression, isValue: isValue))
    }
    for trait in plan.traits {
      add(
        TraitOptions.prefix + trait.name, trait.kind.rawValue, trait.expression,
        isValue: trait.kind != .count)
    }
    for funnel in plan.funnels {
      for (index, step) in funnel.steps.enumerated() {
        add(funnel.name, "step \(index + 1) \(step.name)", step.condition)
        if step.condition.text == StepReader.condition(event: step.name) {
          parts[parts.count - 1].eventName = step.name
        }
      }
      add(funnel.name, "exclude", funnel.exclude)
      add(funnel.name, "per", funnel.per, isValue: true)
    }
    for retention in plan.retentions {
      add(retention.name, "start", retention.start)
      add(retention.name, "return", retention.returning)
      add(retention.name, "value", retention.value, isValue: true)
    }
    for session in plan.sessions { add(session.name, "where", session.condition) }
    for lifecycle in plan.lifecycles { add(lifecycle.name, "where", lifecycle.condition) }
    return parts + plan.risks.flatMap { Self.parts(of: $0) }
  }

  private static func parts(of risk: RiskPlan) -> [Part] {
    var parts: [Part] = []
    func add(_ part: String, _ expression: Expression?, isValue: Bool = false) {
      guard let expression else { return }
      parts.append(
        Part(stage: risk.name, part: part, expression: expression, isValue: isValue))
    }
    add("entity", risk.entity, isValue: true)
    add("where", risk.condition)
    switch risk.pattern {
    case .window(_, let aggregates):
      for aggregate in aggregates {
        add("\(aggregate.kind.rawValue) of", aggregate.value, isValue: true)
        add("\(aggregate.kind.rawValue) where", aggregate.condition)
      }
    case .sequence(let steps, let absent):
      for (index, step) in steps.enumerated() {
        add("step \(index + 1) \(step.name)", step.condition)
        if step.condition.text == StepReader.condition(event: step.name) {
          parts[parts.count - 1].eventName = step.name
        }
      }
      add("absent", absent)
    }
    return parts
  }
}
