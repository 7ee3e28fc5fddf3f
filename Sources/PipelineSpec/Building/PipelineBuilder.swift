import StreamCore

/// Makes a pipeline of the options that its file gives. What is wrong goes to `faults`; the
/// pipeline that comes out is only right when there are none.
struct PipelineBuilder {
  private let settings: Settings
  private let zones: ZoneDatabase
  private let faults: FaultCollector
  private let locator: ScalarLocator

  init(settings: Settings, source: String, zones: ZoneDatabase, faults: FaultCollector) {
    self.settings = settings
    self.zones = zones
    self.faults = faults
    locator = ScalarLocator(source: source)
  }

  mutating func build() -> Pipeline {
    let zone = zone()
    let sources = SourceBuilder(zones: zones, pipelineZone: zone, faults: faults).build(settings)
    let (stages, fields) = stages(scope(sources))
    var plan = PipelinePlan(
      name: settings[PipelineOptions.name] ?? "", definition: "", zone: zone,
      tzdataVersion: zones.version, sources: sources.map { $0.plan(fields: fields) },
      time: time(zone), fields: fields, derived: stages.derived, filter: stages.filter,
      metrics: stages.metrics.sorted { $0.name < $1.name }, formulas: stages.formulas)
    plan.definition = Definition.text(of: plan)
    var kafka: [String: KafkaSource] = [:]
    for source in sources { kafka[source.name] = source.kafka }
    let names = (settings[PipelineOptions.metrics] ?? []).map { entry in
      (entry.name, stages.dimensions(of: entry.name))
    }
    let tests = TestBuilder(
      faults: faults, zone: zone, sources: sources.map(\.name),
      metrics: Dictionary(names, uniquingKeysWith: { first, _ in first })
    ).build(settings[PipelineOptions.tests] ?? [])
    return Pipeline(plan: plan, kafka: kafka, storage: storage(), tests: tests)
  }

  // MARK: - Zone, time, storage

  private func zone() -> Zone {
    let name = settings[PipelineOptions.zone] ?? "UTC"
    switch zones.zone(name, written: settings.written(PipelineOptions.zone)) {
    case .zone(let zone): return zone
    case .fault(let code, let message, let hint):
      faults.add(settings.position(of: PipelineOptions.zone), code, message, hint: hint)
      return .utc
    }
  }

  private func time(_ zone: Zone) -> TimePlan {
    var plan = TimePlan()
    plan.dedupMs = settings[PipelineOptions.dedup]
    guard let time = settings[PipelineOptions.time] else { return plan }
    plan.latenessMs = time[TimeOptions.lateness] ?? plan.latenessMs
    plan.idleAfterMs = time[TimeOptions.idleAfter] ?? plan.idleAfterMs
    plan.maxAheadMs = time[TimeOptions.maxAhead] ?? plan.maxAheadMs
    plan.maxDriftMs = time[TimeOptions.maxDrift] ?? plan.maxDriftMs
    plan.advanceWhenIdle = time[TimeOptions.whenIdle] == "advance"
    if let text = time[TimeOptions.notBefore] {
      // The default is an instant, the same in every zone.
      let reference = time.gives(TimeOptions.notBefore) ? zone : .utc
      if let instant = Instants.parse(text, zone: reference) {
        plan.notBefore = instant
      } else {
        faults.add(
          time.position(of: TimeOptions.notBefore), "bad-time", "not_before is no time",
          hint: "write a date as 2020-01-01, or a time as 2020-01-01T00:00:00Z")
      }
    }
    return plan
  }

  private func storage() -> StorageOptions {
    var options = StorageOptions()
    options.snapshotEveryMs = settings[StorageOptions.snapshotEvery] ?? options.snapshotEveryMs
    options.stateEveryMs = settings[StorageOptions.stateEvery] ?? options.stateEveryMs
    options.provisionalEveryMs =
      settings[StorageOptions.provisionalEvery] ?? options.provisionalEveryMs
    options.maxWalBytes = settings[StorageOptions.maxWal] ?? options.maxWalBytes
    options.keep = keepRules()
    if settings.gives(StorageOptions.stateEvery), options.stateEveryMs < options.snapshotEveryMs {
      faults.add(
        settings.position(of: StorageOptions.stateEvery), "state-before-snapshot",
        "state_every \(Units.text(ofDuration: options.stateEveryMs)) is below snapshot_every "
          + Units.text(ofDuration: options.snapshotEveryMs),
        hint: "raise state_every or lower snapshot_every")
    }
    return options
  }

  private func keepRules() -> [StorageOptions.KeepRule] {
    guard let node = settings[StorageOptions.keep], !node.isNull else {
      return []
    }
    guard let entries = node.entries else {
      faults.add(
        node.position, "not-a-mapping", "keep is \(node.found), not a mapping",
        hint: "for example keep: {1m: 7d, 1d: forever}")
      return []
    }
    var rules: [StorageOptions.KeepRule] = []
    for entry in entries {
      guard let window = try? Units.duration(entry.key), window > 0 else {
        faults.add(
          entry.keyPosition, "bad-duration",
          "`\(ConfigNode.shortened(entry.key))` is no length of a window",
          hint: "write 1m, 1h, 1d, 1w; longer windows take the longest rule")
        continue
      }
      guard let scalar = entry.value.scalar, !scalar.isUnresolved else { continue }
      if scalar.text == "forever" {
        rules.append(.init(windowMs: window, durationMs: nil))
      } else if let duration = try? Units.duration(scalar.text), duration >= window {
        rules.append(.init(windowMs: window, durationMs: duration))
      } else {
        faults.add(
          entry.value.position, "bad-duration",
          "\(entry.key) is kept for \(entry.value.found), which is neither forever nor at least "
            + "one window long", hint: "for example \(entry.key): 400d")
      }
    }
    return rules.sorted { $0.windowMs < $1.windowMs }
  }

  // MARK: - Stages

  private func scope(_ sources: [SourceDraft]) -> NameScope {
    var own = ["event": Slot.name, "time": Slot.time]
    var given: Set<String> = []
    for source in sources {
      if source.fields.bindings["user"] != nil { own["user"] = Slot.user }
      if source.fields.bindings["id"] != nil { own["id"] = Slot.id }
      given.formUnion(source.fields.bindings.keys)
    }
    given.subtract(FieldMap.own)
    let columns = sources.map(\.columns)
    let known = columns.contains { $0 == nil } ? nil : Set(columns.flatMap { $0 ?? [] }).sorted()
    return NameScope(own: own, given: given.sorted(), columns: sources.isEmpty ? nil : known)
  }

  /// Stages and the fields that they read. Twice over: slots are known after the first time.
  private func stages(_ scope: NameScope) -> (Stages, fields: [String]) {
    var scope = scope
    let quiet = ExpressionCompiler(locator: locator, faults: FaultCollector(file: faults.file))
    let loud = ExpressionCompiler(locator: locator, faults: faults)
    let derivation = DeriveBuilder(compiler: loud, node: settings[PipelineOptions.derive])
    let order = derivation.order(&scope)
    _ = stages(order, derivation, quiet, &scope)
    scope.settle()
    scope.declare(derived: order)
    let stages = stages(order, derivation, loud, &scope)
    if scope.isOverLimit {
      faults.add(
        settings.position, "too-many-paths",
        "the pipeline reads more than \(NameScope.pathsMax) paths of an event")
    }
    return (stages, scope.fields)
  }

  private func stages(
    _ order: [String], _ derivation: DeriveBuilder, _ compiler: ExpressionCompiler,
    _ scope: inout NameScope
  ) -> Stages {
    var stages = Stages()
    stages.derived = derivation.build(order, compiler, &scope)
    if let node = settings[PipelineOptions.filter] {
      stages.filter = compiler.compile(node, owner: "filter", wanted: .bool) { scope.resolve($0) }
    }
    let entries = settings[PipelineOptions.metrics] ?? []
    let builder = MetricBuilder(compiler: compiler, defaults: settings[PipelineOptions.limits])
    for entry in entries where !entry.settings.gives(MetricOptions.formula) {
      if let metric = builder.build(entry, &scope) { stages.metrics.append(metric) }
    }
    stages.formulas = FormulaBuilder(compiler: compiler, known: Set(entries.map(\.name))).build(
      entries.filter { $0.settings.gives(MetricOptions.formula) }, metrics: stages.metrics)
    return stages
  }
}

/// What events are turned into.
struct Stages {
  var derived: [DerivedField] = []
  var filter: Expression?
  var metrics: [MetricPlan] = []
  var formulas: [FormulaPlan] = []

  /// Names of the dimensions of a metric or formula; nil when it is faulty.
  func dimensions(of name: String) -> [String]? {
    metrics.first { $0.name == name }?.dimensions.map(\.name)
      ?? formulas.first { $0.name == name }?.dimensions
  }
}

/// Reads `derive`.
struct DeriveBuilder {
  let compiler: ExpressionCompiler
  private var nodes: [String: (node: ConfigNode, position: Position)] = [:]

  init(compiler: ExpressionCompiler, node: ConfigNode?) {
    self.compiler = compiler
    guard let node, !node.isNull else { return }
    guard let entries = node.entries else {
      compiler.faults.add(
        node.position, "not-a-mapping", "derive is \(node.found), not a mapping of names",
        hint: "write derive: {NAME: 'expression'}")
      return
    }
    let whole = ConfigNode.Entry(key: "derive", keyPosition: node.position, value: node)
    guard OptionReader(faults: compiler.faults).fits(entries.count, whole) else { return }
    for entry in entries {
      if ["event", "user", "time", "id"].contains(entry.key) {
        compiler.faults.add(
          entry.keyPosition, "reserved-name", "\(entry.key) is the event's own",
          hint: "choose another name")
        continue
      }
      OptionReader(faults: compiler.faults).checkName(entry.key, .name, at: entry.keyPosition)
      nodes[entry.key] = (entry.value, entry.keyPosition)
    }
  }

  /// Names, each after those it needs. Paths that expressions read get slots in `scope`.
  func order(_ scope: inout NameScope) -> [String] {
    scope.declare(derived: nodes.keys.sorted())
    let quiet = ExpressionCompiler(
      locator: compiler.locator, faults: FaultCollector(file: compiler.faults.file))
    var needs: [String: Set<String>] = [:]
    for (name, entry) in nodes.sorted(by: { $0.key < $1.key }) {
      var needed: Set<String> = []
      _ = quiet.compile(entry.node, owner: name) { path in
        if nodes[path] != nil { needed.insert(path) }
        return scope.resolve(path)
      }
      needs[name] = needed
    }
    let (order, circle) = Dependencies.order(needs)
    if let first = circle.first, let entry = nodes[first] {
      compiler.faults.add(
        entry.position, "derive-cycle",
        "derived fields need each other in a circle: "
          + (circle + [first]).joined(separator: " → "),
        hint: "compute one of them from the event alone")
    }
    return order
  }

  /// The derived fields in the order of `names`.
  func build(
    _ names: [String], _ compiler: ExpressionCompiler, _ scope: inout NameScope
  ) -> [DerivedField] {
    var fields: [DerivedField] = []
    for name in names {
      guard let entry = nodes[name],
        let expression = compiler.compile(
          entry.node, owner: name, resolve: { scope.resolve($0) })
      else { continue }
      fields.append(DerivedField(name: name, expression: expression))
    }
    return fields
  }
}
