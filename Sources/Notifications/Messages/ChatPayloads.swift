/// Bodies for chat services, each within what its service takes.
enum ChatPayloads {
  /// `markdown.content` of WeCom: 4,096 bytes.
  static let wecomBytes = 4_096
  /// `markdown.text` of DingTalk: 5,000 characters, of which we count bytes.
  static let dingtalkBytes = 5_000
  /// Feishu takes a body of 20 KB. JSON at most doubles what is left of a text after escaping,
  /// and title, frame and signature come on top.
  static let feishuBytes = 9_000
  /// The text of one section of Slack's: 3,000 characters.
  static let slackUnits = 3_000
  /// The header of Slack's: 150 characters.
  static let slackHeaderUnits = 150

  static func wecom(_ notice: Notice, _ text: ChatText) -> JSONValue {
    let color = isGood(notice) ? "info" : notice.severity == "info" ? "comment" : "warning"
    let title = "### <font color=\"\(color)\">\(Markup.wecom.escaped(text.title))</font>"
    let content = text.body(.wecom, first: [title], prefix: "> ", bullet: "· ", limit: wecomBytes)
    return .object([
      "msgtype": .string("markdown"), "markdown": .object(["content": .string(content)]),
    ])
  }

  static func dingtalk(_ notice: Notice, _ text: ChatText) -> JSONValue {
    let title = "### \(Markup.dingtalk.escaped(text.title))\n"
    // A title is at most 64 characters there; it is what the list of chats shows.
    let short = PlainText.cut(text.title, to: 64, by: .utf16)
    let content = text.body(
      .dingtalk, first: [title], prefix: "- ", bullet: "", limit: dingtalkBytes)
    return .object([
      "msgtype": .string("markdown"),
      "markdown": .object(["title": .string(short), "text": .string(content)]),
    ])
  }

  static func feishu(_ notice: Notice, _ text: ChatText) -> JSONValue {
    let content = text.body(.feishu, limit: feishuBytes)
    let title: [String: JSONValue] = ["tag": .string("plain_text"), "content": .string(text.title)]
    let card: [String: JSONValue] = [
      "header": .object(["template": .string(feishuColor(notice)), "title": .object(title)]),
      "elements": .array([
        .object(["tag": .string("markdown"), "content": .string(content)])
      ]),
    ]
    return .object(["msg_type": .string("interactive"), "card": .object(card)])
  }

  static func slack(_ notice: Notice, _ text: ChatText) -> JSONValue {
    let header: [String: JSONValue] = [
      "type": .string("plain_text"), "emoji": .bool(false),
      "text": .string(PlainText.cut(text.title, to: slackHeaderUnits, by: .utf16)),
    ]
    let section: [String: JSONValue] = [
      "type": .string("mrkdwn"), "verbatim": .bool(true),
      "text": .string(text.body(.slack, bullet: "• ", limit: slackUnits, by: .utf16)),
    ]
    return .object([
      // For where blocks are not shown: notifications.
      "text": .string(Markup.slack.escaped(text.title)),
      "blocks": .array([
        .object(["type": .string("header"), "text": .object(header)]),
        .object(["type": .string("section"), "text": .object(section)]),
      ]),
    ])
  }

  private static func isGood(_ notice: Notice) -> Bool { notice.event == .resolved }

  private static func feishuColor(_ notice: Notice) -> String {
    if isGood(notice) { return "green" }
    switch notice.severity {
    case "critical": return "red"
    case "info": return "blue"
    default: return "orange"
    }
  }
}
