import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import NIOPosix
import PipelineSpec
import StreamCore
import Synchronization

/// Between the HTTP server and the console: reads requests, sends answers.
enum ConsoleRouter {
  /// Threads that answer; they may block on the file.
  static let threads = 3
  private static let pool = started(threads)
  /// The one thread of answers that take long: others do not wait for them.
  private static let heavyPool = started(1)
  private static let waiting = Atomic<Int>(0)
  private static let heavyWaiting = Atomic<Int>(0)

  private static func started(_ count: Int) -> NIOThreadPool {
    let pool = NIOThreadPool(numberOfThreads: count)
    pool.start()
    return pool
  }

  static func make(_ console: Console, _ updates: LiveUpdates) -> Router<BasicRequestContext> {
    let router = Router(context: BasicRequestContext.self)
    router.add(middleware: AnswerMiddleware(console: console))
    for endpoint in console.endpoints {
      router.on(RouterPath(endpoint.path), method: endpoint.method) { request, _ in
        try await respond(request, endpoint, console)
      }
      if endpoint.method == .get {
        router.on(RouterPath(endpoint.path), method: .head) { request, _ in
          var response = try await respond(request, endpoint, console)
          response.headers[.contentLength] = String(response.body.contentLength ?? 0)
          response.body = ResponseBody()
          return response
        }
      }
    }
    router.on("/live", method: .get) { request, _ in
      try await stream(request, console, updates)
    }
    return router
  }

  private static func respond(
    _ request: Request, _ endpoint: Endpoint, _ console: Console
  ) async throws -> Response {
    let head = request.head
    if let answer = endpoint.immediate?(console.setup) {
      return response(answer, to: head, isCached: false)
    }
    let visitor = try console.gate.visitor(head.headerFields, now: console.setup.now())
    let body = endpoint.method == .get ? [] : try await fields(request)
    try console.gate.check(
      visitor, endpoint, head.headerFields, authority: head.authority,
      formKey: body.first { $0.name == "form_key" }?.value)
    let answer = try await onThread(isHeavy: endpoint.isHeavy) {
      try console.answer(
        endpoint, target: head.path ?? "/", body: body, visitor: visitor,
        language: LanguageChoice.of(head),
        session: Gate.cookies(head.headerFields)[Sessions.cookie])
    }
    return response(answer, to: head, isCached: endpoint.isCached)
  }

  /// Runs `work` on a thread that may block; a problem where too many wait for one.
  private static func onThread(
    isHeavy: Bool, _ work: @escaping @Sendable () throws -> Answer
  ) async throws -> Answer {
    let limit = isHeavy ? Limits.heavyWaiting : Limits.waiting
    let count =
      isHeavy
      ? heavyWaiting.add(1, ordering: .relaxed).newValue
      : waiting.add(1, ordering: .relaxed).newValue
    defer {
      if isHeavy {
        heavyWaiting.subtract(1, ordering: .relaxed)
      } else {
        waiting.subtract(1, ordering: .relaxed)
      }
    }
    guard count <= limit else {
      throw Problem(
        .serviceUnavailable, "\(limit) requests wait already", whatToDo: "Try again in a moment",
        kind: .busy, headers: [.retryAfter: "2"])
    }
    return try await (isHeavy ? heavyPool : pool).runIfActive {
      lowerPriority()
      return try work()
    }
  }

  /// Answers give way to the stream: their threads run only where it leaves time.
  private static func lowerPriority() {
    #if os(Linux)
      if Thread.current.threadDictionary["weir.nice"] == nil {
        Thread.current.threadDictionary["weir.nice"] = true
        _ = setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, 5)
      }
    #endif
  }

  private static func response(
    _ answer: Answer, to head: HTTPRequest, isCached: Bool
  ) -> Response {
    var headers = answer.headers
    headers[.contentType] = answer.contentType
    if headers[.cacheControl] == nil { headers[.cacheControl] = "no-cache, private" }
    headers[.vary] = "Cookie, Accept-Language, Authorization"
    if isCached, answer.status == .ok {
      let tag = answer.entityTag
      headers[.eTag] = tag
      let known = head.headerFields[.ifNoneMatch].map { $0.split(separator: ",") } ?? []
      if known.contains(where: { ["*", tag].contains($0.trimming(" ").trimmingWeak) }) {
        return Response(status: .notModified, headers: headers)
      }
    }
    return Response(
      status: answer.status, headers: headers,
      body: ResponseBody(byteBuffer: ByteBuffer(bytes: answer.body)))
  }

  /// The fields of a form or of a JSON object.
  private static func fields(_ request: Request) async throws -> [(name: String, value: String)] {
    let bytes = try await withThrowingTaskGroup(of: ByteBuffer?.self) { group in
      let body = request.body
      group.addTask {
        do {
          return try await body.collect(upTo: Limits.bodyBytes)
        } catch is NIOTooManyBytesError {
          throw Problem(
            .contentTooLarge, "the body has more than \(Limits.bodyBytes) bytes",
            whatToDo: "Send less", kind: .tooLong(bytes: Limits.bodyBytes))
        }
      }
      group.addTask {
        try await Task.sleep(for: .seconds(Limits.bodySeconds))
        return nil
      }
      defer { group.cancelAll() }
      guard let first = try await group.next(), let bytes = first else {
        throw Problem(
          .requestTimeout, "the request's body took longer than \(Limits.bodySeconds) s",
          whatToDo: "Send it again", kind: .tooSlow(seconds: Limits.bodySeconds))
      }
      return Array(bytes.readableBytesView)
    }
    let type = (request.headers[.contentType] ?? "").prefix { $0 != ";" }.trimming(" ").lowercased()
    switch type {
    case "application/x-www-form-urlencoded":
      guard let text = String(validating: bytes, as: UTF8.self), let fields = URLText.fields(text)
      else {
        throw Problem.badRequest("the form is not encoded as it has to be", kind: .encoding)
      }
      return fields
    case "application/json": return try JSONFields.read(bytes)
    default:
      if bytes.isEmpty { return [] }
      throw Problem(
        .unsupportedMediaType, "a body of that type is not understood",
        whatToDo: "Send application/json, or a form", kind: .notUnderstood)
    }
  }

  private static func stream(
    _ request: Request, _ console: Console, _ updates: LiveUpdates
  ) async throws -> Response {
    let visitor = try console.gate.visitor(request.headers, now: console.setup.now())
    guard visitor.rights.contains(.read) else {
      throw Problem(.unauthorized, "this needs a token", whatToDo: "Sign in")
    }
    guard let events = updates.subscribe() else {
      throw Problem(
        .serviceUnavailable, "as many pages are open as may be",
        whatToDo: "Try again later", headers: [.retryAfter: "60"])
    }
    return Response(
      status: .ok,
      headers: [.contentType: "text/event-stream; charset=utf-8", .cacheControl: "no-store"],
      body: ResponseBody(
        asyncSequence: events.map { ByteBuffer(string: $0) }.cancelOnGracefulShutdown()))
  }
}

extension String {
  /// A weak entity tag as the strong one.
  fileprivate var trimmingWeak: String { hasPrefix("W/") ? String(dropFirst(2)) : self }
}

/// Which language a reader wants: what was chosen, or what the browser says.
enum LanguageChoice {
  static let cookie = "weir_lang"

  static func of(_ head: HTTPRequest) -> Language {
    let chosen = Gate.cookies(head.headerFields)[cookie]
    return chosen.flatMap(Language.init) ?? .preferred(by: head.headerFields[.acceptLanguage])
  }
}

/// Fields of a flat JSON object, as forms have them.
enum JSONFields {
  static func read(_ bytes: [UInt8]) throws -> [(name: String, value: String)] {
    if bytes.isEmpty { return [] }
    guard let object = try? JSONDecoder().decode([String: Scalar?].self, from: Data(bytes)) else {
      throw Problem.badRequest(
        "the body is not a JSON object of texts, numbers, truth values and null")
    }
    return object.sorted { $0.key < $1.key }.compactMap { name, value in
      value.map { (name, $0.text) }
    }
  }

  private struct Scalar: Decodable {
    var text: String

    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      if let flag = try? container.decode(Bool.self) {
        text = flag ? "true" : "false"
      } else if let whole = try? container.decode(Int64.self) {
        text = String(whole)
      } else if let number = try? container.decode(Double.self) {
        text = JSON.text(number)
      } else {
        text = try container.decode(String.self)
      }
    }
  }
}
