import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import StreamCore
import Testing

@testable import Dashboard

/// What the router makes of requests.
@Suite struct ServerTests {
  private func withRouter(
    tokens: [ConsoleToken] = [AccessTests.writer, AccessTests.reader],
    live: (@Sendable () -> LiveFigures?)? = nil,
    _ body: @escaping @Sendable (any TestClientProtocol) async throws -> Void
  ) async throws {
    let file = try TestFile()
    let console = try file.console(tokens: tokens, live: live)
    let application = Application(router: ConsoleRouter.make(console, LiveUpdates(console)))
    try await application.test(.router, body)
  }

  @Test("every answer has the header fields that keep browsers safe")
  func safety() async throws {
    try await withRouter { client in
      for path in ["/healthz", "/nowhere", "/metrics", "/sign-in", "/assets/console.js"] {
        try await client.execute(uri: path, method: .get) { response in
          let policy = response.headers[HTTPField.Name("Content-Security-Policy")!] ?? ""
          #expect(policy.contains("default-src 'none'"), "\(path)")
          #expect(!policy.contains("unsafe"), "\(path)")
          #expect(response.headers[HTTPField.Name("X-Content-Type-Options")!] == "nosniff")
        }
      }
    }
  }

  @Test("what there is not is 404, what is not for a method 405, each with what to do")
  func missing() async throws {
    try await withRouter { client in
      try await client.execute(uri: "/nowhere", method: .get) { response in
        #expect(response.status == .notFound)
        #expect(response.headers[.contentType] == "application/problem+json")
        #expect(String(buffer: response.body).contains("what_to_do"))
      }
      try await client.execute(uri: "/metrics", method: .put) { response in
        #expect(response.status == .methodNotAllowed)
        #expect(response.headers[.allow] == "GET, HEAD")
      }
      try await client.execute(uri: "/nowhere", method: .get, headers: [.accept: "text/html"]) {
        response in
        #expect(response.status == .notFound)
        #expect(String(buffer: response.body).hasPrefix("<!DOCTYPE html>"))
      }
    }
  }

  @Test("what is too long is refused before it is read")
  func limits() async throws {
    try await withRouter { client in
      let long = String(repeating: "a", count: Limits.targetBytes)
      try await client.execute(uri: "/healthz?q=\(long)", method: .get) { response in
        #expect(response.status == .uriTooLong)
      }
      let body = ByteBuffer(repeating: 0x61, count: Limits.bodyBytes + 1)
      try await client.execute(
        uri: "/sign-in", method: .post,
        headers: [.contentType: "application/x-www-form-urlencoded"], body: body
      ) { response in
        #expect(response.status == .contentTooLarge)
      }
      try await client.execute(
        uri: "/sign-in", method: .post, headers: [.contentType: "application/json"],
        body: ByteBuffer(string: #"{"token": ["#)
      ) { response in
        #expect(response.status == .badRequest)
      }
      try await client.execute(
        uri: "/sign-in", method: .post, headers: [.contentType: "text/xml"],
        body: ByteBuffer(string: "<a/>")
      ) { response in
        #expect(response.status == .unsupportedMediaType)
      }
    }
  }

  @Test(
    "signing in gives a cookie that scripts and other sites do not get, and an unknown token none")
  func signingIn() async throws {
    try await withRouter { client in
      let form: HTTPFields = [.contentType: "application/x-www-form-urlencoded"]
      try await client.execute(
        uri: "/sign-in", method: .post, headers: form,
        body: ByteBuffer(string: "token=write-0123456789ab&back=%2Falerts")
      ) { response in
        #expect(response.status == .seeOther)
        #expect(response.headers[.location] == "/alerts")
        let cookie = response.headers[.setCookie] ?? ""
        #expect(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"))
        #expect(!cookie.contains("write-0123456789ab"))
      }
      try await client.execute(
        uri: "/sign-in", method: .post, headers: form,
        body: ByteBuffer(string: "token=nobody&back=https%3A%2F%2Fevil.example")
      ) { response in
        #expect(response.status == .forbidden)
        #expect(response.headers[.setCookie] == nil)
        #expect(!String(buffer: response.body).contains("evil.example"))
      }
    }
  }

  @Test("an answer that did not change is not sent again")
  func entityTags() async throws {
    try await withRouter { client in
      let cached = "/api/v1/openapi.json"
      try await client.execute(uri: cached, method: .get) { response in
        #expect(response.status == .ok)
      }
      let page = "/"
      let tag = try await client.execute(uri: page, method: .get) { $0.headers[.eTag] }
      guard let tag else { return }
      try await client.execute(uri: page, method: .get, headers: [.ifNoneMatch: tag]) { response in
        #expect(response.status == .notModified)
        #expect(response.body.readableBytes == 0)
      }
    }
  }

  @Test("the OpenAPI document has every endpoint for programs, and nothing else")
  func document() async throws {
    try await withRouter { client in
      try await client.execute(uri: "/api/v1/openapi.json", method: .get) { response in
        let data = Data(buffer: response.body)
        let object = try JSONSerialization.jsonObject(with: data) as? [String: Any]
        let paths = try #require(object?["paths"] as? [String: [String: Any]])
        let shown = Rooms.endpoints.filter { $0.kind == .api || $0.kind == .plain }
        let wanted = Set(shown.map { "\($0.method.rawValue.lowercased()) \($0.path)" })
        let found = Set(paths.flatMap { path, methods in methods.keys.map { "\($0) \(path)" } })
        #expect(found == wanted)
        for (path, methods) in paths {
          for (_, operation) in methods {
            let parameters =
              ((operation as? [String: Any])?["parameters"] as? [[String: Any]]) ?? []
            let named = Set(
              parameters.filter { $0["in"] as? String == "path" }.compactMap {
                $0["name"] as? String
              })
            let inPath = Set(path.matches(of: /\{(\w+)\}/).map { String($0.1) })
            #expect(named == inPath, "\(path)")
          }
        }
      }
    }
  }

  @Test("every endpoint says what it is for, and no two are the same")
  func endpoints() {
    let all = Rooms.endpoints
    #expect(Set(all.map { "\($0.method.rawValue) \($0.path)" }).count == all.count)
    for endpoint in all where endpoint.kind != .hidden && endpoint.access != .open {
      #expect(!endpoint.summary.isEmpty, "\(endpoint.path)")
    }
    for endpoint in all where endpoint.method != .get && endpoint.access != .write {
      #expect(["/sign-in", "/sign-out"].contains(endpoint.path), "\(endpoint.path) changes things")
    }
  }

  @Test("readiness names its reasons, and a worker that hangs is not alive")
  func readiness() async throws {
    let now: Int64 = 1_772_000_003_000
    var figures = LiveFigures(taken: WallTime(ms: now), started: WallTime(ms: now - 1_000_000))
    figures.lastSnapshot = WallTime(ms: now - 40_000)
    let old = figures
    figures.lastSnapshot = WallTime(ms: now - 20_000)
    let fresh = figures
    figures.stalledMs = Liveness.stallMs - 1
    let slow = figures
    figures.stalledMs = Liveness.stallMs
    let hung = figures
    let cases: [(LiveFigures?, ready: Int, alive: Int)] = [
      (nil, 503, 200), (old, 503, 200), (fresh, 200, 200), (slow, 200, 200), (hung, 200, 503),
    ]
    for (live, ready, alive) in cases {
      try await withRouter(live: { live }) { client in
        try await client.execute(uri: "/readyz", method: .get) { response in
          #expect(response.status.code == ready)
        }
        try await client.execute(uri: "/healthz", method: .get) { response in
          #expect(response.status.code == alive)
        }
      }
    }
  }
}
