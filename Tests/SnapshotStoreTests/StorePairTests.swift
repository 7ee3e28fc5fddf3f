import Foundation
import StreamCore
import Synchronization
import Testing

@testable import SnapshotStore

@Suite struct StorePairTests {
  private let events = PartitionID(topic: "events", partition: 0)

  /// One snapshot of both files, the state saved in every second.
  private func advance(_ file: ResultsFile, _ state: StateFile, to next: Int64) throws {
    let id = try file.commit(
      change([metric(at: next, value: Double(next))], next: next), durable: next % 2 == 0)
    guard next % 2 == 0 else { return }
    var saved = StateChange(snapshotID: id, positions: [events: next])
    saved.upserts = (0..<50).map {
      StateRecord(
        key: StateKey(owner: "events/0", stage: 1, key: [UInt8($0)]), codecVersion: 1,
        bytes: Array(repeating: UInt8(next % 251), count: 500))
    }
    try state.save(saved, durableTo: try file.durableSnapshotID)
  }

  @Test func `Copies made while a worker writes are whole, results never behind the state`() throws
  {
    let directory = try TemporaryDirectory()
    let path = directory.file()
    let file = try ResultsFile.open(path: path, identity: shop)
    let state = try StateFile.open(path: StateFile.path(besides: path), identity: shop)
    try advance(file, state, to: 2)
    let failure = Mutex<String?>(nil)
    let isDone = Mutex(false)
    let worker = Thread {
      do {
        for next in 3...Int64(4000) {
          try self.advance(file, state, to: next)
          if isDone.withLock({ $0 }) { break }
        }
      } catch { failure.withLock { $0 = "\(error)" } }
      isDone.withLock { $0 = true }
    }
    worker.start()
    var snapshots: [Int64] = []
    for number in 1...8 {
      let copy = directory.file("copy\(number).sqlite")
      #expect(try StorePair.copy(from: path, to: copy))
      let results = try ResultsFile.open(path: copy, identity: shop)
      let copied = try StateFile.open(path: StateFile.path(besides: copy), identity: shop)
      let loaded = try #require(try copied.load(notAheadOf: results.resume))
      let byte = UInt8(try #require(loaded.positions[events]) % 251)
      var records = 0
      try loaded.forEachRecord { _, _, _, _, bytes in
        records += 1
        #expect(bytes.allSatisfy { $0 == byte })
      }
      #expect(records == 50)
      let id = try #require(results.resume?.snapshotID)
      snapshots.append(id)
      #expect(try ResultsReader.open(path: copy).metrics(MetricQuery(limit: 9999)).count == id)
      try results.close()
      try copied.close()
      #expect(try ResultsDigest.verify(path: copy).isSound)
    }
    isDone.withLock { $0 = true }
    while !worker.isFinished { sched_yield() }
    #expect(failure.withLock { $0 } == nil)
    #expect(snapshots == snapshots.sorted())
    try file.close()
    try state.close()
  }

  @Test func `A file in the way is left alone, a file without state is copied alone`() throws {
    let directory = try TemporaryDirectory()
    let (path, copy) = (directory.file(), directory.file("copy.sqlite"))
    let file = try ResultsFile.open(path: path, identity: shop)
    _ = try file.commit(change([metric()], next: 1), durable: true)
    try file.close()
    for name in ["copy.sqlite", "copy.sqlite-state"] {
      try "mine".write(toFile: directory.file(name), atomically: false, encoding: .utf8)
      let error = expectError(.io) { try StorePair.copy(from: path, to: copy) }
      #expect(error?.path == directory.file(name))
      #expect(try String(contentsOfFile: directory.file(name), encoding: .utf8) == "mine")
      try FileManager.default.removeItem(atPath: directory.file(name))
    }
    #expect(try !StorePair.copy(from: path, to: copy))
    let made = try FileManager.default.contentsOfDirectory(atPath: directory.path)
    #expect(made.filter { $0.hasPrefix("copy") } == ["copy.sqlite"])
    #expect(try ResultsDigest.diff(path, copy).isEmpty)
    expectError(.io) { try StorePair.copy(from: directory.file("no"), to: directory.file("x")) }
    expectError(.io) { try StorePair.copy(from: path, to: directory.path + "/no/x") }
  }

  @Test func `A failed copy leaves nothing behind`() throws {
    let directory = try TemporaryDirectory()
    let (path, copy) = (directory.file(), directory.file("copy.sqlite"))
    try ResultsFile.open(path: path, identity: shop).close()
    try "no SQLite".write(
      toFile: StateFile.path(besides: path), atomically: false, encoding: .utf8)
    expectError(.damaged) { try StorePair.copy(from: path, to: copy) }
    let left = try FileManager.default.contentsOfDirectory(atPath: directory.path)
    #expect(left.filter { $0.hasPrefix("copy") } == [])
  }
}
