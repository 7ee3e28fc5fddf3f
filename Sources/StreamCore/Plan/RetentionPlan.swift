/// One retention table: which users come back, by cohort and unit.
public struct RetentionPlan: Sendable {
  /// Which cohorts a user is in.
  public enum Mode: String, Sendable {
    /// That of the first start event.
    case firstTime = "first_time"
    /// That of every unit with a start event.
    case recurring
  }

  /// Its name.
  public var name: String
  /// Events that put a user into a cohort; nil: all.
  public var start: Expression?
  /// Events that are a return; nil: all.
  public var returning: Expression?
  /// Days, weeks or months, one at a time.
  public var unit: WindowPlan
  /// Units after the cohort's own that are followed, 1 ... 400.
  public var periods: Int
  /// Which cohorts a user is in.
  public var mode: Mode
  /// Amounts of return events to add up by cell.
  public var value: Expression?
  /// Dimensions at the start event, sorted by name.
  public var dimensions: [MetricPlan.Dimension]
  /// A user without an event of this stage for longer than this is as one never seen. Whole hours.
  public var forgetAfterMs: Int64
  /// Lateness of this stage, in place of the source's or the pipeline's.
  public var latenessMs: Int64?
  /// Series kept in one unit; the rest fold into `"(other)"`.
  public var maxSeries: Int

  /// Fewest and most periods.
  public static let periodsRange = 1...400

  /// Makes a retention table of its parts.
  public init(
    name: String, start: Expression? = nil, returning: Expression? = nil,
    unit: WindowPlan = WindowPlan(unit: .day, every: 1), periods: Int = 30,
    mode: Mode = .firstTime, value: Expression? = nil, dimensions: [MetricPlan.Dimension] = [],
    forgetAfterMs: Int64 = 400 * 86_400_000, latenessMs: Int64? = nil, maxSeries: Int = 10_000
  ) {
    self.name = name
    self.start = start
    self.returning = returning
    self.unit = unit
    self.periods = periods
    self.mode = mode
    self.value = value
    self.dimensions = dimensions
    self.forgetAfterMs = forgetAfterMs
    self.latenessMs = latenessMs
    self.maxSeries = maxSeries
  }
}
