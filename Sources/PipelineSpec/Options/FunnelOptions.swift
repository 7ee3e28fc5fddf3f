/// One funnel.
enum FunnelOptions {
  static let steps = Option.custom(
    "steps", "a list of 2 to 32 steps", required: true,
    "Steps in their order, 2 to 32. Each is the name of an event, or `{name: NAME, where: "
      + "expression}` with a name of yours; `{name: NAME}` alone is the event `NAME`. A step may "
      + "be there twice: it takes two events.",
    example: "[product_view, add_to_cart, {name: paid, where: 'event == \"purchase\"'}]")
  static let within = Option.duration(
    "within", required: true, in: Units.second...(400 * Units.day),
    "A chain of steps ends this long after the event of its first one, inclusive.",
    example: "1d")
  static let by = StageOptions.by(
    "Dimensions, at the event of the first step: one series for each combination of their values. "
      + "At most 16.")
  static let entered = Option.window(
    "entered", default: "1d",
    "Users are counted together by the window of the event of their first step.", example: "1h")
  static let order = Option.choice(
    "order", ["default", "strict"], default: "default",
    "What other events between two steps mean: to `default` nothing; under `strict`, any event of "
      + "the user that is not the next step ends the chain, and may begin another.")
  static let exclude = Option.expression(
    "exclude", "An event for which this is true ends the user's open chains.",
    example: "'event == \"refund\"'")
  static let per = Option.expression(
    "per",
    "What comes through the steps, in place of users: each value of this, as an order's id. "
      + "Events without one are skipped.", example: "properties.order_id")

  static let all: [OptionSpec] = [
    steps.spec, within.spec, by.spec, entered.spec, order.spec, exclude.spec, per.spec,
    StageOptions.lateness.spec, StageOptions.maxSeries.spec,
  ]

  /// Entry windows that one user may have open.
  static let openWindowsMax: Int64 = 1_000
}

/// One step of a funnel that is written as a mapping.
enum FunnelStepOptions {
  static let name = Option.text(
    "name", required: true, "Name of the step in the results.", example: "paid")

  static let all: [OptionSpec] = [name.spec, StageOptions.condition.spec]
}
