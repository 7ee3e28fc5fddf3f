/// One decoded value of an event: a field of the payload, a constant, or what an expression yields.
///
/// Sixteen trivial bytes, so that a block of events is one flat buffer that no reference counting
/// touches. The JSON decoder writes this layout from C. Text is borrowed: it points into the
/// payload, a `ScratchArena` or a constant pool, and is valid as long as those are.
@frozen
public struct Value {
  /// What a value holds. `missing` and `null` are one thing to an expression; they differ only in
  /// that a path of a list of paths goes on past both.
  @frozen
  public enum Kind: UInt8, Sendable {
    /// The path is not there.
    case missing = 0
    /// JSON null, or the outcome of an operator on a wrong type.
    case null = 1
    /// `bits` is 0 or 1.
    case bool = 2
    /// A JSON number as it was written, unparsed, so that decimals stay exact.
    case number = 3
    /// UTF-8 text with escapes resolved.
    case string = 4
    /// A JSON object as it was written.
    case object = 5
    /// A JSON array as it was written.
    case array = 6
    /// `bits` is an `Int64`.
    case int = 7
    /// `bits` is a `Double`'s bit pattern.
    case double = 8
  }

  /// A pointer, an `Int64` or a `Double`'s bit pattern, as `kind` says.
  public var bits: UInt64
  /// Bytes of text that `bits` points at; 0 for kinds without text.
  public var length: UInt32
  /// What the value holds.
  public var kind: Kind
  @usableFromInline var padding: (UInt8, UInt8, UInt8) = (0, 0, 0)

  /// Makes a value from its raw parts.
  @inlinable
  public init(kind: Kind, bits: UInt64 = 0, length: UInt32 = 0) {
    self.bits = bits
    self.length = length
    self.kind = kind
  }

  /// The path is not there.
  @inlinable public static var missing: Value { Value(kind: .missing) }
  /// No value.
  @inlinable public static var null: Value { Value(kind: .null) }
  /// A truth value.
  @inlinable public static func bool(_ value: Bool) -> Value {
    Value(kind: .bool, bits: value ? 1 : 0)
  }
  /// A whole number.
  @inlinable public static func int(_ value: Int64) -> Value {
    Value(kind: .int, bits: UInt64(bitPattern: value))
  }
  /// A binary floating-point number.
  @inlinable public static func double(_ value: Double) -> Value {
    Value(kind: .double, bits: value.bitPattern)
  }
  /// Borrowed text of a kind that has text (`number`, `string`, `object`, `array`).
  @inlinable public static func text(_ kind: Kind, _ bytes: UnsafeRawBufferPointer) -> Value {
    Value(
      kind: kind, bits: UInt64(UInt(bitPattern: bytes.baseAddress)), length: UInt32(bytes.count))
  }

  /// Whether there is no value: missing or null.
  @inlinable public var isNull: Bool { kind.rawValue <= Kind.null.rawValue }

  /// The borrowed text; empty for kinds without text.
  @inlinable public var bytes: UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(start: UnsafeRawPointer(bitPattern: UInt(bits)), count: Int(length))
  }

  /// The `Int64` of kind `int`.
  @inlinable public var intBits: Int64 { Int64(bitPattern: bits) }
  /// The `Double` of kind `double`.
  @inlinable public var doubleBits: Double { Double(bitPattern: bits) }
}

// Values are trivial; whoever sends one keeps the memory it borrows alive.
extension Value: @unchecked Sendable {}
