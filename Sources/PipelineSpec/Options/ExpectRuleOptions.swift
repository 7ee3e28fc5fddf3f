import StreamCore

/// One expected row of the table `alerts`.
enum ExpectedAlertOptions {
  static let rule = Option.text(
    "rule", required: true, "Name of an alert.", example: "payment_trouble")
  static let state = Option.text(
    "state", kind: .choice(AlertState.allCases.map(\.rawValue) + ["none"]),
    "What it does in the end; `none`: there is no such alert that fired.", example: "firing")
  static let window = Option.text(
    "window", kind: .phrase("a time: RFC 3339, or a date"),
    "Start of the first window in which the condition held.", example: "2026-01-01")
  static let opened = time(
    "opened", "End of the window in which it fired; `none`: it did not.")
  static let resolved = time(
    "resolved", "End of the window in which it ended; `none`: it goes on.")
  static let value = ExpectedRowOptions.number(
    "value", "The watched value that was judged last.", example: "0.3")

  static let all: [OptionSpec] = [
    rule.spec, ExpectedRowOptions.dimensions.spec, state.spec, window.spec, opened.spec,
    resolved.spec, value.spec, ExpectedRowOptions.tolerance.spec, ExpectedRowOptions.status.spec,
  ]

  static func time(_ name: String, _ text: String) -> Option<String> {
    Option.text(
      name, kind: .phrase("a time: RFC 3339, or a date; or `none`"), text,
      example: "2026-01-02T00:00:00Z")
  }
}

/// Expected rows of the table `alert_transitions`: one, or all of a series.
enum ExpectedTransitionOptions {
  static let window = Option.text(
    "window", kind: .phrase("a time: RFC 3339, or a date"), "Start of the window that was judged.",
    example: "2026-01-01")
  static let from = Option.text(
    "from", kind: .choice(AlertState.allCases.map(\.rawValue)), "The state before.",
    example: "pending")
  static let to = Option.custom(
    "to", "a state, or a list of them",
    "The state after. A list is of all transitions of the rule and the dimensions, in their order.",
    example: "[pending, firing, resolved]")
  static let value = ExpectedRowOptions.number(
    "value", "The watched value in that window.", example: "0.3")

  static let all: [OptionSpec] = [
    ExpectedAlertOptions.rule.spec, ExpectedRowOptions.dimensions.spec, window.spec, from.spec,
    to.spec, value.spec, ExpectedRowOptions.tolerance.spec, ExpectedRowOptions.status.spec,
  ]
}

/// One expected row of the table `findings`.
enum ExpectedFindingOptions {
  static let rule = Option.text(
    "rule", required: true, "Name of a risk.", example: "card_testing")
  static let entity = Option.text("entity", "The entity.", example: "10.0.0.1")
  static let opened = ExpectedAlertOptions.time(
    "opened", "Event time at which the pattern was complete; `none`: there is no such finding.")
  static let closed = ExpectedAlertOptions.time(
    "closed", "Event time at which it was no more; `none`: it goes on.")
  static let status = Option.choice(
    "status", ["any"] + FindingStatus.allCases.map(\.rawValue), default: "any",
    "Status of the row.")

  static let all: [OptionSpec] = [
    rule.spec, entity.spec, opened.spec, closed.spec, status.spec,
  ]
}
