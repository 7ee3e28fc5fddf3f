import Synchronization

/// The segments of a large `HashSet64`, addressed by the first `depth` bits of the hash.
///
/// All that finding a slot needs is in the directory, which stays in the cache, so that a look-up
/// reads one line of memory from a large set: the slot's.
///
/// Copies share segments. A segment may be written through the directory whose entry says
/// `isOwned`; another entry must first see that it has the only reference, or copy. A directory
/// from which a copy was made still says `isOwned` of segments that are shared now: it is sealed,
/// and never written again.
final class HashDirectory {
  private struct Entry {
    var segment: HashSegment
    /// Elements of the segment.
    var count: Int
    /// The segment's header, so that the segment's own need not be read.
    let header: HashSegment.Header
    /// Whether no other directory has the segment.
    var isOwned: Bool

    init(_ segment: HashSegment, count: Int) {
      self.segment = segment
      self.count = count
      header = segment.header
      isOwned = true
    }

    @inline(__always)
    func home(_ hash: UInt64) -> Int { HashSegment.home(hash, header.depth, header.capacity) }
  }

  /// Bits of the hash that choose a segment, 1 ... 32.
  private let depth: UInt64
  /// Number of an entry for each value of those bits. A segment that needs fewer bits is found
  /// under several values, which are neighbours.
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

  /// A directory of one bit, of the two halves of a segment with `count` elements.
  static func make(splitting full: HashSegment, count: Int) -> HashDirectory {
    let halves = full.split(count: count)
    let made = HashDirectory(depth: 1)
    made.append(Entry(halves.low, count: halves.lowCount))
    made.append(Entry(halves.high, count: count - halves.lowCount))
    made.numbers[1] = 1
    return made
  }

  /// Inserts a hash; true when it was not there. The caller has the only reference to the
  /// directory, it is not sealed, and it is replaced with `replacement` when there is one.
  @inline(__always)
  func insert(_ hash: UInt64, replacement: inout HashDirectory?) -> Bool {
    let entry = entry(of: hash)
    if !entry.pointee.isOwned { own(entry) }
    let outcome = entry.pointee.segment.insert(
      hash, from: entry.pointee.home(hash), slotCount: entry.pointee.header.slots)
    if outcome == .present { return false }
    entry.pointee.count &+= 1
    if outcome == .insertedAtEnd || entry.pointee.count > entry.pointee.header.limit {
      replacement = relieved(at: hash)
    }
    return true
  }

  /// Whether a hash is in its segment.
  @inline(__always)
  func contains(_ hash: UInt64) -> Bool {
    let entry = entry(of: hash)
    return entry.pointee.segment.contains(hash, from: entry.pointee.home(hash))
  }

  /// Reads the slots that inserting a hash will need.
  @inline(__always)
  func touch(_ hash: UInt64) -> UInt64 {
    let entry = entry(of: hash)
    return entry.pointee.segment.touch(from: entry.pointee.home(hash))
  }

  /// Makes room in the segment of `hash`; the larger directory when one was needed.
  @inline(never)
  private func relieved(at hash: UInt64) -> HashDirectory? {
    let entry = entry(of: hash)
    let count = entry.pointee.count
    if count >= HashSegment.largestCount {
      if UInt64(entry.pointee.header.depth) < depth {
        split(entry, at: hash)
        return nil
      }
      // With evenly spread hashes all segments split at about the same time and the directory stays
      // about as long as there are segments. With others it must not grow without bound.
      if depth < 32, 2 << depth <= 16 * (entryCount + 1) {
        let larger = doubled()
        larger.split(larger.entry(of: hash), at: hash)
        return larger
      }
    }
    entry.pointee = Entry(entry.pointee.segment.grown(count: count), count: count)
    return nil
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
    let count = entry.pointee.count
    let halves = entry.pointee.segment.split(count: count)
    let high = UInt32(entryCount)
    let bits = UInt64(entry.pointee.header.depth) + 1
    entry.pointee = Entry(halves.low, count: halves.lowCount)
    append(Entry(halves.high, count: count - halves.lowCount))
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
