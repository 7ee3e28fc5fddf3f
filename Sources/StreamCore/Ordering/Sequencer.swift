/// Holds events until a watermark has passed them, and hands them on in the order of (event time,
/// user, topic, partition, offset).
///
/// What comes mostly in order is appended; the rest is sorted in when as much has gathered as
/// waits, so that an event is moved a few times at most, however much waits. Memory: what the
/// stages read of every event that is within the lateness.
final class Sequencer {
  /// Events of a chunk that the sequencer fills itself.
  private static let chunkCapacity = 256
  /// Fewest events that are sorted in at once.
  private static let leastBatch = 1_024

  /// An event that waits: its time, the number of its chunk and its index there.
  struct Waiting {
    var timeMs: Int64
    var chunk: Int32
    var index: Int32
  }

  private struct Held {
    var chunk: EventChunk
    /// Events that wait; −1 when all of the chunk is handed on and its place is free.
    var waiting: Int
    /// Key of its record in the state file.
    var number: UInt64
    var isUnsaved: Bool
    /// Whether a record of it is in the state file.
    var isStored: Bool
  }

  /// Slots that are kept of each event, the user's among them where several partitions meet.
  let slots: [Int]
  /// Whether events of several partitions or users meet, so that ties are settled by user.
  private let isShared: Bool
  private let userAt: Int?
  private let block: EventBlock
  /// Chunks by the index that `Waiting` knows them by.
  private let chunks = Slab<Held>()
  private var freeIndices: [Int32] = []
  /// The chunk that is being filled, and its index; −1 without one.
  private var tailChunk: EventChunk
  private var tail: Int32 = -1
  private let noChunk: EventChunk
  /// Chunks to be filled again.
  private var spares: [EventChunk] = []
  private static let sparesMax = 64
  private var nextNumber: UInt64 = 1
  /// Waiting events in order, from `head` on.
  private var sorted: ContiguousArray<Waiting> = []
  private var head = 0
  /// Those that came since, in order of arrival.
  private let fresh = Slab<Waiting>(capacity: 1_024)
  private var isFreshSorted = true
  /// Everything before this has been handed on.
  private(set) var appliedThrough = Int64.min
  private var goneNumbers: [UInt64] = []
  /// Whether events are noted for `takeNoted()` when they come.
  var isNoting = false
  private var noted: ContiguousArray<Waiting> = []

  init(plan: StagePlan, slots: [Int], isShared: Bool) {
    self.slots = slots
    self.isShared = isShared
    userAt = slots.firstIndex(of: Slot.user)
    block = EventBlock(stride: plan.pipeline.slotCount)
    noChunk = EventChunk(
      partition: PartitionID(topic: "", partition: 0), source: 0, stride: slots.count)
    tailChunk = noChunk
  }

  /// Events that wait.
  var count: Int { sorted.count - head + fresh.count }

  /// Whether so much has come that it is time to `advance`.
  @inline(__always)
  var isDue: Bool {
    fresh.count >= Self.leastBatch && fresh.count >= (sorted.count &- head) / 2
  }

  /// Takes an event of one partition, whose slots are `row`. Where it comes from is asked for only
  /// when a chunk begins.
  @inline(__always)
  func push(
    _ entry: EventChunk.Entry, _ row: UnsafePointer<Value>,
    partition: @autoclosure () -> PartitionID, source: @autoclosure () -> Int
  ) {
    if tail < 0 || tailChunk.entries.count >= Self.chunkCapacity {
      beginChunk(partition(), source())
    }
    let index = Unmanaged.passUnretained(tailChunk)._withUnsafeGuaranteedRef { chunk in
      chunk.append(entry, row, slots: slots)
      return chunk.entries.count &- 1
    }
    chunks[Int(tail)].waiting &+= 1
    chunks[Int(tail)].isUnsaved = true
    note(Waiting(timeMs: entry.timeMs, chunk: tail, index: Int32(index)))
  }

  @inline(never)
  private func beginChunk(_ partition: PartitionID, _ source: Int) {
    let full = tail
    tail = -1
    tailChunk = noChunk
    if full >= 0 { release(full, 0) }
    let chunk: EventChunk
    if let spare = spares.popLast() {
      chunk = spare
      chunk.reset(partition: partition, source: source)
    } else {
      chunk = EventChunk(
        partition: partition, source: source, stride: slots.count, capacity: Self.chunkCapacity)
    }
    tailChunk = chunk
    tail = hold(chunk, waiting: 0, number: nextNumber, isStored: false)
  }

  /// Takes events that another task has gathered.
  func adopt(_ chunk: EventChunk) {
    guard chunk.entries.count > 0 else { return }
    let at = hold(chunk, waiting: chunk.entries.count, number: nextNumber, isStored: false)
    noteAll(chunk, at)
  }

  private func noteAll(_ chunk: EventChunk, _ at: Int32) {
    for index in 0..<chunk.entries.count {
      note(Waiting(timeMs: chunk.entries[index].timeMs, chunk: at, index: Int32(index)))
    }
  }

  private func hold(
    _ chunk: EventChunk, waiting: Int, number: UInt64, isStored: Bool
  ) -> Int32 {
    nextNumber = max(nextNumber, number + 1)
    let held = Held(
      chunk: chunk, waiting: waiting, number: number, isUnsaved: !isStored, isStored: isStored)
    if let free = freeIndices.popLast() {
      chunks[Int(free)] = held
      return free
    }
    chunks.append(held)
    return Int32(chunks.count - 1)
  }

  @inline(__always)
  private func note(_ waiting: Waiting) {
    if isFreshSorted, fresh.count > 0, fresh[fresh.count &- 1].timeMs > waiting.timeMs {
      isFreshSorted = false
    }
    fresh.append(waiting)
    if isNoting { keepNote(waiting) }
  }

  @inline(never)
  private func keepNote(_ waiting: Waiting) {
    if noted.count >= Self.leastBatch && noted.count > 2 * count {
      noted.removeAll { $0.timeMs < appliedThrough }
    }
    noted.append(waiting)
  }

  /// Events that came since the last call and still wait, in order of arrival.
  func takeNoted() -> ContiguousArray<Waiting> {
    defer { noted.removeAll(keepingCapacity: true) }
    return noted.filter { $0.timeMs >= appliedThrough }
  }

  /// What is known of an event that waits.
  func entry(_ waiting: Waiting) -> EventChunk.Entry {
    chunks[Int(waiting.chunk)].chunk.entries[Int(waiting.index)]
  }

  /// Hands on the events before `watermark`, block by block. O(n log n) in what came since.
  func advance(to watermark: EventTime, _ apply: (EventBlock) -> Void) {
    settle()
    while head < sorted.count, sorted[head].timeMs < watermark.ms {
      if sorted[head].timeMs < appliedThrough {
        // Of a restored chunk, handed on before it was saved.
        release(sorted[head].chunk, 1)
        head += 1
        continue
      }
      let first = head
      block.begin()
      block.partitions.removeAll(keepingCapacity: true)
      block.sources.removeAll(keepingCapacity: true)
      while head < sorted.count, head - first < EventBlock.capacity,
        sorted[head].timeMs < watermark.ms
      {
        fill(block, head - first, sorted[head], after: head == first ? -1 : sorted[head - 1].chunk)
        head += 1
      }
      apply(block)
      for at in first..<head { release(sorted[at].chunk, 1) }
    }
    appliedThrough = max(appliedThrough, watermark.ms)
    if head > 4_096 && head * 2 > sorted.count {
      sorted.removeSubrange(0..<head)
      head = 0
    }
  }

  /// Copies an event into a block, as its last. `last` is the chunk of the event before.
  @inline(__always)
  func fill(_ block: EventBlock, _ i: Int, _ waiting: Waiting, after last: Int32) {
    let entry = Unmanaged.passUnretained(chunks[Int(waiting.chunk)].chunk)
      ._withUnsafeGuaranteedRef { chunk -> EventChunk.Entry in
        let row = block.row(i)
        let first = Int(waiting.index) &* slots.count
        for at in 0..<slots.count { row[slots[at]] = chunk.values[first &+ at] }
        if waiting.chunk != last { begin(chunk, in: block) }
        return chunk.entries[Int(waiting.index)]
      }
    block.partitionIndex[i] = Int32(block.partitions.count - 1)
    block.timeMs[i] = entry.timeMs
    block.clockMs[i] = entry.clockMs
    block.userHash[i] = entry.keyHash
    block.offset[i] = entry.offset
    block.bits[i] = entry.bits
    block.keys[i] = entry.key
    block.hasStragglers = block.hasStragglers || entry.isStraggler
    block.applied[i] = Int32(i)
    block.appliedCount = i + 1
  }

  /// Notes in a block where the events that follow come from.
  @inline(never)
  private func begin(_ chunk: EventChunk, in block: EventBlock) {
    if block.partitions.last == chunk.partition { return }
    block.partitions.append(chunk.partition)
    block.sources.append(chunk.source)
  }

  /// One event fewer waits in a chunk.
  @inline(__always)
  private func release(_ at: Int32, _ count: Int) {
    chunks[Int(at)].waiting &-= count
    if at != tail, chunks[Int(at)].waiting == 0 { drop(at) }
  }

  @inline(never)
  private func drop(_ at: Int32) {
    if chunks[Int(at)].isStored { goneNumbers.append(chunks[Int(at)].number) }
    // Only a chunk that nobody else has, as the writer of the state file may, is filled again.
    var chunk = chunks[Int(at)].chunk
    chunks[Int(at)].chunk = noChunk
    if !isShared, spares.count < Self.sparesMax, isKnownUniquelyReferenced(&chunk) {
      spares.append(chunk)
    }
    chunks[Int(at)] = Held(
      chunk: noChunk, waiting: -1, number: 0, isUnsaved: false, isStored: false)
    freeIndices.append(at)
  }
}

// MARK: - Order

extension Sequencer {
  /// Sorts in what came since the last time.
  private func settle() {
    guard fresh.count > 0 else { return }
    if isShared || !isFreshSorted {
      var unsorted = UnsafeMutableBufferPointer(start: fresh.base, count: fresh.count)
      unsorted.sort { comesBefore($0, $1) }
    }
    let first = fresh[0]
    if head == sorted.count || !comesBefore(first, sorted[sorted.count - 1]) {
      sorted.append(contentsOf: UnsafeBufferPointer(start: fresh.base, count: fresh.count))
    } else {
      var low = head
      var high = sorted.count
      while low < high {
        let middle = (low + high) / 2
        if comesBefore(first, sorted[middle]) { high = middle } else { low = middle + 1 }
      }
      let late = ContiguousArray(sorted[low...])
      sorted.removeSubrange(low...)
      var mine = 0
      var theirs = 0
      while mine < late.count || theirs < fresh.count {
        let takesFresh =
          mine == late.count
          || (theirs < fresh.count && comesBefore(fresh[theirs], late[mine]))
        sorted.append(takesFresh ? fresh[theirs] : late[mine])
        if takesFresh { theirs += 1 } else { mine += 1 }
      }
    }
    fresh.truncate(to: 0)
    isFreshSorted = true
  }

  @inline(__always)
  func comesBefore(_ a: Waiting, _ b: Waiting) -> Bool {
    if a.timeMs != b.timeMs { return a.timeMs < b.timeMs }
    return tieComesBefore(a, b)
  }

  @inline(never)
  private func tieComesBefore(_ a: Waiting, _ b: Waiting) -> Bool {
    let x = chunks[Int(a.chunk)].chunk
    let y = chunks[Int(b.chunk)].chunk
    if isShared, let userAt {
      let order = ByteOrder.compare(
        x.values[Int(a.index) * slots.count + userAt].bytes,
        y.values[Int(b.index) * slots.count + userAt].bytes)
      if order != 0 { return order < 0 }
      if x.partition != y.partition { return x.partition < y.partition }
    }
    return x.entries[Int(a.index)].offset < y.entries[Int(b.index)].offset
  }
}

// MARK: - Records of the state file

extension Sequencer {
  /// Chunks that changed since the last call, and numbers of those that are gone. Chunks that may
  /// still grow are given as bytes.
  func takeUnsaved() -> (chunks: [(number: UInt64, content: Content)], gone: [UInt64]) {
    var taken: [(number: UInt64, content: Content)] = []
    for at in 0..<chunks.count {
      let held = chunks[at]
      guard held.isUnsaved, held.chunk.entries.count > 0 else { continue }
      chunks[at].isUnsaved = false
      chunks[at].isStored = true
      if at == Int(tail) {
        var writer = ByteWriter()
        held.chunk.encode(into: &writer)
        taken.append((held.number, .bytes(writer.bytes)))
      } else {
        taken.append((held.number, .chunk(held.chunk)))
      }
    }
    defer { goneNumbers.removeAll() }
    return (taken, goneNumbers)
  }

  /// A chunk to save.
  enum Content: Sendable {
    case bytes([UInt8])
    case chunk(EventChunk)

    /// The bytes of its record.
    func encoded() -> [UInt8] {
      switch self {
      case .bytes(let bytes): return bytes
      case .chunk(let chunk):
        var writer = ByteWriter(reserving: chunk.byteCount)
        chunk.encode(into: &writer)
        return writer.bytes
      }
    }
  }

  /// Puts a saved chunk back; what of it was handed on is left out once `appliedThrough` is known.
  func restore(_ chunk: EventChunk, number: UInt64) {
    let at = hold(chunk, waiting: chunk.entries.count, number: number, isStored: true)
    noteAll(chunk, at)
    if chunk.entries.count == 0 { drop(at) }
  }

  /// Puts back how far events were handed on.
  func restore(appliedThrough: Int64) { self.appliedThrough = appliedThrough }
}
