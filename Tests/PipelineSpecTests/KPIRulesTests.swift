import PipelineSpec
import StreamCore
import StreamTestKit
import Testing

/// What KPIs are beside their values: when rows come, what decides them, what a file says of them.
@Suite struct KPIRulesTests {
  private static let source =
    "{format: custom, fields: {name: event, user: user, time: at}}"

  private static func pipeline(
    _ kpis: String, zone: String = "UTC", sources: String = "  behaviour: \(source)"
  ) throws -> Pipeline {
    try Pipeline.parse(
      text: """
        name: kpis
        zone: \(zone)
        sources:
        \(sources)
        time: {lateness: 1m}
        metrics:
          spend: {sum: amount, where: 'event == "spend"', every: 1h}
          orders: {count: true, where: 'event == "buy"', every: 1h}
          buyers: {distinct: user, where: 'event == "buy"', every: 1h}
        kpis:
        \(kpis)
        """, file: "kpis.yaml")
  }

  private static func driver(_ pipeline: Pipeline) throws -> PipelineDriver {
    try PipelineDriver(pipeline.plan)
  }

  private static func at(_ text: String) -> EventTime {
    Instants.parse("2026-01-\(text)Z", zone: .utc) ?? .distantPast
  }

  // MARK: - When rows come

  private static let twoSources = """
      behaviour: \(source)
      facts: {format: custom, fields: {name: event, time: at}, lateness: 2d}
    """

  @Test func `A KPI over two sources closes with the slower one`() throws {
    let pipeline = try Self.pipeline(
      "  cac: {formula: spend / buyers, period: 1d, layer: business}", sources: Self.twoSources)
    let driver = try Self.driver(pipeline)
    driver.push(#"{"at":"2026-01-01T10:00:00Z","event":"buy","user":"ann"}"#, to: 0)
    driver.push(#"{"at":"2026-01-01T09:00:00Z","event":"spend","amount":8}"#, to: 1)
    driver.push(#"{"at":"2026-01-04T10:00:00Z","event":"buy","user":"ann"}"#, to: 0)
    driver.push(#"{"at":"2026-01-03T10:14:00Z","event":"spend","amount":9}"#, to: 1)
    driver.snapshot(provisional: false)
    // The facts are settled up to 10:14 on the 1st: the slice before that is the last one.
    #expect(driver.tables.rows.kpis == [])
    driver.push(#"{"at":"2026-01-03T10:15:00Z","event":"spend","amount":2}"#, to: 1)
    driver.snapshot(provisional: false)
    let rows = driver.tables.rows.kpis
    #expect(rows.map(\.asOf) == [Self.at("01T10:15:00")])
    #expect(rows.map(\.value) == [8] && rows.map(\.status) == [.final])
  }

  @Test func `The running slice is provisional, one row a period, until it is closed`() throws {
    let pipeline = try Self.pipeline("  sold: {formula: orders, period: 1d, layer: business}")
    let driver = try Self.driver(pipeline)
    let rows = { driver.tables.rows.kpis.map { "\($0.asOf.ms) \($0.value) \($0.status)" } }
    let line = { (at: String, value: Double, status: String) in
      "\(Self.at(at).ms) \(value) \(status)"
    }
    driver.push(#"{"at":"2026-01-01T10:00:10Z","event":"buy","user":"ann"}"#)
    driver.snapshot()
    #expect(rows() == [line("01T10:15:00", 1, "provisional")])
    driver.push(#"{"at":"2026-01-01T10:15:10Z","event":"buy","user":"bob"}"#)
    driver.snapshot()
    // The first slice may still change: its row has gone, and comes back when it is closed.
    #expect(rows() == [line("01T10:30:00", 2, "provisional")])
    driver.push(#"{"at":"2026-01-01T10:17:00Z","event":"else"}"#)
    driver.snapshot()
    #expect(
      rows() == [line("01T10:15:00", 1, "final"), line("01T10:30:00", 2, "provisional")])
    driver.push(#"{"at":"2026-01-02T00:00:30Z","event":"buy","user":"bob"}"#)
    driver.snapshot()
    #expect(
      rows().suffix(2) == [
        line("02T00:00:00", 2, "provisional"), line("02T00:15:00", 1, "provisional"),
      ])
    driver.close()
    #expect(driver.tables.rows.kpis.allSatisfy { $0.status == .final })
    #expect(driver.tables.rows.kpis.count == 56 + 96)
    #expect(driver.conflicts == [])
  }

  @Test func `A row of the running slice is held against nothing, for that is whole`() throws {
    let pipeline = try Self.pipeline(
      """
        sold: {formula: orders, period: 1h, layer: business, children: [people]}
        people: {formula: buyers, period: 1h, layer: process}
        grown: {formula: sold - previous(sold), period: 1h, layer: business}
        share: {formula: grown / sold, period: 1h, layer: business}
      """)
    let driver = try Self.driver(pipeline)
    for at in ["10:01:00", "10:02:00", "11:01:00"] {
      driver.push(#"{"at":"2026-01-01T\#(at)Z","event":"buy","user":"ann"}"#)
    }
    driver.snapshot()
    let running = driver.tables.rows.kpis.filter { $0.asOf == Self.at("01T11:05:00") }
    #expect(
      running.map(\.kpi) == ["people", "sold"]
        && running.map(\.status) == [
          .provisional, .provisional,
        ])
    #expect(running.allSatisfy { $0.previous == nil && $0.movedBy == nil && $0.moved == nil })
    driver.push(#"{"at":"2026-01-01T11:07:00Z","event":"buy","user":"ann"}"#)
    driver.snapshot()
    // As soon as the slice is closed there is all of it.
    let closed = driver.tables.rows.kpis.filter { $0.asOf == Self.at("01T11:05:00") }
    #expect(closed.map(\.kpi) == ["grown", "people", "share", "sold"])
    #expect(closed.map(\.value) == [-1, 1, -1, 1] && closed.last?.previous == 2)
    driver.close()
    #expect(driver.conflicts == [])
  }

  @Test func `Long silence has no rows, however long it is`() throws {
    let pipeline = try Self.pipeline("  sold: {formula: orders, period: 1h, layer: business}")
    let driver = try Self.driver(pipeline)
    driver.push(#"{"at":"1990-01-01T10:00:10Z","event":"buy","user":"ann"}"#)
    driver.push(#"{"at":"2026-01-01T10:00:10Z","event":"buy","user":"ann"}"#)
    driver.close()
    // Seven days of slices of 5 minutes after the first, and the hour of the second.
    #expect(driver.tables.rows.kpis.count == 7 * 24 * 12 + 1 + 12)
  }

  // MARK: - Slices

  @Test(arguments: [
    ("5m", "UTC", "1m"), ("7m", "UTC", "1m"), ("1h", "UTC", "5m"), ("90m", "UTC", "6m"),
    ("6h", "UTC", "30m"), ("24h", "UTC", "2h"), ("1d", "UTC", "15m"),
    ("1d", "Asia/Kathmandu", "15m"),
    ("2d", "UTC", "1h"), ("1w", "Asia/Shanghai", "1h"), ("1w", "Asia/Kolkata", "15m"),
    ("7d", "America/New_York", "1h"), ("8d", "UTC", "1d"), ("2w", "UTC", "1d"),
    ("1mo", "UTC", "1d"),
    ("1q", "Asia/Kolkata", "1d"), ("1y", "UTC", "1d"),
  ])
  func `A period is divided into whole slices`(_ period: String, zone: String, slice: String) throws
  {
    let pipeline = try Self.pipeline(
      "  sold: {formula: orders, period: \(period), layer: business}", zone: zone)
    let sections = PlanExplanation(pipeline).sections
    let section = try #require(sections.first { $0.title == "KPIs" })
    let column = try #require(section.columns.firstIndex(of: "slices"))
    #expect(section.rows.map { $0[column] } == [slice])
  }

  // MARK: - What decides rows

  @Test func `What people read of a KPI decides no row, and what it computes does`() throws {
    let plain = try Self.pipeline(
      """
        a: {formula: orders, period: 1d, layer: business, children: [b, c]}
        b: {formula: spend, period: 1d, layer: business}
        c: {formula: orders, period: 1d, layer: business}
      """
    ).plan.definition
    let described = try Self.pipeline(
      """
        a: {formula: orders, period: 1d, layer: process, children: [c, b], unit: CNY, owner: x,
            target: 5, direction: down, title: A}
        b: {formula: ' spend ', period: 1d, layer: business}
        c: {formula: orders, period: 1d, layer: business}
      """
    ).plan.definition
    #expect(described == plain)
    for other in [
      "  a: {formula: orders + 1, period: 1d, layer: business, children: [b, c]}",
      "  a: {formula: orders, period: 1w, layer: business, children: [b, c]}",
      "  a: {formula: orders, period: 1d, layer: business, children: [b]}",
    ] {
      let definition = try Self.pipeline(
        """
        \(other)
          b: {formula: spend, period: 1d, layer: business}
          c: {formula: orders, period: 1d, layer: business}
        """
      ).plan.definition
      #expect(definition != plain)
    }
  }

  @Test func `The tree has roots by name, and children in the order of the file`() throws {
    let tree = try Self.pipeline(
      """
        z: {formula: orders, period: 1d, layer: business, children: [y, x], title: Last, target: 7}
        y: {formula: spend / orders, period: 1q, layer: operational, direction: down, unit: "%"}
        x: {formula: ' orders  + 1', period: 7d, layer: process, owner: me}
        w: {formula: buyers, period: 1h, layer: process}
      """
    ).kpiTree
    #expect(tree.map(\.kpi) == ["w", "x", "y", "z"])
    #expect(tree.map(\.parent) == [nil, "z", "z", nil])
    #expect(tree.map(\.position) == [0, 1, 0, 1])
    #expect(tree.map(\.period) == ["1h", "7d", "3mo", "1d"])
    #expect(tree.map(\.formula) == ["buyers", "orders + 1", "spend / orders", "orders"])
    #expect(tree.map(\.layer) == [.process, .process, .operational, .business])
    #expect(tree[3].title == "Last" && tree[3].target == 7 && tree[3].direction == .up)
    #expect(tree[2].direction == .down && tree[2].unit == "%" && tree[1].owner == "me")
  }
}
