import Testing

@testable import Notifications

@Suite("payloads within the services' limits")
struct PayloadLimitTests {
  /// Repeats for `seed`: the same each time.
  struct Generator: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return state ^ (state >> 29)
    }
  }

  static let pieces = [
    "支付失败", "<@all>", "**", "`", "[x](http://y)", "👩‍👩‍👧‍👦", "é", "\n", "\"", "\\", "a b c", "&",
    "<!channel>",
    "\u{1}", "\u{202E}", "# ", "~~", String(repeating: "长", count: 300), "\u{301}",
  ]

  static func text(_ random: inout Generator, pieces most: Int) -> String {
    (0..<Int.random(in: 0...most, using: &random))
      .map { _ in pieces.randomElement(using: &random) ?? "" }.joined()
  }

  static func notice(_ random: inout Generator) -> Notice {
    var notice = Notices.full()
    notice.rule = text(&random, pieces: 20) + "r"
    notice.summary = Bool.random(using: &random) ? text(&random, pieces: 60) : nil
    notice.owner = text(&random, pieces: 9)
    notice.runbook = "https://example.com/" + text(&random, pieces: 40)
    notice.dimensions =
      JSONValue.object([
        text(&random, pieces: 3): .string(text(&random, pieces: 80))
      ]).text
    notice.explanation = (0..<Int.random(in: 0...60, using: &random)).map { _ in
      text(&random, pieces: 30)
    }
    notice.lines = (0..<Int.random(in: 0...200, using: &random)).map { _ in
      text(&random, pieces: 5)
    }
    return notice
  }

  static func string(_ payload: String, _ path: [String]) throws -> String {
    var value = JSONValue.object(try #require(JSONValue.members(of: payload.utf8)))
    for name in path {
      switch value {
      case .object(let members): value = try #require(members[name])
      case .array(let values): value = try #require(Int(name).map { values[$0] })
      default: Issue.record("nothing at \(path)")
      }
    }
    guard case .string(let text) = value else { throw MissingText() }
    return text
  }

  struct MissingText: Error {}

  @Test("hold for any text, whole characters, and no markup of others", arguments: 0..<60)
  func limits(seed: Int) throws {
    var random = Generator(state: UInt64(seed) &* 0x9E37_79B9)
    let notice = Self.notice(&random)
    for language in Destination.Language.allCases {
      func payload(_ kind: Destination.Kind) -> String {
        MessageText.payload(
          of: notice, for: Destination(name: "d", kind: kind, target: "", language: language))
      }
      let wecom = try Self.string(payload(.wecom), ["markdown", "content"])
      #expect(wecom.utf8.count <= 4_096, "seed \(seed)")
      #expect(!wecom.contains("<@"), "seed \(seed)")
      let dingtalk = try Self.string(payload(.dingtalk), ["markdown", "text"])
      #expect(dingtalk.utf8.count <= 5_000, "seed \(seed)")
      let title = try Self.string(payload(.dingtalk), ["markdown", "title"])
      #expect(title.utf16.count <= 64, "seed \(seed)")
      // The signature needs about 100 bytes.
      #expect(payload(.feishu).utf8.count <= 20_000 - 200, "seed \(seed)")
      let feishu = try Self.string(payload(.feishu), ["card", "elements", "0", "content"])
      #expect(!feishu.contains("<"), "seed \(seed)")
      let slack = try Self.string(payload(.slack), ["blocks", "1", "text", "text"])
      #expect(slack.utf16.count <= 3_000, "seed \(seed)")
      #expect(!slack.contains("<!"), "seed \(seed)")
      let header = try Self.string(payload(.slack), ["blocks", "0", "text", "text"])
      #expect(header.utf16.count <= 150, "seed \(seed)")
      #expect(!payload(.log).contains("\n"), "seed \(seed)")
      for text in [wecom, dingtalk, feishu, slack] {
        #expect(!text.contains("\u{FFFD}") && !text.contains("\u{202E}"), "seed \(seed)")
      }
    }
  }

  @Test("a text that is too long ends with … after a whole line")
  func cut() throws {
    var notice = Notices.full()
    notice.lines = (0..<500).map { "第 \($0) 行：支付失败率超过阈值" }
    let destination = Destination(name: "d", kind: .wecom, target: "", language: .zh)
    let payload = MessageText.payload(of: notice, for: destination)
    let content = try Self.string(payload, ["markdown", "content"])
    let lines = content.split(separator: "\n")
    #expect(lines.last == "> …")
    #expect(lines[lines.count - 2].hasSuffix("行：支付失败率超过阈值"))
    #expect(content.utf8.count > 4_000)
  }

  @Test("texts are cut between characters")
  func characters() {
    #expect(PlainText.cut("支付失败", to: 12) == "支付失败")
    #expect(PlainText.cut("支付失败", to: 11) == "支付…")
    #expect(PlainText.cut("ab👩‍👩‍👧‍👦cd", to: 20) == "ab…")
    #expect(PlainText.cut("👩‍👩‍👧‍👦", to: 3, by: .utf16) == "…")
  }
}
