/// What an alert of one rule and series is doing.
///
/// ```
///              when                    held for `for`
///  inactive ─────────▶ pending ─────────────────────▶ firing ◀────────┐
///     ▲                   │                             │  end        │ not the end
///     │     not when      │               end, at once  ▼             │
///     ├───────────────────┘            ┌──────────── recovering ──────┘
///     └────────── resolved ◀───────────┴── the end for keep_firing_for
/// ```
///
/// `end` is `clear`, or where that is not given, that `when` does not hold. `resolved` is left at
/// once: the next alert of the series is another one. A window that is not judged changes nothing.
public enum AlertState: String, Sendable, CaseIterable {
  /// Nothing is wrong; the state before an alert, and after a pending one that came to nothing.
  case inactive
  /// The condition holds, not for long enough yet.
  case pending
  /// It has held for long enough.
  case firing
  /// It is over, though not for `keep_firing_for` yet; still firing for everybody who looks.
  case recovering
  /// It is over.
  case resolved
}

/// What an alert is about.
public enum AlertKind: String, Sendable, CaseIterable {
  /// A result of the pipeline.
  case alert
  /// The worker itself, judged on wall time: its rows are outside the result digest, and what is
  /// event time in other rows is wall time in them.
  case health
}

/// One row of the table `alert_transitions`: an alert went from one state to another.
public struct AlertTransition: Sendable, Equatable {
  /// Hash of pipeline, rule, dimensions and first window: the same in every run.
  public var alertID: String
  /// The rule.
  public var rule: String
  /// Canonical JSON of the series; `{}` without dimensions.
  public var dimensions: String
  /// Start of the window that was judged, inclusive.
  public var windowStart: EventTime
  /// Its end, exclusive.
  public var windowEnd: EventTime
  /// The state before.
  public var from: AlertState
  /// The state after.
  public var to: AlertState
  /// The watched value in that window; nil: there was none.
  public var value: Double?
  /// Events behind it.
  public var samples: Int64
  /// Canonical JSON of the thresholds it was judged with, by name.
  public var thresholds: String
  /// `final`, or `provisional` for one judged while its window was open.
  public var status: ResultStatus
  /// What the alert is about.
  public var kind: AlertKind

  /// Makes a row of its columns.
  public init(
    alertID: String, rule: String, dimensions: String, windowStart: EventTime,
    windowEnd: EventTime, from: AlertState, to: AlertState, value: Double?, samples: Int64,
    thresholds: String, status: ResultStatus, kind: AlertKind = .alert
  ) {
    self.alertID = alertID
    self.rule = rule
    self.dimensions = dimensions
    self.windowStart = windowStart
    self.windowEnd = windowEnd
    self.from = from
    self.to = to
    self.value = value
    self.samples = samples
    self.thresholds = thresholds
    self.status = status
    self.kind = kind
  }
}

/// One row of the table `alerts`: an alert as it stands.
public struct AlertRow: Sendable, Equatable {
  /// Hash of pipeline, rule, dimensions and first window: the same in every run.
  public var alertID: String
  /// The rule.
  public var rule: String
  /// Canonical JSON of the series; `{}` without dimensions.
  public var dimensions: String
  /// What it is doing.
  public var state: AlertState
  /// `info`, `warning` or `critical`.
  public var severity: String
  /// Whose it is.
  public var owner: String?
  /// The first window in which the condition held.
  public var windowStart: EventTime
  /// The end of the window that was judged last.
  public var windowEnd: EventTime
  /// The watched value when it fired, and later the one judged last.
  public var value: Double?
  /// The first of the rule's thresholds, for a line in a chart; nil without any.
  public var threshold: Double?
  /// Canonical JSON of the thresholds it was judged with last, by name.
  public var thresholds: String
  /// End of the window in which it fired; nil before.
  public var opened: EventTime?
  /// End of the window in which it ended; nil before.
  public var resolved: EventTime?
  /// What moved it, as JSON; nil before it fires.
  public var explanation: String?
  /// `final`, or `provisional` while only open windows say so.
  public var status: ResultStatus
  /// What it is about.
  public var kind: AlertKind

  /// Makes a row of its columns.
  public init(
    alertID: String, rule: String, dimensions: String, state: AlertState, severity: String,
    owner: String?, windowStart: EventTime, windowEnd: EventTime, value: Double?,
    threshold: Double?, thresholds: String, opened: EventTime?, resolved: EventTime?,
    explanation: String?, status: ResultStatus, kind: AlertKind = .alert
  ) {
    self.alertID = alertID
    self.rule = rule
    self.dimensions = dimensions
    self.state = state
    self.severity = severity
    self.owner = owner
    self.windowStart = windowStart
    self.windowEnd = windowEnd
    self.value = value
    self.threshold = threshold
    self.thresholds = thresholds
    self.opened = opened
    self.resolved = resolved
    self.explanation = explanation
    self.status = status
    self.kind = kind
  }
}
