import Foundation

/// Where `${NAME}`, `${NAME:-default}` and `${file:/path}` get their values.
struct Variables {
  /// Largest file that `${file:…}` reads.
  static let fileBytesMax = 1 << 20

  var environment: [String: String]
  /// Whether one without a value is a fault. If not, its scalar is unresolved and passes.
  var required: Bool

  enum Outcome {
    case text(String)
    case unresolved
    case fault(code: String, message: String, hint: String?)
  }

  /// `text` with every variable replaced; `$${` stands for a literal `${`.
  func replace(in text: String) -> Outcome {
    var result = ""
    var rest = text[...]
    while let dollar = rest.firstIndex(of: "$") {
      result += rest[..<dollar]
      rest = rest[dollar...]
      if rest.hasPrefix("$${") {
        result += "${"
        rest = rest.dropFirst(3)
        continue
      }
      guard rest.hasPrefix("${") else {
        result += "$"
        rest = rest.dropFirst()
        continue
      }
      guard let close = rest.firstIndex(of: "}") else {
        return .fault(
          code: "bad-variable", message: "`${` without `}`", hint: "write $${ for a literal ${")
      }
      let inside = rest[rest.index(rest.startIndex, offsetBy: 2)..<close]
      switch value(of: String(inside)) {
      case .text(let value): result += value
      case let other: return other
      }
      rest = rest[rest.index(after: close)...]
    }
    return .text(result + rest)
  }

  private func value(of inside: String) -> Outcome {
    if inside.hasPrefix("file:") { return contents(ofFile: String(inside.dropFirst(5))) }
    let name: String
    var fallback: String?
    if let separator = inside.range(of: ":-") {
      name = String(inside[..<separator.lowerBound])
      fallback = String(inside[separator.upperBound...])
    } else {
      name = inside
    }
    let legal =
      !name.isEmpty && !(name.first?.isNumber ?? true)
      && name.utf8.allSatisfy { $0 == UInt8(ascii: "_") || Self.isAlphanumeric($0) }
    guard legal else {
      return .fault(
        code: "bad-variable", message: "`${\(ConfigNode.shortened(inside))}` names no variable",
        hint: "write ${NAME}, ${NAME:-default} or ${file:/path}; $${ for a literal ${")
    }
    // As in a shell, `:-` also takes the place of an empty value.
    if let value = environment[name], !(value.isEmpty && fallback != nil) { return .text(value) }
    if let fallback { return .text(fallback) }
    if !required { return .unresolved }
    return .fault(
      code: "missing-variable", message: "the environment has no \(name)",
      hint: "set it, or write ${\(name):-default}")
  }

  private func contents(ofFile path: String) -> Outcome {
    guard let handle = FileHandle(forReadingAtPath: path) else {
      if !required { return .unresolved }
      return .fault(
        code: "missing-variable", message: "cannot read the file \(path)",
        hint: "create it, or let this user read it")
    }
    defer { try? handle.close() }
    guard let data = try? handle.read(upToCount: Self.fileBytesMax + 1) else {
      return required
        ? .fault(
          code: "missing-variable", message: "cannot read the file \(path)",
          hint: "name a file, not a directory") : .unresolved
    }
    guard data.count <= Self.fileBytesMax, let text = String(validating: data, as: UTF8.self) else {
      return .fault(
        code: "bad-variable", message: "the file \(path) is not at most 1 MiB of UTF-8 text",
        hint: nil)
    }
    return .text(text.trimmingCharacters(in: .newlines))
  }

  private static func isAlphanumeric(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "a")...UInt8(ascii: "z"):
      true
    default: false
    }
  }
}
