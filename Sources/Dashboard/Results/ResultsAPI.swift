import SnapshotStore
import StreamCore

/// The API of results: metrics, funnels, retention, sessions.
enum ResultsAPI {
  static let endpoints: [Endpoint] = [
    list("metrics", .metrics, "The metrics, formulas and figures of lifecycles that have rows."),
    rows(
      "metrics/{metric}/rows", "metric", .metrics, metricRows, metricName,
      "Rows of a metric in the order of their windows."
    ) { asked, name, cursor in
      try asked.reader.metricPage(metricQuery(asked, name), after: cursor)
    },
    series,
    list("funnels", .funnels, "The funnels that have rows."),
    rows(
      "funnels/{funnel}/rows", "funnel", .funnels, funnelRows, "checkout",
      "Steps of a funnel in the order of entry windows."
    ) { asked, name, cursor in
      try asked.reader.funnelPage(stageQuery(asked, name), after: cursor)
    },
    list("retention", .retention, "The retention tables that have rows."),
    rows(
      "retention/{retention}/rows", "retention", .retention, retentionRows, "weekly",
      "Cells of a retention table by cohort and period; from and to are of a cell's own unit."
    ) { asked, name, cursor in
      try asked.reader.retentionPage(stageQuery(asked, name), after: cursor)
    },
    list("sessions", .sessions, "The kinds of sessions that have rows."),
    rows(
      "sessions/{session}/rows", "session", .sessions, sessionRows, "visits",
      "Days of sessions."
    ) { asked, name, cursor in
      try asked.reader.sessionPage(stageQuery(asked, name), after: cursor)
    },
  ]

  private static let metricName = "revenue"
  private static let filters: [Parameter] = [
    .from, .to,
    .query(
      "dimensions", .text(max: 4_096),
      "Only rows with these dimensions, a JSON object; others may be there.",
      example: "{\"platform\":\"ios\"}"),
    .query(
      "status", .choice(["provisional", "final", "restated"]), "Only rows of this status."),
    .query("newest_first", .flag, "From the newest window on."),
  ]

  // MARK: - What there is

  private static let outlineColumns = Listing<StageOutline>(columns: [
    .init("name", .string, "Name of the stage.") { .string($0.name) },
    .init("end_ms", .integer, "End of the last window with rows.") {
      .integer($0.reach.end.ms)
    },
    .init(
      "settled_to_ms", .nullable(.integer), "End of the last window that cannot change any more."
    ) { .time($0.reach.settledTo) },
  ])

  private static func list(_ path: String, _ kind: ResultKind, _ summary: String) -> Endpoint {
    .api(
      "/\(path)", summary: summary, parameters: [.format], response: outlineColumns.schema
    ) { asked in
      let rows = try asked.reader.outlines(of: kind)
      return outlineColumns.answer(rows, to: asked)
    }
  }

  // MARK: - Rows

  private static func rows<Row: SeriesRow & Sendable>(
    _ path: String, _ parameter: String, _ kind: ResultKind, _ listing: Listing<Row>,
    _ example: String, _ summary: String,
    read: @escaping @Sendable (Asked, String, Cursor?) throws -> Page<Row>
  ) -> Endpoint {
    .api(
      "/\(path)", summary: summary,
      parameters: [.path(parameter, "Its name.", example: example)] + filters
        + [.limit(200), .cursor, .format],
      response: listing.schema
    ) { asked in
      let name = asked.path(parameter)
      let page = try read(asked, name, try cursor(asked))
      if page.rows.isEmpty, try asked.reader.reach(of: kind, name: name) == nil {
        throw Problem.notFound("there are no rows of \(kind.rawValue) \(name.prefix(128))")
      }
      return listing.answer(
        asked.shown(page.rows), next: page.next?.description, to: asked)
    }
  }

  /// Where a list goes on.
  static func cursor(_ asked: Asked) throws -> Cursor? {
    guard let text = asked.text("cursor") else { return nil }
    guard let cursor = Cursor(text) else {
      throw Problem.badRequest("cursor is none that a list gave")
    }
    return cursor
  }

  /// The dimensions that a request wants.
  static func dimensions(_ asked: Asked) throws -> [String: String?] {
    guard let text = asked.text("dimensions") else { return [:] }
    guard let values = Dimensions.parse(text) else {
      throw Problem.badRequest("dimensions is no JSON object of texts, numbers, truth values, null")
    }
    try asked.checkFilter(values.keys)
    return values.mapValues { $0 == .null ? String?.none : $0.description }
  }

  private static func stageQuery(_ asked: Asked, _ name: String) throws -> StageQuery {
    StageQuery(
      name: name, from: asked.time("from"), to: asked.time("to"),
      dimensions: try dimensions(asked),
      status: asked.text("status").flatMap(ResultStatus.init), limit: limit(asked),
      newestFirst: asked.flag("newest_first"))
  }

  private static func metricQuery(_ asked: Asked, _ name: String) throws -> MetricQuery {
    let query = try stageQuery(asked, name)
    return MetricQuery(
      metric: name, from: query.from, to: query.to, dimensions: query.dimensions,
      status: query.status, limit: query.limit, newestFirst: query.newestFirst)
  }

  /// Rows of one page.
  static func limit(_ asked: Asked, usual: Int = 200) -> Int {
    asked.integer("limit").map(Int.init) ?? usual
  }

  // MARK: - Series

  /// A series, and whether its rows add up.
  private struct SeriesLine: Sendable {
    var summary: SeriesSummary
    var adds: Bool
  }

  private static let seriesColumns = Listing<SeriesLine>(columns: [
    .init("dimensions", .anyObject, "What tells it from the others.") {
      .raw($0.summary.dimensions)
    },
    .init(
      "sum", .nullable(.number),
      "Its values added up; null of what does not add, as distinct values and windows that overlap."
    ) { $0.adds ? .number($0.summary.sum) : .null },
    .init("last", .number, "Its last value.") { .number($0.summary.last) },
    .init("last_start_ms", .integer, "Start of the window of that.") {
      .integer($0.summary.lastStart.ms)
    },
    .init("windows", .integer, "Windows with a row.") { .integer(Int64($0.summary.windows)) },
    .init("provisional_windows", .integer, "Those that can still change.") {
      .integer(Int64($0.summary.provisionalWindows))
    },
    .init("approximate", .boolean, "Whether a value is an estimate.") {
      .boolean($0.summary.isApproximate)
    },
  ])

  private static let series = Endpoint.api(
    "/metrics/{metric}/series", summary: "Series of a metric, the greatest first.",
    parameters: [
      .path("metric", "Its name.", example: metricName), .from, .to,
      .query(
        "dimensions", .text(max: 4_096), "Only series with these dimensions, a JSON object.",
        example: "{\"platform\":\"ios\"}"),
      .query(
        "order", .choice(["sum", "last"]),
        "By the sum of values, or by the last; what does not add is put in order by the last."),
      .limit(100), .format,
    ], response: seriesColumns.schema
  ) { asked in
    let name = asked.path("metric")
    guard let reach = try asked.reader.reach(of: .metrics, name: name) else {
      throw Problem.notFound("there are no rows of metrics \(name.prefix(128))")
    }
    // A year of minutes and series is not added up for one request.
    let from = asked.time("from") ?? EventTime(ms: reach.end.ms - 30 * 86_400_000)
    let adds = try asked.facts().metric(name).addsOverTime
    let list = try asked.reader.series(
      of: name, from: from, to: asked.time("to"), dimensions: try dimensions(asked),
      by: asked.text("order") == "last" || !adds ? .last : .sum,
      limit: limit(asked, usual: 100))
    return seriesColumns.answer(
      asked.shown(list.series).map { SeriesLine(summary: $0, adds: adds) }, to: asked)
  }
}

// MARK: - Columns

extension ResultsAPI {
  private static let dimensionsText = "Canonical JSON with sorted keys; {} without dimensions."
  private static let statusSchema = Schema.choice(["provisional", "final", "restated"])

  static let metricRows = Listing<MetricRow>(columns: [
    .init("metric", .string, "Name of the metric.") { .string($0.metric) },
    .init("window_start_ms", .integer, "Inclusive.") { .integer($0.windowStart.ms) },
    .init("window_end_ms", .integer, "Exclusive.") { .integer($0.windowEnd.ms) },
    .init("dimensions", .anyObject, dimensionsText) { .raw($0.dimensions) },
    .init("value", .number, "The nearest double.") { .number($0.value) },
    .init("value_exact", .nullable(.string), "The value as exact text, where it has one.") {
      .optional($0.valueExact)
    },
    .init("samples", .integer, "Events behind it; of a ratio its denominator.") {
      .integer($0.samples)
    },
    .init("approximate", .boolean, "Whether it is an estimate.") { .boolean($0.approximate) },
    .init("status", statusSchema, "Whether it can still change.") {
      .string($0.status.rawValue)
    },
  ])

  static let funnelRows = Listing<FunnelRow>(columns: [
    .init("funnel", .string, "Name of the funnel.") { .string($0.funnel) },
    .init("entry_start_ms", .integer, "Inclusive.") { .integer($0.entryStart.ms) },
    .init("entry_end_ms", .integer, "Exclusive.") { .integer($0.entryEnd.ms) },
    .init("entry_day", .string, "Local day of the entry window.") { .string($0.entryDay) },
    .init("dimensions", .anyObject, dimensionsText) { .raw($0.dimensions) },
    .init("step", .integer, "From 1.") { .integer(Int64($0.step)) },
    .init("step_name", .string, "Its name.") { .string($0.stepName) },
    .init("users", .integer, "Users at this step or beyond.") { .integer($0.users) },
    .init("conversion_from_start", .nullable(.number), "Their share of those that entered.") {
      .optional($0.conversionFromStart)
    },
    .init("conversion_from_previous", .nullable(.number), "Their share of the step before.") {
      .optional($0.conversionFromPrevious)
    },
    .init("p50_ms", .nullable(.integer), "Median time from the first step.") {
      .optional($0.p50Ms)
    },
    .init("p90_ms", .nullable(.integer), "The time that nine of ten stay within.") {
      .optional($0.p90Ms)
    },
    .init("status", statusSchema, "Whether it can still change.") {
      .string($0.status.rawValue)
    },
  ])

  static let retentionRows = Listing<RetentionRow>(columns: [
    .init("retention", .string, "Name of the table.") { .string($0.retention) },
    .init("cohort", .string, "First local day of the cohort's unit.") { .string($0.cohort) },
    .init("period", .integer, "Units after the cohort's own.") { .integer(Int64($0.period)) },
    .init("unit_start_ms", .integer, "Inclusive.") { .integer($0.unitStart.ms) },
    .init("unit_end_ms", .integer, "Exclusive.") { .integer($0.unitEnd.ms) },
    .init("dimensions", .anyObject, dimensionsText) { .raw($0.dimensions) },
    .init("users", .integer, "Users with a return event in the unit.") { .integer($0.users) },
    .init("amount", .nullable(.number), "Sum over those events.") { .optional($0.amount) },
    .init("amount_exact", .nullable(.string), "The same as exact text.") {
      .optional($0.amountExact)
    },
    .init("status", statusSchema, "Whether it can still change.") {
      .string($0.status.rawValue)
    },
  ])

  static let sessionRows = Listing<SessionRow>(columns: [
    .init("session", .string, "Name of the kind of session.") { .string($0.session) },
    .init("day_start_ms", .integer, "Inclusive.") { .integer($0.dayStart.ms) },
    .init("day_end_ms", .integer, "Exclusive.") { .integer($0.dayEnd.ms) },
    .init("day", .string, "The local day.") { .string($0.day) },
    .init("dimensions", .anyObject, dimensionsText) { .raw($0.dimensions) },
    .init("sessions", .integer, "Sessions that began.") { .integer($0.sessions) },
    .init("users", .integer, "Users that began one.") { .integer($0.users) },
    .init("events", .integer, "Events in them.") { .integer($0.events) },
    .init("bounces", .integer, "Sessions of a single event.") { .integer($0.bounces) },
    .init("duration_ms", .integer, "Sum of the times from first to last event.") {
      .integer($0.durationMs)
    },
    .init("entry_events", .anyObject, "Sessions by name of their first event.") {
      .raw($0.entryEvents)
    },
    .init("exit_events", .anyObject, "Sessions by name of their last event.") {
      .raw($0.exitEvents)
    },
    .init("status", statusSchema, "Whether it can still change.") {
      .string($0.status.rawValue)
    },
  ])
}
