import StreamCore
import Testing

@testable import SnapshotStore

/// What a replay reads of the file that it follows.
@Suite struct LiveLogTests {
  @Test("A live file tells its log while its worker holds it, snapshot by snapshot")
  func readsBesideWorker() throws {
    let directory = try TemporaryDirectory()
    let path = directory.file()
    let file = try ResultsFile.open(path: path, identity: shop)
    let empty = try LiveLog.read(path: path)
    #expect(empty.snapshotID == 0 && empty.partitions.isEmpty && empty.greatestClock == nil)
    #expect(empty.pipeline == "shop" && empty.definitionDigest == shop.definitionDigest)

    let odd = PartitionID(topic: "a/b.c", partition: 3)
    var first = change(next: 7, watermark: 5)
    first.partitions = [partition(0, next: 7, clock: 60), partition(1, next: 2, clock: 90)]
    first.newMarks = [
      ClockMark(
        id: PartitionID(topic: "events", partition: 1), nextOffset: 2, clock: EventTime(ms: 90),
        kind: .idle)
    ]
    first.thresholds = [
      ThresholdRow(
        rule: "errors", name: "above", value: 0.5, effective: EventTime(ms: 3),
        set: WallTime(ms: 4), origin: .person, setBy: "ann", reason: "sale")
    ]
    first.manifest = [
      ManifestKey.start(of: odd): "40",
      ManifestKey.start(of: PartitionID(topic: "events", partition: 0)): "0",
      "start.events": "1", "start./1": "1", "start.events/x": "1", "started.events/1": "1",
      "start.events/2": "many", ManifestKey.completeFrom("revenue"): "60000",
    ]
    _ = try file.commit(first, durable: true)
    let log = try LiveLog.read(path: path)
    #expect(log.snapshotID == 1 && log.watermark == EventTime(ms: 5))
    #expect(log.partitions == first.partitions && log.marks == first.newMarks)
    #expect(log.positions[PartitionID(topic: "events", partition: 0)] == 7)
    #expect(log.thresholds == first.thresholds)
    #expect(log.starts == [odd: 40, PartitionID(topic: "events", partition: 0): 0])
    #expect(log.manifest["complete_from.revenue"] == "60000")
    #expect(log.greatestClock == EventTime(ms: 90))
    try file.close()
  }

  @Test("A file from before there were thresholds has none; one that is not there is said")
  func readsEarlierSchema() throws {
    let directory = try TemporaryDirectory()
    let path = directory.file()
    let file = try ResultsFile.open(path: path, identity: shop)
    _ = try file.commit(change(next: 3), durable: true)
    try file.close()
    try makeOlder(path, version: 1)
    let log = try LiveLog.read(path: path)
    #expect(log.thresholds.isEmpty && log.partitions.map(\.nextOffset) == [3])
    expectError(.io) { try LiveLog.read(path: directory.file("none.sqlite")) }
  }
}
