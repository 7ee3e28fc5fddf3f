import StreamCore

extension NearestName {
  /// `did you mean X?`, when one of `names` is like `name`.
  static func hint(_ name: String, in names: [String]) -> String? {
    of(name, in: names).map { "did you mean \($0)?" }
  }
}
