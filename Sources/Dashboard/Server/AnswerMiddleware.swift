import HTTPTypes
import Hummingbird
import SnapshotStore
import StreamCore

/// Around every request: limits, the header fields that keep browsers safe, and what is said when
/// something goes wrong.
struct AnswerMiddleware: RouterMiddleware {
  typealias Context = BasicRequestContext

  let console: Console

  func handle(
    _ request: Request, context: Context,
    next: (Request, Context) async throws -> Response
  ) async throws -> Response {
    var response: Response
    do {
      guard (request.head.path ?? "/").utf8.count <= Limits.targetBytes else {
        throw Problem(
          .uriTooLong, "the address has more than \(Limits.targetBytes) bytes",
          whatToDo: "Ask for less at once", kind: .tooLong(bytes: Limits.targetBytes))
      }
      try console.gate.checkHost(request.head.authority)
      response = try await next(request, context)
    } catch {
      response = answer(to: request, problem(error, request))
    }
    for (name, value) in Self.safety { response.headers[name] = value }
    return response
  }

  /// What went wrong, without anything that is nobody's business.
  private func problem(_ error: any Error, _ request: Request) -> Problem {
    switch error {
    case let problem as Problem: return problem
    case let refusal as Refusal:
      return Problem(
        .conflict, refusal.what, whatToDo: refusal.whatToDo, kind: .refusal(refusal))
    case let error as HTTPError where error.status == .notFound: return missing(request)
    case let error as HTTPError:
      return Problem(error.status, error.body ?? error.status.reasonPhrase, whatToDo: "Try again")
    case let error as StoreError where error.kind == .invalid:
      return .badRequest(error.what, whatToDo: error.whatToDo)
    case let error as StoreError:
      console.setup.log("console: \(error)")
      return Problem(
        .serviceUnavailable, "the file could not be read or written: \(error.what)",
        whatToDo: error.whatToDo, kind: .file(error.what), headers: [.retryAfter: "5"])
    default:
      console.setup.log("console: \(type(of: error)) at \(URLText.path(of: request.uri.path))")
      return Problem(
        .internalServerError, "something went wrong that should not",
        whatToDo: "It is in the worker's log; please report it", kind: .own)
    }
  }

  /// There is no such address, or not for this method.
  private func missing(_ request: Request) -> Problem {
    let methods = console.endpoints.filter { $0.matches(request.uri.path) }.map(\.method)
    guard !methods.isEmpty else {
      return .notFound("there is no such address", whatToDo: "Begin at /", kind: .noAddress)
    }
    let all = Set(methods.map(\.rawValue)).union(methods.contains(.get) ? ["HEAD"] : [])
    return Problem(
      .methodNotAllowed, "this address does not know \(request.method.rawValue)",
      whatToDo: "Use \(all.sorted().joined(separator: " or "))",
      kind: .noMethod(all.sorted().joined(separator: ", ")),
      headers: [.allow: all.sorted().joined(separator: ", ")])
  }

  private func answer(to request: Request, _ problem: Problem) -> Response {
    let isAPI =
      request.uri.path.hasPrefix("/api/") || request.uri.path == "/metrics"
      || !(request.headers[.accept] ?? "").contains("text/html")
    var answer = problem.answer
    if !isAPI {
      if problem.status == .unauthorized, request.method == .get {
        let target = request.head.path ?? "/"
        answer = .seeOther(URLText.link("/sign-in", [("back", target)]))
      } else {
        let page = ProblemPage.make(problem, console, LanguageChoice.of(request.head))
        answer = .html(page, status: problem.status)
        answer.headers = problem.headers
      }
    }
    var headers = answer.headers
    headers[.contentType] = answer.contentType
    headers[.cacheControl] = "no-store"
    return Response(
      status: answer.status, headers: headers,
      body: ResponseBody(byteBuffer: ByteBuffer(bytes: answer.body)))
  }

  /// Scripts and styles come from this server alone and nothing is written into pages; no other
  /// site frames them or sends their forms.
  static let safety: [(HTTPField.Name, String)] = {
    let fields: [(String, String)] = [
      (
        "Content-Security-Policy",
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
          + "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
      ),
      ("X-Content-Type-Options", "nosniff"), ("X-Frame-Options", "DENY"),
      ("Referrer-Policy", "same-origin"), ("Cross-Origin-Opener-Policy", "same-origin"),
      ("Cross-Origin-Resource-Policy", "same-origin"),
      ("Permissions-Policy", "camera=(), geolocation=(), microphone=()"),
    ]
    return fields.compactMap { name, value in HTTPField.Name(name).map { ($0, value) } }
  }()
}

extension Endpoint {
  /// Whether `path` is one of its own, whatever the method.
  func matches(_ path: String) -> Bool {
    let own = self.path.split(separator: "/")
    let other = path.split(separator: "/")
    return own.count == other.count
      && zip(own, other).allSatisfy { $0.hasPrefix("{") || $0 == $1 }
  }
}
