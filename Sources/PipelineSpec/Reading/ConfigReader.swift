import Yams

/// Turns YAML text into a `ConfigNode`, with every fault of its syntax.
///
/// Limits: `bytesMax` of text, `nodesMax` nodes once aliases stand for what they name, `depthMax`
/// levels. Past one of them the file is refused.
struct ConfigReader {
  static let bytesMax = 1 << 20
  static let nodesMax = 100_000
  static let depthMax = 64
  /// Aliases in a file whose keys are collections: comparing such keys takes time exponential in
  /// the nesting of aliases.
  static let aliasesMaxWithComplexKeys = 30

  private let variables: Variables
  private let faults: FaultCollector
  private var nodes = 0
  private var isOverLimit = false

  private init(variables: Variables, faults: FaultCollector) {
    self.variables = variables
    self.faults = faults
  }

  /// The root of `text`, or nil when a fault says why not.
  static func read(_ text: String, variables: Variables, faults: FaultCollector) -> ConfigNode? {
    guard text.utf8.count <= bytesMax else {
      faults.add(
        .start, "file-too-large",
        "the file has \(text.utf8.count) bytes; a pipeline file has at most \(bytesMax)")
      return nil
    }
    guard !hasRunawayKeys(text) else {
      faults.add(
        .start, "too-many-aliases",
        "keys that are lists or mappings, together with more than \(aliasesMaxWithComplexKeys) "
          + "aliases", hint: "write keys as plain names")
      return nil
    }
    do {
      guard let root = try Yams.compose(yaml: text, .basic) else {
        faults.add(
          .start, "empty-file", "the file is empty", hint: "a pipeline has at least a name")
        return nil
      }
      var reader = ConfigReader(variables: variables, faults: faults)
      return reader.node(root, depth: 0)
    } catch let error as YamlError {
      note(error, text, faults)
    } catch {
      faults.add(.start, "bad-yaml", "the file cannot be read as YAML")
    }
    return nil
  }

  // MARK: - Nodes

  private mutating func node(_ node: Node, depth: Int) -> ConfigNode? {
    let position = node.mark.map { Position(line: $0.line, column: $0.column) } ?? .start
    nodes += 1
    if isOverLimit { return nil }
    if nodes > Self.nodesMax {
      isOverLimit = true
      faults.add(
        position, "too-many-nodes",
        "the file stands for more than \(Self.nodesMax) values once aliases are followed")
      return nil
    }
    if depth > Self.depthMax {
      faults.add(position, "too-deep", "nested more than \(Self.depthMax) levels deep")
      return nil
    }
    switch node {
    case .scalar(let scalar):
      return self.scalar(scalar, at: position)
    case .sequence(let sequence):
      var items: [ConfigNode] = []
      for item in sequence {
        if let item = self.node(item, depth: depth + 1) { items.append(item) }
      }
      return ConfigNode(position: position, content: .sequence(items))
    case .mapping(let mapping):
      let entries = self.entries(mapping, depth: depth)
      return ConfigNode(position: position, content: .mapping(entries))
    case .alias:
      faults.add(position, "bad-yaml", "an alias that names nothing")
      return nil
    }
  }

  private mutating func entries(_ mapping: Node.Mapping, depth: Int) -> [ConfigNode.Entry] {
    var entries: [ConfigNode.Entry] = []
    var places: [String: Position] = [:]
    var merged: [ConfigNode] = []
    for (keyNode, valueNode) in mapping {
      let position =
        keyNode.mark.map { Position(line: $0.line, column: $0.column) } ?? Position.start
      guard case .scalar(let key) = keyNode else {
        faults.add(position, "bad-key", "a key is a list or a mapping; keys are names")
        continue
      }
      guard let value = node(valueNode, depth: depth + 1) else { continue }
      if key.string == "<<", key.style == .plain {
        merged += value.items ?? [value]
      } else if let first = places[key.string] {
        faults.add(
          position, "duplicate-key",
          "\(ConfigNode.shortened(key.string)) is already given in line \(first.line)",
          hint: "keep one of the two")
      } else {
        places[key.string] = position
        entries.append(.init(key: key.string, keyPosition: position, value: value))
      }
    }
    for source in merged {
      guard let inherited = source.entries else {
        faults.add(source.position, "bad-merge", "<< takes a mapping, found \(source.found)")
        continue
      }
      for entry in inherited where places[entry.key] == nil {
        places[entry.key] = entry.keyPosition
        entries.append(entry)
      }
    }
    return entries
  }

  private func scalar(_ scalar: Node.Scalar, at position: Position) -> ConfigNode {
    let style: ConfigNode.Scalar.Style =
      switch scalar.style {
      case .singleQuoted: .singleQuoted
      case .doubleQuoted: .doubleQuoted
      case .literal: .literal
      case .folded: .folded
      case .any, .plain: .plain
      }
    let tag = scalar.tag.description
    if style == .plain, tag.hasPrefix("!"), tag.utf8.count > 1 {
      faults.add(
        position, "yaml-tag", "YAML takes `\(ConfigNode.shortened(tag))` as a tag, not as text",
        hint: "put the whole value in quotes")
    }
    var result = ConfigNode.Scalar(written: scalar.string, text: scalar.string, style: style)
    result.isUnresolved = style == .plain && tag.hasPrefix("!") && tag.utf8.count > 1
    switch variables.replace(in: scalar.string) {
    case .text(let text): result.text = text
    case .unresolved: result.isUnresolved = true
    case .fault(let code, let message, let hint):
      faults.add(position, code, message, hint: hint)
      result.isUnresolved = true
    }
    return ConfigNode(position: position, content: .scalar(result))
  }

  // MARK: - Faults of the syntax

  private static func note(_ error: YamlError, _ text: String, _ faults: FaultCollector) {
    switch error {
    case .scanner(let context, let problem, let mark, _),
      .parser(let context, let problem, let mark, _),
      .composer(let context, let problem, let mark, _):
      let position = Position(line: mark.line, column: mark.column)
      if problem == "but found another document" {
        faults.add(
          position, "bad-yaml", "a second document begins here", hint: "keep one in a file")
        return
      }
      let inside = context.map { " (\($0.text) that begins in line \($0.mark.line))" } ?? ""
      faults.add(position, "bad-yaml", problem + inside, hint: hint(text, position))
    case .reader(let problem, let offset, _, _):
      let before = text.prefix(offset ?? 0)
      let line = before.reduce(1) { $1.isNewline ? $0 + 1 : $0 }
      let column = before.reversed().prefix { !$0.isNewline }.count + 1
      faults.add(
        Position(line: line, column: column), "bad-yaml", problem,
        hint: "remove the control character")
    case .duplicatedKeysInMapping(let keys, let context):
      let first = Position(line: context.mark.line, column: context.mark.column)
      let key = keys.first ?? ""
      let second = secondPlace(of: key, after: first, in: text)
      faults.add(
        second ?? first, "duplicate-key",
        "\(ConfigNode.shortened(key)) is given twice in one mapping"
          + (second == nil ? "" : ", first in line \(first.line)"), hint: "keep one of the two")
    default:
      faults.add(.start, "bad-yaml", "the file cannot be read as YAML")
    }
  }

  private static func hint(_ text: String, _ position: Position) -> String? {
    let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
    guard position.line <= lines.count, position.line > 0 else { return nil }
    let line = lines[position.line - 1]
    if line.contains("\t") { return "indent with blanks, not tabs" }
    let after = line.unicodeScalars.dropFirst(position.column - 1).first
    if after == "&" || after == "*" || after == "!" || after == "%" || after == "@" || after == "`"
    {
      return "put an expression that begins with a sign in quotes"
    }
    return nil
  }

  /// Best effort: the next `key:` in the same column, or later in the same line.
  private static func secondPlace(
    of key: String, after first: Position, in text: String
  ) -> Position? {
    let spellings = [key, "\"\(key)\"", "'\(key)'"].map { Array(($0 + ":").unicodeScalars) }
    let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
    guard !key.isEmpty, first.line > 0, first.line <= lines.count else { return nil }
    func matches(_ scalars: [Unicode.Scalar], _ column: Int) -> Bool {
      guard column >= 0, column < scalars.count else { return false }
      return spellings.contains { scalars[column...].starts(with: $0) }
    }
    let line = Array(lines[first.line - 1].unicodeScalars)
    for column in first.column..<max(first.column + 1, line.count) where matches(line, column) {
      return Position(line: first.line, column: column + 1)
    }
    for number in first.line..<lines.count
    where matches(Array(lines[number].unicodeScalars), first.column - 1) {
      return Position(line: number + 1, column: first.column)
    }
    return nil
  }

  /// Whether the file could make the comparison of keys run away: see `aliasesMaxWithComplexKeys`.
  private static func hasRunawayKeys(_ text: String) -> Bool {
    let bytes = Array(text.utf8)
    var aliases = 0
    var hasComplexKey = false
    for index in bytes.indices {
      let next = index + 1 < bytes.count ? bytes[index + 1] : UInt8(ascii: " ")
      let isBlank = next == 0x20 || next == 0x09 || next == 0x0A || next == 0x0D
      switch bytes[index] {
      case UInt8(ascii: "*") where !isBlank: aliases += 1
      case UInt8(ascii: "?") where isBlank: hasComplexKey = true
      case UInt8(ascii: "]"), UInt8(ascii: "}"):
        var after = index + 1
        while after < bytes.count, bytes[after] == 0x20 || bytes[after] == 0x09 { after += 1 }
        if after < bytes.count, bytes[after] == UInt8(ascii: ":") { hasComplexKey = true }
      default: break
      }
    }
    // An alias that is itself a key (`*a : 1`) is a complex key too.
    return aliases > aliasesMaxWithComplexKeys
      && (hasComplexKey || text.contains(/\*[A-Za-z0-9_-]+\s*:/))
  }
}
