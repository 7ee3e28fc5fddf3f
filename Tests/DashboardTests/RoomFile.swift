import PipelineSpec
import SnapshotStore
import StreamCore
import StreamTestKit

@testable import Dashboard

/// A shop whose payments fail now and then, run by the driver and committed to a file: rows, alerts
/// and rules as a worker would have them, with findings, messages and samples beside them.
struct RoomFile {
  static let startMs: Int64 = 1_767_571_200_000
  static let minute: Int64 = 60_000

  let file: TestFile
  let pipeline: Pipeline
  let driver: PipelineDriver

  /// The pipeline with other defaults of its thresholds; with `most` it has a KPI that is watched.
  static func pipeline(
    above: Double = 0.3, drop: Double = 0.8, most: Double? = nil
  ) throws -> Pipeline {
    let kpi =
      most.map {
        """
          failing:
            watch: failed
            when: value > most && value > previous(1)
            thresholds: {most: \($0)}
        kpis:
          failed: {formula: errors, period: 15m, layer: process, unit: payments}
        """
      } ?? ""
    return try Pipeline.parse(
      text: """
        name: shop
        zone: Asia/Shanghai
        source: {format: custom, fields: {name: event, user: user_id, time: timestamp}}
        time: {lateness: 1m}
        metrics:
          payments: {count: true, where: 'event == "pay"', every: 1m, by: [channel]}
          errors: {count: true, where: 'event == "error"', every: 1m, by: [channel]}
          rate: {formula: errors / payments}
        alerts:
          trouble:
            watch: rate
            when: lower(value) > above
            thresholds: {above: {default: \(above), min: 0, max: 1, step: 0.01}}
            for: 2
            clear: value < 0.5 * above
            owner: payments
            runbook: https://example.com/runbook
          slump:
            watch: payments
            when: change(1m) < -drop
            thresholds: {drop: \(drop)}
            no_data: ok
        \(kpi)
        """, file: "shop.yaml")
  }

  /// Runs `minutes` of events from a seed.
  static func run(_ pipeline: Pipeline, seed: UInt64, minutes: Int) throws -> PipelineDriver {
    var generator = SeededGenerator(seed: seed)
    let driver = try PipelineDriver(pipeline.plan)
    for window in 0..<minutes {
      let isBad = window / 15 % 3 == 1
      for channel in ["app", "web"] where !(channel == "web" && generator.chance(0.1)) {
        for _ in 0..<generator.below(12) {
          let at = startMs + Int64(window) * minute + generator.whole(0...(minute - 1))
          let fails = generator.chance(isBad ? 0.7 : 0.1)
          for name in fails ? ["pay", "error"] : ["pay"] {
            driver.push(
              #"{"event":"\#(name)","user_id":"u","timestamp":\#(at),"channel":"\#(channel)"}"#)
          }
        }
      }
      driver.snapshot(provisional: false)
    }
    driver.close()
    return driver
  }

  init(seed: UInt64, minutes: Int = 240, most: Double? = nil) throws {
    file = try TestFile()
    pipeline = try Self.pipeline(most: most)
    driver = try Self.run(pipeline, seed: seed, minutes: minutes)
    let (driver, rules) = (driver, Self.rules(pipeline))
    let last = EventTime(ms: Self.startMs + Int64(minutes) * Self.minute)
    try file.commit { change in
      change.rules = rules
      change.rows.metrics = driver.rows
      change.rows.kpis = driver.tables.rows.kpis
      change.rows.alerts = driver.alertRows
      change.rows.alertTransitions = driver.alertTransitions
      change.rows.findings = Self.findings
      change.messages = Self.messages(about: driver.alertRows)
      change.rejected = Self.samples("no_name", count: 7)
      change.late = Self.samples("late", count: 5)
      change.manifest = ["rejected.no_name": "7", "stage.payments.matched": "100"]
      change.partitions = (0..<3).map { number in
        var fates = FateCounts()
        (fates.read, fates.applied, fates.late, fates.rejected) = (112, 100, 5, 7)
        return PartitionProgress(
          id: PartitionID(topic: "shop.events", partition: Int32(number)), nextOffset: 112,
          clock: last, fates: fates, idle: number == 2)
      }
    }
  }

  private static func rules(_ pipeline: Pipeline) -> [RuleRow] {
    let definitions = [
      "trouble": #"{"watch":"rate","when":"lower(value) > above"}"#,
      "slump": #"{"watch":"payments","when":"change(1m) < -drop"}"#,
      "failing": #"{"watch":"failed","when":"value > most && value > previous(1)"}"#,
    ]
    let alerts = pipeline.plan.alerts.map { plan in
      RuleRow(
        rule: plan.name, kind: .alert, severity: plan.severity, owner: plan.owner,
        runbook: plan.name == "trouble" ? "https://example.com/runbook" : nil,
        summary: "About \(plan.name)", dimensions: plan.dimensions,
        definition: definitions[plan.name] ?? "{}", thresholds: plan.thresholds)
    }
    let risk = RuleRow(
      rule: "card_testing", kind: .risk, severity: "critical", owner: "risk",
      dimensions: ["user"], definition: #"{"entity":"user"}"#,
      thresholds: [ThresholdPlan(name: "failures", standard: 5, min: 1, max: 100, step: 1)])
    return (alerts + [risk]).sorted { $0.rule < $1.rule }
  }

  static let person = "u-secret-4711"

  private static let findings = (0..<5).map { number in
    FindingRow(
      findingID: "f00d\(number)", rule: "card_testing", entityKind: "user",
      entity: "\(person)-\(number)",
      opened: EventTime(ms: startMs + Int64(number) * minute),
      closed: number == 0 ? nil : EventTime(ms: startMs + Int64(number + 9) * minute),
      status: .final, announcedAs: nil, figures: #"{"count()":5,"failures":5}"#,
      evidence: #"[{"offset":4242,"partition":1,"topic":"shop.events"}]"#, severity: "critical",
      owner: "risk")
  }

  private static func messages(about alerts: [AlertRow]) -> [OutboxMessage] {
    alerts.prefix(6).enumerated().map { number, alert in
      OutboxMessage(
        messageID: "m\(number)", sink: number % 2 == 0 ? "ops" : "chat", event: "firing",
        subjectID: alert.alertID, rule: alert.rule, payload: #"{"who":"\#(person)"}"#,
        decided: alert.windowEnd, decidedWall: WallTime(ms: 1_772_000_000_000),
        state: number < 3 ? .dead : .suppressedStale,
        nextAttemptWall: WallTime(ms: 1_772_000_000_000))
    }
  }

  private static func samples(_ reason: String, count: Int) -> [EventSample] {
    (0..<count).map { number in
      EventSample(
        id: PartitionID(topic: "shop.events", partition: 0), offset: Int64(number), reason: reason,
        detail: "byte \(number)", eventTime: EventTime(ms: startMs), watermark: nil,
        payload: #"{"user_id":"\#(person)"}"#)
    }
  }

  /// A console that knows the pipeline.
  func console(
    tokens: [ConsoleToken] = [], knowsPipeline: Bool = true
  ) throws -> Console {
    try file.console(tokens: tokens, pipeline: knowsPipeline ? pipeline : nil)
  }
}
