/// Takes the applied events of a partition that stages want in order: to the partition's own
/// sequencer, or to the shards of the exchange.
///
/// Owned by the partition's task; what it gathered for the exchange is taken with the task's
/// report, so that offsets and events on their way always belong together.
final class OrderedIntake {
  private let plan: StagePlan
  private let conditions: ConditionBits
  private let interests: [OrderedSet.Interest]
  private let userInterest: OrderedSet.Interest
  private let hasUserStages: Bool
  private let isUserExchanged: Bool
  private let slots: [Int]
  private let local: OrderedState?
  /// The sequencer of `local`, which keeps it: an event takes no references on the way there.
  private let sequencer: Unmanaged<Sequencer>?
  private var chunks: [EventChunk?]
  /// Bytes of events that wait to be taken to the exchange.
  private(set) var byteCount = 0
  /// By group, of the events of interest: those without the user or key that the stage goes by
  /// (unusable), and those too late for every stage that takes events in order.
  private(set) var counts: [StageCounts]
  /// Lateness of stages here and behind the exchange.
  private let localLatenessMs: Int64
  private let exchangedLatenessMs: Int64

  init(plan: StagePlan, sourceIndex: Int, local: OrderedState?, shards: Int) {
    self.plan = plan
    self.local = local
    sequencer = local.map { Unmanaged.passUnretained($0.sequencer) }
    conditions = ConditionBits(plan.ordered.conditions)
    interests = plan.ordered.sets.map(\.interest)
    userInterest = interests[0]
    hasUserStages = !plan.ordered.sets[0].isEmpty
    isUserExchanged = plan.ordered.isUserExchanged
    slots = plan.ordered.exchangedSlots
    chunks = Array(repeating: nil, count: shards)
    localLatenessMs = plan.ordered.localLatenessMs[sourceIndex]
    exchangedLatenessMs = plan.ordered.exchangedLatenessMs[sourceIndex]
    counts = plan.groups.map { group in
      var counts = StageCounts()
      if group.stage != nil { counts.unusableByInput = [0] }
      return counts
    }
  }

  /// Which of the ordered conditions hold of an event.
  @inline(__always)
  func bits(_ row: UnsafePointer<Value>, _ scratch: ScratchArena) -> UInt64 {
    conditions.evaluate(row, scratch)
  }

  /// Takes the applied events of a block.
  func take(_ block: EventBlock, scratch: ScratchArena) {
    let keys = plan.ordered.keys
    for k in 0..<block.appliedCount {
      let i = Int(block.applied[k])
      let row = block.row(i)
      var entry = EventChunk.Entry(
        timeMs: block.timeMs[i], clockMs: block.clockMs[i], keyHash: block.userHash[i],
        offset: block.offset[i], bits: conditions.evaluate(row, scratch), key: 0,
        isStraggler: block.hasStragglers)
      if hasUserStages { takeByUser(entry, row, block, scratch) }
      if keys.count == 1 { continue }
      for key in 1..<keys.count {
        guard let expression = keys[key], interests[key].takes(entry.bits, hasKey: true) else {
          continue
        }
        let value = expression.evaluate(row, scratch)
        entry.key = UInt8(truncatingIfNeeded: key)
        entry.keyHash = value.isNull ? 0 : Self.hash(value, scratch)
        if entry.keyHash == 0 {
          countKeyless(entry.bits, plan.ordered.sets[key])
        } else if isBehind(entry, exchangedLatenessMs) {
          countLate(entry, row, plan.ordered.sets[key], scratch)
        } else {
          route(entry, row, block.partition(i), block.source(i))
        }
      }
    }
  }

  @inline(__always)
  private func takeByUser(
    _ entry: EventChunk.Entry, _ row: UnsafePointer<Value>, _ block: EventBlock,
    _ scratch: ScratchArena
  ) {
    let hasUser = entry.keyHash != 0
    if !hasUser { countKeyless(entry.bits, plan.ordered.sets[0]) }
    guard userInterest.takes(entry.bits, hasKey: hasUser) else { return }
    if isBehind(entry, isUserExchanged ? exchangedLatenessMs : localLatenessMs) {
      countLate(entry, row, plan.ordered.sets[0], scratch)
    } else if isUserExchanged {
      route(entry, row, block.partitions[0], block.sources[0])
    } else {
      sequencer?._withUnsafeGuaranteedRef {
        $0.push(entry, row, partition: block.partitions[0], source: block.sources[0])
      }
    }
  }

  private static func hash(_ value: Value, _ scratch: ScratchArena) -> UInt64 {
    max(1, SeriesKey.hash(SeriesKey.part(value, scratch)))
  }

  /// Whether an event is too late for all stages of a kind, and their traits: those that wait for
  /// it have gone on. It need not be a straggler: one that only a trait takes is none.
  @inline(__always)
  private func isBehind(_ entry: EventChunk.Entry, _ latenessMs: Int64) -> Bool {
    entry.timeMs < entry.clockMs - latenessMs
  }

  /// Counts an event without a key at each stage that would have taken it.
  @inline(never)
  private func countKeyless(_ bits: UInt64, _ set: OrderedSet) {
    for group in set.stages where plan.mayTake(plan.groups[group], bits) {
      counts[group].unusableByInput[0] += 1
    }
  }

  /// Counts a late event at each stage that would have taken it.
  @inline(never)
  private func countLate(
    _ entry: EventChunk.Entry, _ row: UnsafePointer<Value>, _ set: OrderedSet,
    _ scratch: ScratchArena
  ) {
    for group in set.stages where entry.keyHash != 0 && plan.mayTake(plan.groups[group], entry.bits)
    {
      counts[group].late += 1
    }
    for group in set.metrics
    where plan.mayTake(plan.groups[group], row, entry.bits, hasUser: true, scratch) {
      counts[group].late += 1
    }
  }

  private func route(
    _ entry: EventChunk.Entry, _ row: UnsafePointer<Value>, _ partition: PartitionID, _ source: Int
  ) {
    let shard = Int(entry.keyHash % UInt64(chunks.count))
    let chunk =
      chunks[shard] ?? EventChunk(partition: partition, source: source, stride: slots.count)
    chunks[shard] = chunk
    let before = chunk.textByteCount
    chunk.append(entry, row, slots: slots)
    byteCount += 64 + slots.count * 16 + chunk.textByteCount - before
  }

  /// The events gathered since the last call, by shard.
  func takeRouted() -> [EventChunk?] {
    defer {
      chunks = Array(repeating: nil, count: chunks.count)
      byteCount = 0
    }
    return chunks
  }

  /// Puts saved counts back.
  func restore(counts saved: [StageCounts]) { counts = saved }
}

/// Stages that take events in order, with what holds the events until they may: a partition's own,
/// or those of a shard of the exchange.
final class OrderedState {
  let sequencer: Sequencer
  /// Stages that share a record, by key; a key without stages here has none.
  let users: [UserStages]
  /// Groups of metrics.
  let metrics: [GroupState]
  private let selector: GroupSelector
  private let scratch = ScratchArena()
  private let isExchanged: Bool
  private var closedRecords: RecordTotals?
  let plan: StagePlan
  /// Those of `users` that have risk rules.
  private let risky: [UserStages]
  /// The greatest event time of any clock, as far as it is known.
  private var horizon = EventTime.distantPast
  /// Judges events on arrival; nil without risk rules.
  private let arrivals: RiskArrivals?
  /// Whether events are judged on arrival.
  var judgesArrivals: Bool {
    get { sequencer.isNoting }
    set { sequencer.isNoting = newValue && arrivals != nil }
  }

  /// Makes the ordered stages of a partition, or with `isExchanged` of a shard.
  init(plan: StagePlan, isExchanged: Bool, isSaved: Bool) {
    self.isExchanged = isExchanged
    self.plan = plan
    let ordered = plan.ordered
    sequencer = Sequencer(
      plan: plan, slots: isExchanged ? ordered.exchangedSlots : ordered.localSlots,
      isShared: isExchanged)
    let own = ordered.sets.enumerated().filter { key, set in
      (key == 0 ? ordered.isUserExchanged == isExchanged : isExchanged) && !set.isEmpty
    }
    metrics = own.flatMap(\.element.metrics).map {
      GroupState(plan: plan.groups[$0], zone: plan.pipeline.zone, isSaved: isSaved)
    }
    selector = GroupSelector(metrics)
    users = own.filter { !$0.element.stages.isEmpty || !$0.element.traits.isEmpty }
      .map { UserStages(plan: plan, key: $0.offset, isSaved: isSaved) }
    risky = users.filter { !$0.risks.isEmpty }
    arrivals =
      risky.isEmpty ? nil : RiskArrivals(sequencer: sequencer, stride: plan.pipeline.slotCount)
    for (_, risk) in risky.flatMap(\.risks) {
      risk.isJudgedOnArrival = !risk.readsTraits(plan.pipeline)
    }
    judgesArrivals = true
  }

  /// Leaves the events that go by user: metrics know no other key.
  private func keepUserEvents(_ block: EventBlock) {
    var count = 0
    for k in 0..<block.appliedCount where block.keys[Int(block.applied[k])] == 0 {
      block.applied[count] = block.applied[k]
      count += 1
    }
    block.appliedCount = count
  }

  /// Whether there is anything to do here.
  static func isNeeded(_ plan: StagePlan, isExchanged: Bool) -> Bool {
    plan.groups.contains { $0.isOrdered && $0.exchanged == isExchanged }
  }

  /// Applies the events before `watermark`, in order, and lets deadlines before it come up. Those
  /// of an input that has ended: up to `horizon`, the greatest event time of any clock.
  func advance(to watermark: EventTime, horizon known: EventTime = .distantPast) {
    horizon = max(horizon, known)
    defer { fireDeadlines(before: watermark) }
    sequencer.advance(to: watermark) { block in
      scratch.reset()
      for stages in users { stages.apply(block, scratch: scratch) }
      if metrics.isEmpty { return }
      if isExchanged { keepUserEvents(block) }
      selector.apply(block, scratch: scratch)
    }
  }

  private func fireDeadlines(before watermark: EventTime) {
    let isEnd = watermark.ms > EventTime.distantFuture.ms / 2
    let limitMs = isEnd ? horizon.ms : watermark.ms - 1
    for stages in risky { stages.fireDeadlines(upTo: limitMs) }
  }

  /// Lets risk rules have the thresholds of a schedule.
  func set(_ thresholds: ThresholdSchedule) {
    for stages in risky { for (_, risk) in stages.risks { risk.set(thresholds) } }
  }

  /// Findings since the last call, settled ones first; with those that pending events may come to,
  /// where they are looked at.
  func takeFindings() -> [FindingReport] {
    var taken: [FindingReport] = []
    for stages in risky { for (_, risk) in stages.risks { taken += risk.takeFindings() } }
    return taken + (arrivals?.judge(risky) ?? [])
  }

  /// Drops the records of all keys: the input is closed, whatever might still come is late. Those
  /// that deadlines can still come up for stay: how far deadlines come is not known yet.
  func close() {
    guard closedRecords == nil else { return }
    closedRecords = records
    for stages in users { stages.close() }
  }

  /// Records of all keys; once closed those that there were then.
  var records: RecordTotals {
    if let closedRecords { return closedRecords }
    var counts = RecordTotals()
    for stages in users {
      counts.count += Int64(stages.pages.count)
      counts.bytes += Int64(stages.pages.byteCount)
      for (_, risk) in stages.risks { counts.bytes += Int64(risk.deadlines.byteCount) }
    }
    return counts
  }

  /// Everything with cells.
  var groups: [StageState] { metrics + users.flatMap { $0.stages } }
}
