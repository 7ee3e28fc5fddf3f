import SnapshotStore
import StreamCore

/// Columns of alerts and findings, named as in the file.
enum AlertListing {
  static let alerts = Listing<AlertRecord>(columns: [
    .init("alert_id", .string, "") { .string($0.alert.alertID) },
    .init("rule", .string, "") { .string($0.alert.rule) },
    .init(
      "kind", .choice(AlertKind.allCases.map(\.rawValue)),
      "health: about the worker; its times are wall time."
    ) { .string($0.alert.kind.rawValue) },
    .init("dimensions", .anyObject, "Its series.") { .raw($0.alert.dimensions) },
    .init("state", .choice(AlertState.allCases.map(\.rawValue)), "") {
      .string($0.alert.state.rawValue)
    },
    .init("severity", .string, "") { .string($0.alert.severity) },
    .init("owner", .nullable(.string), "") { .optional($0.alert.owner) },
    .init("window_start_ms", .integer, "Of the first window in which the condition held.") {
      .integer($0.alert.windowStart.ms)
    },
    .init("window_end_ms", .integer, "Of the window that was judged last.") {
      .integer($0.alert.windowEnd.ms)
    },
    .init("value", .nullable(.number), "In that window.") { .optional($0.alert.value) },
    .init("thresholds", .anyObject, "What it was judged with.") { .raw($0.alert.thresholds) },
    .init("opened_ms", .nullable(.integer), "When it fired.") { .time($0.alert.opened) },
    .init("resolved_ms", .nullable(.integer), "When it ended.") { .time($0.alert.resolved) },
    .init("explanation", .nullable(.anyObject), "What moved it.") {
      $0.alert.explanation.map(JSON.raw) ?? .null
    },
    .init("status", .choice(["provisional", "final"]), "") { .string($0.alert.status.rawValue) },
    .init("acknowledged_by", .array(.string), "Who has seen it, in order.") {
      .array($0.acknowledgements.map { .string($0.by) })
    },
    .init(
      "verdict", .nullable(.choice(Verdict.allCases.map(\.rawValue))), "What people say it was."
    ) { .optional($0.verdict?.verdict.rawValue) },
  ])

  static let findings = Listing<ShownFinding>(columns: [
    .init("finding_id", .string, "") { .string($0.record.finding.findingID) },
    .init("rule", .string, "") { .string($0.record.finding.rule) },
    .init("entity_kind", .string, "") { .string($0.record.finding.entityKind) },
    .init("entity", .string, "Masked unless the token may see ids of people.") {
      .string($0.entity)
    },
    .init("opened_ms", .integer, "") { .integer($0.record.finding.opened.ms) },
    .init("closed_ms", .nullable(.integer), "") { .time($0.record.finding.closed) },
    .init("figures", .anyObject, "What the rule counted.") { .raw($0.figures) },
    .init("announced_as", .nullable(.string), "The finding that people were told of.") {
      .optional($0.record.finding.announcedAs)
    },
    .init(
      "evidence", .nullable(.array(.anyObject)),
      "Where its events lie; null unless the token may see ids of people."
    ) { $0.evidence.map(JSON.raw) ?? .null },
    .init("severity", .string, "") { .string($0.record.finding.severity) },
    .init("owner", .nullable(.string), "") { .optional($0.record.finding.owner) },
    .init("status", .choice(FindingStatus.allCases.map(\.rawValue)), "") {
      .string($0.record.finding.status.rawValue)
    },
    .init("acknowledged_by", .array(.string), "Who has seen it, in order.") {
      .array($0.record.acknowledgements.map { .string($0.by) })
    },
    .init(
      "verdict", .nullable(.choice(Verdict.allCases.map(\.rawValue))), "What people say it was."
    ) { .optional($0.record.verdict?.verdict.rawValue) },
  ])

  static let acknowledgements = Listing<Acknowledgement>(columns: [
    .init("alert_id", .string, "The alert or finding.") { .string($0.alertID) },
    .init("acknowledged_wall_ms", .integer, "") { .integer($0.acknowledged.ms) },
    .init("acknowledged_by", .string, "") { .string($0.by) },
    .init("note", .string, "") { .string($0.note) },
  ])

  static let verdicts = Listing<VerdictRow>(columns: [
    .init("id", .integer, "") { .integer($0.id) },
    .init("subject_id", .string, "The alert or finding.") { .string($0.subjectID) },
    .init("kind", .choice(VerdictRow.Subject.allCases.map(\.rawValue)), "") {
      .string($0.subject.rawValue)
    },
    .init("verdict", .choice(Verdict.allCases.map(\.rawValue)), "") {
      .string($0.verdict.rawValue)
    },
    .init("verdict_wall_ms", .integer, "") { .integer($0.given.ms) },
    .init("verdict_by", .string, "") { .string($0.by) },
    .init("note", .string, "") { .string($0.note) },
  ])

  static let silences = Listing<Silence>(columns: [
    .init("id", .integer, "") { .integer($0.id) },
    .init("rule", .string, "") { .string($0.rule) },
    .init("dimensions", .anyObject, "Series that are meant; those that name people are masked.") {
      .raw($0.dimensions)
    },
    .init("from_wall_ms", .integer, "") { .integer($0.from.ms) },
    .init("until_wall_ms", .nullable(.integer), "null: until somebody ends it.") {
      .time($0.until)
    },
    .init("created_wall_ms", .integer, "") { .integer($0.created.ms) },
    .init("created_by", .string, "") { .string($0.createdBy) },
    .init("note", .string, "") { .string($0.note) },
    .init("ended_wall_ms", .nullable(.integer), "When somebody ended it.") {
      .time($0.ended)
    },
  ])

  static let transitions = Listing<AlertTransition>(
    columns: [
      .init("alert_id", .string, "") { .string($0.alertID) },
      .init("rule", .string, "") { .string($0.rule) },
      .init(
        "kind", .choice(AlertKind.allCases.map(\.rawValue)),
        "health: about the worker; its times are wall time."
      ) { .string($0.kind.rawValue) },
      .init("dimensions", .anyObject, "Its series.") { .raw($0.dimensions) },
      .init("status", .choice(["provisional", "final"]), "") { .string($0.status.rawValue) },
    ] + alertSteps.columns)

  private static let alertSteps = Listing<AlertTransition>(columns: [
    .init("window_start_ms", .integer, "") { .integer($0.windowStart.ms) },
    .init("window_end_ms", .integer, "") { .integer($0.windowEnd.ms) },
    .init("from_state", .string, "") { .string($0.from.rawValue) },
    .init("to_state", .string, "") { .string($0.to.rawValue) },
    .init("value", .nullable(.number), "") { .optional($0.value) },
    .init("samples", .integer, "") { .integer($0.samples) },
    .init("thresholds", .anyObject, "") { .raw($0.thresholds) },
  ])

  private static let findingSteps = Listing<FindingTransition>(columns: [
    .init("kind", .string, "") { .string($0.kind.rawValue) },
    .init("at_ms", .integer, "") { .integer($0.at.ms) },
  ])

  // MARK: - One of them

  static let alertStory = story(of: alerts.rowSchema, steps: alertSteps.rowSchema)
  static let findingStory = story(of: findings.rowSchema, steps: findingSteps.rowSchema)

  private static func story(of row: Schema, steps: Schema) -> Schema {
    guard case .object(let members) = row else { return row }
    return .object(
      members + [
        .init("summary", .nullable(.string)), .init("runbook", .nullable(.string)),
        .init("transitions", .array(steps)),
        .init("acknowledgements", .array(acknowledgements.rowSchema)),
        .init("verdicts", .array(verdicts.rowSchema), "The newest, which holds, first."),
        .init("silences", .array(silences.rowSchema)),
        .init("messages", .array(OutboxListing.rows.rowSchema)),
      ])
  }

  /// The row with everything else about it.
  static func answer(_ row: JSON, _ story: SubjectStory, _ asked: Asked) -> Answer {
    guard case .object(let members) = row else { return .json(row) }
    let steps =
      story.alert != nil
      ? story.alertTransitions.map(alertSteps.json)
      : story.findingTransitions.map(findingSteps.json)
    return .json(
      .object(
        members + [
          ("summary", .optional(story.rule?.summary)), ("runbook", .optional(story.rule?.runbook)),
          ("transitions", .array(steps)),
          ("acknowledgements", .array(story.acknowledgements.map(acknowledgements.json))),
          ("verdicts", .array(story.verdicts.map(verdicts.json))),
          ("silences", .array(asked.shown(story.silences).map(silences.json))),
          ("messages", .array(story.messages.map(OutboxListing.rows.json))),
        ]))
  }
}
