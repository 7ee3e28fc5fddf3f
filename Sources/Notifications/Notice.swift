import StreamCore

/// What people are told: one thing that happened to an alert, a finding or a health rule.
///
/// Everything in it is decided when it happens and stored, so that each attempt sends the same.
public struct Notice: Sendable, Equatable, Codable {
  /// What happened.
  public enum Event: String, Sendable, Codable, CaseIterable {
    /// It began.
    case firing
    /// It goes on: said again.
    case repeated
    /// Nobody has acknowledged it.
    case escalated
    /// It ended.
    case resolved
    /// Several that began while nobody could be told, together.
    case summary
  }

  /// What kind of rule it is.
  public enum Kind: String, Sendable, Codable, CaseIterable {
    case alert, risk, health
  }

  /// The message's id, the same for each attempt: the `Idempotency-Key`.
  public var messageID: String
  /// What happened.
  public var event: Event
  /// To what kind of rule.
  public var kind: Kind
  /// The alert's or finding's id.
  public var id: String
  /// Name of the pipeline.
  public var pipeline: String
  /// Name of the rule.
  public var rule: String
  /// `info`, `warning` or `critical`.
  public var severity: String
  /// The squad that it belongs to.
  public var owner: String?
  /// What to do: a URL, or text.
  public var runbook: String?
  /// What it says in one line, in place of the rule's name.
  public var summary: String?
  /// Further facts for those who route messages, by name.
  public var labels: [String: String]
  /// Canonical JSON of the series; of a finding its entity by kind.
  public var dimensions: String
  /// Whether it rests on open windows, or an unsettled finding.
  public var isProvisional: Bool
  /// The value that was judged; nil: there is none.
  public var value: Double?
  /// What it was judged against, canonical JSON by name.
  public var thresholds: String
  /// Event time of it: start of the window; of a finding its opening.
  public var windowStartMs: Int64
  /// End of the window, not within it; of a finding its opening.
  public var windowEndMs: Int64
  /// When it was decided.
  public var decidedWallMs: Int64
  /// What moved it, for people, one line each.
  public var explanation: [String]
  /// With `summary`: what is in it, one line each.
  public var lines: [String]

  /// Makes a notice without words of explanation.
  public init(
    messageID: String, event: Event, kind: Kind, id: String, pipeline: String, rule: String,
    severity: String, dimensions: String, value: Double?, thresholds: String,
    windowStartMs: Int64, windowEndMs: Int64, decidedWallMs: Int64
  ) {
    self.messageID = messageID
    self.event = event
    self.kind = kind
    self.id = id
    self.pipeline = pipeline
    self.rule = rule
    self.severity = severity
    owner = nil
    runbook = nil
    summary = nil
    labels = [:]
    self.dimensions = dimensions
    isProvisional = false
    self.value = value
    self.thresholds = thresholds
    self.windowStartMs = windowStartMs
    self.windowEndMs = windowEndMs
    self.decidedWallMs = decidedWallMs
    explanation = []
    lines = []
  }
}
