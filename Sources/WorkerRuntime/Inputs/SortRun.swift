import StreamCore

/// Records collected in memory up to a budget, put in order of (virtual partition, event time,
/// arrival).
///
/// Cost of a record: its bytes and `SortRun.overheadBytes`. Filled by one thread; once `sort()` was
/// called and until `removeAll()`, readable by any.
final class SortRun {
  /// A record of the run.
  struct Entry {
    var timeMs: Int64
    var payload: UnsafePointer<UInt8>?
    var count: Int32
    var partition: UInt16
    var layout: UInt16
  }

  /// Memory of a record beside its bytes: its entry, and two items while sorting.
  static let overheadBytes = MemoryLayout<Entry>.stride + 2 * MemoryLayout<Item>.stride

  /// Sorting moves these instead of entries.
  private struct Item {
    /// Event time with its sign bit turned, so that order is that of unsigned numbers.
    var key: UInt64
    var index: UInt32
    var partition: UInt32
  }

  /// The records, in order of arrival.
  private(set) var entries: [Entry] = []
  /// Indices into `entries`, in order.
  private(set) var order: [UInt32] = []
  /// Of each partition, its range in `order`.
  private(set) var ranges: [Range<Int>] = []
  /// Memory taken, as the budget counts it.
  private(set) var bytes = 0

  private let partitions: Int
  private var chunks: [UnsafeMutableRawBufferPointer] = []
  private var chunk = 0
  private var used = 0
  private let chunkBytes: Int
  private var isOrdered = true

  /// Makes an empty run for `partitions` virtual partitions.
  init(partitions: Int, chunkBytes: Int) {
    self.partitions = partitions
    self.chunkBytes = chunkBytes
  }

  deinit {
    for chunk in chunks { chunk.deallocate() }
  }

  /// Whether nothing was added.
  var isEmpty: Bool { entries.isEmpty }

  /// Memory that a record of `count` bytes takes.
  static func cost(_ count: Int32) -> Int { Int(count) + overheadBytes }

  /// Adds a record, copying its bytes. O(bytes).
  func append(_ message: RawMessage, timeMs: Int64, partition: Int, layout: Int) {
    if let last = entries.last, last.timeMs > timeMs { isOrdered = false }
    var copy: UnsafePointer<UInt8>?
    if let payload = message.payload {
      let target = allocate(Int(message.payloadCount))
      target.copyMemory(
        from: UnsafeRawBufferPointer(start: payload, count: Int(message.payloadCount)))
      copy = UnsafePointer(target.baseAddress?.assumingMemoryBound(to: UInt8.self))
    }
    entries.append(
      Entry(
        timeMs: timeMs, payload: copy, count: message.payloadCount, partition: UInt16(partition),
        layout: UInt16(layout)))
    bytes += Self.cost(message.payloadCount)
  }

  private func allocate(_ count: Int) -> UnsafeMutableRawBufferPointer {
    while chunk < chunks.count {
      if used + count <= chunks[chunk].count {
        used += count
        return UnsafeMutableRawBufferPointer(rebasing: chunks[chunk][(used - count)..<used])
      }
      chunk += 1
      used = 0
    }
    chunks.append(.allocate(byteCount: max(chunkBytes, count), alignment: 64))
    used = count
    return UnsafeMutableRawBufferPointer(rebasing: chunks[chunk][0..<count])
  }

  /// Forgets the records and keeps the memory.
  func removeAll() {
    entries.removeAll(keepingCapacity: true)
    order.removeAll(keepingCapacity: true)
    ranges.removeAll(keepingCapacity: true)
    bytes = 0
    chunk = 0
    used = 0
    isOrdered = true
    for large in chunks where large.count > chunkBytes { large.deallocate() }
    chunks.removeAll { $0.count > chunkBytes }
  }

  /// Puts the records in order. Stable radix sort, least digit first: O(n) for each digit in which
  /// times differ; times that arrived in order cost no pass.
  func sort() {
    var items = entries.enumerated().map { index, entry in
      Item(
        key: UInt64(bitPattern: entry.timeMs) ^ (1 << 63), index: UInt32(index),
        partition: UInt32(entry.partition))
    }
    var spare = items
    if !isOrdered {
      let least = items.reduce(UInt64.max) { min($0, $1.key) }
      let greatest = items.reduce(UInt64.min) { max($0, $1.key) }
      var shift: UInt64 = 0
      while shift < 64, (greatest - least) >> shift != 0 {
        Self.pass(from: items, into: &spare, buckets: 2048) {
          Int((($0.key - least) >> shift) & 2047)
        }
        swap(&items, &spare)
        shift += 11
      }
    }
    let ends = Self.pass(from: items, into: &spare, buckets: partitions) { Int($0.partition) }
    order = spare.map(\.index)
    ranges = ends.indices.map { ($0 == 0 ? 0 : ends[$0 - 1])..<ends[$0] }
  }

  /// One stable pass by a digit. Returns where each bucket ends.
  @inline(__always)
  @discardableResult
  private static func pass(
    from items: [Item], into target: inout [Item], buckets: Int, digit: (Item) -> Int
  ) -> [Int] {
    var ends = [Int](repeating: 0, count: buckets)
    for item in items { ends[digit(item)] += 1 }
    var sum = 0
    for bucket in 0..<buckets {
      let count = ends[bucket]
      ends[bucket] = sum
      sum += count
    }
    target.withUnsafeMutableBufferPointer { target in
      for item in items {
        let bucket = digit(item)
        target[ends[bucket]] = item
        ends[bucket] += 1
      }
    }
    return ends
  }
}
