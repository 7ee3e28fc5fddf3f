import StreamCore

/// One way in which a rule might stand: as the pipeline file has it, or with other values.
public struct BacktestCandidate: Sendable, Equatable {
  /// One value of it.
  public struct Setting: Sendable, Equatable {
    /// A threshold, `for` or `clear`.
    public var name: String
    /// As it was written.
    public var text: String
    /// Of a threshold, the number.
    public var number: Double?

    /// Names a value.
    public init(name: String, text: String, number: Double? = nil) {
      self.name = name
      self.text = text
      self.number = number
    }
  }

  /// Name of the rule in the pipeline file.
  public var rule: String
  /// The name that it has while it is tried: the rule's own for the one of the file.
  public var key: String
  /// What it is, of the values that any candidate of the rule changes.
  public var settings: [Setting]
  /// Whether it is the rule as the file has it.
  public var isNow: Bool

  /// `above=0.3 for=2`; empty for a rule of which nothing is changed and that has no thresholds.
  public var label: String { settings.map { "\($0.name)=\($0.text)" }.joined(separator: " ") }
}

/// A rule and the ways in which it is tried.
public struct BacktestRule: Sendable {
  /// The rule as the pipeline file has it.
  public enum Plan: Sendable {
    case alert(AlertPlan)
    case risk(RiskPlan)
  }

  /// The rule as the pipeline file has it.
  public var plan: Plan
  /// That of the file first.
  public var candidates: [BacktestCandidate]

  /// The rules of a pipeline, alerts first, each kind by name, without candidates.
  public static func all(of plan: PipelinePlan) -> [BacktestRule] {
    plan.alerts.map { BacktestRule(plan: .alert($0), candidates: []) }
      + plan.risks.map { BacktestRule(plan: .risk($0), candidates: []) }
  }

  /// Its name.
  public var name: String {
    switch plan {
    case .alert(let alert): alert.name
    case .risk(let risk): risk.name
    }
  }

  /// Its thresholds, in order of name.
  public var thresholds: [ThresholdPlan] {
    switch plan {
    case .alert(let alert): alert.thresholds
    case .risk(let risk): risk.thresholds
    }
  }

  /// Whether it is a risk: each candidate of one keeps state of its own.
  public var isRisk: Bool {
    if case .risk = plan { true } else { false }
  }
}
