import GRDB
import StreamCore

/// Which steps of alerts to read; every condition that is set must hold.
public struct TransitionQuery: Sendable {
  /// Name of the rule.
  public var rule: String?
  /// Windows that ended at or after this.
  public var from: EventTime?
  /// Windows that ended before this.
  public var to: EventTime?
  /// At most so many, the newest.
  public var limit: Int

  /// Asks for all steps, up to `limit`.
  public init(
    rule: String? = nil, from: EventTime? = nil, to: EventTime? = nil, limit: Int = 1000
  ) {
    self.rule = rule
    self.from = from
    self.to = to
    self.limit = limit
  }
}

/// Alerts, findings, messages and what people did, part by part, the newest first. `limit` of a
/// query is that of one part. Every list throws `invalid` for a cursor of another list; a file of
/// an earlier schema holds nothing of what it lacks.
extension ResultsReader {
  /// Alerts by the start of their first window. O(log rows + rows that are passed), which with one
  /// state, or with a rule, are those of it.
  public func alertPage(
    _ query: AlertQuery = AlertQuery(), after cursor: Cursor? = nil
  ) throws(StoreError) -> Page<AlertRecord> {
    try readAlerts("reading alerts", none: Page(rows: [], next: nil)) { db in
      try query.filter.page(
        db, AlertRow.columns, from: "alerts",
        PageOrder("alerts", ["window_start_ms", "alert_id"], descending: true), limit: query.limit,
        after: cursor, path: path
      ) { AlertRow($0) }.map { try AlertRecord.of($0, db) }
    }
  }

  /// Findings by their opening. O(log rows + rows that are passed), which with one status, with a
  /// rule or entity, or of open ones are those of it.
  public func findingPage(
    _ query: FindingQuery = FindingQuery(), after cursor: Cursor? = nil
  ) throws(StoreError) -> Page<FindingRecord> {
    try readAlerts("reading findings", none: Page(rows: [], next: nil)) { db in
      try query.filter.page(
        db, ResultTable.findings.columns, from: "findings",
        PageOrder("findings", ["opened_ms", "finding_id"], descending: true), limit: query.limit,
        after: cursor, path: path
      ) { FindingRow($0) }.map { try FindingRecord.of($0, db) }
    }
  }

  /// Steps of alerts by the end of the window that was judged; those of one window and alert in no
  /// order. O(log rows + rows that are passed), which with a rule are those of it.
  public func transitions(
    _ query: TransitionQuery, after cursor: Cursor? = nil
  ) throws(StoreError) -> Page<AlertTransition> {
    try readAlerts("reading transitions", none: Page(rows: [], next: nil)) { db in
      var filter = Filter()
      filter.require("rule", is: query.rule)
      filter.require("window_end_ms", from: query.from?.ms, to: query.to?.ms)
      let order = PageOrder(
        "alert_transitions", ["window_end_ms", "alert_id", "window_start_ms", "to_state"],
        descending: true)
      return try filter.page(
        db, ResultTable.alertTransitions.columns, from: "alert_transitions", order,
        limit: query.limit, after: cursor, path: path
      ) { AlertTransition($0) }
    }
  }

  /// The watched values of the windows in which alerts fired, by alert; without those that did not,
  /// or that had no value then. O(ids · log rows).
  public func firedValues(of ids: [String]) throws(StoreError) -> [String: Double] {
    try readAlerts("reading transitions", none: [:]) { db in
      let step = try BoundStatement(
        db,
        """
        SELECT value FROM alert_transitions WHERE alert_id = ? AND to_state = 'firing'
        ORDER BY window_start_ms LIMIT 1
        """)
      var found: [String: Double] = [:]
      for id in Set(ids) {
        step.bind(1, id)
        _ = try step.first { found[id] = $0.optionalDouble(0) }
      }
      return found
    }
  }

  /// Messages by their decision. O(log rows + rows that are passed).
  public func outboxPage(
    _ query: OutboxQuery = OutboxQuery(), after cursor: Cursor? = nil
  ) throws(StoreError) -> Page<OutboxRow> {
    try readAlerts("reading the outbox", none: Page(rows: [], next: nil)) { db in
      try query.filter.page(
        db, OutboxRow.columns, from: "outbox", PageOrder("outbox", ["id"], descending: true),
        limit: query.limit, after: cursor, path: path
      ) { OutboxRow($0) }
    }
  }

  /// Values of thresholds as they were set; with names only of that rule and threshold.
  /// O(log rows + rows that are passed).
  public func thresholdPage(
    rule: String? = nil, name: String? = nil, limit: Int = 100, after cursor: Cursor? = nil
  ) throws(StoreError) -> Page<ThresholdRow> {
    try readAlerts("reading thresholds", none: Page(rows: [], next: nil)) { db in
      var filter = Filter()
      filter.require("rule", is: rule)
      filter.require("name", is: name)
      return try filter.page(
        db, ThresholdRow.columns, from: "thresholds",
        PageOrder("thresholds", ["id"], descending: true), limit: limit, after: cursor, path: path
      ) { ThresholdRow($0) }
    }
  }

  /// Requests for thresholds as they were asked, with a state only those in it.
  /// O(log rows + rows that are passed).
  public func requestPage(
    state: ThresholdRequest.State? = nil, limit: Int = 100, after cursor: Cursor? = nil
  ) throws(StoreError) -> Page<ThresholdRequest> {
    try readAlerts("reading requests", none: Page(rows: [], next: nil)) { db in
      var filter = Filter()
      // The index of those that wait knows this condition only as it is written there.
      if state == .waiting {
        filter.require("state = 'waiting'")
      } else {
        filter.require("state", is: state?.rawValue)
      }
      return try filter.page(
        db, ThresholdRequest.columns, from: "threshold_requests",
        PageOrder("threshold_requests", ["id"], descending: true), limit: limit, after: cursor,
        path: path
      ) { ThresholdRequest($0) }
    }
  }

  /// Silences as they were made; with a time only those that hold then. O(rows that are passed).
  public func silencePage(
    at time: WallTime? = nil, limit: Int = 100, after cursor: Cursor? = nil
  ) throws(StoreError) -> Page<Silence> {
    try readAlerts("reading silences", none: Page(rows: [], next: nil)) { db in
      try Silence.filter(at: time).page(
        db, Silence.columns, from: "silences", PageOrder("silences", ["id"], descending: true),
        limit: limit, after: cursor, path: path
      ) { Silence($0) }
    }
  }

  /// What people said that alerts and findings were, with a verdict only those of it; replaced ones
  /// too. O(log rows + rows that are passed).
  public func verdictPage(
    _ verdict: Verdict? = nil, limit: Int = 100, after cursor: Cursor? = nil
  ) throws(StoreError) -> Page<VerdictRow> {
    try connection.read("reading verdicts") { db in
      guard try db.tableExists("verdicts") else { return Page(rows: [], next: nil) }
      var filter = Filter()
      filter.require("verdict", is: verdict?.rawValue)
      return try filter.page(
        db, VerdictRow.columns, from: "verdicts", PageOrder("verdicts", ["id"], descending: true),
        limit: limit, after: cursor, path: path
      ) { VerdictRow($0) }.map { $0.compactMap(\.self) }
    }
  }
}

// Rows that most are (alerts that are over, settled findings, delivered messages) are found along
// an index of time or of what else is asked: to search them by their state would read and sort
// them all. One such state alone has an index in the order of time.

extension AlertQuery {
  /// What rows of `alerts` have to hold.
  var filter: Filter {
    let areMost = states.contains(.resolved) || states.contains(.inactive)
    var filter = Filter()
    filter.require(
      "state", in: states.map(\.rawValue),
      isSearched: !areMost || (states.count == 1 && rule == nil))
    filter.require("rule", is: rule)
    filter.require("kind", is: kind?.rawValue)
    filter.require("severity", is: severity)
    filter.require("owner", is: owner)
    filter.require("window_start_ms", from: from?.ms, to: to?.ms)
    return filter
  }
}

extension FindingQuery {
  /// What rows of `findings` have to hold.
  var filter: Filter {
    let areMost = statuses.contains(.final) || statuses.contains(.withdrawn)
    var filter = Filter()
    filter.require(
      "status", in: statuses.map(\.rawValue),
      isSearched: !areMost || (statuses.count == 1 && rule == nil && entity == nil && !isOpen))
    filter.require("rule", is: rule)
    filter.require("entity", is: entity)
    filter.require("severity", is: severity)
    filter.require("owner", is: owner)
    if isOpen { filter.require("closed_ms IS NULL AND status <> 'withdrawn'") }
    if isPast { filter.require("closed_ms IS NOT NULL") }
    filter.require("opened_ms", from: from?.ms, to: to?.ms)
    return filter
  }
}

extension OutboxQuery {
  /// What rows of `outbox` have to hold.
  var filter: Filter {
    var filter = Filter()
    filter.require(
      "state", in: states.map(\.rawValue),
      isSearched: states.allSatisfy { $0 == .pending || $0 == .dead })
    filter.require("sink", is: sink)
    filter.require("rule", is: rule)
    return filter
  }
}
