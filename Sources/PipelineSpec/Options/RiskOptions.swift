import StreamCore

/// One risk rule.
enum RiskOptions {
  static let entity = Option.custom(
    "entity", "`user`, a path, or {name: expression}", default: "user",
    "What its events belong to. Events without one are skipped.", example: "context.ip")
  static let within = Option.duration(
    "within", required: true, in: Units.second...(400 * Units.day),
    "How far back it looks, inclusive.", example: "10m")
  static let when = Option.expression(
    "when",
    "A finding is open while this is true. Reads `count()`, `count(condition)` and `sum min max "
      + "avg distinct first last` of an expression and perhaps a condition, each over the entity's "
      + "events of the last `within`, and thresholds.",
    example: "'count(event == \"payment_error\") >= failures'")
  static let sequence = Option.custom(
    "sequence", "a list of 1 to 32 steps",
    "In place of `when`: a finding is opened when these came in their order, the last at most "
      + "`within` after the first. Steps are written as those of funnels.",
    example: "[login, password_change, transfer]")
  static let absent = Option.custom(
    "absent", "the name of an event, or an expression",
    "With `sequence`: a finding is opened when the steps came and no such event did at most "
      + "`within` after the last of them. It is closed by the next such event.", example: "shipped")
  static let maxEvents = Option.integer(
    "max_events", default: 1_000, in: 1...100_000,
    "Events kept of one entity: the newest. Counts and sums of more are those of these.")

  static let all: [OptionSpec] =
    [
      entity.spec, StageOptions.condition.spec, within.spec, when.spec, sequence.spec, absent.spec,
      RuleOptions.thresholds.spec, maxEvents.spec, StageOptions.lateness.spec,
    ] + PolicyOptions.all

  /// Different calls that `when` may have.
  static let aggregatesMax = 32
}
