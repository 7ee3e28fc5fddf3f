@testable import StreamCore

/// A JSON reader written for likeness to RFC 8259, not for speed: what the decoder must agree with.
struct ReferenceJSON {
  indirect enum Node {
    case null
    case bool(Bool)
    case number(String)
    case string(String)
    case object([(key: String, value: Node)], raw: String)
    case array(raw: String)

    /// The value at a path; of repeated keys the last.
    subscript(path: ArraySlice<String>) -> Decoded {
      if let step = path.first {
        guard case .object(let members, _) = self,
          let member = members.last(where: {
            $0.key.unicodeScalars.elementsEqual(step.unicodeScalars)
          })
        else { return .missing }
        return member.value[path.dropFirst()]
      }
      switch self {
      case .null: return .null
      case .bool(let value): return .bool(value)
      case .number(let text): return .number(text)
      case .string(let text): return .string(text)
      case .object(_, let raw): return .object(raw)
      case .array(let raw): return .array(raw)
      }
    }
  }

  private struct Malformed: Error {}

  private let bytes: [UInt8]
  private var at = 0

  private init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// What the decoder has to make of a payload.
  static func outcome(_ payload: [UInt8], paths: [[String]]) -> Outcome {
    var bytes = payload
    if bytes.isEmpty { return .rejected(.empty) }
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { bytes.removeFirst(3) }
    if bytes.allSatisfy({ [0x20, 0x09, 0x0A, 0x0D].contains($0) }) { return .rejected(.empty) }
    guard String(validating: bytes, as: UTF8.self) != nil else { return .rejected(.malformed) }
    var reader = ReferenceJSON(bytes)
    do {
      let node = try reader.value(depth: 1)
      reader.blanks()
      guard reader.at == bytes.count else { return .rejected(.malformed) }
      guard case .object = node else { return .rejected(.notAnObject) }
      return .event(paths.map { node[$0[...]] })
    } catch {
      return .rejected(.malformed)
    }
  }

  private var byte: UInt8 { at < bytes.count ? bytes[at] : 0 }

  private mutating func blanks() {
    while at < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[at]) { at += 1 }
  }

  private mutating func take(_ text: String) throws {
    guard bytes[at...].starts(with: text.utf8) else { throw Malformed() }
    at += text.utf8.count
  }

  private func raw(from start: Int) -> String { String(decoding: bytes[start..<at], as: UTF8.self) }

  private mutating func value(depth: Int) throws -> Node {
    blanks()
    let start = at
    switch byte {
    case UInt8(ascii: "{"): return .object(try members(depth: depth), raw: raw(from: start))
    case UInt8(ascii: "["):
      try elements(depth: depth)
      return .array(raw: raw(from: start))
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"):
      try take("true")
      return .bool(true)
    case UInt8(ascii: "f"):
      try take("false")
      return .bool(false)
    case UInt8(ascii: "n"):
      try take("null")
      return .null
    default:
      try number()
      return .number(raw(from: start))
    }
  }

  private mutating func members(depth: Int) throws -> [(key: String, value: Node)] {
    guard depth <= 1_024 else { throw Malformed() }
    var members: [(key: String, value: Node)] = []
    at += 1
    blanks()
    if byte == UInt8(ascii: "}") {
      at += 1
      return []
    }
    while true {
      blanks()
      guard byte == UInt8(ascii: "\"") else { throw Malformed() }
      let key = try string()
      blanks()
      try take(":")
      members.append((key, try value(depth: depth + 1)))
      blanks()
      if byte == UInt8(ascii: "}") {
        at += 1
        return members
      }
      try take(",")
    }
  }

  private mutating func elements(depth: Int) throws {
    guard depth <= 1_024 else { throw Malformed() }
    at += 1
    blanks()
    if byte == UInt8(ascii: "]") {
      at += 1
      return
    }
    while true {
      _ = try value(depth: depth + 1)
      blanks()
      if byte == UInt8(ascii: "]") {
        at += 1
        return
      }
      try take(",")
    }
  }

  private mutating func digits() throws {
    guard (0x30...0x39).contains(byte) else { throw Malformed() }
    while (0x30...0x39).contains(byte) { at += 1 }
  }

  private mutating func number() throws {
    if byte == UInt8(ascii: "-") { at += 1 }
    if byte == UInt8(ascii: "0") { at += 1 } else { try digits() }
    if byte == UInt8(ascii: ".") {
      at += 1
      try digits()
    }
    if byte == UInt8(ascii: "e") || byte == UInt8(ascii: "E") {
      at += 1
      if byte == UInt8(ascii: "+") || byte == UInt8(ascii: "-") { at += 1 }
      try digits()
    }
  }

  private mutating func string() throws -> String {
    at += 1
    var units: [UInt16] = []
    var plain: [UInt8] = []
    func flushed() -> [UInt16] { Array(String(decoding: plain, as: UTF8.self).utf16) }
    while true {
      guard at < bytes.count, bytes[at] >= 0x20 else { throw Malformed() }
      let byte = bytes[at]
      at += 1
      if byte == UInt8(ascii: "\"") { break }
      guard byte == UInt8(ascii: "\\") else {
        plain.append(byte)
        continue
      }
      units += flushed()
      plain = []
      units.append(try escape())
    }
    units += flushed()
    return String(decoding: units, as: UTF16.self)
  }

  private mutating func escape() throws -> UInt16 {
    let letter = byte
    at += 1
    switch letter {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return UInt16(letter)
    case UInt8(ascii: "b"): return 8
    case UInt8(ascii: "f"): return 12
    case UInt8(ascii: "n"): return 10
    case UInt8(ascii: "r"): return 13
    case UInt8(ascii: "t"): return 9
    case UInt8(ascii: "u"):
      guard at + 4 <= bytes.count else { throw Malformed() }
      let text = String(decoding: bytes[at..<(at + 4)], as: UTF8.self)
      guard text.utf8.allSatisfy({ $0 != 0x2B && $0 != 0x2D }), let unit = UInt16(text, radix: 16)
      else { throw Malformed() }
      at += 4
      return unit
    default: throw Malformed()
    }
  }
}
