import PipelineSpec
import StreamCore
import Testing

@testable import WorkerRuntime

@Suite struct BacktestReportTests {
  private static let text = WorkerPipeline.text(
    more: """
      alerts:
        many: {watch: users, when: value > above, thresholds: {above: 5}}
        mean: {watch: mean, when: value > above, thresholds: {above: 5}}
      """)

  private let weekMs: Int64 = 7 * 86_400_000

  private func report(
    completeFrom: [String: Int64], incidents: [Incident] = []
  ) throws -> BacktestReport {
    let plan = try BacktestPlan(try Pipeline.parse(text: Self.text, file: "test.yaml"), []) { _ in
      throw WorkerError(.internalFault, "nothing is edited", whatToDo: "")
    }
    let at = EventTime(ms: weekMs + 10)
    let alert = BacktestAlert(
      series: "{}", judged: at..<EventTime(ms: at.ms + 1), fired: at, ended: at)
    let result = BacktestResult(
      range: EventTime(ms: 0)..<EventTime(ms: 2 * weekMs), fates: FateCounts(),
      records: RecordTotals(), completeFrom: completeFrom.mapValues(EventTime.init(ms:)),
      alerts: ["many": [alert], "mean": [alert]], series: [:])
    return try BacktestReport(plan, result, incidents: incidents)
  }

  @Test func `Time in which a rule could not be judged is not quiet time`() throws {
    let report = try report(
      completeFrom: ["many": weekMs],
      incidents: [Incident(name: "early", span: EventTime(ms: 5)..<EventTime(ms: 6))])
    #expect(report.rules.map(\.rule.name) == ["many", "mean"])
    #expect(report.rules.map(\.lines.first?.whole.alertsPerWeek) == [1, 0.5])
    #expect(report.rules.map(\.incidents.count) == [0, 1], "nobody could find it")
    #expect(report.rules[0].range.lowerBound.ms == weekMs)
  }

  @Test func `Of a rule that looks back further than was read nothing is said`() throws {
    let report = try report(completeFrom: ["many": EventTime.distantFuture.ms])
    #expect(report.rules.map(\.rule.name) == ["mean"])
    let error = #expect(throws: WorkerError.self) {
      try self.report(
        completeFrom: ["many": EventTime.distantFuture.ms, "mean": 2 * weekMs])
    }
    #expect(error?.description.contains("--warmup all") == true)
  }
}
