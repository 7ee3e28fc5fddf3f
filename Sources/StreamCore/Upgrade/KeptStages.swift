/// Which stages of an earlier definition mean the same in a later one, so that what they have come
/// to goes on.
public struct KeptStages: Sendable, Equatable {
  /// Stages with rows of their own, and rules.
  public var stages: Set<StageName>
  /// Metrics that only explain alerts, by name.
  public var hidden: Set<String>
  /// Traits of users, by name.
  public var traits: Set<String>

  /// Names what is kept.
  public init(stages: Set<StageName>, hidden: Set<String>, traits: Set<String>) {
    self.stages = stages
    self.hidden = hidden
    self.traits = traits
  }

  /// Whether a metric of a group is kept: one of the file, one that explains an alert, or the
  /// slices of one that feed a KPI.
  func keeps(metric name: String) -> Bool {
    if hidden.contains(name) || stages.contains(StageName(.metrics, name)) { return true }
    return Self.fed(name).map { stages.contains(StageName(.metrics, $0)) } ?? false
  }

  /// Whether a stage with records is kept.
  func keeps(_ stage: UserStagePlan) -> Bool {
    switch stage {
    case .funnel(let plan): stages.contains(StageName(.funnels, plan.name))
    case .retention(let plan): stages.contains(StageName(.retention, plan.name))
    case .session(let plan): stages.contains(StageName(.sessions, plan.name))
    case .lifecycle(let plan): stages.contains(StageName(.lifecycle, plan.name))
    case .risk(let plan): stages.contains(StageName(.risks, plan.name))
    case .firsts(let plan):
      Self.fed(plan.name).map { stages.contains(StageName(.metrics, $0)) } ?? false
    }
  }

  /// Whether a result that rules read is kept.
  func keeps(result name: String) -> Bool {
    if keeps(metric: name) { return true }
    let kinds: [StageName.Kind] = [.funnels, .retention, .sessions, .kpis]
    if kinds.contains(where: { stages.contains(StageName($0, name)) }) { return true }
    guard let dot = name.lastIndex(of: ".") else { return false }
    return stages.contains(StageName(.lifecycle, String(name[..<dot])))
  }

  /// The metric of the file that a part of a KPI is of.
  private static func fed(_ name: String) -> String? {
    let words = name.split(separator: " ")
    return words.count == 3 && words[0] == "kpi" ? String(words[1]) : nil
  }
}

extension UserStagePlan {
  /// Whether both are the same stage under two definitions that agree about it.
  func continues(_ other: UserStagePlan) -> Bool {
    switch (self, other) {
    case (.funnel, .funnel), (.retention, .retention), (.session, .session),
      (.lifecycle, .lifecycle), (.risk, .risk):
      name == other.name
    case (.firsts(let a), .firsts(let b)):
      a.isSame(as: b) || a.name == b.name && a.period == b.period && a.slice == b.slice
    default: false
    }
  }
}
