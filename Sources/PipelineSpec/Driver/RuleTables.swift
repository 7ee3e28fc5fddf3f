import StreamCore

/// What rules found, as a public file would hold it.
public struct RuleTables: Sendable, Equatable {
  /// What tells one transition from the others of its alert.
  struct TransitionKey: Hashable, Sendable {
    var alertID: String
    var windowStart: EventTime
    var to: AlertState
    var status: ResultStatus
  }

  /// The table `alerts`, by id.
  public private(set) var alerts: [String: AlertRow] = [:]
  /// The table `findings`, by id.
  public private(set) var findings: [String: FindingRow] = [:]
  /// The table `finding_transitions`, in order of (event time, rule, finding) once sorted.
  public private(set) var findingTransitions: [FindingTransition] = []
  private var transitions: [TransitionKey: AlertTransition] = [:]

  /// Empty tables.
  public init() {}

  /// Applies what one snapshot writes; gives what is not as it may be, in words. Of two rows of an
  /// alert the later holds. A settled finding only gets its end.
  mutating func apply(_ rows: ResultRows) -> [String] {
    var conflicts: [String] = []
    for row in rows.alerts { alerts[row.alertID] = row }
    for row in rows.alertTransitions {
      if let held = transitions.updateValue(row, forKey: row.key), held != row,
        held.status == .final
      {
        conflicts.append("\(held.text), then \(row.text)")
      }
    }
    for row in rows.findings {
      if let held = findings[row.findingID], held.status == .final {
        var ended = held
        ended.closed = row.closed
        if ended != row || held.closed != nil && held != row {
          conflicts.append("\(held.text), then \(row.text)")
          continue
        }
      }
      // One that was announced elsewhere takes the place of what was announced.
      if let other = row.announcedAs, findings[other]?.status == .provisional {
        findings[other] = nil
      }
      findings[row.findingID] = row
    }
    for row in rows.findingTransitions where !findingTransitions.contains(row) {
      findingTransitions.append(row)
    }
    return conflicts
  }

  /// Takes over the rows of `others`; gives those that are here with another content, in words.
  mutating func adopt(_ others: RuleTables) -> [String] {
    var conflicts: [String] = []
    for (key, row) in others.transitions {
      if let held = transitions[key], held != row {
        conflicts.append("\(row.text), then \(held.text)")
      }
      transitions[key] = row
    }
    for (id, row) in others.alerts where alerts[id] == nil { alerts[id] = row }
    for (id, row) in others.findings where findings[id] == nil { findings[id] = row }
    for row in others.findingTransitions where !findingTransitions.contains(row) {
      findingTransitions.append(row)
    }
    return conflicts.sorted()
  }

  /// The final rows alone.
  var finals: RuleTables {
    var finals = RuleTables()
    finals.alerts = alerts.filter { $0.value.status == .final }
    finals.transitions = transitions.filter { $0.value.status == .final }
    finals.findings = findings.filter { $0.value.status == .final }
    return finals
  }

  /// Adds every row to `rows`, in order of time, rule, and series or entity.
  func write(to rows: inout ResultRows) {
    rows.alerts = alerts.values.sorted {
      ($0.windowStart.ms, $0.rule, $0.dimensions, $0.alertID)
        < ($1.windowStart.ms, $1.rule, $1.dimensions, $1.alertID)
    }
    rows.alertTransitions = transitions.values.sorted {
      ($0.windowEnd.ms, $0.rule, $0.dimensions, $0.alertID, $0.from.rank)
        < ($1.windowEnd.ms, $1.rule, $1.dimensions, $1.alertID, $1.from.rank)
    }
    rows.findings = findings.values.sorted {
      ($0.opened.ms, $0.rule, $0.entity, $0.findingID)
        < ($1.opened.ms, $1.rule, $1.entity, $1.findingID)
    }
    rows.findingTransitions = findingTransitions.sorted {
      ($0.at.ms, $0.rule, $0.findingID, $0.kind.rawValue)
        < ($1.at.ms, $1.rule, $1.findingID, $1.kind.rawValue)
    }
  }
}

extension AlertState {
  /// Its place in the life of an alert.
  fileprivate var rank: Int { AlertState.allCases.firstIndex(of: self) ?? 0 }
}

extension AlertRow: ShownRow {
  /// Whether it is, or was, more than a condition that did not hold for long enough.
  var hasFired: Bool { opened != nil }
}

extension AlertTransition: ShownRow {
  fileprivate var key: RuleTables.TransitionKey {
    .init(alertID: alertID, windowStart: windowStart, to: to, status: status)
  }
}

extension FindingRow: ShownRow {
  /// Whether it was not withdrawn.
  var isFound: Bool { status != .withdrawn }
}
