import StreamCore

/// The part of a pipeline file that decides results, as one line of YAML that can be read again:
/// variables replaced, without brokers, credentials, sinks, storage and tests.
enum DefinitionDocument {
  /// Keys of the file that decide no result, or may hold secrets.
  private static let left: Set<String> = [
    "notify", "notify_within", "console", "health", "tests", "upgrade", "pseudonymize",
    "snapshot_every", "state_every", "provisional_every", "keep", "max_wal", "archive", "backup",
  ]

  /// The document of a file's tree.
  static func text(of root: ConfigNode, _ pseudonyms: PseudonymPlan?) -> String {
    guard let entries = root.entries else { return "{}" }
    var kept: [ConfigNode.Entry] = []
    for entry in entries where !left.contains(entry.key) {
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
    var text = ""
    write(ConfigNode(position: root.position, content: .mapping(kept)), into: &text)
    return text
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

  private static func write(_ node: ConfigNode, into text: inout String) {
    switch node.content {
    case .scalar(let scalar): text += Self.text(of: scalar)
    case .sequence(let items):
      text += "["
      for (at, item) in items.enumerated() {
        if at > 0 { text += ", " }
        write(item, into: &text)
      }
      text += "]"
    case .mapping(let entries):
      text += "{"
      for (at, entry) in entries.enumerated() {
        if at > 0 { text += ", " }
        text += quoted(entry.key) + ": "
        write(entry.value, into: &text)
      }
      text += "}"
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
