import StreamCore

/// One alert rule.
enum AlertOptions {
  static let watch = Option.text(
    "watch", kind: .phrase("the name of a result"), required: true,
    "What it watches: a metric, a formula or a row of a lifecycle by name; `FUNNEL.conversion` "
      + "(the last step, from the first) or `FUNNEL.STEP.conversion`, `.from_previous`, `.users`, "
      + "`.p50_ms`, `.p90_ms`; `RETENTION.period_4` or `RETENTION.period_4.users`, `.amount`; "
      + "`SESSION.sessions`, `.users`, `.events`, `.bounces`, `.bounce_rate`, `.mean_duration_ms`; "
      + "a KPI by name, over its whole periods.",
    example: "payment_error_rate")
  static let when = Option.requiredExpression(
    "when",
    "Fires while this is true. Reads `value`, `samples`, `lower(value)`, `upper(value)`, "
      + "`previous(n)`, `same_time(1w)`, `change(1h)`, `mean(n)`, `mean(n, 1w)`, `stddev(n)`, "
      + "`stddev(n, 1w)`, thresholds, and other results of the same windows by name.",
    example: "lower(value) > above")
  static let hold = Option.custom(
    "for", "a number of windows, or a duration", default: "1",
    "How long `when` has to hold before it fires: in so many judged windows one after the other, "
      + "or from the first one's start to the last one's end.", example: "30m")
  static let clear = Option.expression(
    "clear",
    "Ends it when true; reads what `when` reads. Without it, it ends when `when` does not "
      + "hold.", example: "value < 0.5 * above")
  static let keepFiring = Option.duration(
    "keep_firing_for", default: "0s", in: 0...(400 * Units.day),
    "It ends only once its end held for so long.", example: "10m")
  static let minSamples = Option.integer(
    "min_samples", default: 0, in: 0...Int64.max,
    "Windows whose value rests on fewer samples are not judged. A count of 0 is judged.",
    example: "100")
  static let noData = Option.choice(
    "no_data", ["keep", "ok", "alert"], default: "keep",
    "What a window without a value means: nothing, that `when` does not hold, or that it does.")
  static let active = Option.custom(
    "active", "a list of days and hours", default: "[]",
    "When windows are judged, by the local time of their start: days, hours, or both. Without it, "
      + "always.", example: "[\"mon-fri 09:00-18:00\", \"sat,sun 10:00-24:00\"]")
  static let provisional = Option.flag(
    "provisional", default: false,
    "Whether open windows are judged, too: for people watching, and outside the result digest.")
  static let explain = Option.custom(
    "explain", "a list of paths, names, and {name: expression}", default: "[]",
    "Dimensions by which it is explained what moved the value. The watched result is a `count`, "
      + "`sum` or `distinct`, or a formula `a / b` of two of them. Each costs a metric by the "
      + "dimensions of the watched one and this one.", example: "[platform, country]")

  static let all: [OptionSpec] =
    [
      watch.spec, when.spec, RuleOptions.thresholds.spec, hold.spec, clear.spec,
      keepFiring.spec, minSamples.spec, noData.spec, active.spec, provisional.spec, explain.spec,
    ] + PolicyOptions.all

  /// Windows that a rule may look back.
  static let lookBackMax: Int64 = 40_000
  /// Windows that `for` may ask for.
  static let holdMax: Int64 = 40_000
  /// Dimensions that `explain` may name.
  static let explainMax = 8
}
