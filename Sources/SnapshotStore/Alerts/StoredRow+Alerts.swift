import StreamCore

extension AlertTransition: StoredRow {
  static let table = ResultTable.alertTransitions

  var stage: String { rule }
  var place: String { "dimensions \(dimensions), to \(to.rawValue)" }
  var said: String {
    "from \(from.rawValue) at value \(value.map { "\($0)" } ?? "null"), thresholds \(thresholds)"
  }
  var isSane: Bool { samples >= 0 && !(value?.isNaN ?? false) && status != .restated }
  var isSettled: Bool { status != .provisional && kind == .alert }

  func putKey(into sink: inout some ColumnSink) {
    sink.put(alertID)
    sink.put(windowStart)
    sink.put(to.rawValue)
  }

  func putValues(into sink: inout some ColumnSink) {
    sink.put(rule)
    sink.put(windowEnd)
    sink.put(dimensions)
    sink.put(from.rawValue)
    sink.put(optional: value)
    sink.put(thresholds)
  }

  func putOthers(into sink: inout some ColumnSink) {
    sink.put(samples)
    sink.put(kind.rawValue)
  }

  init(_ row: borrowing BoundStatement.Row) {
    self.init(
      alertID: row.text(0), rule: row.text(3), dimensions: row.text(5),
      windowStart: EventTime(ms: row.int(1)), windowEnd: EventTime(ms: row.int(4)),
      from: AlertState(rawValue: row.text(6)) ?? .inactive,
      to: AlertState(rawValue: row.text(2)) ?? .inactive, value: row.optionalDouble(7),
      samples: row.int(9), thresholds: row.text(8), status: ResultStatus(stored: row.text(11)),
      kind: AlertKind(rawValue: row.text(10)) ?? .alert)
  }
}

extension FindingRow: DigestedRow {
  static let table = ResultTable.findings

  func putKey(into sink: inout some ColumnSink) { sink.put(findingID) }

  func putValues(into sink: inout some ColumnSink) {
    sink.put(rule)
    sink.put(entityKind)
    sink.put(entity)
    sink.put(opened)
    sink.put(optional: closed?.ms)
    sink.put(figures)
  }

  func putOthers(into sink: inout some ColumnSink) {
    sink.put(optional: announcedAs)
    sink.put(evidence)
    sink.put(severity)
    sink.put(optional: owner)
  }

  init(_ row: borrowing BoundStatement.Row) {
    self.init(
      findingID: row.text(0), rule: row.text(1), entityKind: row.text(2), entity: row.text(3),
      opened: EventTime(ms: row.int(4)), closed: row.optionalInt(5).map(EventTime.init(ms:)),
      status: FindingStatus(rawValue: row.text(11)) ?? .provisional,
      announcedAs: row.optionalText(7), figures: row.text(6), evidence: row.text(8),
      severity: row.text(9), owner: row.optionalText(10))
  }
}

extension AlertRow {
  /// Every column of the table `alerts`, in the order in which rows are written and read.
  static let columns = [
    "alert_id", "rule", "kind", "dimensions", "state", "severity", "owner", "window_start_ms",
    "window_end_ms", "value", "threshold", "thresholds", "opened_ms", "resolved_ms", "explanation",
    "status",
  ]

  /// SQL that is true of alerts that fire or recover; the one that the index knows.
  static let active = "(state = 'firing' OR state = 'recovering')"

  func put(into sink: inout some ColumnSink) {
    sink.put(alertID)
    sink.put(rule)
    sink.put(kind.rawValue)
    sink.put(dimensions)
    sink.put(state.rawValue)
    sink.put(severity)
    sink.put(optional: owner)
    sink.put(windowStart)
    sink.put(windowEnd)
    sink.put(optional: value)
    sink.put(optional: threshold)
    sink.put(thresholds)
    sink.put(optional: opened?.ms)
    sink.put(optional: resolved?.ms)
    sink.put(optional: explanation)
    sink.put(status.rawValue)
  }

  init(_ row: borrowing BoundStatement.Row) {
    self.init(
      alertID: row.text(0), rule: row.text(1), dimensions: row.text(3),
      state: AlertState(rawValue: row.text(4)) ?? .inactive, severity: row.text(5),
      owner: row.optionalText(6), windowStart: EventTime(ms: row.int(7)),
      windowEnd: EventTime(ms: row.int(8)), value: row.optionalDouble(9),
      threshold: row.optionalDouble(10), thresholds: row.text(11),
      opened: row.optionalInt(12).map(EventTime.init(ms:)),
      resolved: row.optionalInt(13).map(EventTime.init(ms:)), explanation: row.optionalText(14),
      status: ResultStatus(stored: row.text(15)),
      kind: AlertKind(rawValue: row.text(2)) ?? .alert)
  }
}
