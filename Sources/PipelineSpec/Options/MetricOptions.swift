/// One metric.
enum MetricOptions {
  static let count = Option.presence("count", "How many events.")
  static let sum = Option.expression(
    "sum", "Sum, exact to 9 decimal places.", example: "properties.total")
  static let avg = Option.expression("avg", "Mean.", example: "properties.total")
  static let min = Option.expression("min", "Least value.", example: "properties.total")
  static let max = Option.expression("max", "Greatest value.", example: "properties.total")
  static let distinct = Option.expression(
    "distinct",
    "How many different values. `distinct: user` is exact; others are exact up to a limit, then "
      + "estimated and marked `approximate`.", example: "user")
  static let last = Option.expression(
    "last", "Value of the latest event.", example: "properties.stock")
  static let quantile: Option<ConfigNode> = {
    var option = Option.expression(
      "p50", "Quantile, `p1` to `p99`, with a relative error of at most 1%.",
      example: "properties.total")
    option.spec.otherNames = (1...99).filter { $0 != 50 }.map { "p\($0)" }
    option.spec.shownName = "p1 … p99"
    return option
  }()
  static let formula = Option.expression(
    "formula",
    "Computed from other metrics and formulas, by name, with the same windows and dimensions.",
    example: "payment_errors / payments")
  static let every = Option.window(
    "every", "Distance between windows' starts. Required, but for formulas.", example: "1m")
  static let window = Option.window(
    "window",
    "Length of the windows, a multiple of `every`: above it, windows overlap. Without it, "
      + "`every`.", example: "10m")
  static let carry = Option.duration(
    "carry", in: Units.second...(400 * Units.day),
    "Only for `last`: how long a value goes on in windows without events.", example: "7d")
  static let seriesTTL = Option.duration(
    "series_ttl", in: Units.minute...(400 * Units.day),
    "With `by`: how long a series without events has a value of zero. Without it, "
      + "`limits.series_ttl`.", example: "7d")

  static let aggregates: [Option<ConfigNode>] = [
    sum, avg, min, max, distinct, last, quantile, formula,
  ]
  static let all: [OptionSpec] =
    [count.spec] + aggregates.map(\.spec) + [
      StageOptions.condition.spec, StageOptions.by.spec, every.spec, window.spec,
      StageOptions.lateness.spec, carry.spec, seriesTTL.spec, StageOptions.maxSeries.spec,
      .later("session", "session windows are"),
    ]

  /// Aggregates, for messages.
  static let aggregateNames = "count, sum, avg, min, max, distinct, last, p1 … p99 or formula"
  /// Windows that one instant may lie in.
  static let overlapMax: Int64 = 1_000
}
