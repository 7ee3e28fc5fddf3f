/// Turns the records of state that one definition left into those that another one goes on from.
///
/// What a kept stage has come to stays to the byte, under the numbers that stages have in the new
/// plan; what belongs to no kept stage is dropped; a new stage finds nothing. Pure: records in,
/// records out, owner by owner.
public struct StateTranslator {
  /// The stage of the records that `reach` reads.
  public static let headerStage = TaskState.headerStage

  let old: StagePlan
  let new: StagePlan
  let kept: KeptStages
  /// Where each group of the new plan comes from.
  let origins: [Int: GroupOrigin]
  /// Groups of the new plan by the group of the old one that they come from.
  let targets: [Int: [Int]]
  /// Which slot of the new plan a slot of the old one is.
  let slots: [Int: Int]
  /// Which bit of the new plan a bit of the old one is.
  let bits: [(from: UInt64, to: UInt64)]
  /// Which key of the new plan a key of the old one is.
  let keys: [Int: Int]

  /// Where the parts of a group's cells come from.
  struct GroupOrigin {
    var group: Int
    /// Inputs of the new group, and those of the old one that they are.
    var inputs: [(new: Int, old: Int)] = []
    /// Kept metrics, by index in the new group and in the old one.
    var metrics: [(new: Int, old: Int)] = []
  }

  /// A change of the file that state cannot follow.
  public struct Refusal: Error, Equatable {
    /// What is in the way.
    public var what: String
  }

  /// Compares the plans. Throws when a kept stage cannot be found again, or when kept stages would
  /// have to be merged.
  public init(from old: StagePlan, to new: StagePlan, kept: KeptStages) throws(Refusal) {
    self.old = old
    self.new = new
    self.kept = kept
    var origins: [Int: GroupOrigin] = [:]
    for group in new.groups { origins[group.index] = try Self.origin(of: group, old, kept) }
    self.origins = origins
    var targets: [Int: [Int]] = [:]
    for (index, origin) in origins.sorted(by: { $0.key < $1.key }) {
      targets[origin.group, default: []].append(index)
    }
    self.targets = targets
    slots = Self.slots(old.pipeline, new.pipeline)
    var keys = [0: 0]
    var bits: [UInt64: UInt64] = [:]
    for (key, set) in old.ordered.sets.enumerated() {
      for (at, index) in set.stages.enumerated() {
        for target in targets[index] ?? [] {
          let found = new.ordered.sets.enumerated().first { $0.element.stages.contains(target) }
          guard let (newKey, newSet) = found.map({ ($0.offset, $0.element) }),
            let newAt = newSet.stages.firstIndex(of: target)
          else { continue }
          keys[key] = newKey
          try Self.pair(
            set.conditions[at], newSet.conditions[newAt], new.groups[target], &bits)
        }
      }
    }
    try Self.pairTraits(old, new, kept, &bits)
    self.keys = keys
    self.bits = bits.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
  }

  /// Events of one record may be of several stages: the bits of conditions of all of them.
  private static func pair(
    _ old: [OrderedCondition], _ new: [OrderedCondition], _ group: GroupPlan,
    _ bits: inout [UInt64: UInt64]
  ) throws(Refusal) {
    for (a, b) in zip(old, new) {
      guard (a.bit == nil) == (b.bit == nil) else {
        throw Refusal(
          what: "with more than 64 conditions, those of \(group.names[0]) cannot be told apart in "
            + "events that wait")
      }
      if let from = a.bit, let to = b.bit { bits[from, default: 0] |= to }
    }
  }

  private static func pairTraits(
    _ old: StagePlan, _ new: StagePlan, _ kept: KeptStages, _ bits: inout [UInt64: UInt64]
  ) throws(Refusal) {
    let (before, after) = (old.ordered.sets[0].traits, new.ordered.sets[0].traits)
    guard !before.isEmpty, !after.isEmpty else { return }
    for (at, trait) in new.pipeline.traits.enumerated() where kept.traits.contains(trait.name) {
      guard let was = old.pipeline.traits.firstIndex(where: { $0.name == trait.name }) else {
        continue
      }
      if let from = before[was].bit, let to = after[at].bit { bits[from, default: 0] |= to }
    }
  }

  private static func origin(
    of group: GroupPlan, _ old: StagePlan, _ kept: KeptStages
  ) throws(Refusal) -> GroupOrigin? {
    if let stage = group.stage {
      let former = old.groups.first { group in
        group.stage.map {
          $0.continues(stage) && (kept.keeps(stage) || kept.keeps($0))
        } ?? false
      }
      return former.map { GroupOrigin(group: $0.index) }
    }
    var origin: GroupOrigin?
    for (at, metric) in group.metrics.enumerated() where kept.keeps(metric: metric.name) {
      for former in old.groups where former.stage == nil {
        guard let was = former.metrics.firstIndex(where: { $0.name == metric.name }) else {
          continue
        }
        if let known = origin, known.group != former.index {
          throw Refusal(
            what: "\(metric.name) and \(group.metrics[known.metrics[0].new].name) now share what "
              + "they keep, as they did not before: write their conditions and dimensions as they "
              + "were written")
        }
        var own = origin ?? GroupOrigin(group: former.index)
        own.metrics.append((at, was))
        if let input = metric.input, let oldInput = former.metrics[was].input {
          own.inputs.append((input, oldInput))
        }
        origin = own
      }
    }
    return origin
  }

  private static func slots(_ old: PipelinePlan, _ new: PipelinePlan) -> [Int: Int] {
    var found: [Int: Int] = [:]
    for (at, name) in old.fields.enumerated() {
      found[at] = at < Slot.reserved ? at : new.fields.firstIndex(of: name)
    }
    for (at, field) in old.derived.enumerated() {
      found[old.fields.count + at] = new.derived.firstIndex { $0.name == field.name }
        .map { new.fields.count + $0 }
    }
    return found
  }
}

// MARK: - Owners

extension StateTranslator {
  /// The records of an owner: a partition, a shard of the exchange, or the merge. They come and go
  /// in the order of stage and key. Throws when they are not what the old plan wrote. O(bytes).
  public func translate(_ records: [StateRecord]) throws(CodecError) -> [StateRecord] {
    guard let owner = records.first?.key.owner else { return [] }
    if owner == Merge.owner { return try translateMerge(records) }
    let isShard = owner.hasPrefix(ExchangeShard.ownerPrefix)
    if isShard && !new.needsExchange { return [] }
    var result: [StateRecord] = []
    var pages: [UInt32: [StateRecord]] = [:]
    var apart: [StateRecord] = []
    for record in records { apart += try record.apart() }
    for record in apart {
      switch record.key.stage {
      case TaskState.headerStage: result.append(try header(record, isShard: isShard))
      case TaskState.dedupStage: result.append(record)
      case TaskState.waitingStage:
        if let chunk = try waiting(record, isShard: isShard) { result.append(chunk) }
      case TaskState.pageStage...: pages[record.key.stage, default: []].append(record)
      case TaskState.nameStage...: result += dictionary(record)
      default: result += try cell(record)
      }
    }
    for (stage, records) in pages.sorted(by: { $0.key < $1.key }) {
      result += try self.pages(records, oldKey: Int(stage - TaskState.pageStage))
    }
    return result.sorted {
      $0.key.stage != $1.key.stage
        ? $0.key.stage < $1.key.stage : $0.key.key.lexicographicallyPrecedes($1.key.key)
    }
  }

  private func translateMerge(_ records: [StateRecord]) throws(CodecError) -> [StateRecord] {
    let (former, merge) = (Merge(plan: old), Merge(plan: new))
    for record in records { try former.restore(record) }
    try merge.takeOver(from: former, self)
    var change = StateChange(snapshotID: 0, positions: [:])
    merge.encodeState(into: &change)
    return change.upserts
  }

  /// The greatest event time that the tasks had read by the state, clocks among it, in
  /// milliseconds: no event that is read later is of a window that was complete then. Nil
  /// without any.
  ///
  /// State of earlier versions does not tell how far ahead of their records events were: there as
  /// far as the pipeline lets them.
  public static func reach(
    _ records: [StateRecord], of plan: StagePlan
  ) throws(CodecError) -> Int64? {
    var reach: Int64?
    for record in records where record.key.stage == TaskState.headerStage {
      if record.key.owner.hasPrefix(ExchangeShard.ownerPrefix) { continue }
      var reader = ByteReader(record.bytes)
      let parts = try TaskHeader(from: &reader, Self.groups(plan, isShard: false), isShard: false)
      guard parts.eventClockMs > Int64.min else { continue }
      let latest = parts.latestMs ?? parts.eventClockMs + plan.pipeline.time.maxAheadMs
      reach = max(reach ?? Int64.min, latest)
    }
    return reach
  }

  /// The groups of a task in the order in which it keeps them.
  static func groups(_ plan: StagePlan, isShard: Bool) -> [GroupPlan] {
    let ordered = plan.ordered.sets.enumerated().filter { key, set in
      (key == 0 ? plan.ordered.isUserExchanged == isShard : isShard) && !set.isEmpty
    }.map(\.element)
    let own = ordered.flatMap(\.metrics) + ordered.flatMap(\.stages)
    return ((isShard ? [] : plan.local) + own).map { plan.groups[$0] }
  }
}
