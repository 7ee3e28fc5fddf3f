/// The dimensions of a series as bytes: for every dimension a tag, a length and text.
///
/// Text is compared as it is; everything else by its canonical JSON, so that `1` and `1.0` are one
/// series. Values longer than `textLimit` are cut and end in a hash of the whole.
enum SeriesKey {
  /// Bytes of a dimension's text that are kept.
  static let textLimit = 256

  /// A dimension's value in the form that is compared.
  struct Part {
    /// `tagText` or `tagJSON`.
    var tag: UInt8
    var bytes: UnsafeRawBufferPointer
  }

  static let tagText: UInt8 = 1
  static let tagJSON: UInt8 = 2

  /// The comparable form of `value`. Lists and objects are no dimensions: they count as null.
  @inline(__always)
  static func part(_ value: Value, _ scratch: ScratchArena) -> Part {
    if value.kind == .string && value.length <= textLimit {
      return Part(tag: tagText, bytes: value.bytes)
    }
    return slowPart(value, scratch)
  }

  @inline(never)
  private static func slowPart(_ value: Value, _ scratch: ScratchArena) -> Part {
    var text: [UInt8] = []
    var tag = tagJSON
    switch value.kind {
    case .string:
      tag = tagText
      text = cut(value.bytes)
    case .missing, .null, .array, .object:
      CanonicalJSON.append(.null, to: &text)
    case .number:
      // A number that no double holds is told apart by its text.
      if !CanonicalNumber.append(token: value.bytes, to: &text) {
        tag = tagText
        text = value.length > textLimit ? cut(value.bytes) : Array(value.bytes)
      }
    case .bool, .int, .double:
      CanonicalJSON.append(value, to: &text)
    }
    if tag == tagJSON && text.count > textLimit {
      tag = tagText
      text = text.withUnsafeBytes { cut($0) }
    }
    let copy = scratch.allocate(text.count)
    copy.copyBytes(from: text)
    return Part(tag: tag, bytes: UnsafeRawBufferPointer(copy))
  }

  /// The first bytes of a long text, whole characters only, and 16 hexadecimal digits of its hash.
  private static func cut(_ bytes: UnsafeRawBufferPointer) -> [UInt8] {
    var end = textLimit - 20
    while end > 0 && bytes[end] & 0xC0 == 0x80 { end -= 1 }
    var hex = String(Hash64.of(bytes), radix: 16)
    hex = String(repeating: "0", count: 16 - hex.count) + hex
    return Array(bytes[..<end]) + Array("…".utf8) + Array(hex.utf8)
  }

  /// Hash of one part.
  @inline(__always)
  static func hash(_ part: Part) -> UInt64 {
    Hash64.of(part.bytes, seed: UInt64(part.tag))
  }

  /// The bytes of a key made of `parts`.
  static func encode(_ parts: [Part]) -> [UInt8] {
    var key: [UInt8] = []
    for part in parts {
      key.append(part.tag)
      key.append(UInt8(truncatingIfNeeded: part.bytes.count))
      key.append(UInt8(truncatingIfNeeded: part.bytes.count >> 8))
      key.append(contentsOf: part.bytes)
    }
    return key
  }

  /// Takes a key apart; nil when it is not one of `count` parts.
  static func decode(_ key: UnsafeRawBufferPointer, count: Int) -> [Part]? {
    var parts: [Part] = []
    var at = 0
    for _ in 0..<count {
      guard at + 3 <= key.count else { return nil }
      let length = Int(key[at + 1]) | Int(key[at + 2]) << 8
      guard at + 3 + length <= key.count else { return nil }
      let bytes = UnsafeRawBufferPointer(rebasing: key[(at + 3)..<(at + 3 + length)])
      parts.append(Part(tag: key[at], bytes: bytes))
      at += 3 + length
    }
    return at == key.count ? parts : nil
  }

  /// The column `dimensions`: canonical JSON with sorted keys.
  static func dimensions(_ names: [String], _ parts: [Part]) -> String {
    var text: [UInt8] = [UInt8(ascii: "{")]
    for (index, name) in names.enumerated() {
      if index > 0 { text.append(UInt8(ascii: ",")) }
      CanonicalJSON.append(string: name, to: &text)
      text.append(UInt8(ascii: ":"))
      if parts[index].tag == tagText {
        CanonicalJSON.append(string: parts[index].bytes, to: &text)
      } else {
        text.append(contentsOf: parts[index].bytes)
      }
    }
    text.append(UInt8(ascii: "}"))
    return String(decoding: text, as: UTF8.self)
  }

  /// The column `dimensions` of the series that takes what exceeds a limit.
  static func otherDimensions(_ names: [String]) -> String {
    let other = Array("(other)".utf8)
    return other.withUnsafeBytes { bytes in
      dimensions(names, names.map { _ in Part(tag: tagText, bytes: bytes) })
    }
  }
}
