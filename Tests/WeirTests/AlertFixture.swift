import Foundation
import SnapshotStore
import StreamCore
import Testing

/// A pipeline that watches payments by platform, minute by minute.
enum AlertFixture {
  static let minute: Int64 = 60_000
  /// 2026-01-05 08:00 in Shanghai.
  static let start: Int64 = 1_767_571_200_000

  static let pipeline = """
    name: pay
    zone: Asia/Shanghai
    source:
      kafka: {brokers: "${WEIR_BROKERS:-none}", topic: "${WEIR_TOPIC:-none}"}
      format: custom
      fields: {name: event, user: user_id, time: timestamp}
    time: {lateness: 0s, idle_after: 1h}
    snapshot_every: 100ms
    notify_within: 1h
    metrics:
      tries: {count: true, every: 1m, by: [platform, tier]}
      errors: {count: true, where: 'event == "payment_error"', every: 1m, by: [platform, tier]}
      error_rate: {formula: errors / tries}
    alerts:
      trouble:
        watch: error_rate
        when: value > above
        thresholds: {above: {default: 0.2, min: 0, max: 1, step: 0.05}}
        severity: critical
        owner: payments
        summary: Payments fail
        runbook: Ask the provider.
        notify: [ops]
        repeat: 1h
        escalate: {after: 30m, to: [boss]}
    risks:
      card_testing:
        entity: user
        within: 10m
        when: count(event == "payment_error") >= failures
        thresholds: {failures: 3}
    notify:
      ops: {webhook: "http://127.0.0.1:1/hook", attempts: 1}
      boss: {log: true}
    """

  /// Ten payments in each of `minutes`, of which `errors` fail, by ten users, five seconds apart.
  static func log(
    _ minutes: Range<Int64>, errors: Int
  ) -> [(payload: [UInt8], timestampMs: Int64)] {
    minutes.flatMap { minute in
      (0..<10).map { number in
        let time = start + minute * Self.minute + Int64(number) * 5_000
        let event = number < errors ? "payment_error" : "payment"
        let text =
          #"{"timestamp":\#(time),"event":"\#(event)","user_id":"u\#(number)","#
          + #""platform":"ios","tier":1}"#
        return (Array(text.utf8), time)
      }
    }
  }

  /// The same as lines.
  static func events(_ minutes: Range<Int64>, errors: Int) -> [String] {
    log(minutes, errors: errors).map { String(decoding: $0.payload, as: UTF8.self) }
  }

  /// Runs the pipeline over ten good minutes, five bad ones and five good ones; gives the path of
  /// the results.
  static func run(_ folder: TemporaryFolder) async throws -> String {
    let lines = events(0..<10, errors: 0) + events(10..<15, errors: 5) + events(15..<20, errors: 0)
    let data = folder.file("pay.sqlite")
    let outcome = try await Command.run([
      "run", try folder.write(pipeline, to: "pay.yaml"), "--data", data, "--input",
      try folder.write(lines.joined(separator: "\n"), to: "pay.jsonl"),
    ])
    try #require(outcome.code == 0, "\(outcome)")
    return data
  }

  // MARK: - A file with messages in every state

  /// An id that begins with `beginning`.
  static func id(_ beginning: String) -> String {
    beginning + String(repeating: "0", count: 32 - beginning.count)
  }

  /// The rules of the file.
  static let rules = [
    RuleRow(
      rule: "trouble", kind: .alert, severity: "critical", owner: "payments",
      runbook: "Ask the provider.", summary: "Payments fail", dimensions: ["platform"],
      definition: #"""
        {"escalate_after_ms":"1800000","escalate_to":"boss","notify":"ops","repeat_every_ms":"\#
        3600000","repeat_max":"5","watch":"error_rate","when":"value > above"}
        """#,
      thresholds: [ThresholdPlan(name: "above", standard: 0.2, min: 0, max: 1)])
  ]

  /// An alert of `platform` that began in `minute`.
  static func alert(_ beginning: String, _ platform: String, _ state: AlertState) -> AlertRow {
    let begin = EventTime(ms: start)
    return AlertRow(
      alertID: id(beginning), rule: "trouble", dimensions: #"{"platform":"\#(platform)"}"#,
      state: state, severity: "critical", owner: "payments", windowStart: begin,
      windowEnd: EventTime(ms: start + 2 * minute), value: 0.5, threshold: 0.2,
      thresholds: #"{"above":0.2}"#,
      opened: state == .pending ? nil : EventTime(ms: start + minute),
      resolved: state == .resolved ? EventTime(ms: start + 2 * minute) : nil,
      explanation: #"""
        {"baseline":{"start_ms":0,"value":0.1},"value":0.5,"by":[{"dimension":"channel","value":"web",\#
        "from":0.1,"to":0.9,"share":0.8}]}
        """#,
      status: .final)
  }

  /// A message about an alert.
  static func message(
    _ beginning: String, about alert: String, sink: String = "ops", event: String = "firing",
    at wall: WallTime, _ state: OutboxState = .pending
  ) -> OutboxMessage {
    OutboxMessage(
      messageID: id(beginning), sink: sink, event: event, subjectID: id(alert), rule: "trouble",
      payload: "{}", decided: EventTime(ms: start), decidedWall: wall, state: state,
      nextAttemptWall: wall)
  }

  /// Writes a file with `rows`, `messages` and what became of them.
  static func write(
    _ path: String, _ rows: ResultRows, messages: [OutboxMessage] = [], notes: [DeliveryNote] = []
  ) throws {
    let identity = PipelineIdentity(
      name: "pay", definition: "pipeline 1\nname pay\nzone UTC\n", tzdataVersion: "2025b",
      weirVersion: "1.0")
    let file = try ResultsFile.open(path: path, identity: identity)
    defer { try? file.close() }
    var change = SnapshotChange(taken: WallTime(ms: start))
    change.rows = rows
    change.rules = rules
    change.messages = messages
    change.thresholds = ThresholdDesk.fileRows(
      rules: rules, rows: [], clock: nil, now: WallTime(ms: start))
    change.partitions = [
      PartitionProgress(
        id: PartitionID(topic: "t", partition: 0), nextOffset: 9,
        clock: EventTime(ms: start + 2 * minute), fates: FateCounts(), idle: false)
    ]
    _ = try file.commit(change, durable: true)
    try file.noteDelivery(notes)
  }
}
