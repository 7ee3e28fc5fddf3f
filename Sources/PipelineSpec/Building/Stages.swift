import StreamCore

/// What events are turned into.
struct Stages {
  var derived: [DerivedField] = []
  var filter: Expression?
  /// Each kind in order of name, but formulas: each of them comes after those it reads.
  var traits: [TraitPlan] = []
  var metrics: [MetricPlan] = []
  var formulas: [FormulaPlan] = []
  var funnels: [FunnelPlan] = []
  var retentions: [RetentionPlan] = []
  var sessions: [SessionPlan] = []
  var lifecycles: [LifecyclePlan] = []
  var risks: [RiskPlan] = []
  var alerts: [AlertPlan] = []
  /// Each after those that it reads and those that are its children.
  var kpis: [KPIPlan] = []
}

/// Makes the stages of one file, once over.
struct StagesBuilder {
  let settings: Settings
  let compiler: ExpressionCompiler
  /// What calendar periods follow.
  let clock: KPIBuilder.Clock

  /// Stages over `scope`, with derived fields in the order of `names`.
  func build(_ names: [String], _ derivation: DeriveBuilder, _ scope: inout NameScope) -> Stages {
    let reader = StageReader(compiler: compiler, limits: settings[PipelineOptions.limits])
    var stages = Stages()
    stages.derived = derivation.build(names, compiler, &scope)
    if let node = settings[PipelineOptions.filter] {
      scope.traitRefusal = "events are filtered before anything is known of the user"
      stages.filter = compiler.compile(node, owner: "filter", wanted: .bool, in: &scope)
      scope.traitRefusal = nil
    }
    stages.traits = made(PipelineOptions.users) {
      TraitBuilder(reader: reader).build($0, &scope)
    }
    stages.metrics = made(PipelineOptions.metrics) {
      $0.settings.gives(MetricOptions.formula)
        ? nil : MetricBuilder(reader: reader).build($0, &scope)
    }
    let entries = settings[PipelineOptions.metrics] ?? []
    stages.formulas = FormulaBuilder(compiler: compiler, known: Set(entries.map(\.name))).build(
      entries.filter { $0.settings.gives(MetricOptions.formula) }, metrics: stages.metrics)
    stages.funnels = made(PipelineOptions.funnels) {
      FunnelBuilder(reader: reader).build($0, &scope)
    }
    stages.retentions = made(PipelineOptions.retention) {
      RetentionBuilder(reader: reader).build($0, &scope)
    }
    stages.sessions = made(PipelineOptions.sessions) {
      SessionBuilder(reader: reader).build($0, &scope)
    }
    stages.lifecycles = made(PipelineOptions.lifecycle) {
      LifecycleBuilder(reader: reader).build($0, &scope)
    }
    stages.kpis = KPIBuilder(
      reader: reader, catalogue: ResultCatalogue(settings, stages), stages: stages,
      clock: clock
    ).build(settings[PipelineOptions.kpis] ?? [])
    stages.risks = made(PipelineOptions.risks) { RiskBuilder(reader: reader).build($0, &scope) }
    let alerts = AlertBuilder(reader: reader, catalogue: ResultCatalogue(settings, stages))
    let built = made(PipelineOptions.alerts) { alerts.build($0, &scope) }
    stages.alerts = built.map(\.plan)
    stages.metrics = (stages.metrics + built.flatMap(\.hidden)).sorted { $0.name < $1.name }
    let kpis = (PipelineOptions.kpis, "KPI")
    checkNames(Self.kinds + [kpis])
    checkNames(Self.rules + [kpis])
    checkCount()
    return stages
  }

  /// What `build` makes of each entry of `option`, in order of name; faulty ones are left out.
  private func made<Plan>(
    _ option: Option<[NamedSettings]>, _ build: (NamedSettings) -> Plan?
  ) -> [Plan] {
    (settings[option] ?? []).sorted { $0.name < $1.name }.compactMap(build)
  }

  /// Stages of all kinds, with what messages call them.
  static let kinds: [(option: Option<[NamedSettings]>, called: String)] = [
    (PipelineOptions.metrics, "metric"), (PipelineOptions.funnels, "funnel"),
    (PipelineOptions.retention, "retention table"), (PipelineOptions.sessions, "kind of session"),
    (PipelineOptions.lifecycle, "lifecycle"),
  ]

  /// Rules, whose names are unique among them.
  static let rules: [(option: Option<[NamedSettings]>, called: String)] = [
    (PipelineOptions.risks, "risk"), (PipelineOptions.alerts, "alert"),
  ]

  /// The parts that stages have in a user's record share the bits of its first word.
  private func checkCount() {
    let all = (Self.kinds.dropFirst() + Self.rules.prefix(1)).flatMap { settings[$0.option] ?? [] }
      .sorted { $0.position < $1.position }
    guard all.count > StageOptions.userStagesMax else { return }
    compiler.faults.add(
      all[StageOptions.userStagesMax].position, "too-many-stages",
      "the pipeline has \(all.count) funnels, retention tables, kinds of sessions, lifecycles and "
        + "risks; at most \(StageOptions.userStagesMax) may share the records of users",
      hint: "make several pipelines of it")
  }

  /// Each name is that of one stage alone. The results of a lifecycle have a dot in their names, so
  /// that no other stage can have them.
  private func checkNames(_ kinds: [(option: Option<[NamedSettings]>, called: String)]) {
    var all: [(entry: NamedSettings, called: String)] = []
    for kind in kinds { all += (settings[kind.option] ?? []).map { ($0, kind.called) } }
    var taken: [String: String] = [:]
    for (entry, called) in all.sorted(by: { $0.entry.position < $1.entry.position }) {
      guard let other = taken[entry.name], other != called else {
        taken[entry.name] = called
        continue
      }
      compiler.faults.add(
        entry.position, "duplicate-stage",
        "the \(called) \(entry.name) has the name of \(other == "alert" ? "an" : "a") \(other)",
        hint: "name one otherwise")
    }
  }
}
