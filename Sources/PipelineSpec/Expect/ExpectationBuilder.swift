import StreamCore

/// Reads `expect`.
struct ExpectationBuilder {
  let faults: FaultCollector
  let zone: Zone
  let known: KnownStages

  func build(_ settings: Settings) -> ExpectedResults {
    var expected = ExpectedResults()
    if settings.gives(ExpectOptions.metrics) {
      expected.metrics = (settings[ExpectOptions.metrics] ?? []).map(metric)
    }
    if settings.gives(ExpectOptions.funnels) {
      expected.funnels = (settings[ExpectOptions.funnels] ?? []).flatMap(funnels)
    }
    if settings.gives(ExpectOptions.retention) {
      expected.retention = (settings[ExpectOptions.retention] ?? []).flatMap(retentions)
    }
    if settings.gives(ExpectOptions.sessions) {
      expected.sessions = (settings[ExpectOptions.sessions] ?? []).map(session)
    }
    if settings.gives(ExpectOptions.kpis) {
      expected.kpis = (settings[ExpectOptions.kpis] ?? []).map(kpi)
    }
    rules(settings, &expected)
    guard let fates = settings[ExpectOptions.fates] else { return expected }
    let options: [(Option<Int64>, ExpectedFate.Fate)] = [
      (FateOptions.read, .read), (FateOptions.rejected, .rejected),
      (FateOptions.filtered, .filtered), (FateOptions.late, .late),
      (FateOptions.duplicate, .duplicate), (FateOptions.applied, .applied),
    ]
    for (option, fate) in options {
      if let count = fates[option] { expected.fates.append(ExpectedFate(fate, count)) }
    }
    return expected
  }

  // MARK: - Rows

  private func metric(_ settings: Settings) -> ExpectedMetric {
    let name = stage(settings, ExpectedMetricOptions.metric, .metric)
    var expected = ExpectedMetric(metric: name)
    expected.windowStart = time(settings, ExpectedMetricOptions.window, "window's start")
    expected.dimensions = dimensions(settings, .metric, name)
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
    expected.tolerance = settings[ExpectedRowOptions.tolerance] ?? expected.tolerance
    expected.samples = settings[ExpectedMetricOptions.samples]
    expected.status = status(settings)
    return expected
  }

  /// One row, or one for each step that `users` lists.
  private func funnels(_ settings: Settings) -> [ExpectedFunnel] {
    let name = stage(settings, ExpectedFunnelOptions.funnel, .funnel)
    var expected = ExpectedFunnel(funnel: name)
    expected.entryDay = day(settings, ExpectedFunnelOptions.entryDay)
    expected.entryStart = time(settings, ExpectedFunnelOptions.entry, "entry window's start")
    expected.dimensions = dimensions(settings, .funnel, name)
    expected.step = step(settings, of: name)
    expected.conversionFromStart = number(settings, ExpectedFunnelOptions.fromStart)
    expected.conversionFromPrevious = number(settings, ExpectedFunnelOptions.fromPrevious)
    expected.p50Ms = number(settings, ExpectedFunnelOptions.p50)
    expected.p90Ms = number(settings, ExpectedFunnelOptions.p90)
    expected.tolerance = settings[ExpectedRowOptions.tolerance] ?? expected.tolerance
    expected.status = status(settings)
    guard let users = settings[ExpectedFunnelOptions.users] else { return [expected] }
    guard let items = users.items else {
      (expected.users, expected.isAbsent) = count(users, "users")
      return [expected]
    }
    let others = [
      ExpectedFunnelOptions.step, ExpectedFunnelOptions.fromStart,
      ExpectedFunnelOptions.fromPrevious, ExpectedFunnelOptions.p50, ExpectedFunnelOptions.p90,
    ]
    checkAlone(settings, users, others.map(\.spec))
    if let steps = known.steps[name], items.count > steps.count {
      faults.add(
        users.position, "too-many-steps",
        "users has \(items.count) numbers, and \(name) has \(steps.count) steps")
    }
    return items.enumerated().map { index, item in
      var row = expected
      row.step = index + 1
      (row.users, row.isAbsent) = count(item, "users")
      return row
    }
  }

  /// One row, or one for each period that `users` or `amount` lists.
  private func retentions(_ settings: Settings) -> [ExpectedRetention] {
    let name = stage(settings, ExpectedRetentionOptions.retention, .retention)
    var expected = ExpectedRetention(retention: name)
    expected.cohort = day(settings, ExpectedRetentionOptions.cohort)
    expected.period = settings[ExpectedRetentionOptions.period].map { Int($0) }
    expected.dimensions = dimensions(settings, .retention, name)
    expected.tolerance = settings[ExpectedRowOptions.tolerance] ?? expected.tolerance
    expected.status = status(settings)
    let users = settings[ExpectedRetentionOptions.users]
    let amount = settings[ExpectedRetentionOptions.amount]
    guard let list = users?.items != nil ? users : amount?.items != nil ? amount : nil else {
      return [cell(expected, users, amount)]
    }
    checkAlone(settings, list, [ExpectedRetentionOptions.period.spec])
    if let users, let amount, users.items?.count != amount.items?.count {
      faults.add(
        amount.position, "uneven-lists",
        "users and amount have to be lists of the same length, one number for each period")
      return []
    }
    return (list.items ?? []).indices.map { period in
      var row = expected
      row.period = period
      return cell(row, users?.items?[period], amount?.items?[period])
    }
  }

  private func cell(
    _ expected: ExpectedRetention, _ users: ConfigNode?, _ amount: ConfigNode?
  ) -> ExpectedRetention {
    var row = expected
    if let users { (row.users, row.isAbsent) = count(users, "users") }
    if let amount { row.amount = number(amount, "amount") }
    return row
  }

  private func session(_ settings: Settings) -> ExpectedSession {
    let name = stage(settings, ExpectedSessionOptions.session, .session)
    var expected = ExpectedSession(session: name)
    expected.day = day(settings, ExpectedSessionOptions.day)
    expected.dimensions = dimensions(settings, .session, name)
    if let sessions = settings[ExpectedSessionOptions.sessions] {
      (expected.sessions, expected.isAbsent) = count(sessions, "sessions")
    }
    expected.users = settings[ExpectedSessionOptions.users]
    expected.events = settings[ExpectedSessionOptions.events]
    expected.bounces = settings[ExpectedSessionOptions.bounces]
    expected.durationMs = settings[ExpectedSessionOptions.duration]
    expected.entryEvents = counts(settings, ExpectedSessionOptions.entryEvents)
    expected.exitEvents = counts(settings, ExpectedSessionOptions.exitEvents)
    expected.status = status(settings)
    return expected
  }

  /// The number of a step that is given by its name or its number.
  private func step(_ settings: Settings, of funnel: String) -> Int? {
    guard let text = settings[ExpectedFunnelOptions.step], let steps = known.steps[funnel] else {
      return nil
    }
    if let number = Int(text), steps.indices.contains(number - 1) { return number }
    let places = steps.indices.filter { steps[$0] == text }
    if places.count == 1 { return places[0] + 1 }
    let numbers = places.map { String($0 + 1) }.joined(separator: " and ")
    let named = steps.enumerated().map { "\($0 + 1) \($1)" }.joined(separator: ", ")
    faults.add(
      settings.position(of: ExpectedFunnelOptions.step),
      places.isEmpty ? "unknown-step" : "ambiguous-step",
      places.isEmpty
        ? "\(funnel) has no step \(settings.found(ExpectedFunnelOptions.step))"
        : "\(settings.found(ExpectedFunnelOptions.step)) is the name of steps \(numbers)",
      hint: places.isEmpty
        ? NearestName.hint(settings.written(ExpectedFunnelOptions.step), in: steps)
          ?? "steps: \(named)" : "write a number")
    return nil
  }

  /// A list says what each row is; no other option may say it, too.
  func checkAlone(_ settings: Settings, _ list: ConfigNode, _ others: [OptionSpec]) {
    for other in others where settings.gives(other) {
      faults.add(
        list.position, "list-of-rows",
        "a list stands for a row each, and \(other.name) is of one row",
        hint: "remove \(other.name), or write a single one in place of the list")
    }
  }
}
