import StreamCore
import Synchronization
import Testing

@testable import WorkerRuntime

/// Ends, gaps and paces of what is replayed.
@Suite struct ReplayLimitsTests {
  /// Takes runs of records with these offsets and times; gives the offsets that may be read.
  private func taken(
    _ limits: inout ReadLimits, _ records: [(offset: Int64, ms: Int64)]
  ) -> [Int64] {
    let run = records.map {
      RawMessage(payload: nil, payloadCount: 0, offset: $0.offset, timestampMs: $0.ms)
    }
    return run.withUnsafeBufferPointer { limits.take($0, 0)?.map(\.offset) ?? [] }
  }

  private func task(at offset: Int64) throws -> PartitionTask {
    let plan = try WorkerPipeline.make().plan
    return PartitionTask(
      id: PartitionID(topic: "t", partition: 0), sourceIndex: 0,
      plan: StagePlan(plan, keyed: true), startOffset: offset)
  }

  private func limits(end: Int64, pace: ReplayPace? = nil) -> ReadLimits {
    ReadLimits([ReadLimits.Partition(end: end)], pace: pace, quietBefore: WallTime(ms: 5_000))
  }

  @Test func `An end between two records is an end: what lies behind it is not read`() throws {
    var limits = limits(end: 7)
    #expect(taken(&limits, [(3, 1_000), (4, 1_000)]) == [3, 4])
    let task = try task(at: 5)
    limits.note(0, task)
    #expect(!limits.isDone(0))
    // Offsets 6 and 7 have no records: control records, or what compaction took.
    #expect(taken(&limits, [(5, 1_000), (8, 1_000), (9, 1_000)]) == [5])
    limits.note(0, task)
    #expect(limits.isDone(0) && limits.areAllDone)
    #expect(task.nextOffset == 7)
    #expect(taken(&limits, [(9, 1_000)]) == [])
  }

  @Test func `The log's own end is one, also when offsets before it have no records`() throws {
    var limits = limits(end: 12)
    #expect(taken(&limits, [(3, 9_000)]) == [3])
    limits.noteEnd(0)
    #expect(limits.isDone(0))
    #expect(!limits.isQuiet(0))
    var quiet = self.limits(end: 12)
    _ = taken(&quiet, [(3, 4_000)])
    quiet.noteEnd(0)
    #expect(quiet.isQuiet(0))
  }

  @Test func `A pace lets a partition rest until its clock's time has come`() throws {
    let clock = WallHand()
    let pace = ReplayPace(factor: 10, from: EventTime(ms: 1_000), nowMs: { clock.now })
    let limits = limits(end: 100, pace: pace)
    let task = try task(at: 0)
    #expect(limits.mayRead(task, 0))
    _ = task.lift(to: EventTime(ms: 3_000), at: 0, kind: .idle)
    #expect(!limits.mayRead(task, 0))
    clock.now = 199
    #expect(!limits.mayRead(task, 0))
    clock.now = 200
    #expect(limits.mayRead(task, 0))
    #expect(limits.batch < 100 && self.limits(end: 100).batch >= 1_000)
  }

  @Test func `What the file has is read again, whatever its clock says`() throws {
    var limits = ReadLimits(
      [ReadLimits.Partition(clockMs: 2_000, least: 10)], pace: nil, quietBefore: WallTime(ms: 0))
    let task = try task(at: 9)
    _ = task.lift(to: EventTime(ms: 3_000), at: 9, kind: .idle)
    limits.note(0, task)
    #expect(!limits.isDone(0))
    task.skip(to: 10)
    limits.note(0, task)
    #expect(limits.isDone(0))
  }

  @Test func `A log that goes on beyond its end is not quiet`() throws {
    var limits = ReadLimits(
      [ReadLimits.Partition(end: 5, isCut: true)], pace: nil, quietBefore: WallTime(ms: 9_000))
    #expect(taken(&limits, [(3, 1_000), (5, 1_000)]) == [3])
    limits.note(0, try task(at: 4))
    #expect(limits.isDone(0) && !limits.isQuiet(0))
  }

  /// A hand that is set.
  private final class WallHand: Sendable {
    private let value = Atomic<Int64>(0)

    var now: Int64 {
      get { value.load(ordering: .relaxed) }
      set { value.store(newValue, ordering: .relaxed) }
    }
  }

  @Test(arguments: [
    ("2026-03-01", 1_772_294_400_000), ("2026-03-01T00:00:00Z", 1_772_323_200_000),
    ("-7d", 1_000_000_000_000 - 7 * 86_400_000),
  ])
  func `Bounds are times of the pipeline's zone, or before now`(
    _ text: String, _ ms: Int64
  ) throws {
    let zone = try #require(try? Zone.named("Asia/Shanghai"))
    let bound = ReplayBound.parse(text, zone: zone, now: WallTime(ms: 1_000_000_000_000))
    #expect(bound == .time(EventTime(ms: ms)))
  }

  @Test func `Bounds are offsets of partitions, and nothing else`() {
    let parse = { ReplayBound.parse($0, zone: .utc, now: WallTime(ms: 0)) }
    let id = { PartitionID(topic: "a/b=c", partition: $0) }
    #expect(parse("a/b=c/0=5,a/b=c/12=0") == .offsets([id(0): 5, id(12): 0]))
    for text in ["", "a=5", "a/0", "a/0=", "a/0=-1", "a/-1=0", "a/0=1,a/0=2", "/0=1", "-7", "--7d"]
    {
      #expect(parse(text) == nil, "\(text)")
    }
  }
}
