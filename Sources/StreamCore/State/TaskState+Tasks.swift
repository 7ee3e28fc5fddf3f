extension PartitionTask {
  /// What changed since the last save. Costs a few nanoseconds a changed cell or page, not a user.
  public func copyState() -> TaskState {
    var state = TaskState(owner: id.description)
    settle()
    for group in groups { state.add(group) }
    if let ordered { state.add(ordered) }
    var header = ByteWriter()
    header.writeSignedVarint(nextOffset)
    header.writeSignedVarint(clockMs)
    header.writeSignedVarint(eventClockMs)
    header.writeSignedVarint(ordered?.sequencer.appliedThrough ?? 0)
    HeaderCodec.encode(fates, rejectedByReason, groups, into: &header)
    let counts = intake?.counts ?? []
    header.writeVarint(UInt64(counts.count))
    for count in counts {
      header.writeSignedVarint(count.late)
      header.writeSignedVarint(count.unusableByInput.first ?? 0)
    }
    header.writeSignedVarint(latestMs)
    state.addHeader(header)
    state.dedup = dedup
    return state
  }

  /// Puts one saved record back; they come in the order of stage and key, and `finishRestore()`
  /// after the last. Throws when it is none of this task's.
  public func restore(_ record: StateRecord) throws(CodecError) {
    var reader = ByteReader(record.bytes)
    switch record.key.stage {
    case TaskState.headerStage:
      let offset = try reader.readSignedVarint("next offset")
      let clock = try reader.readSignedVarint("clock")
      let eventClock = try reader.readSignedVarint("event clock")
      let applied = try reader.readSignedVarint("applied through")
      ordered?.sequencer.restore(appliedThrough: applied)
      let fates = try HeaderCodec.decode(&rejectedByReason, groups, from: &reader)
      var counts = intake?.counts ?? []
      guard try reader.readVarint("stages") == UInt64(counts.count) else {
        throw reader.invalid("number of stages")
      }
      for index in counts.indices {
        counts[index].late = try reader.readSignedVarint("late")
        let keyless = try reader.readSignedVarint("events without a key")
        if !counts[index].unusableByInput.isEmpty { counts[index].unusableByInput[0] = keyless }
      }
      intake?.restore(counts: counts)
      // State of earlier versions ends here.
      let latest =
        reader.remaining > 0
        ? try reader.readSignedVarint("latest event time")
        : eventClock == Int64.min ? eventClock : eventClock + time.maxAheadMs
      restore(
        nextOffset: offset, clockMs: clock, eventClockMs: eventClock, latestMs: latest,
        fates: fates)
    case TaskState.dedupStage:
      dedup = try DedupIndex(from: &reader)
    default:
      if try !(ordered?.restore(record, &reader) ?? false) {
        try groups.restore(record)
      }
    }
  }

  /// Ends the putting back of records. Throws when they are not whole.
  public func finishRestore() throws(CodecError) { try ordered?.finishRestore() }
}

extension ExchangeShard {
  /// What changed since the last save, with the events that wait.
  public func copyState() -> TaskState {
    var state = TaskState(owner: owner)
    for group in groups { state.add(group) }
    state.add(ordered)
    var header = ByteWriter()
    header.writeSignedVarint(ordered.sequencer.appliedThrough)
    HeaderCodec.encode(FateCounts(), [], groups, into: &header)
    state.addHeader(header)
    return state
  }

  /// Puts one saved record back; they come in the order of stage and key, and `finishRestore()`
  /// after the last. Throws when it is none of this shard's.
  public func restore(_ record: StateRecord) throws(CodecError) {
    var reader = ByteReader(record.bytes)
    if record.key.stage == TaskState.headerStage {
      ordered.sequencer.restore(appliedThrough: try reader.readSignedVarint("applied through"))
      var none: [Int64] = []
      _ = try HeaderCodec.decode(&none, groups, from: &reader)
    } else if try !ordered.restore(record, &reader) {
      try groups.restore(record)
    }
  }

  /// Ends the putting back of records. Throws when they are not whole.
  public func finishRestore() throws(CodecError) { try ordered.finishRestore() }
}

extension OrderedState {
  /// Puts a saved record back; false when it is none of what is kept beside cells.
  func restore(_ record: StateRecord, _ reader: inout ByteReader) throws(CodecError) -> Bool {
    let stage = record.key.stage
    if stage == TaskState.waitingStage {
      let chunk = try EventChunk.decode(plan, stride: sequencer.slots.count, from: &reader)
      sequencer.restore(chunk, number: TaskState.number(record.key.key))
      return true
    }
    let number = Int(truncatingIfNeeded: TaskState.number(record.key.key))
    for own in users {
      if stage == TaskState.pageStage + UInt32(own.key) {
        try own.pages.restore(key: record.key.key, from: &reader)
        return true
      }
      for user in own.stages {
        let index = UInt32(user.plan.index)
        let dictionary =
          stage == TaskState.seriesStage + index
          ? user.dictionary : stage == TaskState.nameStage + index ? user.nameDictionary : nil
        guard let dictionary else { continue }
        guard dictionary.restore(Int32(truncatingIfNeeded: number), key: record.bytes) else {
          throw reader.invalid("number of a series")
        }
        return true
      }
    }
    return false
  }

  /// Ends the putting back of records. Throws when pages are missing.
  func finishRestore() throws(CodecError) {
    for own in users { try own.finishRestore() }
  }
}

extension [StageState] {
  func restore(_ record: StateRecord) throws(CodecError) {
    let together = record.key.stage >> 28 == TaskState.windowStage >> 28
    for record in try record.apart() {
      var reader = ByteReader(record.bytes)
      guard let group = first(where: { UInt32($0.plan.index) == record.key.stage }) else {
        throw reader.invalid("stage of a state record")
      }
      let (value, users) = try CellCodec.decode(group.plan.parts, from: &reader)
      guard
        group.store.restore(
          key: record.key.key, value: value, users: users ?? HashSet64(), together: together)
      else {
        throw reader.invalid("key of a state record")
      }
    }
  }
}

/// Counts of a task, and the limits of its windows with series folded.
enum HeaderCodec {
  static func encode(
    _ fates: FateCounts, _ rejected: [Int64], _ groups: [StageState], into writer: inout ByteWriter
  ) {
    for count in [
      fates.read, fates.rejected, fates.filtered, fates.late, fates.duplicate, fates.applied,
    ] { writer.writeSignedVarint(count) }
    writer.writeVarint(UInt64(rejected.count))
    for count in rejected { writer.writeSignedVarint(count) }
    writer.writeVarint(UInt64(groups.count))
    for group in groups {
      writer.writeSignedVarint(group.counts.matched)
      for count in group.counts.unusableByInput { writer.writeSignedVarint(count) }
      writer.writeSignedVarint(group.counts.late)
      let limits = group.store.foldLimits
      writer.writeVarint(UInt64(limits.count))
      for limit in limits {
        writer.writeSignedVarint(limit.ordinal)
        writer.writeFixed(limit.above)
      }
    }
  }

  static func decode(
    _ rejected: inout [Int64], _ groups: [StageState], from reader: inout ByteReader
  ) throws(CodecError) -> FateCounts {
    var fates = FateCounts()
    fates.read = try reader.readSignedVarint("read")
    fates.rejected = try reader.readSignedVarint("rejected")
    fates.filtered = try reader.readSignedVarint("filtered")
    fates.late = try reader.readSignedVarint("late")
    fates.duplicate = try reader.readSignedVarint("duplicate")
    fates.applied = try reader.readSignedVarint("applied")
    let reasons = try reader.readVarint("reasons")
    for index in 0..<reasons {
      let count = try reader.readSignedVarint("rejected by reason")
      if Int(index) < rejected.count { rejected[Int(index)] = count }
    }
    guard try reader.readVarint("groups") == UInt64(groups.count) else {
      throw reader.invalid("number of stages")
    }
    for group in groups {
      var counts = StageCounts()
      counts.matched = try reader.readSignedVarint("matched")
      for _ in 0..<group.plan.unusableCounts {
        counts.unusableByInput.append(try reader.readSignedVarint("unusable"))
      }
      counts.late = try reader.readSignedVarint("late")
      group.counts = counts
      for _ in 0..<(try reader.readCount("folded windows", elementBytes: 9)) {
        let ordinal = try reader.readSignedVarint("folded window")
        group.store.restoreFold(
          ordinal: ordinal, above: try reader.readFixed(UInt64.self, "rank of a fold"))
      }
    }
    return fates
  }
}
