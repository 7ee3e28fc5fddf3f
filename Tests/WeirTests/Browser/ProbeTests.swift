import StreamTestKit
import Testing

@Suite struct ProbeTests {
  @Test func `What is sent arrives as it is, and what comes is whole`() async throws {
    let server = try TestServer { request, _ in
      switch request.target {
      case "/hang": .hang
      case "/close": .close
      case "/chunks":
        .answer(
          200, headers: ["transfer-encoding": "chunked"], body: "3\r\nabc\r\n1\r\nd\r\n0\r\n\r\n")
      default: .answer(403, headers: ["X-One": "a b"], body: "no")
      }
    }
    defer { server.stop() }
    let probe = Probe(port: Int(server.port))
    // The server answers many requests on a connection, so its end is not that of the answer.
    let answer = try await probe.exchange(
      "POST /a HTTP/1.1\r\nHost: elsewhere\r\nContent-Length: 3\r\n\r\nxyz"
    ) { $0.hasSuffix("no") }
    #expect(answer.status == 403 && answer.header("x-one") == "a b" && answer.body == "no")
    #expect(!answer.isClosed)
    let request = try await server.requests.first(1)[0]
    #expect(request.header("host") == "elsewhere" && request.text == "xyz")
    let chunks = try await probe.exchange("GET /chunks HTTP/1.1\r\n\r\n") {
      $0.hasSuffix("0\r\n\r\n")
    }
    #expect(chunks.body == "abcd", "\(chunks)")
    let closed = try await probe.send("GET", "/close")
    #expect(closed.status == 0 && closed.isClosed)
    let silent = try await probe.exchange("GET /hang HTTP/1.1\r\n\r\n", silenceMs: 50)
    #expect(silent.status == 0 && !silent.isClosed)
  }
}
