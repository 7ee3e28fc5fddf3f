/// A node of the file's YAML tree with its place: aliases resolved, `<<` merged, `${…}` replaced.
struct ConfigNode: Sendable {
  var position: Position
  var content: Content

  enum Content: Sendable {
    case scalar(Scalar)
    case mapping([Entry])
    case sequence([ConfigNode])
  }

  /// One key of a mapping. Keys of one mapping are unique.
  struct Entry: Sendable {
    var key: String
    var keyPosition: Position
    var value: ConfigNode
  }

  struct Scalar: Sendable {
    enum Style: Sendable { case plain, singleQuoted, doubleQuoted, literal, folded }

    /// What the file says, with `${…}` in it. Safe to show.
    var written: String
    /// What it stands for. Equal to `written` where nothing was replaced; may be a secret if not.
    var text: String
    var style: Style
    /// A variable in it has no value and none is wanted: whatever it is, it is taken as right.
    var isUnresolved = false

    /// Whether it is YAML's null: nothing, `~` or `null`, not in quotes.
    var isNull: Bool {
      style == .plain
        && (text.isEmpty || text == "~" || text == "null" || text == "Null"
          || text == "NULL")
    }
  }

  var scalar: Scalar? {
    if case .scalar(let scalar) = content { scalar } else { nil }
  }

  var entries: [Entry]? {
    if case .mapping(let entries) = content { entries } else { nil }
  }

  var items: [ConfigNode]? {
    if case .sequence(let items) = content { items } else { nil }
  }

  var isNull: Bool { scalar?.isNull ?? false }

  /// The value of `key`, when this is a mapping that has it.
  subscript(key: String) -> ConfigNode? { entries?.first { $0.key == key }?.value }

  /// What was found, for messages: never what a variable stands for.
  var found: String {
    switch content {
    case .scalar(let scalar) where scalar.isNull: "nothing"
    case .scalar(let scalar): "`\(Self.shortened(Self.withoutSecrets(scalar.written)))`"
    case .mapping: "a mapping"
    case .sequence: "a list"
    }
  }

  /// `text` without what comes after the scheme of a URL in it: paths and parameters of webhooks
  /// are secrets.
  static func withoutSecrets(_ text: String) -> String {
    text.firstRange(of: "://").map { text[..<$0.upperBound] + "…" } ?? text
  }

  /// At most 60 characters of one line of `text`.
  static func shortened(_ text: String) -> String {
    let line = text.split(whereSeparator: \.isNewline).first.map(String.init) ?? ""
    return line.count <= 60 && line.count == text.count ? line : line.prefix(57) + "…"
  }
}
