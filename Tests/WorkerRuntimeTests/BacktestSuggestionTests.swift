import PipelineSpec
import StreamCore
import Testing

@testable import WorkerRuntime

@Suite struct BacktestSuggestionTests {
  private let part = BacktestPart(EventTime(ms: 0)..<EventTime(ms: 14 * 86_400_000))

  /// Figures of alerts of these days, each a day long.
  private func figures(_ days: [Int], incidents: [Int] = []) -> BacktestFigures {
    let at = { (day: Int) in EventTime(ms: Int64(day) * 86_400_000) }
    return BacktestFigures(
      days.map {
        BacktestAlert(
          series: "{}", judged: at($0)..<at($0 + 1), fired: at($0 + 1), ended: at($0 + 2))
      }, incidents: incidents.map { Incident(name: "\($0)", span: at($0)..<at($0 + 1)) },
      part: part)
  }

  private func suggest(
    _ tried: [(Double, BacktestFigures)], now: Double = 0,
    _ budget: SuggestionBudget
  ) throws -> ThresholdSuggestion {
    try #require(
      ThresholdSuggestion(
        tried: tried.map { ("above", $0.0, $0.1) }, now: ["above": now],
        spanMs: 14 * 86_400_000, budget: budget))
  }

  @Test func `Neighbours that do the same are one choice, and its middle is suggested`() throws {
    let few = figures([3])
    let found = try suggest(
      [(0.1, figures([1, 3, 5])), (0.2, few), (0.3, few), (0.4, few), (0.5, figures([]))],
      SuggestionBudget(alertsPerWeek: 1))
    #expect(found.isMet)
    #expect(found.choices.map(\.values) == [[0.1], [0.2, 0.3, 0.4], [0.5]])
    #expect(found.choices[found.chosen].value == 0.3)
  }

  @Test func `The value of now stays where it does as well`() throws {
    let few = figures([3])
    let found = try suggest(
      [(0.1, few), (0.2, few), (0.3, few)], now: 0.1, SuggestionBudget(alertsPerWeek: 1))
    #expect(found.choices[found.chosen].value == 0.1)
  }

  @Test func `What is open for more than half of the time meets no budget`() throws {
    let found = try suggest(
      [(0.1, figures([1, 2, 3, 4, 5, 6, 7, 8])), (0.2, figures([3]))],
      SuggestionBudget(alertsPerWeek: 100))
    #expect(found.choices[found.chosen].value == 0.2)
  }

  @Test func `With incidents the best score that meets the budget is chosen`() throws {
    let tried = [
      (0.1, figures([1, 3, 5, 8], incidents: [1, 3])),
      (0.2, figures([1, 3, 5], incidents: [1, 3])),
      (0.3, figures([1], incidents: [1, 3])), (0.4, figures([], incidents: [1, 3])),
    ]
    let free = try suggest(tried, SuggestionBudget(byIncidents: true))
    #expect(free.choices[free.chosen].value == 0.2)
    let tight = try suggest(tried, SuggestionBudget(alertsPerWeek: 1, byIncidents: true))
    #expect(tight.choices[tight.chosen].value == 0.3)
  }

  @Test func `Where nothing meets the budget the nearest is shown`() throws {
    let found = try suggest(
      [(0.1, figures([1, 3, 5])), (0.2, figures([1, 3]))], SuggestionBudget(alertsPerWeek: 0.1))
    #expect(!found.isMet)
    #expect(found.choices[found.chosen].value == 0.2)
    let silent = try suggest(
      [(0.1, figures([], incidents: [3]))], SuggestionBudget(byIncidents: true))
    #expect(!silent.isMet)
  }

  // MARK: - Values to try

  private func alert(_ inputs: [AlertInput]) throws -> BacktestRule {
    let when = try Expression.compile("value > above") { _ in .slot(0, type: .number) }
    return BacktestRule(
      plan: .alert(
        AlertPlan(
          name: "a", watch: ResultReference(stage: "m"), when: when, inputs: inputs,
          window: WindowPlan(unit: .day, every: 1))), candidates: [])
  }

  @Test func `Values come from the file's steps, then from what was observed`() throws {
    let rule = try alert([.value, .threshold(0)])
    var threshold = ThresholdPlan(name: "above", standard: 5, min: 0, max: 1, step: 0.25)
    let steps = SuggestedValues.of(threshold, rule: rule, observed: [7])
    #expect(steps.values == [0, 0.25, 0.5, 0.75, 1] && steps.origin == .steps(each: 1))
    threshold.step = 0.001
    let many = SuggestedValues.of(threshold, rule: rule, observed: [])
    #expect(
      many.values.count <= SuggestedValues.valuesMax && many.values.last.map { $0 <= 1 } == true)
    threshold.step = nil
    let seen = SuggestedValues.of(
      threshold, rule: rule, observed: (0..<1000).map { Double($0) / 500 })
    #expect(seen.origin == .observed && seen.values.allSatisfy { (0...1).contains($0) })
    #expect(seen.values == seen.values.sorted() && seen.values.count > 20)
    let change = SuggestedValues.of(
      threshold, rule: try alert([.change(1), .threshold(0)]), observed: [1])
    #expect(change.origin == .multiples)
    #expect(!SuggestedValues.needObserved(threshold, of: try alert([.mean(count: 3, step: 1)])))
  }
}
