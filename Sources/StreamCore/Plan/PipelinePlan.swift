/// A validated pipeline: all that the core needs to turn messages into results.
///
/// PipelineSpec makes it; nothing in it is checked again.
public struct PipelinePlan: Sendable {
  /// The pipeline's name.
  public var name: String
  /// Canonical text of everything that decides results, without brokers, credentials and sinks.
  /// Two plans with equal text give equal results on equal logs.
  public var definition: String
  /// Zone of calendar windows.
  public var zone: Zone
  /// Version of the time-zone data that `zone` was read from.
  public var tzdataVersion: String
  /// Where events come from, sorted by name.
  public var sources: [SourcePlan]
  /// Time rules.
  public var time: TimePlan
  /// Name of every decoded field, by slot. The first `Slot.reserved` are the event's own.
  public var fields: [String]
  /// Computed fields, in slots after `fields`, evaluated in this order.
  public var derived: [DerivedField]
  /// Events for which this is not true are filtered.
  public var filter: Expression?
  /// Metrics fed by events, in order of name.
  public var metrics: [MetricPlan]
  /// Metrics computed from metrics; each comes after those it reads.
  public var formulas: [FormulaPlan]
  /// What is known of users before each event, in slots after the derived fields, in this order.
  public var traits: [TraitPlan] = []
  /// Funnels, in order of name.
  public var funnels: [FunnelPlan] = []
  /// Retention tables, in order of name.
  public var retentions: [RetentionPlan] = []
  /// Kinds of sessions, in order of name.
  public var sessions: [SessionPlan] = []
  /// Lifecycles, in order of name.
  public var lifecycles: [LifecyclePlan] = []
  /// Alert rules, in order of name.
  public var alerts: [AlertPlan] = []
  /// Risk rules, in order of name.
  public var risks: [RiskPlan] = []
  /// KPIs; each comes after those that it reads and those that may have moved it.
  public var kpis: [KPIPlan] = []
  /// Which fields are made pseudonyms; nil: none.
  public var pseudonyms: PseudonymPlan?

  /// Makes a plan of its parts.
  public init(
    name: String, definition: String, zone: Zone, tzdataVersion: String, sources: [SourcePlan],
    time: TimePlan, fields: [String], derived: [DerivedField] = [], filter: Expression? = nil,
    metrics: [MetricPlan] = [], formulas: [FormulaPlan] = []
  ) {
    self.name = name
    self.definition = definition
    self.zone = zone
    self.tzdataVersion = tzdataVersion
    self.sources = sources
    self.time = time
    self.fields = fields
    self.derived = derived
    self.filter = filter
    self.metrics = metrics
    self.formulas = formulas
  }

  /// Metrics with rows of their own: those that only explain alerts are not among them.
  public var shownMetrics: [MetricPlan] { metrics.filter { !$0.isInternal } }

  /// The slot of the first trait.
  public var firstTraitSlot: Int { fields.count + derived.count }

  /// Slots of an event: decoded fields, then derived ones, then traits of its user.
  public var slotCount: Int { firstTraitSlot + traits.count }
}

/// Slots that every event has, whatever the pipeline reads.
public enum Slot {
  /// The event's name.
  public static let name = 0
  /// The user, null when there is none.
  public static let user = 1
  /// Event time as it was written.
  public static let time = 2
  /// Id for deduplication.
  public static let id = 3
  /// Time at which the record was made, in place of the record's own timestamp.
  public static let recordTime = 4
  /// Number of reserved slots.
  public static let reserved = 5
}

/// A field computed from others.
public struct DerivedField: Sendable {
  /// Its name.
  public var name: String
  /// What computes it.
  public var expression: Expression

  /// Names `expression`.
  public init(name: String, expression: Expression) {
    self.name = name
    self.expression = expression
  }
}

/// Time rules of a pipeline; DESIGN §5. All durations in milliseconds.
public struct TimePlan: Sendable, Equatable {
  /// How far the watermark stays behind the clock, where neither stage nor source says otherwise.
  public var latenessMs: Int64
  /// Wall time without input after which a partition may be taken as idle.
  public var idleAfterMs: Int64
  /// Events further than this past their record's timestamp are rejected.
  public var maxAheadMs: Int64
  /// Events before this are rejected.
  public var notBefore: EventTime
  /// A partition this far ahead of the slowest one that has input is paused.
  public var maxDriftMs: Int64
  /// Whether clocks go on when every partition is idle.
  public var advanceWhenIdle: Bool
  /// With a value, a copy is known by its id alone for this long; without, by id and event time.
  public var dedupMs: Int64?

  /// Makes time rules; the defaults are those of the pipeline file.
  public init(
    latenessMs: Int64 = 60_000, idleAfterMs: Int64 = 30_000, maxAheadMs: Int64 = 86_400_000,
    notBefore: EventTime = EventTime(ms: 631_152_000_000), maxDriftMs: Int64 = 3_600_000,
    advanceWhenIdle: Bool = false, dedupMs: Int64? = nil
  ) {
    self.latenessMs = latenessMs
    self.idleAfterMs = idleAfterMs
    self.maxAheadMs = maxAheadMs
    self.notBefore = notBefore
    self.maxDriftMs = maxDriftMs
    self.advanceWhenIdle = advanceWhenIdle
    self.dedupMs = dedupMs
  }
}
