import HTTPTypes

/// One address of the console: how it is routed, what it takes, who may use it, and what it says.
/// The router, the checks of parameters and the OpenAPI document are all made from this.
struct Endpoint: Sendable {
  /// Who may use it.
  enum Access: Sendable {
    /// Everybody who reaches the server: signs of life, assets, the way to sign in.
    case open
    /// Whoever may read: all on a loopback address, whoever has a token beyond it.
    case read
    /// Whoever has a token that may write.
    case write
  }

  /// What it is for.
  enum Kind: Sendable, Equatable {
    /// For people; errors are pages.
    case page
    /// For programs; errors are `application/problem+json`, and it is in the OpenAPI document.
    case api
    /// For machines with a format of their own, in the OpenAPI document too.
    case plain
    /// A part of the pages' machinery; in no document.
    case hidden
  }

  /// The method; what answers GET answers HEAD as well.
  var method: HTTPRequest.Method
  /// Its path; `{name}` stands for one segment.
  var path: String
  /// What it is for.
  var kind: Kind
  /// Who may use it.
  var access: Access
  /// One line for the document.
  var summary: String
  /// What it takes, in its path, query or body.
  var parameters: [Parameter]
  /// What it says when all is well, for the document.
  var response: Schema
  /// Whether an answer may be kept until something is committed to the file.
  var isCached: Bool
  /// For how many milliseconds of wall time at most it may be kept; nil: until a commit. For what
  /// also says how long ago something was.
  var freshMs: Int64?
  /// What else than 200 it answers with the same schema when all is well, and when.
  var furtherStatuses: [(status: HTTPResponse.Status, text: String)] = []
  /// Whether making it may take long: such answers are made one at a time.
  var isHeavy = false
  /// The answer itself, where it depends on nothing: given without a thread or the file, so that it
  /// is there however busy the console is.
  var immediate: (@Sendable (ConsoleSetup) -> Answer)?
  /// Makes the answer, on a thread that may block.
  var handler: @Sendable (Asked) throws -> Answer

  init(
    _ method: HTTPRequest.Method, _ path: String, kind: Kind, access: Access = .read,
    summary: String, parameters: [Parameter] = [], response: Schema = .text("text/html"),
    isCached: Bool = true, handler: @escaping @Sendable (Asked) throws -> Answer
  ) {
    self.method = method
    self.path = path
    self.kind = kind
    self.access = access
    self.summary = summary
    self.parameters = parameters
    self.response = response
    self.isCached = isCached && method == .get
    self.handler = handler
  }

  /// Something that is always the same, for everybody.
  static func constant(
    _ path: String, kind: Kind, summary: String = "", response: Schema = .text("text/plain"),
    answer: @escaping @Sendable () -> Answer
  ) -> Endpoint {
    var endpoint = Endpoint(
      .get, path, kind: kind, access: .open, summary: summary, response: response, isCached: false
    ) { _ in answer() }
    endpoint.immediate = { _ in answer() }
    return endpoint
  }

  /// The same, which may also answer that a change waits.
  var acceptingLater: Endpoint {
    var copy = self
    copy.furtherStatuses.append((.accepted, "Noted; a worker answers with its next snapshot."))
    return copy
  }

  /// The same, made one at a time.
  var heavy: Endpoint {
    var copy = self
    copy.isHeavy = true
    return copy
  }

  /// The same, made anew every second.
  var fresh: Endpoint {
    var copy = self
    copy.freshMs = 1_000
    return copy
  }

  /// A page for people.
  static func page(
    _ path: String, summary: String, parameters: [Parameter] = [],
    handler: @escaping @Sendable (Asked) throws -> Answer
  ) -> Endpoint {
    Endpoint(
      .get, path, kind: .page, summary: summary, parameters: parameters, handler: handler)
  }

  /// A form of a page: what people change.
  static func form(
    _ path: String, summary: String, parameters: [Parameter],
    handler: @escaping @Sendable (Asked) throws -> Answer
  ) -> Endpoint {
    Endpoint(
      .post, path, kind: .page, access: .write, summary: summary, parameters: parameters,
      handler: handler)
  }

  /// Something that programs read.
  static func api(
    _ path: String, summary: String, parameters: [Parameter] = [], response: Schema,
    handler: @escaping @Sendable (Asked) throws -> Answer
  ) -> Endpoint {
    Endpoint(
      .get, APIPath.prefix + path, kind: .api, summary: summary, parameters: parameters,
      response: response, handler: handler)
  }

  /// Something that programs change.
  static func change(
    _ path: String, summary: String, parameters: [Parameter], response: Schema,
    handler: @escaping @Sendable (Asked) throws -> Answer
  ) -> Endpoint {
    Endpoint(
      .post, APIPath.prefix + path, kind: .api, access: .write, summary: summary,
      parameters: parameters, response: response, handler: handler)
  }
}

/// Where the JSON API lives.
enum APIPath {
  static let prefix = "/api/v1"
}
