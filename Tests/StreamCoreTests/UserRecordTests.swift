import StreamTestKit
import Testing

@testable import StreamCore

@Suite struct UserRecordTests {
  // MARK: - Sections of funnels

  private static func ordinal(_ timeMs: Int64) -> Int64 { FloorDivision.quotient(timeMs, 1_000) }

  /// Chains of some windows, as a funnel could have them.
  private func randomChains(_ steps: Int, _ g: inout SeededGenerator) -> FunnelChains {
    let held = FunnelChains(stepCount: steps)
    func path(_ window: Int64, _ level: Int) -> FunnelChains.Path {
      var timeMs = window * 1_000 + g.whole(0...999)
      var path = held.makePath(series: Int32(g.below(300)), timeMs: timeMs)
      for _ in 1..<level {
        timeMs += g.whole(0...100_000)
        held.extend(&path, timeMs: timeMs)
      }
      return path
    }
    var window: Int64 = g.whole(-20...20)
    for _ in 0..<Int(g.whole(0...5)) {
      window += g.whole(1...40)
      let level = Int(g.whole(1...Int64(steps)))
      let isDone = level == steps
      let counting = path(window, level)
      held.windows.append(.init(ordinal: window, path: counting, isDone: isDone))
      if isDone { continue }
      if g.chance(0.4) {
        held.chains.append(.init(window: window, path: held.copy(counting)))
        continue
      }
      for level in (1...level).reversed() where g.chance(0.5) {
        held.chains.append(.init(window: window, path: path(window, level)))
      }
    }
    return held
  }

  /// Everything that chains say, as text.
  private func described(_ held: FunnelChains) -> [String] {
    func text(_ path: FunnelChains.Path, isDone: Bool) -> String {
      let times = (0..<(isDone ? 1 : path.level)).map { held.time(path, $0) }
      return "\(isDone ? 0 : path.series) \(path.level) \(times)"
    }
    return held.windows.map {
      "window \($0.ordinal) \($0.isDone) \(text($0.path, isDone: $0.isDone))"
    }
      + held.chains.map { "chain \($0.window) \(text($0.path, isDone: false))" }
  }

  @Test func `A funnel's section says what it was written of`() {
    withManySeeds(300) { seed, g in
      let steps = Int(g.pick([2, 3, 8, 32] as [Int64]))
      let held = randomChains(steps, &g)
      let writer = RecordWriter()
      writer.begin()
      held.write(into: writer)
      let again = FunnelChains(stepCount: steps)
      // What was read before leaves nothing behind.
      for _ in 0..<2 { again.read(writer.bytes, Self.ordinal) }
      let isSame = described(again) == described(held)
      #expect(isSame, "seed \(seed): \(described(again)), not \(described(held))")
      let second = RecordWriter()
      second.begin()
      again.write(into: second)
      #expect(second.bytes.hasSameBytes(as: writer.bytes), "seed \(seed)")
      return isSame
    }
  }

  @Test func `Equal bytes are equal at every length, and a byte makes them differ`() {
    withSeeds(1...3) { _, g in
      for count in 0...40 {
        let bytes = (0..<count).map { _ in UInt8(g.whole(0...255)) }
        bytes.withUnsafeBytes { a in
          Array(bytes).withUnsafeBytes { #expect(a.hasSameBytes(as: $0)) }
          (bytes + [0]).withUnsafeBytes { #expect(!a.hasSameBytes(as: $0)) }
          for at in bytes.indices {
            var other = bytes
            other[at] ^= 1 << UInt8(g.below(8))
            other.withUnsafeBytes { #expect(!a.hasSameBytes(as: $0)) }
          }
        }
      }
    }
  }

  // MARK: - Damage

  /// Bytes that look like a section in their first bytes, or like nothing.
  private func garbage(_ g: inout SeededGenerator) -> [UInt8] {
    let count = Int(g.whole(1...60))
    let way = g.below(4)
    return (0..<count).map { _ in
      switch way {
      case 0: UInt8(g.whole(0...255))
      case 1: UInt8(g.whole(0...5))
      case 2: g.chance(0.8) ? 0xFF : UInt8(g.whole(0...0x7F))
      default: g.chance(0.5) ? 0x80 | UInt8(g.whole(0...0x7F)) : UInt8(g.whole(0...3))
      }
    }
  }

  /// What is left of a record after damage.
  private func damaged(_ bytes: [UInt8], _ g: inout SeededGenerator) -> [UInt8] {
    var bytes = bytes
    if g.chance(0.2) { bytes = Array(bytes.prefix(g.below(bytes.count + 1))) }
    for _ in 0..<Int(g.whole(0...4)) where !bytes.isEmpty {
      bytes[g.below(bytes.count)] = g.chance(0.5) ? 0xFF : UInt8(g.whole(0...255))
    }
    return bytes.isEmpty ? [1] : bytes
  }

  private func events(
    _ count: Int, from startMs: Int64, _ g: inout SeededGenerator
  ) -> [WaitingEvent] {
    var timeMs = startMs
    return (0..<count).map { offset in
      timeMs += g.chance(0.1) ? g.whole(0...172_800_000) : g.whole(0...1_000_000)
      return WaitingEvent(
        timeMs: timeMs, user: "u\(g.below(12))", partition: PartitionID(topic: "t", partition: 0),
        offset: Int64(offset), name: g.pick(["a", "b", "c", "d"]), amount: g.whole(0...50))
    }
  }

  /// Lets the stages take events in order.
  private func apply(_ events: [WaitingEvent], _ plan: StagePlan, _ state: OrderedState) {
    let arena = ScratchArena()
    let conditions = ConditionBits(plan.ordered.conditions)
    for event in events {
      let row = event.row(plan, arena)
      var entry = event.entry
      entry.bits = conditions.evaluate(row, arena)
      state.sequencer.push(entry, row, partition: event.partition, source: 0)
    }
    state.advance(to: EventTime(ms: (events.last?.timeMs ?? 0) + 1))
  }

  @Test func `Whatever bytes stand in a user's record, stages go on`() throws {
    let plan = try UserPlans.plan()
    try withManySeeds(60) { _, g in
      let state = OrderedState(plan: plan, isExchanged: false, isSaved: true)
      let users = try #require(state.users.first)
      #expect(state.groups.count == 8)
      // Also before 1970, and where calendars are of little use.
      let startMs = g.pick([1_700_000_000_000, -3_000_000_000, 90_000_000_000_000] as [Int64])
      let events = events(200, from: startMs, &g)
      apply(Array(events[..<100]), plan, state)
      #expect(users.pages.count == Set(events[..<100].map(\.user)).count)
      for hash in Set(events.map(\.hash)) {
        let found = users.pages.find(hash)
        let before = found.map { Array(users.pages.bytes($0)) } ?? []
        let bytes = before.isEmpty || g.chance(0.3) ? garbage(&g) : damaged(before, &g)
        bytes.withUnsafeBytes { users.pages.set(hash, found, to: $0) }
      }
      apply(Array(events[100...]), plan, state)
      for stage in users.stages {
        for _ in 0..<20 { check(stage, at: startMs + g.whole(0...10_000_000_000), plan, &g) }
        _ = stage.takePartials()
      }
      var task = TaskState(owner: "t/0")
      for group in state.groups { task.add(group) }
      task.add(state)
      var change = StateChange(snapshotID: 1, positions: [:])
      task.encode(into: &change)
      #expect(change.upserts.count > 8)
      return true
    }
  }

  @Test func `Once closed there is no record left, and the counts are those before`() throws {
    let plan = try UserPlans.plan()
    try withManySeeds(5) { _, g in
      let state = OrderedState(plan: plan, isExchanged: false, isSaved: true)
      let users = try #require(state.users.first)
      let events = events(200, from: 1_700_000_000_000, &g)
      apply(events, plan, state)
      let before = state.records
      #expect(before.count == Set(events.map(\.user)).count && before.bytes > 0)
      state.close()
      state.close()
      #expect(users.pages.count == 0)
      #expect(state.records == before)
      return true
    }
  }

  @Test func `Once closed only records are left that a deadline can still come up for`() throws {
    let plan = try UserPlans.risk()
    let state = OrderedState(plan: plan, isExchanged: false, isSaved: true)
    let users = try #require(state.users.first)
    let hourMs: Int64 = 3_600_000
    let startMs: Int64 = 1_700_000_000_000
    let happened: [(Int64, String, String)] = [
      (0, "found", "a"), (2 * hourMs, "done", "a"), (2 * hourMs + 60_000, "waits", "a"),
      (2 * hourMs + 120_000, "done", "b"), (2 * hourMs + 180_000, "other", "b"),
    ]
    let events = happened.enumerated().map { offset, event in
      WaitingEvent(
        timeMs: startMs + event.0, user: event.1,
        partition: PartitionID(topic: "t", partition: 0), offset: Int64(offset), name: event.2)
    }
    apply(events, plan, state)
    #expect(state.takeFindings().filter { !$0.isProvisional }.map(\.entity) == ["found"])
    state.close()
    #expect(users.pages.count == 1 && users.pages.find(events[2].hash) != nil)
    state.advance(to: .distantFuture, horizon: EventTime(ms: startMs + 4 * hourMs))
    #expect(state.takeFindings().filter { !$0.isProvisional }.map(\.entity) == ["waits"])
  }

  /// Gives a stage a section of garbage, in each of the ways in which it gets one.
  private func check(
    _ stage: UserStage, at timeMs: Int64, _ plan: StagePlan, _ g: inout SeededGenerator
  ) {
    let arena = ScratchArena()
    let writer = RecordWriter()
    let event = WaitingEvent(
      timeMs: timeMs, user: "u", partition: PartitionID(topic: "t", partition: 0), offset: 0,
      name: g.pick(["a", "b", "c", "d"]))
    var row = event.row(plan, arena)
    let bits = ConditionBits(plan.ordered.conditions).evaluate(row, arena)
    let bytes = garbage(&g)
    row.withUnsafeMutableBufferPointer { row in
      guard let base = row.baseAddress else { return }
      let taken = UserStage.Event(timeMs: timeMs, bits: bits, row: base, scratch: arena)
      bytes.withUnsafeBytes { section in
        writer.begin()
        stage.apply(taken, section, into: writer)
        for watermark in [timeMs, EventTime.distantFuture.ms] {
          _ = stage.isDue(section, watermark: EventTime(ms: watermark))
          writer.begin()
          stage.prune(section, watermark: EventTime(ms: watermark), into: writer)
        }
      }
    }
  }
}
