import Foundation
import StreamCore
import StreamTestKit
import Testing

@Suite("Test kit: histories")
struct TestKitHistoryTests {
  private let everything = EventHistory.Options.with {
    $0.events = 3000
    $0.lateShare = 0.03
    $0.malformedShare = 0.1
    $0.fastShare = 0.02
  }

  @Test("equal seeds give equal histories, other seeds others")
  func seeds() {
    let first = EventHistory(seed: 1, options: everything)
    #expect(first.events == EventHistory(seed: 1, options: everything).events)
    #expect(first.events != EventHistory(seed: 2, options: everything).events)
  }

  @Test("a good payload says what its event means, a bad one does not")
  func payloads() throws {
    try withSeeds(1...3) { seed, _ in
      let history = EventHistory(seed: seed, options: everything)
      for event in history.events {
        let object =
          try? JSONSerialization.jsonObject(with: Data(event.payload)) as? [String: Any]
        switch event.fault {
        case .empty, .notJSON, .notObject, .truncated: #expect(object == nil)
        case .noTime: #expect(try #require(object)["timestamp"] == nil)
        case .noName: #expect(try #require(object)["event"] == nil)
        case .badName: #expect(try #require(object)["event"] as? String == nil)
        case .badTime, .tooOld, .tooFarAhead: _ = try #require(object)
        case nil:
          let fields = try #require(object)
          let properties = try #require(fields["properties"] as? [String: Any])
          #expect(fields["event"] as? String == event.name)
          #expect(fields["channel"] as? String == event.channel)
          #expect(fields["user_id"] as? String == event.user)
          #expect(fields["message_id"] as? String == event.id)
          #expect(properties["city"] as? String == event.city)
          #expect((properties["total"] == nil) == (event.units == nil))
          #expect(milliseconds(fields["timestamp"]) == event.timeMs)
        }
      }
      #expect(Set(history.events.map(\.fault)).count == HistoryEvent.Fault.allCases.count + 1)
    }
  }

  private func milliseconds(_ value: Any?) -> Int64? {
    if let number = value as? NSNumber { return number.int64Value }
    guard let text = value as? String else { return nil }
    let style = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
    return (try? style.parse(text)).map { Int64(($0.timeIntervalSince1970 * 1000).rounded()) }
  }

  @Test("decimal text has two places and its sign")
  func decimals() {
    #expect(
      [0, 5, -5, 120, -123_456].map(decimalText) == ["0.00", "0.05", "-0.05", "1.20", "-1234.56"])
  }

  @Test("calendar text agrees with the calendar")
  func calendar() {
    #expect(rfc3339(ms: 0, offsetMinutes: 0) == "1970-01-01T00:00:00.000Z")
    #expect(rfc3339(ms: -1, offsetMinutes: 0) == "1969-12-31T23:59:59.999Z")
    #expect(rfc3339(ms: 951_782_400_000, offsetMinutes: 480) == "2000-02-29T08:00:00.000+08:00")
    #expect(rfc3339(ms: 4_107_542_400_000, offsetMinutes: -210) == "2100-02-28T20:30:00.000-03:30")
  }

  @Test("in any order of arrival and any partitioning, nothing is late and the same is applied")
  func orders() {
    withSeeds(1...5) { seed, generator in
      let history = EventHistory(seed: seed, options: .with { $0.fastShare = 0.05 })
      let oracle = FatesOracle()
      let straight = oracle.applied([history.events]).count
      #expect(straight == 1000)
      let copies = history.events.count - 1000
      #expect(copies > 10)
      for partitions in [1, 3, 16] {
        let other = history.shuffledWithinLateness(&generator)
        #expect(other.events.map(\.number) != history.events.map(\.number))
        let logs = other.partitioned(partitions)
        let outcomes = logs.map { oracle.follow($0) }
        #expect(outcomes.reduce(0) { $0 + $1.count(.late) } == 0)
        #expect(outcomes.reduce(0) { $0 + $1.count(.duplicate) } == copies)
        #expect(outcomes.reduce(0) { $0 + $1.count(.applied) } == straight)
      }
    }
  }

  @Test("a user's events are in one partition, and no two of them have the same time")
  func partitioning() {
    withSeeds(1...3) { seed, _ in
      let logs = EventHistory(seed: seed, options: everything).partitioned(4)
      #expect(logs.allSatisfy { !$0.isEmpty })
      var homes: [String: Set<Int>] = [:]
      for (index, log) in logs.enumerated() {
        for event in log {
          homes[event.user ?? event.id ?? "\(event.number)", default: []].insert(index)
        }
      }
      #expect(homes.values.allSatisfy { $0.count == 1 })
      let good = logs.joined().filter { $0.fault == nil }
      let times = Set(good.map { "\($0.user ?? "?") \($0.timeMs)" })
      let copies = good.count - Set(good.map { $0.id ?? "\($0.number)" }).count
      #expect(times.count == good.count - copies)
    }
  }

  @Test("an interleaving has every event once and keeps each log's order")
  func interleaving() {
    withSeeds(1...3) { seed, generator in
      let logs = EventHistory(seed: seed).partitioned(5)
      let order = interleaved(logs, &generator)
      for (index, log) in logs.enumerated() {
        #expect(order.filter { $0.partition == index }.map(\.offset) == Array(log.indices))
      }
    }
  }

  @Test("a Zipf draw prefers low numbers, exponent 0 does not")
  func zipf() {
    withSeeds([7]) { _, generator in
      let skewed = Zipf(count: 100, exponent: 1)
      let flat = Zipf(count: 100, exponent: 0)
      let low = { (zipf: Zipf, generator: inout SeededGenerator) in
        (0..<10_000).count { _ in zipf.draw(&generator) < 10 }
      }
      #expect((5200...6100).contains(low(skewed, &generator)))
      #expect((850...1150).contains(low(flat, &generator)))
    }
  }

  @Test("raw messages hold each event's bytes, key, offset and timestamp")
  func rawMessages() {
    let log = EventHistory(seed: 3, options: everything).events
    withRawMessages(log[100..<200], firstOffset: 40) { messages in
      #expect(messages.count == 100)
      for (index, message) in messages.enumerated() {
        let event = log[100 + index]
        let payload = UnsafeBufferPointer(start: message.payload, count: Int(message.payloadCount))
        let key = UnsafeBufferPointer(start: message.key, count: Int(message.keyCount))
        #expect(Array(payload) == event.payload)
        #expect(Array(key) == event.key)
        #expect(message.offset == 40 + Int64(index))
        #expect(message.timestampMs == event.recordMs)
      }
    }
    withRawMessages(log.prefix(1), recordTimestamps: false) { messages in
      #expect(messages[0].timestampMs == RawMessage.noTimestamp)
    }
  }

  @Test("a failing list is cut to what makes it fail")
  func shrinking() {
    let least = shrunk(Array(0..<100)) { $0.contains(17) && $0.contains(71) }
    #expect(least == [17, 71])
    #expect(shrunk([1, 2, 3]) { _ in true }.isEmpty)
    #expect(shrunk(Array(0..<100), attempts: 0) { _ in true }.count == 100)
  }

  @Test("whole ticks make ties, orders and amounts are those asked for")
  func ticks() {
    withSeeds([5]) { seed, _ in
      let options = EventHistory.Options.with {
        $0.tickMs = 60_000
        $0.orders = 3
        $0.amountShare = 0.5
        $0.names = ["a"]
      }
      let history = EventHistory(seed: seed, options: options)
      #expect(history.events.allSatisfy { ($0.timeMs - options.startMs) % 60_000 == 0 })
      #expect(Set(history.events.compactMap(\.order)).count == 3)
      #expect((300...700).contains(history.events.count { $0.units != nil }))
    }
  }

  @Test("virtual wall time moves only when moved")
  func virtualClock() {
    let clock = VirtualClock(ms: 5)
    #expect(clock.now.ms == 5)
    #expect(clock.advance(ms: 10).ms == 15)
    #expect(clock.now.ms == 15)
  }
}
