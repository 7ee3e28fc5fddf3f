import Foundation
import StreamCore

/// One HTTP request, ready to be sent.
struct DeliveryRequest: Sendable {
  var url: URL
  var headers: [(name: String, value: String)]
  var body: String

  /// The host, which is all that errors may say of the address.
  var host: String { url.host ?? "?" }

  /// Signs and addresses `message`; nil when the target is no address of HTTP.
  static func make(
    _ message: PendingMessage, to destination: Destination, at wall: WallTime
  ) -> DeliveryRequest? {
    guard var parts = URLComponents(string: destination.target),
      let scheme = parts.scheme?.lowercased(), scheme == "http" || scheme == "https",
      let host = parts.host, !host.isEmpty
    else { return nil }
    var headers = [
      ("Content-Type", "application/json; charset=utf-8"), ("User-Agent", "weir"),
    ]
    if let user = parts.user {
      let pair = Data("\(user):\(parts.password ?? "")".utf8)
      headers.append(("Authorization", "Basic " + pair.base64EncodedString()))
    }
    parts.user = nil
    parts.password = nil
    parts.fragment = nil
    var body = message.payload
    switch destination.kind {
    case .webhook:
      headers.append(("Idempotency-Key", message.messageID))
      if let secret = destination.secret {
        let timestamp = String(wall.ms / 1000)
        headers.append(("X-Weir-Timestamp", timestamp))
        headers.append(
          (
            "X-Weir-Signature",
            Signing.webhook(payload: body, timestamp: timestamp, secret: secret)
          ))
      }
    case .alertmanager:
      headers.append(("Idempotency-Key", message.messageID))
      parts.percentEncodedPath = alertsPath(parts.percentEncodedPath)
    case .dingtalk:
      if let secret = destination.secret { sign(&parts, secret: secret, at: wall) }
    case .feishu:
      if let secret = destination.secret { sign(&body, secret: secret, at: wall) }
    case .wecom, .slack, .log, .kafka: break
    }
    guard let url = parts.url else { return nil }
    return DeliveryRequest(url: url, headers: headers, body: body)
  }

  /// The path of Alertmanager's API behind that of its server.
  private static func alertsPath(_ path: String) -> String {
    let api = "/api/v2/alerts"
    var base = path
    while base.hasSuffix("/") { base.removeLast() }
    return base.hasSuffix(api) ? base : base + api
  }

  private static func sign(_ parts: inout URLComponents, secret: String, at wall: WallTime) {
    let sign = Signing.dingtalk(timestampMs: wall.ms, secret: secret)
    // Base64 has `+`, `/` and `=`, all of which mean something in a query.
    let letters = CharacterSet(
      charactersIn: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")
    let encoded = sign.addingPercentEncoding(withAllowedCharacters: letters) ?? ""
    let signature = "timestamp=\(wall.ms)&sign=\(encoded)"
    let query = parts.percentEncodedQuery ?? ""
    parts.percentEncodedQuery = query.isEmpty ? signature : query + "&" + signature
  }

  /// Puts the signature before the first member of the body, which is an object with members.
  private static func sign(_ body: inout String, secret: String, at wall: WallTime) {
    guard body.hasPrefix("{\"") else { return }
    let timestamp = wall.ms / 1000
    let sign = Signing.feishu(timestamp: timestamp, secret: secret)
    body = "{\"timestamp\":\"\(timestamp)\",\"sign\":\"\(sign)\"," + body.dropFirst()
  }
}
