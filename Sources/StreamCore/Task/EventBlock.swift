/// Events on their way through a partition task, decoded and judged but not yet applied.
///
/// A block is handled in passes, each over all of its events, so that the cache misses of one
/// event overlap with those of the next. Memory is laid out once and reused; text in `slots` is
/// valid until the next block is begun.
final class EventBlock {
  /// Events of a full block.
  static let capacity = 64

  /// Values of one event in `slots`.
  let stride: Int
  /// Fields of event `i` begin at `i * stride`.
  let slots: UnsafeMutablePointer<Value>
  /// Event times.
  let timeMs: UnsafeMutablePointer<Int64>
  /// The partition's clock after the event was read.
  let clockMs: UnsafeMutablePointer<Int64>
  /// Hash of the user; 0 without one.
  let userHash: UnsafeMutablePointer<UInt64>
  /// Hash of the event's id; 0 without one.
  let idHash: UnsafeMutablePointer<UInt64>
  /// Offsets in the partition's log.
  let offset: UnsafeMutablePointer<Int64>
  /// Partitions that events come from: one in a partition task, several behind the exchange.
  var partitions: [PartitionID] = []
  /// Index of each one's source in the plan.
  var sources: [Int] = []
  /// Index into `partitions` of each event.
  let partitionIndex: UnsafeMutablePointer<Int32>
  /// Which of the plan's ordered conditions hold of each event.
  let bits: UnsafeMutablePointer<UInt64>
  /// The key that each event is taken by, by index of the plan's keys.
  let keys: UnsafeMutablePointer<UInt8>
  /// Indices of the events to apply, ascending.
  let applied: UnsafeMutablePointer<Int32>
  /// How many of `applied` are in use.
  var appliedCount = 0
  /// Whether an applied event may be late for some stage.
  var hasStragglers = false

  init(stride: Int) {
    self.stride = stride
    slots = .allocate(capacity: stride * Self.capacity)
    slots.initialize(repeating: .missing, count: stride * Self.capacity)
    timeMs = .allocate(capacity: Self.capacity)
    clockMs = .allocate(capacity: Self.capacity)
    userHash = .allocate(capacity: Self.capacity)
    idHash = .allocate(capacity: Self.capacity)
    offset = .allocate(capacity: Self.capacity)
    applied = .allocate(capacity: Self.capacity)
    bits = .allocate(capacity: Self.capacity)
    keys = .allocate(capacity: Self.capacity)
    partitionIndex = .allocate(capacity: Self.capacity)
    partitionIndex.initialize(repeating: 0, count: Self.capacity)
  }

  deinit {
    slots.deallocate()
    timeMs.deallocate()
    clockMs.deallocate()
    userHash.deallocate()
    idHash.deallocate()
    offset.deallocate()
    applied.deallocate()
    bits.deallocate()
    keys.deallocate()
    partitionIndex.deallocate()
  }

  /// Fields of event `index`.
  @inline(__always)
  func row(_ index: Int) -> UnsafeMutablePointer<Value> { slots + index * stride }

  /// Where event `index` comes from.
  func partition(_ index: Int) -> PartitionID { partitions[Int(partitionIndex[index])] }

  /// Index of the source of event `index`.
  func source(_ index: Int) -> Int { sources[Int(partitionIndex[index])] }

  /// Forgets all events.
  func begin() {
    appliedCount = 0
    hasStragglers = false
  }
}
