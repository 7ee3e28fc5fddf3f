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
  /// What stages write in place of their sections: one each, used without taking references.
  private let writers: [RecordWriter]
  private let written: UnsafeMutablePointer<Unmanaged<RecordWriter>>
  /// The sections of the record at hand, where `held` says that there is one.
  private let sections: UnsafeMutablePointer<UnsafeRawBufferPointer>
  /// Which sections the record at hand has, and where it begins.
  private var held: UInt64 = 0
  private var recordStart: UnsafeRawPointer?
  /// Sections of a record: traits, then the stages; and bytes of their bits.
  private let width: Int
  private let widthMask: UInt64
  private let bitBytes: Int
  /// Bits of the events that any of its stages takes.
  private let mask: UInt64
  private let takesEveryEvent: Bool
  /// By bit of an event the stages that take it for that, and those that take every event, as bits
  /// of their sections: so an event costs what its stages cost, however many there are.
  private let takersOfBit: UnsafeMutablePointer<UInt64>
  private let takersOfAll: UInt64
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
    widthMask = width < 64 ? (1 << UInt64(width)) - 1 : .max
    bitBytes = (width + 7) / 8
    picked = .allocate(capacity: EventBlock.capacity)
    hashes = .allocate(capacity: EventBlock.capacity)
    found = .allocate(capacity: EventBlock.capacity)
    found.initialize(repeating: nil, count: EventBlock.capacity)
    sections = .allocate(capacity: width)
    sections.initialize(repeating: UnsafeRawBufferPointer(start: nil, count: 0), count: width)
    mask = set.interest.mask
    takesEveryEvent = set.interest.takesEveryKey || !set.traits.isEmpty
    writers = (0..<width).map { _ in RecordWriter() }
    written = .allocate(capacity: width)
    for at in 0..<width { (written + at).initialize(to: .passUnretained(writers[at])) }
    takersOfBit = .allocate(capacity: 64)
    takersOfBit.initialize(repeating: 0, count: 64)
    var takersOfAll: UInt64 = traits == nil ? 0 : 1
    for (at, stage) in stages.enumerated() {
      let section: UInt64 = 1 << UInt64(at + 1)
      if stage.takesEveryEvent { takersOfAll |= section }
      for bit in 0..<64 where stage.mask >> UInt64(bit) & 1 != 0 { takersOfBit[bit] |= section }
    }
    self.takersOfAll = takersOfAll
  }

  deinit {
    picked.deallocate()
    hashes.deallocate()
    found.deallocate()
    sections.deallocate()
    written.deallocate()
    takersOfBit.deallocate()
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
    split(found.map { pages.bytes($0) } ?? UnsafeRawBufferPointer(start: nil, count: 0))
    var changed: UInt64 = 0
    var takers = takers(of: event.bits)
    if let traits {
      takers &= ~1
      traits.read(section(0), event)
      if write(0, { traits.apply(event, section(0), into: $0) }) { changed = 1 }
    }
    while takers != 0 {
      let at = takers.trailingZeroBitCount
      takers &= takers &- 1
      Unmanaged.passUnretained(stages[at &- 1])._withUnsafeGuaranteedRef { stage in
        if block.hasStragglers && isLate(stage, event, block, i) { return }
        if write(at, { stage.apply(event, section(at), into: $0) }) { changed |= 1 << UInt64(at) }
      }
    }
    if changed != 0 { store(changed, block.userHash[i], found) }
  }

  /// The stages that take an event of these bits, as bits of their sections.
  @inline(__always)
  private func takers(of bits: UInt64) -> UInt64 {
    var takers = takersOfAll
    var left = bits & mask
    while left != 0 {
      takers |= takersOfBit[left.trailingZeroBitCount]
      left &= left &- 1
    }
    return takers
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
        var isFired = false
        let isChanged = write(at) {
          isFired = risk.fire(section(at), entry, limitMs: limitMs, into: $0)
        }
        if isFired && isChanged { store(1 << UInt64(at), entry.keyHash, found) }
      }
    }
  }

  /// Drops the records that no deadline can come up for. O(bytes of records).
  func close() {
    var kept: [(hash: UInt64, record: [UInt8])] = []
    for hash in Set(risks.flatMap { $0.stage.deadlines.keyHashes }).sorted() {
      guard let found = pages.find(hash) else { continue }
      let record = pages.bytes(found)
      split(record)
      let awaits = risks.contains { at, risk in risk.awaitsDeadline(section(at)) }
      if awaits { kept.append((hash, Array(record))) }
    }
    pages.removeAll()
    for (hash, record) in kept { record.withUnsafeBytes { pages.set(hash, nil, to: $0) } }
  }

  /// Finds the deadlines that records that were put back rely on. O(records).
  func finishRestore() throws(CodecError) {
    try pages.finishRestore()
    if risks.isEmpty { return }
    for (_, risk) in risks { risk.deadlines.removeAll() }
    pages.forEach { hash, bytes in
      split(bytes)
      for (at, risk) in risks { risk.rearm(section(at), hash) }
    }
  }

  /// The section that a stage has in a record, until the record changes.
  func settledSection(_ at: Int, _ keyHash: UInt64) -> UnsafeRawBufferPointer {
    guard let found = pages.find(keyHash) else {
      return UnsafeRawBufferPointer(start: nil, count: 0)
    }
    split(pages.bytes(found))
    return section(at)
  }

  // MARK: - Records

  /// Finds the sections of a record. O(sections it has).
  @inline(__always)
  private func split(_ bytes: UnsafeRawBufferPointer) {
    recordStart = bytes.baseAddress
    var reader = RecordReader(bytes)
    var present: UInt64 = 0
    for byte in 0..<bitBytes { present |= UInt64(reader.readByte()) << UInt64(byte * 8) }
    held = present & widthMask
    var left = held
    while left != 0 {
      sections[left.trailingZeroBitCount] = reader.readBytes(
        Int(truncatingIfNeeded: reader.readVarint() & 0xFF_FFFF))
      left &= left &- 1
    }
  }

  /// A section of the record at hand; empty when it has none.
  @inline(__always)
  private func section(_ at: Int) -> UnsafeRawBufferPointer {
    held >> UInt64(at) & 1 != 0 ? sections[at] : UnsafeRawBufferPointer(start: nil, count: 0)
  }

  /// Lets `body` write what is to stand in place of a section; whether that is something else.
  @inline(__always)
  private func write(_ at: Int, _ body: (RecordWriter) -> Void) -> Bool {
    written[at]._withUnsafeGuaranteedRef { writer in
      writer.begin()
      body(writer)
      return !writer.isKept && !writer.bytes.hasSameBytes(as: section(at))
    }
  }

  /// Puts what was written in place of the sections of `changed`, of a user's record at `found`.
  private func store(_ changed: UInt64, _ hash: UInt64, _ found: UserPages.Found?) {
    if let found, let recordStart, keepLengths(changed) {
      let record = pages.writable(found)
      var left = changed
      while left != 0 {
        let at = left.trailingZeroBitCount
        left &= left &- 1
        guard let from = sections[at].baseAddress else { continue }
        (record + (from - recordStart)).copyMemory(
          from: written[at]._withUnsafeGuaranteedRef { $0.start }, byteCount: sections[at].count)
      }
    } else {
      pages.set(hash, found, to: joined(changed))
    }
  }

  /// Whether the sections of `changed` are as long as before.
  @inline(__always)
  private func keepLengths(_ changed: UInt64) -> Bool {
    var left = changed
    while left != 0 {
      let at = left.trailingZeroBitCount
      left &= left &- 1
      if written[at]._withUnsafeGuaranteedRef({ $0.count }) != section(at).count { return false }
    }
    return true
  }

  /// The record at hand with what was written in place of the sections of `changed`; empty when it
  /// has no sections.
  private func joined(_ changed: UInt64) -> UnsafeRawBufferPointer {
    var present = held
    var left = changed
    while left != 0 {
      let at = left.trailingZeroBitCount
      left &= left &- 1
      let isEmpty = written[at]._withUnsafeGuaranteedRef { $0.count == 0 }
      present = isEmpty ? present & ~(1 << UInt64(at)) : present | 1 << UInt64(at)
    }
    record.begin()
    if present == 0 { return record.bytes }
    for byte in 0..<bitBytes {
      record.writeByte(UInt8(truncatingIfNeeded: present >> UInt64(byte * 8)))
    }
    while present != 0 {
      let at = present.trailingZeroBitCount
      present &= present &- 1
      let bytes =
        changed >> UInt64(at) & 1 != 0
        ? written[at]._withUnsafeGuaranteedRef { $0.bytes } : sections[at]
      record.writeVarint(UInt64(bytes.count))
      record.write(bytes)
    }
    return record.bytes
  }

  /// Whether a part of a record means nothing any more.
  private func isDue(_ bytes: UnsafeRawBufferPointer) -> Bool {
    split(bytes)
    return (0..<width).contains { isDue($0) }
  }

  private func isDue(_ at: Int) -> Bool {
    let section = section(at)
    if section.isEmpty { return false }
    return at == 0
      ? traits?.isDue(section, watermark: watermark) ?? false
      : stages[at &- 1].isDue(section, watermark: watermark)
  }

  /// What is left of a record.
  private func rest(_ bytes: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
    split(bytes)
    var changed: UInt64 = 0
    for at in 0..<width where isDue(at) {
      changed |= 1 << UInt64(at)
      // Traits that are due are gone whole.
      _ = write(at) {
        if at > 0 { stages[at - 1].prune(section(at), watermark: watermark, into: $0) }
      }
    }
    return joined(changed)
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
