/// State bytes that do not hold what their reader expects: cut off, damaged, or of another version.
public struct CodecError: Error, Sendable, Equatable, CustomStringConvertible {
  /// What is wrong with the bytes.
  public enum Problem: Sendable, Equatable {
    /// They end within the value.
    case truncated
    /// They cannot be such a value.
    case invalid
    /// They go on after the last value.
    case trailing
  }

  /// What is wrong.
  public var problem: Problem
  /// The value that was being read.
  public var what: String
  /// The byte at which it begins, from 0.
  public var offset: Int

  /// Makes an error about the value `what` that begins at byte `offset`.
  public init(_ problem: Problem, _ what: String, at offset: Int) {
    self.problem = problem
    self.what = what
    self.offset = offset
  }

  public var description: String {
    switch problem {
    case .truncated: "the bytes end within \(what), which begins at byte \(offset)"
    case .invalid: "byte \(offset) does not begin a valid \(what)"
    case .trailing: "bytes follow the end of \(what) at byte \(offset)"
    }
  }
}

/// Reads what `ByteWriter` wrote.
///
/// Whatever the bytes are, it either returns a value or throws a `CodecError`: it never traps, and
/// a length or count is compared with the bytes that are left before memory is allocated for it.
/// Every read names the value it wants, for the error.
public struct ByteReader: Sendable {
  private let bytes: [UInt8]
  /// The next byte to be read, from 0.
  public private(set) var offset = 0

  /// Reads from the beginning of `bytes`.
  public init(_ bytes: [UInt8]) {
    self.bytes = bytes
  }

  /// Bytes not read yet.
  public var remaining: Int { bytes.count - offset }

  /// Reads one byte.
  public mutating func readByte(_ what: StaticString) throws(CodecError) -> UInt8 {
    guard offset < bytes.count else { throw error(.truncated, what, at: offset) }
    defer { offset += 1 }
    return bytes[offset]
  }

  /// Reads 0 or 1.
  public mutating func readBool(_ what: StaticString) throws(CodecError) -> Bool {
    let start = offset
    switch try readByte(what) {
    case 0: return false
    case 1: return true
    default: throw error(.invalid, what, at: start)
    }
  }

  /// Reads an integer in its full width.
  public mutating func readFixed<Integer: FixedWidthInteger>(
    _ type: Integer.Type = Integer.self, _ what: StaticString
  ) throws(CodecError) -> Integer {
    let width = MemoryLayout<Integer>.size
    guard remaining >= width else { throw error(.truncated, what, at: offset) }
    let start = offset
    offset += width
    let raw = bytes.withUnsafeBytes {
      $0.loadUnaligned(fromByteOffset: start, as: Integer.self)
    }
    return Integer(littleEndian: raw)
  }

  /// Reads a varint. A longer form than the shortest is refused.
  public mutating func readVarint(_ what: StaticString) throws(CodecError) -> UInt64 {
    let start = offset
    var value: UInt64 = 0
    var shift: UInt64 = 0
    while true {
      guard offset < bytes.count else { throw error(.truncated, what, at: start) }
      let byte = bytes[offset]
      offset += 1
      if shift == 63, byte > 1 { throw error(.invalid, what, at: start) }
      value |= UInt64(byte & 0x7f) << shift
      if byte < 0x80 {
        if byte == 0, shift > 0 { throw error(.invalid, what, at: start) }
        return value
      }
      shift += 7
    }
  }

  /// Reads a zigzag-coded varint.
  public mutating func readSignedVarint(_ what: StaticString) throws(CodecError) -> Int64 {
    let raw = try readVarint(what)
    return Int64(bitPattern: raw >> 1) ^ -Int64(bitPattern: raw & 1)
  }

  /// Reads the bit pattern of a double.
  public mutating func readDouble(_ what: StaticString) throws(CodecError) -> Double {
    Double(bitPattern: try readFixed(UInt64.self, what))
  }

  /// Reads a count of elements of at least `elementBytes` bytes each, and checks that they can be
  /// there, so that the count may be used to reserve memory.
  public mutating func readCount(
    _ what: StaticString, elementBytes: Int
  ) throws(CodecError) -> Int {
    let start = offset
    let count = try readVarint(what)
    guard count <= UInt64(remaining / max(1, elementBytes)) else {
      throw error(.truncated, what, at: start)
    }
    return Int(count)
  }

  /// Reads a length and that many bytes.
  public mutating func readBytes(_ what: StaticString) throws(CodecError) -> [UInt8] {
    let count = try readCount(what, elementBytes: 1)
    defer { offset += count }
    return Array(bytes[offset..<(offset + count)])
  }

  /// Reads a length and that many bytes of UTF-8.
  public mutating func readText(_ what: StaticString) throws(CodecError) -> String {
    let start = offset
    let raw = try readBytes(what)
    guard let text = String(validating: raw, as: UTF8.self) else {
      throw error(.invalid, what, at: start)
    }
    return text
  }

  /// Reads `count` bytes as they are.
  public mutating func readRaw(_ count: Int, _ what: StaticString) throws(CodecError) -> [UInt8] {
    guard count >= 0, count <= remaining else { throw error(.truncated, what, at: offset) }
    defer { offset += count }
    return Array(bytes[offset..<(offset + count)])
  }

  /// Checks that everything has been read.
  public func finish(_ what: StaticString) throws(CodecError) {
    if remaining > 0 { throw error(.trailing, what, at: offset) }
  }

  /// Makes the error of a value that was read whole but cannot be true.
  public func invalid(_ what: StaticString) -> CodecError {
    error(.invalid, what, at: offset)
  }

  private func error(
    _ problem: CodecError.Problem, _ what: StaticString, at offset: Int
  ) -> CodecError {
    CodecError(problem, what.description, at: offset)
  }
}
