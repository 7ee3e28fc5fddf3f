/// A part of a list, and where the next part begins.
public struct Page<Row: Sendable>: Sendable {
  /// The rows, in the list's order.
  public var rows: [Row]
  /// The place behind the last of them; nil where the list ends with them.
  public var next: Cursor?

  /// Makes a part of a list.
  public init(rows: [Row], next: Cursor?) {
    self.rows = rows
    self.next = next
  }

  /// The same part with other rows.
  func map<Other: Sendable>(_ change: ([Row]) throws -> [Other]) rethrows -> Page<Other> {
    Page<Other>(rows: try change(rows), next: next)
  }
}

extension Page: Equatable where Row: Equatable {}

/// A place in a list: behind a row, whatever is added before or after it meanwhile.
///
/// People pass it on as a text, which holds the key of that row and nothing else.
public struct Cursor: Sendable, Equatable, CustomStringConvertible {
  /// One column of the row's key.
  enum Part: Sendable, Equatable {
    case integer(Int64)
    case text(String)
  }

  /// Which list it is a place of.
  let list: String
  /// The key of the row, in the order of the list.
  let parts: [Part]

  /// Longest text that is read, in bytes; those that are made are shorter.
  public static let maxBytes = 8192

  /// Makes a place of a key.
  init(list: String, parts: [Part]) {
    self.list = list
    self.parts = parts
  }

  /// Reads a text that `description` made; nil for any other.
  public init?(_ text: String) {
    guard text.utf8.count <= Self.maxBytes else { return nil }
    let pieces = text.split(separator: ".", omittingEmptySubsequences: false)
    guard pieces.count > 1, let list = pieces.first, !list.isEmpty,
      list.utf8.allSatisfy({
        UInt8(ascii: "a")...UInt8(ascii: "z") ~= $0 || $0 == UInt8(ascii: "_")
      })
    else { return nil }
    var parts: [Part] = []
    for piece in pieces.dropFirst() {
      guard let part = Part(piece) else { return nil }
      parts.append(part)
    }
    self.init(list: String(list), parts: parts)
  }

  /// Letters, digits, `-`, `_` and `.`: fit for a URL as it is.
  public var description: String { ([list] + parts.map(\.text)).joined(separator: ".") }
}

extension Cursor.Part {
  /// `i` and a number, or `t` and the bytes of a text in hexadecimal digits.
  fileprivate init?(_ piece: Substring) {
    let rest = piece.dropFirst()
    switch piece.first {
    case "i":
      guard let value = Int64(rest), !rest.hasPrefix("+") else { return nil }
      self = .integer(value)
    case "t":
      guard rest.utf8.count % 2 == 0 else { return nil }
      var bytes: [UInt8] = []
      var digits = rest.utf8.makeIterator()
      while let high = digits.next(), let low = digits.next() {
        guard let high = Self.value(of: high), let low = Self.value(of: low) else { return nil }
        bytes.append(high << 4 | low)
      }
      guard let text = String(validating: bytes, as: UTF8.self) else { return nil }
      self = .text(text)
    default: return nil
    }
  }

  fileprivate var text: String {
    switch self {
    case .integer(let value): return "i\(value)"
    case .text(let text):
      let digits = Array("0123456789abcdef".utf8)
      var out: [UInt8] = [UInt8(ascii: "t")]
      for byte in text.utf8 {
        out.append(digits[Int(byte >> 4)])
        out.append(digits[Int(byte & 15)])
      }
      return String(decoding: out, as: UTF8.self)
    }
  }

  private static func value(of digit: UInt8) -> UInt8? {
    switch digit {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
    default: nil
    }
  }
}
