/// Paths and queries of URLs.
enum URLText {
  /// `text` for a segment of a path or a part of a query: what is not unreserved in %XX.
  static func encoded(_ text: String) -> String {
    var out: [UInt8] = []
    let digits = Array("0123456789ABCDEF".utf8)
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."),
        UInt8(ascii: "_"), UInt8(ascii: "~"):
        out.append(byte)
      default:
        out += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      }
    }
    return String(decoding: out, as: UTF8.self)
  }

  /// `text` without %XX, and with blanks for `+` in forms; nil where it is no UTF-8.
  static func decoded(_ text: some StringProtocol, isForm: Bool) -> String? {
    var out: [UInt8] = []
    var rest = text.utf8[...]
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "+"), isForm {
        out.append(UInt8(ascii: " "))
      } else if byte == UInt8(ascii: "%") {
        guard let high = rest.popFirst().flatMap(digit), let low = rest.popFirst().flatMap(digit)
        else { return nil }
        out.append(high << 4 | low)
      } else {
        out.append(byte)
      }
    }
    return String(validating: out, as: UTF8.self)
  }

  private static func digit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
    default: nil
    }
  }

  /// A path with a query.
  static func link(_ path: String, _ query: [(String, String)]) -> String {
    if query.isEmpty { return path }
    return path + "?"
      + query.map { "\(encoded($0))=\(encoded($1))" }.joined(separator: "&")
  }

  /// What comes before the query.
  static func path(of target: String) -> String {
    String(target.prefix { $0 != "?" })
  }

  /// The parts of a query or a form in their order; nil where it is damaged.
  static func fields(_ text: some StringProtocol) -> [(name: String, value: String)]? {
    var found: [(name: String, value: String)] = []
    for part in text.split(separator: "&") {
      let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard let name = decoded(pair[0], isForm: true),
        let value = pair.count > 1 ? decoded(pair[1], isForm: true) : ""
      else { return nil }
      found.append((name, value))
    }
    return found
  }

  /// Whether `path` leads to a page of this console: what a form may send its reader back to.
  static func isOwnPath(_ path: String) -> Bool {
    path.hasPrefix("/") && !path.hasPrefix("//") && !path.contains("\\")
      && path.unicodeScalars.allSatisfy { $0.value > 0x20 && $0.value < 0x7F }
  }
}
