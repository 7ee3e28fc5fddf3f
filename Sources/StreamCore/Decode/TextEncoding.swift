/// How text files hold characters. Kafka payloads are UTF-8.
public enum TextEncoding: String, CaseIterable, Sendable {
  case utf8 = "utf-8"
  /// Simplified Chinese as Windows and WPS write it; read as its superset GB18030.
  case gbk
  case gb18030
  case big5
  case shiftJIS = "shift-jis"
  case eucKR = "euc-kr"
  /// In the byte order that its mark says, or else that its zero bytes show.
  case utf16 = "utf-16"
  case utf16LE = "utf-16le"
  case utf16BE = "utf-16be"
  /// Western European as Windows writes it.
  case windows1252 = "windows-1252"

  /// The byte order mark that `bytes` begin with: what it says, and its length. It wins over what
  /// anybody says.
  public static func mark(
    _ bytes: UnsafeRawBufferPointer
  ) -> (encoding: TextEncoding, length: Int)? {
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { return (.utf8, 3) }
    if bytes.starts(with: [0xFF, 0xFE]) { return (.utf16LE, 2) }
    if bytes.starts(with: [0xFE, 0xFF]) { return (.utf16BE, 2) }
    return nil
  }

  /// The encoding that the beginning of a file is probably in; nil when it cannot be told. A
  /// character that is cut at the end does not matter. O(bytes).
  ///
  /// Certain for marks, UTF-8 and UTF-16; a good guess, from some tens of characters on, for
  /// `gbk`, `big5`, `shiftJIS` and `windows1252`. Korean in EUC-KR looks like `gbk`.
  public static func guess(_ bytes: UnsafeRawBufferPointer) -> TextEncoding? {
    if let mark = mark(bytes) { return mark.encoding }
    if let wide = wide(bytes) { return wide }
    if isUTF8(whole(bytes)) { return .utf8 }
    return DoubleByteCounts(bytes).guess
  }

  /// As above.
  public static func guess(_ bytes: [UInt8]) -> TextEncoding? {
    bytes.withUnsafeBytes { guess($0) }
  }

  /// UTF-16 without a mark, by the zero bytes that Latin letters, digits and delimiters have in it.
  static func wide(_ bytes: UnsafeRawBufferPointer) -> TextEncoding? {
    let pairs = min(bytes.count, 4096) / 2
    guard pairs > 0 else { return nil }
    var (first, second) = (0, 0)
    for index in 0..<pairs {
      if bytes[2 * index] == 0 { first += 1 }
      if bytes[2 * index + 1] == 0 { second += 1 }
    }
    guard max(first, second) * 10 > pairs, min(first, second) * 4 < max(first, second) else {
      return nil
    }
    return first > second ? .utf16BE : .utf16LE
  }

  /// `bytes` without a character of UTF-8 that is cut at the end.
  private static func whole(_ bytes: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
    for back in 1...4 where back <= bytes.count {
      let byte = bytes[bytes.count - back]
      if byte & 0xC0 == 0x80 { continue }
      let length = byte < 0xC0 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4
      return length > back
        ? UnsafeRawBufferPointer(rebasing: bytes[..<(bytes.count - back)]) : bytes
    }
    return bytes
  }

  /// Whether `bytes`, the beginning of a file, hold text of UTF-8 beyond ASCII: enough of it that
  /// no other encoding would look so by chance.
  public static func isPlainlyUTF8(_ bytes: UnsafeRawBufferPointer) -> Bool {
    let characters = bytes.lazy.filter { $0 >= 0xC0 }.prefix(8).count
    return characters == 8 && isUTF8(whole(bytes))
  }
}

/// What the bytes beyond ASCII look like, taken two by two.
private struct DoubleByteCounts {
  private var pairs = 0
  private var broken = 0
  /// Both bytes from 0xA1 on: the everyday characters of GBK.
  private var everyday = 0
  /// Everyday characters of Big5, and how many of them have a second byte of ASCII.
  private var traditional = 0
  private var traditionalLow = 0
  /// Kana of Shift JIS.
  private var kana = 0
  /// Bytes beyond ASCII with none beside them.
  private var lone = 0

  init(_ bytes: UnsafeRawBufferPointer) {
    var at = 0
    while at < bytes.count {
      let lead = bytes[at]
      guard lead >= 0x80 else {
        at += 1
        continue
      }
      guard at + 1 < bytes.count else { break }
      let trail = bytes[at + 1]
      pairs += 1
      if trail < 0x80 { lone += 1 }
      if lead == 0x82, (0x9F...0xF1).contains(trail) { kana += 1 }
      if lead == 0x83, (0x40...0x96).contains(trail), trail != 0x7F { kana += 1 }
      if lead == 0x80 || lead == 0xFF || trail < 0x30 || trail == 0x7F || trail == 0xFF {
        broken += 1
        at += 1
        continue
      }
      if (0xA1...0xF7).contains(lead), trail >= 0xA1 { everyday += 1 }
      if (0xA4...0xC6).contains(lead), (0x40...0x7E).contains(trail) || trail >= 0xA1 {
        traditional += 1
        if trail < 0x80 { traditionalLow += 1 }
      }
      at += 2
    }
  }

  var guess: TextEncoding? {
    guard pairs > 0 else { return nil }
    if kana * 4 > pairs { return .shiftJIS }
    if broken * 50 <= pairs {
      if everyday * 10 >= pairs * 8 { return .gbk }
      if traditional * 10 >= pairs * 9, traditionalLow * 10 >= pairs { return .big5 }
    }
    if lone * 10 >= pairs * 7 { return .windows1252 }
    return broken * 50 <= pairs && everyday * 2 >= pairs ? .gbk : nil
  }
}
