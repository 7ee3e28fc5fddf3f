import StreamCore

extension FunnelRow: StoredRow {
  static let table = ResultTable.funnels

  var stage: String { funnel }
  var windowStart: EventTime { entryStart }
  var windowEnd: EventTime { entryEnd }
  var place: String { "step \(step), dimensions \(dimensions)" }
  var said: String {
    func text(_ value: (some CustomStringConvertible)?) -> String { value?.description ?? "null" }
    return "\(users) users, conversions \(text(conversionFromStart)) and "
      + "\(text(conversionFromPrevious)), p50 \(text(p50Ms)) ms, p90 \(text(p90Ms)) ms"
  }
  var isSane: Bool {
    step > 0 && users >= 0
      && [conversionFromStart, conversionFromPrevious].allSatisfy { share in
        share.map { (0...1).contains($0) } ?? true
      }
  }

  func putKey(into sink: inout some ColumnSink) {
    sink.put(funnel)
    sink.put(entryStart)
    sink.put(dimensions)
    sink.put(Int64(step))
  }

  func putValues(into sink: inout some ColumnSink) {
    sink.put(entryEnd)
    sink.put(entryDay)
    sink.put(stepName)
    sink.put(users)
    sink.put(optional: conversionFromStart)
    sink.put(optional: conversionFromPrevious)
    sink.put(optional: p50Ms)
    sink.put(optional: p90Ms)
  }

  init(_ row: borrowing BoundStatement.Row) {
    self.init(
      funnel: row.text(0), entryStart: EventTime(ms: row.int(1)),
      entryEnd: EventTime(ms: row.int(4)), entryDay: row.text(5), dimensions: row.text(2),
      step: Int(row.int(3)), stepName: row.text(6), users: row.int(7),
      conversionFromStart: row.optionalDouble(8), conversionFromPrevious: row.optionalDouble(9),
      p50Ms: row.optionalInt(10), p90Ms: row.optionalInt(11),
      status: ResultStatus(stored: row.text(12)))
  }
}

extension RetentionRow: StoredRow {
  static let table = ResultTable.retention

  var stage: String { retention }
  var windowStart: EventTime { unitStart }
  var windowEnd: EventTime { unitEnd }
  var place: String { "cohort \(cohort), period \(period), dimensions \(dimensions)" }
  var said: String { "\(users) users, amount \(amountExact ?? "null")" }
  var isSane: Bool {
    period >= 0 && users >= 0 && !(amount?.isNaN ?? false)
      && (amount == nil) == (amountExact == nil)
  }

  func putKey(into sink: inout some ColumnSink) {
    sink.put(retention)
    sink.put(cohort)
    sink.put(Int64(period))
    sink.put(dimensions)
  }

  func putValues(into sink: inout some ColumnSink) {
    sink.put(unitStart)
    sink.put(unitEnd)
    sink.put(users)
    sink.put(optional: amount)
    sink.put(optional: amountExact)
  }

  init(_ row: borrowing BoundStatement.Row) {
    self.init(
      retention: row.text(0), cohort: row.text(1), period: Int(row.int(2)),
      unitStart: EventTime(ms: row.int(4)), unitEnd: EventTime(ms: row.int(5)),
      dimensions: row.text(3), users: row.int(6), amount: row.optionalDouble(7),
      amountExact: row.optionalText(8), status: ResultStatus(stored: row.text(9)))
  }
}

extension SessionRow: StoredRow {
  static let table = ResultTable.sessions

  var stage: String { session }
  var windowStart: EventTime { dayStart }
  var windowEnd: EventTime { dayEnd }
  var place: String { "dimensions \(dimensions)" }
  var said: String {
    "\(sessions) sessions, \(users) users, \(events) events, \(bounces) bounces, \(durationMs) ms"
  }
  var isSane: Bool {
    sessions >= 0 && users >= 0 && events >= 0 && bounces >= 0 && durationMs >= 0
  }

  func putKey(into sink: inout some ColumnSink) {
    sink.put(session)
    sink.put(dayStart)
    sink.put(dimensions)
  }

  func putValues(into sink: inout some ColumnSink) {
    sink.put(dayEnd)
    sink.put(day)
    sink.put(sessions)
    sink.put(users)
    sink.put(events)
    sink.put(bounces)
    sink.put(durationMs)
    sink.put(entryEvents)
    sink.put(exitEvents)
  }

  init(_ row: borrowing BoundStatement.Row) {
    self.init(
      session: row.text(0), dayStart: EventTime(ms: row.int(1)), dayEnd: EventTime(ms: row.int(3)),
      day: row.text(4), dimensions: row.text(2), sessions: row.int(5), users: row.int(6),
      events: row.int(7), bounces: row.int(8), durationMs: row.int(9), entryEvents: row.text(10),
      exitEvents: row.text(11), status: ResultStatus(stored: row.text(12)))
  }
}

extension ResultKey {
  /// The table whose row or rows it names.
  var table: ResultTable {
    switch self {
    case .metric: .metrics
    case .funnel: .funnels
    case .retention: .retention
    case .session: .sessions
    case .kpi: .kpis
    }
  }

  /// The first `removedBy` columns of the table's `key`.
  func put(into sink: inout some ColumnSink) {
    switch self {
    case .metric(let key), .funnel(let key), .session(let key):
      sink.put(key.metric)
      sink.put(key.windowStart)
      sink.put(key.dimensions)
    case .retention(let key):
      sink.put(key.retention)
      sink.put(key.cohort)
      sink.put(Int64(key.period))
      sink.put(key.dimensions)
    case .kpi(let key):
      sink.put(key.kpi)
      sink.put(key.periodStart)
      sink.put(key.asOf)
    }
  }
}
