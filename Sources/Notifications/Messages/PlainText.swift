import Foundation
import StreamCore

/// Texts for people, before any markup.
enum PlainText {
  /// A value of JSON in words: strings as they are, numbers short, all else JSON.
  static func of(_ value: JSONValue) -> String {
    switch value {
    case .string(let string): return string
    case .double(let double): return number(double)
    default: return value.text
    }
  }

  /// Members as `name = value`, in order of their names.
  static func members(of text: String) -> String {
    guard let members = JSONValue.members(of: text.utf8) else { return text }
    return JSONValue.sorted(members).map { "\($0.key) = \(of($0.value))" }.joined(separator: ", ")
  }

  /// A number with six digits that count, or all before its point.
  static func number(_ number: Double) -> String {
    let magnitude = abs(number)
    guard number.isFinite, magnitude == 0 || (1e-6...1e15).contains(magnitude) else {
      return number.description
    }
    let whole = magnitude < 1 ? 0 : Int(log10(magnitude)) + 1
    let leading = magnitude > 0 && magnitude < 0.1 ? Int(-log10(magnitude)) : 0
    var text = String(format: "%.*f", max(0, 6 - whole + leading), number)
    if text.contains(".") {
      while text.hasSuffix("0") { text.removeLast() }
      if text.hasSuffix(".") { text.removeLast() }
    }
    return text
  }

  /// Whether `text` is an address that can be followed.
  static func isAddress(_ text: String) -> Bool {
    let lower = text.lowercased()
    guard lower.hasPrefix("https://") || lower.hasPrefix("http://") else { return false }
    return text.unicodeScalars.allSatisfy { $0.value > 0x20 && $0.value != 0x7F }
  }

  /// One line: no control characters, no breaks, nothing that turns the direction of writing.
  static func line(_ text: String) -> String {
    var out = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      switch scalar.value {
      case 0...0x1F, 0x7F...0x9F, 0x2028, 0x2029: out.append(" ")
      case 0x200E, 0x200F, 0x202A...0x202E, 0x2066...0x2069: continue
      default: out.append(scalar)
      }
    }
    return String(out)
  }

  /// How long a text is.
  enum Measure {
    case utf8, utf16

    func length(_ text: String) -> Int {
      switch self {
      case .utf8: text.utf8.count
      case .utf16: text.utf16.count
      }
    }
  }

  /// `text` if it is at most `limit` long, else its beginning, whole characters, and `…`. O(limit).
  static func cut(_ text: String, to limit: Int, by measure: Measure = .utf8) -> String {
    if measure.length(text) <= limit { return text }
    var left = limit - measure.length("…")
    var kept = ""
    for character in text {
      left -= measure.length(String(character))
      if left < 0 { break }
      kept.append(character)
    }
    return kept + "…"
  }
}
