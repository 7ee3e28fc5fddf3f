/// One funnel: how far users come through a row of steps.
public struct FunnelPlan: Sendable {
  /// One step.
  public struct Step: Sendable {
    /// Its name in the table.
    public var name: String
    /// Events that are this step.
    public var condition: Expression

    /// Names `condition`.
    public init(name: String, condition: Expression) {
      self.name = name
      self.condition = condition
    }
  }

  /// What events between two steps mean.
  public enum Order: String, Sendable {
    /// Nothing.
    case `default`
    /// Any event of the user that is not the chain's next step ends the chain.
    case strict
  }

  /// Its name.
  public var name: String
  /// 2 ... 32 steps.
  public var steps: [Step]
  /// A chain ends this long after its first event, inclusive.
  public var withinMs: Int64
  /// What events between two steps mean.
  public var order: Order
  /// A matching event ends open chains.
  public var exclude: Expression?
  /// What chains belong to; nil: the user.
  public var per: Expression?
  /// Dimensions at the first step, sorted by name.
  public var dimensions: [MetricPlan.Dimension]
  /// Entry windows, tumbling.
  public var entered: WindowPlan
  /// Lateness of this stage, in place of the source's or the pipeline's.
  public var latenessMs: Int64?
  /// Series kept in one entry window; the rest fold into `"(other)"`.
  public var maxSeries: Int

  /// Fewest and most steps.
  public static let stepsRange = 2...32

  /// Makes a funnel of its parts.
  public init(
    name: String, steps: [Step], withinMs: Int64, order: Order = .default,
    exclude: Expression? = nil, per: Expression? = nil, dimensions: [MetricPlan.Dimension] = [],
    entered: WindowPlan = WindowPlan(unit: .day, every: 1), latenessMs: Int64? = nil,
    maxSeries: Int = 10_000
  ) {
    self.name = name
    self.steps = steps
    self.withinMs = withinMs
    self.order = order
    self.exclude = exclude
    self.per = per
    self.dimensions = dimensions
    self.entered = entered
    self.latenessMs = latenessMs
    self.maxSeries = maxSeries
  }
}
