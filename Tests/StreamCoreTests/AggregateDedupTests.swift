import Testing

@testable import StreamCore

@Suite struct DedupIndexTests {
  private struct Insertion {
    var id: UInt64
    var time: EventTime
    var clock: EventTime
  }

  /// Events around a clock that goes on, with copies of earlier ones among them.
  private func events(
    _ count: Int, seed: UInt64, keepsTime: Bool
  ) -> [Insertion] {
    var random = AggregateRandom(seed: seed)
    var clock: Int64 = -20_000
    var made: [Insertion] = []
    for _ in 0..<count {
      if Int.random(in: 0..<10, using: &random) == 0 {
        clock += Int64.random(in: 0...400, using: &random)
      }
      var next = Insertion(
        id: UInt64.random(in: 0..<UInt64(count / 3 + 1), using: &random),
        time: EventTime(ms: clock - Int64.random(in: -500...3000, using: &random)),
        clock: EventTime(ms: clock))
      if let earlier = made.suffix(400).randomElement(using: &random),
        Int.random(in: 0..<3, using: &random) == 0
      {
        next.id = earlier.id
        if keepsTime { next.time = earlier.time }
      }
      made.append(next)
    }
    return made
  }

  @Test(
    "by id and time, answers are those of a set of pairs", arguments: 1...8 as ClosedRange<UInt64>)
  func byIdAndTime(seed: UInt64) throws {
    let latenessMs: Int64 = 5000
    var index = DedupIndex(mode: .idAndTime, bucketMs: 700)
    struct Pair: Hashable { var id: UInt64, ms: Int64 }
    var seen: Set<Pair> = []
    for (step, event) in events(4000, seed: seed, keepsTime: true).enumerated() {
      let watermark = EventTime(ms: event.clock.ms - latenessMs)
      index.expire(before: watermark)
      let isLate = event.time < watermark
      let isNew = seen.insert(Pair(id: event.id, ms: event.time.ms)).inserted || isLate
      let answer = index.insert(idHash: event.id, time: event.time)
      if answer != isNew { Issue.record("seed \(seed), step \(step)") }
      if step % 1000 == 999 { index = try restored(index) }
    }
    #expect(index.count < seen.count / 2)
    #expect(index.droppedCount == 0)
  }

  @Test(
    "by id alone, an id counts from its first sight on", arguments: 1...8 as ClosedRange<UInt64>)
  func byId(seed: UInt64) throws {
    let dedupMs: Int64 = 9000
    var index = DedupIndex(mode: .id, bucketMs: 300)
    var firstSeen: [UInt64: Int64] = [:]
    var copies = 0
    for (step, event) in events(6000, seed: seed, keepsTime: false).enumerated() {
      index.expire(before: EventTime(ms: event.clock.ms - dedupMs))
      var isNew = true
      if let ms = firstSeen[event.id], event.clock.ms <= ms + dedupMs { isNew = false }
      if isNew { firstSeen[event.id] = event.clock.ms } else { copies += 1 }
      let answer = index.insert(idHash: event.id, time: event.clock)
      if answer != isNew { Issue.record("seed \(seed), step \(step)") }
      if step % 1500 == 1499 { index = try restored(index) }
    }
    #expect(copies > 500 && index.count < 2500)
  }

  @Test(
    "at the limit the oldest bucket goes and is counted",
    arguments: [DedupIndex.Mode.idAndTime, .id])
  func limit(mode: DedupIndex.Mode) {
    var index = DedupIndex(mode: mode, bucketMs: 100, entryLimit: 10)
    for id: UInt64 in 0..<10 {
      #expect(isNew(&index, id, EventTime(ms: id < 4 ? 50 : 150)))
    }
    #expect(!isNew(&index, 0, EventTime(ms: 50)))
    #expect(index.count == 10 && index.droppedCount == 0)
    #expect(isNew(&index, 10, EventTime(ms: 250)))
    #expect(index.count == 7 && index.droppedCount == 4)
    #expect(!isNew(&index, 5, EventTime(ms: 150)))
    #expect(isNew(&index, 0, EventTime(ms: 250)))
  }

  @Test("a restart at the limit changes no answer", arguments: [DedupIndex.Mode.idAndTime, .id])
  func restartAtLimit(mode: DedupIndex.Mode) throws {
    for seed: UInt64 in 1...5 {
      var straight = DedupIndex(mode: mode, bucketMs: 500, entryLimit: 150)
      var restarted = straight
      for (step, event) in events(3000, seed: seed, keepsTime: true).enumerated() {
        let time = mode == .id ? event.clock : event.time
        let horizon = EventTime(ms: event.clock.ms - 6000)
        straight.expire(before: horizon)
        restarted.expire(before: horizon)
        let agree =
          straight.insert(idHash: event.id, time: time)
          == restarted.insert(idHash: event.id, time: time)
          && straight.count == restarted.count && straight.count <= 150
        if !agree { Issue.record("seed \(seed), step \(step)") }
        if step % 100 == 50 { restarted = try restored(restarted) }
      }
      #expect(straight.droppedCount > 0 && straight.droppedCount == restarted.droppedCount)
      #expect(encoded(straight) == encoded(restarted), "seed \(seed)")
    }
  }

  @Test("a copy never sees later insertions", arguments: [DedupIndex.Mode.idAndTime, .id])
  func snapshot(mode: DedupIndex.Mode) {
    var index = DedupIndex(mode: mode)
    for id: UInt64 in 0..<20_000 {
      _ = index.insert(idHash: Hash64.combine(id, 1), time: EventTime(ms: Int64(id)))
    }
    let copy = index
    let before = encoded(copy)
    for id: UInt64 in 0..<20_000 {
      _ = index.insert(idHash: Hash64.combine(id, 2), time: EventTime(ms: Int64(id) + 1000))
    }
    index.expire(before: EventTime(ms: 15_000))
    #expect(encoded(copy) == before)
  }

  @Test func `extreme times neither trap nor are told apart wrongly`() {
    for mode in [DedupIndex.Mode.idAndTime, .id] {
      var index = DedupIndex(mode: mode)
      for ms: Int64 in [.max, .max / 4, 0, -1, .min / 4 + 1] {
        #expect(isNew(&index, UInt64(bitPattern: ms), EventTime(ms: ms)))
      }
      #expect(!isNew(&index, 0, EventTime(ms: 0)))
      index.expire(before: .distantFuture)
      #expect(index.count <= 2)
      index.expire(before: EventTime(ms: .max))
      #expect(index.count == 0)
    }
  }

  @Test("encodings survive and damage is found", arguments: [DedupIndex.Mode.idAndTime, .id])
  func codec(mode: DedupIndex.Mode) throws {
    for count in [0, 60] {
      var index = DedupIndex(mode: mode, bucketMs: 1000)
      for event in events(count, seed: 3, keepsTime: true) {
        index.expire(before: EventTime(ms: event.clock.ms - 4000))
        _ = index.insert(idHash: event.id, time: event.time)
      }
      try checkCodec(
        encoded(index), seed: 3, decode: { try DedupIndex(from: &$0) },
        encode: { $0.encode(into: &$1) })
    }
  }

  private func isNew(_ index: inout DedupIndex, _ id: UInt64, _ time: EventTime) -> Bool {
    index.insert(idHash: id, time: time)
  }

  private func encoded(_ index: DedupIndex) -> [UInt8] {
    ByteWriter.bytes { index.encode(into: &$0) }
  }

  private func restored(_ index: DedupIndex) throws -> DedupIndex {
    var reader = ByteReader(encoded(index))
    let restored = try DedupIndex(from: &reader)
    try reader.finish("index")
    return restored
  }
}
