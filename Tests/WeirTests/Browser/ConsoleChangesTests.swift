import Foundation
import StreamTestKit
import Testing

/// What people change through the pages of a worker that runs, and what comes of it.
@Suite(.serialized) struct ConsoleChangesTests {
  private func signIn(
    _ console: Console, _ page: BrowserPage, back: String, secret: String? = nil
  ) async throws {
    let token = try #require(secret ?? console.token, "the demonstration printed no token")
    try await page.go(console.url("/sign-in?back=\(back)"))
    try await page.type(token, into: "input[name=token]")
    try await page.navigating { try await page.press("Enter") }
    #expect(try await page.evaluate("location.pathname", as: String.self) == back)
  }

  private func alerts(_ console: Console, _ rule: String) async throws -> [[String: Any]] {
    let outcome = try await Command.run([
      "alerts", "list", console.data, "--rule", rule, "--state", "all", "--json",
    ])
    let object = try JSONSerialization.jsonObject(with: Data(outcome.output.utf8))
    return (object as? [String: Any])?["alerts"] as? [[String: Any]] ?? []
  }

  @Test func `A threshold that is set on its page is tried first, recorded, and judged with`()
    async throws
  {
    let console = try await Console.demo()
    try await console.wait(for: "href=\"/alerts/", at: "/alerts")
    let page = try await Browser().open()
    let path = "/thresholds/payment_trouble"
    try await signIn(console, page, back: path)
    // Moving the number shows what it would have done, on the same page.
    let before = try await page.evaluate(
      "window.loads = 1; document.querySelector('#preview').textContent", as: String.self)
    try await page.type("0.93", into: "#number-above")
    try await page.wait(
      until: "document.querySelector('#preview').textContent !== "
        + BrowserPage.quoted(before))
    #expect(try await page.evaluate("window.loads", as: Int.self) == 1)
    #expect(try await page.evaluate("+document.querySelector('#set-above').value") == 0.93)
    #expect(try await page.text().contains("weir backtest"))
    // Out of bounds, and without a reason, the browser itself sends nothing.
    let form = "form[action='\(path)/set']"
    try await page.type("0", into: "\(form) [name=value]")
    let isValid = "document.querySelector(\"\(form)\").checkValidity()"
    #expect(try await page.evaluate(isValid, as: Bool.self) == false)
    try await page.type("every failure is one too many", into: "\(form) [name=reason]")
    #expect(try await page.evaluate(isValid, as: Bool.self) == true)
    try await page.navigating { try await page.click("\(form) button") }
    try await page.wait(
      until: "document.querySelector('#history').textContent.includes('one too many')")
    #expect(page.complaints.isEmpty, "\(page.complaints)")
    let history = try await Command.run([
      "thresholds", "history", console.data, "--rule", "payment_trouble", "--json",
    ])
    #expect(history.code == 0, "\(history)")
    #expect(history.output.contains("every failure is one too many"), "\(history)")
    #expect(history.output.contains("demo"), "\(history)")
    // The demonstration's own trouble is over; only the new value makes alerts from here on.
    var found: [[String: Any]] = []
    let deadline = ContinuousClock.now + Patience.duration
    while found.isEmpty, ContinuousClock.now < deadline {
      found = try await alerts(console, "payment_trouble").filter { alert in
        (alert["judged"] as? [String: Any])?["above"] as? Double == 0
      }
      _ = await console.process.ended(withinMs: 200)
    }
    #expect(!found.isEmpty, "no alert was judged with the new value")
  }

  @Test func `What is refused says why, and what was typed stays`() async throws {
    let console = try await Console.demo()
    let page = try await Browser().open()
    let path = "/thresholds/payment_trouble"
    try await signIn(console, page, back: path)
    let form = "form[action='\(path)/set']"
    try await page.evaluate(
      "document.querySelector(\"\(form)\").noValidate = true", as: Bool.self)
    try await page.type("7", into: "\(form) [name=value]")
    try await page.type("no share is seven", into: "\(form) [name=reason]")
    try await page.navigating { try await page.click("\(form) button") }
    #expect((400..<500).contains(try await page.status()))
    #expect(try await page.text().contains("1"), "the bound is told")
    let history = try await Command.run([
      "thresholds", "history", console.data, "--rule", "payment_trouble",
    ])
    #expect(!history.output.contains("no share is seven"), "\(history)")
  }

  @Test func `An alert is acknowledged, silenced and judged on its page, by name and with why`()
    async throws
  {
    let console = try await ConsoleFixture.console()
    let page = try await Browser().open()
    let alert = try #require(try await alerts(console, "trouble").first?["id"] as? String)
    let path = "/alerts/\(alert)"
    try await signIn(console, page, back: path, secret: ConsoleFixture.writer)
    for (action, field, value) in [
      ("acknowledge", "note", "looking into it"), ("silence", "note", "while we mend it"),
      ("verdict", "note", "the provider was down"),
    ] {
      let form = "form[action^='/alerts/'][action$='/\(action)']"
      try await page.type(value, into: "\(form) [name=\(field)]")
      if action == "verdict" {
        try await page.evaluate(
          "document.querySelector(\"\(form) [name=verdict]\").value = 'real'", as: String.self)
      }
      try await page.navigating { try await page.click("\(form) button") }
      #expect(try await page.status() == 200)
      let text = try await page.text()
      #expect(text.contains(value) && text.contains("ann"), "\(action): \(text)")
    }
    #expect(page.complaints.isEmpty, "\(page.complaints)")
    let shown = try await Command.run(["alerts", "show", console.data, alert])
    for word in ["acknowledged by ann", "looking into it", "silence", "the provider was down"] {
      #expect(shown.output.contains(word), "\(word): \(shown)")
    }
    let incidents = try await console.probe.get("/api/v1/incidents")
    #expect(incidents.status == 200 && incidents.body.contains("trouble"), "\(incidents)")
  }
}
