/// Owns the keyed state of one partition and turns its messages into partials.
///
/// It sees only its partition, in offset order, and uses its own clock alone: what it decides
/// depends on the log and the clock marks, never on other partitions, batch sizes or wall time.
/// Confined to one lane at a time.
public final class PartitionTask {
  /// The partition it owns.
  public let id: PartitionID
  /// Offset of the next record to read.
  public private(set) var nextOffset: Int64
  /// How far event time has come; `Int64.min` before the first event. It never falls.
  public private(set) var clockMs = Int64.min
  /// How far the events themselves have brought the clock, without marks.
  public private(set) var eventClockMs = Int64.min
  /// The greatest event time of what was not rejected, also ahead of its record's timestamp.
  private(set) var latestMs = Int64.min
  /// Fates of everything read so far.
  public private(set) var fates = FateCounts()
  /// Whether records that were not applied are kept for `takeDeadLetters`, from which offset on.
  public var deadLettersFrom: Int64?

  let plan: StagePlan
  let sourceIndex: Int
  private(set) var decoder: EventDecoder
  let block: EventBlock
  /// Everything with cells: stages that take events as they come, then those that take them in
  /// order.
  var groups: [StageState] = []
  /// Stages that take events as they come.
  private let immediate: GroupSelector
  /// Stages of this partition that take events in order.
  let ordered: OrderedState?
  var dedup: DedupIndex
  var samples: SampleKeeper
  var users = UserSample()
  var rejectedByReason = [Int64](repeating: 0, count: RejectReason.allCases.count)
  /// Events on their way to stages that take them in order.
  let intake: OrderedIntake?
  private let settlingLatenessMs: Int64

  private var source: SourcePlan
  let time: TimePlan
  // Of the plan, so that an event takes no references on the way to them.
  private let derived: [Expression]
  private let firstDerived: Int
  private let filter: Expression?
  private let greatestLatenessMs: Int64
  private let leastLatenessMs: Int64
  private let pseudonymizer: Pseudonymizer?
  private let isDecoded: UnsafeMutablePointer<Bool>
  private let storedMarks: [ClockMark]
  private var marks: [ClockMark] = []
  private var nextMarkOffset = Int64.max
  private var deadLetters: [DeadLetter] = []
  /// Keeps the reads of `touchIDs` from being optimised away.
  private var touched: UInt64 = 0

  /// Makes the task of a partition of source `sourceIndex` that begins at `startOffset`.
  ///
  /// `marks` are the stored clock marks of this partition: they are applied again where they lie.
  /// `isSaved` says whether changes are noted for `copyState()`.
  public init(
    id: PartitionID, sourceIndex: Int, plan: StagePlan, startOffset: Int64,
    marks: [ClockMark] = [], shards: Int = 0, isSaved: Bool = true
  ) {
    self.id = id
    self.sourceIndex = sourceIndex
    self.plan = plan
    nextOffset = startOffset
    time = plan.pipeline.time
    derived = plan.pipeline.derived.map(\.expression)
    firstDerived = plan.pipeline.fields.count
    filter = plan.pipeline.filter
    greatestLatenessMs = plan.greatestLatenessMs[sourceIndex]
    leastLatenessMs = plan.leastLatenessMs[sourceIndex]
    source = plan.pipeline.sources[sourceIndex]
    decoder = EventDecoder(source: source, topic: id.topic)
    block = EventBlock(stride: plan.pipeline.slotCount)
    block.partitions = [id]
    block.sources = [sourceIndex]
    dedup = DedupIndex(mode: time.dedupMs == nil ? .idAndTime : .id)
    let format = plan.pipeline.sources[sourceIndex].format
    samples = SampleKeeper(
      id: id,
      mask: plan.pipeline.pseudonyms.map { SampleMask(format, $0.paths[sourceIndex]) })
    pseudonymizer = plan.pipeline.pseudonyms.map { Pseudonymizer($0) }
    let local = plan.local.map {
      GroupState(plan: plan.groups[$0], zone: plan.pipeline.zone, isSaved: isSaved)
    }
    ordered =
      OrderedState.isNeeded(plan, isExchanged: false)
      ? OrderedState(plan: plan, isExchanged: false, isSaved: isSaved) : nil
    immediate = GroupSelector(local)
    groups = local + (ordered?.groups ?? [])
    intake =
      ordered != nil || shards > 0
      ? OrderedIntake(
        plan: plan, sourceIndex: sourceIndex, local: ordered, shards: shards) : nil
    settlingLatenessMs = plan.ordered.localLatenessMs[sourceIndex]
    isDecoded = .allocate(capacity: EventBlock.capacity)
    storedMarks = marks.filter { $0.id == id }.sorted { $0.nextOffset < $1.nextOffset }
    self.marks = storedMarks
    nextMarkOffset = self.marks.first?.nextOffset ?? Int64.max
    applyMarks(upTo: startOffset)
  }

  deinit { isDecoded.deallocate() }

  /// The hot loop: takes messages of this partition, in offset order, to their fates and applies
  /// those that are to be applied. Amortised O(1) a message and stage that takes it.
  public func process(_ messages: UnsafeBufferPointer<RawMessage>) {
    guard let base = messages.baseAddress else { return }
    var at = 0
    while at < messages.count {
      let count = Swift.min(EventBlock.capacity, messages.count - at)
      process(base + at, count)
      at += count
    }
    applyMarks(upTo: nextOffset)
  }

  private func process(_ messages: UnsafePointer<RawMessage>, _ count: Int) {
    decoder.beginBlock()
    block.begin()
    for i in 0..<count { isDecoded[i] = decode(messages + i, i) }
    touchIDs(count)
    for i in 0..<count {
      if messages[i].offset >= nextMarkOffset { applyMarks(upTo: messages[i].offset) }
      fates.read += 1
      nextOffset = messages[i].offset + 1
      if isDecoded[i] { judge(messages + i, i) }
    }
    guard block.appliedCount > 0 else { return }
    immediate.apply(block, scratch: decoder.scratch)
    guard let intake else { return }
    intake.take(block, scratch: decoder.scratch)
    if ordered?.sequencer.isDue ?? false { settle() }
  }

  /// Reads the memory that the ids of the block will need, so that its cache misses overlap.
  @inline(__always)
  private func touchIDs(_ count: Int) {
    var sum: UInt64 = 0
    for i in 0..<count where isDecoded[i] && block.idHash[i] != 0 {
      sum &+= dedup.touch(idHash: block.idHash[i], time: EventTime(ms: block.timeMs[i]))
    }
    touched = sum
  }

  /// Decodes message `i` of the block. False: it was rejected.
  @inline(__always)
  private func decode(_ message: UnsafePointer<RawMessage>, _ i: Int) -> Bool {
    let row = block.row(i)
    let fault = Unmanaged.passUnretained(decoder)._withUnsafeGuaranteedRef {
      $0.decode(message, into: row)
    }
    if let reason = fault {
      reject(message, reason, decoder.detail)
      return false
    }
    guard let time = decoder.eventTime(row[Slot.time]) else {
      let isMissing = row[Slot.time].isNull
      reject(message, isMissing ? .noTime : .badTime, EventLimits.timeDetail(row[Slot.time]))
      return false
    }
    block.timeMs[i] = time.ms
    if let fault = EventLimits.check(row) {
      reject(message, fault.reason, fault.detail)
      return false
    }
    if let pseudonymizer { pseudonymizer.apply(row, decoder.scratch) }
    if row[Slot.user].length == 0 { row[Slot.user] = .null }
    block.userHash[i] = EventLimits.hash(row[Slot.user])
    block.idHash[i] = EventLimits.hash(row[Slot.id])
    return true
  }

  /// Settles the fate of a decoded event, in the order that the contract gives.
  @inline(__always)
  private func judge(_ message: UnsafePointer<RawMessage>, _ i: Int) {
    let row = block.row(i)
    let eventMs = block.timeMs[i]
    var recordMs = message.pointee.timestampMs
    if !row[Slot.recordTime].isNull {
      recordMs = decoder.eventTime(row[Slot.recordTime])?.ms ?? recordMs
    }
    if recordMs >= EventTime.distantFuture.ms { recordMs = RawMessage.noTimestamp }
    if eventMs >= EventTime.distantFuture.ms {
      reject(message, .badTime, "the time is beyond every calendar")
      return
    }
    if eventMs < time.notBefore.ms {
      reject(message, .tooEarly, "event time is before not_before")
      return
    }
    if recordMs != RawMessage.noTimestamp && recordMs >= 0 {
      if eventMs > recordMs &+ time.maxAheadMs {
        reject(message, .tooFarAhead, "event time is over max_ahead past the record's timestamp")
        return
      }
      eventClockMs = Swift.max(eventClockMs, Swift.min(eventMs, recordMs))
    } else {
      eventClockMs = Swift.max(eventClockMs, eventMs)
    }
    latestMs = Swift.max(latestMs, eventMs)
    clockMs = Swift.max(clockMs, eventClockMs)
    block.clockMs[i] = clockMs
    block.offset[i] = message.pointee.offset
    for index in 0..<derived.count {
      row[firstDerived + index] = derived[index].evaluate(row, decoder.scratch)
    }
    if let filter, !filter.isTrue(row, decoder.scratch) {
      fates.filtered += 1
      return
    }
    if eventMs < clockMs - leastLatenessMs, isLate(row, behindMs: clockMs - eventMs) {
      tooLate(message, eventMs)
      return
    }
    if block.idHash[i] != 0, !isNew(block.idHash[i], eventMs) {
      fates.duplicate += 1
      return
    }
    if UserSample.holds(block.userHash[i]) { users.insert(block.userHash[i]) }
    fates.applied += 1
    block.applied[block.appliedCount] = Int32(i)
    block.appliedCount += 1
  }

  /// Notes an id; false when it is that of a copy. Copies older than the ids kept are late anyway.
  @inline(__always)
  private func isNew(_ idHash: UInt64, _ eventMs: Int64) -> Bool {
    if let dedupMs = time.dedupMs {
      dedup.expire(before: EventTime(ms: clockMs - dedupMs))
      return dedup.insert(idHash: idHash, time: EventTime(ms: clockMs))
    }
    dedup.expire(before: EventTime(ms: clockMs - greatestLatenessMs))
    return dedup.insert(idHash: idHash, time: EventTime(ms: eventMs))
  }

  /// Lets stages that take events in order have those that the watermark has passed.
  func settle(horizon: EventTime = .distantPast) {
    guard let ordered, clockMs != Int64.min else { return }
    ordered.advance(to: EventTime(ms: clockMs - settlingLatenessMs), horizon: horizon)
    if clockMs >= EventTime.distantFuture.ms { ordered.close() }
  }

  /// Lets risk rules have the thresholds of a schedule from now on.
  public func set(_ thresholds: ThresholdSchedule) { ordered?.set(thresholds) }

  /// Whether risk rules judge events on arrival too, as they do at first: provisional findings.
  public var judgesArrivals: Bool {
    get { ordered?.judgesArrivals ?? false }
    set { ordered?.judgesArrivals = newValue }
  }

  /// Events for each shard of the exchange since the last call; empty without an exchange.
  public func takeRouted() -> [EventChunk?] { intake?.takeRouted() ?? [] }

  /// Bytes of events that wait to be taken to the exchange.
  public var routedByteCount: Int { intake?.byteCount ?? 0 }

  /// Whether an event that is late for some stage is late for every stage that would take it.
  @inline(never)
  private func isLate(_ row: UnsafePointer<Value>, behindMs: Int64) -> Bool {
    if behindMs > greatestLatenessMs { return true }
    var isTaken = false
    let bits = intake?.bits(row, decoder.scratch) ?? 0
    let hasUser = !row[Slot.user].isNull
    for group in plan.groups {
      if !plan.mayTake(group, row, bits, hasUser: hasUser, decoder.scratch) { continue }
      if behindMs <= group.latenessMs[sourceIndex] {
        block.hasStragglers = true
        return false
      }
      isTaken = true
    }
    return isTaken
  }
}

// MARK: - Clock marks

extension PartitionTask {
  /// Lifts the clock to `clock` from the next offset on, as the merge decided for an idle
  /// partition or at the end of input, and returns the mark that says so. Nil, and no effect, when
  /// the partition has moved past `offset` meanwhile.
  public func lift(to clock: EventTime, at offset: Int64, kind: ClockMark.Kind) -> ClockMark? {
    guard offset == nextOffset else { return nil }
    clockMs = Swift.max(clockMs, clock.ms)
    return ClockMark(id: id, nextOffset: nextOffset, clock: clock, kind: kind)
  }

  private func applyMarks(upTo offset: Int64) {
    while let mark = marks.first, mark.nextOffset <= offset {
      clockMs = Swift.max(clockMs, mark.clock.ms)
      marks.removeFirst()
    }
    nextMarkOffset = marks.first?.nextOffset ?? Int64.max
  }

  /// Tells how the messages that follow are read: files of one source may differ in format and in
  /// the columns that their first rows name. Does nothing when it stays the same.
  public func setFormat(_ format: PayloadFormat) {
    guard format != source.format else { return }
    source.format = format
    decoder = EventDecoder(source: source, topic: id.topic)
  }

  /// Goes on at `offset`: before it there is nothing more to read, because the log lost it or holds
  /// no records there.
  public func skip(to offset: Int64) {
    guard offset > nextOffset else { return }
    nextOffset = offset
    applyMarks(upTo: offset)
  }

  /// Puts a saved clock, offset and counts back.
  func restore(
    nextOffset: Int64, clockMs: Int64, eventClockMs: Int64, latestMs: Int64, fates: FateCounts
  ) {
    self.nextOffset = nextOffset
    self.latestMs = latestMs
    self.clockMs = clockMs
    self.eventClockMs = eventClockMs
    self.fates = fates
    // A mark at this very offset may be younger than the state.
    marks = storedMarks.filter { $0.nextOffset >= nextOffset }
    applyMarks(upTo: nextOffset)
  }
}

// MARK: - Events that are not applied

extension PartitionTask {
  @inline(never)
  private func reject(
    _ message: UnsafePointer<RawMessage>, _ reason: RejectReason, _ detail: String
  ) {
    fates.rejected += 1
    rejectedByReason[Int(reason.rawValue)] += 1
    samples.addRejected(message, reason: reason, detail: detail)
    keepDeadLetter(message, reason.code)
  }

  @inline(never)
  private func tooLate(_ message: UnsafePointer<RawMessage>, _ eventMs: Int64) {
    fates.late += 1
    samples.addLate(
      message, eventTime: EventTime(ms: eventMs),
      watermark: EventTime(ms: clockMs - greatestLatenessMs))
    keepDeadLetter(message, "late")
  }

  private func keepDeadLetter(_ message: UnsafePointer<RawMessage>, _ reason: String) {
    guard let from = deadLettersFrom, message.pointee.offset >= from else { return }
    let m = message.pointee
    let payload = m.payload.map { UnsafeBufferPointer(start: $0, count: Int(m.payloadCount)) }
    if let mask = samples.mask {
      deadLetters.append(
        DeadLetter(
          id: id, offset: m.offset, timestampMs: m.timestampMs, reason: reason, key: nil,
          payload: payload.flatMap { mask.bytes($0) }, isMasked: true))
      return
    }
    deadLetters.append(
      DeadLetter(
        id: id, offset: m.offset, timestampMs: m.timestampMs, reason: reason,
        key: m.key.map { Array(UnsafeBufferPointer(start: $0, count: Int(m.keyCount))) },
        payload: payload.map { Array($0) }))
  }

  /// Records for the dead-letter topic since the last call.
  public func takeDeadLetters() -> [DeadLetter] {
    defer { deadLetters.removeAll() }
    return deadLetters
  }
}
