/// The records of all users of one owner, by the 64-bit hash of the user: bytes that only the
/// stages understand.
///
/// Extendible hashing (Fagin, Nievergelt, Pippenger and Strong 1979): a directory of the first bits
/// of a hash leads to a page of some tens of users. A change moves at most one page's bytes; a page
/// that is full is split in two, as long as the directory stays in proportion to the pages. What is
/// saved is pages that changed. Beside a record's own bytes a user costs 7 to 9 bytes and the room
/// that a page has left, an eighth at most.
///
/// Two users with equal hashes are one: see `HashSet64` on how rare that is.
final class UserPages {
  let pages = Slab<UserPage>(capacity: 16)
  /// What of each page is in the state file.
  let saving = Slab<Saving>(capacity: 16)
  /// Number of a page for each value of the first `depth` bits of a hash.
  var directory: UnsafeMutablePointer<UInt32>
  var depth: UInt8 = 0
  var unsaved: [UInt32] = []
  var goneKeys: [[UInt8]] = []
  private let isSaved: Bool
  private var swept = 0
  /// Numbers of pages that are gone.
  private var freeNumbers: [Int] = []
  var isRestoring = false
  /// Users that have a record.
  var count = 0
  /// How many pages there are to go over.
  var pageCount: Int { pages.count }
  /// Bytes of memory for records, slots, the room left in pages and the directory.
  var byteCount: Int { pageBytes + 4 * directorySize }
  var pageBytes = 0

  /// What of a page is in the state file.
  struct Saving {
    /// Whether it waits to be saved.
    var isUnsaved = false
    /// Whether a record of it is in the file, perhaps an older one.
    var isStored = false
  }

  /// Where a record lies, until the next change of its page.
  struct Found {
    fileprivate var page: Int
    fileprivate var place: UserPage.Place
    /// What `stamps` says of the page meanwhile.
    fileprivate var stamp: UInt32
  }

  /// How often each page was changed.
  let stamps = Slab<UInt32>(capacity: 16)

  init(isSaved: Bool) {
    self.isSaved = isSaved
    directory = .allocate(capacity: 1)
    directory.initialize(to: 0)
    add(UserPage.make(depth: 0, prefix: 0, capacity: 64))
  }

  deinit { directory.deallocate() }

  @inline(__always)
  private func page(of hash: UInt64) -> Int {
    depth == 0 ? 0 : Int(directory[Int(truncatingIfNeeded: hash >> UInt64(64 &- depth))])
  }

  /// Finds the records of many users, nil for those without one.
  ///
  /// In passes, each over all of them, so that the cache misses of one overlap with those of the
  /// others. Returns a number that means nothing and keeps the reads from being optimised away.
  func find(
    _ hashes: UnsafePointer<UInt64>, count: Int, into found: UnsafeMutablePointer<Found?>
  ) -> UInt64 {
    var sum: UInt64 = 0
    for i in 0..<count {
      found[i] = Found(
        page: page(of: hashes[i]), place: UserPage.Place(slot: 0, offset: 0, length: 0), stamp: 0)
    }
    for i in 0..<count {
      let number = found[i].unsafelyUnwrapped.page
      sum &+= Unmanaged.passUnretained(pages[number])._withUnsafeGuaranteedRef { $0.touch() }
    }
    for i in 0..<count {
      let number = found[i].unsafelyUnwrapped.page
      found[i] = Unmanaged.passUnretained(pages[number])._withUnsafeGuaranteedRef {
        page -> Found? in
        var slot = 0
        var end = Int(page.header.capacity)
        return page.candidate(hashes[i], from: &slot, &end).map {
          Found(page: number, place: $0, stamp: stamps[number])
        }
      }
    }
    for i in 0..<count {
      guard let candidate = found[i] else { continue }
      sum &+= Unmanaged.passUnretained(pages[candidate.page])._withUnsafeGuaranteedRef {
        $0.firstByte(candidate.place)
      }
    }
    for i in 0..<count {
      guard let candidate = found[i] else { continue }
      let isFound = Unmanaged.passUnretained(pages[candidate.page])._withUnsafeGuaranteedRef {
        $0.holds(hashes[i], candidate.place)
      }
      if !isFound { found[i] = find(hashes[i]) }
    }
    return sum
  }

  /// Whether nothing in a record's page has changed since it was found.
  @inline(__always)
  func isCurrent(_ found: Found) -> Bool { stamps[found.page] == found.stamp }

  /// The record of a user; nil without one.
  @inline(__always)
  func find(_ hash: UInt64) -> Found? {
    let number = page(of: hash)
    let place = Unmanaged.passUnretained(pages[number])._withUnsafeGuaranteedRef { $0.find(hash) }
    return place.map { Found(page: number, place: $0, stamp: stamps[number]) }
  }

  /// The bytes of a record, valid until any record changes.
  @inline(__always)
  func bytes(_ found: Found) -> UnsafeRawBufferPointer {
    Unmanaged.passUnretained(pages[found.page])._withUnsafeGuaranteedRef { $0.bytes(found.place) }
  }

  /// Puts `bytes` in place of a user's record, nil for none; nothing removes it.
  func set(_ hash: UInt64, _ found: Found?, to bytes: UnsafeRawBufferPointer) {
    guard let found else {
      if !bytes.isEmpty { insert(hash, bytes) }
      return
    }
    if bytes.isEmpty {
      let place = own(found.page, room: 0) ? pages[found.page].find(hash) : found.place
      if let place { pages[found.page].remove(place) }
      count -= 1
      return
    }
    let keyBytes = UserPage.keyBytes(pages[found.page].header.depth)
    let isCopied = own(
      found.page, room: UserPage.bytes(bytes.count + keyBytes) - found.place.length - keyBytes)
    // A copy has its records elsewhere.
    let place = isCopied ? pages[found.page].find(hash) : found.place
    if let place { pages[found.page].replace(place, bytes) }
    if isFull(found.page) { split(found.page) }
  }

  /// The memory of a record, as long as its bytes, to be written before anything else is asked of
  /// the pages. Records stay where they are, this one and the others.
  func writable(_ found: Found) -> UnsafeMutableRawPointer {
    note(found.page)
    if !isKnownUniquelyReferenced(&pages[found.page]) {
      pages[found.page] = pages[found.page].copied(
        capacity: Int(pages[found.page].header.capacity))
    }
    return Unmanaged.passUnretained(pages[found.page])._withUnsafeGuaranteedRef {
      $0.memory(found.place)
    }
  }

  private func insert(_ hash: UInt64, _ bytes: UnsafeRawBufferPointer) {
    let number = page(of: hash)
    own(number, room: UserPage.bytes(bytes.count + 7) + 2)
    pages[number].append(hash, bytes)
    count += 1
    if isFull(number) { split(number) }
  }

  private func isFull(_ number: Int) -> Bool {
    let page = pages[number]
    let count = Int(page.header.count)
    return count > UserPage.countMax || (count > 1 && page.usedBytes > UserPage.splitBytes)
  }

  /// Makes a page writable, with room for that many bytes more, and notes that it changes. True
  /// when that took a copy.
  @discardableResult
  private func own(_ number: Int, room: Int) -> Bool {
    note(number)
    stamps[number] &+= 1
    let capacity = Int(pages[number].header.capacity)
    let needed = pages[number].usedBytes + room
    if needed > capacity {
      // Small pages grow in larger steps: each costs a copy.
      let grown = (needed + needed / (needed < 512 ? 3 : 8) + 47) & ~15
      pageBytes += grown - capacity
      pages[number] = pages[number].copied(capacity: grown)
      return true
    }
    if isKnownUniquelyReferenced(&pages[number]) { return false }
    pages[number] = pages[number].copied(capacity: capacity)
    return true
  }

  private func note(_ number: Int) {
    guard isSaved, !saving[number].isUnsaved else { return }
    saving[number].isUnsaved = true
    unsaved.append(UInt32(number))
  }

  /// Notes that the record of a page is no longer wanted in the state file.
  private func noteGone(_ number: Int) {
    guard saving[number].isStored else { return }
    saving[number].isStored = false
    goneKeys.append(pages[number].stateKey)
  }

  /// Bytes of a page beside its slots and records: the object and the memory manager's.
  static let overheadBytes = 64

  /// Adds a page and returns its number.
  @discardableResult
  private func add(_ page: UserPage) -> Int {
    pageBytes += Int(page.header.capacity) + Self.overheadBytes
    if let number = freeNumbers.popLast() {
      pages[number] = page
      stamps[number] &+= 1
      note(number)
      return number
    }
    pages.append(page)
    saving.append(Saving())
    stamps.append(0)
    note(pages.count - 1)
    return pages.count - 1
  }

  /// Splits a page by the next bit of its hashes, until neither half is full.
  private func split(_ number: Int) {
    let full = pages[number]
    let deep = full.header.depth
    guard deep < 31, deep < depth || canDouble else { return }
    noteGone(number)
    if deep == depth { doubleDirectory() }
    let bit: UInt64 = 1 << (63 - UInt64(deep))
    let prefixes = [full.header.prefix, full.header.prefix | bit]
    var bytes = [0, 0]
    let keyBytes = UserPage.keyBytes(deep + 1)
    full.forEach { hash, place in
      bytes[hash & bit == 0 ? 0 : 1] += UserPage.bytes(place.length + keyBytes) + 2
    }
    let halves = [0, 1].map { half in
      UserPage.make(
        depth: deep + 1, prefix: prefixes[half],
        capacity: (bytes[half] + bytes[half] / 8 + 48) & ~15)
    }
    full.forEach { hash, place in
      halves[hash & bit == 0 ? 0 : 1].append(hash, full.bytes(place))
    }
    pageBytes += Int(halves[0].header.capacity) - Int(full.header.capacity)
    pages[number] = halves[0]
    note(number)
    let second = add(halves[1])
    // The second half of the numbers that led to the page lead to the new one.
    let span = 1 << Int(depth - deep)
    let first = Int(truncatingIfNeeded: prefixes[0] >> UInt64(64 - depth))
    for index in (first + span / 2)..<(first + span) { directory[index] = UInt32(second) }
    for half in [number, second] where isFull(half) { split(half) }
  }

  /// Whether the directory may grow. Were every page of long records split until it had only one,
  /// pages would be few and the two hashes most alike would decide the size of the directory; so a
  /// page stays full instead.
  private var canDouble: Bool { directorySize < 1_024 + Self.directoryShare * pages.count }
  private static let directoryShare = 8

  /// Entries of the directory, 4 bytes each.
  var directorySize: Int { 1 << Int(depth) }

  private func doubleDirectory() {
    let size = 1 << Int(depth)
    let larger = UnsafeMutablePointer<UInt32>.allocate(capacity: size * 2)
    for index in 0..<size {
      (larger + index * 2).initialize(repeating: directory[index], count: 2)
    }
    directory.deallocate()
    directory = larger
    depth += 1
  }

  /// Goes over the records of a page, another one with each call: those for which `isDue` holds are
  /// replaced by what `rest` makes of them, and the page is made as small as it can be. O(users of
  /// one page).
  func sweep(
    isDue: (UnsafeRawBufferPointer) -> Bool,
    rest: (UnsafeRawBufferPointer) -> UnsafeRawBufferPointer
  ) {
    if swept >= pages.count { swept = 0 }
    let number = swept
    let page = pages[number]
    swept += 1
    var due: [UInt64] = []
    page.forEach { hash, place in if isDue(page.bytes(place)) { due.append(hash) } }
    // Records may also have gone since the last time.
    if due.isEmpty && page.usedBytes * 2 >= Int(page.header.capacity) { return }
    for hash in due {
      if let found = find(hash) { set(hash, found, to: rest(bytes(found))) }
    }
    shrink(number)
  }

  /// Gives back the room that a page no longer needs, after uniting it with its buddy where both
  /// are small.
  private func shrink(_ number: Int) {
    if let into = unite(number) {
      shrink(into)
      return
    }
    let used = pages[number].usedBytes
    let wanted = UserPage.capacity(used)
    let capacity = Int(pages[number].header.capacity)
    if wanted + 64 > capacity { return }
    note(number)
    pageBytes += wanted - capacity
    pages[number] = pages[number].copied(capacity: wanted)
    stamps[number] &+= 1
  }

  /// Puts the records of a page's buddy, the other half of what was split, into it when there are
  /// few of both; the number of the page that has them, or nil.
  private func unite(_ number: Int) -> Int? {
    let deep = pages[number].header.depth
    guard deep > 0 else { return nil }
    let bit: UInt64 = 1 << (64 - UInt64(deep))
    let prefix = pages[number].header.prefix
    let other = page(of: prefix ^ bit)
    let header = pages[other].header
    let used = pages[number].usedBytes + pages[other].usedBytes
    guard header.depth == deep, other != number, used < UserPage.splitBytes * 3 / 4,
      Int(header.count + pages[number].header.count) < UserPage.countMax / 2
    else { return nil }
    for gone in [number, other] { noteGone(gone) }
    // A byte of its hash more may take a record to the next length.
    let keyBytes = UserPage.keyBytes(deep - 1)
    var room = 0
    for half in [pages[number], pages[other]] {
      half.forEach { _, place in room += UserPage.bytes(place.length + keyBytes) + 2 }
    }
    let united = UserPage.make(
      depth: deep - 1, prefix: prefix & ~bit, capacity: UserPage.capacity(room))
    for half in [pages[number], pages[other]] {
      half.forEach { hash, place in united.append(hash, half.bytes(place)) }
      pageBytes -= Int(half.header.capacity)
    }
    pageBytes += Int(united.header.capacity) - Self.overheadBytes
    pages[number] = united
    stamps[number] &+= 1
    note(number)
    let span = 1 << Int(depth - deep + 1)
    let first = depth == 0 ? 0 : Int(truncatingIfNeeded: (prefix & ~bit) >> UInt64(64 - depth))
    for index in first..<min(first + span, 1 << Int(depth)) { directory[index] = UInt32(number) }
    free(other)
    return number
  }

  /// Leaves the number of a page that is gone for the next that is made.
  private func free(_ number: Int) {
    pages[number] = UserPage.make(depth: 0, prefix: 0, capacity: 0)
    saving[number].isUnsaved = false
    stamps[number] &+= 1
    freeNumbers.append(number)
  }
  /// Drops every record: nobody will ask for one again. O(pages).
  func removeAll() {
    for number in 0..<pages.count { noteGone(number) }
    forgetPages()
    depth = 0
    directory.deallocate()
    directory = .allocate(capacity: 1)
    directory.initialize(to: 0)
    add(UserPage.make(depth: 0, prefix: 0, capacity: 64))
  }

  /// Drops all pages and leaves none.
  func forgetPages() {
    pages.truncate(to: 0)
    saving.truncate(to: 0)
    stamps.truncate(to: 0)
    freeNumbers.removeAll()
    unsaved.removeAll()
    pageBytes = 0
    count = 0
  }
}
