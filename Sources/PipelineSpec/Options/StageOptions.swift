import StreamCore

/// Options that stages of several kinds have, with one meaning.
enum StageOptions {
  static let condition = Option.expression(
    "where", "Only events for which this is true.", example: "'event == \"purchase\"'")
  static let lateness = Option.duration(
    "lateness", in: 0...(400 * Units.day),
    "Lateness of this stage, in place of the source's and of `time.lateness`.", example: "2d")
  static let maxSeries = Option.integer(
    "max_series", in: 1...1_000_000,
    "Series kept in one window; those beyond fold into `\"(other)\"`. Without it, "
      + "`limits.max_series`.", example: "10000")
  static let forgetAfter = Option.duration(
    "forget_after", default: "400d", in: Units.hour...(4_000 * Units.day),
    "A user without an event of this stage for longer than this is as one never seen. Whole hours."
  )
  static let by = by("Dimensions: one series for each combination of their values. At most 16.")

  /// Dimensions of a stage whose `text` says which event they are taken at.
  static func by(_ text: String) -> Option<ConfigNode> {
    Option.custom(
      "by", "a list of paths, names, and {name: expression}", text,
      example: "[event, {size: 'properties.total > 100 ? \"big\" : \"small\"'}]")
  }

  /// Units of retention and lifecycles, by name.
  static let units: [(name: String, window: WindowPlan.Unit)] = [
    ("day", .day), ("week", .week), ("month", .month),
  ]

  /// A calendar unit.
  static func unit(_ text: String) -> Option<String> {
    Option.choice("unit", units.map(\.name), default: "day", text)
  }

  /// Dimensions of one stage.
  static let dimensionsMax = 16

  /// Funnels, retention tables, kinds of sessions and lifecycles of one pipeline.
  static let userStagesMax = 63
}
