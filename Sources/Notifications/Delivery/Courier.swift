import AsyncHTTPClient
import StreamCore

/// Delivers one message at a time to any destination, and says what came of it.
///
/// Certificates are verified, redirects are never followed to another host, at most
/// `answerBytesMax` of an answer are read. Safe to share among tasks.
public final class Courier: Sendable {
  /// Writes a line to the log of the process.
  public typealias WriteLine = @Sendable (_ line: String) -> Void
  /// Produces one record and returns once it is acknowledged.
  public typealias Produce =
    @Sendable (_ topic: String, _ key: String, _ payload: String) async throws -> Void

  /// Bytes of an answer that are read at most.
  public static let answerBytesMax = 65_536

  private let client: HTTPClient
  private let clock: any DeliveryClock
  private let writeLine: WriteLine
  private let produce: Produce?

  /// Makes a courier. Of `configuration` redirects, verification of certificates, decompression
  /// and repeated connecting are overruled. Without `produce` messages for `kafka` are dead.
  /// `shutdown` must be called before it is let go.
  public init(
    configuration: HTTPClient.Configuration = HTTPClient.Configuration(),
    clock: any DeliveryClock = SystemDeliveryClock(), writeLine: @escaping WriteLine = { _ in },
    produce: Produce? = nil
  ) {
    var configuration = configuration
    configuration.redirectConfiguration = .disallow
    configuration.decompression = .disabled
    // A destination that cannot be reached is told at once; when to try again is not its to say.
    configuration.connectionPool.retryConnectionEstablishment = false
    configuration.tlsConfiguration?.certificateVerification = .fullVerification
    client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    self.clock = clock
    self.writeLine = writeLine
    self.produce = produce
  }

  /// Closes all connections. Nothing may be delivered afterwards.
  public func shutdown() async throws { try await client.shutdown() }

  /// Makes one attempt, which takes at most the destination's timeout.
  ///
  /// Throws `CancellationError` alone, when the task is cancelled before the answer is known; the
  /// destination may have the message then.
  public func deliver(
    _ message: PendingMessage, to destination: Destination
  ) async throws -> DeliveryResult {
    switch destination.kind {
    case .log:
      writeLine(PlainText.line(message.payload))
      return .delivered
    case .kafka: return try await record(message, to: destination)
    case .webhook, .alertmanager, .wecom, .dingtalk, .feishu, .slack:
      let made = DeliveryRequest.make(message, to: destination, at: clock.wall)
      guard var request = made else {
        return .dead(error: "the target of \(destination.name) is no http or https address")
      }
      var redirects = 0
      while true {
        switch try await attempt(request, destination) {
        case .failed(let result): return result
        case .answered(let answer):
          let verdict = AnswerRules.judge(
            answer, kind: destination.kind, url: request.url, redirects: redirects,
            wall: clock.wall)
          switch verdict {
          case .ended(let result): return result
          case .follow(let url):
            request.url = url
            redirects += 1
          }
        }
      }
    }
  }

  private enum Attempt: Sendable {
    case answered(DeliveryAnswer)
    case failed(DeliveryResult)
  }

  private func attempt(
    _ request: DeliveryRequest, _ destination: Destination
  ) async throws -> Attempt {
    let readsBody = AnswerRules.readsBody(destination.kind)
    do {
      let answer = try await clock.limit(ms: destination.timeoutMs) { [client] in
        try await Self.exchange(request, client, readsBody: readsBody)
      }
      return .answered(answer)
    } catch {
      try Task.checkCancellation()
      return .failed(Self.failure(error, request.host, destination))
    }
  }

  private static func exchange(
    _ request: DeliveryRequest, _ client: HTTPClient, readsBody: Bool
  ) async throws -> DeliveryAnswer {
    var http = HTTPClientRequest(url: request.url.absoluteString)
    http.method = .POST
    for (name, value) in request.headers { http.headers.add(name: name, value: value) }
    http.body = .bytes(Array(request.body.utf8))
    // The limit on time is around this, in the clock that was given.
    let response = try await client.execute(http, deadline: .distantFuture)
    var answer = DeliveryAnswer(
      status: Int(response.status.code),
      retryAfter: response.headers.first(name: "Retry-After"),
      location: response.headers.first(name: "Location"))
    // A body that says nothing is not waited for: who answered 200 has the message.
    guard readsBody, (200...299).contains(answer.status) else { return answer }
    for try await part in response.body {
      let left = answerBytesMax - answer.body.count
      answer.body.append(contentsOf: part.readableBytesView.prefix(left))
      if answer.body.count >= answerBytesMax { break }
    }
    // A body that was cut short by that says nothing; an answer that is whole counts.
    try Task.checkCancellation()
    return answer
  }

  private static func failure(
    _ error: any Error, _ host: String, _ destination: Destination
  ) -> DeliveryResult {
    switch error {
    case is TimeoutError:
      return .retry(
        afterMs: nil, error: "\(host) did not answer within \(destination.timeoutMs) ms")
    case let error as HTTPClientError where isOurs(error):
      return .dead(error: "the request to \(host) cannot be made: \(error.shortDescription)")
    case let error as HTTPClientError:
      return .retry(afterMs: nil, error: "no answer from \(host): \(error.shortDescription)")
    default:
      // Its own words may hold the address.
      return .retry(afterMs: nil, error: "no connection to \(host) (\(type(of: error)))")
    }
  }

  /// Whether it would be the same each time.
  private static func isOurs(_ error: HTTPClientError) -> Bool {
    switch error {
    case .invalidURL, .emptyHost, .emptyScheme: true
    default: error.shortDescription.hasPrefix("Invalid header")
    }
  }

  private func record(
    _ message: PendingMessage, to destination: Destination
  ) async throws -> DeliveryResult {
    guard let produce else { return .dead(error: "no producer for \(destination.name)") }
    let key = message.subject.isEmpty ? message.messageID : message.subject
    do {
      try await clock.limit(ms: destination.timeoutMs) {
        try await produce(destination.target, key, message.payload)
      }
      return .delivered
    } catch {
      try Task.checkCancellation()
      if error is TimeoutError {
        return .retry(
          afterMs: nil, error: "no acknowledgement within \(destination.timeoutMs) ms")
      }
      return .retry(afterMs: nil, error: Redaction.hide("\(error)", of: destination))
    }
  }
}

/// Takes what nobody may read out of words that others wrote.
enum Redaction {
  /// Bytes of a text that are kept.
  static let bytesMax = 300

  static func hide(_ text: String, of destination: Destination) -> String {
    var out = PlainText.line(text)
    if let secret = destination.secret, !secret.isEmpty {
      out = out.replacing(secret, with: "…")
    }
    // A topic is no secret.
    if destination.kind != .kafka, !destination.target.isEmpty {
      out = out.replacing(destination.target, with: "…")
    }
    return PlainText.cut(out, to: bytesMax)
  }
}
