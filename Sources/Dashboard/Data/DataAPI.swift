import SnapshotStore
import StreamCore

/// What came in and what became of it, for programs.
enum DataAPI {
  static let endpoints: [Endpoint] = [
    .api(
      "/partitions", summary: "Every partition: offsets, clocks, fates, lag.",
      parameters: [.format], response: partitions.schema
    ) { asked in
      let live = asked.console.setup.live?()
      let lags = Dictionary(
        (live?.partitions ?? []).map { ($0.id, $0.lag) }, uniquingKeysWith: { a, _ in a })
      let rows = try asked.reader.partitions().map {
        ShownPartition(progress: $0, lag: lags[$0.id] ?? nil)
      }
      return partitions.answer(rows, to: asked)
    }.fresh,
    samples(.rejected), samples(.late),
    .api(
      "/outbox", summary: "Messages, the newest first; without what they say.",
      parameters: [
        .query("state", .choice(OutboxState.allCases.map(\.rawValue)), "Only of this state."),
        .query("sink", .text(max: 256), "Only to this destination."),
        .query("rule", .text(max: 256), "Only of this rule."), .limit(100), .cursor, .format,
      ], response: OutboxListing.rows.schema
    ) { asked in
      var query = OutboxQuery()
      query.states = asked.text("state").flatMap(OutboxState.init).map { [$0] } ?? []
      query.sink = asked.text("sink")
      query.rule = asked.text("rule")
      query.limit = Int(asked.integer("limit") ?? 100)
      let page = try asked.reader.outboxPage(query, after: try asked.cursor())
      return OutboxListing.rows.answer(page.rows, next: page.next?.description, to: asked)
    },
    .change(
      "/outbox/retry", summary: "Sends a message that was given up again, or all to a destination.",
      parameters: OutboxChange.parameters, response: OutboxChange.schema
    ) { asked in
      .json(.object([("retried", .integer(Int64(try OutboxChange.retry(asked))))]))
    },
    .api(
      "/restatements", summary: "What was replaced on purpose, the newest first.",
      parameters: [
        .query("stage", .text(max: 256), "Only of this stage."), .limit(100), .cursor, .format,
      ], response: restatements.schema
    ) { asked in
      let page = try asked.reader.restatementPage(
        stage: asked.text("stage"), limit: Int(asked.integer("limit") ?? 100),
        after: try asked.cursor())
      return restatements.answer(
        page.rows.map { row in
          var row = row
          row.key = asked.personal.maskedRow(row.key)
          row.old = row.old.map(asked.personal.maskedRow)
          row.new = row.new.map(asked.personal.maskedRow)
          return row
        }, next: page.next?.description, to: asked)
    },
    .api(
      "/manifest", summary: "Facts about the run, by key.", parameters: [.format],
      response: manifest.schema
    ) { asked in
      let rows = try asked.reader.manifest().sorted { $0.key < $1.key }
      return manifest.answer(rows.map { ($0.key, asked.shown($0.value, at: $0.key)) }, to: asked)
    },
  ]

  /// A partition and what waits in it.
  struct ShownPartition: Sendable {
    var progress: PartitionProgress
    var lag: Int64?
  }

  static let partitions = Listing<ShownPartition>(columns: [
    .init("topic", .string, "") { .string($0.progress.id.topic) },
    .init("partition", .integer, "") { .integer(Int64($0.progress.id.partition)) },
    .init("next_offset", .integer, "Of the next record to read.") {
      .integer($0.progress.nextOffset)
    },
    .init("clock_ms", .nullable(.integer), "null before the first event.") {
      .time($0.progress.clock)
    },
    .init("read", .integer, "Of everything before next_offset.") {
      .integer($0.progress.fates.read)
    },
    .init("rejected", .integer, "") { .integer($0.progress.fates.rejected) },
    .init("filtered", .integer, "") { .integer($0.progress.fates.filtered) },
    .init("late", .integer, "") { .integer($0.progress.fates.late) },
    .init("duplicate", .integer, "") { .integer($0.progress.fates.duplicate) },
    .init("applied", .integer, "") { .integer($0.progress.fates.applied) },
    .init("idle", .boolean, "") { .boolean($0.progress.idle) },
    .init("lag", .nullable(.integer), "Records that wait; null where no worker knows.") {
      .optional($0.lag)
    },
  ])

  static let samples = Listing<StoredSample>(columns: [
    .init("snapshot_id", .integer, "") { .integer($0.snapshotID) },
    .init("taken_wall_ms", .integer, "") { .integer($0.taken.ms) },
    .init("topic", .string, "") { .string($0.sample.id.topic) },
    .init("partition", .integer, "") { .integer(Int64($0.sample.id.partition)) },
    .init("offset", .integer, "") { .integer($0.sample.offset) },
    .init("reason", .string, "") { .string($0.sample.reason) },
    .init("detail", .string, "") { .string($0.sample.detail) },
    .init("event_time_ms", .nullable(.integer), "Where it could be read.") {
      .time($0.sample.eventTime)
    },
    .init("watermark_ms", .nullable(.integer), "Of the partition, then.") {
      .time($0.sample.watermark)
    },
    .init("payload", .string, "Its first bytes; masked unless the token may see payloads.") {
      .string($0.sample.payload)
    },
  ])

  static let restatements = Listing<RestatementRow>(columns: [
    .init("table_name", .string, "") { .string($0.table) },
    .init("stage", .string, "") { .string($0.stage) },
    .init("row_key", .anyObject, "The columns of its key.") { .raw($0.key) },
    .init("window_start_ms", .integer, "") { .integer($0.windowStart.ms) },
    .init("window_end_ms", .integer, "") { .integer($0.windowEnd.ms) },
    .init("old_row", .nullable(.anyObject), "null: there was none.") {
      $0.old.map(JSON.raw) ?? .null
    },
    .init("new_row", .nullable(.anyObject), "null: there is none.") {
      $0.new.map(JSON.raw) ?? .null
    },
    .init("restated_wall_ms", .integer, "") { .integer($0.restated.ms) },
    .init("restated_by", .string, "") { .string($0.by) },
    .init("reason", .string, "") { .string($0.reason) },
    .init("replay_digest", .string, "Of the replayed file.") { .string($0.replayDigest) },
  ])

  static let manifest = Listing<(String, String)>(columns: [
    .init("key", .string, "") { .string($0.0) }, .init("value", .string, "") { .string($0.1) },
  ])

  private static func samples(_ kind: SampleKind) -> Endpoint {
    .api(
      "/samples/\(kind.rawValue)",
      summary: "Examples of \(kind.rawValue) events, the newest first.",
      parameters: [
        .query("reason", .text(max: 256), "Only of this reason."), .limit(100), .cursor, .format,
      ], response: samples.schema
    ) { asked in
      let page = try asked.reader.samplePage(
        kind, reason: asked.text("reason"), withPayload: true,
        limit: Int(asked.integer("limit") ?? 100), after: try asked.cursor())
      let rows = page.rows.map { row in
        var row = row
        row.sample.payload = asked.personal(row.sample.payload)
        return row
      }
      return samples.answer(rows, next: page.next?.description, to: asked)
    }
  }
}

/// Sending messages again.
enum OutboxChange {
  static let parameters: [Parameter] = [
    .field("message_id", .text(max: 256), "Only this message.", isRequired: false),
    .field(
      "sink", .text(max: 256), "All to this destination that were given up.", isRequired: false),
  ]
  static let schema = Schema.object([.init("retried", .integer, "How many are due again.")])

  static let forms: [Endpoint] = [
    .form(
      "/outbox/retry", summary: "Sends messages again.",
      parameters: parameters + [ThresholdChange.back]
    ) { asked in
      _ = try retry(asked)
      let back = FrameEndpoints.back(asked)
      return .seeOther(back == "/" ? "/data" : back)
    }
  ]

  static func retry(_ asked: Asked) throws -> Int {
    try AlertChange.desk(asked) { desk in
      let which = asked.text("message_id").map { PeopleDesk.Retry.messages([$0]) }
      return try desk.retry(which ?? .dead(sink: asked.text("sink")), now: asked.now).get()
    }
  }
}
