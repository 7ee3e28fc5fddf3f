import Foundation
import GRDB
import StreamCore
import Testing

@testable import SnapshotStore

@Suite struct FaultTests {
  /// A closed file of one snapshot with 2,000 final rows.
  private func madeFile(_ directory: TemporaryDirectory) throws -> String {
    let path = directory.file()
    let file = try ResultsFile.open(path: path, identity: shop)
    let rows = (0..<2000).map { metric(at: Int64($0), value: Double($0)) }
    _ = try file.commit(change(rows, next: 2000), durable: false)
    try file.close()
    return path
  }

  @Test(arguments: [
    "no SQLite file, but a letter to somebody", String(repeating: "x", count: 9999),
  ])
  func `A file that is no database is damaged, and stays as it is`(text: String) throws {
    let directory = try TemporaryDirectory()
    let path = directory.file()
    try text.write(toFile: path, atomically: false, encoding: .utf8)
    expectError(.damaged) { try ResultsFile.open(path: path, identity: shop) }
    expectError(.damaged) { try ResultsReader.open(path: path) }
    expectError(.damaged) { try ResultsDigest.verify(path: path) }
    expectError(.damaged) { try StateFile.open(path: path, identity: shop) }
    #expect(try String(contentsOfFile: path, encoding: .utf8) == text)
  }

  @Test func `A file cut short is damaged`() throws {
    let directory = try TemporaryDirectory()
    let path = try madeFile(directory)
    try truncate(path, to: 20_000)
    expectError(.damaged) { try ResultsFile.open(path: path, identity: shop) }
    expectError(.damaged) { try ResultsDigest.verify(path: path) }
  }

  @Test func `Overwritten pages are found on opening, and by verify where opening does not look`()
    throws
  {
    let directory = try TemporaryDirectory()
    let path = try madeFile(directory)
    let bytes = try #require(FileSystem.size(of: path))
    for page in (bytes / 4096 / 2)..<(bytes / 4096) {
      try overwrite(path, at: UInt64(page * 4096), with: [UInt8](repeating: 0xA5, count: 600))
    }
    let error = expectError(.damaged) { try ResultsFile.open(path: path, identity: shop) }
    #expect(error?.whatToDo.contains("backup") == true)
    do {
      #expect(try !ResultsDigest.verify(path: path).isSound)
    } catch let error {
      #expect(error.kind == .damaged)
    }
  }

  @Test func `A database of somebody else is foreign`() throws {
    let directory = try TemporaryDirectory()
    try execute("CREATE TABLE notes (text)", on: directory.file())
    expectError(.foreign) { try ResultsFile.open(path: directory.file(), identity: shop) }
    expectError(.foreign) { try ResultsReader.open(path: directory.file()) }
    try StateFile.open(path: directory.file("x-state"), identity: shop).close()
    expectError(.foreign) { try ResultsFile.open(path: directory.file("x-state"), identity: shop) }
  }

  @Test func `A file of another pipeline, or of another definition, is told apart`() throws {
    let directory = try TemporaryDirectory()
    let path = try madeFile(directory)
    try StateFile.open(path: path + "-state", identity: shop).close()
    let other = PipelineIdentity(
      name: "growth", definition: shop.definition, tzdataVersion: "2025b", weirVersion: "1.0")
    var changed = PipelineIdentity(
      name: "shop", definition: "every: 1m\nlateness: 2m", tzdataVersion: "2025b",
      weirVersion: "1.0")
    let error = expectError(.otherPipeline) { try ResultsFile.open(path: path, identity: other) }
    #expect(error?.what.contains("'shop'") == true && error?.what.contains("'growth'") == true)
    let change = expectError(.otherDefinition) {
      try ResultsFile.open(path: path, identity: changed)
    }
    #expect(change?.what.contains("'lateness: 1m' to 'lateness: 2m' in line 2") == true)
    #expect(change?.whatToDo.contains("weir replay --into") == true)
    expectError(.otherPipeline) { try StateFile.open(path: path + "-state", identity: other) }
    expectError(.otherDefinition) { try StateFile.open(path: path + "-state", identity: changed) }
    changed = shop
    changed.weirVersion = "2.0"
    let file = try ResultsFile.open(path: path, identity: changed)
    #expect(file.resume?.manifest["weir_version"] == "2.0")
    try file.close()
  }

  @Test func `A directory that is not there, and a path that is one`() throws {
    let directory = try TemporaryDirectory()
    let error = expectError(.io) {
      try ResultsFile.open(path: directory.path + "/none/shop.sqlite", identity: shop)
    }
    #expect(error?.whatToDo.contains("mkdir -p") == true)
    expectError(.io) { try ResultsFile.open(path: directory.path, identity: shop) }
    expectError(.io) { try ResultsReader.open(path: directory.file()) }
    #expect(!FileManager.default.fileExists(atPath: directory.file()))
  }

  @Test func `A second worker is refused with the first one's process id`() throws {
    let directory = try TemporaryDirectory()
    let path = directory.file()
    let first = try ResultsFile.open(path: path, identity: shop)
    let state = try StateFile.open(path: path + "-state", identity: shop)
    let error = expectError(.locked) { try ResultsFile.open(path: path, identity: shop) }
    #expect(error?.what.contains("process \(getpid()) ") == true)
    expectError(.locked) {
      try StateFile.open(
        path: path + "-state", identity: shop, options: StoreOptions(busyTimeoutMs: 1))
    }
    try first.close()
    try state.close()
    try ResultsFile.open(path: path, identity: shop).close()
    try StateFile.open(path: path + "-state", identity: shop).close()
  }

  @Test func `The lock ends with the process that holds it, however it ends`() throws {
    let directory = try TemporaryDirectory()
    let path = directory.file()
    let holder = Process()
    let (input, output) = (Pipe(), Pipe())
    holder.executableURL = URL(fileURLWithPath: "/usr/bin/flock")
    holder.arguments = ["-F", path + ".lock", "sh", "-c", "echo held; exec cat"]
    holder.standardInput = input
    holder.standardOutput = output
    try holder.run()
    #expect(output.fileHandleForReading.availableData == Data("held\n".utf8))
    expectError(.locked) { try ResultsFile.open(path: path, identity: shop) }
    kill(holder.processIdentifier, SIGKILL)
    holder.waitUntilExit()
    try ResultsFile.open(path: path, identity: shop).close()
  }

  private func fill(_ path: String, _ options: StoreOptions = StoreOptions()) throws {
    let file = try ResultsFile.open(path: path, identity: shop, options: options)
    var (committed, digest): (Int64, String) = (0, try file.resultDigest)
    var error: StoreError?
    while error == nil, committed < 1000 {
      do {
        let rows = (0..<200).map { metric("m\(committed)", at: Int64($0)) }
        _ = try file.commit(change(rows, next: committed + 1), durable: true)
        committed += 1
        digest = try file.resultDigest
      } catch let found { error = found }
    }
    #expect(error?.kind == .diskFull && committed > 0, "\(error.map(String.init) ?? "no error")")
    // The file is as after the last good snapshot: now, and to whoever opens it next.
    let reader = try ResultsReader.open(path: path)
    #expect(try reader.snapshots(limit: 1).first?.id == committed)
    #expect(try reader.partitions() == [partition(0, next: committed)])
    reader.close()
    #expect(try file.resultDigest == digest)
    try file.close()
    let report = try ResultsDigest.verify(path: path)
    #expect(report.isSound && report.recomputed == digest)
  }

  @Test func `A file that may not grow is a full disk, and keeps its last snapshot`() throws {
    let directory = try TemporaryDirectory()
    var options = StoreOptions()
    options.maxPages = 80
    try fill(directory.file(), options)
  }

  @Test(.enabled(if: TemporaryMount.isPossible, "needs the right to mount"))
  func `A full disk keeps its last snapshot`() throws {
    let mount = try TemporaryMount(bytes: 2 << 20)
    try fill(mount.path + "/shop.sqlite")
  }

  @Test(.enabled(if: TemporaryMount.isPossible, "needs the right to mount"))
  func `A read-only device is refused for writing and good for reading`() throws {
    let mount = try TemporaryMount(bytes: 4 << 20)
    let path = mount.path + "/shop.sqlite"
    let file = try ResultsFile.open(path: path, identity: shop)
    _ = try file.commit(change([metric()]), durable: false)
    try file.close()
    try mount.makeReadOnly()
    expectError(.readOnly) { try ResultsFile.open(path: path, identity: shop) }
    expectError(.readOnly) { try StateFile.open(path: path + "-state", identity: shop) }
    expectError(.readOnly) {
      try ResultsFile.open(path: mount.path + "/new.sqlite", identity: shop)
    }
    #expect(try ResultsReader.open(path: path).metrics() == [metric()])
    #expect(try ResultsDigest.verify(path: path).isSound)
  }

  @Test(.enabled(if: geteuid() != 0, "root may write everywhere"))
  func `A read-only file and a read-only directory are refused`() throws {
    let directory = try TemporaryDirectory()
    let path = try madeFile(directory)
    chmod(path, 0o444)
    expectError(.readOnly) { try ResultsFile.open(path: path, identity: shop) }
    chmod(path, 0o644)
    chmod(directory.path, 0o555)
    defer { chmod(directory.path, 0o755) }
    expectError(.readOnly) { try ResultsFile.open(path: path, identity: shop) }
  }
}
