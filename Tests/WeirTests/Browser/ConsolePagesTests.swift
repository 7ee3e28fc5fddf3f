import Foundation
import Synchronization
import Testing

/// The process of the demonstration that tests of pages share.
private let sharedDemo = Atomic<Int32>(0)

/// The demonstration's pages in a browser, as people see them.
@Suite(.serialized) struct ConsolePagesTests {
  /// One demonstration and one browser for all of these, begun by whichever is first.
  private actor Stage {
    static let shared = Stage()
    private var console: Console?
    private var browser: Browser?

    func open() async throws -> (console: Console, page: BrowserPage) {
      let console: Console
      if let known = self.console {
        console = known
      } else {
        console = try await Console.demo()
        // Nobody lets go of what is shared before the tests end, and then nothing is let go of.
        sharedDemo.store(console.process.id, ordering: .sequentiallyConsistent)
        atexit { kill(sharedDemo.load(ordering: .sequentiallyConsistent), SIGKILL) }
        // Some hours of the shop, so that each page has something to show.
        try await console.wait(for: "href=\"/alerts/", at: "/alerts")
        self.console = console
      }
      let browser = try self.browser ?? Browser()
      self.browser = browser
      return (console, try await browser.open())
    }
  }

  private func paths(_ console: Console) async throws -> [String] {
    try await Crawl.run(console.probe, perKind: 1).pages
      .filter { ($0.answer.header("content-type") ?? "").hasPrefix("text/html") }.map(\.path)
  }

  private func signIn(_ console: Console, _ page: BrowserPage, back: String) async throws {
    let token = try #require(console.token, "the demonstration printed no token")
    try await page.go(console.url("/sign-in?back=\(back)"))
    try await page.type(token, into: "input[name=token]")
    try await page.navigating { try await page.press("Enter") }
    #expect(try await page.evaluate("location.pathname", as: String.self) == back)
  }

  @Test func `Every page is whole, in both languages, on a phone and a desk, light and dark`()
    async throws
  {
    let (console, page) = try await Stage.shared.open()
    let paths = try await paths(console)
    #expect(paths.count >= 12, "\(paths)")
    for (viewport, language, isDark) in [
      (BrowserPage.Viewport.wide, "en-GB,en;q=0.9", false), (.narrow, "zh-CN,zh;q=0.9", true),
    ] {
      try await page.resize(viewport)
      try await page.speak(language)
      try await page.prefer(dark: isDark)
      for path in paths {
        page.forgetComplaints()
        #expect(try await page.go(console.url(path)) == 200, "\(path)")
        let faults = try await LookChecks.faults(page)
        #expect(faults.isEmpty, "\(path), \(viewport), \(language): \(faults)")
        let tag = try await page.evaluate("document.documentElement.lang", as: String.self)
        let heading = try await page.evaluate(
          #"[...document.querySelectorAll("nav a")].map((a) => a.textContent).join()"#,
          as: String.self)
        let isChinese = heading.unicodeScalars.contains { (0x4E00...0x9FFF).contains($0.value) }
        #expect(isChinese == language.hasPrefix("zh"), "\(path): \(heading)")
        #expect(tag == (isChinese ? "zh-Hans" : "en"), "\(path)")
        let colour = try await page.evaluate(
          "getComputedStyle(document.body).backgroundColor", as: String.self)
        let light = try #require(colour.firstMatch(of: /\d+/).flatMap { Int($0.0) })
        #expect((light < 128) == isDark, "\(path): \(colour)")
      }
    }
  }

  @Test func `The switch of languages stays chosen and leads back`() async throws {
    let (console, page) = try await Stage.shared.open()
    try await page.speak("en")
    try await page.go(console.url("/alerts?state=past"))
    try await page.navigating { try await page.click("a[hreflang=zh-Hans]") }
    #expect(
      try await page.evaluate("location.pathname + location.search", as: String.self)
        == "/alerts?state=past")
    #expect(try await page.evaluate("document.documentElement.lang", as: String.self) == "zh-Hans")
    try await page.go(console.url("/data"))
    #expect(try await page.evaluate("document.documentElement.lang", as: String.self) == "zh-Hans")
  }

  @Test func `Numbers change by themselves, without the page being loaded again`() async throws {
    let (console, page) = try await Stage.shared.open()
    for path in ["/", "/wall"] {
      try await page.go(console.url(path))
      let text =
        #"[...document.querySelectorAll("[data-live]")].map((e) => e.textContent).join("|")"#
      try await page.wait(until: #"document.querySelector(".live-sign.on")"#)
      try await page.evaluate("window.before = \(text); window.loads = 1; 1", as: Int.self)
      try await page.wait(
        until: "(\(text)).replace(/[^0-9]/g, '') !== before.replace(/[^0-9]/g, '')")
      #expect(try await page.evaluate("window.loads", as: Int.self) == 1)
      #expect(page.complaints.isEmpty, "\(page.complaints)")
    }
  }

  @Test func `Without script everything is there, and forms work`() async throws {
    let (console, page) = try await Stage.shared.open()
    let count = """
      [document.querySelectorAll("main table").length, document.querySelectorAll("main svg").length,
        document.querySelectorAll("main form").length, document.querySelectorAll("h1").length]
      """
    let paths = try await paths(console).filter { !$0.contains("?") }
    let (_, plain) = try await Stage.shared.open()
    try await plain.disableScripts()
    for path in paths {
      try await page.go(console.url(path))
      let withScript = try await page.evaluate(count, as: [Int].self)
      try await plain.go(console.url(path))
      let shapes = try await plain.evaluate(count, as: [Int].self)
      // What fires at one moment may not at the next, so that a table may come or go.
      #expect(
        shapes[3] == 1 && zip(shapes, withScript).allSatisfy { abs($0 - $1) <= 2 },
        "\(path): \(shapes), with script \(withScript)")
      #expect(
        try await plain.evaluate(
          #"[...document.querySelectorAll("noscript, [hidden]")].length"#, as: Int.self) == 0)
    }
    try await signIn(console, plain, back: "/thresholds")
  }

  @Test func `A keyboard alone gets to every link, in the order in which they are read`()
    async throws
  {
    let (console, page) = try await Stage.shared.open()
    try await page.standStill()
    try await page.go(console.url("/alerts?state=past"))
    let controls = """
      [...document.querySelectorAll(
        "a, button, input:not([type=hidden]), select, summary, [tabindex='0']")]
      """
    let count = try await page.evaluate("\(controls).length", as: Int.self)
    var seen: [Int] = []
    for _ in 0..<min(count, 60) {
      try await page.press("Tab")
      let place = try await page.evaluate(
        "\(controls).indexOf(document.activeElement)", as: Int.self)
      // After the last one the browser's own controls have the focus.
      if place < 0 { break }
      seen.append(place)
      let isVisible = try await page.evaluate(
        """
        (() => { const style = getComputedStyle(document.activeElement);
          return style.outlineStyle !== "none" || style.boxShadow !== "none"; })()
        """, as: Bool.self)
      #expect(isVisible, "control \(place) has the focus and does not look like it")
    }
    #expect(seen.count > 15)
    #expect(seen == seen.sorted() && Set(seen).count == seen.count && seen.first == 0, "\(seen)")
  }
}
