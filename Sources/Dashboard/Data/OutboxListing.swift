import SnapshotStore
import StreamCore

/// Columns of messages, without what they say: that may name somebody.
enum OutboxListing {
  static let rows = Listing<OutboxRow>(columns: [
    .init("message_id", .string, "The Idempotency-Key.") { .string($0.message.messageID) },
    .init("sink", .string, "The destination.") { .string($0.message.sink) },
    .init("event", .string, "firing, repeated, escalated, resolved, summary.") {
      .string($0.message.event)
    },
    .init("subject_id", .string, "The alert or finding.") { .string($0.message.subjectID) },
    .init("rule", .string, "") { .string($0.message.rule) },
    .init("decided_ms", .nullable(.integer), "Event time; null of a health rule.") {
      .time($0.message.decided)
    },
    .init("decided_wall_ms", .integer, "") { .integer($0.message.decidedWall.ms) },
    .init("state", .choice(OutboxState.allCases.map(\.rawValue)), "") {
      .string($0.message.state.rawValue)
    },
    .init("attempts", .integer, "") { .integer(Int64($0.attempts)) },
    .init("next_attempt_wall_ms", .nullable(.integer), "Of a pending one.") {
      $0.message.state == .pending ? .integer($0.message.nextAttemptWall.ms) : .null
    },
    .init("delivered_wall_ms", .nullable(.integer), "") { .time($0.deliveredWall) },
    .init("last_error", .nullable(.string), "") { .optional($0.lastError) },
  ])
}

/// Messages as rows of a page.
enum OutboxTable {
  static func html(_ rows: some Sequence<OutboxRow>, _ asked: Asked) -> HTML {
    let words = asked.words.alerts
    let zone = asked.file.zone
    var table = PageTable(
      words.messages,
      [
        .init(words.decided, .time), .init(words.destination), .init(words.event),
        .init(words.rule),
        .init(words.state), .init(words.attempts, isNumber: true), .init(words.delivered, .time),
        .init(words.lastError, .long),
      ])
    for row in rows {
      let message = row.message
      let state = message.state.rawValue
      let kind = ["dead": "critical", "pending": "warning", "delivered": "good"][state] ?? ""
      table.add([
        .text(ZoneTimes.second(message.decidedWall, zone)), .text(message.sink),
        .text(words.names[message.event] ?? message.event),
        .link("/alerts/\(URLText.encoded(message.subjectID))", message.rule),
        .tag(words.names[state] ?? state, kind), .text(PageText.count(Int64(row.attempts))),
        .text(row.deliveredWall.map { ZoneTimes.second($0, zone) } ?? ""),
        .text(row.lastError ?? ""),
      ])
    }
    return table.html
  }
}
