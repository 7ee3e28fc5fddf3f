import Digests
import Foundation

/// What proves to a destination that a message is ours.
///
/// A receiver of a `webhook` verifies it so: take the bytes of the body as they came and the text
/// of the header `X-Weir-Timestamp` (seconds since the epoch); compute HMAC-SHA256 over timestamp +
/// `.` + body with the shared secret; compare, in constant time, `sha256=` and its lower-case
/// hexadecimal digits with the header `X-Weir-Signature`; refuse timestamps that are more than a
/// few minutes off. Each attempt is signed anew, the body stays the same.
public enum Signing {
  /// The value of `X-Weir-Signature`.
  public static func webhook(payload: String, timestamp: String, secret: String) -> String {
    let message = Array((timestamp + "." + payload).utf8)
    return "sha256=" + Hex.text(SHA256Digest.authentication(of: message, key: secret.utf8))
  }

  /// DingTalk: of timestamp (milliseconds), line feed and secret, keyed with the secret; Base64.
  static func dingtalk(timestampMs: Int64, secret: String) -> String {
    let text = "\(timestampMs)\n\(secret)"
    return base64(SHA256Digest.authentication(of: text.utf8, key: secret.utf8))
  }

  /// Feishu: of nothing, keyed with timestamp (seconds), line feed and secret; Base64.
  static func feishu(timestamp: Int64, secret: String) -> String {
    let key = "\(timestamp)\n\(secret)"
    return base64(SHA256Digest.authentication(of: [UInt8](), key: key.utf8))
  }

  private static func base64(_ bytes: [UInt8]) -> String { Data(bytes).base64EncodedString() }
}
