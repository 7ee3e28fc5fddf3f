import Testing

@testable import Notifications

@Suite("pauses")
struct GateTests {
  @Test("grow from a second to five minutes, and differ by half")
  func backoff() {
    let whole = (1...12).map { Backoff.pauseMs(attempts: $0, jitter: 1) }
    #expect(
      whole == [
        1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 64_000, 128_000, 256_000, 300_000, 300_000,
        300_000,
      ])
    #expect(Backoff.pauseMs(attempts: 3, jitter: 0) == 2_000)
    #expect(Backoff.pauseMs(attempts: 3, jitter: 0.5) == 3_000)
    #expect(Backoff.pauseMs(attempts: .max, jitter: .nan) <= 300_000)
    #expect(Backoff.pauseMs(attempts: .min, jitter: -1) == 500)
  }

  @Test("spread evenly, and the same each time")
  func spread() {
    let numbers = (0..<1_000).map { Backoff.spread("message \($0)", 1) }
    #expect(numbers.allSatisfy { (0..<1).contains($0) })
    for tenth in 0..<10 {
      let count = numbers.filter { Int($0 * 10) == tenth }.count
      #expect((60...140).contains(count), "\(count) in tenth \(tenth)")
    }
    #expect(Backoff.spread("m", 2) == Backoff.spread("m", 2))
    #expect(Backoff.spread("m", 2) != Backoff.spread("m", 3))
  }

  @Test("a destination is left alone after five failures in a row, then tried once")
  func breaker() {
    var breaker = CircuitBreaker()
    for _ in 1...4 { breaker.failed(nowMs: 1_000) }
    #expect(!breaker.isOpen(nowMs: 1_000))
    breaker.answered()
    for _ in 1...4 { breaker.failed(nowMs: 1_000) }
    #expect(!breaker.isOpen(nowMs: 1_000))
    breaker.failed(nowMs: 1_000)
    #expect(breaker.isOpen(nowMs: 30_999) && !breaker.isOpen(nowMs: 31_000))
    // Half-open: one failure is enough, and it lasts twice as long.
    breaker.failed(nowMs: 31_000)
    #expect(breaker.isOpen(nowMs: 90_999) && !breaker.isOpen(nowMs: 91_000))
    for _ in 1...20 { breaker.failed(nowMs: 0) }
    #expect(breaker.freeAtMs == 600_000)
    breaker.answered()
    #expect(breaker == CircuitBreaker())
  }

  @Test("no minute has more messages than the limit, wherever it begins", arguments: [1, 3, 20])
  func rate(count: Int) {
    var limit = RateLimit(count, in: 60_000)
    var sent: [Int64] = []
    var nowMs: Int64 = 0
    var random = PayloadLimitTests.Generator(state: UInt64(count))
    while sent.count < 500 {
      nowMs = max(nowMs + Int64.random(in: 0...4_000, using: &random), limit.freeAtMs)
      limit.begin(nowMs: nowMs)
      sent.append(nowMs)
    }
    for (index, start) in sent.enumerated() {
      #expect(sent[index...].prefix { $0 < start + 60_000 }.count <= count)
    }
    // And no more of a pause than that needs.
    var burst = RateLimit(count, in: 60_000)
    for _ in 0..<count {
      #expect(burst.freeAtMs <= 0)
      burst.begin(nowMs: 0)
    }
    #expect(burst.freeAtMs == 60_000)
  }

  @Test("limits are those of the service, unless the destination has its own")
  func limits() {
    func counts(_ kind: Destination.Kind, _ perMinute: Int? = nil) -> [Int] {
      RateLimit.limits(
        of: Destination(name: "d", kind: kind, target: "", perMinute: perMinute)
      ).map(\.count)
    }
    #expect(counts(.wecom) == [20])
    #expect(counts(.dingtalk) == [20])
    #expect(counts(.feishu) == [100, 5])
    #expect(counts(.slack) == [60, 1])
    #expect(counts(.webhook) == [])
    #expect(counts(.webhook, 7) == [7])
    #expect(counts(.wecom, 0) == [1])
  }

  @Test("a destination that says when to come back is heard, and is not broken")
  func asked() {
    var gate = DestinationGate(Destination(name: "d", kind: .webhook, target: ""))
    for _ in 1...9 { gate.end(.retry(afterMs: 5_000, error: ""), nowMs: 100) }
    #expect(gate.freeAtMs == 5_100)
    #expect(!gate.breaker.isOpen(nowMs: 100))
    gate.end(.retry(afterMs: 0, error: ""), nowMs: 6_000)
    #expect(gate.freeAtMs == 7_000)
  }
}
