import Foundation
import PipelineSpec
import SnapshotStore
import StreamCore
import StreamTestKit
import Synchronization
import Testing

@testable import Dashboard

/// What other thresholds would have done, against runs of pipelines that have them.
@Suite struct PreviewTests {
  private struct Answer: Decodable {
    struct Outcome: Decodable {
      struct Firing: Decodable, Hashable {
        var dimensions: [String: String]
        var opened_ms: Int64
        var resolved_ms: Int64?
      }
      var alerts: Int
      var firing_ms: Int64
      var firings: [Firing]
    }
    var missing: String?
    var from_ms: Int64?
    var to_ms: Int64?
    var stored: Outcome?
    var again: Outcome?
    var tried: Outcome?
    var command: String

    var storedFirings: Set<Outcome.Firing> { Set(stored?.firings ?? []) }
    var againFirings: Set<Outcome.Firing> { Set(again?.firings ?? []) }
    var triedFirings: Set<Outcome.Firing> { Set(tried?.firings ?? []) }
  }

  private func ask(_ console: Console, _ rule: String, _ query: String = "") throws -> Answer {
    let text = try console.text("/api/v1/thresholds/\(rule)/preview?span=all&\(query)")
    return try JSONDecoder().decode(Answer.self, from: Data(text.utf8))
  }

  private func firings(_ driver: [AlertRow], _ rule: String) -> Set<Answer.Outcome.Firing> {
    Set(
      driver.filter { $0.rule == rule }.compactMap { row in
        row.opened.map {
          .init(
            dimensions: Dimensions.read(row.dimensions).mapValues { "\($0)" }, opened_ms: $0.ms,
            resolved_ms: row.resolved?.ms)
        }
      })
  }

  @Test("it tells exactly what a run with those values tells, where all rows are stored")
  func isThatOfARun() throws {
    try withSeeds(1...6) { seed, _ in
      let room = try RoomFile(seed: seed)
      let console = try room.console()
      for value in [0.05, 0.15, 0.3, 0.5, 0.75] {
        let other = try RoomFile.run(
          try RoomFile.pipeline(above: value, drop: value), seed: seed, minutes: 240)
        let trouble = try ask(console, "trouble", "set=above=\(value)")
        #expect(trouble.triedFirings == firings(other.alertRows, "trouble"))
        let slump = try ask(console, "slump", "set=drop=\(value)")
        #expect(slump.triedFirings == firings(other.alertRows, "slump"))
        #expect(slump.tried?.alerts == slump.tried?.firings.count)
      }
      let now = try ask(console, "trouble")
      let expected = firings(room.driver.alertRows, "trouble")
      #expect(!expected.isEmpty)
      #expect(now.storedFirings == expected)
      #expect(now.againFirings == expected)
      #expect(now.triedFirings == expected)
      let end = try #require(now.to_ms)
      let minutes = expected.reduce(into: Set<Int64>()) { minutes, firing in
        for at in stride(from: firing.opened_ms, to: firing.resolved_ms ?? end, by: 60_000) {
          minutes.insert(at)
        }
      }
      let length = Int64(minutes.count) * 60_000
      #expect(now.stored?.firing_ms == length)
    }
  }

  @Test("of a KPI it tells what a run tells, of whole periods alone, in the KPI's unit")
  func ofAKPI() throws {
    try withSeeds(1...4) { seed, _ in
      let room = try RoomFile(seed: seed, most: 20)
      let console = try room.console()
      for value in [5, 20, 40, 60] as [Double] {
        let other = try RoomFile.run(
          try RoomFile.pipeline(most: value), seed: seed, minutes: 240)
        let answer = try ask(console, "failing", "set=most=\(value)")
        #expect(answer.triedFirings == firings(other.alertRows, "failing"), "\(value)")
        let now = firings(room.driver.alertRows, "failing")
        #expect(!now.isEmpty && answer.storedFirings == now && answer.againFirings == now)
      }
      #expect(try console.text("/thresholds/failing/preview?span=all").contains("payments"))
      let alert = try #require(room.driver.alertRows.first { $0.rule == "failing" })
      let story = try console.text("/alerts/\(alert.alertID)")
      #expect(story.contains("failed") && story.contains("<svg"))
    }
  }

  @Test("a value for one series leaves the others as they are")
  func scope() throws {
    try withSeeds(1...3) { seed, _ in
      let room = try RoomFile(seed: seed)
      let scope = "dimensions=" + URLText.encoded(#"{"channel":"web"}"#)
      let answer = try ask(try room.console(), "trouble", "set=above=0.05&\(scope)")
      let low = try RoomFile.run(
        try RoomFile.pipeline(above: 0.05), seed: seed, minutes: 240)
      let wanted =
        firings(low.alertRows, "trouble").filter { $0.dimensions["channel"] == "web" }
        .union(
          firings(room.driver.alertRows, "trouble").filter { $0.dimensions["channel"] == "app" })
      #expect(answer.triedFirings == wanted)
    }
  }

  @Test("a shorter look back judges its windows as the whole does")
  func range() throws {
    let room = try RoomFile(seed: 9, minutes: 60 * 30)
    let console = try room.console()
    let text = try console.text("/api/v1/thresholds/trouble/preview?span=1d&set=above=0.2")
    let day = try JSONDecoder().decode(Answer.self, from: Data(text.utf8))
    let all = try ask(console, "trouble", "set=above=0.2")
    let from = try #require(day.from_ms)
    #expect(day.to_ms == all.to_ms)
    #expect(from > (try #require(all.from_ms)))
    let shared = all.triedFirings.filter { $0.opened_ms > from + 60_000 }
    #expect(!shared.isEmpty)
    #expect(day.triedFirings.isSuperset(of: shared))
  }

  @Test("the command sets what differs from the file, and names the range")
  func command() throws {
    let room = try RoomFile(seed: 2)
    let answer = try ask(try room.console(), "trouble", "set=above=0.45")
    #expect(
      answer.command.hasPrefix("weir backtest PIPELINE.yaml --set trouble.above=0.45 --from 2026-"))
    #expect(answer.command.contains(" --to 2026-"))
  }

  @Test("it says why there is nothing: risks need events, rules the pipeline, a start rows")
  func missing() throws {
    let room = try RoomFile(seed: 2, minutes: 30)
    #expect(try ask(try room.console(), "card_testing").missing == "needs_events")
    #expect(
      try ask(try room.console(knowsPipeline: false), "trouble").missing == "no_pipeline")
    let page = try room.console().text("/thresholds/card_testing?try.failures=9")
    #expect(page.contains("--set card_testing.failures=9"))
  }

  @Test("values out of bounds, unknown ones and what is no number are refused")
  func refusals() throws {
    let console = try RoomFile(seed: 2, minutes: 30).console()
    for query in ["set=above=1.5", "set=over=0.1", "set=above", "set=above=x", "set=above=nan"] {
      #expect(throws: Problem.self) { try ask(console, "trouble", query) }
    }
    #expect(throws: Problem.self) { try console.ask("/thresholds/trouble?try.above=7") }
    #expect(throws: Problem.self) { try console.ask("/thresholds/nobody/preview") }
  }

  @Test("the fragment for a slider is part of the page without script")
  func fragment() throws {
    let console = try RoomFile(seed: 3).console()
    let query = "?try.above=0.1&span=all"
    let fragment = try console.text("/thresholds/trouble/preview\(query)")
    #expect(fragment.contains("<svg"))
    #expect(try console.text("/thresholds/trouble\(query)").contains(fragment))
  }

  @Test("alerts that went on before the range are counted apart, and time counts once")
  func openBefore() throws {
    func row(_ series: Int, _ from: Int64, _ opened: Int64, _ resolved: Int64?) -> AlertRow {
      AlertRow(
        alertID: "\(series)-\(opened)", rule: "r", dimensions: "{\"s\":\(series)}",
        state: .resolved, severity: "info", owner: nil, windowStart: EventTime(ms: from),
        windowEnd: EventTime(ms: opened), value: nil, threshold: nil, thresholds: "{}",
        opened: EventTime(ms: opened), resolved: resolved.map(EventTime.init(ms:)),
        explanation: nil, status: .final)
    }
    let range = EventTime(ms: 100)..<EventTime(ms: 200)
    let outcome = ThresholdPreview.Outcome(
      [
        row(1, 80, 90, 120), row(2, 90, 110, 130), row(1, 140, 150, 160), row(2, 150, 155, 170),
        row(3, 190, 195, nil), row(3, 10, 20, 100), row(3, 200, 210, nil),
      ], in: range)
    #expect(outcome.firings.map(\.opened.ms) == [150, 155, 195])
    #expect(outcome.before.map(\.opened.ms) == [90, 110])
    #expect(outcome.totalMs == 30 + 20 + 5)
  }

  @Test("what only one outcome has is what no alert of the other overlaps in the same series")
  func only() {
    withSeeds(1...20) { _, generator in
      func outcome() -> ThresholdPreview.Outcome {
        var outcome = ThresholdPreview.Outcome([], in: .distantPast..<EventTime(ms: 1))
        outcome.firings = (0..<30).map { _ in
          let opened = generator.whole(0...200)
          return .init(
            dimensions: "{\"s\":\(generator.below(3))}", opened: EventTime(ms: opened),
            resolved: generator.chance(0.1) ? nil : EventTime(ms: opened + generator.whole(1...9)))
        }.sorted { $0.opened < $1.opened }
        return outcome
      }
      let (a, b) = (outcome(), outcome())
      let expected = a.firings.filter { one in
        !b.firings.contains {
          $0.dimensions == one.dimensions && $0.opened < (one.resolved ?? .distantFuture)
            && one.opened < ($0.resolved ?? .distantFuture)
        }
      }
      #expect(ThresholdPreview.only(a, not: b) == expected)
    }
  }

  @Test("a preview that takes too long says to look back less far")
  func tooMuch() throws {
    let room = try RoomFile(seed: 2, minutes: 30)
    let clock = Mutex<Int64>(1_772_000_003_000)
    let console = try Console(
      ConsoleSetup(
        dataPath: room.file.path, pipeline: room.pipeline,
        address: #require(ConsoleAddress("127.0.0.1:0")),
        now: {
          WallTime(
            ms: clock.withLock {
              $0 += 1_000
              return $0
            })
        }))
    let problem = #expect(throws: Problem.self) {
      try console.ask("/api/v1/thresholds/trouble/preview?span=all")
    }
    #expect(problem?.whatToDo.contains("span=1d") == true)
    let page = try console.text("/thresholds/trouble?span=all")
    #expect(page.contains("Look back less far"))
  }

  @Test("the page after a refused value is the rule's page, with the scope that was chosen")
  func refused() throws {
    let room = try RoomFile(seed: 2, minutes: 30)
    let console = try room.console()
    let web = #"{"channel":"web"}"#
    let answer = try console.ask(
      "/thresholds/trouble/set", rights: [.read, .write], method: .post,
      body: [
        ("name", "above"), ("value", "1.5"), ("dimensions", web), ("reason", "noise"),
      ])
    #expect(answer.status == .conflict)
    let page = String(decoding: answer.body, as: UTF8.self)
    let own = "/thresholds/trouble?dimensions=" + URLText.encoded(web)
    #expect(page.contains("data-page=\"\(own)\""))
    #expect(page.contains("name=\"back\" value=\"\(own)\""))
    #expect(!page.contains("/thresholds/trouble/set\" value"))
    #expect(page.contains("selected"))
    PageCheck.check(page, "after a refusal")
    _ = try console.ask(own)
  }

  @Test("rows that are read are bounded, and it says so")
  func bounded() throws {
    let room = try RoomFile(seed: 1, minutes: 10)
    let rows = (0..<(PreviewSource.rowsMax + 500)).map { number in
      let start = RoomFile.startMs + Int64(number / 4) * RoomFile.minute
      return MetricRow(
        metric: "payments", windowStart: EventTime(ms: start),
        windowEnd: EventTime(ms: start + RoomFile.minute),
        dimensions: #"{"channel":"c\#(number % 4)"}"#, value: Double(number % 7 + 1),
        valueExact: nil, samples: Int64(number % 7 + 1), approximate: false, status: .final)
    }
    try room.file.commit { $0.rows.metrics = rows }
    let page = try room.console().text("/thresholds/slump?try.drop=0.5&span=all")
    #expect(page.contains("Only the newest 60,000 rows"))
  }
}
