import StreamCore

// Risks, alerts, and who is told. Shows no URL and no secret.

extension PlanExplanation {
  // MARK: - Risks

  /// What a risk keeps of each entity.
  public struct RiskCost: Sendable, Equatable {
    /// Name of the risk.
    public var risk: String
    /// Bytes of an entity without events.
    public var bytes: Int64
    /// Bytes of each event that is kept.
    public var bytesPerEvent: Int64
    /// Bytes of an entity with as many events as may be kept.
    public var bytesMax: Int64
  }

  /// Bytes that risks keep of each entity, in the plan's order. An estimate from the plan alone: a
  /// time takes 6 bytes, the distance to the event before as many as `within` needs, a bit for each
  /// condition, 9 bytes for each value. A sequence keeps the time of each step.
  public static func bytesPerEntity(_ plan: PipelinePlan) -> [RiskCost] {
    plan.risks.map { risk in
      let base = userBytes + 8
      switch risk.pattern {
      case .window(_, let aggregates):
        let values = Set(aggregates.compactMap { $0.value?.text }).count
        let conditions = Set(aggregates.compactMap { $0.condition?.text }).count
        let event =
          varintBytes(risk.withinMs) + Int64((conditions + 7) / 8) + 9 * Int64(values)
        return RiskCost(
          risk: risk.name, bytes: base, bytesPerEvent: event,
          bytesMax: base + event * Int64(risk.maxEvents))
      case .sequence(let steps, let absent):
        let chain = 6 + varintBytes(risk.withinMs) * Int64(steps.count - 1)
        let bytes = base + chain + (absent == nil ? 0 : 6)
        return RiskCost(risk: risk.name, bytes: bytes, bytesPerEvent: 0, bytesMax: bytes)
      }
    }
  }

  static func risks(_ plan: PipelinePlan) -> Section {
    let costs = bytesPerEntity(plan)
    return Section(
      title: "Risks",
      columns: [
        "risk", "of each", "where", "within", "max_events", "lateness", "bytes an entity",
        "bytes an event", "at most",
      ],
      rows: zip(plan.risks, costs).map { risk, cost in
        [
          risk.name, entity(risk), risk.condition?.text ?? "",
          Units.text(ofDuration: risk.withinMs), "\(risk.maxEvents)",
          lateness(risk.latenessMs, plan), "\(cost.bytes)", "\(cost.bytesPerEvent)",
          "\(cost.bytesMax)",
        ]
      })
  }

  private static func entity(_ risk: RiskPlan) -> String {
    guard let entity = risk.entity, entity.text != risk.entityKind else { return risk.entityKind }
    return "\(risk.entityKind) = \(entity.text)"
  }

  static func riskPatterns(_ plan: PipelinePlan) -> Section {
    Section(
      title: "Patterns of risks", columns: ["risk", "opens a finding"],
      rows: plan.risks.flatMap { risk -> [[String]] in
        switch risk.pattern {
        case .window(let when, _): return [[risk.name, "while \(when.text)"]]
        case .sequence(let steps, let absent):
          let rows = steps.enumerated().map { index, step in
            [risk.name, "step \(index + 1) \(step.name): \(step.condition.text)"]
          }
          return rows + (absent.map { [[risk.name, "and then not: \($0.text)"]] } ?? [])
        }
      })
  }

  // MARK: - Alerts

  static func alerts(_ plan: PipelinePlan) -> Section {
    Section(
      title: "Alerts",
      columns: [
        "alert", "watches", "windows", "by", "fires when", "for", "ends when", "min_samples",
        "no_data", "active", "looks back", "explained by",
      ],
      rows: plan.alerts.map { alert in
        let held = alert.keepFiringForMs
        return [
          alert.name, Definition.text(of: alert.watch), WindowText.text(alert.window),
          alert.dimensions.joined(separator: ", "), alert.when.text, hold(alert.hold),
          (alert.clear?.text ?? "not so any more")
            + (held > 0 ? ", for \(Units.text(ofDuration: held))" : ""),
          "\(alert.minSamples)", alert.noData.rawValue,
          alert.active.isEmpty ? "always" : alert.active.map(text).joined(separator: "; "),
          "\(alert.lookBack) windows", alert.breakdowns.map(\.dimension).joined(separator: ", "),
        ]
      })
  }

  private static func hold(_ hold: AlertPlan.Hold) -> String {
    switch hold {
    case .windows(1): "1 window"
    case .windows(let count): "\(count) windows"
    case .duration(let ms): Units.text(ofDuration: ms)
    }
  }

  private static func text(_ hours: AlertPlan.ActiveHours) -> String {
    let names = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
    let days = hours.days.sorted().compactMap {
      names.indices.contains($0 - 1) ? names[$0 - 1] : nil
    }
    return "\(days.joined(separator: ",")) \(clock(hours.fromMinute))-\(clock(hours.toMinute))"
  }

  private static func clock(_ minute: Int) -> String {
    let parts = [minute / 60, minute % 60].map { $0 < 10 ? "0\($0)" : "\($0)" }
    return parts.joined(separator: ":")
  }

  static func thresholds(_ plan: PipelinePlan) -> Section {
    let rules =
      plan.risks.map { ($0.name, $0.thresholds) } + plan.alerts.map { ($0.name, $0.thresholds) }
    return Section(
      title: "Thresholds", columns: ["threshold", "where", "default", "min", "max", "step"],
      rows: rules.flatMap { rule, thresholds in
        thresholds.flatMap { threshold in
          let bounds = [threshold.min, threshold.max, threshold.step].map { bound in
            bound.map { "\($0)" } ?? ""
          }
          let name = "\(rule).\(threshold.name)"
          return [[name, "", "\(threshold.standard)"] + bounds]
            + threshold.byDimensions.map { [name, $0.dimensions, "\($0.value)"] + bounds }
        }
      })
  }

  // MARK: - People

  static func health(_ health: HealthOptions) -> Section {
    let duration = { (ms: Int64?) in ms.map { Units.text(ofDuration: $0) } ?? "off" }
    let share = { (share: Double?) in share.map { "\($0)" } ?? "off" }
    return Section(
      title: "Health rules", columns: ["rule", "threshold"],
      rows: [
        ["freshness", duration(health.freshnessMs)], ["lag", duration(health.lagMs)],
        ["rejected_share", share(health.rejectedShare)], ["late_share", share(health.lateShare)],
        ["users_in_two_partitions", health.usersInTwoPartitions ? "on" : "off"],
        ["undelivered", duration(health.undeliveredMs)],
        ["backup", health.backupOverdue ? "on" : "off"],
      ])
  }

  static func people(_ pipeline: Pipeline) -> Section {
    let notify = pipeline.notify
    let names = (pipeline.plan.risks.map(\.name) + pipeline.plan.alerts.map(\.name))
    let rules = names.map { ($0, notify.policies[$0] ?? RulePolicy()) }
    return Section(
      title: "Who is told",
      columns: ["rule", "severity", "owner", "tells", "again", "then tells"],
      rows: (rules + [("health", notify.health.policy)]).map { name, policy in
        let again = policy.repeatEveryMs.map {
          "every \(Units.text(ofDuration: $0)), \(policy.repeatMax) times"
        }
        let then = policy.escalateAfterMs.map {
          "\(policy.escalateTo.joined(separator: ", ")) after \(Units.text(ofDuration: $0))"
        }
        return [
          name, policy.severity, policy.owner ?? "",
          policy.notify.isEmpty ? "nobody" : policy.notify.joined(separator: ", "), again ?? "",
          then ?? "",
        ]
      })
  }

  static func destinations(_ notify: NotifyOptions) -> Section {
    Section(
      title: "Destinations",
      columns: ["destination", "is", "signed", "language", "timeout", "attempts", "per_minute"],
      rows: notify.destinations.map { destination in
        [
          destination.name,
          destination.kind == .kafka ? "kafka \(destination.target)" : destination.kind.rawValue,
          destination.secret == nil ? "no" : "yes", destination.language.rawValue,
          Units.text(ofDuration: destination.timeoutMs), "\(destination.attemptsMax)",
          destination.perMinute.map { "\($0)" } ?? "as the kind allows",
        ]
      })
  }
}

extension AlertPlan {
  /// Windows back that its expressions read.
  var lookBack: Int {
    inputs.map { input in
      switch input {
      case .previous(let count), .change(let count): count
      case .mean(let count, let step), .stddev(let count, let step): count * step
      case .value, .samples, .lower, .upper, .other, .threshold: 0
      }
    }.max() ?? 0
  }
}
