import Digests
import HTTPTypes

/// What an endpoint says.
struct Answer: Sendable {
  var status: HTTPResponse.Status = .ok
  var contentType: String
  var body: [UInt8]
  /// Further header fields.
  var headers: HTTPFields = [:]

  init(
    status: HTTPResponse.Status = .ok, contentType: String, body: [UInt8], headers: HTTPFields = [:]
  ) {
    self.status = status
    self.contentType = contentType
    self.body = body
    self.headers = headers
  }

  /// A page, or a part of one.
  static func html(_ html: HTML, status: HTTPResponse.Status = .ok) -> Answer {
    Answer(status: status, contentType: "text/html; charset=utf-8", body: Array(html.text.utf8))
  }

  /// A document of JSON.
  static func json(_ json: JSON, status: HTTPResponse.Status = .ok) -> Answer {
    Answer(
      status: status, contentType: "application/json; charset=utf-8", body: Array(json.text.utf8))
  }

  /// Text of another kind.
  static func text(_ text: String, contentType: String = "text/plain; charset=utf-8") -> Answer {
    Answer(contentType: contentType, body: Array(text.utf8))
  }

  /// To be fetched from elsewhere, with GET: what forms end with.
  static func seeOther(_ path: String) -> Answer {
    Answer(
      status: .seeOther, contentType: "text/plain; charset=utf-8", body: [],
      headers: [.location: path])
  }

  /// Names the content: equal for equal bodies.
  var entityTag: String {
    "\"\(Hex.text(SHA256Digest.of(body).prefix(12)))\""
  }
}
