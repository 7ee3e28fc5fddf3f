import Foundation
import StreamTestKit
import Synchronization
import Testing

@testable import Notifications

/// A courier against a real server on the loopback; time stands still unless a test moves it.
@Suite("delivery", .timeLimit(.minutes(15)))
struct CourierTests {
  let clock = ManualClock()
  let message = PendingMessage(
    messageID: "m1", sink: "ops", payload: #"{"text":"支付失败"}"#, subject: "alert-1")

  /// Runs `work` with a courier that is shut down afterwards.
  func withCourier<T>(
    writeLine: @escaping Courier.WriteLine = { _ in }, produce: Courier.Produce? = nil,
    _ work: (Courier) async throws -> T
  ) async throws -> T {
    let courier = Courier(clock: clock, writeLine: writeLine, produce: produce)
    do {
      let result = try await work(courier)
      try await courier.shutdown()
      return result
    } catch {
      try await courier.shutdown()
      throw error
    }
  }

  func destination(
    _ url: String, _ kind: Destination.Kind = .webhook, secret: String? = "secret-2"
  ) -> Destination {
    Destination(name: "ops", kind: kind, target: url, secret: secret)
  }

  /// The text of the error, which may not hold what is secret.
  func error(_ result: DeliveryResult) -> String {
    switch result {
    case .delivered: return ""
    case .retry(_, let error), .dead(let error):
      #expect(!error.contains("secret-") && !error.contains("http"), "\(error)")
      return error
    }
  }

  @Test("sends the stored bytes, signed, with the same key and bytes on each attempt")
  func bytes() async throws {
    let server = try TestServer { _, before in .answer(before == 0 ? 503 : 200) }
    defer { server.stop() }
    let destination = destination(server.url("/hook?key=secret-1"))
    try await withCourier { courier in
      let first = try await courier.deliver(message, to: destination)
      #expect(first == .retry(afterMs: nil, error: "127.0.0.1 answered 503"))
      clock.advance(ms: 5_000)
      let second = try await courier.deliver(message, to: destination)
      #expect(second == .delivered)
    }
    let requests = server.requests.all
    #expect(requests.count == 2)
    for request in requests {
      #expect(request.target == "/hook?key=secret-1")
      #expect(request.body == Array(message.payload.utf8))
      #expect(request.header("Idempotency-Key") == "m1")
      #expect(request.header("Content-Type") == "application/json; charset=utf-8")
      let timestamp = try #require(request.header("X-Weir-Timestamp"))
      #expect(
        request.header("X-Weir-Signature")
          == Signing.webhook(payload: request.text, timestamp: timestamp, secret: "secret-2"))
    }
    #expect(requests[0].header("X-Weir-Timestamp") == "1767225600")
    #expect(requests[1].header("X-Weir-Timestamp") == "1767225605")
  }

  @Test(
    "gives up on a destination that hangs when its time is over",
    arguments: [
      TestServer.Reply.hang, .headOnly(200),
    ])
  func hang(reply: TestServer.Reply) async throws {
    let server = try TestServer { _, _ in reply }
    defer { server.stop() }
    // A chat service must be read to the end.
    let destination = destination(server.url("/secret-1"), .wecom)
    try await withCourier { courier in
      async let result = courier.deliver(message, to: destination)
      _ = try await server.requests.first(1)
      clock.advance(ms: 9_999)
      #expect(server.requests.all.count == 1)
      clock.advance(ms: 1)
      let text = error(try await result)
      #expect(text == "127.0.0.1 did not answer within 10000 ms")
    }
  }

  @Test("sends nothing to another host, whatever the first one says")
  func otherHost() async throws {
    let other = try TestServer { _, _ in .answer(200) }
    defer { other.stop() }
    let target = other.url("/secret-3")
    for status in [301, 302, 303, 307, 308] {
      let server = try TestServer { _, _ in .answer(status, headers: ["location": target]) }
      defer { server.stop() }
      let result = try await withCourier { courier in
        try await courier.deliver(message, to: destination(server.url("/secret-1")))
      }
      guard case .dead = result else {
        Issue.record("\(status) gave \(result)")
        continue
      }
      #expect(error(result).contains("redirect to another host"))
    }
    #expect(other.requests.all.isEmpty)
  }

  @Test("follows a redirect on the same host once, with the same bytes")
  func sameHost() async throws {
    let server = try TestServer { request, _ in
      request.target == "/new" ? .answer(200) : .answer(308, headers: ["location": "/new"])
    }
    defer { server.stop() }
    let loop = try TestServer { _, _ in .answer(307, headers: ["location": "/again"]) }
    defer { loop.stop() }
    try await withCourier { courier in
      let moved = try await courier.deliver(message, to: destination(server.url("/old")))
      #expect(moved == .delivered)
      let result = try await courier.deliver(message, to: destination(loop.url()))
      #expect(error(result).contains("a second time"))
    }
    #expect(server.requests.all.map(\.target) == ["/old", "/new"])
    #expect(server.requests.all.map(\.text) == [message.payload, message.payload])
    #expect(loop.requests.all.count == 2)
  }

  @Test("a connection that ends early or cannot be made is tried again, without its address said")
  func connection() async throws {
    let server = try TestServer { _, _ in .close }
    let url = server.url("/secret-1")
    try await withCourier { courier in
      let early = try await courier.deliver(message, to: destination(url))
      guard case .retry(nil, _) = early else { throw Unexpected(result: early) }
      #expect(error(early).contains("127.0.0.1"))
      server.stop()
      let closed = try await courier.deliver(message, to: destination(url))
      guard case .retry(nil, _) = closed else { throw Unexpected(result: closed) }
      #expect(error(closed).contains("127.0.0.1"))
    }
  }

  @Test("a server that cannot prove who it is gets nothing")
  func unproven() async throws {
    // It speaks no TLS at all, and must not be spoken to without.
    let server = try TestServer { _, _ in .answer(200) }
    defer { server.stop() }
    let url = "https://127.0.0.1:\(server.port)/secret-1"
    let result = try await withCourier { courier in
      try await courier.deliver(message, to: destination(url))
    }
    guard case .retry(nil, _) = result else { throw Unexpected(result: result) }
    #expect(!error(result).isEmpty)
    #expect(server.requests.all.isEmpty)
  }

  struct Unexpected: Error { var result: DeliveryResult }

  @Test("reads no more of an answer than it needs")
  func flood() async throws {
    let flood = String(repeating: "secret-4 ", count: 400_000)
    let server = try TestServer { _, _ in .answer(200, body: flood) }
    defer { server.stop() }
    try await withCourier { courier in
      let webhook = try await courier.deliver(message, to: destination(server.url()))
      #expect(webhook == .delivered)
      let chat = try await courier.deliver(message, to: destination(server.url(), .wecom))
      #expect(error(chat) == "127.0.0.1 answered 200 without saying what it did")
    }
  }

  @Test("a webhook has the message once it answered 200, even if its body never ends")
  func endless() async throws {
    let server = try TestServer { _, _ in .headOnly(200) }
    defer { server.stop() }
    try await withCourier { courier in
      let result = try await courier.deliver(message, to: destination(server.url()))
      #expect(result == .delivered)
    }
  }

  @Test("chat services get what they sign by, and their codes are understood")
  func chats() async throws {
    let server = try TestServer { request, _ in
      .answer(
        200,
        body: request.target.hasPrefix("/feishu")
          ? #"{"code":19021,"msg":"sign match fail secret-2"}"# : #"{"errcode":0}"#)
    }
    defer { server.stop() }
    try await withCourier { courier in
      let ding = destination(server.url("/ding?access_token=secret-1"), .dingtalk)
      let taken = try await courier.deliver(message, to: ding)
      #expect(taken == .delivered)
      let feishu = destination(server.url("/feishu"), .feishu)
      let refused = try await courier.deliver(message, to: feishu)
      #expect(error(refused).contains("code 19021"))
    }
    let requests = server.requests.all
    #expect(
      requests[0].target.hasPrefix("/ding?access_token=secret-1&timestamp=1767225600000&sign="))
    #expect(requests[0].text == message.payload)
    #expect(requests[1].text.hasPrefix(#"{"timestamp":"1767225600","sign":""#))
    #expect(requests[1].text.hasSuffix(#""text":"支付失败"}"#))
  }

  @Test("log writes one line")
  func log() async throws {
    let lines = Awaited<String>()
    let message = PendingMessage(messageID: "m", sink: "log", payload: "one\ntwo")
    let result = try await withCourier(writeLine: { lines.append($0) }) { courier in
      try await courier.deliver(message, to: Destination(name: "log", kind: .log, target: ""))
    }
    #expect(result == .delivered)
    #expect(lines.all == ["one two"])
  }

  @Test("kafka produces under the subject's key, and its errors hide the secret")
  func kafka() async throws {
    struct Refused: Error, CustomStringConvertible { var description = "no secret-2 here" }
    let records = Awaited<[String]>()
    let destination = destination("alerts", .kafka)
    try await withCourier(produce: { topic, key, payload in
      if records.all.count == 1 { throw Refused() }
      records.append([topic, key, payload])
    }) { courier in
      let taken = try await courier.deliver(message, to: destination)
      #expect(taken == .delivered)
      let refused = try await courier.deliver(message, to: destination)
      #expect(refused == .retry(afterMs: nil, error: "no … here"))
    }
    #expect(records.all == [["alerts", "alert-1", message.payload]])
    try await withCourier { courier in
      let result = try await courier.deliver(message, to: destination)
      #expect(result == .dead(error: "no producer for ops"))
    }
  }

  @Test("a cancelled attempt has no result")
  func cancelled() async throws {
    let server = try TestServer { _, _ in .hang }
    defer { server.stop() }
    try await withCourier { courier in
      let destination = destination(server.url())
      let message = message
      let task = Task { try await courier.deliver(message, to: destination) }
      _ = try await server.requests.first(1)
      task.cancel()
      await #expect(throws: CancellationError.self) { try await task.value }
    }
  }
}
