/// What a test expects.
enum ExpectOptions {
  static let metrics = Option.list("metrics", ExpectedMetricOptions.all, text("metrics"))
  static let funnels = Option.list("funnels", ExpectedFunnelOptions.all, text("funnels"))
  static let retention = Option.list(
    "retention", ExpectedRetentionOptions.all, text("retention"))
  static let sessions = Option.list("sessions", ExpectedSessionOptions.all, text("sessions"))
  static let alerts = Option.list(
    "alerts", ExpectedAlertOptions.all,
    text("alerts") + " Those that never fired are no alerts there, unless an entry says so.")
  static let transitions = Option.list(
    "alert_transitions", ExpectedTransitionOptions.all, text("alert_transitions"))
  static let findings = Option.list(
    "findings", ExpectedFindingOptions.all,
    text("findings") + " Those that were withdrawn are none there, unless an entry says so.")
  static let kpis = Option.list("kpis", ExpectedKPIOptions.all, text("kpis"))
  static let fates = Option.group(
    "fates", FateOptions.all, "How many events met which fate. Those not named may be any number.")

  static let all: [OptionSpec] = [
    metrics.spec, funnels.spec, retention.spec, sessions.spec, alerts.spec,
    transitions.spec, findings.spec, kpis.spec, fates.spec,
  ]

  private static func text(_ table: String) -> String {
    "Rows of the table `\(table)`. Each entry is matched by at least one row, which may have more "
      + "than it says. An empty list expects no row at all."
  }
}

/// What entries of several tables have.
enum ExpectedRowOptions {
  static let dimensions = Option.custom(
    "dimensions", "a mapping of dimensions to values", "Those not named may have any value.",
    example: "{channel: web}")
  static let tolerance = Option.decimal(
    "tolerance", default: "0.000000001", in: 0...1,
    "How far a number may be off, as a share of it. Quantiles of metrics need 0.01; those of "
      + "funnels have it anyway.")
  static let status = Option.choice(
    "status", ["any", "provisional", "final"], default: "any", "Status of the row.")

  static func count(_ name: String, _ text: String, example: String) -> Option<Int64> {
    Option.integer(name, in: 0...Int64.max, text, example: example)
  }

  static func day(_ name: String, _ text: String) -> Option<String> {
    Option.text(name, kind: .phrase("a date"), text, example: "2026-01-01")
  }

  static func number(_ name: String, _ text: String, example: String) -> Option<String> {
    Option.text(
      name, kind: .phrase("a number, a fraction, or `none` for null"), text, example: example)
  }
}

/// One expected row of the table `metrics`.
enum ExpectedMetricOptions {
  static let metric = Option.text(
    "metric", required: true, "Name of a metric or formula.", example: "revenue")
  static let window = Option.text(
    "window", kind: .phrase("a time: RFC 3339, or a date"), "Start of the window.",
    example: "2026-01-01T00:00:00Z")
  static let value = Option.text(
    "value", kind: .phrase("a number, or `none` for: there is no such row"), "Its value.",
    example: "12.5")
  static let samples = ExpectedRowOptions.count(
    "samples", "Events that the value rests on.", example: "3")

  static let all: [OptionSpec] = [
    metric.spec, window.spec, ExpectedRowOptions.dimensions.spec, value.spec,
    ExpectedRowOptions.tolerance.spec, samples.spec, ExpectedRowOptions.status.spec,
  ]
}

/// Expected rows of the table `funnels`: one, or one for each step.
enum ExpectedFunnelOptions {
  static let funnel = Option.text(
    "funnel", required: true, "Name of a funnel.", example: "checkout")
  static let entryDay = ExpectedRowOptions.day(
    "entry_day", "Local day on which the entry window begins.")
  static let entry = Option.text(
    "entry", kind: .phrase("a time: RFC 3339, or a date"),
    "Start of the entry window, where `entered` is no day.", example: "2026-01-01T08:00:00Z")
  static let step = Option.text(
    "step", kind: .phrase("the name of a step, or its number from 1"), "The step.",
    example: "paid")
  static let users = Option.custom(
    "users", "a whole number, a list of them, or `none` for: there is no such row",
    "Users (or what `per` says) at the step or beyond: 0 also where there is no row. A list is of "
      + "the steps from the first one on.", example: "[4, 3, 1]")
  static let fromStart = ExpectedRowOptions.number(
    "conversion_from_start", "Share of those that entered.", example: "1/3")
  static let fromPrevious = ExpectedRowOptions.number(
    "conversion_from_previous", "Share of those at the step before.", example: "0.5")
  static let p50 = ExpectedRowOptions.number(
    "p50_ms", "Median time from the first step, within 1%.", example: "1000")
  static let p90 = ExpectedRowOptions.number(
    "p90_ms", "The time from the first step that nine of ten stay within, within 1%.",
    example: "60000")

  static let all: [OptionSpec] = [
    funnel.spec, entryDay.spec, entry.spec, ExpectedRowOptions.dimensions.spec, step.spec,
    users.spec, fromStart.spec, fromPrevious.spec, p50.spec, p90.spec,
    ExpectedRowOptions.tolerance.spec, ExpectedRowOptions.status.spec,
  ]
}

/// Expected rows of the table `retention`: one, or one for each period.
enum ExpectedRetentionOptions {
  static let retention = Option.text(
    "retention", required: true, "Name of a retention table.", example: "weekly")
  static let cohort = ExpectedRowOptions.day("cohort", "First local day of the cohort's unit.")
  static let period = Option.integer(
    "period", in: 0...Int64(Int32.max), "Units after the cohort's own.", example: "1")
  static let users = Option.custom(
    "users", "a whole number, a list of them, or `none` for: there is no such row",
    "Users of the cell: 0 also where there is no row. A list is of the periods from 0 on.",
    example: "[4, 3, 1]")
  static let amount = Option.custom(
    "amount", "a number, a list of them, or `none` for null",
    "Sum over the return events. A list is of the periods from 0 on.", example: "12.5")

  static let all: [OptionSpec] = [
    retention.spec, cohort.spec, period.spec, ExpectedRowOptions.dimensions.spec, users.spec,
    amount.spec, ExpectedRowOptions.tolerance.spec, ExpectedRowOptions.status.spec,
  ]
}

/// One expected row of the table `sessions`.
enum ExpectedSessionOptions {
  static let session = Option.text(
    "session", required: true, "Name of a kind of session.", example: "visits")
  static let day = ExpectedRowOptions.day("day", "Local day on which the sessions begin.")
  static let sessions = Option.custom(
    "sessions", "a whole number, or `none` for: there is no such row",
    "Sessions that began: 0 also where there is no row.", example: "2")
  static let users = ExpectedRowOptions.count("users", "Users that began one.", example: "1")
  static let events = ExpectedRowOptions.count("events", "Events in them.", example: "5")
  static let bounces = ExpectedRowOptions.count(
    "bounces", "Sessions of a single event.", example: "1")
  static let duration = ExpectedRowOptions.count(
    "duration_ms", "Sum of the times from first to last event.", example: "1000")
  static let entryEvents = Option.custom(
    "entry_events", "a mapping of names to whole numbers",
    "Sessions by the name of their first event, all of them.", example: "{home: 2}")
  static let exitEvents = Option.custom(
    "exit_events", "a mapping of names to whole numbers",
    "Sessions by the name of their last event, all of them.", example: "{home: 1, paid: 1}")

  static let all: [OptionSpec] = [
    session.spec, day.spec, ExpectedRowOptions.dimensions.spec, sessions.spec, users.spec,
    events.spec, bounces.spec, duration.spec, entryEvents.spec, exitEvents.spec,
    ExpectedRowOptions.status.spec,
  ]
}

/// One expected row of the table `kpis`.
enum ExpectedKPIOptions {
  static let kpi = Option.text("kpi", required: true, "Name of a KPI.", example: "revenue")
  static let period = Option.text(
    "period", kind: .phrase("a time: RFC 3339, or a date"), "Start of the period.",
    example: "2026-01-01")
  static let asOf = Option.text(
    "as_of", kind: .phrase("a time: RFC 3339, or a date"),
    "End of the part of the period that the row is about. Without it, the period's last row.",
    example: "2026-01-01T12:00:00Z")
  static let value = Option.text(
    "value", kind: .phrase("a number, a fraction, or `none` for: there is no such row"),
    "Its value.", example: "12.5")
  static let previous = ExpectedRowOptions.number(
    "previous", "Its value over the same part of the period before.", example: "10")
  static let movedBy = Option.text(
    "moved_by", kind: .phrase("the name of a KPI, or `none` for null"),
    "The child that moved it most.", example: "orders")
  static let moved = ExpectedRowOptions.number(
    "moved", "By how much that child did.", example: "2.5")

  static let all: [OptionSpec] = [
    kpi.spec, period.spec, asOf.spec, value.spec, previous.spec, movedBy.spec, moved.spec,
    ExpectedRowOptions.tolerance.spec, ExpectedRowOptions.status.spec,
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
