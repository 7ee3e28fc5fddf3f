import Foundation
import SnapshotStore
import StreamCore
import StreamTestKit
import Testing

/// A small file system of its own, where this user may mount one.
private final class SmallDisk: Sendable {
  let path: String
  private let folder: TemporaryFolder

  static let isPossible = geteuid() == 0 && (try? SmallDisk(mebibytes: 1)) != nil

  init(mebibytes: Int) throws {
    folder = try TemporaryFolder()
    path = folder.path
    try Self.run("mount", "-t", "tmpfs", "-o", "size=\(mebibytes)m", "tmpfs", path)
  }

  func grow(to mebibytes: Int) throws {
    try Self.run("mount", "-o", "remount,size=\(mebibytes)m", path)
  }

  deinit { try? Self.run("umount", "-l", path) }

  private static func run(_ command: String...) throws {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = command
    process.standardError = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else { throw CocoaError(.featureUnsupported) }
  }
}

@Suite(.serialized) struct LowDiskTests {
  @Test(
    .enabled(if: SmallDisk.isPossible, "needs the right to mount"),
    arguments: [("2MiB", "min_free is 2 MiB"), ("0", "the disk is full")])
  func `A disk that runs full ends the worker cleanly, and with room it comes out the same`(
    minFree: String, says: String
  ) async throws {
    let folder = try TemporaryFolder()
    let disk = try SmallDisk(mebibytes: 5)
    let pipeline = try folder.write(
      KillPipeline.text(keyed: true) + "\nmin_free: \(minFree)\n", to: "kill.yaml")
    let history = KillPipeline.history(seed: 11, events: 25_000)
    let lines = history.partitioned(1)[0].filter { $0.fault != .tooFarAhead }.map {
      String(decoding: $0.payload, as: UTF8.self)
    }
    let input = try folder.write(lines.joined(separator: "\n"), to: "log.jsonl")
    func run(_ data: String) async throws -> Outcome {
      try await Command.run([
        "run", pipeline, "--quiet", "--in-order", "--input", input, "--data", data,
      ])
    }
    let (data, whole) = (disk.path + "/a.sqlite", folder.file("whole.sqlite"))
    let stopped = try await run(data)
    #expect(stopped.code == 3, "\(stopped)")
    #expect(stopped.errors.contains(says), "\(stopped)")
    #expect(stopped.errors.contains("start again"), "\(stopped)")
    let read = Findings.read(data)
    #expect(try Findings(data).isSound && read ?? 0 < Int64(lines.count))
    // As long as there is no room it ends in the same way, and loses nothing.
    let again = try await run(data)
    #expect(again.code == 3, "\(again)")
    #expect(try Findings(data).isSound && Findings.read(data) ?? 0 >= read ?? 0)
    try disk.grow(to: 100)
    #expect(try await run(data).code == 0)
    #expect(try await run(whole).code == 0)
    #expect(try Findings(data) == Findings(whole))
    #expect(try ResultsDigest.diff(data, whole).isEmpty)
  }
}
