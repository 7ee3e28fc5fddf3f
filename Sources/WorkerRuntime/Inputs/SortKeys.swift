import StreamCore

/// What sorting has to know of a record.
struct SortKey {
  /// Event time; nil when the record has none that can be read.
  var time: EventTime?
  /// The user's bytes, valid until the next block; nil when there is none.
  var user: UnsafeRawBufferPointer?
}

/// Reads event time and user of records.
protocol SortKeyReader: AnyObject {
  /// Takes back the memory of the keys handed out so far.
  func beginBlock()
  /// The key of one record.
  func key(of message: UnsafePointer<RawMessage>) -> SortKey
}

/// Reads keys as the worker will: with the source's own decoder, of its two fields.
final class EventKeys: SortKeyReader {
  private let decoder: EventDecoder
  private let slots: UnsafeMutablePointer<Value>
  private let slotCount: Int

  /// Makes a reader of `source`'s events in `format`.
  init(source: SourcePlan, format: PayloadFormat) {
    var plan = source
    plan.format = format
    let absent = FieldBinding.absent
    plan.fields = [Slot.name, Slot.user, Slot.time, Slot.id, Slot.recordTime].map {
      ($0 == Slot.user || $0 == Slot.time) && $0 < source.fields.count ? source.fields[$0] : absent
    }
    decoder = EventDecoder(source: plan, topic: source.topic ?? source.name)
    slotCount = plan.fields.count
    slots = .allocate(capacity: slotCount)
    slots.initialize(repeating: .missing, count: slotCount)
  }

  deinit { slots.deallocate() }

  func beginBlock() { decoder.beginBlock() }

  func key(of message: UnsafePointer<RawMessage>) -> SortKey {
    guard decoder.decode(message, into: slots) == nil else { return SortKey() }
    let user = slots[Slot.user]
    return SortKey(
      time: decoder.eventTime(slots[Slot.time]), user: user.bytes.isEmpty ? nil : user.bytes)
  }
}

/// How users are dealt to virtual partitions. Stable over versions: offsets of virtual partitions
/// stand in data files.
enum VirtualPartition {
  /// Hash of a user.
  static func hash(_ user: UnsafeRawBufferPointer) -> UInt64 { Hash64.of(user) }

  /// Hash of a record without a user: by its place, so that such records are spread evenly.
  static func hash(offset: Int64) -> UInt64 {
    withUnsafeBytes(of: offset.littleEndian) { Hash64.of($0) }
  }
}
