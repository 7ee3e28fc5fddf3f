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
      return PipelineTest(
        name: name, events: events(settings), source: source(settings),
        expected: expect.map(expectedResults) ?? ExpectedResults(), line: settings.position.line)
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

  private func expectedResults(_ settings: Settings) -> ExpectedResults {
    var expectation = ExpectedResults()
    if settings.gives(ExpectOptions.metrics) {
      expectation.metrics = (settings[ExpectOptions.metrics] ?? []).map(metric)
    }
    guard let fates = settings[ExpectOptions.fates] else { return expectation }
    let options: [(Option<Int64>, ExpectedFate.Fate)] = [
      (FateOptions.read, .read), (FateOptions.rejected, .rejected),
      (FateOptions.filtered, .filtered), (FateOptions.late, .late),
      (FateOptions.duplicate, .duplicate), (FateOptions.applied, .applied),
    ]
    for (option, fate) in options {
      if let count = fates[option] { expectation.fates.append(ExpectedFate(fate, count)) }
    }
    return expectation
  }

  private func metric(_ settings: Settings) -> ExpectedMetric {
    let name = settings[ExpectedMetricOptions.metric] ?? ""
    var expected = ExpectedMetric(metric: name)
    if settings.gives(ExpectedMetricOptions.metric), !known.has(.metric, name) {
      faults.add(
        settings.position(of: ExpectedMetricOptions.metric), "unknown-metric",
        "there is no metric \(settings.found(ExpectedMetricOptions.metric))",
        hint: NearestName.hint(
          settings.written(ExpectedMetricOptions.metric), in: known.names(.metric)))
    }
    if let text = settings[ExpectedMetricOptions.window] {
      expected.windowStart = Instants.parse(text, zone: zone)
      if expected.windowStart == nil {
        faults.add(
          settings.position(of: ExpectedMetricOptions.window), "bad-time", "window is no time",
          hint: "write the window's start as 2026-01-01T00:00:00Z, or as a date of the zone")
      }
    }
    if let node = settings[ExpectedMetricOptions.dimensions] {
      expected.dimensions = dimensions(node, of: name)
    }
    if let text = settings[ExpectedMetricOptions.value] {
      if text == "none" {
        expected.value = .none
      } else if let number = Double(text), number.isFinite {
        expected.value = .number(number)
      } else {
        faults.add(
          settings.position(of: ExpectedMetricOptions.value), "bad-value",
          "value is neither a number nor none")
      }
    }
    expected.tolerance = settings[ExpectedMetricOptions.tolerance] ?? expected.tolerance
    expected.samples = settings[ExpectedMetricOptions.samples]
    expected.status = settings[ExpectedMetricOptions.status].flatMap(ResultStatus.init)
    return expected
  }

  private func dimensions(_ node: ConfigNode, of metric: String) -> [String: String] {
    guard let entries = node.entries else {
      if !node.isNull {
        faults.add(node.position, "not-a-mapping", "dimensions is \(node.found), not a mapping")
      }
      return [:]
    }
    var dimensions: [String: String] = [:]
    for entry in entries {
      if let known = known.dimensions(.metric, metric), !known.contains(entry.key) {
        faults.add(
          entry.keyPosition, "unknown-dimension",
          "\(metric) has no dimension \(ConfigNode.shortened(entry.key))",
          hint: NearestName.hint(entry.key, in: known)
            ?? (known.isEmpty ? "it has none" : "it has \(known.joined(separator: ", "))"))
      }
      dimensions[entry.key] = JSONText.of(entry.value)
    }
    return dimensions
  }
}
