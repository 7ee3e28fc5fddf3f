import Foundation
import StreamTestKit
import Synchronization

/// A browser that tests look at pages with, over the DevTools protocol.
///
/// Every wait has a deadline, so a page that hangs fails the test and does not stop it.
final class Browser: Sendable {
  /// How long any answer may take on a busy machine.
  static let answerMsMax = Patience.ms

  private struct State {
    var nextID = 1
    var pending: [Int: CheckedContinuation<JSON, any Error>] = [:]
    var listeners: [String: @Sendable (String, JSON) -> Void] = [:]
    var hasEnded = false
  }

  private let process: BrowserProcess
  private let state: SharedState

  /// Its own object, so that the reading thread does not keep the browser alive.
  private final class SharedState: Sendable {
    let value = Mutex(State())
  }

  /// Starts one.
  init() throws {
    process = try BrowserProcess()
    state = SharedState()
    let output = process.duplicateOfOutput()
    Thread.detachNewThread { [state] in
      Self.read(output, state)
      close(output)
    }
  }

  deinit { process.end() }

  /// Its process id.
  var processID: pid_t { process.id }

  /// Opens a page of its own cookies and storage: nothing of one test is seen by another.
  func open() async throws -> BrowserPage {
    let context = try await send("Target.createBrowserContext", ["disposeOnDetach": true])
    guard let contextID = context["browserContextId"]?.string else {
      throw BrowserError("Target.createBrowserContext answered \(context)")
    }
    let target = try await send(
      "Target.createTarget", ["url": "about:blank", "browserContextId": .text(contextID)])
    guard let targetID = target["targetId"]?.string else {
      throw BrowserError("Target.createTarget answered \(target)")
    }
    let session = try await send(
      "Target.attachToTarget", ["targetId": .text(targetID), "flatten": true])
    guard let sessionID = session["sessionId"]?.string else {
      throw BrowserError("Target.attachToTarget answered \(session)")
    }
    let page = BrowserPage(browser: self, session: sessionID)
    try await page.enable()
    return page
  }

  /// Sends a command and gives its answer.
  ///
  /// - Throws: `BrowserError` when the browser refuses it, has ended, or takes longer than
  ///   `withinMs`.
  @discardableResult
  func send(
    _ method: String, _ parameters: JSON = [:], session: String? = nil,
    withinMs: Int = answerMsMax
  ) async throws -> JSON {
    let id = state.value.withLock { state in
      defer { state.nextID += 1 }
      return state.nextID
    }
    var message: [String: JSON] = [
      "id": .number(Double(id)), "method": .text(method), "params": parameters,
    ]
    if let session { message["sessionId"] = .text(session) }
    let data = try JSONEncoder().encode(JSON.object(message))
    return try await withCheckedThrowingContinuation { continuation in
      let hasEnded = state.value.withLock { state in
        if !state.hasEnded { state.pending[id] = continuation }
        return state.hasEnded
      }
      if hasEnded { return continuation.resume(throwing: BrowserError("the browser has ended")) }
      DispatchQueue.global().asyncAfter(deadline: .now() + .milliseconds(withinMs)) { [state] in
        Self.answer(
          state, id, .failure(BrowserError("\(method): no answer within \(withinMs) ms")))
      }
      do {
        try process.write(data)
      } catch {
        Self.answer(state, id, .failure(error))
      }
    }
  }

  /// Gives every event of `session` to `listener`, on the thread that reads.
  func listen(_ session: String, _ listener: @escaping @Sendable (String, JSON) -> Void) {
    state.value.withLock { $0.listeners[session] = listener }
  }

  private static func answer(_ state: SharedState, _ id: Int, _ result: Result<JSON, any Error>) {
    state.value.withLock { $0.pending.removeValue(forKey: id) }?.resume(with: result)
  }

  private static func read(_ descriptor: Int32, _ state: SharedState) {
    var buffer = Data()
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = Foundation.read(descriptor, &chunk, chunk.count)
      if count < 0 && errno == EINTR { continue }
      if count <= 0 { break }
      buffer.append(contentsOf: chunk[..<count])
      // Only the new bytes can hold an end, so that a long answer is not searched again and again.
      var from = buffer.endIndex - count
      while let end = buffer[from...].firstIndex(of: 0) {
        take(buffer[buffer.startIndex..<end], state)
        buffer.removeSubrange(buffer.startIndex...end)
        from = buffer.startIndex
      }
    }
    let pending = state.value.withLock { state in
      defer { state.pending = [:] }
      state.hasEnded = true
      return state.pending
    }
    for (_, continuation) in pending {
      continuation.resume(throwing: BrowserError("the browser has ended"))
    }
  }

  private static func take(_ bytes: Data, _ state: SharedState) {
    guard let message = try? JSONDecoder().decode(JSON.self, from: bytes) else { return }
    if let id = message["id"]?.double {
      if let error = message["error"] {
        answer(state, Int(id), .failure(BrowserError(error["message"]?.string ?? "\(error)")))
      } else {
        answer(state, Int(id), .success(message["result"] ?? .null))
      }
    } else if let method = message["method"]?.string, let session = message["sessionId"]?.string {
      state.value.withLock { $0.listeners[session] }?(method, message["params"] ?? .null)
    }
  }
}
