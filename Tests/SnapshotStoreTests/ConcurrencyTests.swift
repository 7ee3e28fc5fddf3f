import Foundation
import GRDB
import StreamCore
import Testing

@testable import SnapshotStore

@Suite struct ConcurrencyTests {
  @Test func `Readers see whole snapshots, in order, while the worker writes`() throws {
    let directory = try TemporaryDirectory()
    let path = directory.file()
    var options = StoreOptions()
    options.walAutocheckpointPages = 16
    let file = try ResultsFile.open(path: path, identity: shop, options: options)
    let commits: Int64 = 150
    let write: @Sendable (Int64) throws -> Void = { id in
      let rows = (0..<50).map { metric(at: Int64($0), value: Double(id), .provisional) }
      _ = try file.commit(change(rows, next: id), durable: false)
    }
    try write(1)
    let failures = Failures()
    DispatchQueue.concurrentPerform(iterations: 4) { thread in
      failures.catching {
        if thread == 0 {
          for id in 2...commits { try write(id) }
          return
        }
        let reader = try ResultsReader.open(path: path)
        var last = 0.0
        while last < Double(commits), failures.isEmpty {
          let rows = try reader.metrics()
          let values = Set(rows.map(\.value))
          guard rows.count == 50, values.count == 1, let value = values.first, value >= last else {
            throw StoreError(
              kind: .io, path: path, what: "mixed: \(values) after \(last)", whatToDo: "")
          }
          last = value
        }
        reader.close()
      }
    }
    #expect(failures.all.isEmpty)
    try file.close()
  }

  @Test func `A reader that stays lets the worker write until max_wal, which names it`() throws {
    let directory = try TemporaryDirectory()
    let path = directory.file()
    var options = StoreOptions(maxWalBytes: 400_000)
    options.walAutocheckpointPages = 8
    let file = try ResultsFile.open(path: path, identity: shop, options: options)
    _ = try file.commit(change(next: 1), durable: false)
    let commit = { (id: Int64) throws in
      let rows = (0..<100).map { metric("m\(id)", at: Int64($0)) }
      return try file.commit(change(rows, next: id), durable: false)
    }
    let queue = try DatabaseQueue(path: path)
    var last: Int64 = 1
    let error = try queue.inDatabase { db -> StoreError? in
      try db.execute(sql: "BEGIN")
      _ = try Int.fetchOne(db, sql: "SELECT count(*) FROM metrics")
      defer { try? db.execute(sql: "COMMIT") }
      while last < 1000 {
        do { last = try commit(last + 1) } catch let error as StoreError { return error }
      }
      return nil
    }
    #expect(error?.kind == .walTooLarge)
    #expect(error?.what.contains("process \(getpid()) (") == true, "\(error?.what ?? "")")
    #expect(last > 3)
    // The reader is gone: the same commit goes through and the log is small again.
    #expect(try commit(last + 1) == last + 1)
    #expect(try #require(FileSystem.size(of: path + "-wal")) < 400_000)
    try queue.close()
    try file.close()
    #expect(try ResultsDigest.verify(path: path).isSound)
  }

  @Test func `Processes that hold a file open are found by name`() throws {
    let directory = try TemporaryDirectory()
    let path = directory.file()
    try Data("x".utf8).write(to: URL(fileURLWithPath: path))
    #expect(OpenFile.others(holding: path).isEmpty)
    let process = Process()
    let (input, output) = (Pipe(), Pipe())
    process.executableURL = URL(fileURLWithPath: "/bin/sh")
    process.arguments = ["-c", "exec 9<\"$0\"; echo open; exec cat", path]
    process.standardInput = input
    process.standardOutput = output
    try process.run()
    _ = output.fileHandleForReading.availableData
    let found = OpenFile.others(holding: path)
    #expect(found.map(\.pid) == [process.processIdentifier])
    #expect(OpenFile.list(found).hasPrefix("process \(process.processIdentifier) ("))
    try input.fileHandleForWriting.close()
    process.waitUntilExit()
  }
}

/// Errors of several threads.
final class Failures: @unchecked Sendable {
  private let lock = NSLock()
  private var found: [any Error] = []

  var all: [any Error] { lock.withLock { found } }
  var isEmpty: Bool { all.isEmpty }

  func catching(_ body: () throws -> Void) {
    do { try body() } catch { lock.withLock { found.append(error) } }
  }
}
