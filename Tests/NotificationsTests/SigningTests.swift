import Foundation
import StreamCore
import Testing

@testable import Notifications

/// Expected values were computed with another implementation of HMAC-SHA256.
@Suite("signing")
struct SigningTests {
  let message = PendingMessage(messageID: "m1", sink: "d", payload: #"{"a":1}"#)
  let wall = WallTime(ms: 1_767_225_600_000)

  @Test("a webhook is signed over timestamp, dot and body, and the body stays as it is")
  func webhook() throws {
    let destination = Destination(
      name: "d", kind: .webhook, target: "https://example.com/h?x=1#part", secret: "s3cret")
    let request = try #require(DeliveryRequest.make(message, to: destination, at: wall))
    let headers = Dictionary(uniqueKeysWithValues: request.headers)
    #expect(
      headers["X-Weir-Signature"]
        == "sha256=7d4120fcebf444efab10ba7cd6c651bf463cefb039db5fad37ff9f7231ac8a4a")
    #expect(headers["X-Weir-Timestamp"] == "1767225600")
    #expect(headers["Idempotency-Key"] == "m1")
    #expect(request.body == message.payload)
    #expect(request.url.absoluteString == "https://example.com/h?x=1")
  }

  @Test("a webhook without a secret is not signed")
  func unsigned() throws {
    let destination = Destination(name: "d", kind: .webhook, target: "http://example.com")
    let request = try #require(DeliveryRequest.make(message, to: destination, at: wall))
    #expect(!request.headers.contains { $0.name.hasPrefix("X-Weir") })
  }

  @Test("DingTalk finds timestamp and signature in the query")
  func dingtalk() throws {
    let destination = Destination(
      name: "d", kind: .dingtalk, target: "https://oapi.dingtalk.com/robot/send?access_token=t",
      secret: "SEC000000000000000000000")
    let request = try #require(DeliveryRequest.make(message, to: destination, at: wall))
    #expect(
      request.url.absoluteString
        == "https://oapi.dingtalk.com/robot/send?access_token=t&timestamp=1767225600000"
        + "&sign=HsQf0oukUIPuTMc2KUXzJsH4gS9KeLayIJ2tvCFD2Ew%3D")
    #expect(request.body == message.payload)
  }

  @Test("Feishu finds timestamp and signature in the body, which stays JSON")
  func feishu() throws {
    let destination = Destination(
      name: "d", kind: .feishu, target: "https://open.feishu.cn/open-apis/bot/v2/hook/x",
      secret: "demo")
    let request = try #require(DeliveryRequest.make(message, to: destination, at: wall))
    let members = try #require(JSONValue.members(of: request.body.utf8))
    #expect(
      members == [
        "a": .int(1), "timestamp": .string("1767225600"),
        "sign": .string("OeJmDC3C7FsudJ7/9z2vZtAnXCvb3MhsqwPgUZXABqw="),
      ])
  }

  @Test(
    "Alertmanager's API is found behind its server",
    arguments: [
      "http://am:9093", "http://am:9093/", "http://am:9093/api/v2/alerts",
    ])
  func alertmanager(target: String) throws {
    let destination = Destination(name: "d", kind: .alertmanager, target: target)
    let request = try #require(DeliveryRequest.make(message, to: destination, at: wall))
    #expect(request.url.absoluteString == "http://am:9093/api/v2/alerts")
  }

  @Test("name and password of an address go into a header")
  func basic() throws {
    let destination = Destination(
      name: "d", kind: .alertmanager, target: "https://us%3Aer:pa%40ss@am/base")
    let request = try #require(DeliveryRequest.make(message, to: destination, at: wall))
    #expect(request.url.absoluteString == "https://am/base/api/v2/alerts")
    let header = request.headers.first { $0.name == "Authorization" }?.value
    #expect(header == "Basic " + Data("us:er:pa@ss".utf8).base64EncodedString())
  }

  @Test(
    "what is no address of HTTP makes no request",
    arguments: [
      "", "ftp://example.com", "example.com", "http://", "http://exa mple.com",
    ])
  func noAddress(target: String) {
    let destination = Destination(name: "d", kind: .webhook, target: target)
    #expect(DeliveryRequest.make(message, to: destination, at: wall) == nil)
  }

  @Test("a destination shows neither target nor secret")
  func description() {
    let destination = Destination(
      name: "ops", kind: .webhook, target: "https://example.com/token-1", secret: "token-2")
    var dumped = ""
    dump(destination, to: &dumped)
    dump([destination], to: &dumped)
    let texts = ["\(destination)", String(reflecting: destination), "\([destination])", dumped]
    for text in texts { #expect(!text.contains("token") && text.contains("ops")) }
  }
}
