import StreamCore

/// The part of a pipeline file that decides results, as one line of YAML that can be read again:
/// without brokers, credentials, sinks, storage and tests, and with variables replaced but for
/// those that may stand for a secret.
struct DefinitionDocument {
  /// The line.
  private(set) var text = ""
  /// Its texts in which a variable was not replaced.
  private(set) var shown = ShownTexts()

  private let variables: Variables
  /// Where values are that may be secrets.
  private let hidden: Set<Position>

  /// Keys of the file that decide no result, or may hold secrets.
  private static let left: Set<String> = [
    "notify", "notify_within", "console", "health", "tests", "upgrade", "pseudonymize",
    "snapshot_every", "state_every", "provisional_every", "keep", "max_wal", "archive", "backup",
  ]

  /// The document of a file's tree, in which `given` are the values with variables.
  init(
    _ root: ConfigNode, _ pseudonyms: PseudonymPlan?, _ variables: Variables, given: [GivenValue]
  ) {
    self.variables = variables
    hidden = Set(
      given.filter(\.isHidden).map { Position(line: $0.line, column: $0.column) })
    guard let entries = root.entries else {
      text = "{}"
      return
    }
    var kept: [ConfigNode.Entry] = []
    for entry in entries where !Self.left.contains(entry.key) {
      var entry = entry
      switch entry.key {
      case "source": entry.value = entry.value.without(["kafka"])
      case "sources": entry.value = entry.value.mapped { $0.without(["kafka"]) }
      case "alerts", "risks":
        entry.value = entry.value.mapped { $0.without(["notify", "runbook"]) }
      default: break
      }
      kept.append(entry)
    }
    if let pseudonyms {
      kept.append(Self.entry("pseudonymize", of: pseudonyms, root.position))
    }
    write(ConfigNode(position: root.position, content: .mapping(kept)))
  }

  /// The fields, and what tells keys apart in place of the key.
  private static func entry(
    _ name: String, of plan: PseudonymPlan, _ position: Position
  ) -> ConfigNode.Entry {
    func scalar(_ text: String) -> ConfigNode {
      ConfigNode(
        position: position,
        content: .scalar(.init(written: text, text: text, style: .doubleQuoted)))
    }
    func entry(_ key: String, _ value: ConfigNode) -> ConfigNode.Entry {
      ConfigNode.Entry(key: key, keyPosition: position, value: value)
    }
    let fields = ConfigNode(
      position: position, content: .sequence(plan.names.map { scalar($0) }))
    return entry(
      name,
      ConfigNode(
        position: position,
        content: .mapping([
          entry("fields", fields), entry("fingerprint", scalar(plan.fingerprint ?? "?")),
        ])))
  }

  private mutating func write(_ node: ConfigNode) {
    switch node.content {
    case .scalar(let scalar): write(scalar, at: node.position)
    case .sequence(let items):
      text += "["
      for (at, item) in items.enumerated() {
        if at > 0 { text += ", " }
        write(item)
      }
      text += "]"
    case .mapping(let entries):
      text += "{"
      for (at, entry) in entries.enumerated() {
        if at > 0 { text += ", " }
        text += Self.quoted(entry.key) + ": "
        write(entry.value)
      }
      text += "}"
    }
  }

  private mutating func write(_ scalar: ConfigNode.Scalar, at position: Position) {
    let parts =
      hidden.contains(position) && scalar.text != scalar.written
      ? variables.shownParts(of: scalar.written) : []
    let isShown = parts.allSatisfy { if case .plain = $0 { true } else { false } }
    if isShown {
      text += Self.text(of: scalar)
    } else {
      shown.add(scalar.text, parts)
      text += JSONText.quoted(parts.map(\.forFile).joined())
    }
  }

  /// Plain scalars that YAML reads as something else than text stay plain.
  private static func text(of scalar: ConfigNode.Scalar) -> String {
    let isSimple =
      scalar.text.utf8.count <= 40
      && scalar.text.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
          UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"), UInt8(ascii: "."):
          true
        default: false
        }
      }
    if scalar.isNull { return "null" }
    return scalar.style == .plain && isSimple ? scalar.text : quoted(scalar.text)
  }

  private static func quoted(_ text: String) -> String {
    JSONText.quoted(text.replacing("${", with: "$${"))
  }
}

extension ConfigNode {
  /// A mapping without some of its keys.
  fileprivate func without(_ keys: Set<String>) -> ConfigNode {
    guard let entries else { return self }
    return ConfigNode(
      position: position, content: .mapping(entries.filter { !keys.contains($0.key) }))
  }

  /// A mapping with each of its values changed.
  fileprivate func mapped(_ change: (ConfigNode) -> ConfigNode) -> ConfigNode {
    guard let entries else { return self }
    return ConfigNode(
      position: position,
      content: .mapping(
        entries.map { Entry(key: $0.key, keyPosition: $0.keyPosition, value: change($0.value)) }))
  }
}
