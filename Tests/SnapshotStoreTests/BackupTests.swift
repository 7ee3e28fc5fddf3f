import Foundation
import StreamCore
import Synchronization
import Testing

@testable import SnapshotStore

/// A worker's two open files, which get on by one snapshot at a time.
final class OpenPair: Sendable {
  static let events = PartitionID(topic: "events", partition: 0)
  let path: String
  let results: ResultsFile
  let state: StateFile
  private let next = Mutex<Int64>(0)

  init(_ path: String, options: StoreOptions = StoreOptions()) throws {
    self.path = path
    results = try ResultsFile.open(path: path, identity: shop, options: options)
    state = try StateFile.open(path: StateFile.path(besides: path), identity: shop)
  }

  /// Takes a snapshot, with its state in every second one. All records hold the same byte.
  @discardableResult
  func advance(_ fill: (inout SnapshotChange) -> Void = { _ in }) throws -> Int64 {
    let next = next.withLock { next in
      next += 1
      return next
    }
    var snapshot = change([metric(at: next, value: Double(next))], next: next)
    fill(&snapshot)
    let id = try results.commit(snapshot, durable: next % 2 == 1)
    guard next % 2 == 1 else { return id }
    var saved = StateChange(snapshotID: id, positions: [Self.events: next])
    saved.upserts = (0..<50).map {
      StateRecord(
        key: StateKey(owner: "events/0", stage: 1, key: [UInt8($0)]), codecVersion: 1,
        bytes: Array(repeating: UInt8(next % 251), count: 500))
    }
    try state.save(saved, durableTo: try results.durableSnapshotID)
    return id
  }

  func close() throws {
    try results.close()
    try state.close()
  }
}

/// Checks that the pair at `path` is one that a worker can go on from, and gives its snapshot.
@discardableResult
func checkPair(_ path: String) throws -> Int64 {
  let results = try ResultsFile.open(path: path, identity: shop)
  let state = try StateFile.open(path: StateFile.path(besides: path), identity: shop)
  defer {
    try? results.close()
    try? state.close()
  }
  let loaded = try #require(try state.load(notAheadOf: results.resume))
  let byte = UInt8(try #require(loaded.positions[OpenPair.events]) % 251)
  var records = 0
  try loaded.forEachRecord { _, _, _, _, bytes in
    records += 1
    #expect(bytes.allSatisfy { $0 == byte })
  }
  #expect(records == 50)
  let id = try #require(results.resume?.snapshotID)
  #expect(try ResultsReader.open(path: path).metrics(MetricQuery(limit: 99_999)).count == id)
  return id
}

@Suite struct BackupTests {
  private func maker(
    _ directory: TemporaryDirectory, _ kind: BackupManifest.Kind = .backup, at wallMs: Int64 = 0
  ) -> BackupMaker {
    BackupMaker(kind, into: directory.file("backups")) {
      WallTime(ms: 1_767_225_600_000 + wallMs)
    }
  }

  @Test func `Made while a worker writes, a backup is a pair to go on from`() throws {
    let directory = try TemporaryDirectory()
    let pair = try OpenPair(directory.file())
    try pair.advance()
    let failure = Mutex<String?>(nil)
    let isDone = Mutex(false)
    let worker = Thread {
      do {
        while !isDone.withLock({ $0 }) { try pair.advance() }
      } catch { failure.withLock { $0 = "\(error)" } }
    }
    worker.start()
    var snapshots: [Int64] = []
    for number in 1...6 {
      let maker = maker(directory, at: Int64(number) * 1000)
      let set =
        try number % 2 == 0
        ? maker.make(ofFileAt: pair.path) : maker.make(of: pair.results, pair.state)
      #expect(set.problems().isEmpty)
      #expect(set.manifest.partitions.map(\.nextOffset) == [set.manifest.snapshotID])
      #expect(try #require(set.manifest.stateSnapshotID) <= set.manifest.snapshotID)
      snapshots.append(set.manifest.snapshotID)
      let copy = directory.file("restored\(number).sqlite")
      _ = try Restoration(from: set.path, into: copy).apply(now: WallTime(ms: 0))
      #expect(try checkPair(copy) == set.manifest.snapshotID)
    }
    isDone.withLock { $0 = true }
    while !worker.isFinished { sched_yield() }
    #expect(failure.withLock { $0 } == nil)
    #expect(snapshots == snapshots.sorted())
    try pair.close()
  }

  @Test func `Between two steps of a copy the worker commits, and the copy holds that`() throws {
    let directory = try TemporaryDirectory()
    let pair = try OpenPair(directory.file())
    for _ in 0..<40 { try pair.advance() }
    let target = directory.file("copy.sqlite")
    let commits = Mutex(0)
    var pace = CopyPace(stepBytes: 4096)
    pace.isWanted = {
      let count = commits.withLock { count in
        count += 1
        return count
      }
      if count <= 20 { _ = try? pair.advance() }
      return true
    }
    try pair.results.connection.copy(to: target, pace)
    #expect(commits.withLock { $0 } > 10, "it was copied in one go")
    let report = try ResultsDigest.verify(path: target)
    #expect(report.isSound && report.snapshotID == 40 + min(20, Int64(commits.withLock { $0 })))
    #expect(report.recomputed == (try pair.results.resultDigest))
    #expect(!FileManager.default.fileExists(atPath: target + "-wal"))
    try pair.close()
  }

  @Test func `People who write to the file all the time do not keep a copy from ending`() throws {
    let directory = try TemporaryDirectory()
    let pair = try OpenPair(directory.file())
    for _ in 0..<40 { try pair.advance() }
    let steps = Mutex(0)
    var pace = CopyPace(stepBytes: 4096)
    pace.isWanted = {
      let step = steps.withLock { step in
        step += 1
        return step
      }
      try? execute("INSERT INTO run_manifest VALUES ('note\(step)', 'x')", on: pair.path)
      return step < 1000
    }
    try pair.results.connection.copy(to: directory.file("copy.sqlite"), pace)
    #expect(steps.withLock { $0 } <= CopyPace.restartsMax + 2)
    #expect(try ResultsDigest.verify(path: directory.file("copy.sqlite")).isSound)
    try pair.close()
  }

  @Test func `Old copies go when a new one is complete, the newest never does`() throws {
    let directory = try TemporaryDirectory()
    let pair = try OpenPair(directory.file())
    try pair.advance()
    let folder = directory.file("backups")
    func taken(_ kind: BackupManifest.Kind) -> [Int64] {
      BackupSet.all(in: folder, kind: kind).map { $0.manifest.takenWallMs - 1_767_225_600_000 }
    }
    for hour in 0..<5 as Range<Int64> {
      var maker = maker(directory, at: hour * 3_600_000)
      maker.keep = .newest(2)
      _ = try maker.make(of: pair.results, pair.state)
      maker.kind = .archive
      maker.keep = .within(ms: 2 * 3_600_000)
      _ = try maker.make(of: pair.results, pair.state)
    }
    #expect(taken(.backup) == [4, 3].map { $0 * 3_600_000 })
    #expect(taken(.archive) == [4, 3, 2].map { $0 * 3_600_000 })
    let newest = try #require(BackupSet.all(in: folder, kind: .archive).first)
    #expect(newest.path == folder + "/shop-archive-20260101T040000Z" && newest.statePath == nil)

    // One that fails takes none away, and leaves nothing.
    var failing = maker(directory, at: 9 * 3_600_000)
    failing.keep = .newest(1)
    failing.freeBytes = { _ in 1000 }
    let error = expectError(.diskFull) { try failing.make(of: pair.results, pair.state) }
    #expect(error?.what.contains("1000 bytes are free") == true)
    failing.freeBytes = { _ in nil }
    failing.isWanted = { false }
    expectError(.io) { try failing.make(of: pair.results, pair.state) }
    #expect(taken(.backup) == [4, 3].map { $0 * 3_600_000 })
    var late = maker(directory, .archive, at: 900 * 3_600_000)
    late.keep = .within(ms: 1)
    _ = try late.make(of: pair.results, pair.state)
    #expect(taken(.archive) == [900 * 3_600_000])
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: folder).sorted() == [
        "shop-20260101T030000Z", "shop-20260101T040000Z", "shop-archive-20260207T120000Z",
      ])
    try pair.close()
  }

  @Test func `What a kill left of a copy is no copy, and the next one removes it`() throws {
    let directory = try TemporaryDirectory()
    let pair = try OpenPair(directory.file())
    try pair.advance()
    let unfinished = directory.file("backups") + "/.shop-backup.unfinished"
    try FileManager.default.createDirectory(atPath: unfinished, withIntermediateDirectories: true)
    try "half".write(toFile: unfinished + "/shop.sqlite", atomically: false, encoding: .utf8)
    #expect(BackupSet.all(in: directory.file("backups")).isEmpty)
    let made = try maker(directory).make(of: pair.results, pair.state)
    #expect(made.problems().isEmpty)
    #expect(BackupSet.all(in: directory.file("backups")) == [made])
    #expect(!FileManager.default.fileExists(atPath: unfinished))
    // Two within a second have names of their own.
    let second = try maker(directory).make(of: pair.results, pair.state)
    #expect(second.path == made.path + "-2")
    try pair.close()
  }

  @Test(.enabled(if: TemporaryMount.isPossible, "needs the right to mount"))
  func `A full device of the copies fails the copy, not the worker`() throws {
    let directory = try TemporaryDirectory()
    let mount = try TemporaryMount(bytes: 128 << 10)
    let pair = try OpenPair(directory.file())
    for _ in 0..<30 { try pair.advance() }
    var maker = BackupMaker(.backup, into: mount.path) { WallTime(ms: 0) }
    maker.freeBytes = { _ in nil }
    expectError(.diskFull) { try maker.make(of: pair.results, pair.state) }
    #expect(try FileManager.default.contentsOfDirectory(atPath: mount.path).isEmpty)
    try pair.advance()
    try pair.close()
    try checkPair(pair.path)
  }

  @Test func `A directory that cannot be made, and results without state, are refused`() throws {
    let directory = try TemporaryDirectory()
    let file = try ResultsFile.open(path: directory.file(), identity: shop)
    _ = try file.commit(change([metric()], next: 1), durable: true)
    try file.close()
    var nowhere = maker(directory, .archive)
    nowhere.directory = directory.file("no/where")
    let error = expectError(.io) { try nowhere.make(ofFileAt: directory.file()) }
    #expect(error?.whatToDo.contains("mkdir -p") == true)
    expectError(.io) { try maker(directory).make(ofFileAt: directory.file()) }
    let archive = try maker(directory, .archive).make(ofFileAt: directory.file())
    #expect(try ResultsReader.open(path: archive.resultsPath).metrics() == [metric()])
    expectError(.io) {
      try Restoration(from: archive.path, into: directory.file("b.sqlite"))
        .apply(now: WallTime(ms: 0))
    }
  }
}
