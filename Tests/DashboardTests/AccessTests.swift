import HTTPTypes
import StreamCore
import Testing

@testable import Dashboard

/// Who may do what.
@Suite struct AccessTests {
  static let writer = ConsoleToken(name: "ann", secret: "write-0123456789ab", rights: .write)
  static let reader = ConsoleToken(name: "bob", secret: "read-0123456789abc", rights: .read)
  let now = WallTime(ms: 1_772_000_000_000)

  private func gate(isLoopback: Bool = true) -> Gate {
    let book = TokenBook(tokens: [Self.writer, Self.reader])
    return Gate(isLoopback: isLoopback, sessions: Sessions(book))
  }

  private let read = Endpoint.page("/", summary: "") { _ in .html("") }
  private let write = Endpoint.form("/x", summary: "", parameters: []) { _ in .html("") }

  private func problem(_ body: () throws -> Void) -> Int? {
    do {
      try body()
      return nil
    } catch {
      return (error as? Problem)?.status.code
    }
  }

  @Test("without a token, this machine may read and nobody may write")
  func anonymous() throws {
    for isLoopback in [true, false] {
      let gate = gate(isLoopback: isLoopback)
      let visitor = try gate.visitor([:], now: now)
      #expect(
        problem { try gate.check(visitor, read, [:], authority: "a", formKey: nil) }
          == (isLoopback ? nil : 401))
      #expect(
        problem { try gate.check(visitor, write, [:], authority: "a", formKey: nil) } == 401)
    }
  }

  @Test("a bearer token is known by its secret alone, and its rights hold")
  func bearer() throws {
    let gate = gate(isLoopback: false)
    let ann = try gate.visitor([.authorization: "Bearer write-0123456789ab"], now: now)
    #expect(ann.name == "ann")
    #expect(problem { try gate.check(ann, write, [:], authority: "a", formKey: nil) } == nil)
    let bob = try gate.visitor([.authorization: "bearer read-0123456789abc"], now: now)
    #expect(problem { try gate.check(bob, read, [:], authority: "a", formKey: nil) } == nil)
    #expect(problem { try gate.check(bob, write, [:], authority: "a", formKey: nil) } == 403)
    for wrong in ["Bearer write-0123456789a", "Bearer ", "Basic d3JpdGU=", "write-0123456789ab"] {
      #expect(problem { _ = try gate.visitor([.authorization: wrong], now: now) } == 401)
    }
  }

  @Test("a session writes only with its form key and from the console's own pages")
  func session() throws {
    let gate = gate()
    let id = try #require(try gate.sessions.begin(secret: "write-0123456789ab", now: now))
    let headers: HTTPFields = [.cookie: "a=b; \(Sessions.cookie)=\(id)"]
    let ann = try gate.visitor(headers, now: now)
    let key = try #require(ann.formKey)
    func status(_ extra: HTTPFields, key: String?) -> Int? {
      problem {
        try gate.check(ann, write, headers + extra, authority: "127.0.0.1:80", formKey: key)
      }
    }
    let site = try #require(HTTPField.Name("Sec-Fetch-Site"))
    #expect(status([:], key: key) == nil)
    #expect(status([.origin: "http://127.0.0.1:80", site: "same-origin"], key: key) == nil)
    #expect(status([:], key: nil) == 403)
    #expect(status([:], key: key + "0") == 403)
    #expect(status([.origin: "http://evil.example"], key: key) == 403)
    #expect(status([.origin: "null"], key: key) == 403)
    #expect(status([site: "cross-site"], key: key) == 403)
    #expect(status([site: "same-site"], key: key) == 403)
    gate.sessions.end(id)
    #expect(try gate.visitor(headers, now: now).name == nil)
  }

  @Test("a session ends by itself, and the oldest goes where there are too many")
  func sessionLimits() throws {
    let sessions = Sessions(TokenBook(tokens: [Self.writer]))
    let first = try #require(try sessions.begin(secret: "write-0123456789ab", now: now))
    #expect(sessions.session(first, now: WallTime(ms: now.ms + Sessions.lifeMs - 1)) != nil)
    #expect(sessions.session(first, now: WallTime(ms: now.ms + Sessions.lifeMs)) == nil)
    for index in 0..<Sessions.countMax {
      _ = try sessions.begin(
        secret: "write-0123456789ab", now: WallTime(ms: now.ms + 1 + Int64(index)))
    }
    #expect(sessions.session(first, now: now) == nil)
  }

  @Test("unknown tokens stop signing in for a while, known ones do not")
  func guessing() throws {
    let sessions = Sessions(TokenBook(tokens: [Self.writer]))
    for _ in 0..<Sessions.failuresMax {
      #expect(try sessions.begin(secret: "guess", now: now) == nil)
    }
    #expect(problem { _ = try sessions.begin(secret: "guess", now: now) } == 429)
    #expect(problem { _ = try sessions.token(secret: "guess", now: now) } == 429)
    #expect(try sessions.begin(secret: "write-0123456789ab", now: now) != nil)
    let later = WallTime(ms: now.ms + Sessions.failureSpanMs)
    #expect(try sessions.begin(secret: "guess", now: later) == nil)
  }

  @Test(
    "a console of this machine is asked for by this machine's names alone",
    arguments: [
      ("127.0.0.1:8080", true), ("localhost:8080", true), ("[::1]:8080", true), ("localhost", true),
      ("[::1]", true),
      ("evil.example:8080", false), ("127.0.0.1.evil.example", false), ("", false),
    ])
  func host(authority: String, isAllowed: Bool) {
    #expect((problem { try gate().checkHost(authority) } == nil) == isAllowed)
    #expect(problem { try gate(isLoopback: false).checkHost(authority) } == nil)
  }

  @Test("ids are masked so that two differ and nobody is named")
  func masking() {
    #expect(Masking.masked("13800138000") == Masking.masked("13800138000"))
    #expect(Masking.masked("13800138000") != Masking.masked("13800138111"))
    #expect(!Masking.masked("13800138000").contains("138"))
  }
}

extension HTTPFields {
  fileprivate static func + (a: HTTPFields, b: HTTPFields) -> HTTPFields {
    var all = a
    for field in b { all.append(field) }
    return all
  }
}
