/// Options that alerts and risks have, with one meaning.
enum RuleOptions {
  static let thresholds = Option.custom(
    "thresholds", "a mapping of names to numbers or mappings", default: "{}",
    "Numbers that people may change while the worker runs, by name. Each is a number, or a "
      + "mapping.",
    example: "{above: {default: 0.2, min: 0, max: 1}}")

  /// Thresholds of one rule.
  static let thresholdsMax = 64
}

/// One threshold that is written as a mapping.
enum ThresholdOptions {
  static let standard = Option.number(
    "default", required: true, "The value that holds while no person set another.",
    example: "0.2")
  static let min = Option.number("min", "The least value that may be set.", example: "0")
  static let max = Option.number("max", "The greatest value that may be set.", example: "1")
  static let step = Option.number(
    "step", "Distance between values that make sense, for sliders and sweeps.", example: "0.01")
  static let values = Option.list(
    "values", ThresholdValueOptions.all,
    "Values for series with certain dimensions; that with most dimensions holds. Alerts only.")

  static let all: [OptionSpec] = [standard.spec, min.spec, max.spec, step.spec, values.spec]
}

/// The value of a threshold for some series.
enum ThresholdValueOptions {
  static let condition = Option.custom(
    "where", "a mapping of dimensions to values", required: true,
    "Dimensions that a series has to have.", example: "{platform: app}")
  static let value = Option.number("value", required: true, "The value for them.", example: "0.3")

  static let all: [OptionSpec] = [condition.spec, value.spec]
}

/// Whose a rule is, and how people are told.
enum PolicyOptions {
  static let severity = Option.choice(
    "severity", ["info", "warning", "critical"], default: "warning", "How urgent it is.")
  static let owner = Option.text("owner", "The squad that it belongs to.", example: "payments")
  static let runbook = Option.text(
    "runbook", "What to do: a URL, or text.",
    example: "https://example.com/runbooks/payments")
  static let summary = Option.text(
    "summary", "What messages say in one line, in place of the rule's name.",
    example: "Payments fail more often than they should")
  static let labels = Option.custom(
    "labels", "a mapping of names to texts", default: "{}",
    "Further facts for those who route messages.", example: "{team: checkout, tier: gold}")
  static let notify = Option.custom(
    "notify", "a list of names of destinations", default: "[]",
    "Who is told: names of `notify` at the top level. Without any, nobody is.", example: "[ops]")
  static let repetition = Option.custom(
    "repeat", "a duration, or a mapping",
    "How often it is said again while it goes on and nobody has acknowledged it: a duration, or "
      + "`{every: 1h, max: 5}`. Without it, never. At most `max` times, without that 10.",
    example: "1h")
  static let escalation = Option.group(
    "escalate", EscalationOptions.all,
    "Who else is told when nobody has acknowledged it in time.")

  static let all: [OptionSpec] = [
    severity.spec, owner.spec, runbook.spec, summary.spec, labels.spec, notify.spec,
    repetition.spec, escalation.spec,
  ]
}

/// `repeat` that is written as a mapping.
enum RepeatOptions {
  static let range = Units.second...(400 * Units.day)
  static let every = Option.duration(
    "every", required: true, in: range, "Distance between two messages.", example: "1h")
  static let max = Option.integer("max", default: 10, in: 1...1_000, "Repetitions at most.")

  static let all: [OptionSpec] = [every.spec, max.spec]
}

/// `escalate`.
enum EscalationOptions {
  static let after = Option.duration(
    "after", required: true, in: Units.second...(400 * Units.day),
    "How long after the first message.", example: "30m")
  static let to = Option.custom(
    "to", "a list of names of destinations", required: true, "Who is told then.",
    example: "[boss]")

  static let all: [OptionSpec] = [after.spec, to.spec]
}
