/// One lifecycle: how many users are new, returning, resurrected and dormant in each unit.
///
/// Its results are metrics: `NAME.active`, `NAME.new`, `NAME.returning`, `NAME.resurrected`,
/// `NAME.dormant`; with days as units also `NAME.active_7d`, `NAME.active_30d` (users active in the
/// 7 or 30 days that end with the day) and `NAME.stickiness` (active by active_30d).
public struct LifecyclePlan: Sendable {
  /// Its name.
  public var name: String
  /// Days, weeks or months, one at a time.
  public var unit: WindowPlan
  /// Only events for which this is true make a user active.
  public var condition: Expression?
  /// Dimensions at the user's first event of a unit, sorted by name. A user counts once: in the
  /// dimensions of the latest unit in which the user was active.
  public var dimensions: [MetricPlan.Dimension]
  /// A user without an event of this stage for longer than this is new again. Whole hours.
  public var forgetAfterMs: Int64
  /// Lateness of this stage, in place of the source's or the pipeline's.
  public var latenessMs: Int64?
  /// Series kept in one unit; the rest fold into `"(other)"`.
  public var maxSeries: Int

  /// Makes a lifecycle of its parts.
  public init(
    name: String, unit: WindowPlan = WindowPlan(unit: .day, every: 1),
    condition: Expression? = nil, dimensions: [MetricPlan.Dimension] = [],
    forgetAfterMs: Int64 = 400 * 86_400_000, latenessMs: Int64? = nil, maxSeries: Int = 10_000
  ) {
    self.name = name
    self.unit = unit
    self.condition = condition
    self.dimensions = dimensions
    self.forgetAfterMs = forgetAfterMs
    self.latenessMs = latenessMs
    self.maxSeries = maxSeries
  }
}
