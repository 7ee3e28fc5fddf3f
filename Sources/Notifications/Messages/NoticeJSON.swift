import StreamCore

/// A notice as JSON for programs: the body of `webhook` and the value of `kafka` records.
///
/// An object with sorted keys and no blanks; every key is always there, null when it has no value:
/// - `version` 1, `message_id`, `event`, `kind`, `id`, `pipeline`, `rule`, `severity`, `owner`,
///   `runbook`, `summary`, `provisional`
/// - `labels` an object of strings, `dimensions` an object, `value` a number, `thresholds` an
///   object
/// - `window_start_ms`, `window_end_ms`, `decided_wall_ms`: milliseconds since the epoch, and the
///   same as RFC 3339 in `window_start`, `window_end`, `decided_wall`
/// - `explanation`, `lines`: lists of lines for people
enum NoticeJSON {
  static func payload(of notice: Notice) -> String {
    let members: [String: JSONValue] = [
      "version": .int(1),
      "message_id": .string(notice.messageID),
      "event": .string(notice.event.rawValue),
      "kind": .string(notice.kind.rawValue),
      "id": .string(notice.id),
      "pipeline": .string(notice.pipeline),
      "rule": .string(notice.rule),
      "severity": .string(notice.severity),
      "owner": .text(notice.owner),
      "runbook": .text(notice.runbook),
      "summary": .text(notice.summary),
      "labels": .object(notice.labels.mapValues { .string($0) }),
      "dimensions": .embedded(notice.dimensions),
      "provisional": .bool(notice.isProvisional),
      "value": notice.value.map { .double($0) } ?? .null,
      "thresholds": .embedded(notice.thresholds),
      "window_start_ms": .int(notice.windowStartMs),
      "window_start": .string(TimeText.rfc3339(notice.windowStartMs)),
      "window_end_ms": .int(notice.windowEndMs),
      "window_end": .string(TimeText.rfc3339(notice.windowEndMs)),
      "decided_wall_ms": .int(notice.decidedWallMs),
      "decided_wall": .string(TimeText.rfc3339(notice.decidedWallMs)),
      "explanation": .array(notice.explanation.map { .string($0) }),
      "lines": .array(notice.lines.map { .string($0) }),
    ]
    return JSONValue.object(members).text
  }
}
