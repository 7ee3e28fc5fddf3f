import Foundation
import SnapshotStore
import StreamCore
import StreamTestKit
import Testing

/// The real program loses its disk and goes on from a backup, by the commands of the document.
@Suite(.serialized) struct LostDiskTests {
  private static let minuteMs: Int64 = 60_000

  private static func pipeline(_ backups: String) -> String {
    """
    name: shop
    zone: UTC
    source:
      kafka: {brokers: "${WEIR_BROKERS}", topic: "${WEIR_TOPIC}"}
      format: custom
      fields: {name: event, user: user_id, time: timestamp}
    time: {lateness: 0s, idle_after: 1h}
    snapshot_every: 100ms
    state_every: 100ms
    min_free: 1MiB
    backup: {every: 1h, dir: "\(backups)", keep: 9}
    metrics:
      errors: {count: true, where: 'event == "error"', every: 1m, by: [shop]}
      users:  {distinct: user, every: 1m}
    retention:
      daily: {unit: day, periods: 2}
    alerts:
      trouble: {watch: errors, when: value >= 3, notify: [ops]}
    notify_within: 400d
    notify:
      ops: {webhook: "${WEIR_TEST_HOOK}"}
    """
  }

  /// Three errors in each of the `minutes` for each of the shops, and what closes the last of them.
  private struct Story {
    var startMs: Int64
    var records: [(payload: [UInt8], timestampMs: Int64)] = []

    mutating func add(_ minutes: ClosedRange<Int64>, _ shops: (Int64) -> [String]) {
      for minute in minutes {
        let ms = startMs + minute * minuteMs
        for shop in shops(minute) {
          for user in 0..<3 { record(ms, #""error","user_id":"\#(user)","shop":"\#(shop)""#) }
        }
        record(ms, #""home","user_id":"\#(minute % 7)","shop":"-""#)
      }
    }

    private mutating func record(_ ms: Int64, _ fields: String) {
      records.append((Array(#"{"timestamp":\#(ms),"event":\#(fields)}"#.utf8), ms))
    }
  }

  /// The commands of a section of the document, with other paths in the place of its own.
  private static func commands(_ section: String, _ paths: [(String, String)]) throws -> [[String]]
  {
    let text = try String(
      contentsOf: Project.root.appending(path: "docs/backup.md"), encoding: .utf8)
    let body = try #require(text.components(separatedBy: "\n## \(section)\n").dropFirst().first)
    let block = try #require(
      body.components(separatedBy: "```sh\n").dropFirst().first?.components(separatedBy: "```")
        .first)
    return block.split(separator: "\n").map { line in
      let line = paths.reduce(String(line)) { $0.replacingOccurrences(of: $1.0, with: $1.1) }
      return line.split(separator: " ").dropFirst().map(String.init)
    }
  }

  private struct Told: Hashable {
    var event: String
    var shop: String
  }

  /// What the server was told, by event and shop, and how often each message came.
  private func told(_ requests: [TestServer.Request]) throws -> (told: [Told], copies: [Int]) {
    var copies: [String: Int] = [:]
    let told = try requests.map { request -> Told in
      copies[request.header("Idempotency-Key") ?? "", default: 0] += 1
      let json = try #require(
        try JSONSerialization.jsonObject(with: Data(request.body)) as? [String: Any])
      let dimensions = json["dimensions"] as? [String: Any]
      return Told(
        event: json["event"] as? String ?? "", shop: dimensions?["shop"] as? String ?? "")
    }
    return (told, copies.values.map { $0 })
  }

  /// A broker, a worker's files and a server that is told of its alerts.
  private final class Scene {
    let folder: TemporaryFolder
    let broker: TestBroker
    let topic: String
    let server: TestServer
    var story: Story
    private var produced = 0
    let pipeline: String

    init() throws {
      folder = try TemporaryFolder()
      broker = try TestBroker()
      topic = try broker.topic(1)
      server = try TestServer { _, _ in .answer(200) }
      let now = Int64(Date().timeIntervalSince1970 * 1000) / minuteMs * minuteMs
      story = Story(startMs: now - 30 * minuteMs)
      pipeline = try folder.write(
        LostDiskTests.pipeline(folder.file("backups")), to: "shop.yaml")
    }

    deinit { server.stop() }

    var data: String { folder.file("shop.sqlite") }
    var backups: String { folder.file("backups") }
    var environment: [String: String] {
      [
        "WEIR_BROKERS": broker.brokers, "WEIR_TOPIC": topic, "WEIR_TEST_HOOK": server.url(),
      ]
    }

    /// Tells the next minutes of the story; how many records there are then.
    func go(_ minutes: ClosedRange<Int64>, _ shops: (Int64) -> [String]) throws -> Int64 {
      story.add(minutes, shops)
      try broker.produce([Array(story.records[produced...])], to: topic)
      produced = story.records.count
      return Int64(produced)
    }

    func run(_ more: [String] = []) async throws -> Outcome {
      try await Command.run(["run", pipeline, "--data", data] + more, environment: environment)
    }

    /// The commands of a section of the document, for these files.
    func commands(_ section: String) throws -> [[String]] {
      try LostDiskTests.commands(
        section,
        [("/var/backups/weir", backups), ("shop.sqlite", data), ("shop.yaml", pipeline)])
    }

    /// Every file of the worker is gone.
    func loseDisk() throws {
      for name in try FileManager.default.contentsOfDirectory(atPath: folder.path)
      where name.hasPrefix("shop.sqlite") {
        try FileManager.default.removeItem(atPath: folder.file(name))
      }
    }
  }

  @Test func `A lost disk: restored, caught up, the same digest, and nobody is told twice`()
    async throws
  {
    let scene = try Scene()
    let (data, server) = (scene.data, scene.server)
    let backup = try await workUntilLost(scene)
    // While nobody is there `c` ends, `d` begins, and `e` begins and ends.
    let missed = try scene.go(15...25) {
      $0 == 20 ? ["a", "d", "e"] : $0 > 20 ? ["a", "d"] : ["a"]
    }
    let refused = try await scene.run()
    #expect(refused.code == 3 && refused.errors.contains("weir restore"), "\(refused)")

    var recipe = try scene.commands("The disk is lost")
    let last = recipe.removeLast()
    for command in recipe {
      let outcome = try await Command.run(command)
      #expect(outcome.code == 0, "\(outcome)")
      #expect(outcome.output.contains(backup.manifest.resultDigest), "\(outcome)")
    }
    let worker = try RunningCommand(last, environment: scene.environment)
    try await worker.wait { Findings.read(data) == missed }
    // What happens from now on is told as ever: `f` begins.
    let all = try scene.go(26...44) { $0 >= 42 ? ["a", "d", "f"] : ["a", "d"] }
    _ = try await server.requests.first(6)
    try await worker.wait { Findings.read(data) == all }
    worker.send(SIGTERM)
    #expect(try await worker.mustEnd() == 0, "\(worker.text)")
    try checkTold(server.requests.all)
    // Started once more it has nothing to add.
    let again = try await scene.run(["--until-end", "--quiet"])
    #expect(again.code == 0, "\(again)")
    #expect(server.requests.all.count == 6)
    try await compareToUndisturbed(scene)
  }

  /// A worker that makes backups, and loses its disk after the last one; that backup.
  private func workUntilLost(_ scene: Scene) async throws -> BackupSet {
    // `a` fires before the backup and on to the end.
    let before = try scene.go(0...4) { _ in ["a"] }
    let data = scene.data
    let worker = try RunningCommand(
      ["run", scene.pipeline, "--data", data], environment: scene.environment)
    _ = try await scene.server.requests.first(1)
    let backups = scene.backups
    try await worker.wait {
      guard Findings.read(data) == before, !BackupSet.all(in: backups).isEmpty else { return false }
      return try ResultsReader.open(path: data).outboxDepth().map(\.state) == [.delivered]
    }
    for command in try scene.commands("Backups") {
      let outcome = try await Command.run(command)
      #expect(outcome.code == 0 && outcome.output.contains("result digest"), "\(outcome)")
    }
    let backup = try #require(BackupSet.all(in: backups).first)
    #expect(backup.manifest.partitions.map(\.nextOffset) == [before])
    // After it `b` begins and ends, and `c` begins: the worker tells of it. Then the disk is lost.
    let atLoss = try scene.go(5...14) {
      $0 == 10 ? ["a", "b", "c"] : $0 > 10 ? ["a", "c"] : ["a"]
    }
    _ = try await scene.server.requests.first(4)
    try await worker.wait { Findings.read(data) == atLoss }
    worker.send(SIGKILL)
    _ = try await worker.mustEnd()
    try scene.loseDisk()
    return backup
  }

  private func checkTold(_ requests: [TestServer.Request]) throws {
    let (messages, copies) = try told(requests)
    #expect(copies.allSatisfy { $0 == 1 }, "a message came twice")
    #expect(
      Set(messages) == [
        Told(event: "firing", shop: "a"), Told(event: "firing", shop: "b"),
        Told(event: "firing", shop: "c"), Told(event: "resolved", shop: "b"),
        Told(event: "summary", shop: ""), Told(event: "firing", shop: "f"),
      ] && messages.count == 6, "\(messages)")
    let summary = try #require(requests.first { $0.text.contains(#""event":"summary""#) }).text
    for line in [
      #"warning trouble {\"shop\":\"d\"}"#, #"resolved trouble {\"shop\":\"b\"}"#,
      #"resolved trouble {\"shop\":\"c\"}"#, #"resolved trouble {\"shop\":\"e\"}"#,
    ] { #expect(summary.contains(line), "\(summary) says nothing of \(line)") }
    #expect(!summary.contains(#"{\"shop\":\"a\"}"#), "a was told before the backup: \(summary)")
  }

  /// A worker that never lost its disk holds the same.
  private func compareToUndisturbed(_ scene: Scene) async throws {
    let elsewhere = try TestServer { _, _ in .answer(200) }
    defer { elsewhere.stop() }
    var environment = scene.environment
    environment["WEIR_TEST_HOOK"] = elsewhere.url()
    let whole = scene.folder.file("whole.sqlite")
    for path in [scene.data, whole] {
      let outcome = try await Command.run(
        ["run", scene.pipeline, "--until-end", "--close", "--accept-empty", "--data", path],
        environment: environment)
      #expect(outcome.code == 0, "\(outcome)")
    }
    #expect(try Findings(scene.data) == Findings(whole))
    #expect(try ResultsDigest.diff(scene.data, whole).isEmpty)
  }

  @Test func `Without a backup, with a damaged one and on a file in use restore says what to do`()
    async throws
  {
    let folder = try TemporaryFolder()
    let none = try await Command.run(["restore", folder.path, "--into", folder.file("a.sqlite")])
    #expect(none.code == 3 && none.errors.contains("there is no backup in it"), "\(none)")
    let time = try await Command.run([
      "restore", folder.path, "--into", folder.file("a.sqlite"), "--at", "yesterday",
    ])
    #expect(time.code == 2, "\(time)")
    let usage = try await Command.run(["backup", folder.file("a.sqlite")])
    #expect(usage.code == 2 && usage.errors.contains("--into"), "\(usage)")
    let missing = try await Command.run(["backup", folder.file("a.sqlite"), "--into", folder.path])
    #expect(missing.code == 3, "\(missing)")
  }
}
