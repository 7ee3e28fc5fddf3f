import Foundation
import SnapshotStore
import StreamCore
import StreamTestKit
import Testing

/// Rows that `keep` removes are missed by nobody: rules and KPIs, restarts, replays, adoption.
@Suite(.serialized) struct KeepCommandTests {
  @Test func `With and without keep all results are the same, also replayed, adopted, restored`()
    async throws
  {
    let folder = try TemporaryFolder()
    let broker = try TestBroker()
    let topic = try broker.topic(2)
    let environment = ["WEIR_BROKERS": broker.brokers, "WEIR_TOPIC": topic]
    let text = KillPipeline.text(keyed: true) + "\nmin_free: 1MiB\n"
    let all = try folder.write(text, to: "all.yaml")
    let some = try folder.write(
      text + "keep: {1m: 20m, 1h: 1h, 1d: forever}\n", to: "some.yaml")
    let logs = KillPipeline.history(seed: 7, events: 12_000).partitioned(2)
      .map { $0.map { (payload: $0.payload, timestampMs: $0.recordMs) } }
    func run(_ pipeline: String, _ data: String, _ more: [String] = []) async throws {
      let outcome = try await Command.run(
        ["run", pipeline, "--until-end", "--accept-empty", "--quiet", "--data", data] + more,
        environment: environment)
      #expect(outcome.code == 0, "\(outcome)")
    }
    let (data, whole, new) = (
      folder.file("some.sqlite"), folder.file("all.sqlite"), folder.file("new.sqlite")
    )
    // In parts, so that rows age between snapshots and over restarts.
    for part in 0..<4 {
      try broker.produce(
        logs.map { Array($0[($0.count * part / 4)..<($0.count * (part + 1) / 4)]) }, to: topic)
      try await run(some, data)
    }
    try await run(all, whole)
    let removed = try ResultsDigest.verify(path: data).tables.filter { $0.prunedRows > 0 }
    #expect(removed.map(\.table).contains("metrics") && removed.count > 1, "\(removed)")
    func compare(_ path: String) async throws {
      let (found, expected) = (try Findings(path), try Findings(whole))
      #expect(found.isSound && found.digest == expected.digest, "\(path)")
      let diff = try await Command.run(["diff", path, whole])
      #expect(diff.code == 0 && diff.output.isEmpty, "\(diff)")
    }
    try await compare(data)

    let replay = try await Command.run(
      ["replay", some, "--into", new, "--like", data], environment: environment)
    #expect(replay.code == 0, "\(replay)")
    try await compare(new)
    let adopted = try await Command.run(["adopt", data, "--into", new, "--by", "ann"])
    #expect(adopted.code == 0, "\(adopted)")
    let backup = try await Command.run(["backup", data, "--into", folder.file("backups")])
    #expect(backup.code == 0, "\(backup)")
    let restored = folder.file("restored.sqlite")
    let restore = try await Command.run(["restore", folder.file("backups"), "--into", restored])
    #expect(restore.code == 0, "\(restore)")

    // The last windows close, and with them more goes.
    try await run(all, whole, ["--close"])
    for path in [data, new, restored] {
      try await run(some, path, ["--close"])
      try await compare(path)
    }
  }
}
