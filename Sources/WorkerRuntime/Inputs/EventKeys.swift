import StreamCore

/// What sorting has to know of a record.
struct SortKey {
  /// Event time; nil when the record has none that can be read.
  var time: EventTime?
  /// Hash of the user; nil when there is none.
  var userHash: UInt64?
  /// Hash of the id, by which copies of events of nobody come together; nil when there is none.
  var idHash: UInt64?
}

/// Reads keys as the worker will: with the source's own decoder, of its three fields.
final class EventKeys {
  private let decoder: EventDecoder
  private let slots: UnsafeMutablePointer<Value>
  private let slotCount: Int

  /// Makes a reader of `source`'s events in `format`.
  init(source: SourcePlan, format: PayloadFormat) {
    var plan = source
    plan.format = format
    let absent = FieldBinding.absent
    plan.fields = [Slot.name, Slot.user, Slot.time, Slot.id, Slot.recordTime].map {
      let isWanted = [Slot.user, Slot.time, Slot.id].contains($0) && $0 < source.fields.count
      return isWanted ? source.fields[$0] : absent
    }
    decoder = EventDecoder(source: plan, topic: source.topic ?? source.name)
    slotCount = plan.fields.count
    slots = .allocate(capacity: slotCount)
    slots.initialize(repeating: .missing, count: slotCount)
  }

  deinit { slots.deallocate() }

  /// Takes back the memory used for keys so far. To be called now and then.
  func beginBlock() { decoder.beginBlock() }

  /// The user of one record, null when it has none or cannot be decoded. Its text is valid until
  /// the next block.
  func user(of message: UnsafePointer<RawMessage>) -> Value {
    decoder.decode(message, into: slots) == nil ? slots[Slot.user] : .null
  }

  /// The key of one record.
  func key(of message: UnsafePointer<RawMessage>) -> SortKey {
    guard decoder.decode(message, into: slots) == nil else { return SortKey() }
    return SortKey(
      time: decoder.eventTime(slots[Slot.time]),
      userHash: VirtualPartition.hash(text: slots[Slot.user]),
      idHash: VirtualPartition.hash(text: slots[Slot.id]))
  }
}

/// How users are dealt to virtual partitions. Stable over versions: offsets of virtual partitions
/// stand in data files.
enum VirtualPartition {
  /// Hash of a user or an id, by its text: the number 7 and the text "7" are one. Nil of none.
  static func hash(text: Value) -> UInt64? {
    switch text.kind {
    case .missing, .null: nil
    case .number, .string, .object, .array: Hash64.of(text.bytes)
    case .bool, .int, .double: withUnsafeBytes(of: text.bits.littleEndian) { Hash64.of($0) }
    }
  }

  /// Hash of a record without user and id: by its place, so that such records are spread evenly.
  static func hash(offset: Int64) -> UInt64 {
    withUnsafeBytes(of: offset.littleEndian) { Hash64.of($0) }
  }
}
