import StreamCore

/// Reads KPIs.
struct KPIBuilder {
  /// What calendar periods follow.
  struct Clock {
    var zone: Zone
    var notBefore: EventTime
  }

  let reader: StageReader
  let catalogue: ResultCatalogue
  let stages: Stages
  let clock: Clock
  var faults: FaultCollector { reader.faults }

  struct Draft {
    var entry: NamedSettings
    var period: WindowPlan
    var slice: WindowPlan
    var expression: Expression
    var inputs: [KPIInput]
    var children: [String]
  }

  /// The KPIs of a file, each after those that it reads and its children.
  func build(_ entries: [NamedSettings]) -> [KPIPlan] {
    var periods: [String: WindowPlan?] = [:]
    for entry in entries { periods[entry.name] = .some(period(entry)) }
    var drafts: [String: Draft] = [:]
    for entry in entries.sorted(by: { $0.name < $1.name }) {
      if let draft = draft(entry, periods) { drafts[entry.name] = draft }
    }
    let parents = parents(entries, drafts)
    let needs = drafts.mapValues { draft in
      Set((draft.children + draft.reads).filter { drafts[$0] != nil })
    }
    let (order, circle) = Dependencies.order(needs)
    if let first = circle.first, let draft = drafts[first] {
      faults.add(
        draft.entry.position, "kpi-circle",
        "KPIs need each other in a circle: \((circle + [first]).joined(separator: " → "))",
        hint: "what a KPI reads, and its children, are computed before it")
    }
    let roots = drafts.keys.filter { parents[$0] == nil }.sorted()
    return order.compactMap { name in
      guard let draft = drafts[name] else { return nil }
      let parent = parents[name]
      let siblings = parent.flatMap { drafts[$0]?.children } ?? roots
      return plan(draft, parent: parent, position: siblings.firstIndex(of: name) ?? 0)
    }
  }

  private func plan(_ draft: Draft, parent: String?, position: Int) -> KPIPlan {
    let settings = draft.entry.settings
    let node = KPINode(
      kpi: draft.entry.name, parent: parent, position: position,
      title: settings[KPIOptions.title],
      layer: settings[KPIOptions.layer].flatMap(KPILayer.init) ?? .business,
      period: WindowText.text(draft.period),
      formula: Definition.normalised(draft.expression.text), unit: settings[KPIOptions.unit],
      owner: settings[KPIOptions.owner], target: settings[KPIOptions.target],
      direction: settings[KPIOptions.direction].flatMap(KPIDirection.init) ?? .up)
    return KPIPlan(
      node: node, expression: draft.expression, inputs: draft.inputs, period: draft.period,
      slice: draft.slice, children: draft.children)
  }

  private func draft(_ entry: NamedSettings, _ periods: [String: WindowPlan?]) -> Draft? {
    let settings = entry.settings
    let children = children(entry, periods)
    guard let node = settings[KPIOptions.formula] else { return nil }
    var formula = KPIFormula(
      compiler: reader.compiler, catalogue: catalogue, stages: stages, kpi: entry.name,
      periods: periods)
    let expression = formula.compile(node)
    guard let expression, let period = periods[entry.name] ?? nil, let slice = slice(period)
    else { return nil }
    return Draft(
      entry: entry, period: period, slice: slice, expression: expression,
      inputs: formula.inputs, children: children)
  }

  // MARK: - Periods

  private func slice(_ period: WindowPlan) -> WindowPlan? {
    KPISlices.slice(of: period, zone: clock.zone, since: clock.notBefore)
  }

  /// The period of one entry; nil when a fault says why not.
  private func period(_ entry: NamedSettings) -> WindowPlan? {
    guard let length = entry.settings[KPIOptions.period] else { return nil }
    let position = entry.settings.position(of: KPIOptions.period)
    let greatest: Int64 =
      switch length.unit {
      case .millisecond: KPISlices.greatestFixedMs
      case .day: 4_000
      case .week: 570
      case .month: 120
      }
    let least = length.unit == .millisecond ? KPISlices.leastPeriodMs : 1
    guard length.count >= least else {
      faults.add(
        position, "out-of-range", "period is \(length.text); it has to be 5m or more",
        hint: "for example period: 1h")
      return nil
    }
    guard length.count <= greatest else {
      faults.add(
        position, "out-of-range",
        length.unit == .millisecond
          ? "period is \(length.text); fixed lengths are 24h at most"
          : "period \(length.text) is longer than ten years",
        hint: length.unit == .millisecond ? "write days, weeks or months: 2d" : "lower it")
      return nil
    }
    let period = WindowPlan(unit: length.unit, every: length.count)
    guard slice(period) != nil else {
      faults.add(
        position, "no-slices",
        length.unit == .millisecond
          ? "period is \(length.text), which is no whole number of minutes"
          : "\(clock.zone.name) had offsets that are no quarters of an hour, so that days are not "
            + "made of them",
        hint: length.unit == .millisecond
          ? "for example period: 1h" : "raise time.not_before, or write a month")
      return nil
    }
    return period
  }

  // MARK: - The tree

  private func children(
    _ entry: NamedSettings, _ periods: [String: WindowPlan?]
  ) -> [String] {
    guard let node = entry.settings[KPIOptions.children], !node.isNull else { return [] }
    guard let items = node.items else {
      faults.add(
        node.position, "not-a-list", "children is \(node.found), not a list",
        hint: "for example children: [orders, basket]")
      return []
    }
    var names: [String] = []
    for item in items {
      guard let scalar = item.scalar else {
        faults.add(
          item.position, "bad-value", "children has \(item.found), which is no KPI's name")
        continue
      }
      if scalar.isUnresolved { continue }
      guard periods[scalar.text] != nil else {
        faults.add(
          item.position, "unknown-kpi", "there is no KPI \(item.found)",
          hint: NearestName.hint(scalar.written, in: periods.keys.sorted()))
        continue
      }
      guard !names.contains(scalar.text) else {
        faults.add(
          item.position, "duplicate-child", "\(entry.name) has the child \(scalar.text) twice",
          hint: "keep one")
        continue
      }
      names.append(scalar.text)
    }
    return names
  }

  /// The parent of each KPI that has one: the first by name.
  private func parents(
    _ entries: [NamedSettings], _ drafts: [String: Draft]
  ) -> [String: String] {
    var parents: [String: String] = [:]
    for entry in entries.sorted(by: { $0.name < $1.name }) {
      for child in drafts[entry.name]?.children ?? [] {
        if let other = parents[child] {
          faults.add(
            entry.settings.position(of: KPIOptions.children), "two-parents",
            "\(child) is a child of \(other) and of \(entry.name)",
            hint: "a KPI has one parent at most; a formula may read any")
        } else {
          parents[child] = entry.name
        }
      }
    }
    return parents
  }
}

extension KPIBuilder.Draft {
  /// The KPIs that the formula reads.
  var reads: [String] {
    inputs.compactMap { if case .kpi(let name) = $0.source { name } else { nil } }
  }
}
