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
      let short = try await shop.replay("short.sqlite", ["--to", "\(shop.topic)/0=\(middle[0])"])
      #expect(short.code == 0, "\(short)")
      let report = try ResultsDigest.diff(
        try await shop.whole(), shop.folder.file("short.sqlite"), limit: 10_000)
      #expect(report.tables.contains { $0.equal > 100 })
      // A finding that is open there was closed later.
      let wrong = report.differences.filter { $0.kind != .onlyInA && $0.table != "findings" }
      #expect(wrong.isEmpty, "\(wrong.prefix(3))")
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
      for round in 0..<3 {
        // So slow that it does not come to its end before it is stopped.
        let process = try RunningCommand(
          arguments + ["--speed", "100x"], environment: shop.environment)
        let known = Findings.read(data) ?? 0
        try await process.wait { Findings.read(data) ?? 0 > known + 50 }
        _ = await process.ended(withinMs: Int(generator.whole(0...200)))
        process.send(round == 0 ? SIGTERM : SIGKILL)
        #expect(
          try await process.mustEnd() == (round == 0 ? 130 : -SIGKILL), "\(process.text)")
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
      let shop = try Shop(
        seed: seed, events: 500, more: ", dead_letters: \"dead-${WEIR_TOPIC:-x}\"")
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

/// What is done with a replayed file.
@Suite(.serialized) struct ReplayedFileTests {
  private struct Live {
    let folder: TemporaryFolder
    let broker: TestBroker
    let topic: String
    let pipeline: String
    let data: String

    /// A live file that has read the first part of the log, and a log with all of it.
    init(seed: UInt64, share: Double) async throws {
      folder = try TemporaryFolder()
      broker = try TestBroker()
      topic = try broker.topic(2)
      data = folder.file("live.sqlite")
      pipeline = try folder.write(
        KillPipeline.text(keyed: true, notify: "notify: {ops: {log: true}}"), to: "kill.yaml")
      let logs = KillPipeline.history(seed: seed, events: 3_000).partitioned(2)
      let part = logs.map { Array($0[..<Int(Double($0.count) * share)]) }
      let rest = zip(logs, part).map { Array($0[$1.count...]) }
      try broker.produce(part.map { $0.map { ($0.payload, $0.recordMs) } }, to: topic)
      let outcome = try await run(["run", pipeline, "--until-end", "--data", data])
      #expect(outcome.code == 0, "\(outcome)")
      try broker.produce(rest.map { $0.map { ($0.payload, $0.recordMs) } }, to: topic)
    }

    func run(_ arguments: [String]) async throws -> Outcome {
      try await Command.run(
        arguments, environment: ["WEIR_BROKERS": broker.brokers, "WEIR_TOPIC": topic])
    }
  }

  @Test func `A replay like a live run follows it on, and takes its place`() async throws {
    try await withSeed(31) { seed, _ in
      let live = try await Live(seed: seed, share: 0.4)
      let new = live.folder.file("new.sqlite")
      let replay = ["replay", live.pipeline, "--into", new, "--like", live.data]
      #expect(try await live.run(replay).code == 0)
      #expect(try ResultsDigest.diff(live.data, new).isEmpty)
      let set = try await live.run([
        "thresholds", "set", live.data, "rush.orders=2", "--reason", "quiet", "--by", "ann",
      ])
      #expect(set.code == 0, "\(set)")
      #expect(
        try await live.run(["run", live.pipeline, "--until-end", "--data", live.data]).code == 0)
      let early = try await live.run(["adopt", live.data, "--into", new, "--by", "ann"])
      #expect(early.code == 1 && early.errors.contains("--like"), "\(early)")
      let on = try await live.run(replay)
      #expect(on.code == 0, "\(on)")
      #expect(try ResultsDigest.diff(live.data, new).isEmpty)
      let adopted = try await live.run(["adopt", live.data, "--into", new, "--by", "ann"])
      #expect(adopted.code == 0, "\(adopted)")
      for data in [live.data, new] {
        let end = try await live.run(
          ["run", live.pipeline, "--until-end", "--close", "--data", data])
        #expect(end.code == 0, "\(end)")
      }
      #expect(try ResultsDigest.diff(live.data, new).isEmpty)
      let rows = try LiveLog.read(path: new).thresholds
      #expect(rows.contains { $0.setBy == "ann" && $0.value == 2 })
    }
  }

  @Test func `A live run that began in the middle of the log is followed from there`()
    async throws
  {
    try await withSeed(33) { seed, _ in
      let folder = try TemporaryFolder()
      let broker = try TestBroker()
      let topic = try broker.topic(2)
      let pipeline = try folder.write(
        KillPipeline.text(keyed: true).replacing(
          #"topic: "${WEIR_TOPIC:-none}""#, with: #"topic: "${WEIR_TOPIC:-none}", start: latest"#),
        to: "kill.yaml")
      let environment = ["WEIR_BROKERS": broker.brokers, "WEIR_TOPIC": topic]
      let logs = KillPipeline.history(seed: seed, events: 2_000).partitioned(2)
      let produce = { (half: Int) in
        try broker.produce(
          logs.map { log in
            log[(log.count * half / 2)..<(log.count * (half + 1) / 2)]
              .map { ($0.payload, $0.recordMs) }
          }, to: topic)
      }
      try produce(0)
      let data = folder.file("live.sqlite")
      let live = try RunningCommand(
        ["run", pipeline, "--quiet", "--data", data], environment: environment)
      try await live.wait { Findings.read(data) != nil }
      try produce(1)
      let wanted = logs.reduce(0) { $0 + $1.count - $1.count / 2 }
      try await live.wait { Findings.read(data) ?? 0 >= wanted }
      live.send(SIGTERM)
      #expect(try await live.mustEnd() == 0, "\(live.text)")
      let new = folder.file("new.sqlite")
      let replay = try await Command.run(
        ["replay", pipeline, "--into", new, "--like", data], environment: environment)
      #expect(replay.code == 0, "\(replay)")
      #expect(try Findings(new).digest == Findings(data).digest)
      #expect(try ResultsDigest.diff(data, new).isEmpty)
      #expect(try LiveLog.read(path: new).starts.values.allSatisfy { $0 > 0 })
    }
  }

  @Test func `A backup goes on to the end of the log, as if nothing had been lost`() async throws {
    try await withSeed(32) { seed, _ in
      let live = try await Live(seed: seed, share: 0.5)
      let new = live.folder.file("new.sqlite")
      let replay = try await live.run([
        "replay", live.pipeline, "--into", new, "--from-backup", live.data,
      ])
      #expect(replay.code == 0, "\(replay)")
      let other = live.folder.file("other.sqlite")
      #expect(
        try await live.run(["run", live.pipeline, "--until-end", "--accept-empty", "--data", other])
          .code == 0)
      let onto = try await live.run([
        "replay", live.pipeline, "--into", other, "--from-backup", live.data,
      ])
      #expect(onto.code == 3 && onto.errors.contains("made by weir run"), "\(onto)")
      #expect(try await live.run(["adopt", "--into", new, "--by", "ann"]).code == 0)
      for data in [live.data, new] {
        let end = try await live.run(
          ["run", live.pipeline, "--until-end", "--close", "--data", data])
        #expect(end.code == 0, "\(end)")
      }
      #expect(try ResultsDigest.diff(live.data, new).isEmpty)
    }
  }

  @Test func `What lies before the first thing that a replay has read is not restated`()
    async throws
  {
    let folder = try TemporaryFolder()
    let event = { (day: Int) in
      #"{"timestamp":"2026-01-0\#(day)T10:00:00Z","event":"home","user_id":"u","platform":"p"}"#
    }
    let all = try folder.write((1...6).map(event).joined(separator: "\n"), to: "all.jsonl")
    let late = try folder.write(
      ([event(5)] + (5...6).map(event)).joined(separator: "\n"), to: "late.jsonl")
    let live = folder.file("live.sqlite")
    let run = try await Command.run([
      "run", "pipelines/ecom.yaml", "--data", live, "--input", all,
    ])
    #expect(run.code == 0, "\(run)")
    let restate = try await Command.run([
      "replay", "pipelines/ecom.yaml", "--into", folder.file("late.sqlite"), "--restate", live,
      "--by", "ann", "--reason", "more came", "--input", late,
    ])
    #expect(restate.code == 0, "\(restate)")
    let reader = try ResultsReader.open(path: live)
    defer { reader.close() }
    let rows = try reader.metrics(MetricQuery(metric: "events"))
      .sorted { $0.windowStart < $1.windowStart }
    #expect(rows.map(\.value) == [1, 1, 1, 1, 2, 1])
    #expect(try ResultsDigest.verify(path: live).isSound)
  }

  @Test func `What was late in life is put right in the stopped worker's file`() async throws {
    let folder = try TemporaryFolder()
    let lines = [
      ("10:00:00", "home"), ("10:10:00", "home"), ("12:00:00", "home"), ("10:20:00", "home"),
      ("13:00:00", "home"),
    ].map {
      #"{"timestamp":"2026-01-01T\#($0.0)Z","event":"\#($0.1)","user_id":"u","platform":"p"}"#
    }
    let file = try folder.write(lines.joined(separator: "\n"), to: "log.jsonl")
    let (live, fixed) = (folder.file("live.sqlite"), folder.file("fixed.sqlite"))
    let run = try await Command.run([
      "run", "pipelines/ecom.yaml", "--data", live, "--in-order", "--input", file,
    ])
    #expect(run.code == 0, "\(run)")
    let restate = try await Command.run([
      "replay", "pipelines/ecom.yaml", "--into", fixed, "--restate", live, "--by", "ann",
      "--reason", "one came late", "--input", file,
    ])
    #expect(restate.code == 0, "\(restate)")
    #expect(restate.output.contains("restated"), "\(restate)")
    let reader = try ResultsReader.open(path: live)
    defer { reader.close() }
    let events = try reader.metrics(MetricQuery(metric: "events"))
    #expect(events.map(\.value) == [5] && events.map(\.status) == [.restated])
    #expect(try ResultsDigest.verify(path: live).isSound)
    let report = try ResultsDigest.diff(live, fixed)
    #expect(report.tables.first { $0.table == "metrics" }?.changed == 0, "\(report)")
  }
}
