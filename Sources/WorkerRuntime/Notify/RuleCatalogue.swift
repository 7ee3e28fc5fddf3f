import PipelineSpec
import StreamCore

/// The rules of a pipeline as the results file shows them to people and to the commands.
enum RuleCatalogue {
  /// Every alert and risk, in order of name.
  static func rows(of pipeline: Pipeline) -> [RuleRow] {
    let alerts = pipeline.plan.alerts.map { plan in
      row(
        plan.name, .alert, pipeline.notify.policies[plan.name], plan.thresholds,
        dimensions: plan.dimensions, definition: definition(of: plan))
    }
    let risks = pipeline.plan.risks.map { plan in
      row(
        plan.name, .risk, pipeline.notify.policies[plan.name], plan.thresholds, dimensions: [],
        definition: definition(of: plan))
    }
    return (alerts + risks).sorted { $0.rule < $1.rule }
  }

  private static func row(
    _ name: String, _ kind: RuleRow.Kind, _ policy: RulePolicy?, _ thresholds: [ThresholdPlan],
    dimensions: [String], definition: String
  ) -> RuleRow {
    let policy = policy ?? RulePolicy()
    return RuleRow(
      rule: name, kind: kind, severity: policy.severity, owner: policy.owner,
      runbook: policy.runbook, summary: policy.summary, labels: object(policy.labels),
      dimensions: dimensions, definition: definition, thresholds: thresholds)
  }

  private static func definition(of plan: AlertPlan) -> String {
    var facts = ["watch": plan.watch.stage, "when": plan.when.text]
    if let clear = plan.clear { facts["clear"] = clear.text }
    return object(facts)
  }

  private static func definition(of plan: RiskPlan) -> String {
    var facts = ["entity": plan.entityKind, "within_ms": String(plan.withinMs)]
    if let condition = plan.condition { facts["where"] = condition.text }
    switch plan.pattern {
    case .window(let when, _): facts["when"] = when.text
    case .sequence(let steps, let absent):
      facts["sequence"] = steps.map(\.name).joined(separator: " → ")
      if let absent { facts["absent"] = absent.text }
    }
    return object(facts)
  }

  /// A canonical JSON object of texts.
  private static func object(_ texts: [String: String]) -> String {
    var json = Array("{".utf8)
    for (index, entry) in texts.sorted(by: { $0.key < $1.key }).enumerated() {
      if index > 0 { json.append(UInt8(ascii: ",")) }
      CanonicalJSON.append(string: entry.key, to: &json)
      json.append(UInt8(ascii: ":"))
      CanonicalJSON.append(string: entry.value, to: &json)
    }
    json.append(UInt8(ascii: "}"))
    return String(decoding: json, as: UTF8.self)
  }
}
