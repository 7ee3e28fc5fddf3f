/// One kind of session.
enum SessionOptions {
  static let gap = Option.duration(
    "gap", default: "30m", in: Units.second...(30 * Units.day),
    "An event this long after the user's one before, or longer, begins another session.")
  static let max = Option.duration(
    "max", default: "24h", in: Units.second...(30 * Units.day),
    "An event this long after the session's first, or longer, begins another session. At least "
      + "`gap`.")
  static let by = StageOptions.by(
    "Dimensions, at the session's first event: one series for each combination of their values. At "
      + "most 16.")

  static let all: [OptionSpec] = [
    gap.spec, max.spec, StageOptions.condition.spec, by.spec, StageOptions.lateness.spec,
    StageOptions.maxSeries.spec,
  ]
}
