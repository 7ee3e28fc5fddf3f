import GRDB
import StreamCore
import Testing

@testable import SnapshotStore

@Suite struct CommitTests {
  @Test func `A new file has no past, a reopened one goes on where it stopped`() throws {
    let directory = try TemporaryDirectory()
    let file = try ResultsFile.open(path: directory.file(), identity: shop)
    #expect(file.resume == nil)
    var first = change([metric()], next: 10, watermark: 60_000)
    first.partitions = [partition(1, next: 4, clock: nil), partition(0, next: 10, clock: 61_000)]
    first.newMarks = [
      ClockMark(
        id: PartitionID(topic: "events", partition: 1), nextOffset: 4, clock: EventTime(ms: 7),
        kind: .idle)
    ]
    first.rejected = [sample(2), sample(3)]
    first.late = [sample(5, reason: "late")]
    first.manifest = ["sampled_users": "12"]
    #expect(try file.commit(first, durable: false) == 1)
    #expect(try file.commit(change(next: 11, watermark: 70_000), durable: false) == 2)
    try file.close()

    let again = try ResultsFile.open(path: directory.file(), identity: shop)
    let resume = try #require(again.resume)
    #expect(resume.snapshotID == 2)
    #expect(resume.watermark == EventTime(ms: 70_000))
    #expect(resume.partitions == [partition(0, next: 11), partition(1, next: 4)])
    #expect(resume.marks == first.newMarks)
    #expect((resume.rejectedSamples, resume.lateSamples) == (2, 1))
    #expect(resume.manifest["sampled_users"] == "12")
    #expect(resume.manifest["definition_digest"] == shop.definitionDigest)
    #expect(try again.commit(change(next: 12), durable: true) == 3)
    try again.close()
  }

  @Test func `A mark at the same offset keeps the greater clock`() throws {
    let directory = try TemporaryDirectory()
    let file = try ResultsFile.open(path: directory.file(), identity: shop)
    let id = PartitionID(topic: "events", partition: 0)
    for (clock, kind) in [(5, ClockMark.Kind.idle), (9, .close), (7, .idle)] {
      var next = change(next: 1)
      next.newMarks = [
        ClockMark(id: id, nextOffset: 1, clock: EventTime(ms: Int64(clock)), kind: kind)
      ]
      _ = try file.commit(next, durable: false)
    }
    let marks = try ResultsReader.open(path: directory.file()).marks()
    #expect(marks == [ClockMark(id: id, nextOffset: 1, clock: EventTime(ms: 9), kind: .close)])
    try file.close()
  }

  @Test func `Provisional rows come, change and go; a final one stays`() throws {
    let directory = try TemporaryDirectory()
    let file = try ResultsFile.open(path: directory.file(), identity: shop)
    let reader = { try ResultsReader.open(path: directory.file()).metrics() }
    let (a, b) = (metric("a", value: 1, .provisional), metric("b", value: 1, .provisional))
    _ = try file.commit(change([a, b]), durable: false)
    #expect(try reader() == [a, b])

    var second = change([metric("a", value: 2, .provisional)])
    second.rows.removed = [
      .metric(MetricKey(metric: "b", windowStart: b.windowStart, dimensions: "{}"))
    ]
    _ = try file.commit(second, durable: false)
    #expect(try reader() == second.rows.metrics)

    let final = metric("a", value: 3)
    _ = try file.commit(change([final]), durable: false)
    let digest = try file.resultDigest
    var third = change([metric("a", value: 4, .provisional), final])
    third.rows.removed = [
      .metric(MetricKey(metric: "a", windowStart: a.windowStart, dimensions: "{}"))
    ]
    _ = try file.commit(third, durable: false)
    #expect(try reader() == [final])
    #expect(try file.resultDigest == digest)
    try file.close()
  }

  @Test(arguments: [
    metric(value: 2), metric(exact: "1.0"), metric(size: 2), metric(approximate: true),
  ])
  func `A final row that differs from the one stored is a conflict and commits nothing`(
    row: MetricRow
  ) throws {
    let directory = try TemporaryDirectory()
    let file = try ResultsFile.open(path: directory.file(), identity: shop)
    _ = try file.commit(change([metric()], next: 1), durable: false)
    let digest = try file.resultDigest
    let error = expectError(.conflict) {
      try file.commit(change([metric("other"), row], next: 9), durable: false)
    }
    #expect(error?.what.contains("'revenue', window [0, \(row.windowEnd.ms))") == true)
    let reader = try ResultsReader.open(path: directory.file())
    #expect(try reader.metrics() == [metric()])
    #expect(try reader.partitions() == [partition(0, next: 1)])
    #expect(try file.resultDigest == digest)
    #expect(try file.commit(change([metric()], next: 9), durable: false) == 2)
    try file.close()
    #expect(try ResultsDigest.verify(path: directory.file()).isSound)
  }

  @Test func `A restated row replaces a final one, in the digest too`() throws {
    let directory = try TemporaryDirectory()
    let (a, b) = (directory.file("a.sqlite"), directory.file("b.sqlite"))
    let first = try ResultsFile.open(path: a, identity: shop)
    _ = try first.commit(change([metric(value: 1), metric("x")]), durable: false)
    _ = try first.commit(change([metric(value: 5, .restated)]), durable: false)
    let second = try ResultsFile.open(path: b, identity: shop)
    _ = try second.commit(change([metric("x"), metric(value: 5)]), durable: false)
    #expect(try first.resultDigest == second.resultDigest)
    #expect(try ResultsDigest.verify(path: a).isSound)
    #expect(try ResultsDigest.diff(a, b).isEmpty)
    try first.close()
    try second.close()
  }

  @Test func `Rows that cannot be are refused before they are stored`() throws {
    let directory = try TemporaryDirectory()
    let file = try ResultsFile.open(path: directory.file(), identity: shop)
    _ = try file.commit(change(next: 5), durable: false)
    var reserved = change(next: 5)
    reserved.manifest = ["result_digest": "0"]
    for bad in [
      change([metric(value: .nan)], next: 5), change([metric(size: 0)], next: 5),
      change([metric(samples: -1)], next: 5), change([metric(dimensions: "[]")], next: 5),
      change([metric(dimensions: "{")], next: 5), change(next: 4), reserved,
    ] {
      expectError(.invalid) { try file.commit(bad, durable: false) }
    }
    let odd = [
      metric("a", value: .infinity), metric("b", value: -0.0),
      metric("c", dimensions: #"{"城市":"北京\u0000"}"#, exact: ""),
    ]
    _ = try file.commit(change(odd, next: 5), durable: false)
    #expect(try ResultsReader.open(path: directory.file()).metrics() == odd)
    try file.close()
    #expect(try ResultsDigest.verify(path: directory.file()).isSound)
  }

  @Test func `Examples are bounded to the newest and stored once for each record`() throws {
    let directory = try TemporaryDirectory()
    let file = try ResultsFile.open(
      path: directory.file(), identity: shop, options: StoreOptions(sampleLimit: 3))
    for offsets in [[0, 1], [1, 2], [3], [4, 5, 6, 7, 8]] as [[Int64]] {
      var next = change(next: 10)
      next.rejected = offsets.map { sample($0) }
      _ = try file.commit(next, durable: false)
    }
    let reader = try ResultsReader.open(path: directory.file())
    #expect(try reader.rejectedEvents().map(\.sample) == [sample(8), sample(7), sample(6)])
    #expect(try reader.rejectedEvents(limit: 1).map(\.snapshotID) == [4])
    #expect(try reader.lateEvents().isEmpty)
    try file.close()
  }

  @Test func `Snapshots hold the sums over all partitions and are bounded to the newest`() throws {
    let directory = try TemporaryDirectory()
    let file = try ResultsFile.open(
      path: directory.file(), identity: shop, options: StoreOptions(snapshotLimit: 2))
    for next in 1...4 as ClosedRange<Int64> {
      var one = change(watermark: next)
      one.partitions = [partition(0, next: next), partition(1, next: 10 * next)]
      _ = try file.commit(one, durable: false)
    }
    let rows = try ResultsReader.open(path: directory.file()).snapshots()
    #expect(rows.map(\.id) == [4, 3])
    #expect(rows.map(\.fates.applied) == [44, 33])
    try file.close()
  }
}
