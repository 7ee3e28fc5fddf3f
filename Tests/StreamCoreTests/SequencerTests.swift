import StreamTestKit
import Testing

@testable import StreamCore

@Suite struct SequencerTests {
  private static let slots = [Slot.name, Slot.user, 6]

  /// A sequencer with a model of its state file, and everything that it has handed on.
  private struct Run {
    let plan: StagePlan
    let isShared: Bool
    private(set) var sequencer: Sequencer
    private var saved: [UInt64: [UInt8]] = [:]
    private var savedAppliedThrough = Int64.min
    private var held: [(content: Sequencer.Content, bytes: [UInt8])] = []
    private let arena = ScratchArena()
    private(set) var output: [WaitingEvent] = []
    private(set) var faults: [String] = []

    init(_ plan: StagePlan, isShared: Bool) {
      self.plan = plan
      self.isShared = isShared
      sequencer = Sequencer(plan: plan, slots: SequencerTests.slots, isShared: isShared)
    }

    mutating func take(_ events: [WaitingEvent]) {
      arena.reset()
      if isShared, let first = events.first {
        let chunk = EventChunk(
          partition: first.partition, source: 0, stride: SequencerTests.slots.count)
        for event in events {
          chunk.append(event.entry, event.row(plan, arena), slots: SequencerTests.slots)
        }
        sequencer.adopt(chunk)
      } else {
        for event in events {
          sequencer.push(
            event.entry, event.row(plan, arena), partition: event.partition, source: 0)
        }
      }
    }

    mutating func advance(to watermarkMs: Int64) {
      let before = sequencer.appliedThrough
      var passed: [WaitingEvent] = []
      sequencer.advance(to: EventTime(ms: watermarkMs)) { passed += $0.waitingEvents }
      if passed.contains(where: { $0.timeMs < before || $0.timeMs >= watermarkMs }) {
        faults.append("handed on an event that is not of \(before) ..< \(watermarkMs)")
      }
      output += passed
    }

    mutating func save() {
      for (content, bytes) in held where content.encoded() != bytes {
        faults.append("a chunk changed while it was saved")
      }
      let (chunks, gone) = sequencer.takeUnsaved()
      held = chunks.map { ($0.content, $0.content.encoded()) }
      for number in gone { saved[number] = nil }
      for (chunk, bytes) in zip(chunks, held.map(\.bytes)) { saved[chunk.number] = bytes }
      savedAppliedThrough = sequencer.appliedThrough
    }

    /// Goes on from what was saved last, when `count` events had been handed on.
    mutating func restore(handedOn count: Int) throws {
      output.removeSubrange(count...)
      held = []
      sequencer = Sequencer(plan: plan, slots: SequencerTests.slots, isShared: isShared)
      for (number, bytes) in saved.sorted(by: { $0.key < $1.key }) {
        var reader = ByteReader(bytes)
        let chunk = try EventChunk.decode(
          plan, stride: SequencerTests.slots.count, from: &reader)
        try reader.finish("chunk")
        sequencer.restore(chunk, number: number)
      }
      sequencer.restore(appliedThrough: savedAppliedThrough)
    }

    var savedCount: Int { saved.count }
  }

  /// Events of partitions in the order of arrival, each not before the watermark of its moment,
  /// which is given beside it.
  private func history(
    partitions: Int, _ g: inout SeededGenerator
  ) -> [(batch: [WaitingEvent], watermarkMs: Int64?)] {
    var steps: [(batch: [WaitingEvent], watermarkMs: Int64?)] = []
    var offsets = [Int64](repeating: 0, count: partitions)
    var watermark: Int64 = 1_000
    // From every event at the same instant to hardly any tie.
    let span = g.pick([1, 10, 1_000, 1_000_000] as [Int64])
    let isInOrder = g.chance(0.3)
    let most = g.pick([5, 60, 500] as [Int64])
    var last = watermark
    for _ in 0..<Int(g.whole(1...30)) {
      let partition = g.below(partitions)
      let batch = (0..<g.whole(1...most)).map { _ in
        last = isInOrder ? max(last, watermark) + g.whole(0...span / 100) : last
        defer { offsets[partition] += g.whole(1...3) }
        return WaitingEvent(
          timeMs: isInOrder ? last : watermark + g.whole(0...span),
          user: g.pick(["", "a", "ab", "b", "B", "ü"]),
          partition: PartitionID(
            topic: partition % 2 == 0 ? "t" : "s", partition: Int32(partition)),
          offset: offsets[partition], name: g.pick(["a", "b"]), amount: g.whole(0...99),
          bits: g.next())
      }
      var moved: Int64?
      if g.chance(0.5) {
        watermark += g.chance(0.2) ? 0 : g.whole(0...span)
        moved = watermark
      }
      steps.append((batch, moved))
    }
    return steps
  }

  @Test func `Events are handed on in order, once, not before their time, whatever breaks off`()
    throws
  {
    let plan = try UserPlans.plan(hasStages: false)
    try withManySeeds(60) { seed, g in
      let isShared = g.chance(0.6)
      let steps = history(partitions: isShared ? Int(g.whole(1...5)) : 1, &g)
      var run = Run(plan, isShared: isShared)
      var mark: (step: Int, handedOn: Int) = (0, 0)
      run.save()
      var restarts = 0
      var at = 0
      while at < steps.count {
        run.take(steps[at].batch)
        if let watermark = steps[at].watermarkMs { run.advance(to: watermark) }
        at += 1
        if g.chance(0.2) {
          run.save()
          mark = (at, run.output.count)
        }
        if restarts < 5, g.chance(0.1) {
          restarts += 1
          try run.restore(handedOn: mark.handedOn)
          at = mark.step
        }
      }
      run.advance(to: EventTime.distantFuture.ms)
      let expected = steps.flatMap(\.batch).sorted {
        isShared
          ? WaitingEvent.comesBefore($0, $1) : ($0.timeMs, $0.offset) < ($1.timeMs, $1.offset)
      }
      #expect(run.output.count == expected.count, "seed \(seed)")
      let isSame = run.output == expected
      #expect(isSame && run.faults == [], "seed \(seed)")
      #expect(run.sequencer.count == 0)
      run.save()
      // At most the chunk that is being filled is left in the file.
      #expect(run.savedCount <= 1)
      return isSame && run.faults.isEmpty && run.savedCount <= 1
    }
  }

  @Test func `Chunks survive their encoding, and damage is found`() throws {
    let plan = try UserPlans.plan(hasStages: false)
    try withSeeds(1...3) { seed, g in
      let chunk = EventChunk(partition: PartitionID(topic: "t", partition: 3), source: 0, stride: 7)
      let arena = ScratchArena()
      for offset in 0..<Int64(20) {
        let event = WaitingEvent(
          timeMs: g.whole(-1_000_000...9_000_000_000_000), user: "u\(offset)",
          partition: chunk.partition, offset: offset, bits: g.next())
        var row = event.row(plan, arena)
        row[2] = g.pick([.null, .bool(true), .int(-5), .double(0.5), .missing])
        chunk.append(event.entry, row, slots: Array(row.indices))
      }
      try checkCodec(
        ByteWriter.bytes { chunk.encode(into: &$0) }, seed: seed,
        decode: { try EventChunk.decode(plan, stride: 7, from: &$0) },
        encode: { $0.encode(into: &$1) })
    }
  }
}
