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
      return PipelineTest(
        name: name, events: events(settings), source: source(settings),
        expected: expect.map(builder.build) ?? ExpectedResults(), line: settings.position.line)
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

  private func events(_ settings: Settings) -> [String] {
    guard let node = settings[TestOptions.events] else { return [] }
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
