import PipelineSpec
import StreamCore

/// Reads and checks the values that a wish gives to one rule.
struct BacktestValues {
  let plan: BacktestRule.Plan
  let wish: BacktestWish

  private var rule: BacktestRule { BacktestRule(plan: plan, candidates: []) }

  /// What is tried, one value after the other.
  func settings() throws(WorkerError) -> [BacktestCandidate.Setting] {
    let names =
      rule.thresholds.map(\.name) + (rule.isRisk ? [] : [RuleOption.hold, RuleOption.clear])
    guard names.contains(wish.name) else {
      let known =
        names.isEmpty ? "it has nothing to try" : "it has \(names.joined(separator: ", "))"
      let why =
        rule.isRisk && (wish.name == RuleOption.hold || wish.name == RuleOption.clear)
        ? "'\(wish.rule)' is a risk, which has no '\(wish.name)'"
        : "'\(wish.rule)' has no threshold '\(wish.name)'\(Refusal.hint(wish.name, names))"
      throw WorkerError(.usage, why, whatToDo: known)
    }
    guard let threshold = rule.thresholds.first(where: { $0.name == wish.name }) else {
      return try wish.values(step: nil).map { .init(name: wish.name, text: $0) }
    }
    var settings: [BacktestCandidate.Setting] = []
    for text in try wish.values(step: threshold.step) {
      guard let number = Double(text), number.isFinite, !text.contains("x") else {
        throw WorkerError(
          .usage, "\(wish.argument): '\(text)' is no number",
          whatToDo: "give the threshold \(wish.name) numbers, as 0.3")
      }
      try Self.check(number, threshold, wish.rule)
      settings.append(.init(name: wish.name, text: text, number: number))
    }
    return settings
  }

  private static func check(
    _ number: Double, _ threshold: ThresholdPlan, _ rule: String
  ) throws(WorkerError) {
    let low = threshold.min ?? -.infinity
    let high = threshold.max ?? .infinity
    guard number < low || number > high else { return }
    let bounds = [
      threshold.min.map { "at least \(DecimalText.of($0))" },
      threshold.max.map { "at most \(DecimalText.of($0))" },
    ].compactMap(\.self).joined(separator: " and ")
    throw WorkerError(
      .usage, "\(DecimalText.of(number)) is out of bounds: \(rule).\(threshold.name) is \(bounds)",
      whatToDo: "try values within them, or change min and max in the pipeline file")
  }

  // MARK: - What the file says

  /// The values that the file gives, of the names to show.
  static func standing(_ plan: BacktestRule.Plan, _ names: [String]) -> [BacktestCandidate.Setting]
  {
    let rule = BacktestRule(plan: plan, candidates: [])
    return names.map { name in
      if let threshold = rule.thresholds.first(where: { $0.name == name }) {
        let own = threshold.byDimensions.count
        return .init(
          name: name,
          text: DecimalText.of(threshold.standard) + (own > 0 ? " and \(own) of dimensions" : ""),
          number: threshold.standard)
      }
      guard case .alert(let alert) = plan else { return .init(name: name, text: "") }
      return .init(
        name: name,
        text: name == RuleOption.hold ? text(of: alert.hold) : alert.clear?.text ?? "not when")
    }
  }

  private static func text(of hold: AlertPlan.Hold) -> String {
    switch hold {
    case .windows(let count): "\(count)"
    case .duration(let ms): Durations.text(ms: ms)
    }
  }

  /// Whether a value is what the file says of series without values of their own.
  static func isStanding(_ setting: BacktestCandidate.Setting, _ plan: BacktestRule.Plan) -> Bool {
    let rule = BacktestRule(plan: plan, candidates: [])
    if let threshold = rule.thresholds.first(where: { $0.name == setting.name }) {
      return threshold.standard == setting.number
    }
    guard case .alert(let alert) = plan else { return false }
    return setting.name == RuleOption.hold
      ? text(of: alert.hold) == setting.text : alert.clear?.text == setting.text
  }

  /// The rule with other values of thresholds. What the file gives to some dimensions stays, as it
  /// does when somebody sets the value.
  static func changed(
    _ plan: BacktestRule.Plan, _ settings: [BacktestCandidate.Setting]
  ) -> BacktestRule.Plan {
    switch plan {
    case .alert(var alert):
      change(&alert.thresholds, settings)
      return .alert(alert)
    case .risk(var risk):
      change(&risk.thresholds, settings)
      return .risk(risk)
    }
  }

  private static func change(
    _ thresholds: inout [ThresholdPlan], _ settings: [BacktestCandidate.Setting]
  ) {
    for setting in settings {
      guard let number = setting.number,
        let at = thresholds.firstIndex(where: { $0.name == setting.name })
      else { continue }
      thresholds[at].standard = number
    }
  }
}
