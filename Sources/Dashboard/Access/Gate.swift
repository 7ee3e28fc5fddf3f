import HTTPTypes
import PipelineSpec
import StreamCore

/// Decides who asks and whether they may.
///
/// Reading is free on a loopback address, for requests that name this machine (a page of elsewhere
/// whose name was made to point here does not), and needs a token beyond it. Writing always needs
/// one: a bearer token, or a session whose form key comes with the form and whose request comes
/// from a page of this console.
struct Gate: Sendable {
  let isLoopback: Bool
  let sessions: Sessions

  /// Who asks; a bearer token that is unknown is a problem, an unknown session is nobody.
  func visitor(_ headers: HTTPFields, now: WallTime) throws -> Visitor {
    if let header = headers[.authorization] {
      guard header.lowercased().hasPrefix("bearer "),
        let token = try sessions.token(secret: header.dropFirst(7).trimming(" "), now: now)
      else {
        throw Problem(
          .unauthorized, "the bearer token is not known here",
          whatToDo: "Send a token of the pipeline file's console", kind: .tokenUnknown,
          headers: [.wwwAuthenticate: "Bearer"])
      }
      return Visitor(name: token.name, rights: token.rights, formKey: nil)
    }
    if let id = Self.cookies(headers)[Sessions.cookie],
      let session = sessions.session(id, now: now)
    {
      return Visitor(
        name: session.token.name, rights: session.token.rights, formKey: session.formKey)
    }
    return Visitor(name: nil, rights: isLoopback ? .read : [], formKey: nil)
  }

  /// Throws unless the request names this server as its reader would.
  func checkHost(_ authority: String?) throws {
    guard isLoopback else { return }
    let named = authority.flatMap { $0.isEmpty || $0.hasPrefix(":") ? nil : $0 }
    let name = named.flatMap { text in
      ConsoleAddress(text.contains(":") && !text.hasSuffix("]") ? text : text + ":80")
    }
    guard let name, name.isLoopback else {
      throw Problem(
        .misdirectedRequest,
        "this console is for this machine alone, and was asked for by "
          + "another name", whatToDo: "Open it as http://127.0.0.1 or http://localhost",
        kind: .foreignName)
    }
  }

  /// Throws unless `visitor` may use `endpoint`.
  func check(
    _ visitor: Visitor, _ endpoint: Endpoint, _ headers: HTTPFields, authority: String?,
    formKey: String?
  ) throws {
    switch endpoint.access {
    case .open:
      if endpoint.method != .get { try Self.checkSite(headers, authority: authority) }
    case .read:
      guard visitor.rights.contains(.read) else { throw Self.unknown }
    case .write:
      guard visitor.name != nil else { throw Self.unknown }
      guard visitor.mayWrite else {
        throw Problem(
          .forbidden, "this token may not change things",
          whatToDo: "Use one that has `write: true` in the pipeline file's console",
          kind: .mayNotWrite)
      }
      // Bearer tokens are never sent by a browser of its own accord; cookies are.
      if let key = visitor.formKey {
        try Self.checkSite(headers, authority: authority)
        guard let formKey, TokenBook.areEqual(Array(formKey.utf8), Array(key.utf8)) else {
          throw Problem(
            .forbidden, "the form is not one of this session",
            whatToDo: "Load the page again and send it once more", kind: .foreignForm)
        }
      }
    }
  }

  /// Throws when a browser says that another site's page sends this.
  static func checkSite(_ headers: HTTPFields, authority: String?) throws {
    let site = HTTPField.Name("Sec-Fetch-Site").flatMap { headers[$0] }
    let origin = headers[.origin]
    let isOwn = origin.map { $0.hasSuffix("://" + (authority ?? "")) } ?? true
    guard site.map({ $0 == "same-origin" || $0 == "none" }) ?? true, isOwn else {
      throw Problem(
        .forbidden, "another site's page sent this", whatToDo: "Use the console's own pages",
        kind: .foreignSite)
    }
  }

  private static let unknown = Problem(
    .unauthorized, "this needs a token",
    whatToDo: "Sign in, or send it as Authorization: Bearer TOKEN", kind: .tokenNeeded,
    headers: [.wwwAuthenticate: "Bearer"])

  /// Cookies by name.
  static func cookies(_ headers: HTTPFields) -> [String: String] {
    var found: [String: String] = [:]
    for header in headers[values: .cookie] {
      for part in header.split(separator: ";").prefix(64) {
        let pair = part.split(separator: "=", maxSplits: 1)
        if pair.count == 2 { found[pair[0].trimming(" ")] = pair[1].trimming(" ") }
      }
    }
    return found
  }
}
