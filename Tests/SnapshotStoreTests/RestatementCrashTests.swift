import StreamCore
import Testing

@testable import SnapshotStore

@Suite struct RestatementCrashTests {
  private let order = { (directory: TemporaryDirectory) in
    Restatement(
      replay: directory.file("replay.sqlite"), live: directory.file(),
      stages: [.init(StageName(.metrics, "revenue"))], by: "ann", reason: "a bug")
  }

  /// A replay in which all of 400 windows have another value, and the rows of the live file.
  private func makeReplay(_ directory: TemporaryDirectory) throws -> [MetricRow] {
    let file = try ResultsFile.open(path: directory.file("replay.sqlite"), identity: shop)
    let rows = (0..<400).map { metric(at: Int64($0), value: 2) }
    _ = try file.commit(change(rows, next: 1, watermark: 400 * minute), durable: true)
    try file.close()
    return (0..<400).map { metric(at: Int64($0), value: 1) }
  }

  @Test func `A kill in the middle leaves the old rows, all of them`() throws {
    var random = Seeded("killed restatement")
    let directory = try TemporaryDirectory()
    let (path, image) = (directory.file(), directory.file("image.sqlite"))
    var options = StoreOptions()
    options.walAutocheckpointPages = 0
    let live = try makeReplay(directory)
    let file = try ResultsFile.open(path: path, identity: shop, options: options)
    _ = try file.commit(change(live, next: 1, watermark: 400 * minute), durable: true)
    let start = try #require(FileSystem.size(of: path + "-wal"))
    let before = try file.resultDigest
    #expect(try file.restate(order(directory), now: WallTime(ms: 1)).map(\.replaced) == [400])
    let after = try file.resultDigest
    let end = try #require(FileSystem.size(of: path + "-wal"))
    var cuts = (0..<25).map { _ in Int64.random(in: start..<end, using: &random) }
    cuts += [start, end - 1, end]
    for cut in cuts {
      try copyAsKilled(path, to: image)
      try truncate(image + "-wal", to: UInt64(cut))
      let survived = try ResultsFile.open(path: image, identity: shop)
      #expect(try survived.resultDigest == (cut == end ? after : before), "cut at \(cut)")
      try survived.close()
      let reader = try ResultsReader.open(path: image)
      #expect(Set(try reader.metrics().map(\.value)) == (cut == end ? [2] : [1]))
      #expect(try reader.restatements().count == (cut == end ? 400 : 0))
      reader.close()
      #expect(try ResultsDigest.verify(path: image).isSound)
    }
    try file.close()
    #expect(try ResultsDigest.diff(path, directory.file("replay.sqlite")).isEmpty)
  }

  @Test func `A full disk leaves the old rows`() throws {
    let directory = try TemporaryDirectory()
    let live = try makeReplay(directory)
    let file = try ResultsFile.open(path: directory.file(), identity: shop)
    _ = try file.commit(change(live, next: 1, watermark: 400 * minute), durable: true)
    let digest = try file.resultDigest
    try file.close()
    var options = StoreOptions()
    options.maxPages = Int((FileSystem.size(of: directory.file()) ?? 0) / 4096) + 8
    expectError(.diskFull) {
      try order(directory).apply(now: WallTime(ms: 1), options: options).get()
    }
    let report = try ResultsDigest.verify(path: directory.file())
    #expect(report.isSound && report.recomputed == digest)
    #expect(try ResultsReader.open(path: directory.file()).restatements().isEmpty)
  }
}
