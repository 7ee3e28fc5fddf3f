/// Turns notices into the text that is stored and sent.
public enum MessageText {
  /// The text of a message: what each attempt sends, but for what signs it.
  ///
  /// It depends on the notice and on the destination's kind, language and zone alone, and holds
  /// neither its target nor its secret. One line of text for `log`, JSON for all others, within
  /// what the service takes. O(size of the notice).
  public static func payload(of notice: Notice, for destination: Destination) -> String {
    switch destination.kind {
    case .webhook, .kafka: NoticeJSON.payload(of: notice)
    case .alertmanager: AlertmanagerJSON.payload(of: notice)
    case .log: ChatText(notice, for: destination).oneLine()
    case .wecom: ChatPayloads.wecom(notice, ChatText(notice, for: destination)).text
    case .dingtalk: ChatPayloads.dingtalk(notice, ChatText(notice, for: destination)).text
    case .feishu: ChatPayloads.feishu(notice, ChatText(notice, for: destination)).text
    case .slack: ChatPayloads.slack(notice, ChatText(notice, for: destination)).text
    }
  }
}
