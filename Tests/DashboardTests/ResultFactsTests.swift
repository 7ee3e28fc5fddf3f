import StreamCore
import Testing

@testable import Dashboard
@testable import SnapshotStore

@Suite struct ResultFactsTests {
  @Test("the file's own copy of the pipeline says what a metric computes and whether rows add up")
  func metricFacts() throws {
    let facts = StageFacts(definition: TestFile.definition)
    let revenue = facts.metric("revenue")
    #expect(revenue.kind == .additive && revenue.computes == "sum" && revenue.every == "1h")
    #expect(revenue.of == "properties.total" && revenue.dimensions == ["platform"])
    #expect(revenue.condition == "event == \"purchase\"")
    #expect(facts.metric("users").kind == .distinct)
    #expect(facts.metric("rate").kind == .formula)
    #expect(facts.metric("rate").computes == "errors / payments")
    #expect(facts.metric("none").kind == .unknown)
    #expect(facts.option("within", of: "checkout", "funnel") == "86400000")
    #expect(facts.latenessMs == 60_000)
  }

  @Test("a week before is seven days by the calendar, over a change of clocks too")
  func shifts() throws {
    let zone = try Zone.named("Europe/Berlin")
    let noon = try #require(ZoneTimes.parse("2026-03-30T12:00", zone: zone))
    #expect(
      TimeSpan.shifted(noon, days: -7, zone) == ZoneTimes.parse("2026-03-23T12:00", zone: zone))
  }

  @Test("closed windows without rows are zeros of what adds up, and no window that is open")
  func zeros() throws {
    let file = try TestFile(
      definition: """
        zone UTC
        metric errors count window=1h every=1h lateness=- carry=- series_ttl=1 max_series=9
        metric mean avg window=1h every=1h lateness=- carry=- series_ttl=1 max_series=9

        """)
    try file.commit { change in
      change.watermark = EventTime(ms: 5 * ShopRows.hour + 1)
      change.rows.metrics = ["errors", "mean"].flatMap { name in
        [0, 2].map { hour in
          MetricRow(
            metric: name, windowStart: EventTime(ms: Int64(hour) * ShopRows.hour),
            windowEnd: EventTime(ms: Int64(hour + 1) * ShopRows.hour), dimensions: "{}", value: 7,
            valueExact: nil, samples: 1, approximate: false, status: .final)
        }
      }
    }
    let console = try file.console()
    // The newest closed hour, 04:00, has no errors; of a mean there is no data then.
    #expect(try console.text("/series").contains("1970-01-01 04:00"))
    #expect(try console.text("/series/errors?range=all").contains("1970-01-01 04:00"))
    #expect(!(try console.text("/series/errors?range=all")).contains("1970-01-01 05:00</th>"))
    #expect(!(try console.text("/series/mean?range=all")).contains("1970-01-01 04:00</th>"))
  }

  @Test("a KPI is held against the same part of the period before, by what is settled alone")
  func kpiPace() throws {
    let file = try TestFile()
    try file.commit(ShopRows.fill)
    let rows = ShopRows.kpis.filter { $0.kpi == "sales" }
    var state = KPIState(node: ShopRows.tree[1], standing: nil, depth: 0)
    state.standing = KPIStanding(
      kpi: "sales", settled: rows.dropLast().last, provisional: rows.last,
      current: Array(rows.suffix(2)), before: Array(rows.dropLast(2).suffix(12)))
    #expect(state.row?.value == 235 && state.settled?.value == 230)
    // The day before had 114 of 1368 by then: a twelfth; so should the target.
    #expect(state.expected == 2_736.0 / 12)
    #expect(state.isOnPace == true)
    let text = try file.console().text("/api/v1/kpis?format=csv")
    #expect(text.contains("sales,,0,Sales,business,1d,revenue,CNY,growth,2736,up"))
    #expect(text.contains(",230,114,orders,100,228,"))
  }

  @Test("differences are in per cent, of shares in points, and coloured by direction")
  func differences() {
    let words = Words.english
    #expect(Numbers.difference(110, from: 100, .number(""), words) == "+10%")
    #expect(Numbers.difference(0.2, from: 0.25, .share, words) == "−5 pp")
    #expect(Numbers.difference(1, from: 0, .number(""), words) == nil)
    let worse = Numbers.change(2, from: 1, .number(""), better: .down, words).text
    #expect(worse.contains("down") && worse.contains("▲"))
  }
}
