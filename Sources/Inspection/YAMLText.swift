/// Writes texts into a pipeline file so that they come out of it as they were.
enum YAMLText {
  private static let words: Set<String> = [
    "true", "false", "null", "yes", "no", "on", "off", "y", "n", "none",
  ]

  /// A text as a scalar: plain where it is a simple word, else in double quotes.
  static func scalar(_ text: String) -> String {
    isPlain(text) ? text : quoted(text)
  }

  /// A text as a key of a mapping, where there are no variables.
  static func key(_ text: String) -> String {
    isPlain(text) ? text : inQuotes(text)
  }

  /// Whether a text is one word that YAML takes for a text: letters first, then also digits and
  /// `_ / . -`.
  private static func isPlain(_ text: String) -> Bool {
    guard let first = text.first, first != "/", first != ".", first != "-" else { return false }
    return FieldPath.isPlain(String(text.filter { !"/.-".contains($0) }))
      && text.unicodeScalars.count == text.count && !words.contains(text.lowercased())
  }

  /// A text in double quotes. What is unprintable is escaped, and `${` stays itself.
  static func quoted(_ text: String) -> String { inQuotes(withoutVariables(text)) }

  private static func inQuotes(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case _ where Mask.isUnprintable(scalar): result += escape(scalar)
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }

  /// An expression: in single quotes where they can hold it.
  static func expression(_ text: String) -> String {
    let isSimple = !text.unicodeScalars.contains { Mask.isUnprintable($0) }
    guard isSimple else { return quoted(text) }
    var result = "'"
    for character in withoutVariables(text).unicodeScalars {
      result.unicodeScalars.append(character)
      if character == "'" { result += "'" }
    }
    return result + "'"
  }

  /// `${` begins a variable in a pipeline file; `$${` stands for it.
  private static func withoutVariables(_ text: String) -> String {
    var result = String.UnicodeScalarView()
    let scalars = Array(text.unicodeScalars)
    for (index, scalar) in scalars.enumerated() {
      if scalar == "$", index + 1 < scalars.count, scalars[index + 1] == "{" { result.append("$") }
      result.append(scalar)
    }
    return String(result)
  }

  private static func escape(_ scalar: Unicode.Scalar) -> String {
    let hex = String(scalar.value, radix: 16)
    let width = scalar.value > 0xFFFF ? 8 : 4
    return (width == 8 ? "\\U" : "\\u") + String(repeating: "0", count: width - hex.count) + hex
  }

  /// A text as a literal of the expression language.
  static func literal(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case _ where Mask.isUnprintable(scalar) && scalar.value <= 0xFFFF: result += escape(scalar)
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}

/// A JSON object made of paths, as a flow mapping of YAML.
struct FlowMapping {
  private indirect enum Node {
    case leaf(String)
    case object([(name: String, node: Node)])
  }

  private var root: [(name: String, node: Node)] = []

  /// Sets the value at a path, which is written as it is. False when another path is in its way.
  mutating func set(_ steps: [String], _ value: String) -> Bool {
    Self.set(steps[...], value, in: &root)
  }

  private static func set(
    _ steps: ArraySlice<String>, _ value: String, in members: inout [(name: String, node: Node)]
  ) -> Bool {
    guard let first = steps.first else { return false }
    let known = members.firstIndex { $0.name == first }
    if steps.count == 1 {
      if known != nil { return false }
      members.append((first, .leaf(value)))
      return true
    }
    var inner: [(name: String, node: Node)] = []
    if let known {
      guard case .object(let found) = members[known].node else { return false }
      inner = found
    }
    guard set(steps.dropFirst(), value, in: &inner) else { return false }
    if let known {
      members[known].node = .object(inner)
    } else {
      members.append((first, .object(inner)))
    }
    return true
  }

  /// `{event: purchase, properties: {total: 1}}`.
  var text: String { Self.text(root) }

  private static func text(_ members: [(name: String, node: Node)]) -> String {
    let parts = members.map { member in
      let value =
        switch member.node {
        case .leaf(let text): text
        case .object(let inner): text(inner)
        }
      return "\(YAMLText.key(member.name)): \(value)"
    }
    return "{" + parts.joined(separator: ", ") + "}"
  }
}
