import GRDB
import StreamCore

@testable import SnapshotStore

func transition(
  _ id: String = "a1", rule: String = "trouble", dimensions: String = "{}", at minutes: Int64 = 0,
  from: AlertState = .inactive, to: AlertState = .firing, value: Double? = 0.5, samples: Int64 = 9,
  thresholds: String = #"{"above":0.2}"#, status: ResultStatus = .final, kind: AlertKind = .alert
) -> AlertTransition {
  AlertTransition(
    alertID: id, rule: rule, dimensions: dimensions, windowStart: EventTime(ms: minutes * minute),
    windowEnd: EventTime(ms: (minutes + 1) * minute), from: from, to: to, value: value,
    samples: samples, thresholds: thresholds, status: status, kind: kind)
}

func alert(
  _ id: String = "a1", rule: String = "trouble", dimensions: String = "{}", first: Int64 = 0,
  last: Int64? = nil, _ state: AlertState = .firing, value: Double? = 0.5,
  status: ResultStatus = .final, kind: AlertKind = .alert
) -> AlertRow {
  AlertRow(
    alertID: id, rule: rule, dimensions: dimensions, state: state, severity: "critical",
    owner: "payments", windowStart: EventTime(ms: first * minute),
    windowEnd: EventTime(ms: ((last ?? first) + 1) * minute), value: value, threshold: 0.2,
    thresholds: #"{"above":0.2}"#, opened: EventTime(ms: (first + 1) * minute),
    resolved: state == .resolved ? EventTime(ms: ((last ?? first) + 1) * minute) : nil,
    explanation: #"{"value":0.5,"by":[]}"#, status: status, kind: kind)
}

func finding(
  _ id: String = "f1", rule: String = "card_testing", entity: String = "10.0.0.1",
  opened: Int64 = 1000, closed: Int64? = nil, status: FindingStatus = .final,
  announcedAs: String? = nil, figures: String = #"{"count":5}"#,
  evidence: String = #"["events/0/7"]"#, severity: String = "critical", owner: String? = nil
) -> FindingRow {
  FindingRow(
    findingID: id, rule: rule, entityKind: "context.ip", entity: entity,
    opened: EventTime(ms: opened), closed: closed.map(EventTime.init(ms:)), status: status,
    announcedAs: announcedAs, figures: figures, evidence: evidence, severity: severity, owner: owner
  )
}

func message(
  _ id: String, sink: String = "ops", about subject: String = "a1", event: String = "firing",
  decided: Int64 = 1, _ state: OutboxState = .pending
) -> OutboxMessage {
  OutboxMessage(
    messageID: id, sink: sink, event: event, subjectID: subject, rule: "trouble",
    payload: #"{"id":"\#(id)"}"#, decided: EventTime(ms: decided),
    decidedWall: WallTime(ms: decided), state: state, nextAttemptWall: WallTime(ms: decided))
}

let shopRules = [
  RuleRow(
    rule: "card_testing", kind: .risk, severity: "critical", owner: "risk",
    labels: #"{"team":"risk"}"#, definition: #"{"within":"10m"}"#,
    thresholds: [
      ThresholdPlan(name: "accounts", standard: 3),
      ThresholdPlan(name: "failures", standard: 5, min: 1, max: 100, step: 1),
    ]),
  RuleRow(
    rule: "lag", kind: .health, severity: "warning", summary: "behind"),
  RuleRow(
    rule: "trouble", kind: .alert, severity: "critical", owner: "payments", runbook: "https://x",
    dimensions: ["city", "platform"],
    thresholds: [
      ThresholdPlan(
        name: "above", standard: 0.2, min: 0, max: 1, step: 0.05,
        byDimensions: [
          (#"{"platform":"app"}"#, 0.3), (#"{"city":"北京","platform":"app"}"#, 0.4),
        ])
    ]),
]

func request(
  _ rule: String = "trouble", _ name: String = "above", _ value: Double?,
  dimensions: String = "{}", from: Int64? = nil, by: String = "ann", reason: String = "noise"
) -> ThresholdRequest {
  ThresholdRequest(
    rule: rule, name: name, dimensions: dimensions, value: value,
    from: from.map(EventTime.init(ms:)), requested: WallTime(ms: 5), requestedBy: by,
    reason: reason)
}

func change(
  alerts rows: ResultRows = ResultRows(), next: Int64 = 0, clock: Int64? = nil,
  _ fill: (inout SnapshotChange) -> Void = { _ in }
) -> SnapshotChange {
  var change = change(rows, next: next)
  change.partitions = [partition(0, next: next, clock: clock)]
  fill(&change)
  return change
}

/// Everything that the tables of a file hold, table by table, to compare files and moments.
func contents(of path: String, tables: [String]? = nil) throws -> [String: [String]] {
  let queue = try DatabaseQueue(path: path)
  defer { try? queue.close() }
  return try queue.read { db in
    let names = try String.fetchAll(
      db, sql: "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
    var found: [String: [String]] = [:]
    for name in names where tables?.contains(name) ?? true {
      found[name] = try Row.fetchAll(db, sql: "SELECT * FROM \(name)").map(\.description)
    }
    return found
  }
}

/// The tables of alerts, thresholds and people.
let alertTables = [
  "acknowledgements", "alert_transitions", "alerts", "finding_transitions", "findings", "outbox",
  "rule_thresholds", "rules", "silences", "threshold_requests", "thresholds", "verdicts",
]
