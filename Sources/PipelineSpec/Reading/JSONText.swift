/// YAML written as JSON: inline events of tests, dimensions.
enum JSONText {
  /// One line of JSON for `node`. Plain `true`, `false`, `null` and JSON numbers are what they look
  /// like; everything else is a string. Keys keep their order.
  static func of(_ node: ConfigNode) -> String {
    switch node.content {
    case .scalar(let scalar):
      if scalar.isNull { return "null" }
      let isLiteral =
        scalar.style == .plain
        && (scalar.text == "true" || scalar.text == "false" || isNumber(scalar.text))
      return isLiteral ? scalar.text : quoted(scalar.text)
    case .sequence(let items):
      return "[" + items.map { of($0) }.joined(separator: ",") + "]"
    case .mapping(let entries):
      let members = entries.map { "\(quoted($0.key)):\(of($0.value))" }
      return "{" + members.joined(separator: ",") + "}"
    }
  }

  /// Whether `text` is a number by JSON's grammar.
  static func isNumber(_ text: String) -> Bool {
    text.wholeMatch(of: /-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?/) != nil
  }

  /// `text` as a JSON string.
  static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\r": result += "\\r"
      case "\t": result += "\\t"
      case _ where scalar.value < 0x20:
        let hex = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}
