/// One row of the table `funnels`: one step of a funnel for one entry window and series.
public struct FunnelRow: Sendable, Equatable {
  /// Name of the funnel.
  public var funnel: String
  /// Start of the entry window, inclusive.
  public var entryStart: EventTime
  /// End of the entry window, exclusive.
  public var entryEnd: EventTime
  /// Local day of `entryStart`, `YYYY-MM-DD`.
  public var entryDay: String
  /// Canonical JSON with sorted keys; `{}` without dimensions.
  public var dimensions: String
  /// The step, from 1.
  public var step: Int
  /// Its name.
  public var stepName: String
  /// Users (or other keys) that came to this step or beyond.
  public var users: Int64
  /// Their share of those that entered; nil when nobody did.
  public var conversionFromStart: Double?
  /// Their share of those at the step before; nil when nobody was there.
  public var conversionFromPrevious: Double?
  /// Median time from the first step, in milliseconds; nil without users.
  public var p50Ms: Int64?
  /// The time from the first step that nine of ten users stay within.
  public var p90Ms: Int64?
  /// Whether it can still change.
  public var status: ResultStatus

  /// Makes a row of its columns.
  public init(
    funnel: String, entryStart: EventTime, entryEnd: EventTime, entryDay: String,
    dimensions: String, step: Int, stepName: String, users: Int64, conversionFromStart: Double?,
    conversionFromPrevious: Double?, p50Ms: Int64?, p90Ms: Int64?, status: ResultStatus
  ) {
    self.funnel = funnel
    self.entryStart = entryStart
    self.entryEnd = entryEnd
    self.entryDay = entryDay
    self.dimensions = dimensions
    self.step = step
    self.stepName = stepName
    self.users = users
    self.conversionFromStart = conversionFromStart
    self.conversionFromPrevious = conversionFromPrevious
    self.p50Ms = p50Ms
    self.p90Ms = p90Ms
    self.status = status
  }
}

/// One row of the table `retention`: users of a cohort that came back in one unit.
public struct RetentionRow: Sendable, Equatable {
  /// Name of the retention table.
  public var retention: String
  /// First local day of the cohort's unit, `YYYY-MM-DD`.
  public var cohort: String
  /// Units after the cohort's own; 0 is the cohort itself.
  public var period: Int
  /// Start of the unit of `period`, inclusive.
  public var unitStart: EventTime
  /// End of the unit of `period`, exclusive.
  public var unitEnd: EventTime
  /// Canonical JSON with sorted keys; `{}` without dimensions.
  public var dimensions: String
  /// Users of the cohort with a return event in the unit; in period 0 all of the cohort.
  public var users: Int64
  /// Sum over the return events of those users in the unit; nil without `value`.
  public var amount: Double?
  /// `amount` as exact text.
  public var amountExact: String?
  /// Whether it can still change.
  public var status: ResultStatus

  /// Makes a row of its columns.
  public init(
    retention: String, cohort: String, period: Int, unitStart: EventTime, unitEnd: EventTime,
    dimensions: String, users: Int64, amount: Double?, amountExact: String?, status: ResultStatus
  ) {
    self.retention = retention
    self.cohort = cohort
    self.period = period
    self.unitStart = unitStart
    self.unitEnd = unitEnd
    self.dimensions = dimensions
    self.users = users
    self.amount = amount
    self.amountExact = amountExact
    self.status = status
  }
}

/// One row of the table `sessions`: the sessions that began on one day.
public struct SessionRow: Sendable, Equatable {
  /// Name of the kind of session.
  public var session: String
  /// Start of the day, inclusive.
  public var dayStart: EventTime
  /// End of the day, exclusive.
  public var dayEnd: EventTime
  /// The local day, `YYYY-MM-DD`.
  public var day: String
  /// Canonical JSON with sorted keys; `{}` without dimensions.
  public var dimensions: String
  /// Sessions that began.
  public var sessions: Int64
  /// Users that began one.
  public var users: Int64
  /// Events in them.
  public var events: Int64
  /// Sessions of a single event.
  public var bounces: Int64
  /// Sum of the times from first to last event, in milliseconds.
  public var durationMs: Int64
  /// Sessions by name of their first event: a JSON object with sorted keys.
  public var entryEvents: String
  /// Sessions by name of their last event: a JSON object with sorted keys.
  public var exitEvents: String
  /// Whether it can still change.
  public var status: ResultStatus

  /// Makes a row of its columns.
  public init(
    session: String, dayStart: EventTime, dayEnd: EventTime, day: String, dimensions: String,
    sessions: Int64, users: Int64, events: Int64, bounces: Int64, durationMs: Int64,
    entryEvents: String, exitEvents: String, status: ResultStatus
  ) {
    self.session = session
    self.dayStart = dayStart
    self.dayEnd = dayEnd
    self.day = day
    self.dimensions = dimensions
    self.sessions = sessions
    self.users = users
    self.events = events
    self.bounces = bounces
    self.durationMs = durationMs
    self.entryEvents = entryEvents
    self.exitEvents = exitEvents
    self.status = status
  }
}

/// Names rows that are gone: of one metric, of all steps of a funnel's entry window, of a cell of
/// retention, of a day of sessions, of a KPI. Texts are compared by their bytes, as SQLite does.
public enum ResultKey: Hashable, Sendable {
  /// A row of `metrics`.
  case metric(MetricKey)
  /// All steps of one funnel, entry window and series: `name` is the funnel's.
  case funnel(MetricKey)
  /// One cell of a retention table, by cohort and period.
  case retention(RetentionKey)
  /// One day and series of sessions: `name` is the kind's.
  case session(MetricKey)
  /// A KPI's value over a part of a period.
  case kpi(KPIKey)
}

/// Key of a row of the table `retention`. Texts are compared by their bytes, as SQLite does.
public struct RetentionKey: Hashable, Sendable {
  /// Name of the retention table.
  public var retention: String
  /// First local day of the cohort's unit, `YYYY-MM-DD`.
  public var cohort: String
  /// Units after the cohort's own.
  public var period: Int
  /// Canonical JSON with sorted keys; `{}` without dimensions.
  public var dimensions: String

  /// Makes a key of its columns.
  public init(retention: String, cohort: String, period: Int, dimensions: String) {
    self.retention = retention
    self.cohort = cohort
    self.period = period
    self.dimensions = dimensions
  }

  public static func == (a: RetentionKey, b: RetentionKey) -> Bool {
    a.period == b.period && a.cohort == b.cohort
      && a.retention.utf8.elementsEqual(b.retention.utf8)
      && a.dimensions.utf8.elementsEqual(b.dimensions.utf8)
  }

  public func hash(into hasher: inout Hasher) {
    hasher.combine(period)
    hasher.combine(cohort)
    SeriesName(retention).hash(into: &hasher)
    SeriesName(dimensions).hash(into: &hasher)
  }
}

/// Rows to write, and the keys of provisional rows that are gone.
public struct ResultRows: Sendable {
  /// New and changed rows of `metrics`. A final row is never changed again.
  public var metrics: [MetricRow] = []
  /// New and changed rows of `funnels`.
  public var funnels: [FunnelRow] = []
  /// New and changed rows of `retention`.
  public var retention: [RetentionRow] = []
  /// New and changed rows of `sessions`.
  public var sessions: [SessionRow] = []
  /// New and changed rows of `kpis`.
  public var kpis: [KPIRow] = []
  /// What alerts did, in order of (window end, rule, dimensions).
  public var alertTransitions: [AlertTransition] = []
  /// Alerts that changed, as they stand; the later of two rows of one id holds.
  public var alerts: [AlertRow] = []
  /// Findings that changed, as they stand; the later of two rows of one id holds.
  public var findings: [FindingRow] = []
  /// What became known of findings, in order of (event time, rule, entity).
  public var findingTransitions: [FindingTransition] = []
  /// Provisional rows that are gone: folded into `"(other)"`, or without users in the end. They go
  /// before the rows above are written.
  public var removed: [ResultKey] = []

  /// Nothing to write.
  public init() {}

  /// How many rows there are to write.
  public var count: Int {
    metrics.count + funnels.count + retention.count + sessions.count + kpis.count
  }
}
