import PipelineSpec
import StreamCore
import Testing

@testable import WorkerRuntime

/// A worker that reads one source, seen every ten seconds.
private struct Watched {
  var monitor: HealthMonitor
  var sample = HealthMonitor.Sample(
    now: WallTime(ms: 1_000_000), lastInput: ["shop": WallTime(ms: 1_000_000)], watermark: nil,
    fates: FateCounts(), usersInTwoPartitions: 0, oldestUndelivered: nil)

  init(_ options: HealthOptions = HealthOptions()) { monitor = HealthMonitor(options) }

  /// Lets ten seconds pass in which `read` events came, some of them with another fate.
  mutating func tick(
    read: Int64, rejected: Int64 = 0, late: Int64 = 0
  ) -> [HealthMonitor.Change] {
    sample.now.ms += 10_000
    if read > 0 { sample.lastInput["shop"] = sample.now }
    sample.fates.read += read
    sample.fates.rejected += rejected
    sample.fates.late += late
    sample.fates.applied += read - rejected - late
    return monitor.judge(sample)
  }
}

@Test("an outage of the stream fires within the time of freshness, once, and ends with input")
func freshnessFires() {
  var watched = Watched()
  var fired: [Int64] = []
  for _ in 0..<60 {
    for change in watched.tick(read: 0) where change.isFiring {
      #expect(change.rule == "freshness" && change.dimensions == #"{"source":"shop"}"#)
      fired.append(watched.sample.now.ms - 1_000_000)
    }
  }
  #expect(fired == [310_000])
  let ended = watched.tick(read: 1)
  #expect(ended.map(\.rule) == ["freshness"] && ended.allSatisfy { !$0.isFiring })
}

@Test("a share of rejected or late events fires over five minutes, not over a few events")
func sharesFire() {
  var watched = Watched()
  #expect(watched.tick(read: 10, rejected: 10).isEmpty)
  #expect(watched.tick(read: 1_000, rejected: 40).isEmpty)
  let fired = watched.tick(read: 1_000, rejected: 100, late: 200)
  #expect(fired.map(\.rule) == ["late_share", "rejected_share"])
  var ended: [String] = []
  for _ in 0..<60 { ended += watched.tick(read: 100).filter { !$0.isFiring }.map(\.rule) }
  #expect(Set(ended) == ["late_share", "rejected_share"])
  #expect(watched.tick(read: 100).isEmpty)
}

@Test("being behind fires when it does not get better, and not while it does")
func lagFires() {
  var watched = Watched()
  let start = watched.sample.now.ms
  watched.sample.watermark = EventTime(ms: start - 10_000_000)
  for _ in 0..<20 {
    watched.sample.watermark = watched.sample.watermark.map { EventTime(ms: $0.ms + 60_000) }
    #expect(watched.tick(read: 100).isEmpty)
  }
  var fired: [String] = []
  for _ in 0..<7 { fired += watched.tick(read: 100).filter(\.isFiring).map(\.rule) }
  #expect(fired == ["lag"])
  watched.sample.watermark = watched.sample.now.ms > 0 ? EventTime(ms: watched.sample.now.ms) : nil
  #expect(watched.tick(read: 100).map(\.rule) == ["lag"])
}

@Test("users of two partitions and waiting notifications fire; a rule that is off does not")
func otherRulesFire() {
  var watched = Watched()
  watched.sample.usersInTwoPartitions = 1
  watched.sample.oldestUndelivered = WallTime(ms: watched.sample.now.ms - 290_000)
  #expect(watched.tick(read: 1).map(\.rule) == ["users_in_two_partitions"])
  #expect(watched.tick(read: 1).map(\.rule) == ["undelivered"])
  var options = HealthOptions()
  options.usersInTwoPartitions = false
  options.freshnessMs = nil
  options.undeliveredMs = nil
  var quiet = Watched(options)
  quiet.sample.usersInTwoPartitions = 5
  quiet.sample.oldestUndelivered = WallTime(ms: 0)
  for _ in 0..<60 { #expect(quiet.tick(read: 0).isEmpty) }
}

@Test("a backup that is overdue fires by its kind, and ends with the next good one")
func overdueBackupFires() {
  var watched = Watched()
  watched.sample.overdueCopies = ["backup": 0, "archive": -5]
  #expect(watched.tick(read: 1).isEmpty)
  watched.sample.overdueCopies = ["backup": 1, "archive": -5]
  let fired = watched.tick(read: 1)
  #expect(fired.map(\.rule) == ["backup"] && fired.allSatisfy(\.isFiring))
  #expect(fired.first?.dimensions == #"{"copy":"backup"}"#)
  #expect(watched.tick(read: 1).isEmpty)
  watched.sample.overdueCopies = ["backup": -100, "archive": -5]
  #expect(watched.tick(read: 1).map(\.isFiring) == [false])
  var options = HealthOptions()
  options.backupOverdue = false
  var silent = Watched(options)
  silent.sample.overdueCopies = ["backup": 1_000]
  #expect(silent.tick(read: 1).isEmpty)
}
