import PipelineSpec
import StreamCore
import Testing

@Suite struct PipelineTestRunnerTests {
  @Test func `Tests of several sources each read their own`() throws {
    let text = """
      name: two
      sources:
        web: {format: custom, fields: {name: event, user: user, time: time}}
        till:
          format: custom
          fields: {name: {const: sale}, user: customer, time: at}
          csv: {delimiter: ";"}
      metrics:
        events: {count: true, every: 1h, by: [event]}
      tests:
        - name: at the till
          source: till
          events: ["customer ; at", "a;2026-01-01", "b;no time"]
          expect:
            metrics: [{metric: events, dimensions: {event: sale}, value: 1, status: final}]
            fates: {read: 2, rejected: 1}
        - name: on the web
          source: web
          events: [{event: open, user: a, time: 2026-01-01T00:00:00Z}]
          expect: {metrics: [{metric: events, dimensions: {event: open}, value: 2}]}
        - name: no columns
          source: till
          events: ['"']
          expect: {fates: {read: 0}}
      """
    let pipeline = try Pipeline.parse(text: text, file: "two.yaml")
    let outcomes = try PipelineTestRunner.run(pipeline)
    #expect(outcomes.map(\.name) == ["at the till", "on the web", "no columns"])
    #expect(outcomes.map(\.isPassed) == [true, false, false], "\(outcomes)")
    #expect(outcomes[0].line == 11)
    #expect(
      outcomes[1].mismatches.first?.contains("expected events {\"event\":\"open\"} = 2") == true)
    #expect(outcomes[2].mismatches == ["the first event does not hold the names of the columns"])
  }

  @Test func `Rows of stages that follow users are held against what a test expects`() throws {
    let text = """
      name: shop
      source: {format: custom, fields: {name: e, user: u, time: t}}
      users: {orders: {count: e == "buy"}}
      metrics: {buyers: {count: true, where: e == "buy", every: 1d, by: [{nth: users.orders}]}}
      funnels: {checkout: {steps: [view, buy], within: 1h}}
      retention: {weekly: {unit: week, value: v}}
      sessions: {visits: {}}
      tests:
        - name: two users
          events:
            - {e: view, u: a, t: "2026-01-05T10:00:00Z"}
            - {e: view, u: b, t: "2026-01-05T10:10:00Z"}
            - {e: buy, u: a, t: "2026-01-05T10:20:00Z", v: 7.5}
            - {e: buy, u: a, t: "2026-01-12T10:00:00Z", v: 2}
          expect:
            metrics: [{metric: buyers, dimensions: {nth: 1}, value: 1}]
            funnels:
              - {funnel: checkout, entry_day: 2026-01-05, users: [2, 1]}
              - {funnel: checkout, step: buy, conversion_from_start: 1/2, p50_ms: 1200000}
            retention:
              - {retention: weekly, cohort: 2026-01-05, users: [2, 1, 0], amount: [7.5, 2, none]}
            sessions:
              - {session: visits, day: 2026-01-05, sessions: 2, users: 2, entry_events: {view: 2}}
              - {session: visits, day: 2026-01-12, exit_events: {buy: 1}, bounces: 1}
        - name: another
          events: [{e: view, u: a, t: "2026-01-05T10:00:00Z"}]
          expect: {funnels: [{funnel: checkout, users: [1, 1]}], retention: []}
      """
    let outcomes = try PipelineTestRunner.run(try Pipeline.parse(text: text, file: "shop.yaml"))
    #expect(outcomes[0].mismatches == [])
    #expect(
      outcomes[1].mismatches == [
        "expected checkout step 2, users 1, found checkout 2026-01-05 {} step 2 buy: users 0, "
          + "conversion_from_start 0.0, conversion_from_previous 0.0 (final)",
        "expected no row, found 1, first weekly 2026-01-05 {} period 0: users 1, amount 0 (final)",
      ])
  }

  @Test func `A plan is explained without the options of Kafka`() throws {
    let text = """
      name: a
      zone: Asia/Shanghai
      source:
        kafka: {brokers: "k:9092", topic: t, options: {sasl.password: hidden}}
        format: segment
      derive: {big: properties.total > 100}
      metrics:
        spent: {sum: properties.total, where: big, window: 7d, every: 1d, by: [{c: context.city}]}
        orders: {count: true, every: 1h, lateness: 5m}
        share: {formula: orders / orders}
      """
    let explanation = PlanExplanation(try Pipeline.parse(text: text, file: "a.yaml"))
    #expect(
      explanation.sections.map(\.title)
        == [
          "Pipeline", "Sources", "Fields", "Metrics", "Formulas", "Health rules", "Who is told",
        ])
    for section in explanation.sections {
      #expect(section.rows.allSatisfy { $0.count == section.columns.count })
    }
    #expect(
      explanation.sections[3].rows == [
        ["orders", "count", "", "", "1h", "1h", "5m", "10000"],
        ["spent", "sum of properties.total", "big", "c = context.city", "7d", "1d", "1m", "10000"],
      ])
    #expect(!"\(explanation)".contains("hidden"))
  }

  @Test func `Stages that follow users are explained, with what a user costs`() throws {
    let pipeline = try pipeline(
      """
      users: {orders: {count: bought}, city: {last: city}}
      metrics: {n: {count: true, every: 1d}}
      funnels:
        checkout:
          {steps: [view, cart, {name: paid, where: bought}], within: 36h, by: [{p: platform}]}
        order: {steps: [a, b], within: 1h, per: order.id, entered: 1h, lateness: 5m}
      retention:
        all: {}
        again: {start: bought, mode: recurring, periods: 12, unit: week, value: total}
      sessions: {visits: {where: open}}
      lifecycle: {growth: {unit: week, by: [city]}}
      """)
    let explanation = PlanExplanation(pipeline)
    #expect(
      explanation.sections.map(\.title) == [
        "Pipeline", "Sources", "Fields", "Traits, the value before each event", "Metrics",
        "Funnels", "Steps", "Retention", "Sessions", "Lifecycles", "State, at most about",
        "Health rules", "Who is told",
      ])
    for section in explanation.sections {
      #expect(section.rows.allSatisfy { $0.count == section.columns.count }, "\(section.title)")
    }
    let rows = Dictionary(
      uniqueKeysWithValues: explanation.sections.map { ($0.title, $0.rows) })
    #expect(
      rows["Funnels"] == [
        [
          "checkout", "users", "1d", "36h", "default", "", "p = platform",
          "36h past the entry window",
          "1m", "10000",
        ],
        [
          "order", "each order.id", "1h", "1h", "default", "", "", "1h past the entry window", "5m",
          "10000",
        ],
      ])
    #expect(rows["Steps"]?.count == 5 && rows["Steps"]?[2] == ["checkout", "3", "paid", "bought"])
    #expect(
      rows["Retention"]?[0] == [
        "again", "bought", "every event", "1w", "12", "recurring", "sum of total", "", "400d",
        "with the unit of the period", "1m", "10000",
      ])
    #expect(
      rows["Sessions"] == [
        ["visits", "open", "30m", "24h", "", "24h past the day", "1m", "10000"]
      ])
    #expect(
      rows["Lifecycles"]?[0][3]
        == "growth.active, growth.new, growth.returning, growth.resurrected, growth.dormant")
    // Of checkout three entry windows may be open, of order two.
    let bytes = PlanExplanation.bytesPerUser(pipeline.plan)
    #expect(
      bytes.map(\.stage) == ["users", "checkout", "order", "again", "all", "visits", "growth"])
    #expect(bytes.map(\.bytes) == [24, 52, 27, 47, 10, 18, 9])
    #expect(bytes.map(\.per) == [nil, nil, "order.id", nil, nil, nil, nil])
    let totals = PlanExplanation.totalBytesPerKey(pipeline.plan)
    #expect(totals.map(\.key) == ["user", "order.id"])
    #expect(totals.map(\.bytes) == [173, 40])
    #expect(rows["State, at most about"]?.last == ["in all", "order.id", "40"])
  }

  @Test func `Times have the offset of their zone`() throws {
    let noon = EventTime(ms: 1_767_268_800_000)
    #expect(Instants.text(noon, zone: .utc) == "2026-01-01T12:00:00Z")
    #expect(
      Instants.text(noon, zone: try Zone.named("Asia/Kolkata")) == "2026-01-01T17:30:00+05:30")
    #expect(
      Instants.text(noon, zone: try Zone.named("America/New_York")) == "2026-01-01T07:00:00-05:00")
    let error = #expect(throws: UnknownZone.self) { try Zone.named("Asia/Shanghia") }
    #expect(error?.description.contains("did you mean Asia/Shanghai?") == true)
    #expect(throws: UnknownZone.self) { try Zone.named("../../etc/passwd") }
  }
}
