/// One kind of session: a user's events without a gap between them.
public struct SessionPlan: Sendable {
  /// Its name.
  public var name: String
  /// An event this long after the one before, or longer, begins another session.
  public var gapMs: Int64
  /// An event this long after the session's first, or longer, begins another session.
  public var maxMs: Int64
  /// Only events for which this is true count.
  public var condition: Expression?
  /// Dimensions at the session's first event, sorted by name.
  public var dimensions: [MetricPlan.Dimension]
  /// Lateness of this stage, in place of the source's or the pipeline's.
  public var latenessMs: Int64?
  /// Series kept in one day; the rest fold into `"(other)"`.
  public var maxSeries: Int

  /// Makes sessions of their parts.
  public init(
    name: String, gapMs: Int64 = 30 * 60_000, maxMs: Int64 = 86_400_000,
    condition: Expression? = nil, dimensions: [MetricPlan.Dimension] = [],
    latenessMs: Int64? = nil, maxSeries: Int = 10_000
  ) {
    self.name = name
    self.gapMs = gapMs
    self.maxMs = maxMs
    self.condition = condition
    self.dimensions = dimensions
    self.latenessMs = latenessMs
    self.maxSeries = maxSeries
  }
}
