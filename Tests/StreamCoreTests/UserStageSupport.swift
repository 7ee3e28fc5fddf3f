import StreamTestKit
import Testing

@testable import StreamCore

/// A pipeline with every kind of stage of users, made without a file.
enum UserPlans {
  static let fields = ["event", "user", "time", "id", "record", "city", "amount"]
  private static let traits = ["users.orders", "users.first_city", "users.last_amount"]

  private static func expression(_ text: String) throws -> Expression {
    let names = fields + traits
    return try Expression.compile(text) { name in
      names.firstIndex(of: name).map { .slot($0) } ?? .unknown(known: names)
    }
  }

  /// The plan; `hasStages` is false for one that only has fields.
  static func plan(keyed: Bool = true, hasStages: Bool = true) throws -> StagePlan {
    let source = SourcePlan(
      name: "events", topic: "t",
      fields: fields.map { .paths([[$0]]) }, keyed: keyed)
    var plan = PipelinePlan(
      name: "users", definition: "users", zone: .utc, tzdataVersion: "", sources: [source],
      time: TimePlan(), fields: fields)
    guard hasStages else { return StagePlan(plan, keyed: keyed) }
    let city = MetricPlan.Dimension(name: "city", expression: try expression("city"))
    let orders = MetricPlan.Dimension(
      name: "orders", expression: try expression("users.orders"))
    plan.traits = [
      TraitPlan(name: "orders", kind: .count, expression: try expression("event == 'a'")),
      TraitPlan(name: "first_city", kind: .first, expression: try expression("city")),
      TraitPlan(name: "last_amount", kind: .last, expression: try expression("amount")),
    ]
    let steps = try ["a", "b", "c"].map {
      FunnelPlan.Step(name: $0, condition: try expression("event == '\($0)'"))
    }
    plan.funnels = [
      FunnelPlan(name: "f1", steps: steps, withinMs: 3 * 86_400_000, dimensions: [city]),
      FunnelPlan(
        name: "f2", steps: steps, withinMs: 7_200_000, order: .strict,
        entered: WindowPlan(unit: .millisecond, every: 3_600_000)),
      FunnelPlan(
        name: "f3", steps: [steps[0], steps[0]], withinMs: 86_400_000,
        exclude: try expression("event == 'c'"), dimensions: [orders]),
    ]
    let amount = try expression("amount")
    plan.retentions = [
      RetentionPlan(name: "r1", periods: 5, value: amount, dimensions: [city]),
      RetentionPlan(
        name: "r2", start: try expression("event == 'a'"), periods: 4, mode: .recurring,
        value: amount, forgetAfterMs: 10 * 86_400_000),
    ]
    plan.sessions = [SessionPlan(name: "s", dimensions: [city])]
    plan.lifecycles = [
      LifecyclePlan(name: "l1", dimensions: [city], forgetAfterMs: 40 * 86_400_000),
      LifecyclePlan(name: "l2", unit: WindowPlan(unit: .month, every: 1)),
    ]
    return StagePlan(plan, keyed: keyed)
  }

  /// A plan with one risk rule: `a` of a user without `b` within an hour after it.
  static func risk() throws -> StagePlan {
    var plan = try plan(hasStages: false).pipeline
    let step = FunnelPlan.Step(name: "a", condition: try expression("event == 'a'"))
    plan.risks = [
      RiskPlan(
        name: "missing_b", entity: nil, entityKind: "user", withinMs: 3_600_000,
        pattern: .sequence(steps: [step], absent: try expression("event == 'b'")))
    ]
    return StagePlan(plan, keyed: true)
  }
}

/// An event of a user as a sequencer holds it.
struct WaitingEvent: Equatable {
  var timeMs: Int64
  var user: String
  var partition: PartitionID
  var offset: Int64
  var name = "a"
  var amount: Int64 = 0
  var bits: UInt64 = 0

  /// The order in which events of several partitions are handed on.
  static func comesBefore(_ a: WaitingEvent, _ b: WaitingEvent) -> Bool {
    if a.timeMs != b.timeMs { return a.timeMs < b.timeMs }
    if a.user != b.user { return a.user.utf8.lexicographicallyPrecedes(b.user.utf8) }
    if a.partition != b.partition { return a.partition < b.partition }
    return a.offset < b.offset
  }

  var hash: UInt64 { Array(user.utf8).withUnsafeBytes { Hash64.of($0) } }

  /// Its slots; their text is in `arena`.
  func row(_ plan: StagePlan, _ arena: ScratchArena) -> [Value] {
    var row = [Value](repeating: .missing, count: plan.pipeline.slotCount)
    row[Slot.name] = Sample.string(name).value(arena)
    row[Slot.user] = Sample.string(user).value(arena)
    row[5] = Sample.string("city-\(amount % 3)").value(arena)
    row[6] = Sample.token("\(amount)").value(arena)
    return row
  }

  var entry: EventChunk.Entry {
    EventChunk.Entry(
      timeMs: timeMs, clockMs: timeMs, keyHash: hash, offset: offset, bits: bits, key: 0,
      isStraggler: false)
  }
}

extension EventBlock {
  /// The events of the block, as they were taken.
  var waitingEvents: [WaitingEvent] {
    (0..<appliedCount).map { k in
      let i = Int(applied[k])
      let row = row(i)
      func text(_ slot: Int) -> String { String(decoding: row[slot].bytes, as: UTF8.self) }
      return WaitingEvent(
        timeMs: timeMs[i], user: text(Slot.user), partition: partition(i), offset: offset[i],
        name: text(Slot.name), amount: Int64(text(6)) ?? -1, bits: bits[i])
    }
  }
}
