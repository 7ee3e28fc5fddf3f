/// The key by which fields are made pseudonyms. It never leaves the process; its fingerprint may.
public struct PseudonymKey: Sendable, Equatable {
  private let low: UInt64
  private let high: UInt64
  /// 32 hexadecimal digits that tell keys apart and say nothing of the key.
  public let fingerprint: String

  /// Fewest characters of a key: what is shorter can be guessed.
  public static let charactersMin = 32

  /// Makes the key of a secret text. O(bytes).
  public init(secret: String) {
    (low, high) = Self.digest(secret, SipHash(0x7765_6972_2070_7365, 0x7564_6f6e_796d_2031))
    let own = SipHash(low ^ 0x6669_6e67_6572_7072, high ^ 0x696e_745f_6f66_5f6b)
    let (a, b) = Self.digest("fingerprint", own)
    fingerprint = Self.hex(a) + Self.hex(b)
  }

  private static func digest(_ text: String, _ hash: SipHash) -> (UInt64, UInt64) {
    let bytes = Array(text.utf8)
    let (low, high) = bytes.withUnsafeBytes { hash.hash($0) }
    return (low, high)
  }

  private static func hex(_ word: UInt64) -> String {
    let digits = String(word, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }

  var function: SipHash { SipHash(low, high) }
}

/// Which fields of events are made pseudonyms before anything else sees them.
public struct PseudonymPlan: Sendable, Equatable {
  /// Their names in the pipeline file, in order.
  public var names: [String]
  /// Places in a row: of the named fields, and of whatever reads the same part of an event.
  public var slots: [Int]
  /// By source, the paths of a payload that must not be shown.
  public var paths: [[[String]]]
  /// The key; nil where a file is only checked.
  public var key: PseudonymKey?
  /// What tells keys apart; nil where it is not known.
  public var fingerprint: String?

  /// Makes a plan of its parts.
  public init(
    names: [String], slots: [Int], paths: [[[String]]], key: PseudonymKey?, fingerprint: String?
  ) {
    (self.names, self.slots, self.paths) = (names, slots, paths)
    (self.key, self.fingerprint) = (key, fingerprint)
  }
}

/// Puts pseudonyms in the place of values, event by event. Owned by one task.
struct Pseudonymizer {
  private let slots: [Int]
  private let function: SipHash
  /// Bytes of a pseudonym: 128 bits in base64 of the alphabet for URLs.
  static let length = 22

  /// A checked plan without a key has one of its own that nobody knows the results of: nothing of
  /// it is stored.
  init(_ plan: PseudonymPlan) {
    slots = plan.slots
    function = (plan.key ?? PseudonymKey(secret: "only for checks")).function
  }

  /// Replaces the values of a row. What is null or empty stays. O(bytes of the values).
  @inline(__always)
  func apply(_ row: UnsafeMutablePointer<Value>, _ scratch: ScratchArena) {
    for slot in slots { row[slot] = pseudonym(row[slot], scratch) }
  }

  @inline(__always)
  private func pseudonym(_ value: Value, _ scratch: ScratchArena) -> Value {
    switch value.kind {
    case .missing, .null: return value
    case .string, .number, .object, .array:
      if value.length == 0 { return value }
      return text(function.hash(value.bytes), scratch)
    case .bool, .int, .double:
      let hash = withUnsafeBytes(of: value.bits.littleEndian) { function.hash($0) }
      return text(hash, scratch)
    }
  }

  private static let digits: StaticString =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

  @inline(__always)
  private func text(_ hash: (low: UInt64, high: UInt64), _ scratch: ScratchArena) -> Value {
    let bytes = scratch.allocate(Self.length)
    let digits = Self.digits.utf8Start
    var word = hash.low
    for at in 0..<11 {
      bytes[at] = digits[Int(truncatingIfNeeded: word & 63)]
      word >>= 6
    }
    word = hash.high
    for at in 11..<22 {
      bytes[at] = digits[Int(truncatingIfNeeded: word & 63)]
      word >>= 6
    }
    return .text(.string, UnsafeRawBufferPointer(bytes))
  }
}
