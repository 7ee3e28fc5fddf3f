/// Names one number that the stages of a pipeline compute in each window.
public struct ResultReference: Hashable, Sendable {
  /// Which number of a stage's row.
  public enum Figure: Hashable, Sendable {
    /// The value of a metric, a formula or a row of a lifecycle.
    case value
    /// One number of a funnel's step, from 1.
    case funnel(step: Int, FunnelFigure)
    /// One number of a cohort some units after its own.
    case retention(period: Int, RetentionFigure)
    /// One number of a day of sessions.
    case session(SessionFigure)
    /// The value of a KPI over a whole period.
    case kpi
  }

  /// The numbers of a funnel's step.
  public enum FunnelFigure: String, Hashable, Sendable, CaseIterable {
    /// Share of those that entered; its samples are those.
    case conversion
    /// Share of those at the step before; its samples are those.
    case fromPrevious = "from_previous"
    case users
    case p50Ms = "p50_ms"
    case p90Ms = "p90_ms"
  }

  /// The numbers of a cell of retention.
  public enum RetentionFigure: String, Hashable, Sendable, CaseIterable {
    /// Users as a share of the cohort; its samples are the cohort's users.
    case share
    case users
    case amount
  }

  /// The numbers of a day of sessions.
  public enum SessionFigure: String, Hashable, Sendable, CaseIterable {
    case sessions, users, events, bounces
    /// Bounces as a share of sessions; its samples are those.
    case bounceRate = "bounce_rate"
    /// Mean time from first to last event.
    case meanDurationMs = "mean_duration_ms"
  }

  /// Name of the metric, formula, lifecycle row, funnel, retention table, kind of session or KPI.
  public var stage: String
  /// Which number.
  public var figure: Figure

  /// Makes a reference of its parts.
  public init(stage: String, figure: Figure = .value) {
    self.stage = stage
    self.figure = figure
  }
}

/// What an alert's expressions read, one for each slot. Distances are whole windows.
public enum AlertInput: Hashable, Sendable {
  /// The watched result in the window that is judged.
  case value
  /// Events behind it; of a ratio its denominator.
  case samples
  /// Wilson bounds, 95%, of a ratio of counts: null unless the value is in 0 ... 1.
  case lower
  case upper
  /// The value so many windows ago.
  case previous(Int)
  /// Relative change against so many windows ago: 0.1 is ten per cent more; null against zero.
  case change(Int)
  /// Mean and sample standard deviation of the values `step`, 2·`step` … `count`·`step` windows
  /// ago; missing ones are left out. Null without values, or with fewer than two.
  case mean(count: Int, step: Int)
  case stddev(count: Int, step: Int)
  /// Another result of the same windows: of the same dimensions, or of none.
  case other(ResultReference)
  /// The rule's threshold of this index.
  case threshold(Int)
}

/// One alert rule: a condition over closed windows of a result.
public struct AlertPlan: Sendable {
  /// How long the condition has to hold.
  public enum Hold: Sendable, Equatable {
    /// In so many consecutive judged windows, at least 1.
    case windows(Int)
    /// From the start of the first to the end of the last one.
    case duration(ms: Int64)
  }

  /// What a window without a value means.
  public enum NoData: String, Sendable {
    /// Nothing: everything stays as it is.
    case keep
    /// As if the condition did not hold.
    case ok
    /// As if it held.
    case alert
  }

  /// Hours of the pipeline's zone in which windows are judged, by the start of the window.
  public struct ActiveHours: Sendable, Equatable {
    /// Days of the week, 1 Monday … 7 Sunday.
    public var days: Set<Int>
    /// The first minute of the day, inclusive, 0 ... 1,439.
    public var fromMinute: Int
    /// The last one, exclusive, up to 1,440, the day's end.
    public var toMinute: Int

    /// Makes hours of their parts.
    public init(days: Set<Int>, fromMinute: Int, toMinute: Int) {
      self.days = days
      self.fromMinute = fromMinute
      self.toMinute = toMinute
    }
  }

  /// A dimension by which the alert is explained.
  public struct Breakdown: Sendable, Equatable {
    /// The dimension's name.
    public var dimension: String
    /// The metrics by the alert's dimensions and this one: the watched metric's own, or those of
    /// the numerator and the denominator of a ratio.
    public var metrics: [String]

    /// Makes a breakdown of its parts.
    public init(dimension: String, metrics: [String]) {
      self.dimension = dimension
      self.metrics = metrics
    }
  }

  /// Its name, unique among alerts and risks.
  public var name: String
  /// What it watches.
  public var watch: ResultReference
  /// Fires while this is true; over one slot for each of `inputs`.
  public var when: Expression
  /// Ends what fires when true; nil: when `when` is not.
  public var clear: Expression?
  /// What the expressions read, by slot.
  public var inputs: [AlertInput]
  /// Its thresholds, in order of name.
  public var thresholds: [ThresholdPlan]
  /// How long `when` has to be true before it fires.
  public var hold: Hold
  /// It goes on firing until the end is true for so long.
  public var keepFiringForMs: Int64
  /// Windows with fewer samples are not judged.
  public var minSamples: Int64
  /// What a window without a value means.
  public var noData: NoData
  /// When windows are judged; empty: always.
  public var active: [ActiveHours]
  /// Whether open windows are judged too, for people watching.
  public var isProvisional: Bool
  /// Windows of the watched result.
  public var window: WindowPlan
  /// Names of the watched result's dimensions, sorted.
  public var dimensions: [String]
  /// What explains it, in the order of the file.
  public var breakdowns: [Breakdown] = []
  /// How urgent it is: `info`, `warning`, `critical`; written to its rows.
  public var severity: String
  /// Whose it is; written to its rows.
  public var owner: String?

  /// Makes a rule of its parts; the defaults are those of the pipeline file.
  public init(
    name: String, watch: ResultReference, when: Expression, clear: Expression? = nil,
    inputs: [AlertInput], thresholds: [ThresholdPlan] = [], hold: Hold = .windows(1),
    keepFiringForMs: Int64 = 0, minSamples: Int64 = 0, noData: NoData = .keep,
    active: [ActiveHours] = [], isProvisional: Bool = false, window: WindowPlan,
    dimensions: [String] = [], severity: String = "warning", owner: String? = nil
  ) {
    self.name = name
    self.watch = watch
    self.when = when
    self.clear = clear
    self.inputs = inputs
    self.thresholds = thresholds
    self.hold = hold
    self.keepFiringForMs = keepFiringForMs
    self.minSamples = minSamples
    self.noData = noData
    self.active = active
    self.isProvisional = isProvisional
    self.window = window
    self.dimensions = dimensions
    self.severity = severity
    self.owner = owner
  }
}
