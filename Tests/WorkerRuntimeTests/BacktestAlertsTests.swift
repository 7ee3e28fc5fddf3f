import StreamCore
import Testing

@testable import WorkerRuntime

@Suite struct BacktestAlertsTests {
  private let hourMs: Int64 = 3_600_000

  private func at(_ hour: Int) -> EventTime { EventTime(ms: Int64(hour) * hourMs) }

  /// An alert of windows of `size` hours every hour: the first and the firing one by their start.
  private func row(
    _ first: Int, firing: Int, ended: Int?, size: Int = 1, series: String = "{}",
    status: ResultStatus = .final
  ) -> AlertRow {
    AlertRow(
      alertID: "\(series)\(first)", rule: "r", dimensions: series,
      state: ended == nil ? .firing : .resolved, severity: "info", owner: nil,
      windowStart: at(first), windowEnd: at(ended ?? firing + size), value: 1, threshold: nil,
      thresholds: "{}", opened: at(firing + size), resolved: ended.map(at), explanation: nil,
      status: status)
  }

  private func alerts(_ rows: [AlertRow], size: Int64 = 1) -> [BacktestAlert] {
    BacktestAlerts.of(
      rows,
      window: WindowPlan(unit: .millisecond, size: size * 3_600_000, every: 3_600_000), zone: .utc)
  }

  @Test func `An alert is judged by the window in which it fired`() {
    let own = alerts([row(8, firing: 10, ended: 15)])
    #expect(own.map(\.judged) == [at(10)..<at(11)])
    #expect(own.map(\.fired) == [at(11)] && own.map(\.ended) == [at(15)])
    let long = alerts([row(8, firing: 10, ended: 15, size: 4)], size: 4)
    #expect(long.map(\.judged) == [at(10)..<at(14)])
  }

  @Test func `It can be told when what it was judged by is final`() {
    let own = BacktestAlerts.of(
      [row(8, firing: 10, ended: 15)],
      window: WindowPlan(unit: .millisecond, size: hourMs, every: hourMs), zone: .utc,
      delayMs: 2 * hourMs)
    #expect(own.map(\.told) == [at(13)] && own.map(\.fired) == [at(11)])
    let figures = BacktestFigures(
      own, incidents: [Incident(name: "i", span: at(9)..<at(20))],
      part: BacktestPart(at(0)..<at(100)))
    #expect(figures.medianDelayMs == 4 * hourMs)
    #expect(figures.openMs == 4 * hourMs, "it is open from the end of its window")
  }

  @Test func `A flap comes back in one of the three windows after the end`() {
    // Ended by window 14; 17 is the third after it, 18 the fourth.
    let flap = alerts([row(10, firing: 10, ended: 15), row(17, firing: 20, ended: 30)])
    #expect(flap.map(\.isFlap) == [false, true])
    let late = alerts([row(10, firing: 10, ended: 15), row(18, firing: 18, ended: 30)])
    #expect(late.map(\.isFlap) == [false, false])
    let other = alerts([
      row(10, firing: 10, ended: 15), row(16, firing: 16, ended: 30, series: "{\"a\":1}"),
    ])
    #expect(other.map(\.isFlap) == [false, false], "another series is no flap")
    let hopping = alerts(
      [row(10, firing: 10, ended: 18, size: 4), row(17, firing: 17, ended: nil, size: 4)], size: 4)
    #expect(hopping.map(\.isFlap) == [false, true], "windows are counted, not hours")
  }

  @Test func `Alerts that never fired, and provisional ones, are none`() {
    var pending = row(1, firing: 1, ended: nil)
    pending.opened = nil
    #expect(alerts([pending, row(3, firing: 3, ended: nil, status: .provisional)]).isEmpty)
  }

  @Test func `A finding is a flap when it opens soon after the one before of its entity`() {
    func finding(_ entity: String, _ opened: Int64, _ closed: Int64?, _ status: FindingStatus)
      -> FindingRow
    {
      FindingRow(
        findingID: "\(entity)\(opened)", rule: "r", entityKind: "user", entity: entity,
        opened: EventTime(ms: opened), closed: closed.map(EventTime.init(ms:)), status: status,
        announcedAs: nil, figures: "{}", evidence: "[]", severity: "info", owner: nil)
    }
    let own = BacktestAlerts.of(
      [
        finding("a", 300, nil, .final), finding("a", 0, 50, .final), finding("a", 150, 180, .final),
        finding("b", 160, 170, .final), finding("b", 400, 410, .withdrawn),
        finding("c", 5, nil, .provisional),
      ], withinMs: 100)
    #expect(own.map(\.series) == ["a", "a", "b", "a"])
    #expect(own.map(\.isFlap) == [false, true, false, false])
    #expect(own.first?.judged == EventTime(ms: 0)..<EventTime(ms: 1))
  }
}
