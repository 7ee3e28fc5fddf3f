import PipelineSpec
import StreamCore
import StreamTestKit

/// A set of stages of users, as the pipeline has it and as the oracles have it.
struct UserStages {
  /// One stage of either kind.
  struct Stage<Plan, Oracle> {
    /// What the pipeline has.
    var plan: Plan
    /// What computes the same by brute force.
    var oracle: Oracle
    /// Its definition, for people.
    var text: String
  }

  var zone = "UTC"
  var latenessMs: Int64 = 60_000
  var hasTraits = false
  /// Condition of the trait `done`.
  var done = StageCondition.name("a")
  var funnels: [Stage<FunnelPlan, FunnelOracle>] = []
  var retentions: [Stage<RetentionPlan, RetentionOracle>] = []
  var sessions: [Stage<SessionPlan, SessionOracle>] = []
  var lifecycles: [Stage<LifecyclePlan, LifecycleOracle>] = []
  var metrics: [Stage<MetricPlan, MetricOracle>] = []

  /// The pipeline of them.
  func plan(keyed: Bool = true, sources: [String] = ["events"]) throws -> PipelinePlan {
    var plan = PipelinePlan(
      name: "users", definition: text, zone: try Zone.named(zone), tzdataVersion: "",
      sources: sources.map {
        SourcePlan(name: $0, topic: nil, fields: StageFields.bindings, keyed: keyed)
      }, time: TimePlan(latenessMs: latenessMs), fields: StageFields.names)
    plan.funnels = funnels.map(\.plan)
    plan.retentions = retentions.map(\.plan)
    plan.sessions = sessions.map(\.plan)
    plan.lifecycles = lifecycles.map(\.plan)
    plan.metrics = metrics.map(\.plan)
    if hasTraits {
      plan.traits = [
        TraitPlan(name: "done", kind: .count, expression: try StageFields.compile(done.text)),
        TraitPlan(
          name: "first_channel", kind: .first, expression: try StageFields.compile("channel")),
        TraitPlan(
          name: "last_channel", kind: .last, expression: try StageFields.compile("channel")),
        TraitPlan(
          name: "last_city", kind: .last, expression: try StageFields.compile("properties.city")),
      ]
    }
    return plan
  }

  /// The traits as the oracles have them.
  var traits: TraitOracle {
    TraitOracle(
      hasTraits
        ? [
          .init("done", .count(done.matches)),
          .init("first_channel", .first { OracleValue($0.channel) }),
          .init("last_channel", .last { OracleValue($0.channel) }),
          .init("last_city", .last { OracleValue($0.city) }),
        ] : [])
  }

  /// The lateness of the stage that has the greatest.
  var greatestLatenessMs: Int64 {
    let own =
      funnels.map(\.plan.latenessMs) + retentions.map(\.plan.latenessMs)
      + sessions.map(\.plan.latenessMs) + lifecycles.map(\.plan.latenessMs)
      + metrics.map(\.plan.latenessMs)
    return own.map { $0 ?? latenessMs }.max() ?? latenessMs
  }

  /// Everything in which rows differ from what logs of partitions must come to, a sentence each.
  func differences(_ logs: [[HistoryEvent]], topics: [String]? = nil, _ rows: UserRows) -> [String]
  {
    let fates = FatesOracle(latenessMs: greatestLatenessMs)
    let applied: [OracleEvent]
    if let topics {
      let each = logs.count / topics.count
      applied = topics.indices.flatMap { index in
        fates.applied(Array(logs[(index * each)..<((index + 1) * each)]), topic: topics[index])
      }
    } else {
      applied = fates.applied(logs)
    }
    let horizonMs = logs.compactMap { fates.follow($0).clockMs }.max() ?? 0
    let events = traits.annotate(applied)
    let taken = { (own: Int64?) in events.filter { $0.behindMs <= own ?? latenessMs } }
    var faults = rows.faults
    for (plan, oracle) in funnels.map({ ($0.plan, $0.oracle) }) {
      faults += oracle.differences(taken(plan.latenessMs), actual: rows.funnels)
    }
    for (plan, oracle) in retentions.map({ ($0.plan, $0.oracle) }) {
      faults += oracle.differences(taken(plan.latenessMs), actual: rows.retention)
    }
    for (plan, oracle) in sessions.map({ ($0.plan, $0.oracle) }) {
      faults += oracle.differences(taken(plan.latenessMs), actual: rows.sessions)
    }
    for (plan, oracle) in lifecycles.map({ ($0.plan, $0.oracle) }) {
      faults += oracle.differences(
        taken(plan.latenessMs), horizonMs: horizonMs, actual: rows.metrics)
    }
    for (plan, oracle) in metrics.map({ ($0.plan, $0.oracle) }) {
      faults += OracleRow.differences(
        expected: oracle.rows(taken(plan.latenessMs)),
        actual: rows.metrics.filter { $0.metric == plan.name })
    }
    return faults
  }

  /// Each of the stages by itself.
  var each: [UserStages] {
    var empty = self
    empty.funnels = []
    empty.retentions = []
    empty.sessions = []
    empty.lifecycles = []
    empty.metrics = []
    return funnels.map { stage in empty.with { $0.funnels = [stage] } }
      + retentions.map { stage in empty.with { $0.retentions = [stage] } }
      + sessions.map { stage in empty.with { $0.sessions = [stage] } }
      + lifecycles.map { stage in empty.with { $0.lifecycles = [stage] } }
      + metrics.map { stage in empty.with { $0.metrics = [stage] } }
  }

  private func with(_ change: (inout UserStages) -> Void) -> UserStages {
    var other = self
    change(&other)
    return other
  }

  /// The definitions, for people.
  var text: String {
    let lines =
      funnels.map(\.text) + retentions.map(\.text) + sessions.map(\.text) + lifecycles.map(\.text)
      + metrics.map(\.text)
    return
      (["zone: \(zone), lateness: \(latenessMs)ms"]
      + (hasTraits ? ["users.done: count \(done.text)"] : []) + lines).joined(separator: "\n")
  }
}
