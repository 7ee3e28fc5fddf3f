import GRDB
import StreamCore

/// Which alerts to read; every condition that is set must hold.
public struct AlertQuery: Sendable {
  /// Any of these states; empty: all.
  public var states: [AlertState] = []
  /// Name of the rule.
  public var rule: String?
  /// Of the pipeline's results, or of the worker.
  public var kind: AlertKind?
  /// How urgent: `info`, `warning`, `critical`.
  public var severity: String?
  /// Whose they are.
  public var owner: String?
  /// Alerts whose first window starts at or after this.
  public var from: EventTime?
  /// Alerts whose first window starts before this.
  public var to: EventTime?
  /// At most so many, the newest.
  public var limit = 1000

  /// Asks for all alerts, up to `limit`.
  public init() {}
}

/// Which findings to read; every condition that is set must hold.
public struct FindingQuery: Sendable {
  /// Any of these; empty: all.
  public var statuses: [FindingStatus] = []
  /// Name of the rule.
  public var rule: String?
  /// The entity.
  public var entity: String?
  /// Only those that are not closed, nor withdrawn.
  public var isOpen = false
  /// Only those that are closed.
  public var isPast = false
  /// How urgent: `info`, `warning`, `critical`.
  public var severity: String?
  /// Whose they are.
  public var owner: String?
  /// Findings that opened at or after this.
  public var from: EventTime?
  /// Findings that opened before this.
  public var to: EventTime?
  /// At most so many, the newest.
  public var limit = 1000

  /// Asks for all findings, up to `limit`.
  public init() {}
}

/// Which messages to read; every condition that is set must hold.
public struct OutboxQuery: Sendable {
  /// Any of these states; empty: all.
  public var states: [OutboxState] = []
  /// Name of the destination.
  public var sink: String?
  /// Name of the rule.
  public var rule: String?
  /// At most so many, the newest.
  public var limit = 1000

  /// Asks for all messages, up to `limit`.
  public init() {}
}

/// An alert and who has seen it.
public struct AlertRecord: Sendable, Equatable {
  /// As it stands.
  public var alert: AlertRow
  /// Oldest first.
  public var acknowledgements: [Acknowledgement]
  /// What people say that it was, where they do.
  public var verdict: VerdictRow?

  /// Makes a record of its parts.
  public init(alert: AlertRow, acknowledgements: [Acknowledgement], verdict: VerdictRow?) {
    self.alert = alert
    self.acknowledgements = acknowledgements
    self.verdict = verdict
  }

  /// Adds to alerts what people did. O(rows · log rows).
  static func of(_ rows: [AlertRow], _ db: Database) throws -> [AlertRecord] {
    let ids = rows.map(\.alertID)
    let (seen, judged) = (try Acknowledgement.of(ids, db), try VerdictRow.newest(of: ids, db))
    return rows.map {
      AlertRecord(
        alert: $0, acknowledgements: seen[$0.alertID] ?? [], verdict: judged[$0.alertID])
    }
  }
}

/// A finding and who has seen it.
public struct FindingRecord: Sendable, Equatable {
  /// As it stands.
  public var finding: FindingRow
  /// Oldest first.
  public var acknowledgements: [Acknowledgement]
  /// What people say that it was, where they do.
  public var verdict: VerdictRow?

  /// Makes a record of its parts.
  public init(finding: FindingRow, acknowledgements: [Acknowledgement], verdict: VerdictRow?) {
    self.finding = finding
    self.acknowledgements = acknowledgements
    self.verdict = verdict
  }

  /// Adds to findings what people did. O(rows · log rows).
  static func of(_ rows: [FindingRow], _ db: Database) throws -> [FindingRecord] {
    let ids = rows.map(\.findingID)
    let (seen, judged) = (try Acknowledgement.of(ids, db), try VerdictRow.newest(of: ids, db))
    return rows.map {
      FindingRecord(
        finding: $0, acknowledgements: seen[$0.findingID] ?? [], verdict: judged[$0.findingID])
    }
  }
}

/// Everything about one alert or one finding.
public struct SubjectStory: Sendable, Equatable {
  /// The alert; nil of a finding.
  public var alert: AlertRow?
  /// What the alert did, in its order.
  public var alertTransitions: [AlertTransition] = []
  /// The finding; nil of an alert.
  public var finding: FindingRow?
  /// What became known of the finding, in order of event time.
  public var findingTransitions: [FindingTransition] = []
  /// Its rule, where the pipeline still has it.
  public var rule: RuleRow?
  /// Who has seen it, oldest first.
  public var acknowledgements: [Acknowledgement] = []
  /// What people said that it was, the newest, which holds, first.
  public var verdicts: [VerdictRow] = []
  /// Silences that are or were about it, in the order in which they were made.
  public var silences: [Silence] = []
  /// Messages about it, in the order of decision.
  public var messages: [OutboxRow] = []

  /// Canonical JSON of its series; of a finding that is its entity.
  public var dimensions: String {
    if let alert { return alert.dimensions }
    guard let finding else { return "{}" }
    var json = Array("{".utf8)
    CanonicalJSON.append(string: finding.entityKind, to: &json)
    json.append(UInt8(ascii: ":"))
    CanonicalJSON.append(string: finding.entity, to: &json)
    json.append(UInt8(ascii: "}"))
    return String(decoding: json, as: UTF8.self)
  }
}

/// What a file holds of alerts, findings, thresholds and messages. A file of an earlier schema
/// holds nothing of them.
extension ResultsReader {
  /// Alerts, the newest first window first. O(rows of the rule and range), without a rule O(rows).
  public func alerts(_ query: AlertQuery = AlertQuery()) throws(StoreError) -> [AlertRecord] {
    try readAlerts("reading alerts", none: []) { db in
      let rows = try AlertRow.all(
        db, query.filter, "ORDER BY window_start_ms DESC, rule, dimensions, alert_id",
        limit: query.limit)
      return try AlertRecord.of(rows, db)
    }
  }

  /// Findings, the newest first. O(rows of the rule and range), without a rule O(rows).
  public func findings(_ query: FindingQuery = FindingQuery()) throws(StoreError) -> [FindingRecord]
  {
    try readAlerts("reading findings", none: []) { db in
      let rows = try FindingRow.all(
        db, query.filter, "ORDER BY opened_ms DESC, rule, entity, finding_id", limit: query.limit)
      return try FindingRecord.of(rows, db)
    }
  }

  /// Everything about the alert or finding that `id`, or a unique beginning of it of four digits or
  /// more, names. A refusal where there is none, or several.
  public func story(of id: String) throws(StoreError) -> Result<SubjectStory, Refusal> {
    let nothing = Result<SubjectStory, Refusal>.failure(SubjectName.unknown(id))
    return try readAlerts("reading an alert", none: nothing) { db in
      do {
        return .success(try Self.story(try SubjectName.one(id, db), db))
      } catch let refusal as Refusal {
        return .failure(refusal)
      }
    }
  }

  /// How every threshold stands now: what the file says, what a person says, which one holds for
  /// what ends after the greatest clock. In order of rule, name, scope.
  public func thresholds() throws(StoreError) -> [ThresholdStanding] {
    try readAlerts("reading thresholds", none: []) { db in
      ThresholdDesk.standings(
        rules: try RuleRow.all(db), rows: try ThresholdRow.all(db),
        clock: try PartitionProgress.greatestClock(db))
    }
  }

  /// Every value that was ever set, in the order in which it was; with names only of that rule and
  /// threshold. O(rows).
  public func thresholdHistory(
    rule: String? = nil, name: String? = nil
  ) throws(StoreError) -> [ThresholdRow] {
    try readAlerts("reading thresholds", none: []) { db in
      var filter = Filter()
      filter.require("rule", is: rule)
      filter.require("name", is: name)
      return try ThresholdRow.all(db, filter)
    }
  }

  /// Requests for thresholds in the order in which they were asked, with a state only those in it.
  public func thresholdRequests(
    state: ThresholdRequest.State? = nil
  ) throws(StoreError) -> [ThresholdRequest] {
    try readAlerts("reading requests", none: []) { db in
      var filter = Filter()
      filter.require("state", is: state?.rawValue)
      return try ThresholdRequest.all(db, filter)
    }
  }

  /// The pipeline's rules with their thresholds, by name.
  public func rules() throws(StoreError) -> [RuleRow] {
    try readAlerts("reading rules", none: []) { try RuleRow.all($0) }
  }

  /// Silences in the order in which they were made; with a time only those that hold then.
  public func silences(at time: WallTime? = nil) throws(StoreError) -> [Silence] {
    try readAlerts("reading silences", none: []) { try Silence.all($0, at: time) }
  }

  /// Messages, the last decided first. O(rows).
  public func outbox(_ query: OutboxQuery = OutboxQuery()) throws(StoreError) -> [OutboxRow] {
    try readAlerts("reading the outbox", none: []) { db in
      return try OutboxRow.all(db, query.filter, "ORDER BY id DESC", limit: query.limit)
    }
  }

  /// How many messages there are, by destination and state. O(rows of the outbox).
  public func outboxDepth() throws(StoreError) -> [OutboxDepth] {
    try readAlerts("reading the outbox", none: []) { try OutboxDepth.all($0) }
  }

  func readAlerts<Value>(
    _ doing: String, none: Value, _ body: (Database) throws -> Value
  ) throws(StoreError) -> Value {
    try connection.read(doing) { db in
      guard try db.tableExists("alerts") else { return none }
      return try body(db)
    }
  }

  private static func story(_ id: String, _ db: Database) throws -> SubjectStory {
    var story = SubjectStory()
    var alert = Filter()
    alert.require("alert_id", is: id)
    var finding = Filter()
    finding.require("finding_id", is: id)
    story.alert = try AlertRow.all(db, alert, "").first
    story.finding = try FindingRow.all(db, finding, "").first
    let columns = ResultTable.alertTransitions.columns.joined(separator: ", ")
    story.alertTransitions = try alert.rows(
      db, "SELECT \(columns) FROM alert_transitions", "ORDER BY window_start_ms, window_end_ms"
    ) { AlertTransition($0) }
    story.alertTransitions.sortByState()
    story.findingTransitions = try finding.rows(
      db, "SELECT finding_id, rule, at_ms, kind FROM finding_transitions", "ORDER BY at_ms, kind"
    ) {
      FindingTransition(
        findingID: $0.text(0), rule: $0.text(1), at: EventTime(ms: $0.int(2)),
        kind: FindingTransition.Kind(rawValue: $0.text(3)) ?? .opened)
    }
    story.acknowledgements = try Acknowledgement.of([id], db)[id] ?? []
    story.verdicts = try VerdictRow.of(id, db)
    let rule = story.alert?.rule ?? story.finding?.rule ?? ""
    story.rule = try RuleRow.all(db).first { $0.rule == rule }
    story.silences = try Silence.all(db).filter {
      $0.covers(rule: rule, dimensions: story.dimensions)
    }
    var messages = Filter()
    messages.require("subject_id", is: id)
    story.messages = try OutboxRow.all(db, messages, "ORDER BY id", limit: .max)
    return story
  }
}

extension [AlertTransition] {
  /// Puts the steps of one window, which are stored without their order, one after the other: each
  /// begins in the state in which the one before it ended.
  fileprivate mutating func sortByState() {
    var sorted: [AlertTransition] = []
    var rest = self[...]
    while let first = rest.first {
      var window = rest.prefix { $0.windowStart == first.windowStart }
      rest = rest.dropFirst(window.count)
      var state = sorted.last?.to ?? .inactive
      while !window.isEmpty {
        let next = window.firstIndex { $0.from == state } ?? window.startIndex
        state = window[next].to
        sorted.append(window.remove(at: next))
      }
    }
    self = sorted
  }
}
