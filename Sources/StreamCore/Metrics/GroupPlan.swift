/// What shares cells: either metrics that have window, dimensions, condition and lateness in
/// common, so that one look-up serves them all, or one stage that keeps a record of each user.
public struct GroupPlan: Sendable {
  /// Position in `StagePlan.groups`; the stage id of its state.
  public let index: Int
  /// Names of its metrics, for messages.
  public var names: [String] { stage.map { [$0.name] } ?? metrics.map(\.name) }
  /// The stage that keeps records of users; nil for metrics.
  let stage: UserStagePlan?
  /// How long after its end a window can still change: a funnel's `within`, a session's `max`.
  let closingDelayMs: Int64
  /// What the metrics have in common.
  let window: WindowPlan
  let dimensions: [MetricPlan.Dimension]
  let condition: Expression?
  let maxSeries: Int
  let seriesTTLMs: Int64
  /// Lateness for each source, by index of `PipelinePlan.sources`.
  let latenessMs: [Int64]
  /// Whether its events go through the exchange.
  let exchanged: Bool
  /// Whether it takes events in order.
  let isOrdered: Bool
  /// Values that its metrics are computed of.
  let inputs: [ValueInput]
  /// Its metrics, by name.
  let metrics: [GroupMetric]
  /// Whether any metric counts distinct users.
  let countsUsers: Bool

  /// Whether it keeps a record of each user, or other key.
  public var keepsRecords: Bool { stage != nil }

  /// The canonical dimensions of the series that takes what exceeds `maxSeries`.
  let otherDimensions: String

  /// An expression and what is kept of its values in each cell.
  struct ValueInput: Sendable {
    let expression: Expression
    /// Index into a cell's numbers, for sum, avg, min and max.
    var numbers: Int?
    /// Index into a cell's sketches of distinct values.
    var distinct: Int?
    /// Index into a cell's quantile sketches.
    var quantiles: Int?
    /// Index into a cell's last values.
    var last: Int?

    /// Whether nothing but numbers is kept.
    var isNumbersOnly: Bool {
      numbers != nil && distinct == nil && quantiles == nil && last == nil
    }
  }

  /// One metric and the part of a cell that it reads.
  struct GroupMetric: Sendable {
    let name: String
    let aggregate: Aggregate
    /// Index into `inputs`; nil for counts of events and users.
    let input: Int?
    let carryMs: Int64?
    /// Whether it only feeds KPIs.
    let isSlice: Bool
  }

  /// How many of each kind of part a cell has.
  struct Parts: Sendable {
    var numbers = 0
    var distincts = 0
    var quantiles = 0
    var lasts = 0
    /// Counts that rise and fall.
    var counts = 0
    /// Sums in units of 10^-9.
    var amounts = 0
    /// Counts by name.
    var nameCounts = 0

    /// Whether nothing in a cell grows with what is counted, its users apart.
    var isFixed: Bool { distincts == 0 && quantiles == 0 && lasts == 0 && nameCounts == 0 }
  }
  let parts: Parts
}

/// Gathers the metrics of one group.
struct GroupBuilder {
  let first: MetricPlan
  let latenessMs: [Int64]
  let exchanged: Bool
  let isOrdered: Bool
  var inputs: [GroupPlan.ValueInput] = []
  var metrics: [GroupPlan.GroupMetric] = []
  var parts = GroupPlan.Parts()

  init(first: MetricPlan, latenessMs: [Int64], exchanged: Bool, isOrdered: Bool) {
    self.first = first
    self.latenessMs = latenessMs
    self.exchanged = exchanged
    self.isOrdered = isOrdered
  }

  func accepts(
    _ metric: MetricPlan, _ latenessMs: [Int64], _ exchanged: Bool, _ isOrdered: Bool
  ) -> Bool {
    first.window == metric.window && self.latenessMs == latenessMs && self.exchanged == exchanged
      && self.isOrdered == isOrdered
      && first.condition?.text == metric.condition?.text && first.maxSeries == metric.maxSeries
      && first.seriesTTLMs == metric.seriesTTLMs
      && first.dimensions.map { $0.name + "=" + $0.expression.text }
        == metric.dimensions.map { $0.name + "=" + $0.expression.text }
  }

  mutating func add(_ metric: MetricPlan) {
    var input: Int?
    if let value = metric.value {
      let at =
        inputs.firstIndex { $0.expression.text == value.text }
        ?? {
          inputs.append(.init(expression: value))
          return inputs.count - 1
        }()
      input = at
      switch metric.aggregate {
      case .sum, .avg, .min, .max:
        inputs[at].numbers = inputs[at].numbers ?? take(\.numbers)
      case .distinct:
        inputs[at].distinct = inputs[at].distinct ?? take(\.distincts)
      case .quantile:
        inputs[at].quantiles = inputs[at].quantiles ?? take(\.quantiles)
      case .last:
        inputs[at].last = inputs[at].last ?? take(\.lasts)
      case .count, .distinctUsers:
        break
      }
    }
    metrics.append(
      .init(
        name: metric.name, aggregate: metric.aggregate, input: input, carryMs: metric.carryMs,
        isSlice: metric.isSlice))
  }

  private mutating func take(_ part: WritableKeyPath<GroupPlan.Parts, Int>) -> Int {
    defer { parts[keyPath: part] += 1 }
    return parts[keyPath: part]
  }

  func build(index: Int) -> GroupPlan {
    let names = first.dimensions.map(\.name)
    return GroupPlan(
      index: index, stage: nil, closingDelayMs: 0, window: first.window,
      dimensions: first.dimensions,
      condition: first.condition, maxSeries: first.maxSeries, seriesTTLMs: first.seriesTTLMs,
      latenessMs: latenessMs, exchanged: exchanged, isOrdered: isOrdered,
      inputs: inputs, metrics: metrics,
      countsUsers: metrics.contains { $0.aggregate == .distinctUsers },
      otherDimensions: SeriesKey.otherDimensions(names), parts: parts)
  }
}
