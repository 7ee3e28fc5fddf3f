import StreamCore
import Testing

@testable import WorkerRuntime

@Suite struct IdleWatchTests {
  private let topic = "t"

  private func seen(
    _ partition: Int32, clock: Int64?, offset: Int64 = 10, silentMs: Int64 = 0,
    isAtEnd: Bool = true
  ) -> IdleWatch.Seen {
    IdleWatch.Seen(
      id: PartitionID(topic: topic, partition: partition), nextOffset: offset, logPosition: offset,
      isAtEnd: isAtEnd, lastInput: WallTime(ms: 100_000 - silentMs),
      clock: clock.map { EventTime(ms: $0) })
  }

  private let now = WallTime(ms: 100_000)

  @Test func `Only a silent partition at its end is asked about, and once`() {
    var watch = IdleWatch(time: TimePlan(idleAfterMs: 30_000))
    let all = [
      seen(0, clock: 5), seen(1, clock: 5, silentMs: 30_000),
      seen(2, clock: 5, silentMs: 90_000, isAtEnd: false),
    ]
    #expect(watch.suspects(all, now: now).map(\.id.partition) == [1])
    watch.update(all, confirmed: [all[1].id])
    #expect(watch.suspects(all, now: now).isEmpty)
  }

  @Test func `Without the broker's word nobody is idle`() {
    var watch = IdleWatch(time: TimePlan())
    let all = [seen(0, clock: 5), seen(1, clock: 1, silentMs: 90_000)]
    watch.update(all, confirmed: [])
    #expect(watch.lifts(all, now: now).isEmpty)
  }

  @Test func `An idle clock goes along with the slowest active one, never back`() {
    var watch = IdleWatch(time: TimePlan())
    let all = [
      seen(0, clock: 900), seen(1, clock: 700), seen(2, clock: 1, silentMs: 90_000),
      seen(3, clock: 800, silentMs: 90_000),
    ]
    watch.update(all, confirmed: [all[2].id, all[3].id])
    let lifts = watch.lifts(all, now: now)
    #expect(
      lifts == [
        IdleWatch.Lift(id: all[2].id, offset: 10, clock: EventTime(ms: 700), kind: .idle)
      ])
  }

  @Test func `One that goes on is idle no more`() {
    var watch = IdleWatch(time: TimePlan())
    let idle = seen(1, clock: 1, silentMs: 90_000)
    watch.update([idle], confirmed: [idle.id])
    #expect(watch.idle.count == 1)
    watch.update([seen(1, clock: 1, offset: 11)], confirmed: [])
    #expect(watch.idle.isEmpty)
  }

  @Test func `When all are idle clocks hold, or follow wall time where that is wanted`() {
    let all = [seen(0, clock: 900, silentMs: 90_000), seen(1, clock: 700, silentMs: 90_000)]
    var holding = IdleWatch(time: TimePlan(idleAfterMs: 30_000))
    holding.update(all, confirmed: Set(all.map(\.id)))
    #expect(holding.lifts(all, now: now).allSatisfy { $0.clock.ms <= 900 })
    var advancing = IdleWatch(time: TimePlan(idleAfterMs: 30_000, advanceWhenIdle: true))
    advancing.update(all, confirmed: Set(all.map(\.id)))
    let lifts = advancing.lifts(all, now: now)
    #expect(lifts.map(\.clock.ms) == [70_000, 70_000])
    #expect(lifts.allSatisfy { $0.kind == .advance })
  }

  @Test func `The slowest partition with input never waits, and one without input holds nobody`() {
    let gate = DriftGate(partitions: 3, maxDriftMs: 100)
    #expect(gate.limitMs() == Int64.max)
    gate.note(0, clockMs: 1_000, hasInput: true)
    gate.note(1, clockMs: 5_000, hasInput: true)
    gate.note(2, clockMs: 10, hasInput: false)
    #expect(gate.limitMs() == 1_100)
    gate.note(0, clockMs: 1_000, hasInput: false)
    #expect(gate.limitMs() == 5_100)
    gate.note(1, clockMs: 5_000, hasInput: false)
    #expect(gate.limitMs() == Int64.max)
  }
}
