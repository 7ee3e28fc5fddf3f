import PipelineSpec
import StreamCore

/// The rules of a pipeline as the results file shows them to people and to the commands.
enum RuleCatalogue {
  /// Every alert, risk and health rule, in order of name.
  static func rows(of pipeline: Pipeline) -> [RuleRow] {
    let alerts = pipeline.plan.alerts.map { plan in
      row(
        plan.name, .alert, pipeline.notify.policies[plan.name], plan.thresholds,
        dimensions: plan.dimensions, facts: facts(of: plan).mapValues(pipeline.shown.text))
    }
    let risks = pipeline.plan.risks.map { plan in
      row(
        plan.name, .risk, pipeline.notify.policies[plan.name], plan.thresholds,
        dimensions: [plan.entityKind],
        facts: facts(of: plan).mapValues(pipeline.shown.text))
    }
    return (alerts + risks + healthRows(pipeline.notify)).sorted { $0.rule < $1.rule }
  }

  /// Those that are on, under the names that their alerts have.
  private static func healthRows(_ notify: NotifyOptions) -> [RuleRow] {
    let health = notify.health
    let limits: [(name: String, limit: String?)] = [
      ("freshness", health.freshnessMs.map { "\($0) ms" }),
      ("lag", health.lagMs.map { "\($0) ms" }),
      ("rejected_share", health.rejectedShare.map { "\($0)" }),
      ("late_share", health.lateShare.map { "\($0)" }),
      ("users_in_two_partitions", health.usersInTwoPartitions ? "0" : nil),
      ("undelivered", health.undeliveredMs.map { "\($0) ms" }),
      ("backup", health.backupOverdue ? "0 ms overdue" : nil),
    ]
    return limits.compactMap { name, limit in
      guard let limit else { return nil }
      let rule = "health.\(name)"
      return row(
        rule, .health, notify.policies[rule] ?? health.policy, [],
        dimensions: ["freshness": ["source"], "backup": ["copy"]][name] ?? [],
        facts: ["limit": limit])
    }
  }

  private static func row(
    _ name: String, _ kind: RuleRow.Kind, _ policy: RulePolicy?, _ thresholds: [ThresholdPlan],
    dimensions: [String], facts: [String: String]
  ) -> RuleRow {
    let policy = policy ?? RulePolicy()
    let facts = facts.merging(Self.facts(of: policy)) { $1 }
    return RuleRow(
      rule: name, kind: kind, severity: policy.severity, owner: policy.owner,
      runbook: policy.runbook, summary: policy.summary, labels: object(policy.labels),
      dimensions: dimensions, definition: object(facts), thresholds: thresholds)
  }

  /// Who is told, how often, and who else after what time.
  private static func facts(of policy: RulePolicy) -> [String: String] {
    var facts: [String: String] = [:]
    if !policy.notify.isEmpty { facts["notify"] = policy.notify.joined(separator: " ") }
    if let every = policy.repeatEveryMs {
      facts["repeat_every_ms"] = String(every)
      facts["repeat_max"] = String(policy.repeatMax)
    }
    if let after = policy.escalateAfterMs {
      facts["escalate_after_ms"] = String(after)
      facts["escalate_to"] = policy.escalateTo.joined(separator: " ")
    }
    return facts
  }

  private static func facts(of plan: AlertPlan) -> [String: String] {
    var facts = ["watch": plan.watch.stage, "when": plan.when.text]
    if let clear = plan.clear { facts["clear"] = clear.text }
    return facts
  }

  private static func facts(of plan: RiskPlan) -> [String: String] {
    var facts = ["entity": plan.entityKind, "within_ms": String(plan.withinMs)]
    if let condition = plan.condition { facts["where"] = condition.text }
    switch plan.pattern {
    case .window(let when, _): facts["when"] = when.text
    case .sequence(let steps, let absent):
      facts["sequence"] = steps.map(\.name).joined(separator: " → ")
      if let absent { facts["absent"] = absent.text }
    }
    return facts
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
