import PipelineSpec
import StreamCore
import StreamTestKit
import Testing

/// Alerts over KPIs: when they are judged, what they say, what people watching see.
@Suite struct KPIAlertTests {
  private static func pipeline(_ rules: String, sources: String? = nil) throws -> Pipeline {
    try Pipeline.parse(
      text: """
        name: kpi-alerts
        sources:
        \(sources ?? "  shop: \(source)")
        time: {lateness: 1m}
        metrics:
          revenue: {sum: total, where: 'event == "buy"', every: 1h, lateness: 1m}
          orders: {count: true, where: 'event == "buy"', every: 1h, lateness: 1m}
          spend: {sum: amount, where: 'event == "spend"', every: 1h}
        kpis:
          income: {formula: sold * basket, period: 1h, layer: business, children: [sold, basket]}
          sold: {formula: orders, period: 1h, layer: process}
          basket: {formula: revenue / orders, period: 1h, layer: process}
          grown: {formula: sold - previous(sold), period: 1h, layer: business}
          profit: {formula: revenue - spend, period: 1h, layer: business, children: [pace]}
          pace: {formula: orders, period: 5m, layer: process}
          gap: {formula: 1 / (2 - orders), period: 1h, layer: process}
        alerts:
        \(rules)
        """, file: "kpi-alerts.yaml")
  }

  private static let source = "{format: custom, fields: {name: event, user: user, time: at}}"

  private static func at(_ clock: String) -> EventTime {
    Instants.parse("2026-01-01T\(clock):00Z", zone: .utc) ?? .distantPast
  }

  private static func buy(_ clock: String, _ total: Int = 10) -> String {
    #"{"at":"2026-01-01T\#(clock):00Z","event":"buy","user":"ann","total":\#(total)}"#
  }

  // MARK: - When

  @Test func `A period is judged when the slowest source of the KPI has closed it`() throws {
    let pipeline = try Self.pipeline(
      "  loss: {watch: profit, when: value < 0}",
      sources: """
          app: \(Self.source)
          facts: {format: custom, fields: {name: event, time: at}, lateness: 2h}
        """)
    let plan = pipeline.plan
    #expect(StagePlan(plan, keyed: true).judgingDelayMs(of: plan.alerts[0]) == 2 * 3_600_000)
    let driver = try PipelineDriver(plan)
    driver.push(Self.buy("10:10"), to: 0)
    driver.push(#"{"at":"2026-01-01T10:20:00Z","event":"spend","amount":30}"#, to: 1)
    driver.push(Self.buy("12:59"), to: 0)
    driver.push(#"{"at":"2026-01-01T12:59:00Z","event":"spend","amount":1}"#, to: 1)
    driver.snapshot()
    #expect(driver.alertTransitions == [])
    driver.push(#"{"at":"2026-01-01T13:00:00Z","event":"spend","amount":1}"#, to: 1)
    driver.snapshot()
    #expect(driver.alertTransitions.map(\.to) == [.pending, .firing])
    #expect(driver.alertTransitions.allSatisfy { $0.value == -20 && $0.samples == 0 })
    #expect(driver.alertRows.map(\.opened) == [Self.at("11:00")])
  }

  @Test func `A fast KPI and a slow one are judged in one order, whatever closes together`()
    throws
  {
    let rules = """
        few: {watch: sold, when: value < 2}
        slow: {watch: pace, when: value > 0}
        drop: {watch: sold, when: value < previous(1) && income < 100}
      """
    let events = ["10:10", "10:30", "11:10", "12:01", "12:02", "13:40"].map { Self.buy($0) }
    let pipeline = try Self.pipeline(rules)
    let straight = try PipelineDriver(pipeline.plan)
    for event in events { straight.push(event) }
    straight.close()
    let stepped = try PipelineDriver(pipeline.plan)
    for event in events {
      stepped.push(event)
      stepped.snapshot()
    }
    stepped.close()
    #expect(alertDigest(straight) == alertDigest(stepped))
    #expect(Set(straight.alertTransitions.map(\.rule)) == ["few", "slow", "drop"])
  }

  // MARK: - What moved it

  @Test func `An alert of a KPI says which child moved it, and by how much`() throws {
    let pipeline = try Self.pipeline(
      """
        short: {watch: income, when: value < 50}
        loss: {watch: profit, when: value < 20}
      """)
    let driver = try PipelineDriver(pipeline.plan)
    // Three orders of 20, then four of 4: at 20 they were 80, and three of 4 were 12. Two of them
    // are in the last five minutes, and one in those before.
    let orders = [
      ("10:10", 20), ("10:20", 20), ("10:30", 20), ("11:10", 4), ("11:51", 4), ("11:56", 4),
      ("11:57", 4),
    ]
    for (clock, total) in orders { driver.push(Self.buy(clock, total)) }
    driver.push(#"{"at":"2026-01-01T12:30:00Z","event":"view","user":"ann"}"#)
    driver.snapshot()
    let told = Dictionary(driver.alertRows.map { ($0.rule, $0.explanation ?? "") }) { $1 }
    let start = Self.at("10:00").ms
    #expect(
      told["short"] == """
        {"baseline":{"start_ms":\(start),"value":60},"value":16,"by":[],\
        "moved_by":{"kpi":"basket","moved":-64}}
        """)
    // The formula of profit does not read its child: which one, and not by how much.
    #expect(
      told["loss"] == """
        {"baseline":{"start_ms":\(start),"value":60},"value":16,"by":[],\
        "moved_by":{"kpi":"pace","moved":null}}
        """)
  }

  @Test func `What moved a KPI is not forgotten by a restart before it is told`() throws {
    // The rule waits for the spend of the hour, which comes two hours later.
    let pipeline = try Self.pipeline(
      "  short: {watch: income, when: value < 50 && profit < 1000}",
      sources: """
          app: \(Self.source)
          facts: {format: custom, fields: {name: event, time: at}, lateness: 2h}
        """)
    let events = ["10:10", "10:20", "11:10", "12:30"]
    let end = #"{"at":"2026-01-01T16:00:00Z","event":"spend","amount":1}"#
    func explained(restoring: Bool) throws -> [String?] {
      var driver = try PipelineDriver(pipeline.plan)
      driver.push(#"{"at":"2026-01-01T10:00:00Z","event":"spend","amount":1}"#, to: 1)
      for clock in events { driver.push(Self.buy(clock, 30), to: 0) }
      driver.push(#"{"at":"2026-01-01T12:30:00Z","event":"spend","amount":1}"#, to: 1)
      driver.snapshot()
      #expect(driver.alertRows == [])
      // What it watches is settled already.
      let settled = driver.tables.rows.kpis.filter { $0.kpi == "income" && $0.asOf == $0.periodEnd }
      #expect(settled.map(\.movedBy).last == "sold")
      if restoring { driver = try PipelineDriver(pipeline.plan, from: driver.save()) }
      driver.push(end, to: 1)
      driver.push(Self.buy("16:00"), to: 0)
      driver.snapshot()
      return driver.alertRows.map(\.explanation)
    }
    let told = try explained(restoring: false)
    #expect(told.first??.contains(#""moved_by":{"kpi":"sold""#) == true)
    #expect(try explained(restoring: true) == told)
  }

  // MARK: - Open periods

  @Test func `An open period is judged by how far it has come, and its final alert takes over`()
    throws
  {
    let pipeline = try Self.pipeline("  full: {watch: sold, when: value > 2, provisional: true}")
    let driver = try PipelineDriver(pipeline.plan)
    for clock in ["10:05", "10:15"] { driver.push(Self.buy(clock)) }
    driver.snapshot()
    #expect(driver.alertRows == [])
    driver.push(Self.buy("10:25"))
    driver.snapshot()
    let open = driver.alertRows
    #expect(open.map(\.status) == [.provisional] && open.map(\.state) == [.firing])
    #expect(open.map(\.value) == [3] && open.map(\.windowStart) == [Self.at("10:00")])
    driver.push(Self.buy("11:30"))
    driver.snapshot()
    let rows = driver.alertRows
    #expect(rows.filter { $0.status == .provisional }.map(\.state) == [.resolved])
    #expect(rows.filter { $0.status == .final }.map(\.state) == [.firing])
    driver.close()
    #expect(driver.conflicts == [])
  }

  @Test func `Of a KPI that is held against a whole period, the newest closed slice is judged`()
    throws
  {
    let pipeline = try Self.pipeline("  fewer: {watch: grown, when: value < 0, provisional: true}")
    var driver = try PipelineDriver(pipeline.plan)
    for clock in ["10:01", "10:02", "11:01"] { driver.push(Self.buy(clock)) }
    driver.snapshot()
    // The slice to 11:05 is open: nothing of the hour can be held against the one before.
    #expect(driver.alertRows == [])
    driver.push(Self.buy("11:06"))
    driver.snapshot()
    #expect(driver.alertRows.map(\.value) == [-1] && driver.alertRows.map(\.state) == [.firing])
    // A restart knows it still.
    driver = try PipelineDriver(pipeline.plan, from: driver.save())
    driver.snapshot()
    #expect(driver.alertRows.map(\.value) == [-1] && driver.alertRows.map(\.state) == [.firing])
    driver.push(Self.buy("11:15"))
    driver.snapshot()
    #expect(driver.alertRows.map(\.state) == [.resolved])
    driver.push(Self.buy("12:10"))
    driver.push(Self.buy("12:20"))
    driver.snapshot()
    driver.close()
    let settled = driver.alertTransitions.filter { $0.status == .final }
    #expect(settled.map(\.to) == [.pending, .firing])
    #expect(driver.conflicts == [])
  }

  @Test func `Nothing provisional is left of a period that ended without a value`() throws {
    let pipeline = try Self.pipeline("  odd: {watch: gap, when: value > 0.9, provisional: true}")
    let driver = try PipelineDriver(pipeline.plan)
    driver.push(Self.buy("10:01"))
    driver.snapshot()
    #expect(driver.alertRows.map(\.state) == [.firing])
    // With two orders there is none.
    driver.push(Self.buy("10:30"))
    driver.push(#"{"at":"2026-01-01T11:02:00Z","event":"view","user":"ann"}"#)
    driver.snapshot()
    #expect(driver.alertRows.map(\.state) == [.resolved])
  }
}
