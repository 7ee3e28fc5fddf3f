/// How a chat service writes text, and how text is kept from being taken for it.
///
/// People's words never make markup: no mention, no link, no heading. Where a service has escapes
/// they are used, elsewhere the wide form of the character stands in.
enum Markup {
  case wecom, dingtalk, feishu, slack

  /// `text` as it is shown, in one line.
  func escaped(_ text: String) -> String {
    var out = ""
    for (index, character) in PlainText.line(text).unicodeScalars.enumerated() {
      if let replacement = replacement(of: character, isFirst: index == 0) {
        out += replacement
      } else {
        out.unicodeScalars.append(character)
      }
    }
    return out
  }

  private func replacement(of scalar: Unicode.Scalar, isFirst: Bool) -> String? {
    switch self {
    case .wecom, .dingtalk:
      switch scalar {
      case "<": return "＜"
      case ">": return "＞"
      case "*": return "＊"
      case "`": return "｀"
      case "[": return "［"
      case "]": return "］"
      case "#": return isFirst ? "＃" : nil
      default: return nil
      }
    case .feishu:
      switch scalar {
      case "&", "<", ">", "*", "~", "`", "[", "]", "\\": return "&#\(scalar.value);"
      case "#": return isFirst ? "&#35;" : nil
      default: return nil
      }
    case .slack:
      switch scalar {
      case "&": return "&amp;"
      case "<": return "&lt;"
      case ">": return "&gt;"
      case "*": return "＊"
      case "~": return "～"
      case "`": return "｀"
      default: return nil
      }
    }
  }

  /// `text`, which is already escaped, in bold.
  func bold(_ text: String) -> String {
    switch self {
    case .wecom, .dingtalk, .feishu: "**\(text)**"
    case .slack: "*\(text)*"
    }
  }

  /// A link to `address`, shown as `text`, which is already escaped.
  func link(_ text: String, to address: String) -> String {
    var safe = ""
    for scalar in address.unicodeScalars {
      switch scalar {
      case "(", ")", "<", ">", "[", "]", "|", "\"", "'", "\\", "`", "*":
        safe += "%" + String(scalar.value, radix: 16, uppercase: true)
      default: safe.unicodeScalars.append(scalar)
      }
    }
    switch self {
    case .wecom, .dingtalk, .feishu: return "[\(text)](\(safe))"
    case .slack:
      return "<\(safe.replacing("&", with: "&amp;"))|\(text)>"
    }
  }
}
