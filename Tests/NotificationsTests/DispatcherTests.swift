import StreamCore
import StreamTestKit
import Testing

@testable import Notifications

/// A dispatcher against real servers, with an outbox in memory and time that tests move.
@Suite("dispatcher", .timeLimit(.minutes(15)))
struct DispatcherTests {
  let clock = ManualClock()
  let reports = Awaited<String>()

  func message(_ id: String, _ sink: String, subject: String = "") -> PendingMessage {
    PendingMessage(
      messageID: id, sink: sink, payload: #"{"id":"\#(id)"}"#, subject: subject)
  }

  func withDispatcher(
    _ destinations: [Destination], _ outbox: MemoryOutbox,
    _ work: (Dispatcher) async throws -> Void
  ) async throws {
    let courier = Courier(clock: clock)
    let reports = reports
    let dispatcher = Dispatcher(
      destinations: destinations, store: outbox, courier: courier, clock: clock,
      jitter: { _, _ in 1 }, report: { reports.append($0) })
    await dispatcher.start()
    do {
      try await work(dispatcher)
    } catch {
      await dispatcher.stop(within: 0)
      try await courier.shutdown()
      throw error
    }
    await dispatcher.stop(within: 0)
    try await courier.shutdown()
  }

  @Test("one that hangs delays no other, and is tried again")
  func hanging() async throws {
    let slow = try TestServer { _, before in before == 0 ? .hang : .answer(200) }
    defer { slow.stop() }
    let fast = try TestServer { _, _ in .answer(200) }
    defer { fast.stop() }
    let outbox = MemoryOutbox(
      [message("s1", "slow")] + (1...20).map { message("f\($0)", "fast") })
    let destinations = [
      Destination(name: "slow", kind: .webhook, target: slow.url()),
      Destination(name: "fast", kind: .webhook, target: fast.url()),
    ]
    try await withDispatcher(destinations, outbox) { dispatcher in
      _ = try await slow.requests.first(1)
      let done = try await outbox.outcomes.first(20)
      #expect(done.allSatisfy { $0.sink == "fast" && $0.state == .delivered })
      #expect(done.map(\.messageID) == (1...20).map { "f\($0)" })
      clock.advance(ms: 10_000)
      let late = try await outbox.outcomes.first(21)[20]
      #expect(late.state == .pending && late.attempts == 1)
      #expect(late.nextAttempt == WallTime(ms: late.ended.ms + 1_000))
      #expect(late.error == "127.0.0.1 did not answer within 10000 ms")
      clock.advance(ms: 1_000)
      let again = try await outbox.outcomes.first(22)[21]
      #expect(again.state == .delivered && again.attempts == 2)
      let status = await dispatcher.status()
      #expect(status.map(\.delivered) == [1, 20])
      #expect(status[0].retried == 1 && status[0].lastError == nil)
    }
    let bodies = slow.requests.all.map(\.text)
    #expect(bodies.count == 2 && bodies[0] == bodies[1])
  }

  @Test("a failing one is tried again after longer and longer pauses, then given up")
  func backoff() async throws {
    let server = try TestServer { _, _ in .answer(500) }
    defer { server.stop() }
    let outbox = MemoryOutbox([message("m1", "ops")])
    let destination = Destination(
      name: "ops", kind: .webhook, target: server.url(), attemptsMax: 4)
    try await withDispatcher([destination], outbox) { dispatcher in
      for (attempt, pauseMs) in [(1, 1_000), (2, 2_000), (3, 4_000)] as [(Int, Int64)] {
        let outcome = try await outbox.outcomes.first(attempt)[attempt - 1]
        #expect(outcome.state == .pending && outcome.attempts == attempt)
        #expect(outcome.nextAttempt == WallTime(ms: outcome.ended.ms + pauseMs))
        clock.advance(ms: pauseMs - 1)
        #expect(server.requests.all.count == attempt)
        clock.advance(ms: 1)
      }
      let last = try await outbox.outcomes.first(4)[3]
      #expect(last.state == .dead && last.nextAttempt == nil)
      #expect(last.error == "given up after 4 attempts: 127.0.0.1 answered 500")
    }
    #expect(Set(server.requests.all.map { $0.header("Idempotency-Key") }) == ["m1"])
  }

  @Test("a refusal is final at once")
  func refused() async throws {
    let server = try TestServer { request, _ in .answer(request.text.contains("m1") ? 400 : 200) }
    defer { server.stop() }
    let outbox = MemoryOutbox([message("m1", "ops"), message("m2", "ops")])
    let destination = Destination(name: "ops", kind: .webhook, target: server.url())
    try await withDispatcher([destination], outbox) { _ in
      let outcomes = try await outbox.outcomes.first(2)
      #expect(outcomes.map(\.state) == [.dead, .delivered])
      #expect(outcomes[0].error == "127.0.0.1 answered 400, which is a refusal")
    }
  }

  @Test("Retry-After holds back everything that goes there")
  func retryAfter() async throws {
    let server = try TestServer { _, before in
      before == 0 ? .answer(429, headers: ["retry-after": "7"]) : .answer(200)
    }
    defer { server.stop() }
    let outbox = MemoryOutbox([message("m1", "ops"), message("m2", "ops")])
    let destination = Destination(name: "ops", kind: .webhook, target: server.url())
    try await withDispatcher([destination], outbox) { dispatcher in
      let first = try await outbox.outcomes.first(1)[0]
      #expect(first.nextAttempt == WallTime(ms: first.ended.ms + 7_000))
      clock.advance(ms: 6_999)
      dispatcher.wake()
      #expect(server.requests.all.count == 1)
      clock.advance(ms: 1)
      let outcomes = try await outbox.outcomes.first(3)
      #expect(outcomes.dropFirst().allSatisfy { $0.state == .delivered })
    }
  }

  @Test("one that fails again and again is left alone, then tried once")
  func breaker() async throws {
    let server = try TestServer { _, before in .answer(before < 6 ? 500 : 200) }
    defer { server.stop() }
    let outbox = MemoryOutbox((1...7).map { message("m\($0)", "ops") })
    let destination = Destination(name: "ops", kind: .webhook, target: server.url())
    try await withDispatcher([destination], outbox) { dispatcher in
      _ = try await outbox.outcomes.first(5)
      let report = try await reports.first(1)[0]
      #expect(report.hasPrefix("ops failed again and again"))
      #expect(await dispatcher.status()[0].isBroken)
      clock.advance(ms: 29_999)
      #expect(server.requests.all.count == 5)
      clock.advance(ms: 1)
      // The one probe fails: twice as long.
      _ = try await outbox.outcomes.first(6)
      clock.advance(ms: 59_999)
      #expect(server.requests.all.count == 6)
      clock.advance(ms: 1)
      let outcomes = try await outbox.outcomes.first(13)
      #expect(outcomes.dropFirst(6).allSatisfy { $0.state == .delivered })
      // Those that were held back lost no attempt.
      #expect(outcomes.filter { $0.messageID == "m7" }.map(\.attempts) == [1])
    }
  }

  @Test("the rate limit of a service holds")
  func rate() async throws {
    let server = try TestServer { _, _ in .answer(200, body: #"{"errcode":0}"#) }
    defer { server.stop() }
    let outbox = MemoryOutbox((1...25).map { message("m\($0)", "group") })
    let destination = Destination(name: "group", kind: .wecom, target: server.url())
    try await withDispatcher([destination], outbox) { _ in
      _ = try await outbox.outcomes.first(20)
      clock.advance(ms: 59_999)
      #expect(server.requests.all.count == 20)
      clock.advance(ms: 1)
      _ = try await outbox.outcomes.first(25)
    }
  }

  @Test("nobody hears of an end before the beginning")
  func order() async throws {
    let server = try TestServer { _, before in .answer(before == 0 ? 500 : 200) }
    defer { server.stop() }
    let outbox = MemoryOutbox([
      message("firing", "ops", subject: "a"), message("resolved", "ops", subject: "a"),
      message("other", "ops", subject: "b"),
    ])
    let destination = Destination(name: "ops", kind: .webhook, target: server.url())
    try await withDispatcher([destination], outbox) { _ in
      _ = try await outbox.outcomes.first(2)
      clock.advance(ms: 1_000)
      let outcomes = try await outbox.outcomes.first(4)
      #expect(outcomes.map(\.messageID) == ["firing", "other", "firing", "resolved"])
    }
  }

  @Test("a message that waits for an earlier one is not asked for without pause")
  func held() async throws {
    let server = try TestServer { _, _ in .answer(500) }
    defer { server.stop() }
    let outbox = MemoryOutbox([
      message("firing", "ops", subject: "a"), message("resolved", "ops", subject: "a"),
    ])
    let destination = Destination(name: "ops", kind: .webhook, target: server.url())
    try await withDispatcher([destination], outbox) { _ in
      _ = try await outbox.outcomes.first(1)
      _ = try await outbox.lookups.first(1)
      for _ in 1...249 {
        clock.advance(ms: 1)
        for _ in 0..<20 { await Task.yield() }
      }
      #expect(outbox.lookups.all.count == 1)
      clock.advance(ms: 1)
      _ = try await outbox.lookups.first(2)
    }
  }

  @Test("new messages go out when they are announced")
  func wake() async throws {
    let server = try TestServer { _, _ in .answer(200) }
    defer { server.stop() }
    let outbox = MemoryOutbox()
    let destination = Destination(name: "ops", kind: .webhook, target: server.url())
    try await withDispatcher([destination], outbox) { dispatcher in
      for count in 1...50 {
        // It has looked, and found nothing.
        _ = try await outbox.idle.first(count)
        await outbox.add(message("m\(count)", "ops"))
        dispatcher.wake()
        _ = try await outbox.outcomes.first(count)
      }
    }
    #expect(server.requests.all.count == 50)
    #expect(clock.elapsedMs == 0)
  }

  @Test("nothing is sent while what was sent cannot be stored, and nothing is sent twice")
  func unnoted() async throws {
    let server = try TestServer { _, _ in .answer(200) }
    defer { server.stop() }
    let outbox = MemoryOutbox([message("m1", "ops"), message("m2", "ops")])
    await outbox.failNotes(3)
    let destination = Destination(name: "ops", kind: .webhook, target: server.url())
    try await withDispatcher([destination], outbox) { _ in
      for failed in 1...3 {
        let last = try await reports.first(failed).last
        #expect(last == "outbox of ops: Broken()")
        #expect(server.requests.all.count == 1)
        clock.advance(ms: 1_000)
      }
      let outcomes = try await outbox.outcomes.first(2)
      #expect(outcomes.map(\.messageID) == ["m1", "m2"])
    }
    #expect(server.requests.all.count == 2)
  }

  @Test("after kills each message came, again only what was in flight, with the same bytes")
  func kills() async throws {
    let server = try TestServer { _, before in .answer(before % 7 == 3 ? 500 : 200) }
    defer { server.stop() }
    let ids = (1...200).map { "m\($0)" }
    let outbox = MemoryOutbox(ids.map { message($0, "ops") })
    // Time runs while attempts are in flight; it may not end them.
    let destination = Destination(
      name: "ops", kind: .webhook, target: server.url(), timeoutMs: 1_000_000_000_000)
    let courier = Courier(clock: clock)
    var random = PayloadLimitTests.Generator(state: 20)
    for kill in 0...20 {
      await outbox.revive()
      let dispatcher = Dispatcher(
        destinations: [destination], store: outbox, courier: courier, clock: clock)
      await dispatcher.start()
      if kill < 20 {
        _ = try await server.requests.first(
          server.requests.all.count + Int.random(in: 1...8, using: &random))
        await outbox.die()
      } else {
        while await outbox.nextDue(sink: "ops") != nil {
          clock.advance(ms: 1_000)
          await Task.yield()
        }
      }
      await dispatcher.stop(within: 0)
    }
    try await courier.shutdown()
    let requests = server.requests.all
    let sent = Dictionary(grouping: requests) { $0.header("Idempotency-Key") ?? "" }
    #expect(Set(sent.keys) == Set(ids))
    for (id, requests) in sent {
      #expect(Set(requests.map(\.text)) == [#"{"id":"\#(id)"}"#])
    }
    let noted = outbox.outcomes.all
    #expect(noted.filter { $0.state == .delivered }.count == ids.count)
    // Each request was noted, or in flight at one of the kills.
    #expect(requests.count <= noted.count + 20)
  }

  /// Stores an outcome only when the test lets it, and not for a task that was cancelled.
  struct SlowOutbox: OutboxStore {
    let outbox: MemoryOutbox
    let begun = Awaited<String>()
    let allowed = Awaited<Bool>()

    func pendingMessages(
      sink: String, dueBy: WallTime, limit: Int
    ) async throws -> [PendingMessage] {
      await outbox.pendingMessages(sink: sink, dueBy: dueBy, limit: limit)
    }

    func nextDue(sink: String) async throws -> WallTime? { await outbox.nextDue(sink: sink) }

    func noteDelivery(_ outcome: DeliveryOutcome) async throws {
      begun.append(outcome.messageID)
      _ = try await allowed.first(1)
      try Task.checkCancellation()
      try await outbox.noteDelivery(outcome)
    }
  }

  @Test("what is known of a delivery is stored even while everything stops")
  func noteWhileStopping() async throws {
    let server = try TestServer { _, _ in .answer(200) }
    defer { server.stop() }
    let slow = SlowOutbox(outbox: MemoryOutbox([message("m1", "ops"), message("m2", "ops")]))
    let courier = Courier(clock: clock)
    let dispatcher = Dispatcher(
      destinations: [Destination(name: "ops", kind: .webhook, target: server.url())], store: slow,
      courier: courier, clock: clock)
    await dispatcher.start()
    _ = try await slow.begun.first(1)
    let stopping = Task { await dispatcher.stop(within: 0) }
    // Its time is over at once; then the lane is cancelled.
    for _ in 0..<100 { await Task.yield() }
    slow.allowed.append(true)
    await stopping.value
    try await courier.shutdown()
    #expect(slow.outbox.outcomes.all.first?.messageID == "m1")
  }

  @Test("stopping waits for what is in flight as long as it may, then leaves it pending")
  func stop() async throws {
    let server = try TestServer { _, _ in .hang }
    defer { server.stop() }
    let outbox = MemoryOutbox([message("m1", "ops"), message("m2", "ops")])
    let destination = Destination(
      name: "ops", kind: .webhook, target: server.url(), timeoutMs: 1_000_000_000)
    try await withDispatcher([destination], outbox) { dispatcher in
      _ = try await server.requests.first(1)
      let stopped = Awaited<Bool>()
      let task = Task {
        await dispatcher.stop(within: 3_000)
        stopped.append(true)
      }
      #expect(stopped.all.isEmpty)
      // Whenever it begins to wait, in the end its time is over.
      while stopped.all.isEmpty {
        clock.advance(ms: 100)
        await Task.yield()
      }
      await task.value
    }
    let left = await outbox.pendingMessages(
      sink: "ops", dueBy: WallTime(ms: .max), limit: 9)
    #expect(left.map(\.messageID) == ["m1", "m2"])
    #expect(left.allSatisfy { $0.attempts == 0 } && outbox.outcomes.all.isEmpty)
    #expect(server.requests.all.count == 1)
  }
}
