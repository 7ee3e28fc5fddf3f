import StreamCore

/// What a pipeline will do, for the people who wrote it: `weir check --explain`.
public struct PlanExplanation: Sendable, Equatable {
  /// A table with a title.
  public struct Section: Sendable, Equatable {
    /// What its rows are.
    public var title: String
    /// Names of its columns.
    public var columns: [String]
    /// Cells by row, as many as there are columns.
    public var rows: [[String]]
  }

  /// In the order in which an event passes through them. Sections without rows are left out.
  public var sections: [Section]

  /// Explains `pipeline`. Shows no brokers' credentials: options of Kafka are left out.
  public init(_ pipeline: Pipeline) {
    sections = [
      Self.pipeline(pipeline.plan, pipeline.storage), Self.sources(pipeline),
      Self.fields(pipeline.plan), Self.traits(pipeline.plan), Self.metrics(pipeline.plan),
      Self.formulas(pipeline.plan), Self.funnels(pipeline.plan), Self.steps(pipeline.plan),
      Self.retentions(pipeline.plan), Self.sessions(pipeline.plan),
      Self.lifecycles(pipeline.plan), Self.kpis(pipeline.plan), Self.costs(pipeline.plan),
      Self.risks(pipeline.plan), Self.riskPatterns(pipeline.plan), Self.alerts(pipeline.plan),
      Self.thresholds(pipeline.plan), Self.health(pipeline.notify.health),
      Self.people(pipeline), Self.destinations(pipeline.notify),
    ].filter { !$0.rows.isEmpty }
  }

  private static func pipeline(_ plan: PipelinePlan, _ storage: StorageOptions) -> Section {
    var rows = [
      ["name", plan.name], ["zone", "\(plan.zone.name) (tzdata \(plan.tzdataVersion))"],
      ["lateness", Units.text(ofDuration: plan.time.latenessMs)],
      ["idle_after", Units.text(ofDuration: plan.time.idleAfterMs)],
      ["max_ahead", Units.text(ofDuration: plan.time.maxAheadMs)],
      ["max_drift", Units.text(ofDuration: plan.time.maxDriftMs)],
      ["not_before", Instants.text(plan.time.notBefore, zone: plan.zone)],
      ["when_idle", plan.time.advanceWhenIdle ? "advance" : "hold"],
      [
        "dedup",
        plan.time.dedupMs.map { "by id, for \(Units.text(ofDuration: $0))" }
          ?? "by id and event time",
      ],
      ["snapshot_every", Units.text(ofDuration: storage.snapshotEveryMs)],
      ["state_every", Units.text(ofDuration: storage.stateEveryMs)],
    ]
    rows.append(["min_free", Units.text(ofSize: storage.minFreeBytes)])
    for (name, copies) in [("backup", storage.backup), ("archive", storage.archive)] {
      guard let copies else { continue }
      rows.append([name, "every \(Units.text(ofDuration: copies.everyMs))"])
    }
    for rule in storage.keep {
      rows.append([
        "keep \(Units.text(ofDuration: rule.windowMs))",
        rule.durationMs.map { Units.text(ofDuration: $0) } ?? "for ever",
      ])
    }
    if let filter = plan.filter { rows.append(["filter", filter.text]) }
    return Section(title: "Pipeline", columns: ["option", "value"], rows: rows)
  }

  private static func sources(_ pipeline: Pipeline) -> Section {
    Section(
      title: "Sources",
      columns: ["source", "topic", "brokers", "start", "format", "zone", "lateness", "keyed"],
      rows: pipeline.plan.sources.map { source in
        let kafka = pipeline.kafka[source.name]
        return [
          source.name, source.topic ?? "files only", kafka?.brokers ?? "",
          kafka.map { start(of: $0) } ?? "", format(of: source), source.zone.name,
          Units.text(ofDuration: source.latenessMs ?? pipeline.plan.time.latenessMs),
          source.keyed ? "by user" : "no: through the exchange",
        ]
      })
  }

  private static func start(of kafka: KafkaSource) -> String {
    switch kafka.start {
    case .earliest: "earliest"
    case .latest: "latest"
    case .time(let time): Instants.text(time)
    }
  }

  private static func format(of source: SourcePlan) -> String {
    guard case .csv(let csv) = source.format else { return "json" }
    let delimiter =
      csv.delimiter == 0x09 ? "tab" : String(UnicodeScalar(csv.delimiter))
    return "csv \(delimiter)" + (csv.header == nil ? ", columns named by the first row" : "")
      + (csv.encoding == .utf8 ? "" : ", files in \(csv.encoding.rawValue)")
      + (csv.thousands == nil ? "" : ", thousands separated")
  }

  private static func fields(_ plan: PipelinePlan) -> Section {
    var rows: [[String]] = []
    for (slot, name) in plan.fields.enumerated() {
      var row = ["\(slot)", name]
      for source in plan.sources {
        let binding = source.fields.indices.contains(slot) ? source.fields[slot] : .absent
        row.append(Definition.text(of: binding, source))
      }
      rows.append(row)
    }
    for (index, field) in plan.derived.enumerated() {
      var row = ["\(plan.fields.count + index)", field.name, "= \(field.expression.text)"]
      while row.count < plan.sources.count + 2 { row.append("") }
      rows.append(row)
    }
    return Section(
      title: "Fields", columns: ["slot", "field"] + plan.sources.map { "in \($0.name)" }, rows: rows
    )
  }

  private static func metrics(_ plan: PipelinePlan) -> Section {
    Section(
      title: "Metrics",
      columns: ["metric", "computes", "where", "by", "window", "every", "lateness", "max_series"],
      rows: plan.shownMetrics.map { metric in
        [
          metric.name,
          Definition.text(of: metric.aggregate) + (metric.value.map { " of \($0.text)" } ?? ""),
          metric.condition?.text ?? "", metric.dimensions.map(text).joined(separator: ", "),
          WindowText.length(metric.window.size, metric.window.unit),
          WindowText.length(metric.window.every, metric.window.unit),
          lateness(metric.latenessMs, plan),
          "\(metric.maxSeries)",
        ]
      })
  }

  /// Lateness of a stage, where it is the same for every source.
  static func lateness(_ own: Int64?, _ plan: PipelinePlan) -> String {
    if let own { return Units.text(ofDuration: own) }
    let latenesses = Set(plan.sources.map { $0.latenessMs ?? plan.time.latenessMs })
    guard latenesses.count <= 1 else { return "the source's" }
    return latenesses.first.map { Units.text(ofDuration: $0) } ?? ""
  }

  static func text(of dimension: MetricPlan.Dimension) -> String {
    dimension.name == dimension.expression.text
      ? dimension.name : "\(dimension.name) = \(dimension.expression.text)"
  }

  private static func formulas(_ plan: PipelinePlan) -> Section {
    Section(
      title: "Formulas", columns: ["formula", "computes", "by", "window", "every"],
      rows: plan.formulas.map { formula in
        [
          formula.name, formula.expression.text, formula.dimensions.joined(separator: ", "),
          WindowText.length(formula.window.size, formula.window.unit),
          WindowText.length(formula.window.every, formula.window.unit),
        ]
      })
  }
}
