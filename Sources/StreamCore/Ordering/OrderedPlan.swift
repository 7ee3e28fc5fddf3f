/// A condition of a stage that takes events in order.
struct OrderedCondition: Sendable {
  /// Which bit of an event says whether it holds; nil where it has to be evaluated.
  let bit: UInt64?
  /// What is evaluated; nil: it always holds.
  let expression: Expression?

  /// Whether it holds of an event.
  @inline(__always)
  func holds(_ bits: UInt64, _ row: UnsafePointer<Value>, _ scratch: ScratchArena) -> Bool {
    if let bit { return bits & bit != 0 }
    guard let expression else { return true }
    return expression.isTrue(row, scratch)
  }
}

/// Stages that take events in order by one key, and share a record of each.
struct OrderedSet: Sendable {
  /// Its stages with records, by index of `StagePlan.groups`.
  var stages: [Int] = []
  /// Its groups of metrics.
  var metrics: [Int] = []
  /// Conditions of each of `stages`, in the order of `UserStagePlan.conditions`.
  var conditions: [[OrderedCondition]] = []
  /// Conditions of traits, one a trait; none when no stage reads them.
  var traits: [OrderedCondition] = []
  /// The events that they take.
  var interest = Interest()

  var isEmpty: Bool { stages.isEmpty && metrics.isEmpty }

  /// Which events some stages take.
  struct Interest: Sendable {
    /// Bits of the events that stages with records, or traits, take.
    var mask: UInt64 = 0
    /// Whether they take every event that has a key.
    var takesEveryKey = false
    /// Bits of the events that metrics take.
    var metricMask: UInt64 = 0
    /// Whether metrics take every event.
    var takesEveryEvent = false

    /// Whether an event is of interest.
    @inline(__always)
    func takes(_ bits: UInt64, hasKey: Bool) -> Bool {
      takesEveryEvent || bits & metricMask != 0
        || (hasKey && (takesEveryKey || bits & mask != 0))
    }
  }
}

/// What events are taken by in order: by user, and by the keys that stages name.
///
/// A condition that reads the event alone is evaluated once, where the event is read, and travels
/// as a bit; one that reads what is known of the user is evaluated in order.
struct OrderedPlan: Sendable {
  /// Conditions by bit.
  private(set) var conditions: [Expression] = []
  /// What events are taken by: nil, the user, first.
  private(set) var keys: [Expression?] = [nil]
  /// The stages of each key.
  private(set) var sets: [OrderedSet] = [OrderedSet()]
  /// Whether the user's stages are behind the exchange, as those of every other key are.
  let isUserExchanged: Bool
  /// Slots that are kept of an event in a partition's task, and on its way to the exchange.
  private(set) var localSlots: [Int] = []
  private(set) var exchangedSlots: [Int] = []
  /// The greatest lateness of the stages in a partition's task, and behind the exchange, by source.
  private(set) var localLatenessMs: [Int64] = []
  private(set) var exchangedLatenessMs: [Int64] = []

  /// Conditions that fit the bits of an event.
  private static let bitsMax = 64

  init(_ groups: [GroupPlan], _ pipeline: PipelinePlan, keyed: Bool) {
    isUserExchanged = !keyed
    var slots: [Set<Int>] = [[]]
    for group in groups where group.isOrdered {
      guard let stage = group.stage else {
        add(group, pipeline, &slots)
        continue
      }
      add(stage, group, pipeline, &slots)
    }
    addTraits(groups, pipeline, &slots)
    let fallback = pipeline.sources.map { $0.latenessMs ?? pipeline.time.latenessMs }
    func greatest(_ isExchanged: Bool) -> [Int64] {
      let own = groups.filter { $0.isOrdered && $0.exchanged == isExchanged }.map(\.latenessMs)
      let traits = sets[0].traits.isEmpty || isUserExchanged != isExchanged ? [] : [fallback]
      return fallback.indices.map { s in (own + traits).map { $0[s] }.max() ?? 0 }
    }
    localLatenessMs = greatest(false)
    exchangedLatenessMs = greatest(true)
    let isOfEvent = { (slot: Int) in slot < pipeline.firstTraitSlot }
    var beyond: Set<Int> = [Slot.user]
    for (key, own) in slots.enumerated() {
      if key == 0 && keyed {
        localSlots = own.filter(isOfEvent).sorted()
      } else {
        beyond.formUnion(own)
      }
    }
    exchangedSlots = beyond.filter(isOfEvent).sorted()
  }

  private mutating func add(
    _ group: GroupPlan, _ pipeline: PipelinePlan, _ slots: inout [Set<Int>]
  ) {
    sets[0].metrics.append(group.index)
    let condition = condition(group.condition, pipeline)
    if let bit = condition.bit {
      sets[0].interest.metricMask |= bit
    } else {
      sets[0].interest.takesEveryEvent = true
    }
    slots[0].formUnion(group.condition?.slots ?? [])
    slots[0].formUnion(group.dimensions.flatMap(\.expression.slots))
    slots[0].formUnion(group.inputs.flatMap(\.expression.slots))
    if group.parts.lasts > 0 { slots[0].insert(Slot.user) }
  }

  private mutating func add(
    _ stage: UserStagePlan, _ group: GroupPlan, _ pipeline: PipelinePlan,
    _ slots: inout [Set<Int>]
  ) {
    var key = 0
    if let expression = stage.key {
      key = keys.firstIndex { $0?.text == expression.text } ?? keys.count
      if key == keys.count {
        keys.append(expression)
        sets.append(OrderedSet())
        slots.append([])
      }
    }
    var conditions: [OrderedCondition] = []
    let decidingCount = stage.decidingCount
    for (index, expression) in stage.conditions.enumerated() {
      let condition = condition(expression, pipeline)
      conditions.append(condition)
      if condition.bit == nil { slots[key].formUnion(expression?.slots ?? []) }
      if index >= decidingCount { continue }
      if let bit = condition.bit {
        sets[key].interest.mask |= bit
      } else {
        sets[key].interest.takesEveryKey = true
      }
    }
    if stage.takesEveryEvent { sets[key].interest.takesEveryKey = true }
    sets[key].stages.append(group.index)
    sets[key].conditions.append(conditions)
    slots[key].formUnion(stage.slots)
  }

  /// Traits are kept only where a stage reads them.
  private mutating func addTraits(
    _ groups: [GroupPlan], _ pipeline: PipelinePlan, _ slots: inout [Set<Int>]
  ) {
    guard slots[0].contains(where: { $0 >= pipeline.firstTraitSlot }) else { return }
    for trait in pipeline.traits {
      let isCount = trait.kind == .count
      let condition = condition(isCount ? trait.expression : nil, pipeline)
      sets[0].traits.append(condition)
      if let bit = condition.bit {
        sets[0].interest.mask |= bit
      } else {
        sets[0].interest.takesEveryKey = true
        slots[0].formUnion(trait.expression.slots)
      }
    }
  }

  private mutating func condition(
    _ expression: Expression?, _ pipeline: PipelinePlan
  ) -> OrderedCondition {
    guard let expression, !expression.slots.contains(where: { $0 >= pipeline.firstTraitSlot })
    else { return OrderedCondition(bit: nil, expression: expression) }
    var at = conditions.firstIndex { $0.text == expression.text }
    if at == nil, conditions.count < Self.bitsMax {
      conditions.append(expression)
      at = conditions.count - 1
    }
    return OrderedCondition(bit: at.map { 1 << UInt64($0) }, expression: expression)
  }
}

/// Evaluates the ordered conditions of events. Owned by one task.
final class ConditionBits {
  private let conditions: [Expression]
  private let named: NamedConditions
  /// Bits of the conditions that read more than the name.
  private let others: UInt64

  /// Of at most 64 conditions.
  init(_ conditions: [Expression]) {
    self.conditions = conditions
    named = NamedConditions(conditions)
    var others: UInt64 = 0
    for (bit, isOfName) in named.isOfName.enumerated() where !isOfName {
      others |= 1 << UInt64(bit)
    }
    self.others = others
  }

  /// The bits of the conditions that hold of an event.
  @inline(__always)
  func evaluate(_ row: UnsafePointer<Value>, _ scratch: ScratchArena) -> UInt64 {
    if conditions.isEmpty { return 0 }
    var bits = named.mayHold(row, scratch)[0]
    var open = bits & others
    while open != 0 {
      let index = open.trailingZeroBitCount
      open &= open &- 1
      if !conditions[index].isTrue(row, scratch) { bits &= ~(1 << UInt64(index)) }
    }
    return bits
  }
}
