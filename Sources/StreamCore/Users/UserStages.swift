/// The stages that share one record of each user, or other key: one look-up an event for all.
///
/// A record is a bit for each stage that has a section in it, and the sections, each with its
/// length. At most 63 stages share one. Traits come first: other stages see their values as they
/// were before the event.
final class UserStages {
  /// Which key, by index of the plan's.
  let key: Int
  let stages: [UserStage]
  let pages: UserPages
  private let traits: TraitStage?
  /// Its risk rules, by where their sections are.
  let risks: [(at: Int, stage: RiskStage)]
  private let record = RecordWriter()
  private let section = RecordWriter()
  private let fired = RecordWriter()
  private let sections: UnsafeMutablePointer<UnsafeRawBufferPointer>
  /// Sections of a record: traits, then the stages; and bytes of their bits.
  private let width: Int
  private let bitBytes: Int
  /// Bits of the sections of the record at hand.
  private var present: UInt64 = 0
  private let mask: UInt64
  private let takesEveryEvent: Bool
  /// The events of a block that are taken: their index there, their keys and where the records are.
  private let picked: UnsafeMutablePointer<Int32>
  private let hashes: UnsafeMutablePointer<UInt64>
  private let found: UnsafeMutablePointer<UserPages.Found?>
  /// Keeps the reads that find records early from being optimised away.
  private var touched: UInt64 = 0
  private var watermark = EventTime.distantPast
  /// Pages that are to be gone over for the event time that has passed.
  private var sweepDebt = 0.0
  /// Pages that are gone over with one block at most.
  private static let sweepMax = 8

  init(plan: StagePlan, key: Int, isSaved: Bool) {
    self.key = key
    let set = plan.ordered.sets[key]
    stages = zip(set.stages, set.conditions).map { index, conditions in
      Self.make(plan.groups[index], conditions, plan.pipeline.zone, isSaved)
    }
    risks = stages.enumerated().compactMap { at, stage in
      (stage as? RiskStage).map { (at + 1, $0) }
    }
    traits = set.traits.isEmpty ? nil : TraitStage(plan.pipeline, set.traits)
    pages = UserPages(isSaved: isSaved)
    width = stages.count + 1
    bitBytes = (width + 7) / 8
    picked = .allocate(capacity: EventBlock.capacity)
    hashes = .allocate(capacity: EventBlock.capacity)
    found = .allocate(capacity: EventBlock.capacity)
    found.initialize(repeating: nil, count: EventBlock.capacity)
    sections = .allocate(capacity: width)
    sections.initialize(repeating: UnsafeRawBufferPointer(start: nil, count: 0), count: width)
    mask = set.interest.mask
    takesEveryEvent = set.interest.takesEveryKey || !set.traits.isEmpty
  }

  deinit {
    picked.deallocate()
    hashes.deallocate()
    found.deallocate()
    sections.deallocate()
  }

  private static func make(
    _ group: GroupPlan, _ conditions: [OrderedCondition], _ zone: Zone, _ isSaved: Bool
  ) -> UserStage {
    switch group.stage {
    case .funnel(let plan):
      FunnelStage(plan, group: group, conditions: conditions, zone: zone, isSaved: isSaved)
    case .retention(let plan):
      RetentionStage(plan, group: group, conditions: conditions, zone: zone, isSaved: isSaved)
    case .session(let plan):
      SessionStage(plan, group: group, conditions: conditions, zone: zone, isSaved: isSaved)
    case .lifecycle(let plan):
      LifecycleStage(plan, group: group, conditions: conditions, zone: zone, isSaved: isSaved)
    case .risk(let plan):
      RiskStage(plan, group: group, conditions: conditions, zone: zone, isSaved: isSaved)
    case .firsts(let plan):
      KPIFirstsStage(plan, group: group, conditions: conditions, zone: zone, isSaved: isSaved)
    case nil:
      UserStage(plan: group, conditions: conditions, zone: zone, isSaved: isSaved)
    }
  }

  /// Applies the events of a block that go by this key. They come in order.
  func apply(_ block: EventBlock, scratch: ScratchArena) {
    var count = 0
    for k in 0..<block.appliedCount {
      let i = Int(block.applied[k])
      guard Int(block.keys[i]) == key else { continue }
      let isTaken = block.userHash[i] != 0 && (takesEveryEvent || block.bits[i] & mask != 0)
      if !isTaken {
        traits?.clear(block.row(i))
        continue
      }
      hashes[count] = block.userHash[i]
      picked[count] = Int32(i)
      count += 1
    }
    guard count > 0 else { return }
    touched = pages.find(hashes, count: count, into: found)
    var event = UserStage.Event(row: block.row(0), scratch: scratch, block: block)
    for k in 0..<count {
      let held = found[k].flatMap { pages.isCurrent($0) ? $0 : nil } ?? pages.find(hashes[k])
      let i = Int(picked[k])
      event.timeMs = block.timeMs[i]
      event.bits = block.bits[i]
      event.row = block.row(i)
      event.index = i
      apply(event, block, i, held)
    }
    sweep(EventTime(ms: block.timeMs[Int(picked[count - 1])]))
  }

  /// Goes over as many pages as lets it come to all of them once in a day of event time, though
  /// over few at a time.
  private func sweep(_ now: EventTime) {
    let passedMs = watermark == .distantPast ? 0 : max(0, now.ms - watermark.ms)
    watermark = max(watermark, now)
    let dayMs: Int64 = 86_400_000
    sweepDebt += Double(min(passedMs, dayMs)) / Double(dayMs) * Double(pages.pageCount)
    let due = min(Int(sweepDebt), Self.sweepMax)
    sweepDebt = min(sweepDebt - Double(due), Double(pages.pageCount))
    for _ in 0..<due { pages.sweep(isDue: isDue, rest: rest) }
  }

  private func apply(
    _ event: UserStage.Event, _ block: EventBlock, _ i: Int, _ found: UserPages.Found?
  ) {
    let hash = block.userHash[i]
    let old = found.map { pages.bytes($0) } ?? UnsafeRawBufferPointer(start: nil, count: 0)
    split(old)
    beginRecord()
    if let traits {
      traits.read(sections[0], event)
      section.begin()
      traits.apply(event, sections[0], into: section)
      append(0)
    }
    for at in 1..<width {
      section.begin()
      Unmanaged.passUnretained(stages[at &- 1])._withUnsafeGuaranteedRef { stage in
        let isTaken = stage.takesEveryEvent || event.bits & stage.mask != 0
        if isTaken && block.hasStragglers && isLate(stage, event, block, i) {
          section.write(sections[at])
        } else if isTaken {
          stage.apply(event, sections[at], into: section)
        } else {
          section.write(sections[at])
        }
      }
      append(at)
    }
    let bytes = finishedRecord()
    if found != nil && bytes.hasSameBytes(as: old) { return }
    pages.set(hash, found, to: bytes)
  }

  /// Whether an event is too late for a stage, though not for others; counts it.
  @inline(never)
  private func isLate(
    _ stage: UserStage, _ event: UserStage.Event, _ block: EventBlock, _ i: Int
  ) -> Bool {
    guard isBehind(stage, block, i) else { return false }
    stage.counts.late += 1
    return true
  }

  /// Whether an event is too late for a stage.
  func isBehind(_ stage: UserStage, _ block: EventBlock, _ i: Int) -> Bool {
    block.timeMs[i] < block.clockMs[i] - stage.plan.latenessMs[block.source(i)]
  }

  /// Lets risk rules look at what is due before or at `limitMs`. O(log n) a deadline.
  func fireDeadlines(upTo limitMs: Int64) {
    for (at, risk) in risks {
      while let entry = risk.deadlines.first, entry.ms <= limitMs {
        risk.deadlines.removeFirst()
        guard let found = pages.find(entry.keyHash) else { continue }
        split(pages.bytes(found))
        fired.begin()
        guard risk.fire(sections[at], entry, limitMs: limitMs, into: fired) else { continue }
        beginRecord()
        for other in 0..<width {
          section.begin()
          section.write(other == at ? fired.bytes : sections[other])
          append(other)
        }
        pages.set(entry.keyHash, found, to: finishedRecord())
      }
    }
  }

  /// Finds the deadlines that records that were put back rely on. O(records).
  func finishRestore() throws(CodecError) {
    try pages.finishRestore()
    if risks.isEmpty { return }
    for (_, risk) in risks { risk.deadlines.removeAll() }
    pages.forEach { hash, bytes in
      split(bytes)
      for (at, risk) in risks { risk.rearm(sections[at], hash) }
    }
  }

  /// The section that a stage has in a record, until the record changes.
  func settledSection(_ at: Int, _ keyHash: UInt64) -> UnsafeRawBufferPointer {
    guard let found = pages.find(keyHash) else {
      return UnsafeRawBufferPointer(start: nil, count: 0)
    }
    split(pages.bytes(found))
    return sections[at]
  }

  // MARK: - Records

  /// Begins a record with room for the bits of its sections.
  @inline(__always)
  private func beginRecord() {
    record.begin()
    present = 0
    for _ in 0..<bitBytes { record.writeByte(0) }
  }

  /// Appends the section at hand to the record, unless it is empty.
  @inline(__always)
  private func append(_ at: Int) {
    if section.count == 0 { return }
    present |= 1 << UInt64(at)
    record.writeVarint(UInt64(section.count))
    record.write(section.bytes)
  }

  /// The record at hand; empty when it has no sections.
  @inline(__always)
  private func finishedRecord() -> UnsafeRawBufferPointer {
    if present == 0 {
      record.begin()
    } else {
      for byte in 0..<bitBytes {
        record.patch(UInt8(truncatingIfNeeded: present >> UInt64(byte * 8)), at: byte)
      }
    }
    return record.bytes
  }

  /// Finds the sections of a record.
  @inline(__always)
  private func split(_ bytes: UnsafeRawBufferPointer) {
    var reader = RecordReader(bytes)
    var present: UInt64 = 0
    for byte in 0..<bitBytes { present |= UInt64(reader.readByte()) << UInt64(byte * 8) }
    for at in 0..<width {
      if present & 1 != 0 {
        sections[at] = reader.readBytes(Int(truncatingIfNeeded: reader.readVarint() & 0xFF_FFFF))
      } else {
        sections[at] = UnsafeRawBufferPointer(start: nil, count: 0)
      }
      present >>= 1
    }
  }

  /// Whether a part of a record means nothing any more.
  private func isDue(_ bytes: UnsafeRawBufferPointer) -> Bool {
    split(bytes)
    for at in 0..<width where !sections[at].isEmpty {
      let isDue =
        at == 0
        ? traits?.isDue(sections[0], watermark: watermark) ?? false
        : stages[at &- 1].isDue(sections[at], watermark: watermark)
      if isDue { return true }
    }
    return false
  }

  /// What is left of a record.
  private func rest(_ bytes: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
    split(bytes)
    beginRecord()
    for at in 0..<width where !sections[at].isEmpty {
      section.begin()
      if at == 0 {
        if traits?.isDue(sections[0], watermark: watermark) ?? true { continue }
        section.write(sections[0])
      } else if stages[at - 1].isDue(sections[at], watermark: watermark) {
        stages[at - 1].prune(sections[at], watermark: watermark, into: section)
      } else {
        section.write(sections[at])
      }
      append(at)
    }
    return finishedRecord()
  }
}

extension UnsafeRawBufferPointer {
  /// Whether two runs of bytes are equal.
  @inline(__always)
  func hasSameBytes(as other: UnsafeRawBufferPointer) -> Bool {
    guard count == other.count, let a = baseAddress, let b = other.baseAddress else {
      return count == other.count
    }
    var at = 0
    while at &+ 8 <= count {
      if a.loadUnaligned(fromByteOffset: at, as: UInt64.self)
        != b.loadUnaligned(fromByteOffset: at, as: UInt64.self)
      {
        return false
      }
      at &+= 8
    }
    while at < count {
      if a.load(fromByteOffset: at, as: UInt8.self) != b.load(fromByteOffset: at, as: UInt8.self) {
        return false
      }
      at &+= 1
    }
    return true
  }
}
