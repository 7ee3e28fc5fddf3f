import Foundation
import SnapshotStore
import StreamCore
import Testing

@Suite(.serialized) struct ThresholdCommandTests {
  private static let start = AlertFixture.start
  private static let minute = AlertFixture.minute

  /// Which thresholds windows were judged with that changed an alert, by the window's number.
  private func judged(_ data: String) throws -> [Int64: String] {
    let reader = try ResultsReader.open(path: data)
    defer { reader.close() }
    let ids = try reader.alerts().map(\.alert).filter { $0.rule == "trouble" }.map(\.alertID)
    var found: [Int64: String] = [:]
    for id in ids {
      for step in try reader.story(of: id).get().alertTransitions {
        found[(step.windowStart.ms - Self.start) / Self.minute] =
          "\(step.to.rawValue) \(step.thresholds)"
      }
    }
    return found
  }

  /// Everything that people have asked of a file and been given.
  private func people(_ data: String) throws -> [String] {
    let reader = try ResultsReader.open(path: data)
    defer { reader.close() }
    return try reader.thresholdHistory().map { "\($0)" }
      + reader.thresholdRequests().map { "\($0)" }
      + reader.silences().map { "\($0)" }
  }

  @Test func `On a stopped file set and reset judge what ends later, and nothing before`()
    async throws
  {
    let folder = try TemporaryFolder()
    let broker = try TestBroker()
    let topic = try broker.topic(1)
    let environment = ["WEIR_BROKERS": broker.brokers, "WEIR_TOPIC": topic]
    let pipeline = try folder.write(AlertFixture.pipeline, to: "pay.yaml")
    let data = folder.file("pay.sqlite")
    func run(_ minutes: Range<Int64>, _ more: [String] = []) async throws {
      try broker.produce([AlertFixture.log(minutes, errors: 5)], to: topic)
      let outcome = try await Command.run(
        ["run", pipeline, "--until-end", "--data", data] + more, environment: environment)
      try #require(outcome.code == 0, "\(outcome)")
    }
    try await run(0..<3)
    #expect(try judged(data) == [0: #"firing {"above":0.2}"#])
    let set = try await Command.run([
      "thresholds", "set", data, "trouble.above=0.9", "--reason", "noise", "--by", "ann",
    ])
    #expect(set.code == 0, "\(set)")
    #expect(
      set.output == "trouble.above is 0.9 from 2026-01-05T00:02:45Z of event time on\n", "\(set)")
    try await run(3..<6)
    let afterSet = try judged(data)
    #expect(afterSet == [0: #"firing {"above":0.2}"#, 2: #"resolved {"above":0.9}"#])
    let listed = try await Command.run(["thresholds", "list", data])
    #expect(listed.code == 0, "\(listed)")
    #expect(
      listed.output.contains(
        "trouble.above          every     0.9  person      0.2  0 to 1     0.9  ann, "),
      "\(listed)")
    #expect(listed.output.contains(": noise\n"))
    let reset = try await Command.run([
      "thresholds", "reset", data, "trouble.above", "--reason", "over", "--by", "bob",
    ])
    #expect(reset.code == 0, "\(reset)")
    #expect(
      reset.output
        == "trouble.above is 0.2 again, as the pipeline file says, from 2026-01-05T00:05:45Z of "
        + "event time on\n")
    try await run(6..<8, ["--close"])
    #expect(
      try judged(data) == afterSet.merging([5: #"firing {"above":0.2}"#]) { $1 })
    let history = try await Command.run(["thresholds", "history", data, "--rule", "trouble"])
    #expect(history.code == 0, "\(history)")
    let lines = history.output.split(separator: "\n")
    #expect(lines.count == 5, "\(history)")
    #expect(lines[1].contains("the first event            file"), "\(history)")
    #expect(lines[2].contains("0.9  2026-01-05T08:02:45+08:00  ann          noise"), "\(history)")
    #expect(lines[3].contains("0.2  2026-01-05T08:05:45+08:00  bob (reset)  over"), "\(history)")
  }

  @Test func `A running worker answers with its next snapshot, and judges by it from then on`()
    async throws
  {
    let folder = try TemporaryFolder()
    let broker = try TestBroker()
    let topic = try broker.topic(1)
    let environment = ["WEIR_BROKERS": broker.brokers, "WEIR_TOPIC": topic]
    let pipeline = try folder.write(AlertFixture.pipeline, to: "pay.yaml")
    let data = folder.file("pay.sqlite")
    try broker.produce([AlertFixture.log(0..<3, errors: 5)], to: topic)
    let worker = try RunningCommand(["run", pipeline, "--data", data], environment: environment)
    try await worker.wait { Findings.read(data) == 30 }
    let set = try await Command.run([
      "thresholds", "set", data, "trouble.above=0.9", "card_testing.failures=7", "--reason",
      "noise", "--by", "ann", "--wait", "5m",
    ])
    #expect(set.code == 0, "\(set) \(worker.text)")
    #expect(
      set.output.contains("trouble.above is 0.9 from 2026-01-05T00:02:45Z of event time on\n"))
    #expect(set.output.contains("card_testing.failures is 7 from 2026-01-05T00:02:45Z"))
    let before = try people(data)
    let late = try await Command.run([
      "thresholds", "set", data, "trouble.above=0.5", "--reason", "too late", "--by", "ann",
      "--from", "2026-01-05T08:01:00",
    ])
    #expect(late.code == 1, "\(late)")
    #expect(late.errors.contains("2026-01-05T00:01:00Z has been judged already"), "\(late)")
    #expect(try people(data) == before)
    try broker.produce([AlertFixture.log(3..<6, errors: 5)], to: topic)
    try await worker.wait { Findings.read(data) == 60 }
    worker.send(SIGTERM)
    #expect(try await worker.mustEnd() == 0, "\(worker.text)")
    #expect(
      try judged(data) == [0: #"firing {"above":0.2}"#, 2: #"resolved {"above":0.9}"#])
    #expect(try Findings(data).isSound)
  }

  @Test func `A worker that does not answer in time leaves the request waiting, and says so`()
    async throws
  {
    let folder = try TemporaryFolder()
    let data = try await AlertFixture.run(folder)
    let lock = try FileLockHolder(data)
    let set = try await Command.run([
      "thresholds", "set", data, "trouble.above=0.3", "--reason", "noise", "--by", "ann", "--wait",
      "200ms",
    ])
    #expect(set.code == 3, "\(set)")
    #expect(set.errors.contains("has not answered within 200ms: request 1 (trouble.above)"))
    #expect(set.errors.contains("is not withdrawn"), "\(set)")
    let list = try await Command.run(["thresholds", "list", data])
    #expect(
      list.output.contains(
        "request 1 waits for the worker's next snapshot: trouble.above=0.3 for every series, by "
          + "ann: noise\n"), "\(list)")
    lock.release()
    // Whoever asks next, without a worker, answers what waits.
    let next = try await Command.run([
      "thresholds", "set", data, "card_testing.failures=4", "--reason", "more", "--by", "bob",
    ])
    #expect(next.code == 0, "\(next)")
    let reader = try ResultsReader.open(path: data)
    #expect(try reader.thresholdHistory().suffix(2).map(\.setBy) == ["ann", "bob"])
  }

  @Test func `What is wrong is said with what is legal, and changes nothing`() async throws {
    let folder = try TemporaryFolder()
    let data = try await AlertFixture.run(folder)
    let reason = ["--reason", "noise", "--by", "ann"]
    let set = try await Command.run(["thresholds", "set", data, "trouble.above=0.4"] + reason)
    #expect(set.code == 0, "\(set)")
    let before = try people(data)
    let slips: [(code: Int32, arguments: [String], word: String)] = [
      (2, ["set", data, "troble.above=0.3"] + reason, "did you mean 'trouble'?"),
      (2, ["set", data, "trouble.abov=0.3"] + reason, "did you mean 'above'?"),
      (2, ["set", data, "trouble.above=nan"] + reason, "'nan' is no number"),
      (2, ["set", data, "trouble.above=1e999"] + reason, "is no number"),
      (2, ["set", data, "trouble.above"] + reason, "no RULE.NAME=VALUE"),
      (2, ["set", data, "above=1"] + reason, "above is no RULE.NAME"),
      (2, ["set", data, "trouble.above=1.5"] + reason, "more than trouble.above may be, 1"),
      (2, ["set", data, "trouble.above=-0.1"] + reason, "less than trouble.above may be, 0"),
      (2, ["set", data, "trouble.above=0.3", "trouble.above=0.4"] + reason, "named twice"),
      // The first is right; still nothing of it is taken.
      (2, ["set", data, "trouble.above=0.3", "card_testing.x=4"] + reason, "no threshold 'x'"),
      (
        2, ["set", data, "trouble.above=0.3", "--where", "platfrm=ios"] + reason,
        "did you mean 'platform'?"
      ),
      (2, ["set", data, "trouble.above=0.3"], "--reason"),
      (2, ["set", data, "trouble.above=0.3", "--reason", " ", "--by", "a"], "a reason is missing"),
      (2, ["set", data, "trouble.above=0.3", "--from", "now"] + reason, "--from now is no time"),
      (2, ["set", data, "trouble.above=0.3", "--wait", "soon"] + reason, "--wait soon"),
      (
        1, ["set", data, "trouble.above=0.3", "--from", "2026-01-05"] + reason,
        "has been judged already: the clock is at 2026-01-05T00:19:45Z"
      ),
      (
        1, ["reset", data, "trouble.above", "card_testing.failures"] + reason,
        "nobody has set card_testing.failures"
      ),
      (2, ["reset", data, "trouble.above=1"] + reason, "reset takes no value"),
      (2, ["list", data, "--rule", "troubel"], "did you mean trouble?"),
      (2, ["list", folder.file("pay.yaml")], "is a pipeline file"),
      (3, ["list", folder.file("none.sqlite")], "there is no such file"),
    ]
    for (code, arguments, word) in slips {
      let outcome = try await Command.run(["thresholds"] + arguments)
      #expect(outcome.code == code, "\(arguments) \(outcome)")
      #expect(outcome.errors.contains(word), "\(arguments) \(outcome)")
      #expect(outcome.output.isEmpty, "\(arguments) \(outcome)")
      #expect(try people(data) == before, "\(arguments)")
    }
  }

  @Test func `A scope is of the type that the results have, and a later --from is upcoming`()
    async throws
  {
    let folder = try TemporaryFolder()
    let data = try await AlertFixture.run(folder)
    let arguments = [
      "thresholds", "set", data, "--reason", "beta", "--by", "ann", "trouble.above=0.3",
    ]
    for scope in ["tier=1", "platform=ios", #"tier="1""#] {
      let set = try await Command.run(
        arguments + ["--where", scope, "--from", "2026-02-01"])
      #expect(set.code == 0, "\(set)")
      #expect(set.errors.contains("has no row with") == (scope == #"tier="1""#), "\(set)")
    }
    let reader = try ResultsReader.open(path: data)
    let rows = try reader.thresholdHistory().filter { $0.origin == .person }
    #expect(
      rows.map(\.dimensions) == [#"{"tier":1}"#, #"{"platform":"ios"}"#, #"{"tier":"1"}"#])
    // Midnight of the pipeline's zone.
    #expect(Set(rows.map(\.effective.text)) == ["2026-01-31T16:00:00Z"])
    let list = try await Command.run(["thresholds", "list", data])
    #expect(
      list.output.contains(
        "trouble.above for platform=ios will be 0.3 from 2026-02-01T00:00:00+08:00 of event time "
          + "on: ann, "), "\(list)")
    let json = try await Command.run(["thresholds", "list", data, "--json", "--rule", "trouble"])
    let lines = try #require(
      try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [[String: Any]])
    #expect(lines.count == 4)
    #expect(lines[0]["default"] as? Double == 0.2)
    #expect(lines[0]["holder"] as? String == "file")
    #expect((lines[1]["upcoming"] as? [[String: Any]])?.first?["by"] as? String == "ann")
    let csv = try await Command.run(["thresholds", "history", data, "--csv"])
    #expect(csv.output.hasPrefix("rule,name,dimensions,value,origin,by,set,effective,reason\r\n"))
    #expect(csv.output.contains(#"trouble,above,"{""tier"":1}",0.3,person,ann,"#), "\(csv)")
  }
}

/// Holds a results file as a worker does.
private final class FileLockHolder {
  private let file: ResultsFile

  init(_ path: String) throws {
    let reader = try ResultsReader.open(path: path)
    let manifest = try reader.manifest()
    reader.close()
    file = try ResultsFile.open(
      path: path,
      identity: PipelineIdentity(
        name: manifest["pipeline"] ?? "", definition: manifest["definition"] ?? "",
        tzdataVersion: manifest["tzdata_version"] ?? "", weirVersion: "1.0"))
  }

  func release() { try? file.close() }
}
