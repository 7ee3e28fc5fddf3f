import StreamTestKit
import Testing

/// The oracles of retention, sessions, lifecycle and traits on examples worked out by hand.
@Suite("Test kit: oracles of users")
struct TestKitUserOracleTests {
  private let day: Int64 = 86_400_000

  private func event(
    _ day: Double, _ user: String?, _ name: String, units: Int64? = nil, offset: Int = 0,
    channel: String = "web"
  ) -> OracleEvent {
    OracleEvent(
      timeMs: Int64(day * 86_400_000), user: user, name: name, channel: channel, units: units,
      offset: offset)
  }

  // MARK: Retention

  private func table(_ rows: [RetentionOracle.Row]) -> [String] {
    rows.map { "\($0.cohortDay)+\($0.period) \($0.users) \($0.units ?? -1)" }
  }

  @Test("first_time: one cohort, units with a return, amounts from the start event on")
  func firstTime() {
    let oracle = RetentionOracle(
      name: "r", start: { $0.name == "s" }, returning: { $0.name == "p" }, periods: 2,
      value: { $0.units })
    let rows = oracle.rows([
      event(0.1, "u", "p", units: 100), event(0.2, "u", "s"), event(0.3, "u", "p", units: 20),
      event(1.1, "u", "s"), event(2.1, "u", "p", units: 3), event(2.2, "u", "p", units: 4),
      event(3.1, "u", "p", units: 5), event(0.5, "v", "s"), event(1.5, "v", "p"),
      event(1.5, nil, "s"), event(1.5, "w", "p", units: 9),
    ])
    #expect(table(rows) == ["1970-01-01+0 2 20", "1970-01-01+1 1 0", "1970-01-01+2 1 7"])
  }

  @Test("recurring: a cohort for every unit with a start, returns counted in all of them")
  func recurring() {
    var oracle = RetentionOracle(name: "r", periods: 2, isRecurring: true, value: { $0.units })
    oracle.dimensions = [("channel", { OracleValue($0.channel) })]
    let rows = oracle.rows([
      event(0.1, "u", "x", units: 1), event(1.1, "u", "x", units: 10),
      event(1.2, "u", "x", units: 20, channel: "app"), event(3.1, "u", "x", units: 300),
    ])
    #expect(
      table(rows) == [
        "1970-01-01+0 1 1", "1970-01-01+1 1 30", "1970-01-02+0 1 30", "1970-01-02+2 1 300",
        "1970-01-04+0 1 300",
      ])
    #expect(Set(rows.map(\.dimensions)) == [#"{"channel":"web"}"#])
    oracle.start = { $0.units == 20 }
    #expect(
      table(oracle.rows([event(1.1, "u", "x", units: 1), event(1.2, "u", "x", units: 20)]))
        == ["1970-01-02+0 1 20"])
  }

  @Test("forgotten users begin anew; the bound is in whole hours and inclusive")
  func forgetting() {
    let oracle = RetentionOracle(name: "r", forgetAfterMs: 2 * day)
    let hour = 1.0 / 24
    #expect(
      table(oracle.rows([event(0, "u", "x"), event(2 + 0.9 * hour, "u", "x")]))
        == ["1970-01-01+0 1 -1", "1970-01-01+2 1 -1"])
    #expect(
      table(oracle.rows([event(0.9 * hour, "u", "x"), event(2 + hour, "u", "x")]))
        == ["1970-01-01+0 1 -1", "1970-01-03+0 1 -1"])
  }

  @Test("weeks begin on Monday, months on the first, days in the zone")
  func units() {
    let calendar = OracleCalendar(zone: "Asia/Shanghai")
    // 1970-01-05 is a Monday; 16:00 UTC is the next day there.
    let sunday = Int64(3 * 24 + 15) * 3_600_000
    let monday = sunday + 3_600_000
    #expect(calendar.dayText(at: sunday) == "1970-01-04")
    #expect(calendar.dayText(at: monday) == "1970-01-05")
    #expect(calendar.number(.week, at: monday) == calendar.number(.week, at: sunday) + 1)
    #expect(calendar.startMs(.week, calendar.number(.week, at: monday)) == monday)
    let march = calendar.number(.month, at: 1_772_294_400_000)
    #expect(calendar.startMs(.month, march) == 1_772_294_400_000)
    #expect(calendar.number(.month, at: 1_772_294_399_999) == march - 1)
    #expect(calendar.number(.fixed(ms: 10), at: -1) == -1)
    let island = OracleCalendar(zone: "Australia/Lord_Howe")
    let long = island.window(.day, island.number(.day, at: 1_775_320_000_000))
    #expect(long.endMs - long.startMs == 24 * 3_600_000 + 1_800_000)
  }

  // MARK: Sessions

  @Test("a session goes on for less than the gap and less than max")
  func sessions() throws {
    let oracle = SessionOracle(name: "s", gapMs: 10, maxMs: 25)
    let at = { (times: [Int64]) in
      times.map { OracleEvent(timeMs: $0, user: "u", name: "\($0)") }
    }
    #expect(oracle.rows(at([0, 9, 19])).map(\.sessions) == [2])
    let row = try #require(oracle.rows(at([0, 9, 18, 24, 25, 30, 45])).first)
    #expect(row.sessions == 3)
    #expect(row.events == 7)
    #expect(row.bounces == 1)
    #expect(row.durationMs == 24 + 5)
    #expect(row.entries == ["0": 1, "25": 1, "45": 1])
    #expect(row.exits == ["24": 1, "30": 1, "45": 1])
  }

  @Test("a session counts on the day of its first event, a user once in each row")
  func sessionDays() {
    let rows = SessionOracle(name: "s", gapMs: day / 10).rows([
      event(0.2, "u", "x"), event(0.5, "u", "x"), event(0.95, "u", "x"), event(1.01, "u", "y"),
      event(1.5, "v", "x"), event(0.9, nil, "x"),
    ])
    #expect(rows.map(\.day) == [0, 1])
    #expect(rows.map(\.sessions) == [3, 1])
    #expect(rows.map(\.users) == [["u"], ["v"]])
  }

  // MARK: Lifecycle

  @Test("new, returning, resurrected, dormant, and who was active in 7 and 30 days")
  func lifecycle() {
    let oracle = LifecycleOracle(name: "l")
    let list = [event(0, "u", "x"), event(1, "u", "x"), event(1, "v", "x"), event(9, "u", "x")]
    let rows = oracle.rows(list, horizonMs: 9 * day + 5)
    let of = { (unit: Int64) in
      rows.filter { $0.unit == unit }.map { "\($0.metric.dropFirst(2)) \($0.users)" }
    }
    #expect(of(0) == ["active 1", "active_30d 1", "active_7d 1", "new 1", "stickiness 1"])
    #expect(
      of(1) == [
        "active 2", "active_30d 2", "active_7d 2", "new 1", "returning 1", "stickiness 2",
      ])
    #expect(of(2) == ["active_30d 2", "active_7d 2", "dormant 2"])
    #expect(of(7) == ["active_30d 2", "active_7d 2"])
    #expect(of(8) == ["active_30d 2"])
    #expect(of(9) == ["active 1", "active_30d 2", "active_7d 1", "resurrected 1", "stickiness 1"])
    #expect(rows.filter { $0.unit == 9 }.compactMap(\.of) == [2])
    #expect(rows.map(\.unit).max() == 9)
  }

  @Test("a user counts in the dimensions of the latest active unit, of its first event there")
  func lifecycleDimensions() {
    let oracle = LifecycleOracle(name: "l", dimensions: [("c", { OracleValue($0.channel) })])
    let rows = oracle.rows(
      [
        event(0.1, "u", "x", channel: "a"), event(0.2, "u", "x", channel: "b"),
        event(1.1, "u", "x", channel: "b"),
      ], horizonMs: 2 * day)
    let texts = rows.map { "\($0.unit) \($0.metric) \($0.dimensions.dropFirst(6).prefix(1))" }
    #expect(texts.contains("0 l.new a") && !texts.contains("0 l.new b"))
    #expect(texts.contains("1 l.returning b") && texts.contains("1 l.active_7d b"))
    #expect(!texts.contains("1 l.dormant a") && !texts.contains("1 l.active_7d a"))
    #expect(texts.contains("2 l.dormant b"))
  }

  // MARK: Traits

  @Test("traits are those before the event, in order, and are forgotten as one")
  func traits() {
    let oracle = TraitOracle(
      [
        .init("n", .count { $0.name == "p" }), .init("f", .first { OracleValue($0.city) }),
        .init("l", .last { OracleValue($0.city) }),
      ], forgetAfterMs: 10 * day)
    var list = [event(0, "u", "p"), event(1, "u", "x"), event(2, "u", "p"), event(3, "u", "x")]
    list[1].city = "A"
    list[2].city = "B"
    list += [event(12.5, "u", "x"), event(12.5, "v", "x"), event(13, nil, "x")]
    let traits = oracle.annotate(list.reversed()).map(\.traits)
    #expect(traits[0] == ["n": .whole(0), "f": .null, "l": .null])
    #expect(traits[1] == ["n": .whole(1), "f": .null, "l": .null])
    #expect(traits[2] == ["n": .whole(1), "f": .text("A"), "l": .text("A")])
    #expect(traits[3] == ["n": .whole(2), "f": .text("A"), "l": .text("B")])
    #expect(traits[4] == ["n": .whole(0), "f": .null, "l": .null])
    #expect(traits[5] == traits[0])
    #expect(traits[6] == traits[0])
  }
}
