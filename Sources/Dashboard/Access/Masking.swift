import Digests

/// Ids of people for those who may not see them: enough to tell two apart, nothing of who it is.
enum Masking {
  /// Made when the process starts, so that nobody can try out ids against what is shown.
  private static let key = SecretBytes.make(32)

  /// Equal for equal ids, while this process runs.
  static func masked(_ text: String) -> String {
    "•" + Hex.text(SHA256Digest.authentication(of: text.utf8, key: key).prefix(4))
  }
}
