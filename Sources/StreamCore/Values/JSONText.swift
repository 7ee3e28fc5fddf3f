/// Walks JSON as it was written, without building anything. Every malformed text is an answer, not
/// a trap: nil or false.
struct JSONText {
  /// The whole text.
  let bytes: UnsafeRawBufferPointer
  /// Where the next call begins.
  var index = 0

  /// Begins at the start of `bytes`.
  init(_ bytes: UnsafeRawBufferPointer) {
    self.bytes = bytes
  }

  /// The byte at `index`; 0 at the end.
  @inline(__always) var byte: UInt8 { index < bytes.count ? bytes[index] : 0 }

  /// Skips blanks.
  @inline(__always)
  mutating func skipBlanks() {
    while index < bytes.count,
      bytes[index] == 0x20 || bytes[index] == 0x0A || bytes[index] == 0x0D || bytes[index] == 0x09
    {
      index += 1
    }
  }

  /// Skips blanks and `wanted`; false when something else is there.
  @inline(__always)
  mutating func skip(_ wanted: Unicode.Scalar) -> Bool {
    skipBlanks()
    guard index < bytes.count, bytes[index] == UInt8(ascii: wanted) else { return false }
    index += 1
    return true
  }

  /// Steps over the string that begins here; its range without quotes, escapes still in it.
  mutating func string() -> (range: Range<Int>, escaped: Bool)? {
    guard skip("\"") else { return nil }
    let start = index
    var escaped = false
    while index < bytes.count {
      switch bytes[index] {
      case UInt8(ascii: "\""):
        index += 1
        return (start..<(index - 1), escaped)
      case UInt8(ascii: "\\"):
        escaped = true
        index += 2
      default:
        index += 1
      }
    }
    return nil
  }

  /// Steps over the value that begins here, of any depth, and says what it is. Text of strings is
  /// without quotes, and `escaped` says whether escapes are in it.
  mutating func value() -> (value: Value, escaped: Bool)? {
    skipBlanks()
    let start = index
    switch byte {
    case UInt8(ascii: "\""):
      guard let (range, escaped) = string() else { return nil }
      return (.text(.string, slice(range)), escaped)
    case UInt8(ascii: "{"):
      guard skipNested() else { return nil }
      return (.text(.object, slice(start..<index)), false)
    case UInt8(ascii: "["):
      guard skipNested() else { return nil }
      return (.text(.array, slice(start..<index)), false)
    default:
      while index < bytes.count, !Self.endsToken(bytes[index]) { index += 1 }
      return scalar(slice(start..<index)).map { ($0, false) }
    }
  }

  /// Steps over brackets and what is in them; counts nesting instead of calling itself, so depth
  /// costs no stack.
  private mutating func skipNested() -> Bool {
    var depth = 0
    while index < bytes.count {
      switch bytes[index] {
      case UInt8(ascii: "\""):
        if string() == nil { return false }
        continue
      case UInt8(ascii: "{"), UInt8(ascii: "["):
        depth += 1
      case UInt8(ascii: "}"), UInt8(ascii: "]"):
        depth -= 1
        if depth == 0 {
          index += 1
          return true
        }
      default: break
      }
      index += 1
    }
    return false
  }

  private func scalar(_ token: UnsafeRawBufferPointer) -> Value? {
    if token.elementsEqual("true".utf8) { return .bool(true) }
    if token.elementsEqual("false".utf8) { return .bool(false) }
    if token.elementsEqual("null".utf8) { return .null }
    return ScannedNumber(token) == nil ? nil : .text(.number, token)
  }

  private func slice(_ range: Range<Int>) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(rebasing: bytes[range])
  }

  private static func endsToken(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: ","), UInt8(ascii: "]"), UInt8(ascii: "}"), UInt8(ascii: ":"), 0x20, 0x0A,
      0x0D, 0x09, UInt8(ascii: "\""), UInt8(ascii: "["), UInt8(ascii: "{"):
      true
    default: false
    }
  }

  /// Resolves the escapes of a string's inside. Lone surrogates become U+FFFD; nil when an escape
  /// is malformed.
  static func unescape(_ raw: UnsafeRawBufferPointer) -> [UInt8]? {
    var out: [UInt8] = []
    out.reserveCapacity(raw.count)
    var index = 0
    while index < raw.count {
      guard raw[index] == UInt8(ascii: "\\") else {
        out.append(raw[index])
        index += 1
        continue
      }
      guard index + 1 < raw.count else { return nil }
      index += 2
      switch raw[index - 1] {
      case UInt8(ascii: "\""): out.append(UInt8(ascii: "\""))
      case UInt8(ascii: "\\"): out.append(UInt8(ascii: "\\"))
      case UInt8(ascii: "/"): out.append(UInt8(ascii: "/"))
      case UInt8(ascii: "b"): out.append(0x08)
      case UInt8(ascii: "f"): out.append(0x0C)
      case UInt8(ascii: "n"): out.append(0x0A)
      case UInt8(ascii: "r"): out.append(0x0D)
      case UInt8(ascii: "t"): out.append(0x09)
      case UInt8(ascii: "u"):
        guard let codePoint = hexCodePoint(raw, &index) else { return nil }
        UTF8Text.append(codePoint, to: &out)
      default: return nil
      }
    }
    return out
  }

  /// The code point of the `\u` escape whose digits begin at `index`, and of the low surrogate
  /// after it where there is one.
  private static func hexCodePoint(_ raw: UnsafeRawBufferPointer, _ index: inout Int) -> UInt32? {
    guard let first = hex(raw, at: index) else { return nil }
    index += 4
    guard first & 0xF800 == 0xD800 else { return first }
    if first < 0xDC00, index + 1 < raw.count, raw[index] == UInt8(ascii: "\\"),
      raw[index + 1] == UInt8(ascii: "u"), let second = hex(raw, at: index + 2),
      second & 0xFC00 == 0xDC00
    {
      index += 6
      return 0x10000 + (first - 0xD800) << 10 + (second - 0xDC00)
    }
    return 0xFFFD
  }

  private static func hex(_ raw: UnsafeRawBufferPointer, at index: Int) -> UInt32? {
    guard index + 4 <= raw.count else { return nil }
    var value: UInt32 = 0
    for byte in raw[index..<(index + 4)] {
      guard let digit = hexDigit(byte) else { return nil }
      value = value << 4 | digit
    }
    return value
  }

  static func hexDigit(_ byte: UInt8) -> UInt32? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(byte - UInt8(ascii: "0"))
    case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt32(byte - UInt8(ascii: "a") + 10)
    case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt32(byte - UInt8(ascii: "A") + 10)
    default: nil
    }
  }
}
