import StreamCore

/// An option of an alert as it would stand in the pipeline file, to try it without changing the
/// file.
public struct RuleEdit: Sendable, Hashable {
  /// What may be tried this way.
  public enum Option: String, Sendable, CaseIterable {
    /// How long the condition has to hold: a number of windows, or a duration.
    case hold = "for"
    /// The expression that ends an alert.
    case clear
  }

  /// Name of the alert.
  public var rule: String
  /// Which of its options.
  public var option: Option
  /// What stands there, as the file would have it.
  public var text: String

  /// Puts `text` in place of an option of the alert `rule`.
  public init(rule: String, option: Option, text: String) {
    self.rule = rule
    self.option = option
    self.text = text
  }
}

extension ConfigNode {
  /// The tree of a pipeline file with `edits` of its alerts. An edit of an alert that is not there
  /// changes nothing.
  func applying(_ edits: [RuleEdit]) -> ConfigNode {
    edits.reduce(self) { root, edit in
      let scalar = Scalar(written: edit.text, text: edit.text, style: .doubleQuoted)
      return root.replacing(["alerts", edit.rule, edit.option.rawValue][...]) { position in
        ConfigNode(position: position, content: .scalar(scalar))
      }
    }
  }

  /// The tree with another value at a path of keys; only the last one may be missing.
  private func replacing(
    _ path: ArraySlice<String>, by value: (Position) -> ConfigNode
  ) -> ConfigNode {
    guard let key = path.first else { return value(position) }
    guard var entries else { return self }
    let rest = path.dropFirst()
    if let at = entries.firstIndex(where: { $0.key == key }) {
      entries[at].value = entries[at].value.replacing(rest, by: value)
    } else if rest.isEmpty {
      entries.append(Entry(key: key, keyPosition: position, value: value(position)))
    }
    var copy = self
    copy.content = .mapping(entries)
    return copy
  }
}
