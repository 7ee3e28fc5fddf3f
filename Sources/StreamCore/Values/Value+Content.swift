extension Value {
  /// The value as a whole number: a number, or text that is one, that is whole and fits.
  public var int64: Int64? {
    switch kind {
    case .int: intBits
    case .double: wholeNumber(doubleBits)
    case .number, .string: NumberText.int64(bytes)
    default: nil
    }
  }

  /// The value as a number, or as text that is one: the nearest double. Finite, never negative
  /// zero.
  public var number: Double? {
    switch kind {
    case .int: Double(intBits)
    case .double: doubleBits.isFinite ? doubleBits + 0 : nil
    case .number, .string: NumberText.double(bytes)
    default: nil
    }
  }

  /// The value as an exact decimal: a number, or text that is one, within range.
  public var exactDecimal: ExactDecimal? {
    switch kind {
    case .int: ExactDecimal(intBits)
    case .double: ExactDecimal(doubleBits)
    case .number, .string: ExactDecimal(bytes)
    default: nil
    }
  }

  /// The value as a number, whole where it can be.
  @inline(__always) var asNumber: Number {
    switch kind {
    case .int: .int(intBits)
    case .double: .of(doubleBits)
    case .number, .string: NumberText.parse(bytes)
    default: .none
    }
  }

  /// Whether both have the same canonical JSON. Missing equals null; the number 1 equals 1.0, but
  /// not the text `1`. Allocates only for numbers that are not whole, arrays and objects.
  public func hasSameContent(as other: Value) -> Bool {
    if kind == .string && other.kind == .string { return sameBytes(bytes, other.bytes) }
    let (a, b) = (contentClass, other.contentClass)
    guard a == b else { return false }
    switch a {
    case .null: return true
    case .bool: return bits == other.bits
    case .string: return sameBytes(bytes, other.bytes)
    case .number:
      if let x = int64, let y = other.int64 { return x == y }
      return canonical == other.canonical
    case .nested: return canonical == other.canonical
    }
  }

  /// A hash of the canonical JSON's content: the same in every process, for values that
  /// `hasSameContent`. Allocates as that does.
  public func contentHash(seed: UInt64 = 0) -> UInt64 {
    switch contentClass {
    case .null: return Hash64.combine(seed, 1)
    case .bool: return Hash64.combine(seed, 2 + bits)
    case .string: return Hash64.of(bytes, seed: seed)
    case .number:
      if let int = int64 { return Hash64.combine(seed ^ 5, UInt64(bitPattern: int)) }
      return canonical.withUnsafeBytes { Hash64.of($0, seed: seed ^ 5) }
    case .nested:
      return canonical.withUnsafeBytes { Hash64.of($0, seed: seed ^ 7) }
    }
  }

  /// Appends the value as text for people: strings as they are, the rest as canonical JSON.
  public func appendText(to out: inout [UInt8]) {
    if kind == .string {
      out.append(contentsOf: bytes)
    } else {
      CanonicalJSON.append(self, to: &out)
    }
  }

  private enum ContentClass { case null, bool, number, string, nested }

  private var contentClass: ContentClass {
    switch kind {
    case .missing, .null: .null
    case .bool: .bool
    case .int: .number
    // What is too large for a number is written as text.
    case .number: NumberText.hasForm(bytes) ? .number : .string
    case .double: doubleBits.isFinite ? .number : .null
    case .string: .string
    case .array, .object: .nested
    }
  }

  private var canonical: [UInt8] {
    var out: [UInt8] = []
    CanonicalJSON.append(self, to: &out)
    return out
  }
}

/// Whether two texts are the same bytes. Inlined: most are shorter than a call is worth.
@inline(__always)
func sameBytes(_ a: UnsafeRawBufferPointer, _ b: UnsafeRawBufferPointer) -> Bool {
  guard a.count == b.count else { return false }
  guard let x = a.baseAddress, let y = b.baseAddress else { return true }
  return sameBytes(x, y, a.count)
}

/// Whether `count` bytes at two places are the same.
@inline(__always)
func sameBytes(_ x: UnsafeRawPointer, _ y: UnsafeRawPointer, _ count: Int) -> Bool {
  var offset = 0
  while offset &+ 8 <= count {
    if x.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
      != y.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
    {
      return false
    }
    offset &+= 8
  }
  if offset == count { return true }
  if count >= 8 {
    // The last eight bytes overlap with those compared before.
    return x.loadUnaligned(fromByteOffset: count &- 8, as: UInt64.self)
      == y.loadUnaligned(fromByteOffset: count &- 8, as: UInt64.self)
  }
  while offset < count {
    if x.load(fromByteOffset: offset, as: UInt8.self)
      != y.load(fromByteOffset: offset, as: UInt8.self)
    {
      return false
    }
    offset &+= 1
  }
  return true
}
