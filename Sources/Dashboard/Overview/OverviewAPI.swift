import SnapshotStore
import StreamCore

/// The API of the overview: health, KPIs, snapshots.
enum OverviewAPI {
  static let endpoints: [Endpoint] = [health, kpis, kpiRows, snapshots]

  private static let healthSchema = Schema.object([
    .init("pipeline", .string, "Its name."), .init("zone", .string, "Its time zone."),
    .init("verdict", .choice(["firing", "stuck", "catchingUp", "file", "well"])),
    .init("snapshot_id", .nullable(.integer)), .init("taken_wall_ms", .nullable(.integer)),
    .init("watermark_ms", .nullable(.integer), "Null at the end of an input too."),
    .init("clock_ms", .nullable(.integer), "The greatest clock of any partition."),
    .init("read_per_second", .nullable(.number)),
    .init("lag", .nullable(.integer), "Records that wait in Kafka, where known."),
    .init("read", .integer), .init("rejected", .integer), .init("filtered", .integer),
    .init("late", .integer), .init("duplicate", .integer), .init("applied", .integer),
    .init("alerts_firing", .integer), .init("alerts_pending", .integer),
    .init("findings_open", .integer),
    .init("live", .boolean, "Whether a worker is beside this console."),
  ])

  private static let health = Endpoint.api(
    "/overview", summary: "How the stream is doing.", response: healthSchema
  ) { asked in
    let health = try Health(asked)
    let watermark = health.watermark.flatMap { $0.isEndOfInput ? nil : $0 }
    return .json(
      .object([
        ("pipeline", .string(asked.file.name)), ("zone", .string(asked.file.zone.name)),
        ("verdict", .string(health.verdict.rawValue)),
        ("snapshot_id", .optional(health.snapshot?.id)),
        ("taken_wall_ms", .time(health.snapshot?.taken)), ("watermark_ms", .time(watermark)),
        ("clock_ms", .time(health.clock)), ("read_per_second", .optional(health.perSecond)),
        ("lag", .optional(health.lag)), ("read", .integer(health.fates.read)),
        ("rejected", .integer(health.fates.rejected)),
        ("filtered", .integer(health.fates.filtered)), ("late", .integer(health.fates.late)),
        ("duplicate", .integer(health.fates.duplicate)),
        ("applied", .integer(health.fates.applied)),
        ("alerts_firing", .integer(health.firingCount)),
        ("alerts_pending", .integer(health.pendingCount)),
        ("findings_open", .integer(health.openFindings)), ("live", .boolean(health.isLive)),
      ]))
  }.fresh

  // MARK: - KPIs

  private static let stateColumns = Listing<KPIState>(columns: [
    .init("kpi", .string, "Its name.") { .string($0.node.kpi) },
    .init("parent", .nullable(.string), "The KPI that it is a child of.") {
      .optional($0.node.parent)
    },
    .init("position", .integer, "Its place among its siblings.") {
      .integer(Int64($0.node.position))
    },
    .init("title", .string, "What people read.") { .string($0.title) },
    .init("layer", .choice(KPILayer.allCases.map(\.rawValue)), "What it is about.") {
      .string($0.node.layer.rawValue)
    },
    .init("period", .string, "As the pipeline file has it.") { .string($0.node.period) },
    .init("formula", .string, "As the pipeline file has it.") { .string($0.node.formula) },
    .init("unit", .nullable(.string), "% for shares of 1.") { .optional($0.node.unit) },
    .init("owner", .nullable(.string), "Who answers for it.") { .optional($0.node.owner) },
    .init("target", .nullable(.number), "For the end of a period.") {
      .optional($0.node.target)
    },
    .init("direction", .choice(["up", "down"]), "Which way it should go.") {
      .string($0.node.direction.rawValue)
    },
    .init("period_start_ms", .nullable(.integer), "Of the newest row.") {
      .time($0.row?.periodStart)
    },
    .init("period_end_ms", .nullable(.integer), "Of the newest row.") {
      .time($0.row?.periodEnd)
    },
    .init("as_of_ms", .nullable(.integer), "What came before counts.") { .time($0.row?.asOf) },
    .init("value", .nullable(.number), "The period's, so far.") { .optional($0.row?.value) },
    .init(
      "settled_as_of_ms", .nullable(.integer),
      "The end of the last part of that period that is over."
    ) { .time($0.settled?.asOf) },
    .init("settled_value", .nullable(.number), "The value up to then.") {
      .optional($0.settled?.value)
    },
    .init("previous", .nullable(.number), "Over that part of the period before.") {
      .optional($0.settled?.previous)
    },
    .init("moved_by", .nullable(.string), "The child that moved it most up to then.") {
      .optional($0.settled?.movedBy)
    },
    .init("moved", .nullable(.number), "By how much that did.") { .optional($0.settled?.moved) },
    .init(
      "expected", .nullable(.number),
      "Where it should have been then, to come to the target in the end."
    ) { .optional($0.expected) },
    .init("approximate", .nullable(.boolean), "Whether the value is an estimate.") {
      $0.row.map { .boolean($0.approximate) } ?? .null
    },
    .init(
      "status", .nullable(.choice(["provisional", "final", "restated"])), "Of the newest row."
    ) { .optional($0.row?.status.rawValue) },
    .init(
      "input_ended_ms", .nullable(.integer),
      "When the input ended, where that cut the newest period short; then nothing is compared."
    ) { .time($0.cutShortAt) },
  ])

  private static let kpis = Endpoint.api(
    "/kpis", summary: "The tree of KPIs, each behind its parent, with its newest value.",
    parameters: [.format], response: stateColumns.schema
  ) { asked in stateColumns.answer(try KPIState.all(asked, points: 2), to: asked) }

  /// A row of a KPI, and when the input ended where that cut its period short.
  @dynamicMemberLookup
  struct ShownRow: Sendable {
    var row: KPIRow
    var cutShortAt: EventTime?

    init(_ row: KPIRow, inputEnd: EventTime?) {
      self.row = row
      cutShortAt = row.isCutShort(by: inputEnd) ? inputEnd : nil
    }

    subscript<Value>(dynamicMember member: KeyPath<KPIRow, Value>) -> Value { row[keyPath: member] }
  }

  static let kpiColumns = Listing<ShownRow>(columns: [
    .init("kpi", .string, "Its name.") { .string($0.kpi) },
    .init("period_start_ms", .integer, "Inclusive.") { .integer($0.periodStart.ms) },
    .init("period_end_ms", .integer, "Exclusive.") { .integer($0.periodEnd.ms) },
    .init("as_of_ms", .integer, "What came before counts; at the end: all of it.") {
      .integer($0.asOf.ms)
    },
    .init("value", .number, "Over that part of the period.") { .number($0.value) },
    .init("previous", .nullable(.number), "Over the same part of the period before.") {
      .optional($0.previous)
    },
    .init("moved_by", .nullable(.string), "The child that moved it most.") {
      .optional($0.movedBy)
    },
    .init("moved", .nullable(.number), "By how much that did.") { .optional($0.moved) },
    .init("approximate", .boolean, "Whether the value is an estimate.") {
      .boolean($0.approximate)
    },
    .init(
      "status", .choice(["provisional", "final", "restated"]), "Whether it can still change."
    ) { .string($0.status.rawValue) },
    .init(
      "input_ended_ms", .nullable(.integer),
      "When the input ended, where that cut the period short: the row is not of all of it."
    ) { .time($0.cutShortAt) },
  ])

  private static let kpiRows = Endpoint.api(
    "/kpis/{kpi}/rows", summary: "Rows of a KPI: how far each period had come, and its end.",
    parameters: [
      .path("kpi", "Its name.", example: "growth"),
      .query("from", .time, "Periods that start at or after this.", example: "2026-01-01"),
      .query("to", .time, "Periods that start before this.", example: "2026-02-01"),
      .query(
        "status", .choice(["provisional", "final", "restated"]), "Only rows of this status."),
      .query("newest_first", .flag, "From the newest period on, each from its end."),
      .limit(200), .cursor, .format,
    ], response: kpiColumns.schema
  ) { asked in
    let name = asked.path("kpi")
    let page = try asked.reader.kpis(
      KPIQuery(
        kpi: name, from: asked.time("from"), to: asked.time("to"),
        status: asked.text("status").flatMap(ResultStatus.init), limit: ResultsAPI.limit(asked),
        newestFirst: asked.flag("newest_first")), after: try ResultsAPI.cursor(asked))
    if page.rows.isEmpty, try !asked.reader.kpiTree().contains(where: { $0.kpi == name }),
      try asked.reader.reach(of: .kpis, name: name) == nil
    {
      throw Problem.notFound("there is no KPI \(name.prefix(128))")
    }
    let inputEnd = try asked.reader.inputEnd()
    return kpiColumns.answer(
      page.rows.map { ShownRow($0, inputEnd: inputEnd) }, next: page.next?.description, to: asked)
  }

  // MARK: - Snapshots

  private static let snapshotColumns = Listing<SnapshotRow>(columns: [
    .init("id", .integer, "1, 2, 3, … in their order.") { .integer($0.id) },
    .init("taken_wall_ms", .integer, "When it was taken.") { .integer($0.taken.ms) },
    .init("watermark_ms", .nullable(.integer), "The pipeline watermark.") {
      .time($0.watermark)
    },
    .init("read", .integer, "Events read up to then: the sum of the others.") {
      .integer($0.fates.read)
    },
    .init("rejected", .integer, "No events, or none that may be.") {
      .integer($0.fates.rejected)
    },
    .init("filtered", .integer, "Left out by the filter.") { .integer($0.fates.filtered) },
    .init("late", .integer, "Below the watermark.") { .integer($0.fates.late) },
    .init("duplicate", .integer, "Copies.") { .integer($0.fates.duplicate) },
    .init("applied", .integer, "What the stages got.") { .integer($0.fates.applied) },
  ])

  private static let snapshots = Endpoint.api(
    "/snapshots", summary: "Snapshots, the newest first.",
    parameters: [.limit(100), .cursor, .format], response: snapshotColumns.schema
  ) { asked in
    let page = try asked.reader.snapshotPage(
      limit: ResultsAPI.limit(asked, usual: 100), after: try ResultsAPI.cursor(asked))
    return snapshotColumns.answer(page.rows, next: page.next?.description, to: asked)
  }
}
