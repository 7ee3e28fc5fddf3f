import StreamCore

/// Where the fields of one source are, before it is known which of them the plan needs.
struct FieldMap {
  /// By the file's names: `name user time id record_time` and own ones.
  var bindings: [String: FieldBinding] = [:]
  /// Where each was given, legal or not; none for those of the preset alone.
  var nodes: [String: ConfigNode] = [:]
  var timeFormat = TimeFormat.automatic
  /// Zone of the time field, where that has one of its own.
  var timeZone: (text: String, written: String, position: Position)?
  /// Names of the record headers that bindings index.
  var headers: [String] = []

  /// The event's own fields, in order of their slots.
  static let own = ["name", "user", "time", "id", "record_time"]
}

/// Reads `fields`.
struct FieldReader {
  let faults: FaultCollector
  private(set) var map = FieldMap()

  init(preset: FormatPreset, faults: FaultCollector) {
    self.faults = faults
    map.bindings = preset.bindings
  }

  /// Adds what `node` says to the preset.
  mutating func read(_ node: ConfigNode) {
    guard let entries = node.entries else {
      if !node.isNull {
        faults.add(
          node.position, "not-a-mapping", "fields is \(node.found), not a mapping",
          hint: "write fields: {name: event, user: user_id, time: timestamp}")
      }
      return
    }
    for entry in entries {
      let name = entry.key
      if !FieldMap.own.contains(name) {
        if name == "event" {
          faults.add(
            entry.keyPosition, "reserved-name", "event is the event's name everywhere",
            hint: "write name: …")
          continue
        }
        OptionReader(faults: faults).checkName(name, .name, at: entry.keyPosition)
      }
      map.nodes[name] = entry.value
      if let binding = binding(entry.value, of: name) { map.bindings[name] = binding }
    }
  }

  private mutating func binding(_ node: ConfigNode, of name: String) -> FieldBinding? {
    switch node.content {
    case .scalar(let scalar):
      if scalar.isNull {
        illegal(node, name)
        return nil
      }
      if scalar.isUnresolved { return .paths([["unresolved"]]) }
      if scalar.text.hasPrefix("$") { return recordPart(scalar, node, name) }
      return path(scalar, node).map { .paths([$0]) }
    case .sequence(let items):
      return paths(items, node, name)
    case .mapping(let entries):
      return structured(entries, node, name)
    }
  }

  private func path(_ scalar: ConfigNode.Scalar, _ node: ConfigNode) -> [String]? {
    if scalar.isUnresolved { return ["unresolved"] }
    if JSONPath.isLegal(scalar.text) { return JSONPath.steps(of: scalar.text) }
    faults.add(
      node.position, "bad-path", "\(node.found) is no path",
      hint: "write names with dots between them, at most \(JSONPath.stepsMax): properties.total")
    return nil
  }

  private func paths(_ items: [ConfigNode], _ node: ConfigNode, _ name: String) -> FieldBinding? {
    var paths: [[String]] = []
    for item in items {
      guard let scalar = item.scalar, !scalar.isNull, !scalar.text.hasPrefix("$") else {
        faults.add(
          item.position, "bad-path",
          "\(name) has \(item.found) in its list; a list holds paths only")
        continue
      }
      if let path = path(scalar, item) { paths.append(path) }
    }
    if items.isEmpty { illegal(node, name) }
    return paths.isEmpty ? nil : .paths(paths)
  }

  private mutating func recordPart(
    _ scalar: ConfigNode.Scalar, _ node: ConfigNode, _ name: String
  ) -> FieldBinding? {
    switch scalar.text {
    case "$key": return .recordKey
    case "$timestamp": return .recordTimestamp
    case "$topic": return .recordTopic
    default: break
    }
    let prefix = "$headers."
    if scalar.text.hasPrefix(prefix), scalar.text.utf8.count > prefix.utf8.count {
      let header = String(scalar.text.dropFirst(prefix.count))
      let index = map.headers.firstIndex(of: header) ?? map.headers.count
      if index == map.headers.count { map.headers.append(header) }
      return .recordHeader(index)
    }
    faults.add(
      node.position, "unknown-record-part", "\(node.found) is no part of a record",
      hint: NearestName.hint(scalar.written, in: ["$key", "$timestamp", "$topic"])
        ?? "use $key, $timestamp, $topic or $headers.NAME")
    return nil
  }

  /// `{const: x}`, or `{path: …, format: …, zone: …}` of the time.
  private mutating func structured(
    _ entries: [ConfigNode.Entry], _ node: ConfigNode, _ name: String
  ) -> FieldBinding? {
    if let constant = node["const"], entries.count == 1 {
      guard let scalar = constant.scalar, let value = Self.constant(scalar) else {
        faults.add(constant.position, "bad-constant", "const is \(constant.found), not a value")
        return nil
      }
      return .constant(value)
    }
    guard let path = node["path"] else {
      illegal(node, name)
      return nil
    }
    for entry in entries where entry.key != "path" {
      guard name == "time", entry.key == "format" || entry.key == "zone" else {
        faults.add(
          entry.keyPosition, "unknown-option", "\(name) has no option \(entry.key)",
          hint: name == "time" ? "options: path, format, zone" : "only time has a format and a zone"
        )
        continue
      }
      guard let scalar = entry.value.scalar, !scalar.isNull else {
        faults.add(entry.value.position, "bad-value", "\(entry.key) is \(entry.value.found)")
        continue
      }
      if entry.key == "format" { format(scalar, entry.value) }
      if entry.key == "zone" { map.timeZone = (scalar.text, scalar.written, entry.value.position) }
    }
    if path.entries != nil {
      illegal(node, name)
      return nil
    }
    return binding(path, of: name)
  }

  private mutating func format(_ scalar: ConfigNode.Scalar, _ node: ConfigNode) {
    if scalar.isUnresolved { return }
    do throws(TimePatternError) {
      guard try TimePattern(scalar.text).hasFullDate else {
        faults.add(
          node.position, "bad-time-format", "\(node.found) has no full date",
          hint: "year (yyyy), month (MM) and day (dd) have to be in it")
        return
      }
    } catch {
      faults.add(
        node.position, "bad-time-format", "\(node.found) is no format of a time",
        hint: error.fact)
      return
    }
    map.timeFormat = .pattern(scalar.text)
  }

  /// A constant, by YAML's rules for what a plain text is.
  private static func constant(_ scalar: ConfigNode.Scalar) -> FieldBinding.Constant? {
    if scalar.isNull { return nil }
    if scalar.style == .plain {
      if scalar.text == "true" { return .bool(true) }
      if scalar.text == "false" { return .bool(false) }
      if let int = Int64(scalar.text) { return .int(int) }
      if JSONText.isNumber(scalar.text), let double = Double(scalar.text) { return .double(double) }
    }
    return .string(scalar.text)
  }

  private func illegal(_ node: ConfigNode, _ name: String) {
    faults.add(
      node.position, "bad-field", "\(name) is \(node.found), which does not say where it is",
      hint: "write a path, a list of paths, {const: VALUE}, or a part of the record as $key")
  }
}
