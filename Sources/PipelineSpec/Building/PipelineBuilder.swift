import StreamCore

/// Makes a pipeline of the options that its file gives. What is wrong goes to `faults`; the
/// pipeline that comes out is only right when there are none.
struct PipelineBuilder {
  private let settings: Settings
  private let zones: ZoneDatabase
  private let faults: FaultCollector
  private let locator: ScalarLocator
  /// Where keys come from that the file does not name.
  var variables = Variables(environment: [:], required: false)

  init(settings: Settings, source: String, zones: ZoneDatabase, faults: FaultCollector) {
    self.settings = settings
    self.zones = zones
    self.faults = faults
    locator = ScalarLocator(source: source)
  }

  mutating func build() -> Pipeline {
    let zone = zone()
    let sources = SourceBuilder(zones: zones, pipelineZone: zone, faults: faults).build(settings)
    let time = time(zone)
    let (stages, fields) = stages(
      scope(sources), KPIBuilder.Clock(zone: zone, notBefore: time.notBefore))
    var plan = PipelinePlan(
      name: settings[PipelineOptions.name] ?? "", definition: "", zone: zone,
      tzdataVersion: zones.version, sources: sources.map { $0.plan(fields: fields) },
      time: time, fields: fields, derived: stages.derived, filter: stages.filter,
      metrics: stages.metrics, formulas: stages.formulas)
    plan.traits = stages.traits
    plan.funnels = stages.funnels
    plan.retentions = stages.retentions
    plan.sessions = stages.sessions
    plan.lifecycles = stages.lifecycles
    plan.risks = stages.risks
    plan.alerts = stages.alerts
    plan.kpis = stages.kpis
    checkUserSections(plan)
    plan.pseudonyms = PseudonymBuilder(faults: faults, variables: variables).build(
      settings[PipelineOptions.pseudonymize], plan, sources)
    plan.definition = Definition.text(of: plan)
    var kafka: [String: KafkaSource] = [:]
    for source in sources { kafka[source.name] = source.kafka }
    let tests = TestBuilder(
      faults: faults, zone: zone, sources: sources.map(\.name),
      known: KnownStages(settings, stages)
    ).build(settings[PipelineOptions.tests] ?? [])
    var pipeline = Pipeline(plan: plan, kafka: kafka, storage: storage(), tests: tests)
    pipeline.notify = NotifyBuilder(
      settings: settings, faults: faults, hasBrokers: !kafka.isEmpty
    ).build()
    pipeline.upgrade = UpgradeBuilder(faults: faults).build(settings[PipelineOptions.upgrade])
    pipeline.console = ConsoleBuilder(faults: faults).build(settings[PipelineOptions.console])
    return pipeline
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
    options.minFreeBytes = settings[StorageOptions.minFree] ?? options.minFreeBytes
    options.backup = copies(StorageOptions.backup, every: CopyOptions.backupEvery)
    options.archive = copies(StorageOptions.archive, every: CopyOptions.archiveEvery)
    if settings.gives(StorageOptions.stateEvery), options.stateEveryMs < options.snapshotEveryMs {
      faults.add(
        settings.position(of: StorageOptions.stateEvery), "state-before-snapshot",
        "state_every \(Units.text(ofDuration: options.stateEveryMs)) is below snapshot_every "
          + Units.text(ofDuration: options.snapshotEveryMs),
        hint: "raise state_every or lower snapshot_every")
    }
    return options
  }

  private func copies(
    _ option: Option<Settings>, every: Option<Int64>
  ) -> StorageOptions.CopyRule? {
    guard settings.gives(option), let given = settings[option],
      let everyMs = given[every], let directory = given[CopyOptions.dir],
      let text = given[CopyOptions.keep]
    else { return nil }
    let keep: StorageOptions.CopyRule.Keep
    if text == "forever" {
      keep = .forever
    } else if let count = Int(text), (1...100_000).contains(count) {
      keep = .newest(count)
    } else if let ms = try? Units.duration(text), ms > 0 {
      keep = .within(ms: ms)
    } else {
      faults.add(
        given.position(of: CopyOptions.keep), "bad-keep",
        "\(option.spec.name).keep is \(given.found(CopyOptions.keep)), which is no number of "
          + "copies from 1 up, no duration and not forever",
        hint: "for example keep: 7, or keep: 30d")
      return nil
    }
    return .init(everyMs: everyMs, directory: directory, keep: keep)
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

  /// KPIs of distinct users have parts in users' records, too.
  private func checkUserSections(_ plan: PipelinePlan) {
    let stages =
      plan.funnels.count + plan.retentions.count + plan.sessions.count + plan.lifecycles.count
      + plan.risks.count
    let max = StageOptions.userStagesMax
    let sets = plan.kpiUserSets.count
    guard stages <= max, stages + sets > max else { return }
    faults.add(
      settings.position(of: PipelineOptions.kpis), "too-many-stages",
      "KPIs count \(sets) sets of distinct users, beside \(stages) stages that follow "
        + "users; at most \(max) in all may share the records of users",
      hint: "make several pipelines of it")
  }

  // MARK: - Names

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
    return NameScope(
      own: own, given: given.sorted(), columns: sources.isEmpty ? nil : known,
      traits: TraitBuilder.types(settings))
  }

  /// Stages and the fields that they read. Twice over: slots are known after the first time.
  private func stages(
    _ scope: NameScope, _ clock: KPIBuilder.Clock
  ) -> (Stages, fields: [String]) {
    var scope = scope
    let quiet = ExpressionCompiler(locator: locator, faults: FaultCollector(file: faults.file))
    let loud = ExpressionCompiler(locator: locator, faults: faults)
    let derivation = DeriveBuilder(compiler: loud, node: settings[PipelineOptions.derive])
    let order = derivation.order(&scope)
    _ = StagesBuilder(settings: settings, compiler: quiet, clock: clock).build(
      order, derivation, &scope)
    scope.settle()
    scope.declare(derived: order)
    let stages = StagesBuilder(settings: settings, compiler: loud, clock: clock).build(
      order, derivation, &scope)
    if scope.isOverLimit {
      faults.add(
        settings.position, "too-many-paths",
        "the pipeline reads more than \(NameScope.pathsMax) paths of an event")
    }
    return (stages, scope.fields)
  }
}
