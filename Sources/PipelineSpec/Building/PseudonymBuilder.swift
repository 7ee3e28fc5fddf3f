import StreamCore

/// Reads `pseudonymize`.
struct PseudonymBuilder {
  let faults: FaultCollector
  let variables: Variables

  /// Where the key is when the file does not say.
  private static let defaultKey = "${WEIR_PSEUDONYM_KEY}"
  /// Fields that every event's fate and time come from.
  private static let refused: [String: Int] = [
    "event": Slot.name, "name": Slot.name, "time": Slot.time, "record_time": Slot.recordTime,
  ]

  /// The plan; nil without the option, or when it is faulty.
  func build(_ node: ConfigNode?, _ plan: PipelinePlan, _ sources: [SourceDraft]) -> PseudonymPlan?
  {
    guard let node, !node.isNull else { return nil }
    let fields = node.items == nil ? node["fields"] : node
    for entry in node.entries ?? [] where !["fields", "key", "fingerprint"].contains(entry.key) {
      let hint = NearestName.of(entry.key, in: ["fields", "key"]).map { "did you mean \($0)?" }
      faults.add(
        entry.keyPosition, "unknown-option",
        "pseudonymize has no \(ConfigNode.shortened(entry.key))",
        hint: hint ?? "it has fields and key")
    }
    guard let items = fields?.items, !items.isEmpty else {
      faults.add(
        node.position, "not-a-list", "pseudonymize is \(node.found), which lists no fields",
        hint: "for example pseudonymize: [user, properties.phone]")
      return nil
    }
    var names: [String] = []
    for item in items {
      guard let name = item.scalar?.text, !name.isEmpty else {
        faults.add(item.position, "bad-field", "\(item.found) is no field")
        continue
      }
      if Self.refused[name] != nil {
        faults.add(
          item.position, "bad-field", "\(name) cannot be a pseudonym",
          hint: "what decides an event's fate stays as it is")
        continue
      }
      if !names.contains(name) { names.append(name) }
    }
    names.sort()
    var result = PseudonymPlan(names: names, slots: [], paths: [], key: nil, fingerprint: nil)
    place(&result, plan, sources, node.position)
    if let stored = node["fingerprint"]?.scalar?.text {
      result.fingerprint = stored
    } else {
      result.key = key(node)
      result.fingerprint = result.key?.fingerprint
    }
    return result
  }

  /// The key; nil where it is not known, which is a fault unless the file is only checked.
  private func key(_ node: ConfigNode) -> PseudonymKey? {
    var secret: String?
    let given = node["key"]
    let position = given?.position ?? node.position
    if let scalar = given?.scalar {
      secret = scalar.isUnresolved ? nil : scalar.text
    } else {
      switch variables.replace(in: Self.defaultKey) {
      case .text(let text): secret = text
      case .unresolved: break
      case .fault(let code, let message, _):
        faults.add(
          position, code, message + ", the key of pseudonymize",
          hint: "set it, for example to what `openssl rand -hex 32` prints, or write key")
      }
    }
    guard let secret else { return nil }
    guard secret.count >= PseudonymKey.charactersMin else {
      faults.add(
        position, "short-key",
        "the key of pseudonymize has \(secret.count) characters, fewer than "
          + "\(PseudonymKey.charactersMin): it can be guessed",
        hint: "make one with `openssl rand -hex 32`")
      return nil
    }
    return PseudonymKey(secret: secret)
  }

  // MARK: - Places

  /// Finds the slots that read what is named, and the paths of payloads that hold it.
  private func place(
    _ result: inout PseudonymPlan, _ plan: PipelinePlan, _ sources: [SourceDraft],
    _ position: Position
  ) {
    var slots: Set<Int> = []
    for (draft, source) in zip(sources, plan.sources) {
      let secret = result.names.map { draft.binding(of: $0) }
      let paths = secret.flatMap(Self.paths)
      for (slot, binding) in source.fields.enumerated() {
        if secret.contains(where: { Self.meets($0, binding) }) {
          guard !Self.refused.values.contains(slot) else {
            faults.add(
              position, "bad-field",
              "\(plan.fields[slot]) reads the same part of an event as a pseudonym",
              hint: "what decides an event's fate stays as it is")
            continue
          }
          slots.insert(slot)
          continue
        }
        for own in Self.paths(binding) {
          guard let other = paths.first(where: { Self.isWithin($0, own) || Self.isWithin(own, $0) })
          else { continue }
          faults.add(
            position, "pseudonym-overlap",
            "\(PathText.joined(own)) and the pseudonym \(PathText.joined(other)) lie one within "
              + "the other", hint: "read what is needed by its own path, or name both")
        }
      }
      result.paths.append(paths)
    }
    result.slots = slots.sorted()
  }

  private static func paths(_ binding: FieldBinding) -> [[String]] {
    if case .paths(let paths) = binding { paths } else { [] }
  }

  /// Whether two bindings have a part of the event in common.
  private static func meets(_ a: FieldBinding, _ b: FieldBinding) -> Bool {
    switch (a, b) {
    case (.paths(let a), .paths(let b)): a.contains { b.contains($0) }
    case (.recordKey, .recordKey): true
    case (.recordHeader(let a), .recordHeader(let b)): a == b
    default: false
    }
  }

  private static func isWithin(_ inner: [String], _ outer: [String]) -> Bool {
    inner.count > outer.count && inner.starts(with: outer)
  }
}

extension SourceDraft {
  /// Where the source has a field or a path.
  fileprivate func binding(of name: String) -> FieldBinding {
    fields.bindings[name] ?? .paths([JSONPath.steps(of: name)])
  }
}

extension Pipeline {
  /// The pipeline, where the key of its pseudonyms is not known, with the key that `document`, the
  /// `definitionDocument` of another version of it, tells of: what a check without secrets can
  /// compare.
  public func assumingKey(of document: String) -> Pipeline {
    guard let own = plan.pseudonyms, own.fingerprint == nil,
      let other = try? parse(former: document, file: ""),
      let fingerprint = other.plan.pseudonyms?.fingerprint
    else { return self }
    var result = self
    result.plan.pseudonyms?.fingerprint = fingerprint
    result.plan.definition = Definition.text(of: result.plan)
    return result
  }
}
