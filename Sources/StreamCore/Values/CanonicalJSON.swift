/// Writes values so that equal values are equal bytes: sorted keys, no blanks, one text for each
/// number (see `append(_:to:)`), the fewest escapes, valid UTF-8.
///
/// It is the form of the column `dimensions`. All functions append to what is there.
public enum CanonicalJSON {
  /// Depth from which nested JSON is taken as malformed.
  static let maxDepth = 64

  /// Appends a value. Missing is `null`, and so is a double that is not finite. Whole
  /// numbers within `Int64` are their digits, and tokens of plain digits keep all of them, whatever
  /// their size; others are the shortest decimal that reads back as the same double, without an
  /// exponent. A token too large for a double is a string. Arrays and objects are written
  /// anew in canonical form; malformed ones become a string of their text.
  public static func append(_ value: Value, to out: inout [UInt8]) {
    switch value.kind {
    case .missing, .null: append(literal: "null", to: &out)
    case .bool: append(literal: value.bits == 1 ? "true" : "false", to: &out)
    case .int: CanonicalNumber.append(value.intBits, to: &out)
    case .double:
      if !CanonicalNumber.append(value.doubleBits, to: &out) { append(literal: "null", to: &out) }
    case .number:
      if !CanonicalNumber.append(token: value.bytes, to: &out) {
        append(string: value.bytes, to: &out)
      }
    case .string: append(string: value.bytes, to: &out)
    case .array, .object:
      let start = out.count
      var text = JSONText(value.bytes)
      if appendNested(&text, depth: 0, to: &out) {
        text.skipBlanks()
        if text.index == text.bytes.count { return }
      }
      out.removeSubrange(start...)
      append(string: value.bytes, to: &out)
    }
  }

  /// Appends `bytes` as a JSON string. `"`, `\` and control characters are escaped, nothing else;
  /// bytes that are not UTF-8 become U+FFFD.
  public static func append(string bytes: UnsafeRawBufferPointer, to out: inout [UInt8]) {
    out.append(UInt8(ascii: "\""))
    var index = 0
    while index < bytes.count {
      let byte = bytes[index]
      if byte >= 0x80 {
        if let length = UTF8Text.sequenceLength(bytes, at: index) {
          out.append(contentsOf: bytes[index..<(index + length)])
          index += length
        } else {
          UTF8Text.append(0xFFFD, to: &out)
          index += 1
        }
        continue
      }
      index += 1
      if byte >= 0x20 && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\") {
        out.append(byte)
      } else {
        appendEscape(byte, to: &out)
      }
    }
    out.append(UInt8(ascii: "\""))
  }

  /// Appends `string` as a JSON string.
  public static func append(string: String, to out: inout [UInt8]) {
    var copy = string
    copy.withUTF8 { append(string: UnsafeRawBufferPointer($0), to: &out) }
  }

  /// Appends an object whose `names` are already sorted by their UTF-8 bytes and distinct: one for
  /// each of `values`.
  public static func append(
    sortedNames names: [String], values: UnsafeBufferPointer<Value>, to out: inout [UInt8]
  ) {
    out.append(UInt8(ascii: "{"))
    for (index, value) in values.enumerated() {
      if index > 0 { out.append(UInt8(ascii: ",")) }
      append(string: names[index], to: &out)
      out.append(UInt8(ascii: ":"))
      append(value, to: &out)
    }
    out.append(UInt8(ascii: "}"))
  }

  /// An object of distinct names, in any order, as text; `{}` when there are none.
  public static func object(_ members: [(name: String, value: Value)]) -> String {
    let sorted = members.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
    var out: [UInt8] = []
    sorted.map(\.value).withUnsafeBufferPointer {
      append(sortedNames: sorted.map(\.name), values: $0, to: &out)
    }
    return String(decoding: out, as: UTF8.self)
  }

  private static func append(literal: StaticString, to out: inout [UInt8]) {
    out.append(
      contentsOf: UnsafeBufferPointer(start: literal.utf8Start, count: literal.utf8CodeUnitCount))
  }

  private static func appendEscape(_ byte: UInt8, to out: inout [UInt8]) {
    out.append(UInt8(ascii: "\\"))
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"): out.append(byte)
    case 0x08: out.append(UInt8(ascii: "b"))
    case 0x09: out.append(UInt8(ascii: "t"))
    case 0x0A: out.append(UInt8(ascii: "n"))
    case 0x0C: out.append(UInt8(ascii: "f"))
    case 0x0D: out.append(UInt8(ascii: "r"))
    default:
      let low = byte & 0xF
      append(literal: byte < 0x10 ? "u000" : "u001", to: &out)
      out.append(low < 10 ? UInt8(ascii: "0") + low : UInt8(ascii: "a") + low - 10)
    }
  }

  /// Appends the value at `text`'s index in canonical form; false when it is malformed.
  private static func appendNested(
    _ text: inout JSONText, depth: Int, to out: inout [UInt8]
  ) -> Bool {
    guard depth < maxDepth else { return false }
    text.skipBlanks()
    switch text.byte {
    case UInt8(ascii: "["): return appendArray(&text, depth: depth, to: &out)
    case UInt8(ascii: "{"): return appendObject(&text, depth: depth, to: &out)
    default:
      guard let (value, escaped) = text.value() else { return false }
      guard escaped else {
        append(value, to: &out)
        return true
      }
      guard let plain = JSONText.unescape(value.bytes) else { return false }
      plain.withUnsafeBytes { append(string: $0, to: &out) }
      return true
    }
  }

  private static func appendArray(
    _ text: inout JSONText, depth: Int, to out: inout [UInt8]
  ) -> Bool {
    guard text.skip("[") else { return false }
    out.append(UInt8(ascii: "["))
    if !text.skip("]") {
      var first = true
      repeat {
        if !first { out.append(UInt8(ascii: ",")) }
        first = false
        guard appendNested(&text, depth: depth + 1, to: &out) else { return false }
      } while text.skip(",")
      guard text.skip("]") else { return false }
    }
    out.append(UInt8(ascii: "]"))
    return true
  }

  /// Of members with the same name the last one stands.
  private static func appendObject(
    _ text: inout JSONText, depth: Int, to out: inout [UInt8]
  ) -> Bool {
    guard text.skip("{") else { return false }
    var members: [(name: [UInt8], json: [UInt8])] = []
    if !text.skip("}") {
      repeat {
        guard let (range, _) = text.string(),
          let name = JSONText.unescape(UnsafeRawBufferPointer(rebasing: text.bytes[range])),
          text.skip(":")
        else { return false }
        var json: [UInt8] = []
        guard appendNested(&text, depth: depth + 1, to: &json) else { return false }
        members.append((name, json))
      } while text.skip(",")
      guard text.skip("}") else { return false }
    }
    // Equal names keep their order, so that the last of them can be told.
    let order = members.indices.sorted { a, b in
      members[a].name == members[b].name
        ? a < b : members[a].name.lexicographicallyPrecedes(members[b].name)
    }
    out.append(UInt8(ascii: "{"))
    var first = true
    for (place, index) in order.enumerated() {
      if place + 1 < order.count, members[order[place + 1]].name == members[index].name { continue }
      if !first { out.append(UInt8(ascii: ",")) }
      first = false
      members[index].name.withUnsafeBytes { append(string: $0, to: &out) }
      out.append(UInt8(ascii: ":"))
      out.append(contentsOf: members[index].json)
    }
    out.append(UInt8(ascii: "}"))
    return true
  }
}
