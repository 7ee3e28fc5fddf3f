import StreamCore
import Testing

@testable import PipelineSpec

@Suite struct UserStagePlanTests {
  private static let hour: Int64 = 3_600_000

  @Test func `A funnel is what is written`() throws {
    let plan = try pipeline(
      """
      limits: {max_series: 7}
      funnels:
        visit: {steps: [view, view], within: 30m}
        checkout:
          steps: [product view, 浏览, {name: cart}, {name: paid, where: 'event == "purchase" && x > 1'}]
          within: 2d
          by: [{p: platform}, city]
          entered: 1h
          order: strict
          exclude: event == "refund"
          per: order.id
          lateness: 5m
          max_series: 9
      """
    ).plan
    #expect(plan.funnels.map(\.name) == ["checkout", "visit"])
    let checkout = plan.funnels[0]
    #expect(checkout.steps.map(\.name) == ["product view", "浏览", "cart", "paid"])
    #expect(
      checkout.steps.map(\.condition.text) == [
        "event == \"product view\"", "event == \"浏览\"", "event == \"cart\"",
        "event == \"purchase\" && x > 1",
      ])
    #expect(checkout.withinMs == 48 * Self.hour)
    #expect(checkout.dimensions.map(\.name) == ["city", "p"])
    #expect(checkout.entered == WindowPlan(unit: .millisecond, every: Self.hour))
    #expect(checkout.order == .strict)
    #expect(checkout.exclude?.text == "event == \"refund\"")
    #expect(checkout.per?.text == "order.id")
    #expect(checkout.latenessMs == 300_000)
    #expect(checkout.maxSeries == 9)
    let visit = plan.funnels[1]
    #expect(visit.steps.map(\.name) == ["view", "view"])
    #expect(visit.entered == WindowPlan(unit: .day, every: 1))
    #expect(visit.order == .default && visit.exclude == nil && visit.per == nil)
    #expect(visit.maxSeries == 7 && visit.latenessMs == nil)
    #expect(plan.fields.dropFirst(Slot.reserved) == ["city", "order.id", "platform", "x"])
  }

  @Test func `Retention, sessions and lifecycles are what is written, or have their defaults`()
    throws
  {
    let plan = try pipeline(
      """
      retention:
        all:
        repurchase:
          {start: bought, return: event == "purchase", unit: month, periods: 6, mode: recurring,
           value: properties.total, by: [channel], forget_after: 30d, lateness: 1h, max_series: 3}
      sessions:
        visits:
        long: {gap: 1h, max: 48h, where: 'event != "ping"', by: [channel], lateness: 1h}
      lifecycle:
        growth:
        shops: {unit: week, where: shop != "", by: [shop], forget_after: 36h, max_series: 5}
      """
    ).plan
    let all = plan.retentions[0]
    #expect(all.start == nil && all.returning == nil && all.value == nil && all.mode == .firstTime)
    #expect(all.unit == WindowPlan(unit: .day, every: 1) && all.periods == 30)
    #expect(all.forgetAfterMs == 9_600 * Self.hour && all.maxSeries == 10_000)
    let repurchase = plan.retentions[1]
    #expect(repurchase.start?.text == "bought" && repurchase.returning?.text.count == 19)
    #expect(repurchase.unit == WindowPlan(unit: .month, every: 1) && repurchase.periods == 6)
    #expect(repurchase.mode == .recurring && repurchase.value?.text == "properties.total")
    #expect(repurchase.dimensions.map(\.name) == ["channel"])
    #expect(repurchase.forgetAfterMs == 720 * Self.hour && repurchase.latenessMs == Self.hour)
    #expect(repurchase.maxSeries == 3)
    #expect(plan.sessions.map(\.name) == ["long", "visits"])
    #expect(plan.sessions.map(\.gapMs) == [Self.hour, Self.hour / 2])
    #expect(plan.sessions.map(\.maxMs) == [48 * Self.hour, 24 * Self.hour])
    #expect(plan.sessions.map { $0.condition?.text } == ["event != \"ping\"", nil])
    #expect(plan.sessions[0].dimensions.map(\.name) == ["channel"])
    #expect(plan.lifecycles.map(\.name) == ["growth", "shops"])
    #expect(plan.lifecycles.map(\.unit.unit) == [.day, .week])
    #expect(plan.lifecycles.map(\.forgetAfterMs) == [9_600 * Self.hour, 36 * Self.hour])
    #expect(plan.lifecycles[1].condition?.text == "shop != \"\"")
    #expect(plan.lifecycles.map(\.maxSeries) == [10_000, 5])
  }

  @Test func `A trait has the slot after derived fields, in order of name, in every stage`() throws
  {
    let plan = try pipeline(
      """
      derive: {big: 'total > 100', small: '!big'}
      users:
        orders: {count: event == "purchase"}
        city: {last: context.city}
        channel: {first: channel}
      metrics:
        buyers:
          {count: true, every: 1d, by: [users.city, {kind: 'users.orders == 0 ? "new" : "old"'}]}
        spent: {sum: users.orders * total, every: 1d, where: users.channel == "web" && big}
      funnels:
        back: {steps: [view, {name: again, where: users.orders > 0}], within: 1d}
      retention: {weekly: {start: users.orders == 0, value: users.orders}}
      sessions: {visits: {where: users.city != "x"}}
      lifecycle: {growth: {by: [users.channel]}}
      """
    ).plan
    #expect(plan.traits.map(\.name) == ["channel", "city", "orders"])
    #expect(plan.traits.map(\.kind) == [.first, .last, .count])
    #expect(plan.fields.dropFirst(Slot.reserved) == ["channel", "context.city", "total"])
    let first = plan.firstTraitSlot
    #expect(first == 10 && plan.slotCount == 13)
    let (channel, city, orders) = (first, first + 1, first + 2)
    #expect(plan.metrics[0].dimensions.map(\.expression.slots) == [[orders], [city]])
    #expect(plan.metrics[1].value?.slots == [7, orders])
    #expect(plan.metrics[1].condition?.slots == [8, channel])
    #expect(plan.funnels[0].steps[1].condition.slots == [orders])
    #expect(plan.retentions[0].start?.slots == [orders])
    #expect(plan.retentions[0].value?.slots == [orders])
    #expect(plan.sessions[0].condition?.slots == [city])
    #expect(plan.lifecycles[0].dimensions[0].expression.slots == [channel])
  }

  @Test func `Without users, a path that begins so is of the payload`() throws {
    let plan = try pipeline("filter: users.orders > 1").plan
    #expect(plan.fields.last == "users.orders")
    #expect(plan.slotCount == Slot.reserved + 1)
  }

  @Test func `Stages that a file does not have add nothing to its definition`() throws {
    let definition = try pipeline("metrics: {a: {count: true, every: 1h}}").plan.definition
    #expect(
      definition == """
        pipeline 1
        name test
        zone UTC
        time lateness=60000 max_ahead=86400000 not_before=631152000000 dedup=-
        source source zone=UTC keyed=true lateness=-
         json
         field event = "event"
         field id = "message_id"
         field record_time = absent
         field time = "timestamp"
         field user = "user_id"
        metric a count window=1h every=1h lateness=- carry=- series_ttl=604800000 max_series=10000

        """)
  }

  private static let stages = """
    users: {orders: {count: a}}
    funnels:
      f: {steps: [view, {name: paid, where: b}], within: 1d, by: [c], entered: 1d, order: default, exclude: d, per: e, lateness: 1m, max_series: 10}
    retention:
      r: {start: a, return: b, unit: day, periods: 12, mode: first_time, value: c, by: [d], forget_after: 400d, lateness: 1m, max_series: 10}
    sessions:
      s: {gap: 30m, max: 24h, where: a, by: [b], lateness: 1m, max_series: 10}
    lifecycle:
      l: {unit: day, where: a, by: [b], forget_after: 400d, lateness: 1m, max_series: 10}
    """

  @Test func `Whatever decides the results of a stage is in the definition`() throws {
    let plain = try pipeline(Self.stages).plan.definition
    var seen: Set<String> = [plain]
    // Each value in turn, wherever it is.
    let changes = [
      ("count: a", "first: a"), ("orders", "visits"), ("  f:", "  f2:"), ("  r:", "  r2:"),
      ("  s:", "  s2:"),
      ("  l:", "  l2:"), ("[view", "[open"), ("name: paid", "name: bought"),
      ("where: b", "where: z"),
      ("where: a", "where: z"), ("within: 1d", "within: 2d"), ("[c]", "[z]"), ("[d]", "[z]"),
      ("[b]", "[z]"), ("entered: 1d", "entered: 1h"), ("order: default", "order: strict"),
      ("exclude: d", "exclude: z"), ("per: e", "per: z"), ("lateness: 1m", "lateness: 2m"),
      ("max_series: 10", "max_series: 11"), ("start: a", "start: z"), ("return: b", "return: z"),
      ("unit: day", "unit: week"), ("periods: 12", "periods: 13"),
      ("mode: first_time", "mode: recurring"), ("value: c", "value: z"),
      ("forget_after: 400d", "forget_after: 401d"), ("gap: 30m", "gap: 31m"),
      ("max: 24h", "max: 25h"),
    ]
    for (old, new) in changes {
      var at = Self.stages.startIndex
      var count = 0
      while let range = Self.stages[at...].firstRange(of: old) {
        let text = Self.stages.replacingCharacters(in: range, with: new)
        #expect(
          seen.insert(try pipeline(text).plan.definition).inserted, "\(old) → \(new)\n\(text)")
        at = range.upperBound
        count += 1
      }
      #expect(count > 0, "\(old)")
    }
  }

  @Test func `A step means the same whatever way it is written`() throws {
    let definitions = try [
      "[a, b]", "[a, {name: b}]", "[{name: a, where: 'event   ==  \"a\"'}, b]",
    ].map { try pipeline("funnels: {f: {within: 24h, steps: \($0)}}").plan.definition }
    #expect(Set(definitions).count == 1)
  }

  @Test func `A name of 32 steps is legal, and a value from outside is taken as right`() throws {
    let names = (1...32).map { "s\($0)" }.joined(separator: ", ")
    #expect(try pipeline("funnels: {f: {within: 1d, steps: [\(names)]}}").plan.funnels.count == 1)
    let secret = try pipeline(
      "funnels: {f: {within: '${W}', steps: ['${A}', b]}}\nretention: {r: {periods: '${P}'}}",
      secretsRequired: false)
    #expect(secret.plan.retentions.count == 1)
  }
}

extension String {
  fileprivate func replacingCharacters(in range: Range<Index>, with new: String) -> String {
    String(self[..<range.lowerBound]) + new + String(self[range.upperBound...])
  }
}
