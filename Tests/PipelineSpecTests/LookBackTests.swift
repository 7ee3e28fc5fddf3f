import PipelineSpec
import StreamCore
import Testing

/// How far back stages look, as the pipeline file means it.
@Suite struct LookBackTests {
  private static let hourMs: Int64 = 3_600_000
  private static let dayMs: Int64 = 86_400_000

  private static func plan() throws -> PipelinePlan {
    try Pipeline.parse(
      text: """
        name: looks
        zone: Asia/Shanghai
        source:
          format: custom
          fields: {name: event, user: user_id, time: timestamp}
        users:
          orders: {count: 'event == "purchase"'}
        metrics:
          all: {count: true, every: 1h}
          weekly: {distinct: user, window: 7d, every: 1d}
          latest: {last: price, every: 1h, carry: 3d}
          by_channel: {count: true, every: 1h, by: [channel]}
          errors: {count: true, every: 1h, by: [channel], where: 'event == "error"', series_ttl: 2d}
          rate: {formula: errors / by_channel}
          share: {formula: all / all}
          buyers: {count: true, every: 1h, where: users.orders > 0}
        funnels:
          plain: {steps: [a, b], within: 1d}
          traits: {steps: [a, b], within: 1d, by: [users.orders]}
        retention:
          first: {unit: day, periods: 3}
          each: {unit: day, periods: 3, mode: recurring}
        sessions:
          visits: {gap: 30m, max: 6h}
        lifecycle:
          growth: {unit: day}
        kpis:
          sales: {formula: all, period: 1d, layer: business}
          rising: {formula: sales / previous(sales), period: 1d, layer: business}
          buying: {formula: buyers, period: 1d, layer: business}
          settled: {formula: plain.conversion, period: 1h, layer: business}
        alerts:
          quiet: {watch: all, when: value < mean(24)}
          weekly_low: {watch: weekly, when: value < same_time(1w)}
          rates: {watch: rate, when: value > 0.1}
          grown: {watch: growth.active, when: value < previous(1)}
          sold: {watch: sales, when: value < previous(3)}
          stuck: {watch: settled, when: value < 0.1}
        risks:
          many: {entity: user, within: 10m, when: count() > 3}
        """, file: "looks.yaml"
    ).plan
  }

  @Test func `Stages look back as far as what they read, and no farther`() throws {
    let expected: [(String, LookBack)] = [
      ("metrics.all", .finite(ms: 0)),
      ("metrics.buyers", .open),
      ("metrics.by_channel", .finite(ms: 0)),
      ("metrics.errors", .finite(ms: 0)),
      ("metrics.latest", .finite(ms: 3 * Self.dayMs)),
      ("metrics.rate", .finite(ms: 7 * Self.dayMs)),
      ("metrics.share", .finite(ms: 0)),
      ("metrics.weekly", .finite(ms: 0)),
      ("funnels.plain", .finite(ms: 0)),
      ("funnels.traits", .open),
      ("retention.each", .finite(ms: 0)),
      ("retention.first", .open),
      ("sessions.visits", .finite(ms: 6 * Self.hourMs + Self.hourMs / 2)),
      ("lifecycle.growth", .open),
      ("kpis.buying", .open),
      ("kpis.rising", .finite(ms: 9 * Self.dayMs + 2 * Self.hourMs)),
      ("kpis.sales", .finite(ms: 8 * Self.dayMs + Self.hourMs)),
      ("kpis.settled", .open),
      ("risks.many", .finite(ms: Self.hourMs / 3)),
      ("alerts.grown", .open),
      ("alerts.quiet", .finite(ms: 27 * Self.hourMs)),
      ("alerts.rates", .finite(ms: 7 * Self.dayMs + 3 * Self.hourMs)),
      ("alerts.sold", .finite(ms: 14 * Self.dayMs + 7 * Self.hourMs)),
      ("alerts.stuck", .open),
      ("alerts.weekly_low", .finite(ms: 10 * (7 * Self.dayMs + Self.hourMs))),
    ]
    let plan = try Self.plan()
    let found = plan.lookBacks
    #expect(found.map(\.stage.description) == expected.map(\.0))
    for (found, expected) in zip(found, expected) {
      #expect(found.lookBack == expected.1, "\(expected.0)")
    }
    #expect(plan.longestLookBackMs == 10 * (7 * Self.dayMs + Self.hourMs))
  }

  @Test func `A stage is reported from where everything that it looks back on was read`() throws {
    let plan = try Self.plan()
    let (events, from) = (EventTime(ms: 1_000 * Self.dayMs), EventTime(ms: 1_001 * Self.dayMs))
    let starts = ReportScope(plan, events: events, from: from).completeFrom
    #expect(starts[StageName(.metrics, "all")] == from)
    #expect(starts[StageName(.metrics, "latest")] == EventTime(ms: events.ms + 3 * Self.dayMs))
    #expect(starts[StageName(.retention, "first")] == .distantFuture)
    let whole = ReportScope(plan, events: .distantPast, from: from).completeFrom
    #expect(whole.count == plan.lookBacks.count && whole.values.allSatisfy { $0 == from })
    #expect(ReportScope(plan, events: .distantPast, from: .distantPast).isEverything)
  }

  @Test func `Names of stages are read as they are written`() {
    let name = StageName(.metrics, "a.b")
    #expect(StageName(text: name.description) == name)
    #expect(StageName(text: "metrics") == nil && StageName(text: "meters.a") == nil)
  }
}
