/// A set of 64-bit hashes: exact distinct counting of users and values.
///
/// An element is its hash: two things with equal hashes count as one. Among `n` different things
/// some pair collides with a probability of about n² / 2⁶⁵: 3 in 100 million for a million, 3 in
/// 10,000 for 100 million. Hashes must be spread evenly (`Hash64`); others are handled correctly
/// but slowly.
///
/// A value type. It keeps up to two elements in itself, more in one `HashSegment`, and many in a
/// directory of segments of at most 64 KB that is addressed by high bits of the hash (extendible
/// hashing). So no insertion moves more than one segment's elements, and after a copy was taken an
/// insertion copies one segment, not the set. A large set takes 11 to 16 bytes for each element.
///
/// What it holds, its `sorted()` elements and its encoding are a function of the elements alone,
/// whatever the order in which they came.
public struct HashSet64: @unchecked Sendable {
  // Shared segments are never written: every write first makes sure that it has the only reference.

  private var segment: HashSegment?
  private var directory: HashDirectory?
  /// Without a segment or directory the first element, or `free`. With one the number of elements.
  private var first: UInt64 = HashSegment.free
  /// Without a segment or directory the second element, or `free`. With one 1 when the greatest
  /// `UInt64`, which cannot be in a segment, is an element.
  private var second: UInt64 = HashSegment.free

  /// Makes an empty set.
  public init() {}

  /// Makes an empty set with room for about `count` elements: those of a set like it, so that it
  /// need not grow step by step.
  init(expecting count: Int) {
    guard count > 8 else { return }
    segment = HashSegment.make(expecting: count)
    first = 0
    second = 0
  }

  /// Number of elements. O(1).
  public var count: Int {
    if isInline {
      return (first == HashSegment.free ? 0 : 1) + (second == HashSegment.free ? 0 : 1)
    }
    return Int(first)
  }

  /// Whether there are no elements.
  public var isEmpty: Bool { count == 0 }

  private var isInline: Bool {
    @inline(__always) get { segment == nil && directory == nil }
  }

  /// Adds a hash; true when it was not there. O(1).
  @discardableResult
  @inline(__always)
  public mutating func insert(_ hash: UInt64) -> Bool {
    if directory != nil, hash != HashSegment.free { return insertIntoDirectory(hash) }
    return insertSmall(hash)
  }

  private mutating func insertSmall(_ hash: UInt64) -> Bool {
    if isInline, hash != HashSegment.free {
      if first == hash || second == hash { return false }
      if first == HashSegment.free {
        first = hash
        return true
      }
      if second == HashSegment.free {
        (first, second) = (min(first, hash), max(first, hash))
        return true
      }
    }
    if isInline { leaveInline() }
    if hash == HashSegment.free {
      if second == 1 { return false }
      second = 1
      first &+= 1
      return true
    }
    return insertIntoSegment(hash)
  }

  private mutating func leaveInline() {
    let made = HashSegment.make()
    var held: UInt64 = 0
    for hash in [first, second] where hash != HashSegment.free {
      _ = made.insert(hash, from: made.home(hash), slotCount: made.header.slots)
      held += 1
    }
    segment = made
    first = held
    second = 0
  }

  private mutating func insertIntoSegment(_ hash: UInt64) -> Bool {
    if !isKnownUniquelyReferenced(&segment) { segment = segment?.copied() }
    let (outcome, limit) = Unmanaged.passUnretained(segment.unsafelyUnwrapped)
      ._withUnsafeGuaranteedRef {
        let header = $0.header
        return ($0.insert(hash, from: $0.home(hash), slotCount: header.slots), header.limit)
      }
    if outcome == .present { return false }
    first &+= 1
    let count = Int(first - second)
    if outcome == .insertedAtEnd || count > limit, let full = segment {
      if count < HashSegment.largestCount {
        segment = full.grown(count: count)
      } else {
        directory = HashDirectory.make(splitting: full, count: count)
        segment = nil
      }
    }
    return true
  }

  // The directory is used without taking a reference to it, which would cost an atomic instruction
  // that waits for the cache misses before it.
  @inline(__always)
  private mutating func insertIntoDirectory(_ hash: UInt64) -> Bool {
    if !isKnownUniquelyReferenced(&directory) || directory.unsafelyUnwrapped.isSealed {
      directory = directory?.copied()
    }
    var replacement: HashDirectory?
    let isNew = Unmanaged.passUnretained(directory.unsafelyUnwrapped)
      ._withUnsafeGuaranteedRef { $0.insert(hash, replacement: &replacement) }
    if isNew { first &+= 1 }
    if let replacement { directory = replacement }
    return isNew
  }

  /// Whether a hash is an element. O(1).
  public func contains(_ hash: UInt64) -> Bool {
    if isInline { return hash != HashSegment.free && (first == hash || second == hash) }
    if hash == HashSegment.free { return second == 1 }
    if let segment { return segment.contains(hash) }
    return directory?.contains(hash) ?? false
  }

  /// Reads the memory that inserting `hash` will need.
  ///
  /// A caller with a block of hashes touches them all, combining the results, and then inserts
  /// them: the reads do not wait for each other, so their cache misses overlap.
  ///
  /// No reference is taken, as that would be an atomic instruction that waits for the cache.
  @inline(__always)
  public mutating func touch(_ hash: UInt64) -> UInt64 {
    if directory != nil {
      return Unmanaged.passUnretained(directory.unsafelyUnwrapped)
        ._withUnsafeGuaranteedRef { $0.touch(hash) }
    }
    if segment != nil {
      return Unmanaged.passUnretained(segment.unsafelyUnwrapped)
        ._withUnsafeGuaranteedRef { $0.touch(from: $0.home(hash)) }
    }
    return 0
  }

  /// Adds all elements of another set. O(smaller), or O(1) into an empty set.
  public mutating func formUnion(_ other: HashSet64) {
    if other.count > count {
      var larger = other
      forEach { larger.insert($0) }
      self = larger
    } else {
      other.forEach { insert($0) }
    }
  }

  /// Calls `body` with every element, ascending. O(n).
  public func forEach(_ body: (UInt64) -> Void) {
    if isInline {
      if first != HashSegment.free { body(first) }
      if second != HashSegment.free { body(second) }
      return
    }
    segment?.forEach(body)
    directory?.forEachSegment { $0.forEach(body) }
    if second == 1 { body(HashSegment.free) }
  }

  /// The elements, ascending. O(n).
  public func sorted() -> [UInt64] {
    var elements: [UInt64] = []
    elements.reserveCapacity(count)
    forEach { elements.append($0) }
    return elements
  }

  /// Bytes of memory it takes beside the value itself; segments shared with copies count in full.
  public var byteCount: Int {
    var total = segment?.byteCount ?? 0
    if let directory { total += directory.byteCount }
    return total
  }
}

extension HashSet64: Equatable {
  public static func == (a: HashSet64, b: HashSet64) -> Bool {
    a.count == b.count && a.sorted() == b.sorted()
  }
}

extension HashSet64 {
  /// Appends the number of elements and the elements, ascending, 8 bytes each. O(n).
  public func encode(into writer: inout ByteWriter) {
    writer.writeVarint(UInt64(count))
    sorted().withUnsafeBufferPointer { writer.writeWords($0) }
  }

  /// Reads what `encode` wrote. O(n).
  public init(from reader: inout ByteReader) throws(CodecError) {
    self.init()
    let elements = try reader.readCount("hash set", elementBytes: 8)
    var previous: UInt64 = 0
    for index in 0..<elements {
      let hash = try reader.readFixed(UInt64.self, "hash of a set")
      if index > 0, hash <= previous { throw reader.invalid("order of a hash set") }
      insert(hash)
      previous = hash
    }
  }
}
