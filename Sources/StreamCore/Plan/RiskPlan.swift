/// One risk rule: a pattern in the events of one entity, a user, a card, a device, a sensor.
public struct RiskPlan: Sendable {
  /// One number over the entity's events of the last `within`, the event at hand included.
  public struct Aggregate: Sendable {
    /// What is computed; of no events, `count`, `sum` and `distinct` are 0 and the others null.
    public enum Kind: String, Sendable, CaseIterable {
      case count, sum, min, max, avg, distinct, first, last
    }

    /// What is computed.
    public var kind: Kind
    /// What it is computed of; nil for `count`.
    public var value: Expression?
    /// Only events for which this is true count; nil: all.
    public var condition: Expression?

    /// Makes an aggregate of its parts.
    public init(kind: Kind, value: Expression? = nil, condition: Expression? = nil) {
      self.kind = kind
      self.value = value
      self.condition = condition
    }
  }

  /// What opens a finding.
  public enum Pattern: Sendable {
    /// While `when` is true; over a slot for each aggregate, then one for each threshold.
    case window(when: Expression, aggregates: [Aggregate])
    /// When the steps came in this order, the last at most `within` after the first. With
    /// `absent`: when the steps came and no such event did at most `within` after the last of
    /// them; it opens at that deadline and closes with the next such event.
    case sequence(steps: [FunnelPlan.Step], absent: Expression?)
  }

  /// Its name, unique among alerts and risks.
  public var name: String
  /// What its events belong to; nil: the user.
  public var entity: Expression?
  /// What an entity is called: `user`, or the path that names it.
  public var entityKind: String
  /// Only events for which this is true are looked at; nil: all with an entity.
  public var condition: Expression?
  /// How far back it looks, inclusive.
  public var withinMs: Int64
  /// What opens a finding.
  public var pattern: Pattern
  /// Its thresholds, in order of name.
  public var thresholds: [ThresholdPlan]
  /// Events kept of one entity: the newest. Counts and sums of more are those of these.
  public var maxEvents: Int
  /// Lateness of this stage, in place of the source's or the pipeline's.
  public var latenessMs: Int64?
  /// How urgent it is: `info`, `warning`, `critical`; written to its rows.
  public var severity: String
  /// Whose it is; written to its rows.
  public var owner: String?

  /// Makes a rule of its parts; the defaults are those of the pipeline file.
  public init(
    name: String, entity: Expression?, entityKind: String, condition: Expression? = nil,
    withinMs: Int64, pattern: Pattern, thresholds: [ThresholdPlan] = [], maxEvents: Int = 1_000,
    latenessMs: Int64? = nil, severity: String = "warning", owner: String? = nil
  ) {
    self.name = name
    self.entity = entity
    self.entityKind = entityKind
    self.condition = condition
    self.withinMs = withinMs
    self.pattern = pattern
    self.thresholds = thresholds
    self.maxEvents = maxEvents
    self.latenessMs = latenessMs
    self.severity = severity
    self.owner = owner
  }
}
