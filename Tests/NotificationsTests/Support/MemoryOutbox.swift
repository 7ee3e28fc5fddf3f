import StreamCore
import StreamTestKit

@testable import Notifications

/// An outbox in memory that keeps every outcome.
actor MemoryOutbox: OutboxStore {
  private struct Row {
    var message: PendingMessage
    var state = DeliveryOutcome.State.pending
    var due = WallTime(ms: 0)
  }

  struct Broken: Error {}

  private var rows: [Row] = []
  private var failures = 0
  nonisolated let outcomes = Awaited<DeliveryOutcome>()
  /// Sinks that were told that nothing waits for them.
  nonisolated let idle = Awaited<String>()
  /// Sinks that were told when their next message may go.
  nonisolated let lookups = Awaited<String>()

  init(_ messages: [PendingMessage] = []) { rows = messages.map { Row(message: $0) } }

  func add(_ message: PendingMessage) { rows.append(Row(message: message)) }
  /// From now on nothing is stored, as after the end of the process; `revive` begins anew.
  func die() { failures = .max }
  func revive() { failures = 0 }
  func failNotes(_ count: Int) { failures = count }

  func pendingMessages(sink: String, dueBy: WallTime, limit: Int) -> [PendingMessage] {
    var held: Set<String> = []
    let due = rows.filter { row in
      guard row.message.sink == sink, row.state == .pending else { return false }
      let subject = row.message.subject
      if !subject.isEmpty && row.due > dueBy { held.insert(subject) }
      return row.due <= dueBy && !held.contains(subject)
    }
    return due.prefix(limit).map(\.message)
  }

  func nextDue(sink: String) -> WallTime? {
    let due = rows.filter { $0.message.sink == sink && $0.state == .pending }.map(\.due).min()
    if due == nil { idle.append(sink) } else { lookups.append(sink) }
    return due
  }

  func noteDelivery(_ outcome: DeliveryOutcome) throws {
    if failures > 0 {
      failures -= 1
      throw Broken()
    }
    for index in rows.indices where rows[index].message.messageID == outcome.messageID {
      rows[index].state = outcome.state
      rows[index].message.attempts = outcome.attempts
      rows[index].due = outcome.nextAttempt ?? WallTime(ms: 0)
    }
    outcomes.append(outcome)
  }
}
