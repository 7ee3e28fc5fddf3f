/// What is known of a finding.
public enum FindingStatus: String, Sendable, CaseIterable {
  /// Judged on arrival; may still move or be withdrawn.
  case provisional
  /// Settled in order: the watermark has passed its opening.
  case final
  /// Judged on arrival, and settled otherwise.
  case withdrawn
}

/// One row of the table `findings`: an entity in which a risk rule found its pattern.
public struct FindingRow: Sendable, Equatable {
  /// Hash of pipeline, rule, entity and opening: the same in every run once it is settled.
  public var findingID: String
  /// The rule.
  public var rule: String
  /// What an entity is: `user`, `context.ip`, ….
  public var entityKind: String
  /// The entity.
  public var entity: String
  /// Event time at which the pattern was complete.
  public var opened: EventTime
  /// Event time at which it was no more; nil while it is.
  public var closed: EventTime?
  /// What is known of it.
  public var status: FindingStatus
  /// The id under which it was announced, when settling moved its opening.
  public var announcedAs: String?
  /// Canonical JSON of what `when` read at the opening, by its text: `{"count(…)":5}`; and of the
  /// thresholds.
  public var figures: String
  /// JSON list of the coordinates of its events, newest last, at most 20; for people, outside the
  /// digest.
  public var evidence: String
  /// `info`, `warning` or `critical`.
  public var severity: String
  /// Whose it is.
  public var owner: String?

  /// Makes a row of its columns.
  public init(
    findingID: String, rule: String, entityKind: String, entity: String, opened: EventTime,
    closed: EventTime?, status: FindingStatus, announcedAs: String?, figures: String,
    evidence: String, severity: String, owner: String?
  ) {
    self.findingID = findingID
    self.rule = rule
    self.entityKind = entityKind
    self.entity = entity
    self.opened = opened
    self.closed = closed
    self.status = status
    self.announcedAs = announcedAs
    self.figures = figures
    self.evidence = evidence
    self.severity = severity
    self.owner = owner
  }
}

/// One row of the table `finding_transitions`: something became known of a finding.
public struct FindingTransition: Sendable, Equatable {
  /// What became known.
  public enum Kind: String, Sendable, CaseIterable {
    /// Opened on arrival, provisional.
    case opened
    /// Settled where it was opened, or without an opening on arrival.
    case confirmed
    /// Settled at another opening; the row of the new id says as what it was announced.
    case moved
    /// Settled: there is none.
    case withdrawn
    /// The pattern is over.
    case closed
  }

  /// The finding.
  public var findingID: String
  /// The rule.
  public var rule: String
  /// Event time of it.
  public var at: EventTime
  /// What became known.
  public var kind: Kind

  /// Makes a row of its columns.
  public init(findingID: String, rule: String, at: EventTime, kind: Kind) {
    self.findingID = findingID
    self.rule = rule
    self.at = at
    self.kind = kind
  }
}
