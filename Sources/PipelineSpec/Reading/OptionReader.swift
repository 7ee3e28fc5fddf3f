import StreamCore

/// Reads a mapping by the options that are declared for it: unknown, missing and illegal ones are
/// faults, the others get their values and defaults.
struct OptionReader {
  let faults: FaultCollector

  /// The options `specs` of the mapping `node`; `owner` names the mapping in messages.
  func read(_ node: ConfigNode, _ specs: [OptionSpec], owner: String) -> Settings {
    var settings = Settings(position: node.position)
    var entries: [ConfigNode.Entry] = []
    if let given = node.entries {
      entries = given
    } else if !node.isNull {
      faults.add(
        node.position, "not-a-mapping", "\(owner) is \(node.found), not a mapping of options",
        hint: "options: \(Self.enumerated(specs))")
      return settings
    }
    for entry in entries where !faults.isFull {
      guard let spec = specs.first(where: { $0.names.contains(entry.key) }) else {
        unknown(entry, specs, owner)
        continue
      }
      if case .unavailable = spec.kind {
        faults.add(
          entry.keyPosition, "not-available",
          "\(entry.key): \(spec.text) not part of this version", hint: "remove \(entry.key)")
        continue
      }
      if case .elsewhere(let place) = spec.kind {
        faults.add(
          entry.keyPosition, "misplaced-option", "\(owner) has no \(entry.key) of its own",
          hint: "write \(entry.key) \(place)")
        continue
      }
      if settings.gives(spec) {
        faults.add(
          entry.keyPosition, "duplicate-key",
          "\(owner) has more than one of \(spec.shownName ?? spec.name)", hint: "keep one")
        continue
      }
      settings.mention(spec)
      if let value = value(of: entry, spec) ?? fallback(spec, at: entry.value.position) {
        settings.set(spec, as: entry.key, to: value, node: entry.value)
      }
    }
    for spec in specs where !entries.contains(where: { spec.names.contains($0.key) }) {
      if spec.isRequired {
        faults.add(
          node.position, "missing-option",
          "\(owner) has no \(spec.name); it has to be \(spec.kind.legal)",
          hint: spec.example.map { "for example \(spec.name): \($0)" })
      }
      if let value = fallback(spec, at: node.position) {
        settings.set(spec, as: spec.name, to: value, node: Self.nothing(at: node.position))
      }
    }
    return settings
  }

  /// What stands where the file says nothing.
  private static func nothing(at position: Position) -> ConfigNode {
    ConfigNode(
      position: position, content: .scalar(.init(written: "", text: "", style: .plain)))
  }

  private static func enumerated(_ specs: [OptionSpec]) -> String {
    specs.filter { !$0.isRefused }
      .map { $0.shownName ?? $0.name }.joined(separator: ", ")
  }

  private func unknown(_ entry: ConfigNode.Entry, _ specs: [OptionSpec], _ owner: String) {
    let names = specs.flatMap(\.names)
    faults.add(
      entry.keyPosition, "unknown-option",
      "\(owner) has no option \(ConfigNode.shortened(entry.key))",
      hint: NearestName.hint(entry.key, in: names) ?? "options: \(Self.enumerated(specs))")
  }

  /// What an option has when the file does not give it, or gives something illegal.
  private func fallback(_ spec: OptionSpec, at position: Position) -> OptionValue? {
    if spec.defaultText == "{}" {
      return .node(ConfigNode(position: position, content: .mapping([])))
    }
    if spec.defaultText == "[]" {
      return .node(ConfigNode(position: position, content: .sequence([])))
    }
    if let text = spec.defaultText {
      let scalar = ConfigNode.Scalar(written: text, text: text, style: .plain)
      let node = ConfigNode(position: position, content: .scalar(scalar))
      return value(
        of: .init(key: spec.name, keyPosition: position, value: node), spec)
    }
    switch spec.kind {
    case .group(let children):
      // Its required options are only required once it is given.
      var settings = Settings(position: position)
      for child in children {
        if let value = fallback(child, at: position) {
          settings.set(child, as: child.name, to: value, node: Self.nothing(at: position))
        }
      }
      return .group(settings)
    case .named: return .named([])
    case .list: return .list([])
    default: return nil
    }
  }

  private func value(of entry: ConfigNode.Entry, _ spec: OptionSpec) -> OptionValue? {
    let node = entry.value
    switch spec.kind {
    case .group(let children):
      return .group(read(node, children, owner: entry.key))
    case .named(let names, let children):
      return named(entry, names, children)
    case .list(let children):
      guard let items = node.items else {
        illegal(entry, spec, "not-a-list")
        return nil
      }
      guard fits(items.count, entry) else { return nil }
      return .list(items.map { read($0, children, owner: "an entry of \(entry.key)") })
    case .custom:
      return .node(node)
    case .unavailable, .elsewhere:
      return nil
    default:
      guard let scalar = node.scalar else {
        illegal(entry, spec, "bad-value")
        return nil
      }
      if scalar.isUnresolved { return placeholder(spec, node) }
      if scalar.isNull {
        illegal(entry, spec, "bad-value")
        return nil
      }
      return self.scalar(entry, scalar, spec)
    }
  }

  private func named(
    _ entry: ConfigNode.Entry, _ names: OptionKind, _ children: [OptionSpec]
  ) -> OptionValue? {
    guard let entries = entry.value.entries else {
      if entry.value.isNull { return .named([]) }
      faults.add(
        entry.value.position, "not-a-mapping",
        "\(entry.key) is \(entry.value.found), not a mapping of names",
        hint: "write \(entry.key): {NAME: {…}}")
      return nil
    }
    guard fits(entries.count, entry) else { return nil }
    return .named(
      entries.map { child in
        checkName(child.key, names, at: child.keyPosition)
        return NamedSettings(
          name: child.key, position: child.keyPosition,
          settings: read(child.value, children, owner: child.key))
      })
  }

  /// Whether an option of `count` entries is within the limit.
  func fits(_ count: Int, _ entry: ConfigNode.Entry) -> Bool {
    if count <= PipelineOptions.namesMax { return true }
    faults.add(
      entry.value.position, "too-many-entries",
      "\(entry.key) has \(count) entries; at most \(PipelineOptions.namesMax) are legal",
      hint: "make several pipelines of it")
    return false
  }

  /// Checks a name that the file gives to something.
  func checkName(_ name: String, _ kind: OptionKind, at position: Position) {
    guard !Self.isLegal(name, kind) else { return }
    faults.add(
      position, "bad-name", "`\(ConfigNode.shortened(name))` is no name",
      hint: "use at most 64 letters (a-z), digits and _\(Self.isLabel(kind) ? ", - and ." : "")"
        + ", not beginning with a digit")
  }

  private static func isLabel(_ kind: OptionKind) -> Bool {
    if case .label = kind { true } else { false }
  }

  private static func isLegal(_ name: String, _ kind: OptionKind) -> Bool {
    guard (1...64).contains(name.utf8.count) else { return false }
    for (index, byte) in name.utf8.enumerated() {
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "_"):
        continue
      case UInt8(ascii: "0")...UInt8(ascii: "9") where index > 0: continue
      case UInt8(ascii: "-") where index > 0 && isLabel(kind): continue
      case UInt8(ascii: ".") where index > 0 && isLabel(kind): continue
      default: return false
      }
    }
    return true
  }

  private func illegal(_ entry: ConfigNode.Entry, _ spec: OptionSpec, _ code: String) {
    faults.add(
      entry.value.position, code,
      "\(entry.key) is \(entry.value.found); it has to be \(spec.kind.legal)",
      hint: (spec.example ?? spec.defaultText).map { "for example \(entry.key): \($0)" })
  }
}

// MARK: - Scalars

extension OptionReader {
  /// What stands for a value that is not known here: the default, or else anything legal.
  private func placeholder(_ spec: OptionSpec, _ node: ConfigNode) -> OptionValue? {
    if let value = fallback(spec, at: node.position) { return value }
    switch spec.kind {
    case .flag, .presence: return .flag(true)
    case .integer(let range), .duration(let range), .size(let range):
      return .integer(range.lowerBound)
    case .decimal(let range): return .decimal(range.lowerBound)
    case .text, .phrase, .name, .label, .choice:
      return spec.isRequired ? .text(node.scalar?.written ?? "") : nil
    case .window: return .window(WindowLength(unit: .day, count: 1, text: "1d"))
    case .expression: return .node(node)
    default: return nil
    }
  }

  private func scalar(
    _ entry: ConfigNode.Entry, _ scalar: ConfigNode.Scalar, _ spec: OptionSpec
  ) -> OptionValue? {
    let text = scalar.text
    switch spec.kind {
    case .flag where text == "true": return .flag(true)
    case .flag where text == "false": return .flag(false)
    case .presence where text == "true": return .flag(true)
    case .integer(let range):
      if let value = Int64(text), range.contains(value) { return .integer(value) }
    case .decimal(let range):
      if let value = Double(text), range.contains(value) { return .decimal(value) }
    case .text where !text.isEmpty: return .text(text)
    case .phrase where !text.isEmpty: return .text(text)
    case .name, .label:
      if Self.isLegal(text, spec.kind) { return .text(text) }
      checkName(scalar.written, spec.kind, at: entry.value.position)
      return nil
    case .choice(let words):
      if words.contains(text) { return .text(text) }
      faults.add(
        entry.value.position, "bad-value",
        "\(entry.key) is \(entry.value.found); it has to be \(spec.kind.legal)",
        hint: NearestName.hint(scalar.written, in: words))
      return nil
    case .expression where !text.isEmpty: return .node(entry.value)
    case .duration(let range): return length(entry, spec, range, Units.duration)
    case .size(let range): return length(entry, spec, range, Units.size)
    case .window:
      do {
        let window = try Units.window(text)
        if window.count > 0 { return .window(window) }
        fault(entry, spec, .malformed)
      } catch {
        fault(entry, spec, error)
      }
      return nil
    default: break
    }
    let inRange: Bool
    switch spec.kind {
    case .integer: inRange = Int64(text) == nil
    case .decimal: inRange = Double(text) == nil
    default: inRange = true
    }
    illegal(entry, spec, inRange ? "bad-value" : "out-of-range")
    return nil
  }

  private func length(
    _ entry: ConfigNode.Entry, _ spec: OptionSpec, _ range: ClosedRange<Int64>,
    _ parse: (String) throws(Units.Failure) -> Int64
  ) -> OptionValue? {
    do {
      let value = try parse(entry.value.scalar?.text ?? "")
      if range.contains(value) { return .integer(value) }
      illegal(entry, spec, "out-of-range")
    } catch {
      fault(entry, spec, error)
    }
    return nil
  }

  private func fault(_ entry: ConfigNode.Entry, _ spec: OptionSpec, _ failure: Units.Failure) {
    let isSize = if case .size = spec.kind { true } else { false }
    let isWindow = if case .window = spec.kind { true } else { false }
    let found = "\(entry.key) is \(entry.value.found)"
    switch failure {
    case .calendarUnit:
      faults.add(
        entry.value.position, "calendar-unit",
        "\(found); months, quarters and years have no fixed length, and only windows follow the "
          + "calendar", hint: "write days or weeks")
    case .tooLarge:
      faults.add(entry.value.position, "out-of-range", "\(found), which is too large")
    case .malformed where isSize:
      faults.add(
        entry.value.position, "bad-size", "\(found), which is no size",
        hint: "write a number and a unit: 64KiB, 512MiB, 1GiB")
    case .malformed:
      faults.add(
        entry.value.position, isWindow ? "bad-window" : "bad-duration",
        "\(found), which is no duration",
        hint: "write a number and a unit: 200ms, 5s, 1m, 2h, 1d, 1w"
          + (isWindow ? ", 1mo, 1q, 1y" : ""))
    }
  }
}
