/// The records of some tens of users side by side: a few bytes each beside the record itself.
///
/// Memory: `count` slots of two bytes from the front (the low byte of the user's hash, and a code
/// for the record's length), records from the end backwards in the order of their slots. A record
/// begins with what the slot and the page's place in the directory do not say of the hash.
///
/// Never written while someone else has a reference to it.
final class UserPage: ManagedBuffer<UserPage.Header, UInt8> {
  struct Header {
    /// Bytes for slots and records.
    var capacity: Int32
    /// Records.
    var count: Int32
    /// Bytes of all records.
    var recordBytes: Int32
    /// How many of the first bits of a hash lead here.
    var depth: UInt8
    /// Whether any record is longer than `shortLimit`.
    var hasLong: Bool
    /// Those bits, from the highest down; the rest is zero.
    var prefix: UInt64
  }

  /// Where a record lies.
  struct Place {
    var slot: Int
    /// Of the record's first byte behind its part of the hash.
    var offset: Int
    /// Bytes from there on.
    var length: Int
  }

  /// Memory that may be read beyond the last record, so that words can be loaded anywhere.
  private static let slack = 16
  /// Records up to this long have their exact length in the slot; others the next power of two.
  static let shortLimit = 239
  /// Records of one page.
  static let countMax = 224
  /// Bytes of slots and records above which a page is split.
  static let splitBytes = 1_024

  /// Makes an empty page for hashes that begin with the first `depth` bits of `prefix`.
  static func make(depth: UInt8, prefix: UInt64, capacity: Int) -> UserPage {
    let made = create(minimumCapacity: capacity + slack) { _ in
      Header(
        capacity: Int32(capacity), count: 0, recordBytes: 0, depth: depth, hasLong: false,
        prefix: prefix)
    }
    return unsafeDowncast(made, to: UserPage.self)
  }

  /// An equal page with room for `capacity` bytes.
  func copied(capacity: Int) -> UserPage {
    let copy = UserPage.make(depth: header.depth, prefix: header.prefix, capacity: capacity)
    copy.header = header
    copy.header.capacity = Int32(capacity)
    let slots = Int(header.count) * 2
    let records = Int(header.recordBytes)
    let end = Int(header.capacity)
    withUnsafeMutablePointerToElements { from in
      copy.withUnsafeMutablePointerToElements { to in
        to.update(from: from, count: slots)
        (to + capacity - records).update(from: from + end - records, count: records)
      }
    }
    return copy
  }

  /// Bytes of slots and records.
  var usedBytes: Int { Int(header.count) * 2 + Int(header.recordBytes) }

  /// Bytes of a hash that a record begins with.
  static func keyBytes(_ depth: UInt8) -> Int { 7 - Int(depth >> 3) }

  /// The code of a record's length.
  @inline(__always)
  static func code(_ length: Int) -> UInt8 {
    if length <= shortLimit { return UInt8(truncatingIfNeeded: length) }
    var code = 240
    while 256 << (code - 240) < length { code += 1 }
    return UInt8(truncatingIfNeeded: code)
  }

  /// The bytes that a record of this code takes.
  @inline(__always)
  static func length(_ code: UInt8) -> Int {
    code <= UInt8(shortLimit) ? Int(code) : 256 << (Int(code) - 240)
  }

  /// The bytes that a record of `count` bytes, its part of the hash included, takes.
  @inline(__always)
  static func bytes(_ count: Int) -> Int { length(code(count)) }

  /// The room that a page is given for `needed` bytes when it is not about to grow; what `touch`
  /// reads is always there.
  static func capacity(_ needed: Int) -> Int { (max(needed, 32) + 15) & ~15 }

  /// One in each of the four lanes of a word, and their low bytes.
  private static let lanes: UInt64 = 0x0001_0001_0001_0001
  private static let lowBytes: UInt64 = 0x00FF_00FF_00FF_00FF

  /// Finds the record of a hash. O(records of a page), four at a time.
  @inline(__always)
  func find(_ hash: UInt64) -> Place? {
    var slot = 0
    var end = Int(header.capacity)
    while let place = candidate(hash, from: &slot, &end) {
      if holds(hash, place) { return place }
    }
    return nil
  }

  /// The next record, from slot `slot` on, that may be that of `hash`: the record itself is not
  /// read. `end` is where the record of `slot` ends; both are moved behind what was found.
  @inline(__always)
  func candidate(_ hash: UInt64, from slot: inout Int, _ end: inout Int) -> Place? {
    withUnsafeMutablePointers { header, elements in
      let count = Int(header.pointee.count)
      let keyBytes = Self.keyBytes(header.pointee.depth)
      let slots = UnsafeRawPointer(elements)
      if header.pointee.hasLong {
        return Self.slowCandidate(hash, slots, count, keyBytes, &slot, &end)
      }
      // Four slots in a word: each lane has the hash's byte below and the length above.
      let low = (hash & 0xFF) &* Self.lanes
      while slot < count {
        let four = slots.loadUnaligned(fromByteOffset: slot &* 2, as: UInt64.self)
        let lengths = (four >> 8) & Self.lowBytes
        let differs = ((four ^ low) & Self.lowBytes) &+ Self.lowBytes
        let hits = ~differs & (Self.lanes << 8)
        if hits == 0 {
          end &-= Int(truncatingIfNeeded: (lengths &* Self.lanes) >> 48)
          slot &+= 4
          continue
        }
        let lane = hits.trailingZeroBitCount >> 4
        guard slot &+ lane < count else { return nil }
        let upToLane = lengths << UInt64(48 &- lane &* 16)
        end &-= Int(truncatingIfNeeded: (upToLane &* Self.lanes) >> 48)
        let place = Place(
          slot: slot &+ lane, offset: end &+ keyBytes,
          length: Int(truncatingIfNeeded: upToLane >> 48) &- keyBytes)
        slot &+= lane &+ 1
        return place
      }
      return nil
    }
  }

  /// Whether the record at `place`, a candidate for `hash`, is its.
  @inline(__always)
  func holds(_ hash: UInt64, _ place: Place) -> Bool {
    withUnsafeMutablePointers { header, elements in
      let keyBytes = Self.keyBytes(header.pointee.depth)
      let mask: UInt64 = (1 << UInt64(keyBytes * 8)) &- 1
      let key = UnsafeRawPointer(elements)
        .loadUnaligned(fromByteOffset: place.offset &- keyBytes, as: UInt64.self)
      return (key ^ (hash >> 8)) & mask == 0
    }
  }

  @inline(never)
  private static func slowCandidate(
    _ hash: UInt64, _ slots: UnsafeRawPointer, _ count: Int, _ keyBytes: Int,
    _ slot: inout Int, _ end: inout Int
  ) -> Place? {
    while slot < count {
      let at = slot
      let length = length(slots.load(fromByteOffset: at * 2 + 1, as: UInt8.self))
      end -= length
      slot += 1
      if slots.load(fromByteOffset: at * 2, as: UInt8.self) == UInt8(hash & 0xFF) {
        return Place(slot: at, offset: end + keyBytes, length: length - keyBytes)
      }
    }
    return nil
  }

  /// Appends a record; there is room for it.
  func append(_ hash: UInt64, _ bytes: UnsafeRawBufferPointer) {
    withUnsafeMutablePointers { header, elements in
      let keyBytes = Self.keyBytes(header.pointee.depth)
      let code = Self.code(bytes.count + keyBytes)
      let length = Self.length(code)
      let base = UnsafeMutableRawPointer(elements)
      let at = Int(header.pointee.count) * 2
      base.storeBytes(of: UInt8(hash & 0xFF), toByteOffset: at, as: UInt8.self)
      base.storeBytes(of: code, toByteOffset: at + 1, as: UInt8.self)
      header.pointee.count += 1
      header.pointee.recordBytes += Int32(length)
      if code > Self.shortLimit { header.pointee.hasLong = true }
      let start = Int(header.pointee.capacity) - Int(header.pointee.recordBytes)
      Self.fill(base + start, length, hash, keyBytes, bytes)
    }
  }

  private static func fill(
    _ at: UnsafeMutableRawPointer, _ length: Int, _ hash: UInt64, _ keyBytes: Int,
    _ bytes: UnsafeRawBufferPointer
  ) {
    for i in 0..<keyBytes {
      (at + i).storeBytes(of: UInt8(truncatingIfNeeded: hash >> UInt64(8 + i * 8)), as: UInt8.self)
    }
    if let from = bytes.baseAddress {
      (at + keyBytes).copyMemory(from: from, byteCount: bytes.count)
    }
    let rest = length - keyBytes - bytes.count
    if rest > 0 {
      (at + keyBytes + bytes.count).initializeMemory(as: UInt8.self, repeating: 0, count: rest)
    }
  }

  /// Puts other bytes in place of a record's; there is room for them.
  func replace(_ place: Place, _ bytes: UnsafeRawBufferPointer) {
    withUnsafeMutablePointers { header, elements in
      let keyBytes = Self.keyBytes(header.pointee.depth)
      let code = Self.code(bytes.count + keyBytes)
      let length = Self.length(code)
      let base = UnsafeMutableRawPointer(elements)
      let grown = length - place.length - keyBytes
      var start = place.offset - keyBytes
      if grown != 0 {
        let first = Int(header.pointee.capacity) - Int(header.pointee.recordBytes)
        // The hash's part moves with the record's first byte.
        let key = base.loadUnaligned(fromByteOffset: start, as: UInt64.self)
        (base + (first - grown)).copyMemory(from: base + first, byteCount: start - first)
        start -= grown
        for i in 0..<keyBytes {
          (base + start + i).storeBytes(
            of: UInt8(truncatingIfNeeded: key >> UInt64(i * 8)), as: UInt8.self)
        }
        header.pointee.recordBytes += Int32(grown)
        base.storeBytes(of: code, toByteOffset: place.slot * 2 + 1, as: UInt8.self)
        if code > Self.shortLimit { header.pointee.hasLong = true }
      }
      let at = base + start + keyBytes
      if let from = bytes.baseAddress { at.copyMemory(from: from, byteCount: bytes.count) }
      let rest = length - keyBytes - bytes.count
      if rest > 0 { (at + bytes.count).initializeMemory(as: UInt8.self, repeating: 0, count: rest) }
    }
  }

  /// Takes a record out.
  func remove(_ place: Place) {
    withUnsafeMutablePointers { header, elements in
      let keyBytes = Self.keyBytes(header.pointee.depth)
      let base = UnsafeMutableRawPointer(elements)
      let first = Int(header.pointee.capacity) - Int(header.pointee.recordBytes)
      let start = place.offset - keyBytes
      let length = place.length + keyBytes
      (base + (first + length)).copyMemory(from: base + first, byteCount: start - first)
      header.pointee.recordBytes -= Int32(length)
      let after = Int(header.pointee.count) - place.slot - 1
      (base + place.slot * 2).copyMemory(from: base + (place.slot * 2 + 2), byteCount: after * 2)
      header.pointee.count -= 1
    }
  }

  /// Reads the memory in which a record is looked for.
  @inline(__always)
  func touch() -> UInt64 {
    withUnsafeMutablePointers { header, elements in
      let slots = UnsafeRawPointer(elements)
      return UInt64(truncatingIfNeeded: header.pointee.count)
        &+ UInt64(slots.load(fromByteOffset: 40, as: UInt8.self))
    }
  }

  /// Reads the first byte of a place.
  @inline(__always)
  func firstByte(_ place: Place) -> UInt64 {
    withUnsafeMutablePointerToElements { UInt64($0[place.offset]) }
  }

  /// The bytes at a place.
  @inline(__always)
  func bytes(_ place: Place) -> UnsafeRawBufferPointer {
    withUnsafeMutablePointerToElements {
      UnsafeRawBufferPointer(start: $0 + place.offset, count: place.length)
    }
  }

  /// The memory at a place; whoever writes it is the page's only owner.
  @inline(__always)
  func memory(_ place: Place) -> UnsafeMutableRawPointer {
    withUnsafeMutablePointerToElements { UnsafeMutableRawPointer($0 + place.offset) }
  }

  /// Calls `body` with the hash and the bytes of every record. O(records).
  func forEach(_ body: (UInt64, Place) -> Void) {
    let header = header
    let keyBytes = Self.keyBytes(header.depth)
    let mask: UInt64 = (1 << UInt64(keyBytes * 8)) &- 1
    let known: UInt64 = ~((1 << UInt64(keyBytes * 8 + 8)) &- 1)
    var end = Int(header.capacity)
    withUnsafeMutablePointerToElements { elements in
      let base = UnsafeRawPointer(elements)
      for slot in 0..<Int(header.count) {
        let length = Self.length(base.load(fromByteOffset: slot * 2 + 1, as: UInt8.self))
        end -= length
        let low = UInt64(base.load(fromByteOffset: slot * 2, as: UInt8.self))
        let key = base.loadUnaligned(fromByteOffset: end, as: UInt64.self) & mask
        let top = keyBytes == 7 ? 0 : header.prefix & known
        body(
          top | key << 8 | low,
          Place(slot: slot, offset: end + keyBytes, length: length - keyBytes))
      }
    }
  }
}

/// A page on its way to the state file. Its owner writes it only while nobody else has it.
struct SharedPage: @unchecked Sendable {
  let page: UserPage
}
