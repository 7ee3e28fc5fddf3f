import StreamCore

/// One retention table.
enum RetentionOptions {
  static let start = Option.expression(
    "start", "Events that put a user into a cohort. Without it, all.",
    example: "'event == \"signup\"'")
  static let returning = Option.expression(
    "return", "Events that are a return. Without it, all.", example: "'event == \"purchase\"'")
  static let unit = StageOptions.unit(
    "Calendar unit of cohorts and periods, in the pipeline's zone; a week begins on Monday.")
  static let periods = Option.integer(
    "periods", default: 30, in: periodsRange,
    "Units after the cohort's own that are followed. Period 0 is the cohort's own unit.")
  static let mode = Option.choice(
    "mode", ["first_time", "recurring"], default: "first_time",
    "`first_time`: a user is in the cohort of the first start event. `recurring`: in the cohort of "
      + "every unit with a start event.")
  static let value = Option.expression(
    "value", "Amounts of return events, added up for each cohort and period.",
    example: "properties.total")
  static let by = StageOptions.by(
    "Dimensions, at the start event: one series for each combination of their values. At most 16.")

  private static let periodsRange =
    Int64(RetentionPlan.periodsRange.lowerBound)...Int64(RetentionPlan.periodsRange.upperBound)

  static let all: [OptionSpec] = [
    start.spec, returning.spec, unit.spec, periods.spec, mode.spec, value.spec, by.spec,
    StageOptions.forgetAfter.spec, StageOptions.lateness.spec, StageOptions.maxSeries.spec,
  ]
}
