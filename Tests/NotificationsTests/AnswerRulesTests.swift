import Foundation
import StreamCore
import Testing

@testable import Notifications

@Suite("answers")
struct AnswerRulesTests {
  let url = URL(string: "https://hooks.example.com/send?key=token-1")
  let wall = WallTime(ms: 784_111_777_000 - 90_000)

  func judge(
    _ status: Int, _ kind: Destination.Kind = .webhook, retryAfter: String? = nil,
    location: String? = nil, body: String = "", redirects: Int = 0
  ) throws -> AnswerRules.Verdict {
    AnswerRules.judge(
      DeliveryAnswer(
        status: status, retryAfter: retryAfter, location: location, body: Array(body.utf8)),
      kind: kind, url: try #require(url), redirects: redirects, wall: wall)
  }

  /// `delivered`, `retry`, `retry MS` or `dead`; the text may not name more than the host.
  func word(_ verdict: AnswerRules.Verdict) -> String {
    guard case .ended(let result) = verdict else { return "follow" }
    switch result {
    case .delivered: return "delivered"
    case .retry(let afterMs, let error):
      #expect(error.contains("hooks.example.com") && !error.contains("token"))
      return afterMs.map { "retry \($0)" } ?? "retry"
    case .dead(let error):
      #expect(error.contains("hooks.example.com") && !error.contains("token"))
      return "dead"
    }
  }

  @Test(
    "are judged by their status",
    arguments: [
      (200, "delivered"), (202, "delivered"), (204, "delivered"), (300, "dead"), (304, "dead"),
      (400, "dead"), (401, "dead"), (403, "dead"), (404, "dead"), (408, "retry"), (410, "dead"),
      (413, "dead"), (422, "dead"), (425, "retry"), (429, "retry 60000"), (500, "retry"),
      (502, "retry"), (503, "retry"), (599, "retry"), (600, "dead"),
    ])
  func status(status: Int, expected: String) throws {
    #expect(word(try judge(status)) == expected)
  }

  @Test(
    "say when to come back",
    arguments: [
      ("0", "retry 0"), ("7", "retry 7000"), (" 30 ", "retry 30000"), ("86400", "retry 3600000"),
      ("99999999999999999999", "retry 60000"), ("-1", "retry 60000"), ("soon", "retry 60000"),
      ("Sun, 06 Nov 1994 08:49:37 GMT", "retry 90000"),
      ("Sun, 06 Nov 1994 08:00:00 GMT", "retry 0"),
      ("Sun, 36 Nov 1994 08:49:37 GMT", "retry 60000"),
    ])
  func retryAfter(text: String, expected: String) throws {
    #expect(word(try judge(429, retryAfter: text)) == expected)
    let busy = expected == "retry 60000" ? "retry" : expected
    #expect(word(try judge(503, retryAfter: text)) == busy)
  }

  @Test(
    "of chat services are judged by the number in their body",
    arguments: [
      (Destination.Kind.wecom, #"{"errcode":0,"errmsg":"ok"}"#, "delivered"),
      (.wecom, #"{"errcode":45009,"errmsg":"token-2"}"#, "retry 60000"),
      (.wecom, #"{"errcode":93000,"errmsg":"token-2"}"#, "dead"),
      (.wecom, #"{"errcode":-1}"#, "retry"), (.wecom, #"{"errcode":40058}"#, "dead"),
      (.wecom, "", "retry"), (.wecom, "<html>", "retry"), (.wecom, "[0]", "retry"),
      (.wecom, #"{"errcode":"0"}"#, "retry"), (.wecom, #"{"code":0}"#, "retry"),
      (.dingtalk, #"{"errcode":0}"#, "delivered"),
      (.dingtalk, #"{"errcode":130101}"#, "retry 600000"),
      (.dingtalk, #"{"errcode":410100}"#, "retry 600000"),
      (.dingtalk, #"{"errcode":310000,"errmsg":"sign token-2"}"#, "dead"),
      (.dingtalk, #"{"errcode":300005}"#, "dead"), (.dingtalk, #"{"errcode":-1}"#, "retry"),
      (.feishu, #"{"code":0,"msg":"success"}"#, "delivered"),
      (.feishu, #"{"StatusCode":0,"StatusMessage":"success"}"#, "delivered"),
      (.feishu, #"{"code":11232}"#, "retry 60000"), (.feishu, #"{"code":19021}"#, "dead"),
      (.feishu, #"{"code":9499}"#, "dead"), (.feishu, #"{"code":19001}"#, "dead"),
      (.slack, "anything", "delivered"), (.alertmanager, "", "delivered"),
    ])
  func codes(kind: Destination.Kind, body: String, expected: String) throws {
    #expect(word(try judge(200, kind, body: body)) == expected)
  }

  @Test(
    "that redirect are followed once, to the same host alone",
    arguments: [
      (307, "/other?key=1", 0, "follow"), (308, "https://hooks.example.com/x", 0, "follow"),
      (308, "https://HOOKS.example.com:443/x", 0, "follow"), (307, "/other", 1, "dead"),
      (307, "https://evil.example.com/token-2", 0, "dead"),
      (307, "https://hooks.example.com:444/", 0, "dead"), (307, "//evil.example.com/", 0, "dead"),
      (307, "http://hooks.example.com/", 0, "dead"), (302, "/other", 0, "dead"),
      (301, "/other", 0, "dead"), (303, "/other", 0, "dead"), (307, "", 0, "dead"),
      (307, "https://user:token@hooks.example.com@evil.example.com/", 0, "dead"),
    ])
  func redirects(status: Int, location: String, before: Int, expected: String) throws {
    let given = location.isEmpty ? nil : location
    #expect(word(try judge(status, location: given, redirects: before)) == expected)
  }
}
