import Foundation
import StreamCore
import Testing

@testable import SnapshotStore

@Suite struct CrashTests {
  /// A file of `count` snapshots whose log was never copied back, and its digest after each.
  private func write(_ count: Int, to path: String, _ random: inout Seeded) throws
    -> (file: ResultsFile, digests: [String])
  {
    var options = StoreOptions()
    options.walAutocheckpointPages = 0
    let file = try ResultsFile.open(path: path, identity: shop, options: options)
    var digests = [try file.resultDigest]
    for id in 1...count {
      let rows = (0..<Int.random(in: 1...60, using: &random)).map {
        metric("m\(id)", at: Int64($0), value: Double(id))
      }
      let open = metric("open", value: Double(id), .provisional)
      _ = try file.commit(
        change(rows + [open], next: Int64(id)), durable: Bool.random(using: &random))
      digests.append(try file.resultDigest)
    }
    return (file, digests)
  }

  @Test func `A log torn anywhere gives a file as it was after some snapshot, whole`() throws {
    var random = Seeded("torn log")
    let directory = try TemporaryDirectory()
    let (path, image) = (directory.file(), directory.file("image.sqlite"))
    let (file, digests) = try write(25, to: path, &random)
    let bytes = try #require(FileSystem.size(of: path + "-wal"))
    var seen: Set<Int64> = []
    for _ in 0..<60 {
      try copyAsKilled(path, to: image)
      let at = UInt64.random(in: 0...UInt64(bytes), using: &random)
      if Bool.random(using: &random) || at == bytes {
        try truncate(image + "-wal", to: at)
      } else {
        try overwrite(image + "-wal", at: at, with: [UInt8.random(in: 0...255, using: &random)])
      }
      let survived = try ResultsFile.open(path: image, identity: shop)
      let id = survived.resume?.snapshotID ?? 0
      seen.insert(id)
      #expect(try survived.resultDigest == digests[Int(id)])
      #expect(survived.resume?.positions.values.first ?? 0 == id)
      let open = try ResultsReader.open(path: image).metrics(MetricQuery(metric: "open"))
      #expect(open.map(\.value) == (id == 0 ? [] : [Double(id)]))
      // It goes on from there as if nothing had been.
      #expect(try survived.commit(change(next: 1000), durable: true) == id + 1)
      try survived.close()
      #expect(try ResultsDigest.verify(path: image).isSound)
    }
    #expect(seen.count > 5)
    try file.close()
  }

  @Test func `A kill between snapshots loses none of them, checkpoints or not`() throws {
    let directory = try TemporaryDirectory()
    let (path, image) = (directory.file(), directory.file("image.sqlite"))
    var options = StoreOptions()
    options.walAutocheckpointPages = 8
    let file = try ResultsFile.open(path: path, identity: shop, options: options)
    for id in 1...40 as ClosedRange<Int64> {
      let rows = (0..<30).map { metric("m\(id)", at: Int64($0), dimensions: #"{"n":"\#($0)"}"#) }
      _ = try file.commit(change(rows, next: id), durable: false)
      try copyAsKilled(path, to: image)
      let survived = try ResultsFile.open(path: image, identity: shop)
      #expect(survived.resume?.snapshotID == id)
      #expect(try survived.resultDigest == file.resultDigest)
      try survived.close()
    }
    try file.close()
    #expect(try ResultsDigest.diff(path, image).isEmpty)
  }

  @Test func `After a loss of power the state is never ahead of the results`() throws {
    var random = Seeded("power")
    for _ in 0..<15 {
      let directory = try TemporaryDirectory()
      let (path, image) = (directory.file(), directory.file("image.sqlite"))
      var options = StoreOptions()
      options.walAutocheckpointPages = 0
      let file = try ResultsFile.open(path: path, identity: shop, options: options)
      let state = try StateFile.open(path: StateFile.path(besides: image), identity: shop)
      var onDisk = try #require(FileSystem.size(of: path + "-wal"))
      var (savedID, before): (Int64, Int64) = (0, onDisk)
      for next in 1...30 as ClosedRange<Int64> {
        let durable = Int.random(in: 0...3, using: &random) == 0
        let size = try #require(FileSystem.size(of: path + "-wal"))
        let id = try file.commit(change([metric(at: next)], next: next), durable: durable)
        if durable {
          before = size
          onDisk = try #require(FileSystem.size(of: path + "-wal"))
        }
        let saved = StateChange(
          snapshotID: id, positions: [PartitionID(topic: "events", partition: 0): next])
        if durable {
          try state.save(saved, durableTo: try file.durableSnapshotID)
          savedID = id
        } else {
          let safe = try file.durableSnapshotID
          expectError(.stateAhead) { try state.save(saved, durableTo: safe) }
        }
      }
      // What was synced is there; of the rest the disk has any part.
      let end = try #require(FileSystem.size(of: path + "-wal"))
      try copyAsKilled(path, to: image)
      try truncate(image + "-wal", to: UInt64(Int64.random(in: onDisk...end, using: &random)))
      var survived = try ResultsFile.open(path: image, identity: shop)
      #expect(try state.load(notAheadOf: survived.resume)?.snapshotID ?? 0 == savedID)
      try survived.close()
      // Had the durable commit not been synced, the state would be ahead, and refused.
      if savedID > 0 {
        try copyAsKilled(path, to: image)
        try truncate(image + "-wal", to: UInt64(before))
        survived = try ResultsFile.open(path: image, identity: shop)
        let resume = survived.resume
        expectError(.stateAhead) { try state.load(notAheadOf: resume) }
        try survived.close()
      }
      try file.close()
      try state.close()
    }
  }
}
