import Charts
import StreamCore
import Testing

@testable import Dashboard
@testable import SnapshotStore

/// That pages claim no more than the rows say.
@Suite struct ResultTruthTests {
  private static func metric(
    _ name: String, hour: Int64, hours: Int64 = 1, _ value: Double,
    _ status: ResultStatus = .final, _ dimensions: String = "{}"
  ) -> MetricRow {
    MetricRow(
      metric: name, windowStart: EventTime(ms: hour * ShopRows.hour),
      windowEnd: EventTime(ms: (hour + hours) * ShopRows.hour), dimensions: dimensions,
      value: value, valueExact: nil, samples: 1, approximate: false, status: status)
  }

  /// A KPI half of whose day is over, after a day with `previous` of `total` by then.
  private static func state(
    value: Double, previous: Double, total: Double, target: Double, unit: String? = "CNY",
    readsLevels: Bool = false
  ) -> KPIState {
    let node = KPINode(
      kpi: "k", parent: nil, position: 0, title: nil, layer: .business, period: "1d",
      formula: "revenue", unit: unit, owner: nil, target: target, direction: .up)
    let now = ShopRows.kpi("k", day: 1, hours: 12, value, previous: previous)
    let then = ShopRows.kpi("k", day: 0, hours: 24, total, previous: nil)
    var state = KPIState(node: node, standing: nil, depth: 0, readsLevels: readsLevels)
    state.standing = KPIStanding(
      kpi: "k", settled: now, provisional: nil, current: [now], before: [then])
    return state
  }

  @Test("pace and forecast are of what grows from 0 towards its target alone")
  func pace() {
    let sales = Self.state(value: 60, previous: 40, total: 80, target: 100)
    #expect(sales.expected == 50 && sales.forecast == 120 && sales.isOnPace == true)
    let loss = Self.state(value: -60, previous: -40, total: -80, target: -100)
    #expect(loss.expected == -50 && loss.forecast == -120)
    for (previous, total, target) in [
      (40.0, -80.0, 100.0), (-40, 80, 100), (-40, -80, 100), (120, 80, 100), (0, 80, 100),
      (40, 0, 100), (40, 80, -100),
    ] {
      let state = Self.state(value: 60, previous: previous, total: total, target: target)
      #expect(
        state.expected == nil && state.forecast == nil && state.isOnPace == nil,
        "\(previous) of \(total) towards \(target)")
    }
    // What turned has no forecast, though it should be somewhere.
    let turned = Self.state(value: -5, previous: 40, total: 80, target: 100)
    #expect(turned.expected == 50 && turned.forecast == nil)
    for share in [
      Self.state(value: 0.2, previous: 0.1, total: 0.2, target: 0.25, unit: "%"),
      Self.state(value: 0.2, previous: 0.1, total: 0.2, target: 0.25, readsLevels: true),
    ] {
      #expect(share.expected == 0.25 && share.forecast == nil && share.isOnPace == false)
    }
  }

  @Test("formulas that divide, or read averages and ratios, do not grow")
  func levels() {
    let facts = StageFacts(definition: TestFile.definition)
    #expect(facts.readsLevels("revenue / users") && facts.readsLevels("rate"))
    #expect(!facts.readsLevels("revenue / 100") && !facts.readsLevels("revenue - users"))
  }

  @Test("windows that overlap are not added up: pages and API give the newest final value")
  func overlapping() throws {
    let options = "lateness=- carry=- series_ttl=1 max_series=9"
    let file = try TestFile(
      definition: """
        zone UTC
        metric hops sum window=6h every=1h \(options)
         by p = p
        metric steps sum window=1h every=1h \(options)
         by p = p

        """)
    try file.commit { change in
      change.watermark = EventTime(ms: 9 * ShopRows.hour)
      for (name, length) in [("hops", Int64(6)), ("steps", 1)] {
        for series in [#"{"p":"a"}"#, #"{"p":"b"}"#] {
          for hour in Int64(0)..<4 {
            let status: ResultStatus = hour == 3 ? .provisional : .final
            change.rows.metrics.append(
              Self.metric(
                name, hour: hour, hours: length, Double(100 + 10 * hour), status, series))
          }
        }
      }
    }
    let console = try file.console()
    let hops = try console.text("/series/hops?by=p&range=all")
    #expect(hops.contains("Newest final") && hops.contains("the windows overlap"))
    #expect(hops.contains("\n<td class=\"number\">120 </td>") || hops.contains(">120 </td>"))
    #expect(!hops.contains("460"))
    let steps = try console.text("/series/steps?by=p&range=all")
    #expect(steps.contains(">460 </td>") && !steps.contains("the windows overlap"))
    let api = try console.text("/api/v1/metrics/hops/series?format=csv&order=sum")
    #expect(!api.contains("460") && api.contains(",,130,"))
    #expect(try console.text("/api/v1/metrics/steps/series?format=csv").contains(",460,130,"))
  }

  @Test("an open window is marked where it stands for the newest, and held against no full one")
  func openWindows() throws {
    let file = try TestFile(
      definition: """
        zone UTC
        metric errors count window=1h every=1h lateness=- carry=- series_ttl=1 max_series=9

        """)
    try file.commit { change in
      change.watermark = EventTime(ms: 168 * ShopRows.hour + 1)
      change.rows.metrics = [
        Self.metric("errors", hour: 0, 100), Self.metric("errors", hour: 168, 3, .provisional),
      ]
    }
    let text = try file.console().text("/series/errors?compare=true&range=all")
    #expect(!text.contains("−97%"))
    let series = MetricData.Series(
      dimensions: [:],
      points: [
        .init(
          start: EventTime(ms: 0), end: EventTime(ms: 1), value: 7, samples: 1,
          approximate: false, status: .provisional)
      ])
    #expect(series.newest?.status == .provisional)
    #expect(series.sparkline(9, label: "x").points.isEmpty)
  }

  @Test("a card is held against its window a week before, however short windows are")
  func cards() throws {
    let file = try TestFile(
      definition: """
        zone UTC
        metric errors count window=1h every=1h lateness=- carry=- series_ttl=1 max_series=9

        """)
    try file.commit { change in
      change.watermark = EventTime(ms: 400 * ShopRows.hour)
      change.rows.metrics = (0..<400).map { hour in
        Self.metric("errors", hour: hour, hour == 399 ? 150 : 100)
      }
    }
    #expect(try file.console().text("/").contains("+50%"))
  }

  @Test("months are held against those a year before, days against the same days of the week")
  func places() throws {
    let zone = try Zone.named("Asia/Shanghai")
    func time(_ text: String) throws -> EventTime {
      try #require(ZoneTimes.parse(text, zone: zone))
    }
    let month = WallPlaces(try time("2026-03-01"), try time("2026-04-01"), zone)
    #expect(month.isMonths && month.week == nil)
    let (march, third, eleventh) = (
      try time("2025-03-01"), try time("2026-03-03"), try time("2025-03-11")
    )
    #expect(month.year == march)
    let year = WallPlaces(try time("2025-01-01"), try time("2026-01-01"), zone)
    #expect(year.year == nil && year.week == nil)
    let day = WallPlaces(try time("2026-03-10"), try time("2026-03-11"), zone)
    #expect(day.week == third && day.year == eleventh)
    #expect(!day.isMonths)
    let week = WallPlaces(try time("2026-03-09"), try time("2026-03-16"), zone)
    #expect(week.week == nil && week.year != nil)
  }

  @Test("a funnel counts entries where windows are added up or keys are no users")
  func entries() throws {
    let note = "Entries are counted, not people"
    let file = try TestFile()
    try file.commit(ShopRows.fill)
    #expect(try file.console().text("/conversion?range=all").contains(note))
    let one = "/conversion?from=2026-02-03&to=2026-02-04"
    #expect(!(try file.console().text(one)).contains(note))
    let text = TestFile.definition.replacing(" step \"view\"", with: " per order\n step \"view\"")
    let orders = try TestFile(definition: text)
    try orders.commit(ShopRows.fill)
    #expect(try orders.console().text(one).contains(note))
  }

  @Test("recurring cohorts are said to share users")
  func recurring() throws {
    let text = TestFile.definition.replacing("mode=first_time", with: "mode=recurring")
    let file = try TestFile(definition: text)
    try file.commit(ShopRows.fill)
    let page = try file.console().text("/retention")
    #expect(page.contains("30% came back 1 week later, of 50 user-weeks"))
  }

  @Test("Chinese pages write numbers by ten thousands and times in words")
  func chinese() {
    let numbers: [(Double, String)] = [
      (0, "0"), (950, "950"), (8_619, "8,619"), (12_345, "1.23 万"), (12_345_678, "1,235 万"),
      (123_456_789, "1.23 亿"), (-12_345, "−1.23 万"),
    ]
    for (value, text) in numbers {
      #expect(Words.chinese.results.short(.number("CNY"), value) == text)
    }
    let times: [(Double, String)] = [
      (0, "0 秒"), (850, "850 毫秒"), (59_990, "59.9 秒"), (200_000, "3 分钟 20 秒"),
      (3_900_000, "1 小时 5 分钟"), (86_400_000, "1 天"),
    ]
    for (value, text) in times { #expect(Words.chinese.results.short(.durationMs, value) == text) }
    #expect(Numbers.signed(-0.023, .share, .english) == "−2.3 pp")
  }
}
