import Dispatch
import StreamCore
import StreamTestKit
import Synchronization
import Testing

@testable import SnapshotStore

@Suite struct ReaderPoolTests {
  /// A file with more windows than a query can go through in a millisecond.
  private func makeFile(_ path: String, windows: Int64 = 10) throws -> ResultsFile {
    let file = try ResultsFile.open(path: path, identity: shop)
    _ = try file.commit(
      change((0..<windows).map { metric(at: $0) }, next: 1), durable: false)
    return file
  }

  @Test func `A query that takes too long is ended, and the reader goes on`() throws {
    let directory = try TemporaryDirectory()
    let file = try makeFile(directory.file(), windows: 50_000)
    let pool = try ReaderPool(path: directory.file(), readers: 1, queryLimitMs: 1)
    defer { pool.close() }
    let error = expectError(.timedOut) {
      try pool.withReader {
        // Every row is taken apart, and none fits.
        try $0.metrics(MetricQuery(dimensions: ["none": "x"], limit: .max))
      }
    }
    #expect(error?.what.contains("took too long") == true)
    #expect(try pool.withReader { try $0.metrics(MetricQuery(limit: 3)).count } == 3)
    try file.close()
  }

  @Test func `So many queries run at a time, and who finds no reader in time is told`() throws {
    let directory = try TemporaryDirectory()
    let file = try makeFile(directory.file())
    let pool = try ReaderPool(path: directory.file(), readers: 2, waitMs: 0)
    defer { pool.close() }
    let counts = try pool.withReader { first in
      try pool.withReader { second in
        #expect(first !== second)
        let error = expectError(.timedOut) { try pool.withReader { _ in 0 } }
        #expect(error?.what.contains("2 queries") == true)
        return [try first.metrics().count, try second.metrics().count]
      }
    }
    #expect(counts == [10, 10])
    #expect(try pool.withReader { try $0.metrics().count } == 10)
    #expect(throws: StoreError.self) {
      try pool.withReader { _ in
        throw StoreError(kind: .io, path: "", what: "x", whatToDo: "y")
      }
    }
    #expect(try pool.withReader { try $0.metrics().count } == 10)
    try file.close()
  }

  @Test func `Many threads share a few readers while the file grows`() throws {
    let directory = try TemporaryDirectory()
    let file = try makeFile(directory.file())
    let pool = try ReaderPool(path: directory.file(), readers: 3, waitMs: Int64(Patience.ms))
    defer { pool.close() }
    let busy = Atomic<Int>(0)
    let most = Atomic<Int>(0)
    let failures = Mutex<[String]>([])
    DispatchQueue.concurrentPerform(iterations: 40) { round in
      do {
        if round % 8 == 0 {
          _ = try file.commit(change([metric(at: Int64(100 + round))], next: 1), durable: false)
        }
        try pool.withReader { reader in
          let now = busy.add(1, ordering: .relaxed).newValue
          most.max(now, ordering: .relaxed)
          defer { busy.subtract(1, ordering: .relaxed) }
          guard try reader.metrics().count >= 10 else {
            throw StoreError(kind: .io, path: "", what: "rows are missing", whatToDo: "")
          }
        }
      } catch {
        failures.withLock { $0.append("\(error)") }
      }
    }
    #expect(failures.withLock { $0 } == [])
    #expect(most.load(ordering: .relaxed) <= 3)
    try file.close()
  }

  @Test func `The version of the data changes with every commit and with nothing else`() throws {
    let directory = try TemporaryDirectory()
    let file = try makeFile(directory.file())
    let pool = try ReaderPool(path: directory.file(), readers: 1)
    defer { pool.close() }
    let first = try pool.dataVersion()
    #expect(try pool.dataVersion() == first)
    _ = try pool.withReader { try $0.metrics() }
    #expect(try pool.dataVersion() == first)
    _ = try file.commit(change(next: 2), durable: false)
    let second = try pool.dataVersion()
    #expect(second != first)
    #expect(try pool.dataVersion() == second)
    try file.close()
  }

  @Test func `Sizes and counts are those of the file and its rows`() throws {
    let directory = try TemporaryDirectory()
    let path = directory.file()
    let file = try makeFile(path)
    let rows = rows {
      $0.alerts = [alert("a1"), alert("a2", .resolved), alert("a3"), alert("h", kind: .health)]
      $0.findings = [
        finding("f1"), finding("f2", closed: 5000), finding("f3", status: .withdrawn),
        finding("f4", status: .provisional),
      ]
    }
    _ = try file.commit(
      change(alerts: rows, next: 1) {
        $0.messages = [
          message("m1", decided: 70), message("m2", decided: 60), message("m3", decided: 5, .dead),
        ]
      }, durable: true)
    let reader = try ResultsReader.open(path: path)
    defer { reader.close() }
    let counts = try reader.counts()
    #expect(counts.alerts == [.firing: 3, .resolved: 1])
    #expect(counts.findings == [.final: 2, .withdrawn: 1, .provisional: 1])
    #expect(counts.openFindings == 2 && counts.outbox == [.pending: 2, .dead: 1])
    #expect(counts.oldestPending == WallTime(ms: 60))
    let sizes = reader.fileSizes()
    #expect(sizes.wal > 100_000 && sizes.results > 0 && sizes.state == 0 && sizes.stateWal == 0)
    try file.close()
  }

  @Test func `Samples come without their payloads, snapshots thinned to so many`() throws {
    let directory = try TemporaryDirectory()
    let file = try ResultsFile.open(
      path: directory.file(), identity: shop, options: StoreOptions(snapshotLimit: 90))
    for round in 0..<100 as Range<Int64> {
      var next = change(next: round)
      next.taken = WallTime(ms: 1000 + round * 10)
      if round < 9 {
        next.rejected = [sample(round, reason: round % 3 == 0 ? "no_time" : "no_name")]
      }
      _ = try file.commit(next, durable: false)
    }
    let reader = try ResultsReader.open(path: directory.file())
    defer { reader.close() }
    let page = try reader.samplePage(.rejected, limit: 4)
    #expect(page.rows.map(\.sample.offset) == [8, 7, 6, 5])
    #expect(page.rows.allSatisfy { $0.sample.payload.isEmpty })
    let rest = try reader.samplePage(.rejected, withPayload: true, limit: 9, after: page.next)
    #expect(
      rest.rows.map(\.sample)
        == [4, 3, 2, 1, 0].map {
          sample($0, reason: $0 % 3 == 0 ? "no_time" : "no_name")
        } && rest.next == nil)
    #expect(
      try reader.samplePage(.rejected, reason: "no_time").rows.map(\.sample.offset) == [6, 3, 0])
    #expect(try reader.samplePage(.late).rows.isEmpty)
    func since(_ ms: Int64, _ points: Int) throws -> [Int64] {
      try reader.snapshots(since: WallTime(ms: ms), points: points).map(\.id)
    }
    #expect(try since(1975, 10) == [99, 100])
    #expect(try since(0, 1000) == Array(11...100))
    #expect(try since(1495, 6) == [51, 60, 70, 80, 90, 100])
    #expect(try since(1991, 10) == [])
    #expect(try reader.snapshotPage(limit: 3).rows.map(\.id) == [100, 99, 98])
    try file.close()
  }
}
