import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import SnapshotStore
import StreamCore
import Testing

@testable import Dashboard

/// What people are told who ask for what is not done: in their language, programs in English.
@Suite struct RefusalTests {
  /// Three words of English after one another: what no Chinese page says.
  private static func english(_ text: String) -> String? {
    text.firstMatch(of: /[A-Za-z]{2,}'? [A-Za-z]{2,} [A-Za-z]{2,}/).map { String($0.0) }
  }

  private static func notice(_ page: String) -> String {
    page.firstMatch(of: /<p class="notice problem"[^>]*>([^<]*)<\/p>/).map { String($0.1) } ?? ""
  }

  /// A form that is refused, and what its reader is told.
  private struct Case {
    var path: String
    var body: String
    var status: Int
    var chinese: String
    var english: String

    init(_ path: String, _ body: String, _ status: Int, _ chinese: String, _ english: String) {
      (self.path, self.body, self.status) = (path, body, status)
      (self.chinese, self.english) = (chinese, english)
    }
  }

  private static func cases(alert: String) -> [Case] {
    let long = String(repeating: "x", count: 2_001)
    return [
      .init(
        "/thresholds/trouble/set", "name=above&value=7&reason=x", 409, "大于 trouble.above 的上限 1",
        "7 is more than trouble.above may be, 1"
      ),
      .init(
        "/thresholds/trouble/set", "name=above&value=0.4&reason=%20", 409, "请填写原因",
        "The reason is missing"
      ),
      .init(
        "/thresholds/trouble/set", "name=abov&value=0.4&reason=x", 409,
        "trouble 没有阈值“abov”，现有：above", "trouble has no threshold 'abov'"
      ),
      .init(
        "/thresholds/trouble/set", "name=above&value=0.4&reason=x&from=2020-01-01", 409,
        "已经判定过", "has been judged already"
      ),
      .init(
        "/thresholds/trouble/set", "name=above&value=much&reason=x", 400, "value 不是数字", "a number"),
      .init("/thresholds/trouble/reset", "name=above&reason=x", 409, "没有人设定过", "Nobody has set"),
      .init(
        "/thresholds/nobody/set", "name=above&value=1&reason=x", 404, "没有规则“nobody”", "no rule"),
      .init("/alerts/0000000000/acknowledge", "note=x", 409, "没有编号为“0000000000”", "no alert"),
      .init("/alerts/\(alert)/verdict", "verdict=perhaps", 400, "应为以下之一", "none of"),
      .init("/alerts/\(alert)/acknowledge", "note=\(long)", 400, "note 超过 2000 字节", "2000 bytes"),
      .init("/silences", "rule=nobody", 409, "没有规则“nobody”", "no rule"),
      .init("/silences", "rule=trouble&dimensions=%5B%5D", 409, "JSON 对象", "JSON object"),
      .init("/silences/77/end", "", 409, "没有编号为 77 的静默", "no silence 77"),
      .init("/outbox/retry", "message_id=none", 409, "没有待发或已放弃的通知“none”", "no message"),
    ]
  }

  @Test("a refused form tells why in its reader's language, and the API in English as ever")
  func forms() async throws {
    let room = try RoomFile(seed: 4, minutes: 60)
    room.file.release()
    let alert = try #require(room.driver.alertRows.first { $0.opened != nil }?.alertID)
    let console = try room.console(tokens: [AccessTests.writer])
    let application = Application(router: ConsoleRouter.make(console, LiveUpdates(console)))
    let cases = Self.cases(alert: alert)
    try await application.test(.router) { client in
      var form: HTTPFields = [.contentType: "application/x-www-form-urlencoded"]
      let cookie = try await client.execute(
        uri: "/sign-in", method: .post, headers: form,
        body: ByteBuffer(string: "token=write-0123456789ab")
      ) { $0.headers[.setCookie] ?? "" }
      form[.cookie] = String(cookie.prefix { $0 != ";" })
      form[.accept] = "text/html"
      let page = try await client.execute(uri: "/alerts/\(alert)", method: .get, headers: form) {
        String(buffer: $0.body)
      }
      let key = try #require(page.firstMatch(of: /name="form_key" value="([0-9a-f]+)"/)?.1)
      for one in cases {
        for language in Language.allCases {
          var headers = form
          headers[.acceptLanguage] = language.rawValue
          let answer = try await client.execute(
            uri: one.path, method: .post, headers: headers,
            body: ByteBuffer(string: "form_key=\(key)&\(one.body)")
          ) { ($0.status.code, String(buffer: $0.body)) }
          #expect(answer.0 == one.status, "\(one.path) \(one.body)")
          let told = Self.notice(answer.1).replacing("&#39;", with: "'")
          let wanted = language == .chinese ? one.chinese : one.english
          #expect(told.contains(wanted), "\(one.path) \(one.body): \(told)")
          if language == .chinese {
            #expect(Self.english(told) == nil, "\(one.path) \(one.body): \(told)")
          }
          #expect(!told.contains("--"), "a flag of the command line: \(told)")
        }
      }
      // Programs are not asked what they speak.
      try await client.execute(
        uri: "/api/v1/thresholds/trouble", method: .post,
        headers: [
          .contentType: "application/json", .acceptLanguage: "zh",
          .authorization: "Bearer write-0123456789ab",
        ], body: ByteBuffer(string: #"{"name":"above","value":7,"reason":"x"}"#)
      ) { response in
        #expect(response.status == .conflict)
        #expect(
          String(buffer: response.body).contains(
            "7 is more than trouble.above may be, 1. Give a value within its bounds"))
      }
    }
  }

  @Test("every kind of problem that a page meets is told in Chinese")
  func kinds() {
    let clock = EventTime(ms: 1_772_000_000_000)
    let refusals: [Refusal.Kind] = [
      .unknownRule("a", known: []), .unknownThreshold("a", rule: "b", known: ["c"]),
      .notDimensions, .unknownDimension("a", rule: "b", known: []),
      .sameForEveryEntity(rule: "a"), .notSet("a.b"), .notFinite("a.b"),
      .tooSmall(-1, of: "a.b", least: 0), .tooLarge(2, of: "a.b", greatest: 1),
      .judgedAlready(clock, clock: clock), .neverBegins, .missing(.name), .missing(.reason),
      .missing(.note), .tooLong(.note, bytes: 2_000), .silenceOver, .unknownSilence(1),
      .silenceEnded(1), .unknownMessage("m"), .unknownSubject("a"), .severalSubjects("a"),
    ]
    let told = "It is told so. Do that"
    let kinds: [ProblemKind] =
      refusals.map { .refusal(Refusal("It is told so", whatToDo: "Do that", kind: $0)) } + [
        .parameters([
          .init("a", .missing), .init("a", .unknown), .init("a", .tooLong(bytes: 1)),
          .init("a", .notWhole(1...2)), .init("a", .notNumber), .init("a", .noChoice(["b"])),
          .init("a", .notFlag), .init("a", .notTime),
        ]), .encoding, .noAddress, .noMethod("GET"), .nothingNamed("a"), .noThresholds(rule: "a"),
        .notNumber("a"), .outOfBounds("2", of: "a", bounds: "0 … 1"), .namesPeople, .tokenNeeded,
        .tokenUnknown, .tooManyTokens, .mayNotWrite, .foreignForm, .foreignSite, .foreignName,
        .tooLong(bytes: 9), .tooSlow(seconds: 9), .busy, .notUnderstood, .own,
      ]
    for kind in kinds {
      let problem = Problem(.badRequest, "It is told so", whatToDo: "Do that", kind: kind)
      let chinese = Words.chinese.problems.problem(problem, .utc)
      #expect(chinese.contains { $0 > "\u{2E80}" } && Self.english(chinese) == nil, "\(chinese)")
      let english = Words.english.problems.problem(problem, .utc)
      #expect(!english.contains { $0 > "\u{2E80}" } && !english.isEmpty, "\(english)")
    }
    // What has no kind says at least that it is told in English.
    let other = Problem(.badRequest, "It is told so", whatToDo: "Do that")
    #expect(Words.chinese.problems.problem(other, .utc).hasPrefix("（英文原文）\(told)"))
  }

  @Test("what became of a request is told in the reader's words, with masked dimensions")
  func requests() throws {
    let room = try RoomFile(seed: 4, minutes: 60)
    room.file.release()
    let console = try room.console()
    for (value, scope) in [("0.45", "{}"), ("0.5", #"{"channel":"web"}"#)] {
      _ = try console.ask(
        "/thresholds/trouble/set", rights: [.read, .write], method: .post,
        body: [("name", "above"), ("value", value), ("dimensions", scope), ("reason", "noise")])
    }
    let chinese = try console.text("/thresholds/trouble", language: .chinese)
    #expect(chinese.contains("起，trouble.above 为 0.45"))
    #expect(chinese.contains("起，trouble.above (channel = web) 为 0.5"))
    #expect(!chinese.contains("of event time on"))
    #expect(try console.text("/thresholds/trouble").contains("trouble.above is 0.45 from 2026-"))
  }

  @Test("an answer to a request for somebody's threshold names nobody to who may not see ids")
  func maskedAnswers() throws {
    let file = try TestFile(definition: TestFile.definition + "metric m count\n by who = user\n")
    let scope = #"{"who":"u-secret-4711"}"#
    let rule = RuleRow(
      rule: "busy", kind: .alert, severity: "warning", dimensions: ["who"],
      definition: #"{"watch":"m","when":"value > above || user == \"u-secret-4711\""}"#,
      thresholds: [ThresholdPlan(name: "above", standard: 1, min: 0, max: 9, step: nil)])
    try file.commit { $0.rules = [rule] }
    file.release()
    let console = try file.console()
    for value in ["3", nil] {
      var body = [("name", "above"), ("dimensions", scope), ("reason", "noise")]
      if let value { body.append(("value", value)) }
      _ = try console.ask(
        "/thresholds/busy/" + (value == nil ? "reset" : "set"), rights: [.read, .write],
        method: .post, body: body.map { (name: $0.0, value: $0.1) })
    }
    for path in ["/thresholds/busy", "/api/v1/thresholds/requests", "/api/v1/manifest", "/data"] {
      for language in Language.allCases {
        let text = try console.text(path, language: language, rights: [.read, .write])
        #expect(!text.contains("u-secret-4711"), "\(path)")
      }
    }
    let requests = try console.text("/api/v1/thresholds/requests")
    #expect(requests.contains(#"busy.above for {\"who\":\"•"#), "\(requests)")
    #expect(
      try console.text("/thresholds/busy", rights: [.read, .reveal]).contains("u-secret-4711"))
  }
}
