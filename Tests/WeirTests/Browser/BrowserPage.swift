import Foundation
import StreamTestKit
import Synchronization
import Testing

/// A page in a browser: what a person does and sees there.
final class BrowserPage: Sendable {
  /// What a page complains of.
  struct Complaint: Sendable, CustomStringConvertible {
    enum Kind: String, Sendable { case console, exception, request, security }
    var kind: Kind
    var text: String
    var description: String { "\(kind.rawValue): \(text)" }
  }

  fileprivate struct State {
    var complaints: [Complaint] = []
    var requests: [String: String] = [:]
    var loads = 0
    var waiters: [Int: (count: Int, continuation: CheckedContinuation<Bool, Never>)] = [:]
    var nextWaiter = 0
    var status: [String: Int] = [:]
  }

  private let browser: Browser
  private let session: String
  private let state = Mutex(State())

  /// Used by `Browser.open`.
  init(browser: Browser, session: String) {
    self.browser = browser
    self.session = session
  }

  /// Used by `Browser.open`: begins to listen.
  func enable() async throws {
    browser.listen(session) { [weak self] method, parameters in
      self?.take(method, parameters)
    }
    for domain in ["Page", "Runtime", "Log", "Network"] { try await send("\(domain).enable") }
  }

  /// Sends a command to this page.
  @discardableResult
  func send(
    _ method: String, _ parameters: JSON = [:], withinMs: Int = Browser.answerMsMax
  ) async throws -> JSON {
    try await browser.send(method, parameters, session: session, withinMs: withinMs)
  }

  // MARK: Going somewhere

  /// Opens `url` and waits until all of it is loaded; gives the status of the answer, 0 where
  /// there is none. Opens it again where a console is late.
  @discardableResult
  func go(_ url: String) async throws -> Int {
    let deadline = ContinuousClock.now + Patience.duration
    while true {
      try await navigating {
        let answer = try await self.send("Page.navigate", ["url": .text(url)])
        if let error = answer["errorText"]?.string { throw BrowserError("\(url): \(error)") }
      }
      let code = try await status()
      guard code == 503, ContinuousClock.now < deadline,
        try await Probe.isLate(code, text())
      else { return code }
    }
  }

  /// Does what leads to another page, and waits until all of that is loaded.
  func navigating(_ act: () async throws -> Void) async throws {
    let before = state.withLock { $0.loads }
    try await act()
    try #require(
      await loaded(before + 1), "no page was loaded within \(Browser.answerMsMax) ms")
  }

  /// The status that the page's own address was answered with.
  func status() async throws -> Int {
    let url = try await evaluate("location.href.split('#')[0]", as: String.self)
    return state.withLock { $0.status[url] ?? 0 }
  }

  private func loaded(_ count: Int) async -> Bool {
    await withCheckedContinuation { continuation in
      let number = state.withLock { state -> Int? in
        if state.loads >= count { return nil }
        state.nextWaiter += 1
        state.waiters[state.nextWaiter] = (count, continuation)
        return state.nextWaiter
      }
      guard let number else { return continuation.resume(returning: true) }
      DispatchQueue.global().asyncAfter(
        deadline: .now() + .milliseconds(Browser.answerMsMax)
      ) { [weak self] in
        self?.state.withLock { $0.waiters.removeValue(forKey: number) }?.continuation
          .resume(returning: false)
      }
    }
  }

  // MARK: Looking

  /// The value of a JavaScript expression; of a promise, what it comes to.
  @discardableResult
  func evaluate<T: Decodable>(
    _ expression: String, as type: T.Type = T.self, withinMs: Int = Browser.answerMsMax
  ) async throws -> T {
    let answer = try await send(
      "Runtime.evaluate",
      [
        "expression": .text(expression), "awaitPromise": true, "returnByValue": true,
        "userGesture": true,
      ], withinMs: withinMs)
    if let fault = answer["exceptionDetails"] {
      let text = fault["exception"]?["description"] ?? fault["text"] ?? fault
      throw BrowserError("\(expression): \(text.string ?? "\(text)")")
    }
    let data = try JSONEncoder().encode(answer["result"]?["value"] ?? .null)
    return try JSONDecoder().decode(T.self, from: data)
  }

  /// Waits until a JavaScript expression is true, through reloads too; fails with what the page
  /// shows when it is not within `withinMs`.
  func wait(
    until expression: String, withinMs: Int = Patience.ms,
    location: SourceLocation = #_sourceLocation
  ) async throws {
    let deadline = ContinuousClock.now + .milliseconds(withinMs)
    while true {
      let left = (deadline - ContinuousClock.now).components
      let leftMs = max(left.seconds * 1_000 + left.attoseconds / 1_000_000_000_000_000, 0)
      do {
        if try await evaluate(Self.awaited(expression, leftMs), withinMs: Int(leftMs) + 5_000) {
          return
        }
      } catch let error as BrowserError where Self.isLeft(error) && leftMs > 0 {
        continue
      }
      let text = (try? await evaluate("document.body.innerText", as: String.self)) ?? ""
      try #require(
        Bool(false), "not true within \(withinMs) ms: \(expression)\n\(text.prefix(2_000))",
        sourceLocation: location)
    }
  }

  /// Looks whenever the document changes, and now and then for what changes without it.
  private static func awaited(_ expression: String, _ ms: Int64) -> String {
    """
    new Promise((done) => {
      const isTrue = () => { try { return Boolean(\(expression)); } catch { return false; } };
      if (isTrue()) { done(true); return; }
      let watch, timer, end;
      const stop = (value) => {
        watch.disconnect(); clearInterval(timer); clearTimeout(end); done(value);
      };
      const look = () => { if (isTrue()) stop(true); };
      watch = new MutationObserver(look);
      watch.observe(document, {
        subtree: true, childList: true, attributes: true, characterData: true });
      timer = setInterval(look, 50);
      end = setTimeout(() => stop(false), \(ms));
    })
    """
  }

  /// Whether the page went away while it was asked.
  private static func isLeft(_ error: BrowserError) -> Bool {
    ["context was destroyed", "navigated or closed", "Cannot find context", "was collected"]
      .contains { error.description.contains($0) }
  }

  /// All text that a person sees.
  func text() async throws -> String { try await evaluate("document.body.innerText") }

  /// The picture of what is seen as a PNG, or of the whole page.
  func screenshot(whole: Bool = false) async throws -> Data {
    let answer = try await send(
      "Page.captureScreenshot", ["format": "png", "captureBeyondViewport": .bool(whole)])
    return try #require(answer["data"]?.string.flatMap { Data(base64Encoded: $0) })
  }

  /// What a screen reader is told: role and name of everything that is not ignored.
  func accessibility() async throws -> [(role: String, name: String)] {
    let answer = try await send("Accessibility.getFullAXTree")
    return (answer["nodes"]?.elements ?? []).filter { $0["ignored"]?.isTrue != true }.map {
      ($0["role"]?["value"]?.string ?? "", $0["name"]?["value"]?.string ?? "")
    }
  }

  /// What the page has complained of so far.
  var complaints: [Complaint] { state.withLock { $0.complaints } }

  /// Forgets what it complained of.
  func forgetComplaints() { state.withLock { $0.complaints = [] } }

  private func take(_ method: String, _ event: JSON) {
    let due = state.withLock { state -> [CheckedContinuation<Bool, Never>] in
      if method == "Page.loadEventFired" {
        state.loads += 1
        let numbers = state.waiters.filter { $0.value.count <= state.loads }.keys
        return numbers.compactMap { state.waiters.removeValue(forKey: $0)?.continuation }
      }
      state.note(method, event)
      return []
    }
    for continuation in due { continuation.resume(returning: true) }
  }
}

extension BrowserPage.State {
  fileprivate mutating func note(_ method: String, _ event: JSON) {
    switch method {
    case "Log.entryAdded":
      guard let entry = event["entry"], entry["level"]?.string == "error" else { return }
      let source = entry["source"]?.string ?? ""
      // Failed requests come as events of their own, with more to say.
      if source == "network" { return }
      complain(source == "security" ? .security : .console, entry["text"], entry["url"])
    case "Runtime.consoleAPICalled":
      guard ["error", "warning", "assert"].contains(event["type"]?.string) else { return }
      let words = (event["args"]?.elements ?? []).map {
        ($0["value"]?.string ?? $0["description"]?.string) ?? "…"
      }
      complain(.console, .text(words.joined(separator: " ")), nil)
    case "Runtime.exceptionThrown":
      let details = event["exceptionDetails"]
      complain(
        .exception, details?["exception"]?["description"] ?? details?["text"], details?["url"])
    case "Network.requestWillBeSent":
      guard let id = event["requestId"]?.string else { return }
      requests[id] = event["request"]?["url"]?.string
    case "Network.responseReceived":
      guard let answer = event["response"], let code = answer["status"]?.double else { return }
      if let url = answer["url"]?.string { status[url] = Int(code) }
      if code >= 400, !Self.isBusy(answer) {
        complain(.request, .text("answered \(Int(code))"), answer["url"])
      }
    case "Network.loadingFailed":
      // A stream of events or a request that a page leaves behind is cancelled, and no failure.
      if event["canceled"]?.isTrue == true { return }
      let url = event["requestId"]?.string.flatMap { requests[$0] }
      complain(
        event["blockedReason"]?.string == "csp" ? .security : .request, event["errorText"],
        url.map { .text($0) })
    default: return
    }
  }

  /// Whether an answer says that its server is busy, and when to ask again: no fault of the page.
  private static func isBusy(_ answer: JSON) -> Bool {
    guard answer["status"]?.double == 503, case .object(let headers)? = answer["headers"] else {
      return false
    }
    return headers.keys.contains { $0.lowercased() == "retry-after" }
  }

  private mutating func complain(
    _ kind: BrowserPage.Complaint.Kind, _ text: JSON?, _ url: JSON?
  ) {
    let words = [text?.string, url?.string].compactMap { $0 }
    complaints.append(.init(kind: kind, text: words.joined(separator: " at ")))
  }
}
