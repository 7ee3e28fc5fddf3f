/// One test of a pipeline file.
enum TestOptions {
  static let name = Option.text(
    "name", required: true, "What it shows.", example: "a bot is no user")
  static let source = Option.text(
    "source", "Source that the events come from. Without it, the first by name.", example: "web")
  static let events = Option.custom(
    "events",
    "a list of mappings, each one event, or of texts, each one payload; or a mapping of sources "
      + "to such lists", required: true,
    "Events in the order of the partition's log. Of CSV without `csv.header`, the first one is the "
      + "row that names the columns.",
    example: "[{timestamp: \"2026-01-01T00:00:00Z\", event: open, user_id: u1}]")
  static let thresholds = Option.custom(
    "thresholds", "a mapping of RULE.NAME to numbers", default: "{}",
    "Values of thresholds in this test, in place of those of the rules.",
    example: "{payment_trouble.above: 0.5}")
  static let expect = Option.group(
    "expect", ExpectOptions.all, "What holds once the events are read and the input has ended.")

  static let all: [OptionSpec] = [
    name.spec, source.spec, events.spec, thresholds.spec, expect.spec,
  ]
}
