// Records of tasks and shards.

extension StateTranslator {
  /// A cell of a group of metrics or of a stage, for each group of the new plan that has parts of
  /// it.
  func cell(_ record: StateRecord) throws(CodecError) -> [StateRecord] {
    let group = Int(record.key.stage)
    var reader = ByteReader(record.bytes)
    guard old.groups.indices.contains(group) else {
      throw reader.invalid("stage of a state record")
    }
    let wanted = targets[group] ?? []
    if wanted.isEmpty { return [] }
    let (value, users) = try CellCodec.decode(old.groups[group].parts, from: &reader)
    return wanted.compactMap { target in
      guard let origin = origins[target] else { return nil }
      let own = new.groups[target]
      var writer = ByteWriter()
      CellCodec.encode(
        self.value(value, from: old.groups[group], to: own, origin),
        users: own.countsUsers ? users ?? HashSet64() : nil, into: &writer)
      return self.record(record, stage: UInt32(target), bytes: writer.bytes)
    }
  }

  func value(
    _ value: CellValue, from old: GroupPlan, to new: GroupPlan, _ origin: GroupOrigin
  ) -> CellValue {
    if new.stage != nil { return value }
    var result = CellValue(parts: new.parts)
    result.events = value.events
    result.users = value.users
    for (to, from) in origin.inputs {
      let (a, b) = (new.inputs[to], old.inputs[from])
      if let to = a.numbers, let from = b.numbers { result.numbers[to] = value.numbers[from] }
      if let to = a.distinct, let from = b.distinct {
        result.distincts[to] = value.distincts[from]
      }
      if let to = a.quantiles, let from = b.quantiles {
        result.quantiles[to] = value.quantiles[from]
      }
      if let to = a.last, let from = b.last { result.lasts[to] = value.lasts[from] }
    }
    return result
  }

  /// The numbers by which records know series or names of a stage.
  func dictionary(_ record: StateRecord) -> [StateRecord] {
    let isName = record.key.stage < TaskState.seriesStage
    let base = isName ? TaskState.nameStage : TaskState.seriesStage
    let group = Int(record.key.stage - base)
    return (targets[group] ?? []).map {
      self.record(record, stage: base + UInt32($0), bytes: record.bytes)
    }
  }

  private func record(_ record: StateRecord, stage: UInt32, bytes: [UInt8]) -> StateRecord {
    StateRecord(
      key: StateKey(owner: record.key.owner, stage: stage, key: record.key.key),
      codecVersion: record.codecVersion, bytes: bytes)
  }

  // MARK: - Events that wait

  /// A chunk of waiting events, without those that no kept stage goes by.
  ///
  /// What a new stage would read of them is not there: they are of before it began.
  func waiting(_ record: StateRecord, isShard: Bool) throws(CodecError) -> StateRecord? {
    let (before, after) =
      isShard
      ? (old.ordered.exchangedSlots, new.ordered.exchangedSlots)
      : (old.ordered.localSlots, new.ordered.localSlots)
    guard OrderedState.isNeeded(new, isExchanged: isShard) else { return nil }
    var reader = ByteReader(record.bytes)
    let chunk = try EventChunk.decode(old, stride: before.count, from: &reader)
    let result = EventChunk(
      partition: chunk.partition, source: chunk.source, stride: after.count)
    let row = UnsafeMutablePointer<Value>.allocate(capacity: max(1, new.pipeline.slotCount))
    defer { row.deallocate() }
    for index in 0..<chunk.entries.count {
      let entry = chunk.entries[index]
      guard let key = keys[Int(entry.key)] else { continue }
      row.initialize(repeating: .null, count: new.pipeline.slotCount)
      for (at, slot) in before.enumerated() {
        if let to = slots[slot] { row[to] = chunk.values[index * before.count + at] }
      }
      var own = entry
      own.key = UInt8(truncatingIfNeeded: key)
      own.bits = bits.reduce(0) { entry.bits & $1.from != 0 ? $0 | $1.to : $0 }
      result.append(own, row, slots: after)
    }
    if result.entries.count == 0 { return nil }
    var writer = ByteWriter()
    result.encode(into: &writer)
    return self.record(record, stage: record.key.stage, bytes: writer.bytes)
  }

  // MARK: - Records of users

  /// All pages of one key of one owner.
  func pages(_ records: [StateRecord], oldKey: Int) throws(CodecError) -> [StateRecord] {
    guard let first = records.first, old.ordered.sets.indices.contains(oldKey),
      let newKey = keys[oldKey], new.ordered.sets.indices.contains(newKey)
    else { return [] }
    let sections = SectionMap(self, oldKey: oldKey, newKey: newKey)
    if sections.isEmpty { return [] }
    let former = UserPages(isSaved: false)
    for record in records {
      var reader = ByteReader(record.bytes)
      try former.restore(key: record.key.key, from: &reader)
    }
    try former.finishRestore()
    let pages = UserPages(isSaved: true)
    former.forEach { hash, bytes in pages.set(hash, nil, to: sections.record(bytes)) }
    let stage = TaskState.pageStage + UInt32(newKey)
    return pages.takeUnsaved().pages.map { page in
      var writer = ByteWriter(reserving: page.usedBytes + 8)
      page.encode(into: &writer)
      return StateRecord(
        key: StateKey(owner: first.key.owner, stage: stage, key: page.stateKey),
        codecVersion: first.codecVersion, bytes: writer.bytes)
    }
  }

  // MARK: - Headers

  /// The counts of a task, and what it folded.
  func header(_ record: StateRecord, isShard: Bool) throws(CodecError) -> StateRecord {
    var reader = ByteReader(record.bytes)
    let before = Self.groups(old, isShard: isShard)
    var parts = try TaskHeader(from: &reader, before, isShard: isShard)
    let former = parts.groups
    parts.groups = Self.groups(new, isShard: isShard).map { group in
      var own = TaskHeader.Group()
      own.counts.unusableByInput = Array(repeating: 0, count: group.unusableCounts)
      guard let origin = origins[group.index],
        let at = before.firstIndex(where: { $0.index == origin.group })
      else { return own }
      own.folds = former[at].folds
      own.counts.matched = former[at].counts.matched
      own.counts.late = former[at].counts.late
      if group.stage != nil {
        own.counts.unusableByInput = former[at].counts.unusableByInput
      } else {
        for (to, from) in origin.inputs {
          own.counts.unusableByInput[to] = former[at].counts.unusableByInput[from]
        }
      }
      return own
    }
    let counts = parts.intake
    let hasIntake =
      !isShard && (OrderedState.isNeeded(new, isExchanged: false) || new.needsExchange)
    parts.intake = []
    for group in new.groups where hasIntake {
      let from = origins[group.index].map(\.group)
      let known = from.flatMap { counts.indices.contains($0) ? counts[$0] : nil }
      parts.intake.append(known ?? (0, 0))
    }
    if !isShard, !OrderedState.isNeeded(old, isExchanged: false) {
      parts.appliedThrough = Int64.min
    }
    var writer = ByteWriter()
    parts.encode(into: &writer, isShard: isShard)
    return self.record(record, stage: record.key.stage, bytes: writer.bytes)
  }
}

/// What the header of a task or a shard says, apart from the task.
struct TaskHeader {
  /// What it says of one group.
  struct Group {
    var counts = StageCounts()
    var folds: [(ordinal: Int64, above: UInt64)] = []
  }

  var nextOffset: Int64 = 0
  var clockMs = Int64.min
  var eventClockMs = Int64.min
  var appliedThrough: Int64
  var fates: [Int64] = []
  var rejected: [Int64] = []
  var groups: [Group] = []
  /// Late events and those without a key, by group of the plan; empty without ordered stages.
  var intake: [(late: Int64, keyless: Int64)] = []
  /// The greatest event time of what was not rejected; nil in state of earlier versions.
  var latestMs: Int64?

  init(
    from reader: inout ByteReader, _ plans: [GroupPlan], isShard: Bool
  ) throws(CodecError) {
    if !isShard {
      nextOffset = try reader.readSignedVarint("next offset")
      clockMs = try reader.readSignedVarint("clock")
      eventClockMs = try reader.readSignedVarint("event clock")
    }
    appliedThrough = try reader.readSignedVarint("applied through")
    for _ in 0..<6 { fates.append(try reader.readSignedVarint("fates")) }
    for _ in 0..<(try reader.readCount("reasons", elementBytes: 1)) {
      rejected.append(try reader.readSignedVarint("rejected by reason"))
    }
    guard try reader.readVarint("groups") == UInt64(plans.count) else {
      throw reader.invalid("number of stages")
    }
    for plan in plans {
      var group = Group()
      group.counts.matched = try reader.readSignedVarint("matched")
      for _ in 0..<plan.unusableCounts {
        group.counts.unusableByInput.append(try reader.readSignedVarint("unusable"))
      }
      group.counts.late = try reader.readSignedVarint("late")
      for _ in 0..<(try reader.readCount("folded windows", elementBytes: 9)) {
        let ordinal = try reader.readSignedVarint("folded window")
        group.folds.append((ordinal, try reader.readFixed(UInt64.self, "rank of a fold")))
      }
      groups.append(group)
    }
    if isShard { return }
    for _ in 0..<(try reader.readCount("stages", elementBytes: 2)) {
      let late = try reader.readSignedVarint("late")
      intake.append((late, try reader.readSignedVarint("events without a key")))
    }
    if reader.remaining > 0 { latestMs = try reader.readSignedVarint("latest event time") }
  }

  func encode(into writer: inout ByteWriter, isShard: Bool) {
    if !isShard {
      writer.writeSignedVarint(nextOffset)
      writer.writeSignedVarint(clockMs)
      writer.writeSignedVarint(eventClockMs)
    }
    writer.writeSignedVarint(appliedThrough)
    for count in fates { writer.writeSignedVarint(count) }
    writer.writeVarint(UInt64(rejected.count))
    for count in rejected { writer.writeSignedVarint(count) }
    writer.writeVarint(UInt64(groups.count))
    for group in groups {
      writer.writeSignedVarint(group.counts.matched)
      for count in group.counts.unusableByInput { writer.writeSignedVarint(count) }
      writer.writeSignedVarint(group.counts.late)
      writer.writeVarint(UInt64(group.folds.count))
      for fold in group.folds {
        writer.writeSignedVarint(fold.ordinal)
        writer.writeFixed(fold.above)
      }
    }
    if isShard { return }
    writer.writeVarint(UInt64(intake.count))
    for (late, keyless) in intake {
      writer.writeSignedVarint(late)
      writer.writeSignedVarint(keyless)
    }
    if let latestMs { writer.writeSignedVarint(latestMs) }
  }
}
