/// Metrics that share window, dimensions, condition and lateness, and so share their cells: one
/// look-up serves them all.
public struct GroupPlan: Sendable {
  /// Position in `StagePlan.groups`; the stage id of its state.
  public let index: Int
  /// Names of its metrics, for messages.
  public var names: [String] { metrics.map(\.name) }
  /// What the metrics have in common.
  let window: WindowPlan
  let dimensions: [MetricPlan.Dimension]
  let condition: Expression?
  let maxSeries: Int
  let seriesTTLMs: Int64
  /// Lateness for each source, by index of `PipelinePlan.sources`.
  let latenessMs: [Int64]
  /// Whether its events go through the exchange, keyed by user.
  let exchanged: Bool
  /// Values that its metrics are computed of.
  let inputs: [ValueInput]
  /// Its metrics, by name.
  let metrics: [GroupMetric]
  /// Whether any metric counts distinct users.
  let countsUsers: Bool

  /// Whether its events go through the exchange.
  public var isBehindExchange: Bool { exchanged }

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
  }

  /// How many of each kind of part a cell has.
  struct Parts: Sendable {
    var numbers = 0
    var distincts = 0
    var quantiles = 0
    var lasts = 0
  }
  let parts: Parts
}

/// The plan of every stage that events feed, derived once from the pipeline.
public struct StagePlan: Sendable {
  /// Groups of metrics, in an order that depends on the pipeline's definition alone.
  public let groups: [GroupPlan]
  /// The pipeline it derives from.
  public let pipeline: PipelinePlan
  /// Groups that are applied where the partition is.
  let local: [Int]
  /// Groups that are applied behind the exchange.
  let exchanged: [Int]
  /// Slots that exchanged groups read.
  let exchangedSlots: [Int]
  /// Greatest and least lateness over all groups, by source.
  let greatestLatenessMs: [Int64]
  let leastLatenessMs: [Int64]

  /// Derives the stages of `pipeline`. `keyed` says whether all events of a user are in one
  /// partition; if not, distinct users are counted behind the exchange.
  public init(_ pipeline: PipelinePlan, keyed: Bool) {
    self.pipeline = pipeline
    let sources = pipeline.sources
    var builders: [GroupBuilder] = []
    for metric in pipeline.metrics.sorted(by: { $0.name < $1.name }) {
      let exchanged = metric.aggregate == .distinctUsers && !keyed
      let latenessMs = sources.map {
        metric.latenessMs ?? $0.latenessMs ?? pipeline.time.latenessMs
      }
      if let at = builders.firstIndex(where: { $0.accepts(metric, latenessMs, exchanged) }) {
        builders[at].add(metric)
      } else {
        var builder = GroupBuilder(first: metric, latenessMs: latenessMs, exchanged: exchanged)
        builder.add(metric)
        builders.append(builder)
      }
    }
    groups = builders.enumerated().map { $0.element.build(index: $0.offset) }
    local = groups.filter { !$0.exchanged }.map(\.index)
    let beyond = groups.filter(\.exchanged)
    exchanged = beyond.map(\.index)
    var slots: Set<Int> = []
    for group in beyond {
      slots.formUnion(group.condition?.slots ?? [])
      for dimension in group.dimensions { slots.formUnion(dimension.expression.slots) }
      for input in group.inputs { slots.formUnion(input.expression.slots) }
    }
    exchangedSlots = slots.sorted()
    let all = groups.map(\.latenessMs)
    let fallback = sources.map { $0.latenessMs ?? pipeline.time.latenessMs }
    greatestLatenessMs = sources.indices.map { s in all.map { $0[s] }.max() ?? fallback[s] }
    leastLatenessMs = sources.indices.map { s in all.map { $0[s] }.min() ?? fallback[s] }
  }

  /// Whether any stage's key is not the partition's.
  public var needsExchange: Bool { !exchanged.isEmpty }
}

/// Gathers the metrics of one group.
private struct GroupBuilder {
  let first: MetricPlan
  let latenessMs: [Int64]
  let exchanged: Bool
  var inputs: [GroupPlan.ValueInput] = []
  var metrics: [GroupPlan.GroupMetric] = []
  var parts = GroupPlan.Parts()

  init(first: MetricPlan, latenessMs: [Int64], exchanged: Bool) {
    self.first = first
    self.latenessMs = latenessMs
    self.exchanged = exchanged
  }

  func accepts(_ metric: MetricPlan, _ latenessMs: [Int64], _ exchanged: Bool) -> Bool {
    first.window == metric.window && self.latenessMs == latenessMs && self.exchanged == exchanged
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
        name: metric.name, aggregate: metric.aggregate, input: input, carryMs: metric.carryMs))
  }

  private mutating func take(_ part: WritableKeyPath<GroupPlan.Parts, Int>) -> Int {
    defer { parts[keyPath: part] += 1 }
    return parts[keyPath: part]
  }

  func build(index: Int) -> GroupPlan {
    let names = first.dimensions.map(\.name)
    return GroupPlan(
      index: index, window: first.window, dimensions: first.dimensions,
      condition: first.condition, maxSeries: first.maxSeries, seriesTTLMs: first.seriesTTLMs,
      latenessMs: latenessMs, exchanged: exchanged, inputs: inputs, metrics: metrics,
      countsUsers: metrics.contains { $0.aggregate == .distinctUsers },
      otherDimensions: SeriesKey.otherDimensions(names), parts: parts)
  }
}
