import StreamCore

/// Reads `tests`.
struct TestBuilder {
  let faults: FaultCollector
  let zone: Zone
  /// Names of sources, sorted.
  let sources: [String]
  /// Stages that expectations may name.
  let known: KnownStages

  func build(_ tests: [Settings]) -> [PipelineTest] {
    var names: Set<String> = []
    return tests.map { settings in
      let name = settings[TestOptions.name] ?? ""
      if !name.isEmpty, !names.insert(name).inserted {
        faults.add(
          settings.position(of: TestOptions.name), "duplicate-test",
          "two tests are named \(settings.found(TestOptions.name))", hint: "name one otherwise")
      }
      let expect = settings[TestOptions.expect]
      if !settings.gives(TestOptions.expect) {
        faults.add(
          settings.position, "missing-option", "the test expects nothing",
          hint: "for example expect: {fates: {applied: 1}}")
      }
      let builder = ExpectationBuilder(faults: faults, zone: zone, known: known)
      var test = PipelineTest(
        name: name, events: [], source: source(settings),
        expected: expect.map(builder.build) ?? ExpectedResults(), line: settings.position.line)
      addEvents(settings, to: &test)
      test.thresholds = thresholds(settings)
      return test
    }
  }

  private func source(_ settings: Settings) -> String {
    guard let name = settings[TestOptions.source] else { return sources.first ?? "" }
    if !sources.contains(name) {
      faults.add(
        settings.position(of: TestOptions.source), "unknown-source",
        "there is no source \(settings.found(TestOptions.source))",
        hint: NearestName.hint(settings.written(TestOptions.source), in: sources)
          ?? "sources: \(sources.joined(separator: ", "))")
    }
    return name
  }

  private func thresholds(_ settings: Settings) -> [PipelineTest.ThresholdValue] {
    guard let node = settings[TestOptions.thresholds], !node.isNull else { return [] }
    guard let entries = node.entries else {
      faults.add(
        node.position, "not-a-mapping", "thresholds is \(node.found), not a mapping",
        hint: "for example thresholds: {payment_trouble.above: 0.5}")
      return []
    }
    return entries.compactMap { entry in
      let parts = entry.key.split(separator: ".", maxSplits: 1).map(String.init)
      let rule = parts.first ?? ""
      let name = parts.count > 1 ? parts[1] : ""
      guard known.has(.alert, rule) || known.has(.risk, rule) else {
        let rules = known.names(.alert) + known.names(.risk)
        faults.add(
          entry.keyPosition, "unknown-rule",
          "there is no alert or risk `\(ConfigNode.shortened(rule))`",
          hint: NearestName.hint(rule, in: rules) ?? "write RULE.NAME")
        return nil
      }
      // Of a faulty rule nothing is known.
      guard let own = known.thresholds[rule] else { return nil }
      guard let plan = own.first(where: { $0.name == name }) else {
        let names = own.map(\.name)
        faults.add(
          entry.keyPosition, "unknown-threshold",
          "\(rule) has no threshold `\(ConfigNode.shortened(name))`",
          hint: NearestName.hint(name, in: names)
            ?? (names.isEmpty ? "it has none" : "it has \(names.joined(separator: ", "))"))
        return nil
      }
      if entry.value.scalar?.isUnresolved ?? false { return nil }
      guard let value = entry.value.scalar.flatMap({ Double($0.text) }), value.isFinite,
        value >= plan.min ?? value, value <= plan.max ?? value
      else {
        faults.add(
          entry.value.position, "bad-value",
          "\(entry.key) is \(entry.value.found); it has to be a number"
            + (plan.min.map { ", at least \($0)" } ?? "")
            + (plan.max.map { ", at most \($0)" } ?? ""))
        return nil
      }
      return .init(rule: rule, name: name, value: value)
    }.sorted { ($0.rule, $0.name) < ($1.rule, $1.name) }
  }

  private func addEvents(_ settings: Settings, to test: inout PipelineTest) {
    guard let node = settings[TestOptions.events] else { return }
    guard let entries = node.entries else {
      test.events = events(node)
      return
    }
    if settings.gives(TestOptions.source) {
      faults.add(
        settings.position(of: TestOptions.source), "source-of-sources",
        "events says of each source what comes from it, and source says so, too",
        hint: "remove source")
    }
    for (index, entry) in entries.enumerated() {
      guard sources.contains(entry.key) else {
        faults.add(
          entry.keyPosition, "unknown-source",
          "there is no source `\(ConfigNode.shortened(entry.key))`",
          hint: NearestName.hint(entry.key, in: sources)
            ?? "sources: \(sources.joined(separator: ", "))")
        continue
      }
      if index == 0 {
        test.source = entry.key
        test.events = events(entry.value)
      } else {
        test.otherEvents[entry.key] = events(entry.value)
      }
    }
  }

  private func events(_ node: ConfigNode) -> [String] {
    guard let items = node.items else {
      faults.add(
        node.position, "not-a-list", "events is \(node.found), not a list",
        hint: "write each event as - {timestamp: …, event: …}")
      return []
    }
    return items.compactMap { item in
      switch item.content {
      case .mapping: return JSONText.of(item)
      case .scalar(let scalar): return scalar.isNull ? "" : scalar.text
      case .sequence:
        faults.add(item.position, "bad-value", "an event is a list, not a mapping or a text")
        return nil
      }
    }
  }
}
