import Foundation
import KafkaClient
import PipelineSpec
import SnapshotStore
import StreamCore
import StreamTestKit
import Testing

@testable import WorkerRuntime

@Suite(.serialized) struct BacktestRunTests {
  /// The shop's pipeline with a risk.
  private func ecom(above: String, below: String, hold: String, clear: String, most: String) throws
    -> String
  {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let text = try String(
      contentsOf: root.appending(path: "pipelines/ecom.yaml"), encoding: .utf8)
    let changed =
      text
      .replacing("above: {default: 0.2,", with: "above: {default: \(above),")
      .replacing("below: {default: 0.5,", with: "below: {default: \(below),")
      .replacing("clear: value < 0.5 * above", with: "clear: \(clear)\n    for: \(hold)")
      .replacing(
        "\ntests:\n",
        with: """

          risks:
            clicking:
              within: 1h
              when: count(event == "product_view") >= most
              thresholds: {most: \(most)}
          tests:

          """)
    #expect(changed.contains("for: \(hold)") && changed.contains("most: \(most)"))
    return changed
  }

  /// What the ordinary worker stores for a pipeline file with these values: every alert and finding
  /// with what it is in a backtest.
  private func fired(_ text: String, _ data: String) throws -> [String: [String]] {
    let pipeline = try Pipeline.parse(text: text, file: "ecom.yaml")
    _ = try runFiles(pipeline, [try RealData.path("ecom/ecom.csv.gz")], data: data)
    let reader = try ResultsReader.open(path: data)
    var fired: [String: [String]] = [:]
    var query = AlertQuery()
    query.limit = .max
    for row in try reader.alerts(query).map(\.alert) {
      guard let opened = row.opened else { continue }
      fired[row.rule, default: []].append(
        "\(row.dimensions) \(opened.ms) \(row.resolved.map { "\($0.ms)" } ?? "-")")
    }
    var findings = FindingQuery()
    findings.limit = .max
    findings.statuses = [.final]
    for row in try reader.findings(findings).map(\.finding) {
      fired[row.rule, default: []].append(
        "\(row.entity) \(row.opened.ms) \(row.closed.map { "\($0.ms)" } ?? "-")")
    }
    return fired.mapValues { $0.sorted() }
  }

  private func told(_ alerts: [BacktestAlert]?) -> [String] {
    (alerts ?? []).map {
      "\($0.series) \($0.fired.ms) \($0.ended.map { "\($0.ms)" } ?? "-")"
    }.sorted()
  }

  @Test func `A candidate gives what a pipeline file with its values gives`() async throws {
    try await offPool {
      let folder = try WorkerFolder()
      var random = SeededGenerator(seed: 11)
      let now = try ecom(
        above: "0.2", below: "0.5", hold: "1", clear: "value < 0.5 * above", most: "4")
      let pipeline = try Pipeline.parse(text: now, file: "ecom.yaml")
      var count = 0
      for round in 0..<3 {
        let above = "\(Double(random.below(50)) / 100)"
        let below = "\(0.5 + Double(random.below(45)) / 100)"
        let hold = random.pick(["2", "3", "48h", "1"])
        let clear = random.pick(["value < 0.9 * above", "samples > 3 && value < above"])
        let most = "\(2 + random.below(4))"
        let wishes = [
          "payment_trouble.above=\(above)", "payment_trouble.for=\(hold)",
          "payment_trouble.clear=\(clear)", "checkout_stuck.below=\(below)",
          "clicking.most=\(most)",
        ]
        let plan = try BacktestPlan(
          pipeline, try wishes.map { try BacktestWish($0, isSweep: false) }
        ) { try Pipeline.parse(text: now, file: "ecom.yaml", edits: $0) }
        let input = BacktestInput.files([try RealData.path("ecom/ecom.csv.gz")], inOrder: false)
        let result = try #require(try BacktestRun(plan, input: input).run())
        let there = try fired(
          ecom(above: above, below: below, hold: hold, clear: clear, most: most),
          folder.file("\(round).sqlite"))
        for rule in ["payment_trouble", "checkout_stuck", "clicking"] {
          let key = plan.rules.first { $0.name == rule }?.candidates.last?.key ?? ""
          #expect(told(result.alerts[key]) == there[rule] ?? [], "seed 11, \(wishes), \(rule)")
          count += there[rule]?.count ?? 0
        }
        if round == 0 {
          let standing = try fired(now, folder.file("now.sqlite"))
          for rule in plan.rules {
            #expect(told(result.alerts[rule.name]) == standing[rule.name] ?? [], "\(rule.name)")
          }
          #expect(result.range.lowerBound == Instants.parse("2024-01-04T11:00:00Z", zone: .utc))
          #expect(result.range.upperBound == Instants.parse("2024-06-29T22:02:40Z", zone: .utc))
        }
      }
      #expect(count > 30, "the sweeps say something: \(count)")
    }
  }

  @Test func `An alert of a KPI gives what a pipeline file with its values gives`() async throws {
    try await offPool {
      let folder = try WorkerFolder()
      func text(_ least: Int) -> String {
        WorkerPipeline.text(
          more: """
            alerts:
              poor: {watch: growth, when: value < least / 5, thresholds: {least: \(least)}, for: 2}
              few: {watch: sold, when: value < least * people, thresholds: {least: \(least)}}
            """)
      }
      let history = EventHistory(
        seed: 8, options: .with { ($0.events, $0.spanMs) = (3_000, 30 * 3_600_000) })
      let lines = history.events.map { String(decoding: $0.payload, as: UTF8.self) }
      let file = folder.file("history.jsonl")
      try lines.joined(separator: "\n").write(toFile: file, atomically: true, encoding: .utf8)
      let plan = try BacktestPlan(
        try Pipeline.parse(text: text(1), file: "test.yaml"),
        try ["poor.least=2..5:1", "few.least=2..5:1"].map { try BacktestWish($0, isSweep: true) }
      ) { try Pipeline.parse(text: text(1), file: "test.yaml", edits: $0) }
      var run = BacktestRun(plan, input: .files([file], inOrder: false))
      run.readsSeries = true
      let result = try #require(try run.run())
      var count = 0
      for least in 1...5 {
        let data = folder.file("\(least).sqlite")
        let pipeline = try Pipeline.parse(text: text(least), file: "test.yaml")
        _ = try runFiles(pipeline, [file], data: data)
        let reader = try ResultsReader.open(path: data)
        var query = AlertQuery()
        query.limit = .max
        let rows = try reader.alerts(query).map(\.alert)
        for (at, rule) in plan.rules.enumerated() {
          let expected = rows.filter { $0.rule == rule.name }.compactMap { row in
            row.opened.map { "{} \($0.ms) \(row.resolved.map { "\($0.ms)" } ?? "-")" }
          }
          let key = plan.rules[at].candidates[least - 1].key
          #expect(told(result.alerts[key]) == expected.sorted(), "\(rule.name) \(least)")
          count += expected.count
        }
      }
      #expect(count > 10, "\(count)")
      // The report draws whole periods, and no slice of one.
      let drawn = result.series["few"]?.flatMap(\.points).map(\.at.ms) ?? []
      #expect(!drawn.isEmpty && drawn.allSatisfy { $0 % 900_000 == 0 })
      #expect(Set(drawn).count == drawn.count)
    }
  }

  @Test func `From a topic it gives the same and commits nothing`() async throws {
    try await offPool {
      let folder = try WorkerFolder()
      let broker = try WorkerBroker()
      let topic = try broker.topic(3)
      let text = WorkerPipeline.text(
        brokers: broker.brokers, topic: topic,
        more: """
          alerts:
            many: {watch: events, when: value > above, thresholds: {above: 3}}
          """)
      let history = EventHistory(seed: 5, options: .with { $0.events = 2_000 })
      try broker.produce(
        history.partitioned(3).enumerated().flatMap { partition, log in
          log.map { (partition, $0.payload, $0.recordMs) }
        }, to: topic)
      let lines = history.events.map { String(decoding: $0.payload, as: UTF8.self) }
      let file = folder.file("history.jsonl")
      try lines.joined(separator: "\n").write(toFile: file, atomically: true, encoding: .utf8)
      let plan = try BacktestPlan(
        try Pipeline.parse(text: text, file: "test.yaml"),
        [try BacktestWish("many.above=1..9:2", isSweep: true)]
      ) { try Pipeline.parse(text: text, file: "test.yaml", edits: $0) }
      let live = try #require(try BacktestRun(plan, input: .kafka).run())
      let files = try #require(try BacktestRun(plan, input: .files([file], inOrder: false)).run())
      #expect(live.alerts == files.alerts && live.range == files.range)
      #expect(live.alerts.values.contains { $0.count > 3 })
      let ids = (0..<3).map { PartitionID(topic: topic, partition: $0) }
      let committed = try KafkaTopics(settings: broker.settings).committed(
        group: "weir-worker-test", ids)
      #expect(committed.isEmpty, "the live worker's group is left alone")
    }
  }

  @Test func `A part of the events is looked at alone`() async throws {
    try await offPool {
      let text = try ecom(
        above: "0.2", below: "0.5", hold: "1", clear: "value < 0.5 * above", most: "4")
      let plan = try BacktestPlan(try Pipeline.parse(text: text, file: "ecom.yaml"), []) { _ in
        throw WorkerError(.internalFault, "nothing is edited", whatToDo: "")
      }
      let input = BacktestInput.files([try RealData.path("ecom/ecom.csv.gz")], inOrder: false)
      var run = BacktestRun(plan, input: input)
      let whole = try #require(try run.run())
      let from = try #require(Instants.parse("2024-05-01", zone: .utc))
      run.request.from = .time(from)
      run.request.to = .time(EventTime(ms: from.ms + 30 * 86_400_000))
      let part = try #require(try run.run())
      #expect(part.range.lowerBound >= from)
      #expect(part.range.upperBound.ms <= from.ms + 30 * 86_400_000)
      #expect(
        part.alerts["payment_trouble"]?.map(\.fired)
          == whole.alerts["payment_trouble"]?.map(\.fired))
      #expect(part.alerts["clicking"]?.count ?? 0 < whole.alerts["clicking"]?.count ?? 0)
    }
  }
}
