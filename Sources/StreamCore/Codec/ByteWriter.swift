/// Builds the bytes of a state record.
///
/// Fixed-width integers are little-endian. Varints are LEB128 in their shortest form; signed ones
/// are zigzag-coded first. Equal values give equal bytes, so encodings can be compared and
/// digested.
public struct ByteWriter: Sendable {
  /// What has been written.
  public private(set) var bytes: [UInt8]

  /// Makes an empty writer with room for `capacity` bytes.
  public init(reserving capacity: Int = 0) {
    bytes = []
    if capacity > 0 { bytes.reserveCapacity(capacity) }
  }

  /// Bytes written.
  public var count: Int { bytes.count }

  /// Appends one byte.
  public mutating func writeByte(_ value: UInt8) {
    bytes.append(value)
  }

  /// Appends false as 0 and true as 1.
  public mutating func writeBool(_ value: Bool) {
    bytes.append(value ? 1 : 0)
  }

  /// Appends an integer in its full width, for example 16 bytes of an `Int128`.
  @inlinable
  public mutating func writeFixed<Integer: FixedWidthInteger>(_ value: Integer) {
    withUnsafeBytes(of: value.littleEndian) { append($0) }
  }

  /// Appends many integers of 8 bytes each, without a count.
  public mutating func writeWords(_ words: UnsafeBufferPointer<UInt64>) {
    bytes.reserveCapacity(bytes.count + words.count * 8)
    for word in words { writeFixed(word) }
  }

  /// Appends 1 to 10 bytes, fewer for smaller values.
  public mutating func writeVarint(_ value: UInt64) {
    var left = value
    while left >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: left) | 0x80)
      left >>= 7
    }
    bytes.append(UInt8(truncatingIfNeeded: left))
  }

  /// Appends 1 to 10 bytes, fewer for values nearer to zero.
  public mutating func writeSignedVarint(_ value: Int64) {
    writeVarint(UInt64(bitPattern: (value << 1) ^ (value >> 63)))
  }

  /// Appends the bit pattern of a double: 8 bytes, NaN payloads and the sign of zero included.
  public mutating func writeDouble(_ value: Double) {
    writeFixed(value.bitPattern)
  }

  /// Appends a length and that many bytes.
  public mutating func writeBytes(_ value: [UInt8]) {
    writeVarint(UInt64(value.count))
    bytes.append(contentsOf: value)
  }

  /// Appends a length and that many bytes.
  public mutating func writeBytes(_ value: UnsafeRawBufferPointer) {
    writeVarint(UInt64(value.count))
    append(value)
  }

  /// Appends text as a length and UTF-8.
  public mutating func writeText(_ value: String) {
    var value = value
    value.withUTF8 { writeBytes(UnsafeRawBufferPointer($0)) }
  }

  /// Appends bytes as they are, without a length.
  public mutating func append(_ raw: UnsafeRawBufferPointer) {
    bytes.append(contentsOf: raw)
  }
}
