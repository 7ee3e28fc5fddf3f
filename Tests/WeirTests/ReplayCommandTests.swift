import Foundation
import KafkaClient
import SnapshotStore
import StreamCore
import StreamTestKit
import Testing

@Suite(.serialized) struct ReplayCommandTests {
  /// A topic of four partitions with some hours of history, and where to find it.
  private struct Shop {
    let folder: TemporaryFolder
    let broker: TestBroker
    let topic: String
    let pipeline: String
    let logs: [[HistoryEvent]]

    init(seed: UInt64, events: Int = 4_000, more: String = "") throws {
      folder = try TemporaryFolder()
      broker = try TestBroker()
      topic = try broker.topic(4)
      logs = KillPipeline.history(seed: seed, events: events).partitioned(4)
      pipeline = try folder.write(
        KillPipeline.text(keyed: true).replacing(
          #"topic: "${WEIR_TOPIC:-none}""#, with: #"topic: "${WEIR_TOPIC:-none}"\#(more)"#),
        to: "kill.yaml")
      try broker.produce(logs.map { $0.map { ($0.payload, $0.recordMs) } }, to: topic)
    }

    var environment: [String: String] { ["WEIR_BROKERS": broker.brokers, "WEIR_TOPIC": topic] }

    func run(_ arguments: [String]) async throws -> Outcome {
      try await Command.run(arguments, environment: environment)
    }

    func replay(_ name: String, _ more: [String]) async throws -> Outcome {
      try await run(["replay", pipeline, "--into", folder.file(name)] + more)
    }

    /// Everything that the log holds, closed.
    func whole() async throws -> String {
      let outcome = try await replay("whole.sqlite", ["--close"])
      #expect(outcome.code == 0, "\(outcome)")
      return folder.file("whole.sqlite")
    }
  }

  @Test func `A range by time gives the rows of the whole, and says where its look-back was read`()
    async throws
  {
    try await withSeed(21) { seed, _ in
      let shop = try Shop(seed: seed)
      let whole = try await shop.whole()
      let (from, to) = ("2026-01-01T01:00:00Z", "2026-01-01T02:30:00Z")
      let outcome = try await shop.replay(
        "part.sqlite", ["--from", from, "--to", to, "--warmup", "10m"])
      #expect(outcome.code == 0, "\(outcome)")
      let part = shop.folder.file("part.sqlite")
      let report = try ResultsDigest.diff(whole, part, limit: 10_000)
      let wrong = report.differences.filter { $0.kind != .onlyInA && $0.table != "findings" }
      #expect(wrong.isEmpty, "\(wrong.prefix(3))")
      #expect(report.tables.contains { $0.table == "metrics" && $0.equal > 100 })
      let log = try LiveLog.read(path: part)
      if ProcessInfo.processInfo.environment["WEIR_TEST_BROKERS"] == nil {
        #expect(outcome.errors.contains("look no offsets up by time"), "\(outcome)")
        #expect(log.starts.values.allSatisfy { $0 == 0 })
      } else {
        #expect(log.starts.values.allSatisfy { $0 > 0 })
        #expect(outcome.output.contains("never"), "\(outcome)")
      }
      let reader = try ResultsReader.open(path: part)
      defer { reader.close() }
      let rows = try reader.metrics(MetricQuery(metric: "events"))
      #expect(rows.map(\.windowStart.ms).min() == 1_767_229_200_000)
      #expect(rows.map(\.windowEnd.ms).max() == 1_767_234_600_000)
      #expect(rows.allSatisfy { $0.status == .final })
    }
  }

  @Test func `A range by offsets reads just these, and reports what is complete`() async throws {
    try await withSeed(22) { seed, _ in
      let shop = try Shop(seed: seed)
      let middle = shop.logs.map { $0.count / 2 }
      let from = middle.enumerated().map { "\(shop.topic)/\($0)=\($1 - 100)" }
      let to = middle.enumerated().map { "\(shop.topic)/\($0)=\($1)" }
      let outcome = try await shop.replay(
        "part.sqlite", ["--from", from.joined(separator: ","), "--to", to.joined(separator: ",")])
      #expect(outcome.code == 0, "\(outcome)")
      #expect(outcome.errors.contains("events are complete from"), "\(outcome)")
      let reader = try ResultsReader.open(path: shop.folder.file("part.sqlite"))
      defer { reader.close() }
      let progress = try reader.partitions()
      #expect(progress.map { Int($0.nextOffset) } == middle)
      #expect(progress.allSatisfy { $0.fates.read == 100 })
      let beyond = try await shop.replay("b.sqlite", ["--to", "\(shop.topic)/0=999999"])
      #expect(beyond.code == 2 && beyond.errors.contains("holds offsets from 0"), "\(beyond)")
      let other = try await shop.replay("b.sqlite", ["--from", "elsewhere/0=1"])
      #expect(other.code == 2 && other.errors.contains("does not read"), "\(other)")
    }
  }

  @Test func `Killed, the same command goes on to the same end; another one is refused`()
    async throws
  {
    try await withSeed(23) { seed, generator in
      let shop = try Shop(seed: seed)
      let whole = try await shop.whole()
      let data = shop.folder.file("again.sqlite")
      let arguments = ["replay", shop.pipeline, "--into", data, "--close"]
      for _ in 0..<3 {
        let process = try RunningCommand(
          arguments + ["--speed", "4000x"], environment: shop.environment)
        let known = Findings.read(data) ?? 0
        try await process.wait { Findings.read(data) ?? 0 > known + 50 }
        _ = await process.ended(withinMs: Int(generator.whole(0...200)))
        process.send(SIGKILL)
        #expect(try await process.mustEnd() == -SIGKILL, "\(process.text)")
      }
      let other = try await shop.run(["replay", shop.pipeline, "--into", data])
      #expect(other.code == 3 && other.errors.contains("not by this replay"), "\(other)")
      let last = try await shop.run(arguments)
      #expect(last.code == 0 && last.errors.contains("going on"), "\(last)")
      #expect(try ResultsDigest.diff(whole, data).isEmpty)
      let live = try await shop.run(["run", shop.pipeline, "--until-end", "--data", data])
      #expect(live.code == 3 && live.errors.contains("weir adopt"), "\(live)")
      let ran = shop.folder.file("ran.sqlite")
      let run = try await shop.run(["run", shop.pipeline, "--until-end", "--close", "--data", ran])
      #expect(run.code == 0, "\(run)")
      #expect(try ResultsDigest.diff(whole, ran).isEmpty)
    }
  }

  @Test func `It commits nothing and produces nothing`() async throws {
    try await withSeed(24) { seed, _ in
      let shop = try Shop(seed: seed, events: 500, more: ", dead_letters: \"dead-${WEIR_TOPIC:-x}\"")
      _ = try await shop.whole()
      let topics = try KafkaTopics(settings: KafkaSettings(brokers: shop.broker.brokers))
      let ids = (0..<4).map { PartitionID(topic: shop.topic, partition: $0) }
      #expect(try topics.committed(group: "weir-kill-test", ids).isEmpty)
      #expect(try topics.all()["dead-\(shop.topic)"] == nil)
      let fates = try ResultsReader.open(path: shop.folder.file("whole.sqlite")).partitions()
      #expect(fates.contains { $0.fates.rejected > 0 })
    }
  }

  @Test func `Files are replayed by time, and have no offsets`() async throws {
    let folder = try TemporaryFolder()
    let file = try SharedData.path("ecom/ecom.csv.gz")
    func replay(_ name: String, _ more: [String]) async throws -> Outcome {
      try await Command.run(
        ["replay", "pipelines/ecom.yaml", "--into", folder.file(name)] + more + ["--input", file])
    }
    #expect(try await replay("whole.sqlite", []).code == 0)
    let part = try await replay("part.sqlite", ["--from", "2024-05-01", "--to", "2024-06-01"])
    #expect(part.code == 0, "\(part)")
    #expect(part.output.contains("up to 2024-06-01T00:00:00Z"), "\(part)")
    let report = try ResultsDigest.diff(
      folder.file("whole.sqlite"), folder.file("part.sqlite"), limit: 20_000)
    #expect(report.differences.allSatisfy { $0.kind == .onlyInA })
    #expect(report.tables.filter { $0.equal > 0 }.count == 5, "\(report.tables)")
    let like = try await replay("like.sqlite", ["--like", folder.file("whole.sqlite")])
    #expect(like.code == 0, "\(like)")
    #expect(
      try ResultsDigest.diff(folder.file("whole.sqlite"), folder.file("like.sqlite")).isEmpty)
    let offsets = try await replay("o.sqlite", ["--from", "clicks/0=1"])
    #expect(offsets.code == 2 && offsets.errors.contains("no offsets that last"), "\(offsets)")
  }

  @Test(arguments: [
    (["--from", "yesterday"], "neither a time nor offsets"),
    (["--from", "2026-02-01", "--to", "2026-01-01"], "is not before"),
    (["--warmup", "1d"], "give --from"),
    (["--speed", "fast"], "neither max nor"),
    (["--like", "a.sqlite", "--to", "2026-01-01"], "ends where the live run is"),
    (["--like", "into.sqlite"], "the file to read"),
  ])
  func `What makes no range is refused before anything is read`(
    _ options: [String], _ why: String
  ) async throws {
    let outcome = try await Command.run(
      ["replay", "pipelines/shop.yaml", "--into", "into.sqlite"] + options)
    #expect(outcome.code == 2 && outcome.errors.contains(why), "\(outcome)")
  }
}
