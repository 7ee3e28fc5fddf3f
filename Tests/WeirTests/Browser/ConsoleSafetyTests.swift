import Foundation
import Synchronization
import Testing

/// What a console must not do, whoever asks: at the real program, byte for byte.
@Suite(.serialized) struct ConsoleSafetyTests {
  /// One operation of the OpenAPI document that changes something, with its path filled.
  private func changes(_ probe: Probe) async throws -> [String] {
    let answer = try await probe.get("/api/v1/openapi.json")
    let document = try JSONDecoder().decode(JSON.self, from: Data(answer.body.utf8))
    guard case .object(let paths)? = document["paths"] else { return [] }
    return paths.filter { $0.value["post"] != nil }.keys.sorted()
      .map { $0.replacing(/\{[^}]*\}/, with: "1") }
  }

  /// Forms of pages, as somebody sees them who may change things.
  private func forms(_ probe: Probe, _ cookie: (String, String)) async throws -> [String] {
    let crawl = try await Crawl.run(probe, [cookie])
    let actions = crawl.pages.flatMap { page in
      page.answer.body.matches(of: /<form[^>]*method="post"[^>]*action="(?<path>[^"]*)"/)
        .map { String($0.path) }
    }
    return Set(actions).subtracting(["/sign-out", "/sign-in"]).sorted()
  }

  /// The cookie and the form key of a new session.
  private func session(
    _ probe: Probe, _ secret: String
  ) async throws -> (cookie: (String, String), key: String) {
    let answer = try await probe.send(
      "POST", "/sign-in", [("Content-Type", "application/x-www-form-urlencoded")],
      body: "token=\(secret)&back=%2Fthresholds")
    try #require(answer.status == 303 && answer.header("location") == "/thresholds", "\(answer)")
    let set = try #require(answer.header("set-cookie"))
    #expect(set.contains("HttpOnly") && set.contains("SameSite=Strict"), "\(set)")
    let cookie = ("Cookie", String(set.prefix { $0 != ";" }))
    let page = try await probe.get("/", [cookie, ("Accept", "text/html")])
    let key = try #require(page.body.firstMatch(of: /name="form_key" value="(?<key>[^"]+)"/))
    return (cookie, String(key.key))
  }

  @Test func `Nothing is changed without a token that may`() async throws {
    let console = try await ConsoleFixture.console()
    let probe = try console.probe
    let (cookie, key) = try await session(probe, ConsoleFixture.writer)
    let (changes, forms) = (try await changes(probe), try await forms(probe, cookie))
    #expect(changes.count >= 5 && forms.count >= 3, "\(changes) \(forms)")
    let json = [("Content-Type", "application/json")]
    let form = [("Content-Type", "application/x-www-form-urlencoded")]
    for path in changes + forms {
      let stranger = try await probe.send("POST", path, json, body: "{}")
      #expect(stranger.status == 401, "\(path): \(stranger)")
      let guess = try await probe.send(
        "POST", path, json + ConsoleFixture.bearer("guess-secret-0123456789"), body: "{}")
      #expect(guess.status == 401, "\(path): \(guess)")
      for secret in [ConsoleFixture.reader, ConsoleFixture.revealer] {
        let reader = try await probe.send(
          "POST", path, json + ConsoleFixture.bearer(secret), body: "{}")
        #expect(reader.status == 403, "\(path): \(reader)")
      }
      // A browser that is signed in, made to send a form by another site or without the key.
      for (headers, body) in [
        ([cookie], ""), ([cookie], "form_key=\(String(key.reversed()))"),
        ([cookie, ("Origin", "http://evil.example")], "form_key=\(key)"),
        ([cookie, ("Origin", "null")], "form_key=\(key)"),
        ([cookie, ("Sec-Fetch-Site", "cross-site")], "form_key=\(key)"),
        ([cookie, ("Sec-Fetch-Site", "same-site")], "form_key=\(key)"),
      ] {
        let forged = try await probe.send("POST", path, form + headers, body: body + "&a=1")
        #expect(forged.status == 403, "\(path) \(headers): \(forged)")
      }
      let own = try await probe.send(
        "POST", path, form + [cookie, ("Sec-Fetch-Site", "same-origin")], body: "form_key=\(key)")
      #expect(![401, 403].contains(own.status), "\(path): \(own)")
      #expect(own.status < 500, "\(path): \(own)")
    }
  }

  @Test func `A name that somebody made point here is refused`() async throws {
    let console = try await ConsoleFixture.console()
    let probe = try console.probe
    let port = probe.port
    for host in [
      "evil.example", "evil.example:\(port)", "127.0.0.1.evil.example:\(port)",
      "127.evil.example:\(port)", "localhost.evil.example", "0.0.0.0:\(port)", "",
    ] {
      for path in ["/", "/api/v1/openapi.json", "/metrics", "/live"] {
        let answer = try await probe.begin(path, [("Host", host)])
        #expect((400..<500).contains(answer.status), "\(host)\(path): \(answer)")
        #expect(!answer.body.contains("payment"), "\(host)\(path): \(answer)")
      }
    }
    for host in ["127.0.0.1:\(port)", "localhost:\(port)", "LOCALHOST:\(port)", "[::1]:\(port)"] {
      let answer = try await probe.get("/", [("Host", host)])
      #expect(answer.status == 200, "\(host): \(answer)")
    }
    // Where somebody is led after signing in is a page of this console.
    for back in ["//evil.example", "https://evil.example", #"/\evil.example"#, "/%09/evil.example"]
    {
      let answer = try await probe.send(
        "POST", "/sign-in", [("Content-Type", "application/x-www-form-urlencoded")],
        body: "token=\(ConsoleFixture.reader)&back=" + back.replacing("%", with: "%25"))
      let place = try #require(answer.header("location"))
      #expect(place.hasPrefix("/") && !place.hasPrefix("//") && !place.hasPrefix(#"/\"#), "\(back)")
    }
  }

  @Test func `Beyond this machine nothing is read without a token, and none is needed to live`()
    async throws
  {
    let console = try await ConsoleFixture.console(listen: "0.0.0.0:0")
    let probe = try console.probe
    let open = ["/healthz", "/readyz", "/sign-in"]
    for path in open { #expect(try await probe.get(path).status == 200, "\(path)") }
    let signedIn = try await Crawl.run(probe, ConsoleFixture.bearer(ConsoleFixture.reader))
    #expect(signedIn.pages.count >= 8)
    for (path, _) in signedIn.pages where !open.contains(path) {
      let program = try await probe.get(path)
      #expect(program.status == 401, "\(path): \(program)")
      let person = try await probe.get(path, [("Accept", "text/html")])
      #expect([303, 401].contains(person.status), "\(path): \(person)")
      #expect(!person.body.contains("trouble"), "\(path): \(person)")
    }
    #expect(try await probe.begin("/live").status == 401)
    let folder = try TemporaryFolder()
    let (data, _) = try await ConsoleFixture.make(folder)
    let refused = try await Command.run(["serve", data, "--listen", "0.0.0.0:0"])
    #expect(refused.code != 0 && refused.errors.contains("tokens"), "\(refused)")
  }

  @Test func `Told to end while pages are open, a console ends in order`() async throws {
    let console = try await ConsoleFixture.console()
    let probe = try console.probe
    let opened = Opened()
    let streams = (0..<8).map { number in
      Task {
        try await probe.exchange("GET /live HTTP/1.1\r\nHost: 127.0.0.1:\(probe.port)\r\n\r\n") {
          if $0.contains("retry: ") { opened.note(number) }
          return false
        }
      }
    }
    try await console.process.wait { opened.count == streams.count }
    console.process.send(SIGTERM)
    #expect(try await console.process.mustEnd() == 0, "\(console.process.text)")
    for stream in streams { #expect(try await stream.value.status == 200) }
  }

  @Test func `What is too long, too much or too slow is refused, and others are served meanwhile`()
    async throws
  {
    let console = try await ConsoleFixture.console()
    let probe = try console.probe
    let long = try await probe.get("/?a=" + String(repeating: "x", count: 8_000))
    #expect(long.status == 414, "\(long)")
    let header = try await probe.get("/", [("X-Long", String(repeating: "x", count: 64_000))])
    #expect([431, 400, 0].contains(header.status), "\(header)")
    let many = try await probe.get("/", (0..<2_000).map { ("X-\($0)", "y") })
    #expect([431, 400, 0].contains(many.status), "\(many)")
    let writer = ConsoleFixture.bearer(ConsoleFixture.writer)
    let path = try #require(try await changes(probe).first)
    let big = try await probe.send(
      "POST", path, writer + [("Content-Type", "application/json")],
      body: "{\"note\":\"" + String(repeating: "x", count: 200_000) + "\"}")
    #expect(big.status == 413, "\(big)")
    // A body that never comes ends by itself; meanwhile everything else is answered.
    let head =
      "POST \(path) HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
      + "Authorization: Bearer \(ConsoleFixture.writer)\r\nContent-Length: 100\r\n\r\n{"
    async let slow = (0..<20).concurrently { _ in try await probe.exchange(head) }
    #expect(try await probe.get("/").status == 200)
    for answer in try await slow { #expect([408, 0].contains(answer.status), "\(answer)") }
    #expect(try await probe.get("/").status == 200)
    for nonsense in ["\r\n\r\n", "GET\r\n\r\n", "\u{16}\u{3}\u{1}", "GET / HTTP/9.9\r\n\r\n"] {
      let answer = try await probe.exchange(nonsense, silenceMs: 500)
      #expect(answer.status == 0 || (400..<600).contains(answer.status), "\(answer)")
    }
    #expect(try await probe.get("/").status == 200)
  }

  @Test func `Every answer has the strict policy, and no page has script or style in it`()
    async throws
  {
    let console = try await ConsoleFixture.console()
    let probe = try console.probe
    let crawl = try await Crawl.run(probe)
    let others = ["/nothing", "/assets/console.css", "/metrics", "/healthz", "/api/v1/nothing"]
    var answers = crawl.pages
    for path in others { answers.append((path, try await probe.get(path))) }
    for (path, answer) in answers {
      let policy = answer.header("content-security-policy") ?? ""
      #expect(policy.contains("default-src 'none'"), "\(path): \(policy)")
      #expect(policy.contains("frame-ancestors 'none'"), "\(path): \(policy)")
      #expect(!policy.contains("unsafe") && !policy.contains("*"), "\(path): \(policy)")
      #expect(answer.header("x-content-type-options") == "nosniff", "\(path)")
      guard (answer.header("content-type") ?? "").hasPrefix("text/html") else { continue }
      #expect(answer.body.firstMatch(of: /<script(?![^>]*src=)/) == nil, "\(path)")
      #expect(answer.body.firstMatch(of: /<style|\sstyle=|\son[a-z]+="/) == nil, "\(path)")
    }
  }

  @Test func `No page, answer or log has a token, and people are masked without the right`()
    async throws
  {
    let console = try await ConsoleFixture.console()
    let probe = try console.probe
    let (cookie, _) = try await session(probe, ConsoleFixture.writer)
    var texts = try await Crawl.run(probe, [cookie]).pages
    let document = try await probe.get("/api/v1/openapi.json")
    let paths = try JSONDecoder().decode(JSON.self, from: Data(document.body.utf8))["paths"]
    guard case .object(let operations)? = paths else { return }
    for path in operations.filter({ $0.value["get"] != nil }).keys where !path.contains("{") {
      for format in ["json", "csv"] {
        texts.append((path, try await probe.get(path + "?format=\(format)", [cookie])))
      }
      texts.append((path, try await probe.get(path, [cookie])))
    }
    for (path, answer) in texts {
      for secret in ConsoleFixture.secrets {
        #expect(!answer.body.contains(secret), "\(path) has a token")
      }
      for person in ConsoleFixture.people {
        #expect(!answer.body.contains(person), "\(path) shows \(person)")
      }
    }
    let revealed = try await Crawl.run(probe, ConsoleFixture.bearer(ConsoleFixture.revealer))
    let all = revealed.pages.map(\.answer.body).joined()
    for person in ConsoleFixture.people {
      #expect(all.contains(person), "\(person) is hidden from those who may see it")
    }
    for secret in ConsoleFixture.secrets { #expect(!console.process.text.contains(secret)) }
  }
}

extension Sequence where Element: Sendable {
  /// What `body` makes of each, all at once.
  fileprivate func concurrently<T: Sendable>(
    _ body: @escaping @Sendable (Element) async throws -> T
  ) async throws -> [T] {
    try await withThrowingTaskGroup(of: T.self) { group in
      for element in self { group.addTask { try await body(element) } }
      return try await group.reduce(into: []) { $0.append($1) }
    }
  }
}

/// Connections that have had a first word, by number.
private final class Opened: Sendable {
  private let numbers = Mutex<Set<Int>>([])

  var count: Int { numbers.withLock(\.count) }
  func note(_ number: Int) { numbers.withLock { _ = $0.insert(number) } }
}
