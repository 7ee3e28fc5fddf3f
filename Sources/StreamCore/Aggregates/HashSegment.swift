/// One table of a `HashSet64`: linear probing in which elements are kept in ascending order.
///
/// The home slot of a hash grows with the hash, so order and nearness to home agree. A look-up ends
/// at the first element that is not less, whether it is there or not, and reading the slots from
/// the first to the last yields the elements sorted. A free slot holds the greatest `UInt64`, which
/// therefore cannot be an element; the slots behind the last are always free and end every scan.
///
/// A table of capacity 1 has home slot 0 for all: it is a plain sorted array.
final class HashSegment: ManagedBuffer<HashSegment.Header, UInt64> {
  /// What never changes in a table. Its owner counts the elements.
  struct Header {
    /// Home slots.
    var capacity: UInt32
    /// The table grows when it holds more elements than this.
    var limit: Int
    /// Home slots and those for elements pushed beyond the last one.
    var slots: Int
    /// High bits of the hash that lead to this table and say nothing within it.
    var depth: UInt8
  }

  /// What became of an insertion.
  enum Outcome {
    case present
    case inserted
    /// Inserted, into the last slot: the table must be rebuilt before anything else is done with
    /// it.
    case insertedAtEnd
  }

  /// Slots that are always free at the end: one that ends scans, and those read beyond it.
  private static let tail = 4

  /// A free slot.
  static var free: UInt64 { .max }
  /// Slots of the largest table that a set makes from evenly spread hashes: under 64 KB.
  static var largestCapacity: Int { 7936 }
  /// Elements of the largest table.
  static var largestCount: Int { largestCapacity * 3 / 4 }

  /// Inserts a hash, whose home slot and the table's number of slots the caller knows. O(1) for
  /// evenly spread hashes.
  @inline(__always)
  func insert(_ hash: UInt64, from home: Int, slotCount: Int) -> Outcome {
    withUnsafeMutablePointerToElements { slots in
      var index = Self.find(hash, from: home, slots)
      var moved = slots[index]
      if moved == hash { return .present }
      slots[index] = hash
      while moved != Self.free {
        index &+= 1
        swap(&moved, &slots[index])
      }
      return index == slotCount ? .insertedAtEnd : .inserted
    }
  }

  /// The home slot of a hash.
  @inline(__always)
  static func home(_ hash: UInt64, _ depth: UInt8, _ capacity: UInt32) -> Int {
    Int(
      truncatingIfNeeded: (hash &<< UInt64(depth)).multipliedFullWidth(by: UInt64(capacity)).high)
  }

  /// The home slot of a hash.
  @inline(__always)
  func home(_ hash: UInt64) -> Int {
    withUnsafeMutablePointerToHeader { Self.home(hash, $0.pointee.depth, $0.pointee.capacity) }
  }

  /// The first slot from `start` on whose element is not less than `hash`.
  ///
  /// Elements ascend from there on, so counting the lesser ones gives the distance. Counting goes
  /// without branches, which would be mispredicted every other time and keep the processor from
  /// working on the cache misses of several look-ups at once.
  @inline(__always)
  static func find(_ hash: UInt64, from start: Int, _ slots: UnsafeMutablePointer<UInt64>) -> Int {
    var index = start
    while true {
      let at = slots + index
      var lesser = at[0] < hash ? 1 : 0
      lesser &+= at[1] < hash ? 1 : 0
      lesser &+= at[2] < hash ? 1 : 0
      lesser &+= at[3] < hash ? 1 : 0
      index &+= lesser
      if lesser < 4 { return index }
    }
  }

  /// Whether the table holds a hash.
  func contains(_ hash: UInt64) -> Bool {
    contains(hash, from: home(hash))
  }

  /// Whether the table holds a hash, whose home slot the caller knows.
  @inline(__always)
  func contains(_ hash: UInt64, from home: Int) -> Bool {
    withUnsafeMutablePointerToElements { $0[Self.find(hash, from: home, $0)] == hash }
  }

  /// Contents of slots at and behind the home slot of a hash, so that the memory that inserting it
  /// will read is in the cache afterwards.
  @inline(__always)
  func touch(from home: Int) -> UInt64 {
    withUnsafeMutablePointerToElements { $0[home] ^ $0[home &+ 4] }
  }

  /// Calls `body` with every element, ascending.
  @inline(__always)
  func forEach(_ body: (UInt64) -> Void) {
    withUnsafeMutablePointers { header, slots in
      for index in 0...header.pointee.slots where slots[index] != Self.free { body(slots[index]) }
    }
  }

  /// An empty table for three elements.
  static func make() -> HashSegment {
    allocate(Header(capacity: 1, limit: .max, slots: 3, depth: 0))
  }

  /// An empty table that holds `count` elements, or as many as the largest does, without growing.
  static func make(expecting count: Int) -> HashSegment {
    let capacity = min(max(16, count) * 3 / 2, largestCapacity)
    return allocate(
      Header(
        capacity: UInt32(clamping: capacity), limit: capacity * 3 / 4,
        slots: capacity + 16 + capacity / 64, depth: 0))
  }

  /// A table with the same elements, of which there are `count`, and more room.
  func grown(count: Int) -> HashSegment {
    withUnsafeMutablePointers { header, slots in
      // A table that was not full of elements was out of spare slots at its end.
      let spare = header.pointee.slots - Int(header.pointee.capacity)
      let crowded = count > header.pointee.limit || header.pointee.capacity == 1
      return Self.build(
        from: slots, 0..<(header.pointee.slots + 1), count: count, depth: header.pointee.depth,
        spare: crowded ? 0 : spare * 2)
    }
  }

  /// Two tables that share the elements, of which there are `count`: those whose first bit after
  /// `depth` is 0, and the others.
  func split(count: Int) -> (low: HashSegment, lowCount: Int, high: HashSegment) {
    withUnsafeMutablePointers { header, slots in
      let depth = header.pointee.depth
      let bit = UInt64(1) << (63 - UInt64(depth))
      let end = header.pointee.slots + 1
      var middle = 0
      var lowCount = 0
      while middle < end, slots[middle] == Self.free || slots[middle] & bit == 0 {
        if slots[middle] != Self.free { lowCount += 1 }
        middle += 1
      }
      let low = Self.build(from: slots, 0..<middle, count: lowCount, depth: depth + 1, spare: 0)
      let high = Self.build(
        from: slots, middle..<end, count: count - lowCount, depth: depth + 1, spare: 0)
      return (low, lowCount, high)
    }
  }

  /// A copy of the table as it is.
  func copied() -> HashSegment {
    withUnsafeMutablePointers { header, slots in
      let copy = Self.allocate(header.pointee)
      copy.withUnsafeMutablePointerToElements {
        $0.update(from: slots, count: header.pointee.slots + Self.tail)
      }
      return copy
    }
  }

  /// Bytes of memory it takes.
  var byteCount: Int { (header.slots + Self.tail) * 8 + MemoryLayout<Header>.size + 16 }

  private static func allocate(_ header: Header) -> HashSegment {
    let made = create(minimumCapacity: header.slots + tail) { _ in header }
    made.withUnsafeMutablePointerToElements {
      $0.initialize(repeating: free, count: header.slots + tail)
    }
    return unsafeDowncast(made, to: HashSegment.self)
  }

  /// Places ascending elements into a new table with room for more of them.
  ///
  /// Load is 53% to 75%, so a table takes at most 15.5 bytes for each element.
  private static func build(
    from source: UnsafePointer<UInt64>, _ range: Range<Int>, count: Int, depth: UInt8, spare: Int
  ) -> HashSegment {
    var header = Header(capacity: 1, limit: .max, slots: 3, depth: depth)
    if count < 16 {
      while header.slots <= count { header.slots = header.slots * 2 + 1 }
    } else {
      var capacity = count * 15 / 8
      if count <= largestCount, capacity > largestCapacity * 7 / 8 { capacity = largestCapacity }
      header.capacity = UInt32(clamping: capacity)
      header.limit = capacity * 3 / 4
      header.slots = capacity + max(16 + capacity / 64, spare)
    }
    while true {
      let made = allocate(header)
      let fits = made.withUnsafeMutablePointerToElements {
        place(source, range, in: $0, header)
      }
      if fits { return made }
      header.slots += header.slots - Int(header.capacity) + 1
    }
  }

  private static func place(
    _ source: UnsafePointer<UInt64>, _ range: Range<Int>, in slots: UnsafeMutablePointer<UInt64>,
    _ header: Header
  ) -> Bool {
    var next = 0
    for index in range {
      let hash = source[index]
      if hash == free { continue }
      next = max(next, home(hash, header.depth, header.capacity))
      if next >= header.slots { return false }
      slots[next] = hash
      next &+= 1
    }
    return true
  }
}
