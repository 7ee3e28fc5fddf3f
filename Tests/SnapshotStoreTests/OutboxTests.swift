import StreamCore
import Testing

@testable import SnapshotStore

@Suite struct OutboxTests {
  private func wall(_ ms: Int64) -> WallTime { WallTime(ms: ms) }

  private func commit(
    _ messages: [OutboxMessage], to file: ResultsFile
  ) throws {
    _ = try file.commit(change { $0.messages = messages }, durable: false)
  }

  @Test func `A message is decided once, whatever comes under its id later`() throws {
    let directory = try TemporaryDirectory()
    let file = try ResultsFile.open(path: directory.file(), identity: shop)
    let first = message("m1")
    try commit([first, first], to: file)
    try file.noteDelivery([DeliveryNote(messageID: "m1", outcome: .delivered(wall(7)))])
    var other = message("m1", sink: "else", event: "resolved", decided: 9)
    other.payload = "{}"
    try commit([other], to: file)
    let rows = try ResultsReader.open(path: directory.file()).outbox()
    var delivered = first
    delivered.state = .delivered
    #expect(rows == [OutboxRow(message: delivered, attempts: 1, deliveredWall: wall(7))])
    #expect(try file.pendingMessages(sink: "ops", dueBy: wall(100), limit: 9).isEmpty)
    try file.close()
  }

  @Test func `Messages are due by their time, an end never before its beginning`() throws {
    let directory = try TemporaryDirectory()
    let file = try ResultsFile.open(path: directory.file(), identity: shop)
    let due = { (time: Int64, limit: Int) throws in
      try file.pendingMessages(sink: "ops", dueBy: WallTime(ms: time), limit: limit)
        .map(\.message.messageID)
    }
    try commit(
      [
        message("a-firing", about: "a"), message("a-resolved", about: "a", event: "resolved"),
        message("b-firing", about: "b", decided: 50), message("c", sink: "wecom", about: "c"),
        message("silent", about: "d", .suppressedSilenced), message("e", about: "e"),
      ], to: file)
    #expect(try due(0, 9).isEmpty)
    #expect(try due(1, 9) == ["a-firing", "e"])
    #expect(try due(50, 9) == ["a-firing", "b-firing", "e"] && due(50, 1) == ["a-firing"])
    #expect(try file.nextAttempt(sink: "ops") == wall(1))
    try file.noteDelivery([
      DeliveryNote(messageID: "a-firing", outcome: .retry(at: wall(60), error: "HTTP 500")),
      DeliveryNote(messageID: "b-firing", outcome: .suppressed(.suppressedStale)),
      DeliveryNote(messageID: "e", outcome: .dead(error: "HTTP 400")),
      DeliveryNote(messageID: "nobody", outcome: .delivered(wall(50))),
    ])
    #expect(try due(59, 9).isEmpty && due(60, 9) == ["a-firing"])
    #expect(try file.nextAttempt(sink: "ops") == wall(60))
    try file.noteDelivery([DeliveryNote(messageID: "a-firing", outcome: .delivered(wall(61)))])
    // What is settled stays as it is.
    try file.noteDelivery([DeliveryNote(messageID: "a-firing", outcome: .dead(error: "late"))])
    #expect(try due(61, 9) == ["a-resolved"])
    let rows = try ResultsReader.open(path: directory.file()).outbox()
    let byID = Dictionary(uniqueKeysWithValues: rows.map { ($0.message.messageID, $0) })
    #expect(byID["a-firing"]?.attempts == 2 && byID["a-firing"]?.lastError == nil)
    #expect(byID["a-firing"]?.message.state == .delivered)
    #expect(byID["b-firing"]?.attempts == 0 && byID["b-firing"]?.message.state == .suppressedStale)
    #expect(byID["e"]?.lastError == "HTTP 400" && byID["e"]?.message.state == .dead)
    #expect(rows.map(\.message.messageID).first == "e")
    let depth = try file.outboxDepth()
    #expect(
      depth.map { "\($0.sink) \($0.state.rawValue) \($0.count) \($0.oldest.ms)" } == [
        "ops dead 1 1", "ops delivered 1 1", "ops pending 1 1", "ops suppressed:silenced 1 1",
        "ops suppressed:stale 1 50", "wecom pending 1 1",
      ])
    #expect(try ResultsReader.open(path: directory.file()).outboxDepth() == depth)
    var query = OutboxQuery()
    query.states = [.dead, .delivered]
    query.sink = "ops"
    query.limit = 1
    let dead = try ResultsReader.open(path: directory.file()).outbox(query)
    #expect(dead.map(\.message.messageID) == ["e"])
    try file.close()
  }

  @Test func `The newest settled messages are kept, and every pending one`() throws {
    let directory = try TemporaryDirectory()
    let file = try ResultsFile.open(
      path: directory.file(), identity: shop, options: StoreOptions(outboxLimit: 3))
    for round in 0..<10 {
      try commit(
        [
          message("p\(round)"), message("s\(round)", .suppressedReplay),
          message("d\(round)", about: "d\(round)"),
        ], to: file)
      try file.noteDelivery([
        DeliveryNote(messageID: "d\(round)", outcome: .delivered(wall(Int64(round))))
      ])
    }
    try commit([message("last", .suppressedStale)], to: file)
    let rows = try ResultsReader.open(path: directory.file()).outbox()
    #expect(rows.filter { $0.message.state == .pending }.count == 10)
    #expect(
      rows.filter { $0.message.state != .pending }.map(\.message.messageID) == ["last", "d9", "s9"])
    try file.close()
  }
}
