/// The series of one group in one task: combinations of dimension values, numbered as they come.
///
/// Number 0 is always the series `"(other)"`. An open-addressing table of hashes finds a series
/// without touching its key until the hash agrees.
final class SeriesTable {
  /// What people and the merge know a series by.
  final class Identity: Sendable {
    /// Canonical JSON.
    let dimensions: String
    /// Decides which series are kept beyond a limit; a function of `dimensions` alone.
    let rank: UInt64

    init(dimensions: String, rank: UInt64) {
      self.dimensions = dimensions
      self.rank = rank
    }
  }

  static let other: Int32 = 0
  /// What the hashes of a key's parts are combined with.
  static var hashSeed: UInt64 { 0x9E37_79B9_7F4A_7C15 }

  private let names: [String]
  private var slots: UnsafeMutablePointer<UInt64>  // high 32 bits of the hash, number + 1
  private var mask: Int
  /// A series' encoded key, in memory of its own, and its hash.
  private struct Entry {
    var key: UnsafeMutableRawBufferPointer
    var hash: UInt64
  }
  private let entries = Slab<Entry>(capacity: 64)
  private(set) var identities: [Identity] = []

  var count: Int { entries.count }

  init(names: [String]) {
    self.names = names
    mask = 63
    slots = .allocate(capacity: 64)
    slots.initialize(repeating: 0, count: 64)
    let other = SeriesKey.otherDimensions(names)
    add([], hash: 0)
    identities.append(Identity(dimensions: other, rank: UInt64.max))
  }

  deinit {
    slots.deallocate()
    for number in 0..<entries.count { entries[number].key.deallocate() }
  }

  /// The encoded key of a series.
  func key(_ number: Int) -> [UInt8] { Array(entries[number].key) }

  /// The number of the series with these parts and their combined hash, made if need be.
  /// O(parts).
  @inline(__always)
  func find(_ parts: UnsafeBufferPointer<SeriesKey.Part>, hash: UInt64) -> Int32 {
    let tag = hash & 0xFFFF_FFFF_0000_0000
    var at = Int(truncatingIfNeeded: hash) & mask
    while slots[at] != 0 {
      if slots[at] & 0xFFFF_FFFF_0000_0000 == tag {
        let number = Int32(truncatingIfNeeded: slots[at] & 0xFFFF_FFFF) &- 1
        if matches(UnsafeRawBufferPointer(entries[Int(number)].key), parts) { return number }
      }
      at = (at + 1) & mask
    }
    return insert(SeriesKey.encode(Array(parts)), Array(parts), hash: hash)
  }

  /// The number of the series with this encoded key; nil when it is not a key of this group.
  func find(key: [UInt8]) -> Int32? {
    if key.isEmpty && !names.isEmpty { return Self.other }
    return key.withUnsafeBytes { bytes -> Int32? in
      guard let parts = SeriesKey.decode(bytes, count: names.count) else { return nil }
      return parts.withUnsafeBufferPointer { find($0, hash: Self.hash($0)) }
    }
  }

  /// Hash of all parts of a key.
  @inline(__always)
  static func hash(_ parts: UnsafeBufferPointer<SeriesKey.Part>) -> UInt64 {
    var hash = hashSeed
    for part in parts { hash = Hash64.combine(hash, SeriesKey.hash(part)) }
    return hash
  }

  @inline(__always)
  private func matches(
    _ key: UnsafeRawBufferPointer, _ parts: UnsafeBufferPointer<SeriesKey.Part>
  ) -> Bool {
    guard let bytes = key.baseAddress else { return parts.isEmpty }
    var at = 0
    for part in parts {
      let length = part.bytes.count
      guard at &+ 3 &+ length <= key.count,
        bytes.load(fromByteOffset: at, as: UInt8.self) == part.tag,
        bytes.loadUnaligned(fromByteOffset: at &+ 1, as: UInt16.self)
          == UInt16(truncatingIfNeeded: length).littleEndian
      else { return false }
      if let other = part.bytes.baseAddress {
        guard sameBytes(bytes + (at &+ 3), other, length) else { return false }
      }
      at &+= 3 &+ length
    }
    return at == key.count
  }

  private func add(_ key: [UInt8], hash: UInt64) {
    let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: key.count, alignment: 8)
    copy.copyBytes(from: key)
    entries.append(Entry(key: copy, hash: hash))
  }

  @inline(never)
  private func insert(_ key: [UInt8], _ parts: [SeriesKey.Part], hash: UInt64) -> Int32 {
    let dimensions = SeriesKey.dimensions(names, parts)
    if !names.isEmpty && dimensions == identities[0].dimensions { return Self.other }
    let number = Int32(entries.count)
    add(key, hash: hash)
    let rank = Array(dimensions.utf8).withUnsafeBytes { Hash64.of($0) }
    identities.append(Identity(dimensions: dimensions, rank: rank))
    if entries.count * 2 > mask { grow() }
    place(number, hash)
    return number
  }

  private func place(_ number: Int32, _ hash: UInt64) {
    var at = Int(truncatingIfNeeded: hash) & mask
    while slots[at] != 0 { at = (at + 1) & mask }
    slots[at] = hash & 0xFFFF_FFFF_0000_0000 | UInt64(UInt32(number + 1))
  }

  private func grow() {
    rebuild(capacity: (mask + 1) * 2, upTo: entries.count - 1)
  }

  private func rebuild(capacity: Int, upTo count: Int) {
    slots.deallocate()
    mask = capacity - 1
    slots = .allocate(capacity: capacity)
    slots.initialize(repeating: 0, count: capacity)
    for number in 1..<Swift.max(1, count) { place(Int32(number), entries[number].hash) }
  }

  /// Forgets every series that `isUsed` does not name, and returns the new number of each old one
  /// (−1: forgotten). O(series).
  func compact(_ isUsed: [Bool]) -> [Int32] {
    var renumbered = [Int32](repeating: -1, count: entries.count)
    renumbered[0] = 0
    var kept = 1
    for number in 1..<Swift.max(1, entries.count) {
      guard isUsed[number] else {
        entries[number].key.deallocate()
        continue
      }
      entries[kept] = entries[number]
      identities[kept] = identities[number]
      renumbered[number] = Int32(kept)
      kept += 1
    }
    entries.truncate(to: kept)
    identities.removeSubrange(kept...)
    var capacity = 64
    while capacity < kept * 4 { capacity *= 2 }
    rebuild(capacity: capacity, upTo: kept)
    return renumbered
  }
}
