/// Splits an expression's text into tokens, and gathers what is no token.
struct Lexer {
  private let bytes: [UInt8]
  private var index = 0
  private(set) var tokens: [Token] = []
  private(set) var faults: [ExpressionFaults.Fault] = []

  /// Reads the whole text. The last token is `end`.
  init(_ text: String) {
    bytes = Array(text.utf8)
    while true {
      while index < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[index]) { index += 1 }
      guard index < bytes.count else { break }
      tokens.append(next())
    }
    tokens.append(Token(kind: .end, range: bytes.count..<bytes.count))
  }

  private mutating func next() -> Token {
    let start = index
    let byte = bytes[index]
    if Self.isDigit(byte) { return number() }
    if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") { return string(raw: false) }
    if byte == UInt8(ascii: "r"), index + 1 < bytes.count,
      bytes[index + 1] == UInt8(ascii: "\"") || bytes[index + 1] == UInt8(ascii: "'")
    {
      index += 1
      return string(raw: true)
    }
    if Self.beginsName(byte) {
      while index < bytes.count, Self.beginsName(bytes[index]) || Self.isDigit(bytes[index]) {
        index += 1
      }
      return Token(kind: .identifier, range: start..<index, content: Array(bytes[start..<index]))
    }
    if byte == UInt8(ascii: "`") { return quotedIdentifier() }
    if let (known, symbol) = Symbol.bySize.first(where: { bytes[index...].starts(with: $0.bytes) })
    {
      index += known.count
      return Token(kind: .symbol(symbol), range: start..<index)
    }
    return unknown()
  }

  /// Reports a character that begins no token, with what was probably meant.
  private mutating func unknown() -> Token {
    let start = index
    let intended: [UInt8: String] = [
      UInt8(ascii: "="): "==", UInt8(ascii: "&"): "&&", UInt8(ascii: "|"): "||",
    ]
    let found = String(UnicodeScalar(bytes[index]))
    index += 1
    fault(
      "syntax", start, "`\(found)` is no operator",
      hint: intended[bytes[start]].map { "write `\($0)`" })
    return Token(kind: .bad, range: start..<index)
  }

  private mutating func number() -> Token {
    let start = index
    var isInt = true
    skipDigits()
    if index + 1 < bytes.count, bytes[index] == UInt8(ascii: "."), Self.isDigit(bytes[index + 1]) {
      isInt = false
      index += 1
      skipDigits()
    }
    if index < bytes.count, bytes[index] | 0x20 == UInt8(ascii: "e") {
      isInt = false
      index += 1
      if index < bytes.count, [UInt8(ascii: "+"), UInt8(ascii: "-")].contains(bytes[index]) {
        index += 1
      }
      skipDigits()
    }
    // Letters at the end belong to it, so that `12abc` is one fault.
    while index < bytes.count, Self.beginsName(bytes[index]) || Self.isDigit(bytes[index]) {
      isInt = false
      index += 1
    }
    let range = start..<index
    let number = bytes[range].withUnsafeBytes { NumberText.parse($0) }
    switch number {
    case .int(let int): return Token(kind: isInt ? .int(int) : .double(Double(int)), range: range)
    case .double(let double) where !isInt: return Token(kind: .double(double), range: range)
    case .double(0x1p63) where bytes[range].elementsEqual("9223372036854775808".utf8):
      return Token(kind: .intMagnitude, range: range)
    default:
      let text = String(decoding: bytes[range], as: UTF8.self)
      fault(
        "bad-literal", start, "`\(text)` is no number that can be held",
        hint: "numbers are like 12, 0.5 or 1e3, whole ones at most 9223372036854775807")
      return Token(kind: .bad, range: range)
    }
  }

  private mutating func skipDigits() {
    while index < bytes.count, Self.isDigit(bytes[index]) { index += 1 }
  }

  private mutating func quotedIdentifier() -> Token {
    let start = index
    index += 1
    while index < bytes.count, bytes[index] != UInt8(ascii: "`") { index += 1 }
    let content = Array(bytes[(start + 1)..<index])
    if index == bytes.count {
      fault("syntax", start, "the name that begins here has no closing backquote")
      return Token(kind: .bad, range: start..<index)
    }
    index += 1
    if content.isEmpty {
      fault("syntax", start, "a name in backquotes cannot be empty")
      return Token(kind: .bad, range: start..<index)
    }
    return Token(kind: .quotedIdentifier, range: start..<index, content: content)
  }

  private mutating func string(raw: Bool) -> Token {
    let start = raw ? index - 1 : index
    let quote = bytes[index]
    var content: [UInt8] = []
    index += 1
    while index < bytes.count, bytes[index] != quote {
      if bytes[index] == UInt8(ascii: "\\"), !raw {
        escape(into: &content)
      } else {
        content.append(bytes[index])
        index += 1
      }
    }
    if index == bytes.count {
      fault("syntax", start, "the text that begins here has no closing quote")
      return Token(kind: .bad, range: start..<index)
    }
    index += 1
    return Token(kind: .string, range: start..<index, content: content)
  }

  private mutating func escape(into content: inout [UInt8]) {
    let start = index
    index += 1
    guard index < bytes.count else { return }
    let letter = bytes[index]
    index += 1
    switch letter {
    case UInt8(ascii: "n"): content.append(0x0A)
    case UInt8(ascii: "r"): content.append(0x0D)
    case UInt8(ascii: "t"): content.append(0x09)
    case UInt8(ascii: "\\"), UInt8(ascii: "\""), UInt8(ascii: "'"), UInt8(ascii: "`"):
      content.append(letter)
    case UInt8(ascii: "u"):
      let digits = bytes[index...].prefix(4).compactMap(JSONText.hexDigit)
      let codePoint = digits.reduce(0) { $0 << 4 | $1 }
      if digits.count == 4, let scalar = Unicode.Scalar(codePoint) {
        UTF8Text.append(scalar.value, to: &content)
        index += 4
      } else {
        fault("bad-literal", start, "`\\u` needs the four hexadecimal digits of a character")
      }
    default:
      fault(
        "bad-literal", start,
        "`\\` is followed by no known letter; legal are n r t \\ \" ' ` uXXXX",
        hint: "write `\\\\` for a backslash, or r\"…\" for text without escapes")
    }
  }

  private mutating func fault(
    _ code: String, _ position: Int, _ message: String, hint: String? = nil
  ) {
    faults.append(.init(code: code, position: position, message: message, hint: hint))
  }

  private static func isDigit(_ byte: UInt8) -> Bool {
    byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
  }

  /// Letters, `_`, `$`, and everything that is not ASCII.
  private static func beginsName(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "_"), UInt8(ascii: "$"), 0x80...:
      true
    default: false
    }
  }
}
