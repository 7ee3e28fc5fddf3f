import Synchronization

/// The segments of a large `HashSet64`, addressed by the first `depth` bits of the hash.
///
/// All that finding a slot needs is in the directory, which stays in the cache, so that a look-up
/// reads one line of memory from a large set: the slot's.
///
/// Copies share segments. A segment may be written through the directory whose entry says
/// `isOwned`; another entry must first see that it has the only reference, or copy. A directory
/// from which a copy was made still says `isOwned` of segments that are shared now: it is sealed, and
/// never written again.
final class HashDirectory {
  private struct Entry {
    var segment: HashSegment
    /// Home slots of the segment.
    var capacity: UInt32
    /// Bits of the hash that lead to the segment.
    var depth: UInt8
    /// Whether no other directory has the segment.
    var isOwned: Bool

    init(_ segment: HashSegment) {
      self.segment = segment
      capacity = segment.header.capacity
      depth = segment.header.depth
      isOwned = true
    }
  }

  /// Bits of the hash that choose a segment, 1 ... 32.
  private let depth: UInt64
  /// Number of an entry for each value of those bits. A segment that needs fewer bits is found under
  /// several values, which are neighbours.
  private let numbers: UnsafeMutablePointer<UInt32>
  /// In the order in which they were made; room for one for each number.
  private let entries: UnsafeMutablePointer<Entry>
  private var entryCount = 0
  // Set by whoever copies a shared directory, read by whoever has the last reference to it.
  private let sealed = Atomic<Bool>(false)

  private init(depth: UInt64) {
    self.depth = depth
    numbers = .allocate(capacity: 1 << depth)
    numbers.initialize(repeating: 0, count: 1 << depth)
    entries = .allocate(capacity: 1 << depth)
  }

  deinit {
    numbers.deallocate()
    entries.deinitialize(count: entryCount)
    entries.deallocate()
  }

  /// Whether a copy was made of it.
  var isSealed: Bool {
    @inline(__always) get { sealed.load(ordering: .acquiring) }
  }

  /// A directory of one bit, of the two halves of a segment.
  static func make(splitting full: HashSegment) -> HashDirectory {
    let halves = full.split()
    let made = HashDirectory(depth: 1)
    made.append(Entry(halves.low))
    made.append(Entry(halves.high))
    made.numbers[1] = 1
    return made
  }

  /// Inserts a hash. The caller has the only reference to the directory, and it is not sealed.
  @inline(__always)
  func insert(_ hash: UInt64) -> HashSegment.Outcome {
    let entry = entry(of: hash)
    if !entry.pointee.isOwned { own(entry) }
    return entry.pointee.segment.insert(
      hash, from: HashSegment.home(hash, entry.pointee.depth, entry.pointee.capacity))
  }

  /// Whether a hash is in its segment.
  @inline(__always)
  func contains(_ hash: UInt64) -> Bool {
    let entry = entry(of: hash)
    return entry.pointee.segment.contains(
      hash, from: HashSegment.home(hash, entry.pointee.depth, entry.pointee.capacity))
  }

  /// Reads the home slot of a hash.
  @inline(__always)
  func touch(_ hash: UInt64) -> UInt64 {
    let entry = entry(of: hash)
    return entry.pointee.segment.touch(
      hash, from: HashSegment.home(hash, entry.pointee.depth, entry.pointee.capacity))
  }

  /// Makes room in the segment of `hash`. The caller has the only reference to the directory, which
  /// it replaces with the result.
  func relieved(at hash: UInt64) -> HashDirectory {
    let entry = entry(of: hash)
    if entry.pointee.segment.header.count < HashSegment.largestCount {
      entry.pointee = Entry(entry.pointee.segment.grown())
      return self
    }
    if UInt64(entry.pointee.depth) < depth {
      split(entry, at: hash)
      return self
    }
    // With evenly spread hashes all segments split at about the same time and the directory stays
    // about as long as there are segments. With others it must not grow without bound.
    if depth >= 32 || 2 << depth > 16 * (entryCount + 1) {
      entry.pointee = Entry(entry.pointee.segment.grown())
      return self
    }
    let larger = doubled()
    larger.split(larger.entry(of: hash), at: hash)
    return larger
  }

  /// Calls `body` with every segment, in the order of the hashes.
  func forEachSegment(_ body: (HashSegment) -> Void) {
    for index in 0..<(1 << depth) where index == 0 || numbers[index] != numbers[index - 1] {
      body(entries[Int(numbers[index])].segment)
    }
  }

  /// A copy that shares the segments. It seals this directory.
  func copied() -> HashDirectory {
    sealed.store(true, ordering: .releasing)
    let copy = HashDirectory(depth: depth)
    copy.numbers.update(from: numbers, count: 1 << depth)
    for number in 0..<entryCount {
      var entry = entries[number]
      entry.isOwned = false
      copy.append(entry)
    }
    return copy
  }

  /// Bytes of memory it takes, segments included.
  var byteCount: Int {
    var total = (1 << Int(depth)) * (4 + MemoryLayout<Entry>.stride) + 80
    for number in 0..<entryCount { total += entries[number].segment.byteCount }
    return total
  }

  @inline(__always)
  private func entry(of hash: UInt64) -> UnsafeMutablePointer<Entry> {
    entries + Int(numbers[Int(truncatingIfNeeded: hash &>> (64 &- depth))])
  }

  @inline(never)
  private func own(_ entry: UnsafeMutablePointer<Entry>) {
    if !isKnownUniquelyReferenced(&entry.pointee.segment) {
      entry.pointee.segment = entry.pointee.segment.copied()
    }
    entry.pointee.isOwned = true
  }

  private func append(_ entry: Entry) {
    (entries + entryCount).initialize(to: entry)
    entryCount += 1
  }

  private func split(_ entry: UnsafeMutablePointer<Entry>, at hash: UInt64) {
    let halves = entry.pointee.segment.split()
    let high = UInt32(entryCount)
    let bits = UInt64(halves.high.header.depth)
    entry.pointee = Entry(halves.low)
    append(Entry(halves.high))
    let prefix = Int(truncatingIfNeeded: hash >> (64 - bits)) | 1
    let unused = depth - bits
    (numbers + (prefix << unused)).update(repeating: high, count: 1 << unused)
  }

  /// Moves the entries to a directory of one bit more.
  private func doubled() -> HashDirectory {
    let larger = HashDirectory(depth: depth + 1)
    larger.entries.moveInitialize(from: entries, count: entryCount)
    larger.entryCount = entryCount
    entryCount = 0
    for index in 0..<(1 << depth) {
      larger.numbers[2 * index] = numbers[index]
      larger.numbers[2 * index + 1] = numbers[index]
    }
    return larger
  }
}
