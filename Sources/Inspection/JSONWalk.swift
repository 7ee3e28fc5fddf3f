import StreamCore

/// Walks a JSON object once and hands every value to a table of fields.
///
/// It is given what the core's decoder has found well-formed, and stops where that is not so. It
/// looks at objects down to `InspectionLimits.depthMax` names; the rest, and lists, it passes over.
struct JSONWalk {
  private let bytes: UnsafeRawBufferPointer
  private var at = 0
  /// Text made of escapes.
  private var unescaped: [UInt8] = []

  init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

  /// Walks the object that the text is. False when it broke off.
  mutating func walk(into table: inout FieldTable) -> Bool {
    skipBlanks()
    guard at < bytes.count, bytes[at] == UInt8(ascii: "{") else { return false }
    return object(under: FieldTable.root, depth: 1, &table)
  }

  private mutating func object(under node: Int, depth: Int, _ table: inout FieldTable) -> Bool {
    at += 1
    skipBlanks()
    if pass("}") { return true }
    while true {
      skipBlanks()
      guard let key = string() else { return false }
      let child = withText(key) { table.child(of: node, named: $0) }
      skipBlanks()
      guard pass(":") else { return false }
      skipBlanks()
      guard value(of: child, depth: depth, &table) else { return false }
      skipBlanks()
      if pass("}") { return true }
      guard pass(",") else { return false }
    }
  }

  private mutating func value(of node: Int?, depth: Int, _ table: inout FieldTable) -> Bool {
    guard at < bytes.count else { return false }
    let start = at
    switch bytes[at] {
    case UInt8(ascii: "{"):
      guard let node else { return skipNested() }
      table.note(node, .object)
      if depth < InspectionLimits.depthMax {
        return object(under: node, depth: depth + 1, &table)
      }
      table.noteDeeper()
      return skipNested()
    case UInt8(ascii: "["):
      if let node { table.note(node, .array) }
      return skipNested()
    case UInt8(ascii: "\""):
      guard let range = string() else { return false }
      if let node { withText(range) { table.note(node, .string, $0) } }
      return true
    default:
      while at < bytes.count, !Self.endsToken(bytes[at]) { at += 1 }
      guard at > start, let node else { return at > start }
      let token = UnsafeRawBufferPointer(rebasing: bytes[start..<at])
      switch token[0] {
      case UInt8(ascii: "t"), UInt8(ascii: "f"): table.note(node, .boolean, token)
      case UInt8(ascii: "n"): table.note(node, .null)
      default: table.note(node, .number, token)
      }
      return true
    }
  }

  /// Passes over an object or a list, however deep.
  private mutating func skipNested() -> Bool {
    var depth = 0
    while at < bytes.count {
      switch bytes[at] {
      case UInt8(ascii: "\""):
        if string() == nil { return false }
        continue
      case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
      case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
      default: break
      }
      at += 1
      if depth == 0 { return true }
    }
    return false
  }

  /// The inside of the string at hand, and whether there are escapes in it.
  private mutating func string() -> (range: Range<Int>, escaped: Bool)? {
    guard pass("\"") else { return nil }
    let start = at
    var escaped = false
    while at < bytes.count {
      switch bytes[at] {
      case UInt8(ascii: "\""):
        at += 1
        return (start..<(at - 1), escaped)
      case UInt8(ascii: "\\"):
        escaped = true
        at += 2
      default: at += 1
      }
    }
    return nil
  }

  private mutating func withText<R>(
    _ found: (range: Range<Int>, escaped: Bool), _ body: (UnsafeRawBufferPointer) -> R
  ) -> R {
    let raw = UnsafeRawBufferPointer(rebasing: bytes[found.range])
    guard found.escaped else { return body(raw) }
    JSONEscapes.resolve(raw, into: &unescaped)
    return unescaped.withUnsafeBytes(body)
  }

  private mutating func pass(_ sign: Unicode.Scalar) -> Bool {
    guard at < bytes.count, bytes[at] == UInt8(ascii: sign) else { return false }
    at += 1
    return true
  }

  private mutating func skipBlanks() {
    while at < bytes.count {
      switch bytes[at] {
      case 0x20, 0x09, 0x0A, 0x0D: at += 1
      default: return
      }
    }
  }

  private static func endsToken(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: ","), UInt8(ascii: "]"), UInt8(ascii: "}"), UInt8(ascii: ":"), 0x20, 0x0A,
      0x0D, 0x09, UInt8(ascii: "\""), UInt8(ascii: "["), UInt8(ascii: "{"):
      true
    default: false
    }
  }
}

/// Escapes of JSON strings.
enum JSONEscapes {
  /// Writes the text that `raw` stands for to `out`. What is no escape stays as it is; halves of
  /// surrogate pairs become U+FFFD.
  static func resolve(_ raw: UnsafeRawBufferPointer, into out: inout [UInt8]) {
    out.removeAll(keepingCapacity: true)
    var at = 0
    while at < raw.count {
      guard raw[at] == UInt8(ascii: "\\"), at + 1 < raw.count else {
        out.append(raw[at])
        at += 1
        continue
      }
      at += 2
      switch raw[at - 1] {
      case UInt8(ascii: "b"): out.append(0x08)
      case UInt8(ascii: "f"): out.append(0x0C)
      case UInt8(ascii: "n"): out.append(0x0A)
      case UInt8(ascii: "r"): out.append(0x0D)
      case UInt8(ascii: "t"): out.append(0x09)
      case UInt8(ascii: "u"): codePoint(raw, &at, &out)
      case let byte: out.append(byte)
      }
    }
  }

  private static func codePoint(
    _ raw: UnsafeRawBufferPointer, _ at: inout Int, _ out: inout [UInt8]
  ) {
    guard var value = hex(raw, at) else { return }
    at += 4
    if (0xD800..<0xDC00).contains(value), at + 1 < raw.count, raw[at] == UInt8(ascii: "\\"),
      raw[at + 1] == UInt8(ascii: "u"), let low = hex(raw, at + 2), (0xDC00..<0xE000).contains(low)
    {
      value = 0x10000 + (value - 0xD800) << 10 + (low - 0xDC00)
      at += 6
    }
    let scalar = Unicode.Scalar(value) ?? "\u{FFFD}"
    out.append(contentsOf: Array(String(Character(scalar)).utf8))
  }

  private static func hex(_ raw: UnsafeRawBufferPointer, _ start: Int) -> UInt32? {
    guard start + 4 <= raw.count else { return nil }
    var value: UInt32 = 0
    for byte in raw[start..<(start + 4)] {
      guard let digit = Character(UnicodeScalar(byte)).hexDigitValue else { return nil }
      value = value << 4 | UInt32(digit)
    }
    return value
  }
}
