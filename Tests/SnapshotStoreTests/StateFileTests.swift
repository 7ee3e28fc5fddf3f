import Foundation
import StreamCore
import Testing

@testable import SnapshotStore

@Suite struct StateFileTests {
  private let zero = PartitionID(topic: "events", partition: 0)

  private func record(_ owner: String, _ stage: UInt32, _ key: [UInt8], _ bytes: [UInt8])
    -> StateRecord
  {
    StateRecord(key: StateKey(owner: owner, stage: stage, key: key), codecVersion: 3, bytes: bytes)
  }

  private func records(_ state: LoadedState?) throws -> [StateRecord] {
    var found: [StateRecord] = []
    try state?.forEachRecord { owner, stage, key, version, bytes in
      found.append(
        StateRecord(
          key: StateKey(owner: owner, stage: stage, key: Array(key)), codecVersion: version,
          bytes: Array(bytes)))
    }
    return found
  }

  /// A results file of `snapshots` snapshots at offsets 10, 20, …, and where it stopped.
  private func resume(_ directory: TemporaryDirectory, snapshots: Int64) throws -> ResumePoint? {
    let path = directory.file("results-\(snapshots).sqlite")
    let file = try ResultsFile.open(path: path, identity: shop)
    for id in stride(from: 1, through: snapshots, by: 1) {
      _ = try file.commit(change(next: 10 * id), durable: true)
    }
    try file.close()
    let again = try ResultsFile.open(path: path, identity: shop)
    defer { try? again.close() }
    return again.resume
  }

  @Test func `State comes back as saved: changed, removed, replaced, in order`() throws {
    var random = Seeded("state")
    let directory = try TemporaryDirectory()
    let path = directory.file("shop.sqlite-state")
    let past = try resume(directory, snapshots: 40)
    var file = try StateFile.open(path: path, identity: shop)
    #expect(try file.load(notAheadOf: past) == nil)
    var expected: [StateKey: StateRecord] = [:]
    for id in 1...40 as ClosedRange<Int64> {
      var save = StateChange(
        snapshotID: id, positions: [zero: 10 * id],
        replacesAll: Int.random(in: 0...9, using: &random) == 0)
      if save.replacesAll { expected = [:] }
      for key in expected.keys where Int.random(in: 0...9, using: &random) == 0 {
        save.deletes.append(key)
      }
      for key in save.deletes { expected[key] = nil }
      for _ in 0..<30 {
        let key = (0..<Int.random(in: 0...3, using: &random)).map { _ in
          [0, 127, 128, 255].randomElement(using: &random) ?? 0 as UInt8
        }
        let bytes = (0..<Int.random(in: 0...40, using: &random)).map { _ in
          UInt8.random(in: 0...255, using: &random)
        }
        let owner = ["events/0", "events/10", "events/9", "merge"].randomElement(using: &random)
        let one = record(owner ?? "", UInt32.random(in: 0...2, using: &random), key, bytes)
        save.upserts.append(one)
        expected[one.key] = one
      }
      try file.save(save, durableTo: id)
      if id % 7 == 0 {
        try file.close()
        file = try StateFile.open(path: path, identity: shop)
      }
      let state = try #require(try file.load(notAheadOf: past))
      #expect(state.snapshotID == id && state.positions == [zero: 10 * id])
      let inOrder = expected.values.sorted { a, b in
        if a.key.owner != b.key.owner { return a.key.owner < b.key.owner }
        if a.key.stage != b.key.stage { return a.key.stage < b.key.stage }
        return a.key.key.lexicographicallyPrecedes(b.key.key)
      }
      #expect(try records(state) == inOrder)
    }
    try file.close()
  }

  @Test func `State that is ahead of the results is refused, by snapshot or by offset`() throws {
    let directory = try TemporaryDirectory()
    let file = try StateFile.open(path: directory.file("a-state"), identity: shop)
    let (none, one, two) = (
      try resume(directory, snapshots: 0), try resume(directory, snapshots: 1),
      try resume(directory, snapshots: 2)
    )
    try file.save(StateChange(snapshotID: 2, positions: [zero: 20]), durableTo: 2)
    #expect(try file.load(notAheadOf: two)?.snapshotID == 2)
    let error = expectError(.stateAhead) { try file.load(notAheadOf: one) }
    #expect(error?.what.contains("snapshot 2, the results end with 1") == true)
    expectError(.stateAhead) { try file.load(notAheadOf: none) }
    try file.save(StateChange(snapshotID: 2, positions: [zero: 21]), durableTo: 2)
    let offset = expectError(.stateAhead) { try file.load(notAheadOf: two) }
    #expect(offset?.what.contains("offset 21 of events/0, the results at 20") == true)
    try file.close()
  }

  @Test func `A save that is torn leaves the state before it, whole`() throws {
    var random = Seeded("torn save")
    let directory = try TemporaryDirectory()
    let (path, image) = (directory.file("a-state"), directory.file("image-state"))
    let past = try resume(directory, snapshots: 6)
    var options = StoreOptions()
    options.walAutocheckpointPages = 0
    let file = try StateFile.open(path: path, identity: shop, options: options)
    for id in 1...6 as ClosedRange<Int64> {
      var save = StateChange(snapshotID: id, positions: [zero: id], replacesAll: id % 2 == 0)
      for key in 0..<200 as Range<UInt8> {
        save.upserts.append(
          record("events/0", 1, [key], [UInt8](repeating: UInt8(id), count: 300)))
      }
      try file.save(save, durableTo: id)
    }
    let bytes = try #require(FileSystem.size(of: path + "-wal"))
    var seen: Set<Int64> = []
    for _ in 0..<40 {
      try copyAsKilled(path, to: image)
      try truncate(image + "-wal", to: UInt64(Int64.random(in: 0...bytes, using: &random)))
      let survived = try StateFile.open(path: image, identity: shop)
      let state = try survived.load(notAheadOf: past)
      let id = state?.snapshotID ?? 0
      seen.insert(id)
      #expect(state?.positions ?? [:] == (id == 0 ? [:] : [zero: id]))
      let found = try records(state)
      #expect(found.count == (id == 0 ? 0 : 200))
      #expect(found.allSatisfy { $0.bytes == [UInt8](repeating: UInt8(id), count: 300) })
      try survived.close()
    }
    #expect(seen.count > 2)
    try file.close()
  }

  @Test func `A flipped bit in a record is found on loading`() throws {
    let directory = try TemporaryDirectory()
    let path = directory.file("a-state")
    let past = try resume(directory, snapshots: 1)
    var file = try StateFile.open(path: path, identity: shop)
    var save = StateChange(snapshotID: 1, positions: [:])
    let marker = Array("here it is: a value that nobody else writes".utf8)
    save.upserts = [record("events/0", 7, [1], marker), record("events/1", 7, [1], [1])]
    try file.save(save, durableTo: 1)
    try file.close()
    let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
    let at = try #require(bytes.range(of: Data(marker))).lowerBound
    try overwrite(path, at: UInt64(at + 5), with: [bytes[at + 5] ^ 1])
    file = try StateFile.open(path: path, identity: shop)
    let error = expectError(.damaged) { try records(try file.load(notAheadOf: past)) }
    #expect(error?.what.contains("events/0, stage 7") == true)
    #expect(error?.whatToDo.contains("weir restore DIR --into ") == true)
    try file.close()
  }

  @Test func `What reading a record throws comes through as it is`() throws {
    struct Unreadable: Error {}
    let directory = try TemporaryDirectory()
    let past = try resume(directory, snapshots: 1)
    let file = try StateFile.open(path: directory.file("a-state"), identity: shop)
    var save = StateChange(snapshotID: 1, positions: [:])
    save.upserts = [record("events/0", 0, [], [])]
    try file.save(save, durableTo: 1)
    let state = try file.load(notAheadOf: past)
    #expect(throws: Unreadable.self) {
      try state?.forEachRecord { _, _, _, _, _ in throw Unreadable() }
    }
    try file.close()
  }
}
