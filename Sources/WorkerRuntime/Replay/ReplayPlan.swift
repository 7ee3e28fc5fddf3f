import SnapshotStore
import StreamCore

/// What a replay reads and what of it is reported: a request made definite by what the log has.
public struct ReplayPlan: Sendable {
  /// Where each partition is begun.
  var starts: [PartitionID: Int64] = [:]
  /// The first offset of each partition that is not read; of one that is not named, its end.
  var ends: [PartitionID: Int64] = [:]
  /// Partitions whose log goes on beyond the end.
  var cut: Set<PartitionID> = []
  /// When the ends were asked for; nil: now.
  var asked: WallTime?
  /// Nothing that ends later is reported, and reading ends once every watermark is there.
  var until: EventTime?
  /// Every event from then on is read; `distantPast`: the log from its beginning.
  var eventsFrom = EventTime.distantPast
  /// From when results are wanted.
  var from = EventTime.distantPast
  /// The live run that is followed.
  var live: LiveLog?
  /// Whether it is followed from where it began.
  var followsWhole = false
  /// Every event from then on is among what was read, also where the log has lost its beginning.
  var knownFrom = EventTime.distantPast
  /// Whether the end of what is read closes every window.
  var closesAtEnd = false
  /// Event time in a second of wall time, in seconds; nil: as fast as it can be read.
  var speed: Double?
  /// What the file says of it: keys of its manifest.
  var manifest: [String: String] = [:]
  /// What people have to know of the range: for the start of the run.
  public var notes: [String] = []

  /// Makes a plan that reads everything there is.
  init() {}

  /// Where a lane reads to; with each partition the greatest lateness of its source, and the offset
  /// up to which the file has it.
  func limits(
    _ members: [(id: PartitionID, latenessMs: Int64, least: Int64)], pace: ReplayPace?,
    quietBefore: WallTime
  ) -> ReadLimits {
    ReadLimits(
      members.map { id, latenessMs, least in
        ReadLimits.Partition(
          end: ends[id] ?? Int64.max, isCut: cut.contains(id),
          clockMs: until.map { $0.ms + latenessMs } ?? Int64.max, least: least)
      }, pace: pace, quietBefore: quietBefore)
  }
}

extension ReplayPlan {
  /// The pace that was asked for, as of now. What is read to warm up has none, and what was read
  /// before is behind it: `reached` is the greatest clock.
  func makePace(reached: EventTime) -> ReplayPace? {
    let start = max(from, reached)
    return speed.map { ReplayPace(factor: $0, from: start == .distantPast ? nil : start) }
  }
}
