import StreamCore

// Expected rows of what rules found.

extension ExpectationBuilder {
  /// Reads `alerts`, `alert_transitions` and `findings`.
  func rules(_ settings: Settings, _ expected: inout ExpectedResults) {
    if settings.gives(ExpectOptions.alerts) {
      expected.alerts = (settings[ExpectOptions.alerts] ?? []).map(alert)
    }
    if settings.gives(ExpectOptions.transitions) {
      expected.transitions = (settings[ExpectOptions.transitions] ?? []).map(transition)
    }
    if settings.gives(ExpectOptions.findings) {
      expected.findings = (settings[ExpectOptions.findings] ?? []).map(finding)
    }
  }

  private func alert(_ settings: Settings) -> ExpectedAlert {
    typealias Options = ExpectedAlertOptions
    let name = stage(settings, Options.rule, .alert)
    var expected = ExpectedAlert(rule: name)
    expected.dimensions = dimensions(settings, .alert, name)
    expected.windowStart = time(settings, Options.window, "window's start")
    expected.isAbsent = settings[Options.state] == "none"
    expected.state = settings[Options.state].flatMap(AlertState.init)
    expected.opened = instant(settings, Options.opened)
    expected.resolved = instant(settings, Options.resolved)
    expected.value = number(settings, Options.value)
    expected.tolerance = settings[ExpectedRowOptions.tolerance] ?? expected.tolerance
    expected.status = status(settings)
    return expected
  }

  private func transition(_ settings: Settings) -> ExpectedTransition {
    typealias Options = ExpectedTransitionOptions
    let name = stage(settings, ExpectedAlertOptions.rule, .alert)
    var expected = ExpectedTransition(rule: name)
    expected.dimensions = dimensions(settings, .alert, name)
    expected.windowStart = time(settings, Options.window, "window's start")
    expected.from = settings[Options.from].flatMap(AlertState.init)
    if let node = settings[Options.to] {
      if let items = node.items {
        checkAlone(settings, node, [Options.window.spec, Options.from.spec, Options.value.spec])
        expected.all = items.compactMap(state)
      } else {
        expected.to = state(node)
      }
    }
    expected.value = number(settings, Options.value)
    expected.tolerance = settings[ExpectedRowOptions.tolerance] ?? expected.tolerance
    expected.status = status(settings)
    return expected
  }

  private func finding(_ settings: Settings) -> ExpectedFinding {
    typealias Options = ExpectedFindingOptions
    var expected = ExpectedFinding(rule: stage(settings, Options.rule, .risk))
    expected.entity = settings[Options.entity]
    expected.opened = instant(settings, Options.opened)
    expected.closed = instant(settings, Options.closed)
    expected.status = settings[Options.status].flatMap(FindingStatus.init)
    return expected
  }

  /// An instant, or `none`.
  private func instant(_ settings: Settings, _ option: Option<String>) -> ExpectedTime {
    if settings[option] == "none" { return .none }
    return time(settings, option, "time").map { .at($0) } ?? .any
  }

  private func state(_ node: ConfigNode) -> AlertState? {
    if node.scalar?.isUnresolved ?? false { return nil }
    if let state = node.scalar.flatMap({ AlertState(rawValue: $0.text) }) { return state }
    let states = AlertState.allCases.map(\.rawValue)
    faults.add(
      node.position, "bad-value",
      "to is \(node.found); it has to be \(states.joined(separator: ", ")), or a list of them",
      hint: NearestName.hint(node.scalar?.written ?? "", in: states))
    return nil
  }
}
