import StreamTestKit
import Testing

@testable import Notifications

@Suite("the machine's clock")
struct ClockTests {
  @Test("goes forward, waits until it has come so far, and no longer for who is cancelled")
  func waits() async throws {
    let clock = SystemDeliveryClock()
    let until = clock.elapsedMs + 5
    try await clock.wait(untilElapsedMs: until)
    #expect(clock.elapsedMs >= until)
    #expect(clock.wall.ms > 1_700_000_000_000)
    let waiting = Task { try await clock.wait(untilElapsedMs: .max / 4_000) }
    waiting.cancel()
    await #expect(throws: CancellationError.self) { try await waiting.value }
  }

  @Test("work that takes too long is cancelled and waited for")
  func limit() async throws {
    let clock = ManualClock()
    let began = Awaited<Bool>()
    let ended = Awaited<Bool>()
    async let result: Void = clock.limit(ms: 100) {
      began.append(true)
      defer { ended.append(true) }
      try await clock.wait(untilElapsedMs: .max)
    }
    _ = try await began.first(1)
    clock.advance(ms: 100)
    do {
      try await result
      Issue.record("it ended in time")
    } catch {
      #expect(error is TimeoutError)
    }
    #expect(ended.all.count == 1)
    #expect(try await clock.limit(ms: 100) { 7 } == 7)
  }
}
