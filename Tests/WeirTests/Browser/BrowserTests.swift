import Foundation
import StreamTestKit
import Testing

/// The driver itself, on small pages: what it does not notice, no test of the console notices.
@Suite(.serialized) struct BrowserTests {
  private static let page = """
    <!doctype html><html lang="en"><title>small</title>
    <style>@media (prefers-color-scheme: dark) { body { color: rgb(1, 2, 3); } }</style>
    <form method="get" action="/next"><label>Name <input name="who" value="old"></label>
    <button id="go">Go</button></form>
    <button id="nameless"></button><p id="later">not yet</p><noscript>plain</noscript>
    <script>
      document.querySelector("#nameless").onclick = (event) => {
        setTimeout(() => { document.querySelector("#later").textContent = "now"; }, 30);
      };
    </script></html>
    """

  private static func server(_ page: String = page) throws -> TestServer {
    try TestServer { request, _ in
      if request.target.hasPrefix("/missing") { return .answer(404, body: "no") }
      if request.target.hasPrefix("/language") {
        return .answer(200, body: request.header("accept-language") ?? "none")
      }
      let policy = request.target.hasPrefix("/strict") ? "script-src 'none'" : "img-src *"
      return .answer(
        200, headers: ["content-type": "text/html", "content-security-policy": policy],
        body: request.target.hasPrefix("/next") ? "<p>\(request.target)</p>" : page)
    }
  }

  @Test func `A page is opened, read, clicked, typed into, and left by its form`() async throws {
    let server = try Self.server()
    defer { server.stop() }
    let page = try await Browser().open()
    #expect(try await page.go(server.url()) == 200)
    #expect(try await page.evaluate("document.title", as: String.self) == "small")
    #expect(try await page.evaluate("Promise.resolve([1, 2.5])", as: [Double].self) == [1, 2.5])
    await #expect(throws: BrowserError.self) {
      try await page.evaluate("nothing.there", as: Int.self)
    }
    try await page.click("#nameless")
    try await page.wait(until: "later.textContent === 'now'")
    try await page.type("ann", into: "input[name=who]")
    try await page.navigating { try await page.click("#go") }
    #expect(try await page.text() == "/next?who=ann")
    #expect(page.complaints.isEmpty, "\(page.complaints)")
  }

  @Test func `Keys move the focus and send a form; a wait goes on through another page`()
    async throws
  {
    let server = try Self.server()
    defer { server.stop() }
    let page = try await Browser().open()
    try await page.go(server.url())
    try await page.press("Tab")
    #expect(try await page.evaluate("document.activeElement.name", as: String.self) == "who")
    async let arrives: Void = page.wait(until: #"location.pathname === "/next""#)
    try await page.press("Enter")
    try await arrives
  }

  @Test func `Everything a page complains of is noticed`() async throws {
    let server = try Self.server()
    defer { server.stop() }
    let page = try await Browser().open()
    let cases: [(String, String, BrowserPage.Complaint.Kind, String)] = [
      ("/", #"console.error("it broke")"#, .console, "it broke"),
      ("/", #"setTimeout(() => { throw new Error("thrown") }, 0)"#, .exception, "thrown"),
      ("/", #"fetch("/missing")"#, .request, "answered 404"),
      ("/", #"fetch("http://127.0.0.1:1/").catch(() => 0)"#, .request, "127.0.0.1:1"),
      ("/strict", "", .security, "Content Security Policy"),
    ]
    for (path, script, kind, text) in cases {
      page.forgetComplaints()
      try await page.go(server.url(path))
      if !script.isEmpty {
        try await page.evaluate("(() => { \(script); return true; })()", as: Bool.self)
      }
      let isNoticed = { page.complaints.contains { $0.kind == kind && $0.text.contains(text) } }
      let deadline = ContinuousClock.now + Patience.duration
      while !isNoticed(), ContinuousClock.now < deadline {
        try await page.evaluate("new Promise((done) => setTimeout(done, 10))", as: Bool?.self)
      }
      #expect(isNoticed(), "\(path) \(script): \(page.complaints)")
    }
    page.forgetComplaints()
    try await page.go(server.url())
    #expect(page.complaints.isEmpty, "\(page.complaints)")
    #expect(try await page.go(server.url("/missing")) == 404)
  }

  @Test func `Window, colours, language and scripts are as asked`() async throws {
    let server = try Self.server()
    defer { server.stop() }
    let page = try await Browser().open()
    for viewport in BrowserPage.Viewport.allCases {
      try await page.resize(viewport)
      try await page.go(server.url())
      let width = try await page.evaluate("window.innerWidth", as: Int.self)
      #expect(width == (viewport == .narrow ? 980 : 1280), "no viewport is declared: as a phone")
      let picture = try await page.screenshot()
      #expect(picture.starts(with: [0x89, 0x50, 0x4E, 0x47]))
    }
    let colour = "getComputedStyle(document.body).color"
    try await page.prefer(dark: true)
    #expect(try await page.evaluate(colour, as: String.self) == "rgb(1, 2, 3)")
    try await page.prefer(dark: false)
    #expect(try await page.evaluate(colour, as: String.self) == "rgb(0, 0, 0)")
    let buttons = try await page.accessibility().filter { $0.role == "button" }.map(\.name)
    #expect(buttons.sorted() == ["", "Go"])
    try await page.speak("zh-CN,zh;q=0.9")
    try await page.go(server.url("/language"))
    #expect(try await page.text().hasPrefix("zh-CN"))
    try await page.disableScripts()
    try await page.go(server.url())
    #expect(try await page.text().contains("plain"))
    try await page.type("bob", into: "input[name=who]")
    try await page.navigating { try await page.click("#go") }
    #expect(try await page.text() == "/next?who=bob")
  }

  @Test func `Two pages know nothing of each other, and the browser ends with its owner`()
    async throws
  {
    let server = try Self.server()
    defer { server.stop() }
    var browser: Browser? = try Browser()
    let id = try #require(browser?.processID)
    var pages: [BrowserPage] = []
    for _ in 0..<2 {
      if let page = try await browser?.open() { pages.append(page) }
    }
    for page in pages { try await page.go(server.url()) }
    try await pages[0].evaluate(#"document.cookie = "a=1"; 1"#, as: Int.self)
    #expect(try await pages[0].evaluate("document.cookie", as: String.self) == "a=1")
    #expect(try await pages[1].evaluate("document.cookie", as: String.self) == "")
    browser = nil
    pages = []
    // Who reads its events may hold a page for a moment.
    let deadline = ContinuousClock.now + Patience.duration
    while kill(id, 0) == 0, ContinuousClock.now < deadline { await Task.yield() }
    #expect(kill(id, 0) != 0, "the browser still runs")
  }
}
