/// Owns the keyed state of some users, whatever partitions their events come from.
///
/// It holds events until the watermark of all partitions has passed them and then applies them in
/// the order of (event time, user, topic, partition, offset), so that what it computes does not
/// depend on how partitions interleave.
public final class ExchangeShard {
  /// Its name among the owners of state and contributions.
  public let owner: String
  let plan: StagePlan
  var groups: [GroupState]
  /// An event that waits.
  struct Pending {
    var batch: RoutedBatch
    var entry: Int
  }
  /// Events that wait, by second of event time.
  private var waiting: [Int64: [Pending]] = [:]

  private let block: EventBlock
  private let scratch = ScratchArena()

  /// Makes shard `index` of the exchange.
  public init(index: Int, plan: StagePlan, isSaved: Bool = true) {
    owner = "exchange/\(index)"
    self.plan = plan
    block = EventBlock(stride: plan.pipeline.slotCount)
    groups = plan.exchanged.map {
      GroupState(plan: plan.groups[$0], zone: plan.pipeline.zone, isSaved: isSaved)
    }
  }

  /// Takes events; they wait for the watermark.
  public func absorb(_ batch: RoutedBatch) {
    for (index, entry) in batch.entries.enumerated() {
      waiting[Self.bucket(entry.timeMs), default: []].append(Pending(batch: batch, entry: index))
    }
  }

  private static func bucket(_ timeMs: Int64) -> Int64 {
    FloorDivision.quotient(timeMs, 1_000)
  }

  /// Applies the events before `watermark`, in order. O(n log n) in the events that are due.
  public func advance(to watermark: EventTime) {
    let last = Self.bucket(watermark.ms)
    for bucket in waiting.keys.filter({ $0 <= last }).sorted() {
      guard var events = waiting.removeValue(forKey: bucket) else { continue }
      if bucket == last {
        let cut = events.partition { $0.batch.entries[$0.entry].timeMs >= watermark.ms }
        if cut < events.count { waiting[bucket] = Array(events[cut...]) }
        events.removeSubrange(cut...)
      }
      events.sort(by: Self.comesBefore)
      var at = 0
      while at < events.count {
        let end = Swift.min(at + EventBlock.capacity, events.count)
        apply(events[at..<end])
        at = end
      }
    }
  }

  /// Events that wait, in no order that matters.
  var pending: [Pending] { waiting.sorted { $0.key < $1.key }.flatMap(\.value) }

  /// How many events wait.
  public var pendingCount: Int { waiting.values.reduce(0) { $0 + $1.count } }

  private static func comesBefore(_ a: Pending, _ b: Pending) -> Bool {
    let (x, y) = (a.batch.entries[a.entry], b.batch.entries[b.entry])
    if x.timeMs != y.timeMs { return x.timeMs < y.timeMs }
    let (u, v) = (a.batch.user(a.entry), b.batch.user(b.entry))
    let order = u.withUnsafeBytes { u in v.withUnsafeBytes { ByteOrder.compare(u, $0) } }
    if order != 0 { return order < 0 }
    return (a.batch.partition, x.offset) < (b.batch.partition, y.offset)
  }

  private func apply(_ events: ArraySlice<Pending>) {
    scratch.reset()
    block.begin()
    block.partitions.removeAll()
    block.sources.removeAll()
    for (i, event) in events.enumerated() {
      let entry = event.batch.entries[event.entry]
      fill(block.row(i), event.batch, entry)
      block.timeMs[i] = entry.timeMs
      block.clockMs[i] = entry.clockMs
      block.userHash[i] = entry.userHash
      block.offset[i] = entry.offset
      block.hasStragglers = block.hasStragglers || entry.isStraggler
      block.partitions.append(event.batch.partition)
      block.sources.append(event.batch.source)
      block.partitionIndex[i] = Int32(i)
      block.applied[i] = Int32(i)
    }
    block.appliedCount = events.count
    for group in groups { group.apply(block, scratch: scratch) }
  }

  private func fill(
    _ row: UnsafeMutablePointer<Value>, _ batch: RoutedBatch, _ entry: RoutedBatch.Entry
  ) {
    for slot in 0..<block.stride { row[slot] = .missing }
    batch.text.withUnsafeBytes { text in
      row[Slot.user] = copied(batch.value(Int(entry.firstValue), text))
      for (index, slot) in plan.exchangedSlots.enumerated() {
        row[slot] = copied(batch.value(Int(entry.firstValue) + 1 + index, text))
      }
    }
  }

  /// The value with its text in memory that outlives the batch's.
  private func copied(_ value: Value) -> Value {
    switch value.kind {
    case .number, .string, .object, .array:
      let copy = scratch.allocate(Int(value.length))
      copy.copyMemory(from: value.bytes)
      return .text(value.kind, UnsafeRawBufferPointer(copy))
    case .missing, .null, .bool, .int, .double:
      return value
    }
  }
}
