import Foundation
import SnapshotStore
import StreamCore
import Testing

@Suite(.serialized) struct AdoptCommandTests {
  /// A topic of one partition, its pipeline, and a worker's file of the first minutes.
  private struct Service {
    let folder: TemporaryFolder
    let broker: TestBroker
    let topic: String
    let pipeline: String
    let live: String
    let new: String

    init() throws {
      folder = try TemporaryFolder()
      broker = try TestBroker()
      topic = try broker.topic(1)
      pipeline = try folder.write(AlertFixture.pipeline, to: "pay.yaml")
      live = folder.file("pay.sqlite")
      new = folder.file("new.sqlite")
    }

    func weir(_ arguments: String...) async throws -> Outcome {
      try await Command.run(
        arguments, environment: ["WEIR_BROKERS": broker.brokers, "WEIR_TOPIC": topic])
    }

    func produce(_ minutes: Range<Int64>) throws {
      try broker.produce([AlertFixture.log(minutes, errors: 5)], to: topic)
    }

    func run(_ data: String) async throws {
      let outcome = try await weir("run", pipeline, "--until-end", "--data", data)
      try #require(outcome.code == 0, "\(outcome)")
    }

    func replay() async throws {
      let outcome = try await weir("replay", pipeline, "--into", new, "--like", live)
      try #require(outcome.code == 0, "\(outcome)")
    }

    func adopt() async throws -> Outcome {
      try await weir("adopt", live, "--into", new, "--by", "ann")
    }
  }

  private func messages(_ path: String) throws -> [String: OutboxState] {
    let reader = try ResultsReader.open(path: path)
    defer { reader.close() }
    return Dictionary(
      uniqueKeysWithValues: try reader.outbox().filter { $0.message.decided != nil }
        .map { ($0.message.messageID, $0.message.state) })
  }

  @Test func `A replay that has caught up goes on in the worker's place, as the worker would have`()
    async throws
  {
    let service = try Service()
    try service.produce(0..<3)
    try await service.run(service.live)
    try await service.replay()
    let set = try await service.weir(
      "thresholds", "set", service.live, "trouble.above=0.9", "--reason", "noise", "--by", "ann")
    #expect(set.code == 0, "\(set)")
    try service.produce(3..<6)
    try await service.run(service.live)
    let early = try await service.adopt()
    #expect(early.code == 1, "\(early)")
    #expect(
      early.errors.contains(
        "of \(service.topic)/0 it has read up to offset 30, \(service.live) up to 60"), "\(early)")
    #expect(early.errors.contains("--like \(service.live)` goes on from where it is"), "\(early)")
    let running = try await service.weir("run", service.pipeline, "--data", service.new)
    #expect(running.code != 0 && running.errors.contains("weir adopt"), "\(running)")

    try await service.replay()
    let told = try messages(service.live)
    #expect(!told.isEmpty && !told.values.contains(.suppressedReplay), "\(told)")
    #expect(Set(try messages(service.new).values) == [.suppressedReplay])
    let adopted = try await service.adopt()
    #expect(adopted.code == 0, "\(adopted)")
    #expect(adopted.output.contains("\(service.new) is in service; go on with `weir run"))
    #expect(try messages(service.new) == told)
    let again = try await service.adopt()
    #expect(again.code == 0, "\(again)")
    #expect(
      again.output.hasPrefix(
        "\(service.new) is in service already: ann adopted it in place of \(service.live) at 20"))

    try service.produce(6..<9)
    for data in [service.live, service.new] { try await service.run(data) }
    let diff = try await service.weir("diff", service.live, service.new)
    #expect(diff.code == 0 && diff.output.isEmpty, "\(diff)")
    let history = try await service.weir("thresholds", "history", service.new)
    #expect(history.output.contains("ann"), "\(history)")
    #expect(try messages(service.new).keys.sorted() == messages(service.live).keys.sorted())
  }

  @Test func `What may not be adopted ends with 1, what somebody holds with 3`() async throws {
    let folder = try TemporaryFolder()
    let live = folder.file("live.sqlite")
    let new = folder.file("new.sqlite")
    let alerts = [AlertFixture.alert("aa", "ios", .firing)]
    func write(_ manifest: [String: String]) throws {
      for path in [live, new] {
        for suffix in ["", "-wal", "-shm"] {
          try? FileManager.default.removeItem(atPath: path + suffix)
        }
      }
      var rows = ResultRows()
      rows.alerts = alerts
      let message = AlertFixture.message("ab", about: "aa", at: WallTime(ms: 5))
      try AlertFixture.write(live, rows, messages: [message])
      try AlertFixture.write(new, ResultRows())
      let file = try open(new)
      defer { try? file.close() }
      var change = SnapshotChange(taken: WallTime(ms: AlertFixture.start))
      change.manifest = manifest
      _ = try file.commit(change, durable: true)
    }
    func open(_ path: String) throws -> ResultsFile {
      try ResultsFile.open(
        path: path,
        identity: PipelineIdentity(
          name: "pay", definition: "pipeline 1\nname pay\nzone UTC\n", tzdataVersion: "2025b",
          weirVersion: "1.0"))
    }
    func adopt(_ more: [String]) async throws -> Outcome {
      try await Command.run(["adopt", "--by", "ann"] + more)
    }
    try write([:])
    let worker = try await adopt([live, "--into", new])
    #expect(worker.code == 1 && worker.errors.contains("was not made by a replay"), "\(worker)")
    try write([ManifestKey.replayBounded: "true", ManifestKey.replayTo: "2026-01-05"])
    let bounded = try await adopt([live, "--into", new])
    #expect(bounded.code == 1 && bounded.errors.contains("ends before the log does, at 2026-01-05"))
    let slip = try await adopt(["pay.yaml", "--into", new])
    #expect(slip.code == 2 && slip.errors.contains("is a pipeline file"), "\(slip)")
    let missing = try await adopt([folder.file("none.sqlite"), "--into", folder.file("no.sqlite")])
    #expect(missing.code == 3 && missing.errors.contains("there is no such file"), "\(missing)")

    try write([ManifestKey.replayFrom: "the beginning"])
    for path in [live, new] {
      let held = try open(path)
      let outcome = try await adopt([live, "--into", new])
      try held.close()
      #expect(outcome.code == 3, "\(outcome)")
      #expect(outcome.errors.contains("\(path): process \(getpid()) is writing to it. Stop"))
      #expect(try LiveLog.read(path: new).isReplay)
    }
    let json = try await adopt([live, "--into", new, "--json"])
    #expect(json.code == 0, "\(json)")
    let object = try #require(
      try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any])
    #expect(object["adopted"] as? Bool == true && object["from"] as? String == live)
    #expect(object["untoldEnds"] as? Int == 1 && object["goneRules"] as? [String] == [])
    #expect(object["messages"] as? [String: Int] == ["pending": 1])
    try write([ManifestKey.replayFrom: "the beginning"])
    let alone = try await adopt(["--into", new])
    #expect(alone.code == 0 && alone.output.hasPrefix("\(new) is in service; go on"), "\(alone)")
    #expect(try messages(new).isEmpty)
  }
}
