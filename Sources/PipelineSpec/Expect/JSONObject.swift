import Foundation

/// JSON objects as text by member, so that members compare whatever way they were written.
enum JSONObject {
  /// Members of the object that `text` holds, each as canonical text; nil when it holds none.
  static func members(of text: String) -> [String: String]? {
    let object = try? JSONSerialization.jsonObject(with: Data(text.utf8))
    return (object as? [String: Any])?.mapValues { self.text(of: $0) }
  }

  /// The canonical text of the JSON value that `text` holds.
  static func canonical(_ text: String) -> String {
    let value = try? JSONSerialization.jsonObject(
      with: Data(text.utf8), options: .fragmentsAllowed)
    return value.map { self.text(of: $0) } ?? text
  }

  private static func text(of value: Any) -> String {
    let data = try? JSONSerialization.data(
      withJSONObject: value, options: [.fragmentsAllowed, .sortedKeys, .withoutEscapingSlashes])
    return data.map { String(decoding: $0, as: UTF8.self) } ?? "null"
  }
}
