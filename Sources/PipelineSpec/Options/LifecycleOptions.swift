/// One lifecycle.
enum LifecycleOptions {
  static let unit = StageOptions.unit(
    "Calendar unit in which users are active or not, in the pipeline's zone; a week begins on "
      + "Monday. Days also give `NAME.active_7d`, `NAME.active_30d` and `NAME.stickiness`.")
  static let by = StageOptions.by(
    "Dimensions, at the user's first event of a unit: one series for each combination of their "
      + "values. At most 16.")

  static let all: [OptionSpec] = [
    unit.spec, StageOptions.condition.spec, by.spec, StageOptions.forgetAfter.spec,
    StageOptions.lateness.spec, StageOptions.maxSeries.spec,
  ]
}
