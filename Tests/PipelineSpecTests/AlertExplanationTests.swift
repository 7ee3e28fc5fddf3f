import Foundation
import PipelineSpec
import StreamCore
import Testing

/// What alerts say moved them, and what people watching see before a window closes.
@Suite struct AlertExplanationTests {
  private struct Explanation: Decodable {
    struct Baseline: Decodable {
      var start_ms: Int64
      var value: Double
    }
    struct Part: Decodable {
      var dimension: String
      var value: String
      var from: Double?
      var to: Double?
      var share: Double
    }
    var baseline: Baseline?
    var value: Double?
    var by: [Part]
  }

  private func explanation(_ driver: PipelineDriver) throws -> Explanation {
    let text = try #require(driver.alertRows.first?.explanation)
    return try JSONDecoder().decode(Explanation.self, from: Data(text.utf8))
  }

  private static func events(_ hours: Double, _ name: String, _ counts: [String: Int]) -> [String] {
    counts.sorted { $0.key < $1.key }.flatMap { channel, count in
      (0..<count).map { AlertShop.event(hours + Double($0) / 10_000, name, channel) }
    }
  }

  @Test func `Shares of what adds up add up, and hidden metrics have no rows`() throws {
    let rule = try AlertShop.rule("orders", "value < limit", limit: 20) {
      $0.breakdowns = [.init(dimension: "channel", metrics: ["orders_hidden"])]
    }
    let events =
      Self.events(0.1, "order", ["web": 15, "app": 10, "store": 5])
      + Self.events(1.1, "order", ["web": 15, "app": 1])
    let driver = try AlertShop.run(
      AlertShop.plan([rule]), events + [AlertShop.event(2.5, "view")])
    let found = try explanation(driver)
    #expect(found.baseline?.start_ms == AlertShop.startMs)
    #expect(found.baseline?.value == 30)
    #expect(found.value == 16)
    #expect(found.by.map(\.value) == ["app", "store"])
    #expect(found.by.map(\.dimension) == ["channel", "channel"])
    #expect(found.by.map(\.from) == [10, 5])
    #expect(found.by.map(\.to) == [1, 0])
    #expect(abs(found.by.reduce(0) { $0 + $1.share } - 1) < 0.001)
    #expect(!driver.rows.contains { $0.metric.hasSuffix("_hidden") })
  }

  @Test func `Shares of a ratio add up, a part whose weight alone changed included`() throws {
    let rule = try AlertShop.rule("rate", "value > limit", limit: 0.3) {
      $0.breakdowns = [.init(dimension: "channel", metrics: ["errors_hidden", "paid_hidden"])]
    }
    let events =
      Self.events(0.1, "paid", ["web": 20, "app": 20])
      + Self.events(0.2, "error", ["web": 4, "app": 2])
      + Self.events(1.1, "paid", ["web": 10, "app": 30])
      + Self.events(1.2, "error", ["web": 2, "app": 18])
    let driver = try AlertShop.run(
      AlertShop.plan([rule]), events + [AlertShop.event(2.5, "view")])
    let found = try explanation(driver)
    #expect(found.baseline?.value == 0.15)
    #expect(found.value == 0.5)
    #expect(found.by.map(\.value) == ["app", "web"])
    #expect(found.by.first?.from == 0.1)
    #expect(found.by.first?.to == 0.6)
    // (18 − 0.15 · 30) / 40 of 0.35.
    #expect(abs((found.by.first?.share ?? 0) - 0.3375 / 0.35) < 0.001)
    #expect(abs(found.by.reduce(0) { $0 + $1.share } - 1) < 0.001)
  }

  @Test func `The baseline is the rule's own, else a week ago, else the window before`() throws {
    let own = try AlertShop.rule("orders", "change > limit", limit: 2)
    let rising = (0..<4).flatMap {
      Self.events(Double($0) + 0.1, "order", ["web": [1, 2, 2, 9][$0]])
    }
    let plain = try AlertShop.rule("orders", "value > limit", limit: 8) {
      // No change, no value of an earlier window.
      $0.inputs = [.value, .samples, .samples, .samples, .threshold(0), .lower]
    }
    let end = [AlertShop.event(4.5, "view")]
    let first = try explanation(AlertShop.run(AlertShop.plan([own]), rising + end))
    #expect(first.baseline?.start_ms == AlertShop.startMs + AlertShop.hour)
    let before = try explanation(AlertShop.run(AlertShop.plan([plain]), rising + end))
    #expect(before.baseline?.start_ms == AlertShop.startMs + 2 * AlertShop.hour)
    #expect(before.by.isEmpty)
    let later = Self.events(168.1, "order", ["web": 9]) + [AlertShop.event(169.5, "view")]
    let week = try explanation(
      AlertShop.run(AlertShop.plan([plain]), Array(rising.prefix(1)) + later))
    #expect(week.baseline?.start_ms == AlertShop.startMs)
    let alone = try explanation(
      AlertShop.run(
        AlertShop.plan([plain]),
        Self.events(0.1, "order", ["web": 9]) + [AlertShop.event(1.5, "view")]))
    #expect(alone.baseline == nil)
  }

  @Test func `An open window shows a provisional alert that the final one takes over`() throws {
    let rule = try AlertShop.rule("orders", "value > limit", limit: 2) { $0.isProvisional = true }
    let plan = try AlertShop.plan([rule])
    let driver = try AlertShop.run(plan, Self.events(0.1, "order", ["web": 3]))
    #expect(AlertShop.story(driver) == [])
    #expect(AlertShop.story(driver, .provisional) == ["0: firing"])
    let shown = try #require(driver.alertRows.first)
    #expect(shown.status == .provisional)
    #expect(shown.state == .firing)
    driver.push(AlertShop.event(1.5, "view"))
    driver.snapshot()
    #expect(AlertShop.story(driver) == ["0: pending", "0: firing"])
    #expect(AlertShop.story(driver, .provisional) == ["0: firing"])
    let rows = Dictionary(grouping: driver.alertRows, by: \.status)
    #expect(rows[.provisional]?.map(\.state) == [.resolved])
    #expect(rows[.final]?.map(\.state) == [.firing])
    #expect(rows[.final]?.first?.alertID != shown.alertID)
  }

  @Test func `A provisional alert ends when what it rests on does`() throws {
    let rule = try AlertShop.rule("orders", "value < limit", limit: 2) { $0.isProvisional = true }
    let plan = try AlertShop.plan([rule])
    let driver = try AlertShop.run(plan, Self.events(0.1, "order", ["web": 1]))
    #expect(AlertShop.story(driver, .provisional) == ["0: firing"])
    driver.push(AlertShop.event(0.2, "order"))
    driver.snapshot()
    #expect(AlertShop.story(driver, .provisional) == ["0: firing", "0: resolved"])
    driver.close()
    #expect(AlertShop.story(driver) == [])
    #expect(driver.alertRows.map(\.state) == [.resolved])
  }

  @Test func `Only final windows are judged unless the rule says otherwise`() throws {
    let plan = try AlertShop.plan([AlertShop.rule("orders", "value > limit", limit: 2)])
    let driver = try AlertShop.run(plan, Self.events(0.1, "order", ["web": 3]))
    #expect(driver.alertRows.isEmpty)
    #expect(driver.alertTransitions.isEmpty)
  }
}
