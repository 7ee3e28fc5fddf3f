/// What changed in the state of a task since the last save, taken quickly by the task's lane and
/// encoded elsewhere: large parts are copy-on-write and shared until the task changes them.
public struct TaskState: Sendable {
  /// One cell.
  struct Cell: Sendable {
    var group: Int
    var key: [UInt8]
    var value: CellValue
    var users: HashSet64?
  }

  let owner: String
  var cells: [Cell] = []
  var gone: [(group: Int, key: [UInt8])] = []
  /// Further records, already encoded.
  var records: [StateRecord] = []
  var dedup: DedupIndex?
  var pending: [(batch: RoutedBatch, entry: Int)]?

  init(owner: String) { self.owner = owner }

  /// Version of the codecs of all records below.
  static let codecVersion: UInt16 = 1
  /// Stage ids beside the groups of metrics.
  static let headerStage: UInt32 = 0xFFFF_FFFF
  static let dedupStage: UInt32 = 0xFFFF_FFFE
  static let pendingStage: UInt32 = 0xFFFF_FFFD

  /// Encodes everything into `change`. O(bytes).
  public func encode(into change: inout StateChange) {
    for key in gone {
      change.deletes.append(StateKey(owner: owner, stage: UInt32(key.group), key: key.key))
    }
    for cell in cells {
      var writer = ByteWriter()
      CellCodec.encode(cell.value, users: cell.users, into: &writer)
      change.upserts.append(
        record(UInt32(cell.group), key: cell.key, bytes: writer.bytes))
    }
    change.upserts += records
    if let dedup {
      var writer = ByteWriter()
      dedup.encode(into: &writer)
      change.upserts.append(record(Self.dedupStage, key: [], bytes: writer.bytes))
    }
    if let pending {
      var writer = ByteWriter()
      RoutedCodec.encode(pending, into: &writer)
      change.upserts.append(record(Self.pendingStage, key: [], bytes: writer.bytes))
    }
  }

  private func record(_ stage: UInt32, key: [UInt8], bytes: [UInt8]) -> StateRecord {
    StateRecord(
      key: StateKey(owner: owner, stage: stage, key: key), codecVersion: Self.codecVersion,
      bytes: bytes)
  }

  mutating func addHeader(_ writer: ByteWriter) {
    records.append(record(Self.headerStage, key: [], bytes: writer.bytes))
  }

  mutating func add(_ group: GroupState) {
    let (cells, gone) = group.store.takeUnsaved()
    self.gone += gone.map { (group.plan.index, $0) }
    self.cells += cells.map { cell in
      Cell(
        group: group.plan.index, key: group.store.key(of: Int(cell)),
        value: group.store.value(of: Int(cell)),
        users: group.plan.countsUsers ? group.store.users[Int(cell)] : nil)
    }
  }
}

extension PartitionTask {
  /// What changed since the last save. Costs a few nanoseconds a changed cell, not a user.
  public func copyState() -> TaskState {
    var state = TaskState(owner: id.description)
    for group in groups { state.add(group) }
    var header = ByteWriter()
    header.writeSignedVarint(nextOffset)
    header.writeSignedVarint(clockMs)
    header.writeSignedVarint(eventClockMs)
    HeaderCodec.encode(fates, rejectedByReason, groups, into: &header)
    state.addHeader(header)
    state.dedup = dedup
    return state
  }

  /// Puts one saved record back. Throws when it is none of this task's.
  public func restore(_ record: StateRecord) throws(CodecError) {
    var reader = ByteReader(record.bytes)
    switch record.key.stage {
    case TaskState.headerStage:
      let offset = try reader.readSignedVarint("next offset")
      let clock = try reader.readSignedVarint("clock")
      let eventClock = try reader.readSignedVarint("event clock")
      let fates = try HeaderCodec.decode(&rejectedByReason, groups, from: &reader)
      restore(nextOffset: offset, clockMs: clock, eventClockMs: eventClock, fates: fates)
    case TaskState.dedupStage:
      dedup = try DedupIndex(from: &reader)
    default:
      try groups.restore(record, &reader)
    }
  }
}

extension ExchangeShard {
  /// What changed since the last save, and every event that waits.
  public func copyState() -> TaskState {
    var state = TaskState(owner: owner)
    for group in groups { state.add(group) }
    var header = ByteWriter()
    HeaderCodec.encode(FateCounts(), [], groups, into: &header)
    state.addHeader(header)
    state.pending = pending.map { ($0.batch, $0.entry) }
    return state
  }

  /// Puts one saved record back. Throws when it is none of this shard's.
  public func restore(_ record: StateRecord) throws(CodecError) {
    var reader = ByteReader(record.bytes)
    switch record.key.stage {
    case TaskState.headerStage:
      var none: [Int64] = []
      _ = try HeaderCodec.decode(&none, groups, from: &reader)
    case TaskState.pendingStage:
      for batch in try RoutedCodec.decode(plan, from: &reader) { absorb(batch) }
    default:
      try groups.restore(record, &reader)
    }
  }
}

extension [GroupState] {
  func restore(_ record: StateRecord, _ reader: inout ByteReader) throws(CodecError) {
    guard let group = first(where: { UInt32($0.plan.index) == record.key.stage }) else {
      throw reader.invalid("stage of a state record")
    }
    let (value, users) = try CellCodec.decode(group.plan.parts, from: &reader)
    guard group.store.restore(key: record.key.key, value: value, users: users ?? HashSet64()) else {
      throw reader.invalid("key of a state record")
    }
  }
}

/// Counts of a task.
enum HeaderCodec {
  static func encode(
    _ fates: FateCounts, _ rejected: [Int64], _ groups: [GroupState], into writer: inout ByteWriter
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
    }
  }

  static func decode(
    _ rejected: inout [Int64], _ groups: [GroupState], from reader: inout ByteReader
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
      for _ in group.plan.inputs {
        counts.unusableByInput.append(try reader.readSignedVarint("unusable"))
      }
      counts.late = try reader.readSignedVarint("late")
      group.restore(counts: counts)
    }
    return fates
  }
}
