/// What a KPI's formula reads, one for each of its slots.
public struct KPIInput: Hashable, Sendable {
  /// Where a number comes from.
  public enum Source: Hashable, Sendable {
    /// A metric, or a formula of metrics, computed anew over the KPI's period.
    case metric(String)
    /// Another KPI of the same period.
    case kpi(String)
    /// The newest settled number of a stage that has windows of its own.
    case level(ResultReference)
  }

  /// Where the number comes from.
  public var source: Source
  /// Whether it is that of the same part of the period before.
  public var isPrevious: Bool

  /// Makes an input of its parts.
  public init(_ source: Source, isPrevious: Bool = false) {
    self.source = source
    self.isPrevious = isPrevious
  }
}

/// One KPI: a formula over its own period, known to date at the end of each slice of it.
public struct KPIPlan: Sendable {
  /// What people read of it.
  public var node: KPINode
  /// Over one slot for each of `inputs`, in that order.
  public var expression: Expression
  /// What it reads.
  public var inputs: [KPIInput]
  /// Its periods, one after the other.
  public var period: WindowPlan
  /// The parts of a period, whose borders are borders of slices: `KPISlices`.
  public var slice: WindowPlan
  /// Names of the KPIs that may have moved it.
  public var children: [String]

  /// Its name.
  public var name: String { node.kpi }

  /// Makes a KPI of its parts.
  public init(
    node: KPINode, expression: Expression, inputs: [KPIInput], period: WindowPlan,
    slice: WindowPlan, children: [String] = []
  ) {
    self.node = node
    self.expression = expression
    self.inputs = inputs
    self.period = period
    self.slice = slice
    self.children = children
  }

  /// For how long it goes on after the last event that fed it: a period, and 7 days at least.
  public var silenceMs: Int64 { Swift.max(period.longestMs, 7 * 86_400_000) }
}
