/// One row of the table `threshold_requests`: what a person asks of a running worker.
public struct ThresholdRequest: Sendable, Equatable {
  /// What became of it.
  public enum State: String, Sendable, CaseIterable {
    /// The next snapshot answers it.
    case waiting
    /// There is a row of `thresholds`.
    case taken
    /// Nothing was changed; the answer says why.
    case refused
  }

  /// Rising in the order in which they were asked; 0 before it is stored.
  public var id: Int64
  /// The alert or risk.
  public var rule: String
  /// The threshold's name.
  public var name: String
  /// JSON of the dimensions that a series has to have; `{}`: every series.
  public var dimensions: String
  /// The value; nil gives the threshold back to the file.
  public var value: Double?
  /// From when on; nil: from the greatest clock when it is taken.
  public var from: EventTime?
  /// When it was asked.
  public var requested: WallTime
  /// By whom.
  public var requestedBy: String
  /// Why.
  public var reason: String
  /// What became of it.
  public var state: State
  /// What became of it, for people; nil while it waits.
  public var answer: String?

  /// Asks for a value, or with nil for a reset.
  public init(
    id: Int64 = 0, rule: String, name: String, dimensions: String = "{}", value: Double?,
    from: EventTime? = nil, requested: WallTime, requestedBy: String, reason: String,
    state: State = .waiting, answer: String? = nil
  ) {
    self.id = id
    self.rule = rule
    self.name = name
    self.dimensions = dimensions
    self.value = value
    self.from = from
    self.requested = requested
    self.requestedBy = requestedBy
    self.reason = reason
    self.state = state
    self.answer = answer
  }
}

/// The answer of a snapshot to a request.
public struct ThresholdAnswer: Sendable, Equatable {
  /// The request.
  public var requestID: Int64
  /// Whether it was taken.
  public var isTaken: Bool
  /// What became of it, for people.
  public var text: String

  /// Answers a request.
  public init(requestID: Int64, isTaken: Bool, text: String) {
    self.requestID = requestID
    self.isTaken = isTaken
    self.text = text
  }
}

/// One row of the table `acknowledgements`: somebody has seen an alert or a finding.
public struct Acknowledgement: Sendable, Equatable {
  /// The alert or finding.
  public var alertID: String
  /// When.
  public var acknowledged: WallTime
  /// Who.
  public var by: String
  /// What they said; may be empty.
  public var note: String

  /// Makes a row of its columns.
  public init(alertID: String, acknowledged: WallTime, by: String, note: String) {
    self.alertID = alertID
    self.acknowledged = acknowledged
    self.by = by
    self.note = note
  }
}

/// One row of the table `silences`: nobody is told of a rule for a while.
public struct Silence: Sendable, Equatable {
  /// Rising in the order in which they were made; 0 before it is stored.
  public var id: Int64
  /// The rule.
  public var rule: String
  /// Canonical JSON of the dimensions that a series has to have; `{}`: every series.
  public var dimensions: String
  /// From when on, inclusive.
  public var from: WallTime
  /// Until when, exclusive; nil: until somebody ends it.
  public var until: WallTime?
  /// When it was made.
  public var created: WallTime
  /// By whom.
  public var createdBy: String
  /// Why; may be empty.
  public var note: String
  /// When somebody ended it before its time.
  public var ended: WallTime?

  /// Makes a row of its columns.
  public init(
    id: Int64 = 0, rule: String, dimensions: String = "{}", from: WallTime, until: WallTime?,
    created: WallTime, createdBy: String, note: String = "", ended: WallTime? = nil
  ) {
    self.id = id
    self.rule = rule
    self.dimensions = dimensions
    self.from = from
    self.until = until
    self.created = created
    self.createdBy = createdBy
    self.note = note
    self.ended = ended
  }

  /// Whether it holds at `time`.
  public func holds(at time: WallTime) -> Bool {
    from <= time && (until.map { time < $0 } ?? true) && (ended.map { time < $0 } ?? true)
  }

  /// Whether it is about a rule's series, given as canonical JSON. O(bytes).
  public func covers(rule: String, dimensions: String) -> Bool {
    self.rule == rule && DimensionSet(dimensions).contains(DimensionSet(self.dimensions))
  }
}

/// A rule as people see it: one row of the table `rules` with its rows of `rule_thresholds`.
public struct RuleRow: Sendable, Equatable {
  /// What it judges.
  public enum Kind: String, Sendable, CaseIterable {
    /// Windows of a result.
    case alert
    /// The events of an entity.
    case risk
    /// The worker itself, on wall time.
    case health
  }

  /// Its name.
  public var rule: String
  /// What it judges.
  public var kind: Kind
  /// `info`, `warning` or `critical`.
  public var severity: String
  /// Whose it is.
  public var owner: String?
  /// What to do: a URL, or text.
  public var runbook: String?
  /// What it says in one line.
  public var summary: String?
  /// Canonical JSON object of further facts.
  public var labels: String
  /// Names of the dimensions that its series have, sorted: those by which thresholds may differ.
  public var dimensions: [String]
  /// Its definition, a JSON object for people.
  public var definition: String
  /// Its thresholds, in order of name.
  public var thresholds: [ThresholdPlan]

  /// Makes a rule of its columns.
  public init(
    rule: String, kind: Kind, severity: String, owner: String? = nil, runbook: String? = nil,
    summary: String? = nil, labels: String = "{}", dimensions: [String] = [],
    definition: String = "{}", thresholds: [ThresholdPlan] = []
  ) {
    self.rule = rule
    self.kind = kind
    self.severity = severity
    self.owner = owner
    self.runbook = runbook
    self.summary = summary
    self.labels = labels
    self.dimensions = dimensions
    self.definition = definition
    self.thresholds = thresholds
  }
}
