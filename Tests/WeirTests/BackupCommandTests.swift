import Foundation
import SnapshotStore
import StreamCore
import StreamTestKit
import Testing

/// Backups by hand that are killed, and restorations that come too early.
@Suite(.serialized) struct BackupCommandTests {
  private func unfinished(_ folder: String) -> [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [])
      .filter { $0.hasSuffix(".unfinished") }
  }

  @Test func `A backup that is killed halfway leaves nothing that a restoration takes for whole`()
    async throws
  {
    try await withSeed(5) { _, generator in
      let rig = try UpgradeRig(seed: generator.next(), events: 3_000)
      try rig.produce(0..<1)
      var outcome = try await rig.run(KillPipeline.text(keyed: true), "live.sqlite")
      try #require(outcome.code == 0, "\(outcome)")
      let (live, backups) = (rig.folder.file("live.sqlite"), rig.folder.file("backups"))
      var (kills, halves) = (0, 0)
      // Each is killed some time after it has begun to write, until there were halves enough.
      let deadline = ContinuousClock.now + Patience.duration
      while halves < 5, ContinuousClock.now < deadline {
        let process = try RunningCommand(["backup", live, "--into", backups])
        var code: Int32?
        while code == nil && unfinished(backups).isEmpty { code = await process.ended(withinMs: 1) }
        if code == nil { code = await process.ended(withinMs: Int(generator.below(40))) }
        process.send(SIGKILL)
        code = try await process.mustEnd()
        kills += code == -SIGKILL ? 1 : 0
        halves += unfinished(backups).count
        // Whatever has a name is whole.
        for set in BackupSet.all(in: backups) { #expect(set.problems().isEmpty) }
        if BackupSet.all(in: backups).isEmpty {
          outcome = try await Command.run(
            ["restore", backups, "--into", rig.folder.file("none.sqlite")])
          #expect(outcome.code != 0 && outcome.errors.contains("there is no backup in it"))
        }
        for name in (try? FileManager.default.contentsOfDirectory(atPath: backups)) ?? [] {
          if halves < 5 { try FileManager.default.removeItem(atPath: "\(backups)/\(name)") }
        }
      }
      print("\(kills) kills, \(halves) halves")
      #expect(halves >= 5)
      outcome = try await Command.run(["backup", live, "--into", backups])
      #expect(outcome.code == 0, "\(outcome)")
      #expect(unfinished(backups).isEmpty)
      outcome = try await Command.run(["restore", backups, "--into", rig.folder.file("new.sqlite")])
      #expect(outcome.code == 0, "\(outcome)")
      #expect(
        try ResultsDigest.verify(path: rig.folder.file("new.sqlite")).stored
          == ResultsDigest.verify(path: live).stored)
    }
  }

  @Test func `The files of a worker that runs are not restored over, whatever is asked for`()
    async throws
  {
    let rig = try UpgradeRig(seed: 6, events: 600)
    let live = rig.folder.file("live.sqlite")
    let text = KillPipeline.text(keyed: true)
    try rig.produce(0..<0.5)
    let process = try rig.start(text, "live.sqlite")
    let half = rig.count(upTo: 0.5)
    try await process.wait { Findings.read(live) ?? 0 >= half }
    let backups = rig.folder.file("backups")
    var outcome = try await Command.run(["backup", live, "--into", backups])
    #expect(outcome.code == 0, "\(outcome)")
    try rig.produce(0.5..<1)
    try await process.wait { Findings.read(live) ?? 0 >= rig.count(upTo: 1) }
    for more in [[], ["--replace"]] {
      outcome = try await Command.run(["restore", backups, "--into", live] + more)
      #expect(outcome.code == 3)
      #expect(outcome.errors.contains("process \(process.id) "), "\(outcome)")
    }
    // It goes on as if nothing had been asked.
    process.send(SIGTERM)
    #expect(try await process.mustEnd() == 0, "\(process.text)")
    let names = try FileManager.default.contentsOfDirectory(atPath: rig.folder.path)
    #expect(!names.contains { $0.contains("restor") }, "\(names)")
    #expect(Findings.read(live) == rig.count(upTo: 1))
    #expect(try ResultsDigest.verify(path: live).isSound)
  }
}
