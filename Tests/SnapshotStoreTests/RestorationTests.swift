import Foundation
import StreamCore
import Testing

@testable import SnapshotStore

@Suite struct RestorationTests {
  private let directory: TemporaryDirectory
  private let pair: OpenPair
  private var folder: String { directory.file("backups") }
  private var target: String { directory.file("new.sqlite") }

  init() throws {
    directory = try TemporaryDirectory()
    pair = try OpenPair(directory.file())
    for number in 1...3 as ClosedRange<Int64> {
      try pair.advance()
      _ = try BackupMaker(.backup, into: folder) { WallTime(ms: number * 1_000_000) }
        .make(of: pair.results, pair.state)
    }
  }

  /// The three backups, oldest first.
  private var sets: [BackupSet] { BackupSet.all(in: folder).reversed() }

  private func restore(
    _ change: (inout Restoration) -> Void = { _ in }
  ) throws -> Restoration.Report {
    var restoration = Restoration(from: folder, into: target)
    change(&restoration)
    return try restoration.apply(now: WallTime(ms: 9_000_000))
  }

  @Test func `The newest is taken, or the newest as of a time`() throws {
    let report = try restore()
    #expect(report.backup == sets[2] && report.skipped.isEmpty && report.setAside == nil)
    #expect(try checkPair(target) == 3)
    #expect(try ResultsDigest.verify(path: target).recomputed == sets[2].manifest.resultDigest)
    let older = try restore {
      $0.target = directory.file("older.sqlite")
      $0.asOf = WallTime(ms: 2_999_999)
    }
    #expect(older.backup == sets[1])
    let error = expectError(.io) {
      try restore {
        $0.target = directory.file("none.sqlite")
        $0.asOf = WallTime(ms: 999_999)
      }
    }
    #expect(error?.what.contains("so old") == true)
    #expect(!FileManager.default.fileExists(atPath: directory.file("none.sqlite")))
    try pair.close()
  }

  @Test func `A damaged one is passed over and said, in any of its files`() throws {
    let sets = sets
    try overwrite(sets[2].resultsPath, at: 5000, with: [1, 2, 3])
    let statePath = try #require(sets[1].statePath)
    try truncate(statePath, to: 8192)
    let report = try restore()
    #expect(report.backup == sets[0] && report.skipped.map(\.path) == [sets[2].path, sets[1].path])
    #expect(report.skipped.allSatisfy { $0.problem.contains("SHA-256") })
    #expect(try checkPair(target) == 1)
    expectError(.damaged) {
      try restore {
        $0.source = sets[2].path
        $0.target = directory.file("b.sqlite")
      }
    }
    try FileManager.default.removeItem(atPath: sets[0].resultsPath)
    let error = expectError(.damaged) { try restore { $0.target = directory.file("b.sqlite") } }
    #expect(error?.whatToDo.contains("weir replay") == true)
    #expect(!FileManager.default.fileExists(atPath: directory.file("b.sqlite")))
    try pair.close()
  }

  @Test func `Files in the way are refused, or renamed so that they still belong together`() throws
  {
    let before = sets[2]
    try pair.advance()
    expectError(.locked) { try restore { $0.target = pair.path } }
    try pair.close()
    let error = expectError(.io) { try restore { $0.target = pair.path } }
    #expect(error?.whatToDo.contains("--replace") == true)
    #expect(try checkPair(pair.path) == 4)
    let report = try restore {
      $0.target = pair.path
      $0.replaces = true
    }
    #expect(report.backup == before)
    #expect(try checkPair(pair.path) == 3)
    #expect(try checkPair(try #require(report.setAside)) == 4)
  }

  @Test func `What was to be sent is withheld, health is judged anew, and the file says why`()
    throws
  {
    try pair.advance {
      $0.messages = [
        message("told", .delivered), message("waits", event: "resolved"),
        message("silent", .suppressedSilenced),
      ]
      $0.messages[0].state = .pending
      $0.rows.alerts = [alert(), alert("h1", rule: "health.lag", kind: .health)]
    }
    try pair.results.noteDelivery([
      DeliveryNote(messageID: "told", outcome: .delivered(WallTime(ms: 5)))
    ])
    let made = try BackupMaker(.backup, into: folder) { WallTime(ms: 4_000_000) }
      .make(of: pair.results, pair.state)
    let report = try restore { $0.lost = WallTime(ms: 8_000_000) }
    #expect(report.withheld == 1 && report.lost.ms == 8_000_000)
    let reader = try ResultsReader.open(path: target)
    let states = try reader.outbox().map { "\($0.message.messageID) \($0.message.state.rawValue)" }
    #expect(
      states.sorted() == [
        "silent suppressed:silenced", "told delivered", "waits suppressed:stale",
      ])
    let file = try ResultsFile.open(path: target, identity: shop)
    #expect(try file.firingAlerts().map(\.alertID) == ["a1"])
    try file.close()
    let manifest = try reader.manifest()
    #expect(manifest[ManifestKey.restoredFrom]?.hasSuffix(made.path) == true)
    #expect(manifest[ManifestKey.restoredWallMs] == "9000000")
    #expect(manifest[ManifestKey.restoredTakenWallMs] == "4000000")
    #expect(manifest[ManifestKey.restoredLostWallMs] == "8000000")
    #expect(manifest["result_digest"] == made.manifest.resultDigest)
    // The backup itself is as it was.
    #expect(made.problems().isEmpty)
    try pair.close()
  }

  @Test func `A file that a worker made on the lost disk and refused to begin is in nobody's way`()
    throws
  {
    try pair.close()
    let report = try restore()
    #expect(report.setAside == nil)
    let empty = directory.file("empty.sqlite")
    try ResultsFile.open(path: empty, identity: shop).close()
    try StateFile.open(path: StateFile.path(besides: empty), identity: shop).close()
    #expect(try restore { $0.target = empty }.setAside == nil)
    #expect(try checkPair(empty) == 3)
    // One with a snapshot is somebody's, though it has no state.
    let begun = directory.file("begun.sqlite")
    let file = try ResultsFile.open(path: begun, identity: shop)
    _ = try file.commit(change(), durable: true)
    try file.close()
    expectError(.io) { try restore { $0.target = begun } }
    try "what is this".write(toFile: empty + "2", atomically: false, encoding: .utf8)
    expectError(.io) { try restore { $0.target = empty + "2" } }
  }

  @Test func `What an interrupted restoration left is in nobody's way`() throws {
    for suffix in ["", "-state"] {
      try "half".write(
        toFile: target + ".restoring" + suffix, atomically: false, encoding: .utf8)
    }
    _ = try restore()
    #expect(try checkPair(target) == 3)
    let names = try FileManager.default.contentsOfDirectory(atPath: directory.path)
    #expect(!names.contains { $0.contains("restoring") })
    try pair.close()
  }
}
