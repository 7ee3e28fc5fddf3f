import StreamCore

/// The stages of a file that tests may name, with what they may say of each.
struct KnownStages {
  /// Kinds of expected rows.
  enum Kind: CaseIterable, Hashable {
    case metric, funnel, retention, session, alert, risk, kpi

    /// The option that names the stage, and what messages call it.
    var called: String {
      switch self {
      case .metric: "metric"
      case .funnel: "funnel"
      case .retention: "retention table"
      case .session: "kind of session"
      case .alert: "alert"
      case .risk: "risk"
      case .kpi: "KPI"
      }
    }
  }

  /// Dimensions of each stage by name; nil of a faulty one.
  private var dimensions: [Kind: [String: [String]?]] = [:]
  /// Names of each funnel's steps.
  private(set) var steps: [String: [String]] = [:]
  /// Thresholds of each rule that is right.
  private(set) var thresholds: [String: [ThresholdPlan]] = [:]

  init(_ settings: Settings, _ stages: Stages) {
    let entries: [(Kind, Option<[NamedSettings]>)] = [
      (.metric, PipelineOptions.metrics), (.funnel, PipelineOptions.funnels),
      (.retention, PipelineOptions.retention), (.session, PipelineOptions.sessions),
      (.alert, PipelineOptions.alerts), (.risk, PipelineOptions.risks),
      (.kpi, PipelineOptions.kpis),
    ]
    for (kind, option) in entries {
      // Faulty ones first: they are there, with dimensions that nobody knows.
      for entry in settings[option] ?? [] {
        dimensions[kind, default: [:]][entry.name] = .some(nil)
      }
    }
    for plan in stages.metrics where !plan.isInternal { add(.metric, plan.name, plan.dimensions) }
    for plan in stages.formulas { dimensions[.metric, default: [:]][plan.name] = plan.dimensions }
    for plan in stages.lifecycles {
      for name in plan.resultNames { add(.metric, name, plan.dimensions) }
    }
    for plan in stages.funnels {
      add(.funnel, plan.name, plan.dimensions)
      steps[plan.name] = plan.steps.map(\.name)
    }
    for plan in stages.retentions { add(.retention, plan.name, plan.dimensions) }
    for plan in stages.sessions { add(.session, plan.name, plan.dimensions) }
    for plan in stages.alerts {
      dimensions[.alert, default: [:]][plan.name] = plan.dimensions
      thresholds[plan.name] = plan.thresholds
    }
    for plan in stages.risks {
      dimensions[.risk, default: [:]][plan.name] = .some([])
      thresholds[plan.name] = plan.thresholds
    }
  }

  private mutating func add(_ kind: Kind, _ name: String, _ by: [MetricPlan.Dimension]) {
    dimensions[kind, default: [:]][name] = by.map(\.name)
  }

  /// Names of all stages of a kind, sorted.
  func names(_ kind: Kind) -> [String] { (dimensions[kind] ?? [:]).keys.sorted() }

  /// Whether there is such a stage, faulty or not.
  func has(_ kind: Kind, _ name: String) -> Bool { dimensions[kind]?[name] != nil }

  /// Dimensions of a stage; nil where they are not known.
  func dimensions(_ kind: Kind, _ name: String) -> [String]? { dimensions[kind]?[name] ?? nil }
}

extension LifecyclePlan {
  /// Names of the metrics that it gives.
  var resultNames: [String] {
    var endings = ["active", "new", "returning", "resurrected", "dormant"]
    if unit.unit == .day { endings += ["active_7d", "active_30d", "stickiness"] }
    return endings.map { "\(name).\($0)" }
  }
}
