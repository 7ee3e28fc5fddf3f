/// One test of a pipeline file.
enum TestOptions {
  static let name = Option.text(
    "name", required: true, "What it shows.", example: "a bot is no user")
  static let source = Option.text(
    "source", "Source that the events come from. Without it, the first by name.", example: "web")
  static let events = Option.custom(
    "events", "a list of mappings, each one event, or of texts, each one payload", required: true,
    "Events in the order of the partition's log. Of CSV without `csv.header`, the first one is the "
      + "row that names the columns.",
    example: "[{timestamp: \"2026-01-01T00:00:00Z\", event: open, user_id: u1}]")
  static let expect = Option.group(
    "expect", ExpectOptions.all, "What holds once the events are read and the input has ended.")

  static let all: [OptionSpec] = [name.spec, source.spec, events.spec, expect.spec]
}

/// What a test expects.
enum ExpectOptions {
  static let metrics = Option.list(
    "metrics", ExpectedMetricOptions.all,
    "Each entry is matched by at least one row, which may have more than it says. An empty list "
      + "expects no row at all.")
  static let fates = Option.group(
    "fates", FateOptions.all, "How many events met which fate. Those not named may be any number.")

  static let all: [OptionSpec] = [
    metrics.spec, fates.spec, .later("findings", "risks are"), .later("alerts", "alerts are"),
    .later("funnels", "funnels are"), .later("retention", "retention is"),
    .later("sessions", "sessions are"), .later("kpis", "KPIs are"),
  ]
}

/// One expected row of the table `metrics`.
enum ExpectedMetricOptions {
  static let metric = Option.text(
    "metric", required: true, "Name of a metric or formula.", example: "revenue")
  static let window = Option.text(
    "window", kind: .phrase("a time: RFC 3339, or a date"), "Start of the window.",
    example: "2026-01-01T00:00:00Z")
  static let dimensions = Option.custom(
    "dimensions", "a mapping of dimensions to values", "Those not named may have any value.",
    example: "{channel: web}")
  static let value = Option.text(
    "value", kind: .phrase("a number, or `none` for: there is no such row"), "Its value.",
    example: "12.5")
  static let tolerance = Option.decimal(
    "tolerance", default: "0.000000001", in: 0...1,
    "How far `value` may be off, as a share of it. Quantiles need 0.01.")
  static let samples = Option.integer(
    "samples", in: 0...Int64.max, "Events that the value rests on.", example: "3")
  static let status = Option.choice(
    "status", ["any", "provisional", "final"], default: "any", "Status of the row.")

  static let all: [OptionSpec] = [
    metric.spec, window.spec, dimensions.spec, value.spec, tolerance.spec, samples.spec,
    status.spec,
  ]
}

/// Expected counts of fates.
enum FateOptions {
  private static func fate(_ name: String, _ text: String) -> Option<Int64> {
    Option.integer(name, in: 0...Int64.max, text, example: "1")
  }

  static let read = fate("read", "All events.")
  static let rejected = fate("rejected", "Unusable ones.")
  static let filtered = fate("filtered", "Those that `filter` dropped.")
  static let late = fate("late", "Those behind the watermark.")
  static let duplicate = fate("duplicate", "Copies.")
  static let applied = fate("applied", "Those that results rest on.")

  static let all: [OptionSpec] = [
    read.spec, rejected.spec, filtered.spec, late.spec, duplicate.spec, applied.spec,
  ]
}
