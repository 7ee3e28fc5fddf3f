import StreamCore

/// Reads whose a rule is and how people are told.
struct PolicyBuilder {
  let faults: FaultCollector
  /// Names of all destinations, faulty ones too, sorted.
  let destinations: [String]

  /// Labels of one rule.
  static let labelsMax = 64

  /// The policy of the rule `name`.
  func build(_ settings: Settings, of name: String) -> RulePolicy {
    var policy = RulePolicy()
    policy.severity = settings[PolicyOptions.severity] ?? policy.severity
    policy.owner = settings[PolicyOptions.owner]
    policy.runbook = settings[PolicyOptions.runbook]
    policy.summary = settings[PolicyOptions.summary]
    policy.labels = labels(settings[PolicyOptions.labels])
    policy.notify = names(settings[PolicyOptions.notify], "notify")
    if let node = settings[PolicyOptions.repetition] { repetition(node, &policy) }
    if settings.gives(PolicyOptions.escalation), let group = settings[PolicyOptions.escalation] {
      policy.escalateAfterMs = group[EscalationOptions.after]
      policy.escalateTo = names(group[EscalationOptions.to], "to")
      if group.gives(EscalationOptions.to), policy.escalateTo.isEmpty,
        group[EscalationOptions.to]?.items?.isEmpty ?? false
      {
        faults.add(
          group.position(of: EscalationOptions.to), "bad-value", "escalate names nobody",
          hint: "for example to: [boss]")
      }
    }
    if policy.notify.isEmpty {
      for option in [PolicyOptions.repetition.spec, PolicyOptions.escalation.spec]
      where settings.gives(option) && !settings.gives(PolicyOptions.notify) {
        faults.add(
          settings.position, "nobody-notified",
          "\(name) has \(option.name), and nobody is told in the first place",
          hint: "add notify, or remove \(option.name)")
      }
    }
    return policy
  }

  private func labels(_ node: ConfigNode?) -> [String: String] {
    guard let node, !node.isNull else { return [:] }
    guard let entries = node.entries, entries.count <= Self.labelsMax else {
      faults.add(
        node.position, "not-a-mapping",
        "labels is \(node.found); it has to be a mapping of at most \(Self.labelsMax) names to "
          + "texts",
        hint: "for example labels: {team: checkout}")
      return [:]
    }
    var labels: [String: String] = [:]
    for entry in entries {
      OptionReader(faults: faults).checkName(entry.key, .name, at: entry.keyPosition)
      guard let scalar = entry.value.scalar, !scalar.isNull else {
        faults.add(
          entry.value.position, "bad-value",
          "the label \(entry.key) is \(entry.value.found); it has to be a text")
        continue
      }
      labels[entry.key] = scalar.isUnresolved ? "" : scalar.text
    }
    return labels
  }

  /// Names of destinations, each once, in the order of the file.
  private func names(_ node: ConfigNode?, _ option: String) -> [String] {
    guard let node, !node.isNull else { return [] }
    if node.entries != nil {
      faults.add(
        node.position, "not-a-list", "\(option) is a mapping; it has to be a list of destinations",
        hint: "for example \(option): [ops]")
      return []
    }
    var names: [String] = []
    for item in node.items ?? [node] {
      guard let scalar = item.scalar, !scalar.isUnresolved else {
        if item.scalar == nil {
          faults.add(item.position, "bad-value", "\(option) has \(item.found), not a name")
        }
        continue
      }
      guard destinations.contains(scalar.text) else {
        faults.add(
          item.position, "unknown-destination", "there is no destination \(item.found)",
          hint: NearestName.hint(scalar.written, in: destinations)
            ?? (destinations.isEmpty
              ? "the file has no notify" : "there are \(destinations.joined(separator: ", "))"))
        continue
      }
      if !names.contains(scalar.text) { names.append(scalar.text) }
    }
    return names
  }

  private func repetition(_ node: ConfigNode, _ policy: inout RulePolicy) {
    let reader = OptionReader(faults: faults)
    var settings: Settings
    if node.entries != nil {
      settings = reader.read(node, RepeatOptions.all, owner: "repeat")
    } else {
      // A duration alone is the distance.
      let entry = ConfigNode.Entry(key: "every", keyPosition: node.position, value: node)
      settings = reader.read(
        ConfigNode(position: node.position, content: .mapping([entry])), RepeatOptions.all,
        owner: "repeat")
    }
    policy.repeatEveryMs = settings[RepeatOptions.every]
    policy.repeatMax = settings[RepeatOptions.max].map { Int($0) } ?? policy.repeatMax
  }
}
