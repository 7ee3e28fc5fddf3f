/// What a metric computes over the events of a window.
public enum Aggregate: Sendable, Hashable {
  case count
  case sum
  case avg
  case min
  case max
  /// Distinct values of an expression: exact up to a limit, then estimated.
  case distinct
  /// Distinct users, exact.
  case distinctUsers
  /// The value of the last event in the order of (event time, user, topic, partition, offset).
  case last
  /// The quantile of this many hundredths, 1 ... 99.
  case quantile(Int)
}

/// One metric fed by events.
public struct MetricPlan: Sendable {
  /// Its name.
  public var name: String
  /// What is computed.
  public var aggregate: Aggregate
  /// What it is computed of; nil for `count` and `distinctUsers`.
  public var value: Expression?
  /// Only events for which this is true count.
  public var condition: Expression?
  /// Dimensions, sorted by name.
  public var dimensions: [Dimension]
  /// Its windows.
  public var window: WindowPlan
  /// Lateness of this stage, in place of the source's or the pipeline's.
  public var latenessMs: Int64?
  /// For `last`: how long a value goes on in windows without events.
  public var carryMs: Int64?
  /// How long a silent series has a value of zero.
  public var seriesTTLMs: Int64
  /// Series kept in one window; the rest fold into `"(other)"`.
  public var maxSeries: Int
  /// Whether it only explains alerts: it has no rows of its own.
  public var isInternal = false
  /// Whether it only feeds KPIs: nobody sees its values.
  var isSlice = false

  /// One dimension of a metric.
  public struct Dimension: Sendable {
    /// Its name in the `dimensions` column.
    public var name: String
    /// What gives its value.
    public var expression: Expression

    /// Names `expression`.
    public init(name: String, expression: Expression) {
      self.name = name
      self.expression = expression
    }
  }

  /// Makes a metric of its parts.
  public init(
    name: String, aggregate: Aggregate, value: Expression? = nil, condition: Expression? = nil,
    dimensions: [Dimension] = [], window: WindowPlan, latenessMs: Int64? = nil,
    carryMs: Int64? = nil, seriesTTLMs: Int64 = 7 * 86_400_000, maxSeries: Int = 10_000
  ) {
    self.name = name
    self.aggregate = aggregate
    self.value = value
    self.condition = condition
    self.dimensions = dimensions
    self.window = window
    self.latenessMs = latenessMs
    self.carryMs = carryMs
    self.seriesTTLMs = seriesTTLMs
    self.maxSeries = maxSeries
  }
}

/// A metric computed from others of the same window and dimensions.
public struct FormulaPlan: Sendable {
  /// Its name.
  public var name: String
  /// Over one slot for each of `inputs`, in that order.
  public var expression: Expression
  /// Names of the metrics and formulas it reads.
  public var inputs: [String]
  /// Its windows, the same as those of every input.
  public var window: WindowPlan
  /// Names of its dimensions, the same as those of every input.
  public var dimensions: [String]

  /// Makes a formula of its parts.
  public init(
    name: String, expression: Expression, inputs: [String], window: WindowPlan, dimensions: [String]
  ) {
    self.name = name
    self.expression = expression
    self.inputs = inputs
    self.window = window
    self.dimensions = dimensions
  }
}
