/// Reads the bytes of a user's record. At their end it yields zeros, and signed numbers are small
/// enough for any sum of a few, so that no bytes whatever lead it astray; its caller knows when to
/// stop.
struct RecordReader {
  private var at: UnsafeRawPointer?
  private var left: Int

  init(_ bytes: UnsafeRawBufferPointer) {
    at = bytes.baseAddress
    left = bytes.count
  }

  /// What has not been read.
  var rest: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: at, count: left) }

  /// Whether there is nothing more.
  var isAtEnd: Bool { left == 0 }

  @inline(__always)
  mutating func readByte() -> UInt8 {
    guard left > 0, let here = at else { return 0 }
    at = here + 1
    left &-= 1
    return here.load(as: UInt8.self)
  }

  @inline(__always)
  mutating func readVarint() -> UInt64 {
    var value: UInt64 = 0
    var shift: UInt64 = 0
    while shift < 64 {
      let byte = readByte()
      value |= UInt64(byte & 0x7F) << shift
      if byte < 0x80 { break }
      shift &+= 7
    }
    return value
  }

  @inline(__always)
  mutating func readSignedVarint() -> Int64 {
    let raw = readVarint()
    return Self.bounded(Int64(bitPattern: raw >> 1) ^ -Int64(bitPattern: raw & 1))
  }

  /// A number of ±2⁵³, which every time and unit is: itself if it is one.
  @inline(__always)
  static func bounded(_ number: Int64) -> Int64 { (number << 10) >> 10 }

  /// A number that fits an `Int32` and is not negative.
  @inline(__always)
  mutating func readNumber() -> Int32 { Int32(truncatingIfNeeded: readVarint() & 0x7FFF_FFFF) }

  /// The next `count` bytes, or as many as there are.
  @inline(__always)
  mutating func readBytes(_ count: Int) -> UnsafeRawBufferPointer {
    let taken = Swift.max(0, Swift.min(count, left))
    let bytes = UnsafeRawBufferPointer(start: at, count: taken)
    at = at.map { $0 + taken }
    left &-= taken
    return bytes
  }
}

/// Writes the bytes of users' records, one after the other, into memory that it keeps.
final class RecordWriter {
  private var base: UnsafeMutableRawPointer
  private var capacity = 1_024
  private(set) var count = 0
  /// Whether what was there is to stay, so that nothing has been written.
  private(set) var isKept = false

  init() { base = .allocate(byteCount: capacity, alignment: 16) }

  deinit { base.deallocate() }

  /// What has been written since `begin()`; valid until more is.
  var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: base, count: count) }

  /// Where `bytes` begins.
  var start: UnsafeRawPointer { UnsafeRawPointer(base) }

  @inline(__always)
  func begin() {
    count = 0
    isKept = false
  }

  /// Says, in place of writing, that what was there stays.
  @inline(__always)
  func keep() { isKept = true }

  /// Puts another byte in place of one that has been written.
  @inline(__always)
  func patch(_ value: UInt8, at: Int) {
    base.storeBytes(of: value, toByteOffset: at, as: UInt8.self)
  }

  @inline(__always)
  func writeByte(_ value: UInt8) {
    if count == capacity { grow(1) }
    base.storeBytes(of: value, toByteOffset: count, as: UInt8.self)
    count &+= 1
  }

  @inline(__always)
  func writeVarint(_ value: UInt64) {
    var left = value
    while left >= 0x80 {
      writeByte(UInt8(truncatingIfNeeded: left) | 0x80)
      left >>= 7
    }
    writeByte(UInt8(truncatingIfNeeded: left))
  }

  @inline(__always)
  func writeSignedVarint(_ value: Int64) {
    writeVarint(UInt64(bitPattern: (value << 1) ^ (value >> 63)))
  }

  @inline(__always)
  func write(_ bytes: UnsafeRawBufferPointer) {
    if count + bytes.count > capacity { grow(bytes.count) }
    guard let from = bytes.baseAddress else { return }
    (base + count).copyMemory(from: from, byteCount: bytes.count)
    count &+= bytes.count
  }

  @inline(never)
  private func grow(_ wanted: Int) {
    let larger = Swift.max(capacity * 2, count + wanted)
    let moved = UnsafeMutableRawPointer.allocate(byteCount: larger, alignment: 16)
    moved.copyMemory(from: base, byteCount: count)
    base.deallocate()
    base = moved
    capacity = larger
  }
}
