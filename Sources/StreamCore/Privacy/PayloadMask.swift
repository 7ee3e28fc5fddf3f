/// Copies a JSON payload with the values of some paths hidden, for people who look at what was not
/// applied.
///
/// What it cannot follow it does not copy: it answers nil for everything that is not one whole JSON
/// object. Cold: called for examples and dead letters.
struct PayloadMask {
  private let bytes: UnsafeBufferPointer<UInt8>
  private let paths: [[String]]
  private var at = 0
  private var result: [UInt8] = []
  /// Levels deeper than this are not followed.
  private static let depthMax = 64
  private static let hidden = Array("\"(hidden)\"".utf8)

  /// `payload` with the values of `paths` hidden; nil when it is not followed.
  static func masked(_ payload: UnsafeBufferPointer<UInt8>, _ paths: [[String]]) -> [UInt8]? {
    var mask = PayloadMask(bytes: payload, paths: paths)
    return mask.run()
  }

  private init(bytes: UnsafeBufferPointer<UInt8>, paths: [[String]]) {
    self.bytes = bytes
    self.paths = paths
    result.reserveCapacity(bytes.count)
  }

  private mutating func run() -> [UInt8]? {
    skipBlanks()
    guard peek == UInt8(ascii: "{"), copyValue(paths, depth: 0) else { return nil }
    skipBlanks()
    return at == bytes.count ? result : nil
  }

  private var peek: UInt8? { at < bytes.count ? bytes[at] : nil }

  private mutating func skipBlanks() {
    while let byte = peek, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { at += 1 }
  }

  /// Takes `byte`, and copies it. False: something else is there.
  private mutating func take(_ byte: UInt8) -> Bool {
    skipBlanks()
    guard peek == byte else { return false }
    at += 1
    result.append(byte)
    return true
  }

  /// Copies a value, of which `paths` are hidden. False: it is not followed.
  private mutating func copyValue(_ paths: [[String]], depth: Int) -> Bool {
    guard depth < Self.depthMax else { return false }
    skipBlanks()
    switch peek {
    case UInt8(ascii: "{"): return copyObject(paths, depth: depth)
    case UInt8(ascii: "["): return copyArray(paths, depth: depth)
    case UInt8(ascii: "\""):
      guard let range = string() else { return false }
      result += bytes[range]
      return true
    default:
      guard let range = word() else { return false }
      result += bytes[range]
      return true
    }
  }

  private mutating func copyObject(_ paths: [[String]], depth: Int) -> Bool {
    guard take(UInt8(ascii: "{")) else { return false }
    if take(UInt8(ascii: "}")) { return true }
    repeat {
      skipBlanks()
      guard let key = string() else { return false }
      result += bytes[key]
      guard let name = Self.unescaped(bytes[key].dropFirst().dropLast()),
        take(UInt8(ascii: ":"))
      else { return false }
      // A path may also be one key with dots in it.
      let own = paths.filter { $0.first == name }.map { Array($0.dropFirst()) }
      let isHidden = own.contains([]) || paths.contains { $0.joined(separator: ".") == name }
      if isHidden {
        let length = result.count
        guard copyValue([], depth: depth + 1) else { return false }
        result.removeSubrange(length...)
        result += Self.hidden
      } else if !copyValue(own, depth: depth + 1) {
        return false
      }
    } while take(UInt8(ascii: ","))
    return take(UInt8(ascii: "}"))
  }

  private mutating func copyArray(_ paths: [[String]], depth: Int) -> Bool {
    guard take(UInt8(ascii: "[")) else { return false }
    if take(UInt8(ascii: "]")) { return true }
    repeat {
      if !copyValue(paths, depth: depth + 1) { return false }
    } while take(UInt8(ascii: ","))
    return take(UInt8(ascii: "]"))
  }

  /// Where the text at hand is, quotes and all.
  private mutating func string() -> Range<Int>? {
    guard peek == UInt8(ascii: "\"") else { return nil }
    let start = at
    at += 1
    while let byte = peek {
      at += 1
      if byte == UInt8(ascii: "\\") {
        at += 1
      } else if byte == UInt8(ascii: "\"") {
        return start..<at
      } else if byte < 0x20 {
        return nil
      }
    }
    return nil
  }

  /// Where the number or word at hand is.
  private mutating func word() -> Range<Int>? {
    let start = at
    while let byte = peek {
      switch byte {
      case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
        UInt8(ascii: "E"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."):
        at += 1
      default: return at > start ? start..<at : nil
      }
    }
    return at > start ? start..<at : nil
  }

  /// A key without its escapes; nil when one of them is none.
  private static func unescaped(_ bytes: Slice<UnsafeBufferPointer<UInt8>>) -> String? {
    guard bytes.contains(UInt8(ascii: "\\")) else {
      return String(validating: bytes, as: UTF8.self)
    }
    var units: [UInt16] = []
    let plain: [Character: Character] = [
      "\"": "\"", "\\": "\\", "/": "/", "b": "\u{8}", "f": "\u{C}", "n": "\n", "r": "\r",
      "t": "\t",
    ]
    var rest = Substring(String(decoding: bytes, as: UTF8.self))
    while let first = rest.popFirst() {
      guard first == "\\" else {
        units += String(first).utf16
        continue
      }
      guard let code = rest.popFirst() else { return nil }
      if code == "u" {
        guard rest.count >= 4, let unit = UInt16(rest.prefix(4), radix: 16) else { return nil }
        units.append(unit)
        rest = rest.dropFirst(4)
      } else if let character = plain[code] {
        units += String(character).utf16
      } else {
        return nil
      }
    }
    return String(decoding: units, as: UTF16.self)
  }
}
