import PipelineSpec
import StreamCore
import Testing

/// What alerts do about zeros, gaps, silence and the end of the input.
@Suite struct AlertRulesTests {
  @Test func `Orders that fall to nothing fire`() throws {
    let plan = try AlertShop.plan([AlertShop.rule("orders", "value < limit")])
    let driver = try AlertShop.run(
      plan, [0.1, 1.1].map { AlertShop.event($0, "order") } + [AlertShop.event(5.5, "view")])
    #expect(AlertShop.story(driver) == ["2: pending", "2: firing"])
    let alert = try #require(driver.alertRows.first)
    #expect(alert.value == 0)
    #expect(alert.state == .firing)
    // Window 4 was judged last: the clock is half an hour past it.
    #expect(alert.windowEnd.ms == AlertShop.startMs + 5 * AlertShop.hour)
    #expect(alert.opened?.ms == AlertShop.startMs + 3 * AlertShop.hour)
    #expect(alert.threshold == 1)
    #expect(alert.thresholds == "{\"limit\":1}")
    #expect(alert.owner == "shop")
  }

  @Test func `Nothing before a series' first window is judged`() throws {
    let plan = try AlertShop.plan([AlertShop.rule("orders", "value < limit")])
    let driver = try AlertShop.run(
      plan, [AlertShop.event(0, "view"), AlertShop.event(9, "order"), AlertShop.event(10, "view")])
    #expect(AlertShop.story(driver) == [])
  }

  @Test func `The end of the input judges up to the window that it lies in`() throws {
    let plan = try AlertShop.plan([AlertShop.rule("orders", "value < limit")])
    let driver = try AlertShop.run(plan, [0.1, 1.1].map { AlertShop.event($0, "order") })
    driver.close()
    #expect(AlertShop.story(driver) == [])
    let longer = try AlertShop.run(
      plan, [AlertShop.event(0.1, "order"), AlertShop.event(2, "view")])
    longer.close()
    #expect(AlertShop.story(longer) == ["1: pending", "1: firing"])
    #expect(longer.alertRows.first?.windowEnd.ms == AlertShop.startMs + 3 * AlertShop.hour)
  }

  @Test func `A silent series is zero until series_ttl, and forgotten unless it is open`() throws {
    let silence = [AlertShop.event(0.5, "order", "app"), AlertShop.event(20, "order", "web")]
    let rule = try AlertShop.rule("orders_by", "value < limit")
    let short = try AlertShop.run(AlertShop.plan([rule], ttlHours: 3), silence)
    let app = "{\"channel\":\"app\"}"
    #expect(AlertShop.story(short) == ["1: \(app) pending", "1: \(app) firing"])
    // It was judged last when it was silent for three hours; since then there is no data.
    #expect(short.alertRows.first?.windowEnd.ms == AlertShop.startMs + 4 * AlertShop.hour)
    #expect(short.alertRows.first?.state == .firing)
    let patient = try AlertShop.rule("orders_by", "value < limit") { $0.hold = .windows(4) }
    let never = try AlertShop.run(AlertShop.plan([patient], ttlHours: 3), silence)
    #expect(AlertShop.story(never) == ["1: \(app) pending"])
    let ok = try AlertShop.rule("orders_by", "value < limit") { $0.noData = .ok }
    let resolved = try AlertShop.run(AlertShop.plan([ok], ttlHours: 3), silence)
    #expect(AlertShop.story(resolved).last == "4: \(app) resolved")
    let alarmed = try AlertShop.rule("orders_by", "value > 100") { $0.noData = .alert }
    let quiet = try AlertShop.run(AlertShop.plan([alarmed], ttlHours: 3), silence)
    #expect(AlertShop.story(quiet) == [])
  }

  @Test(arguments: [
    (AlertPlan.NoData.keep, ["0: pending", "0: firing", "3: resolved"]),
    (.ok, ["0: pending", "0: firing", "1: resolved"]),
    (.alert, ["0: pending", "0: firing", "3: resolved"]),
  ])
  func `Missing data is what the rule says, and never an all-clear by itself`(
    _ noData: AlertPlan.NoData, _ story: [String]
  ) throws {
    let rule = try AlertShop.rule("average", "value > limit", limit: 10) { $0.noData = noData }
    let driver = try AlertShop.run(
      AlertShop.plan([rule]),
      [
        AlertShop.event(0.1, "order", total: 50), AlertShop.event(3.1, "order", total: 5),
        AlertShop.event(4.5, "view"),
      ])
    #expect(AlertShop.story(driver) == story)
  }

  @Test func `Missing data fires where the rule says so`() throws {
    let rule = try AlertShop.rule("average", "value > limit", limit: 10) {
      $0.noData = .alert
      $0.hold = .windows(2)
      $0.minSamples = 1
    }
    let driver = try AlertShop.run(
      AlertShop.plan([rule]),
      [AlertShop.event(0.1, "order", total: 5), AlertShop.event(5, "view")])
    #expect(AlertShop.story(driver) == ["1: pending", "2: firing"])
    #expect(driver.alertRows.first?.value == nil)
  }

  @Test func `Windows with few samples neither count nor break, zero counts`() throws {
    let few = [0.1, 0.2, 0.3, 1.1, 2.1, 2.2, 2.3, 5.5].map { AlertShop.event($0, "order") }
    let many = try AlertShop.rule("orders", "value >= 1") {
      $0.minSamples = 3
      $0.hold = .windows(2)
    }
    let driver = try AlertShop.run(AlertShop.plan([many]), few)
    #expect(AlertShop.story(driver) == ["0: pending", "2: firing", "3: resolved"])
    let none = try AlertShop.rule("orders", "value < 1") { $0.minSamples = 100 }
    let fallen = try AlertShop.run(AlertShop.plan([none]), few)
    #expect(AlertShop.story(fallen) == ["3: pending", "3: firing"])
  }

  @Test func `A formula of counts has the value it gives for zeros`() throws {
    let rule = try AlertShop.rule("rate", "value > limit", limit: 0.4) { $0.noData = .ok }
    let driver = try AlertShop.run(
      AlertShop.plan([rule]),
      [
        AlertShop.event(0.1, "error"), AlertShop.event(0.2, "paid"),
        // Errors without payments are no data, and so is nothing by nothing.
        AlertShop.event(1.1, "error"), AlertShop.event(3, "view"),
      ])
    #expect(AlertShop.story(driver) == ["0: pending", "0: firing", "1: resolved"])
  }

  @Test func `A value that comes and goes makes one alert with a time to keep firing`() throws {
    let hours = [0.1, 2.1, 4.1]
    let events = hours.map { AlertShop.event($0, "error") } + [AlertShop.event(9, "view")]
    let flapping = try AlertShop.run(
      AlertShop.plan([AlertShop.rule("errors", "value >= limit")]), events)
    #expect(flapping.alertRows.count == 3)
    #expect(flapping.alertRows.allSatisfy { $0.state == .resolved })
    let steady = try AlertShop.rule("errors", "value >= limit") {
      $0.keepFiringForMs = 2 * AlertShop.hour
    }
    let driver = try AlertShop.run(AlertShop.plan([steady]), events)
    #expect(
      AlertShop.story(driver) == [
        "0: pending", "0: firing", "1: recovering", "2: firing", "3: recovering", "4: firing",
        "5: recovering", "7: resolved",
      ])
    #expect(driver.alertRows.count == 1)
    #expect(driver.alertRows.first?.resolved?.ms == AlertShop.startMs + 8 * AlertShop.hour)
  }

  @Test func `Another restart after each event, in whatever state, changes nothing`() throws {
    let rule = try AlertShop.rule("errors_by", "value >= limit") {
      $0.hold = .windows(2)
      $0.keepFiringForMs = 2 * AlertShop.hour
      $0.breakdowns = []
    }
    let plan = try AlertShop.plan([rule], ttlHours: 4)
    var events: [String] = []
    for step in 0..<40 {
      let isBad = [0, 2, 3, 4, 7, 8, 9, 10, 12, 20, 21, 22].contains(step)
      events.append(AlertShop.event(Double(step) + 0.2, isBad ? "error" : "view"))
      if step % 3 == 0 { events.append(AlertShop.event(Double(step) + 0.3, "error", "app")) }
    }
    let straight = try AlertShop.run(plan, events)
    straight.close()
    let states = Set(straight.alertTransitions.map(\.to))
    #expect(states == Set(AlertState.allCases))
    var saved = PipelineDriver.Saved()
    var tables: [ResultTables] = []
    for event in events {
      let driver = try PipelineDriver(plan, from: saved)
      driver.push(event)
      saved = driver.save()
      tables.append(driver.tables.finals)
    }
    let last = try PipelineDriver(plan, from: saved)
    last.close()
    for finals in tables.reversed() { last.adopt(finals) }
    #expect(last.conflicts == [])
    #expect(alertDigest(last) == alertDigest(straight))
  }

  @Test func `Each window is judged with the threshold that was effective before its end`() throws {
    let plan = try AlertShop.plan([AlertShop.rule("orders", "value > limit", limit: 5)])
    let driver = try PipelineDriver(plan)
    let row = ThresholdRow(
      rule: "rule", name: "limit", value: 1,
      effective: EventTime(ms: AlertShop.startMs + 3 * AlertShop.hour), set: WallTime(ms: 0),
      origin: .person, setBy: "ops", reason: "a sale")
    driver.thresholds = ThresholdSchedule([row])
    for window in 0..<5 {
      for at in [0.1, 0.2] { driver.push(AlertShop.event(Double(window) + at, "order")) }
    }
    driver.snapshot()
    #expect(AlertShop.story(driver) == ["3: pending", "3: firing"])
    #expect(driver.alertTransitions.map(\.thresholds) == ["{\"limit\":1}", "{\"limit\":1}"])
  }

  @Test func `Windows outside the active hours are not judged`() throws {
    let rule = try AlertShop.rule("orders", "value < limit") {
      $0.active = [.init(days: [1, 2], fromMinute: 9 * 60, toMinute: 11 * 60)]
    }
    let driver = try AlertShop.run(
      AlertShop.plan([rule]), [AlertShop.event(0.5, "order"), AlertShop.event(60, "view")])
    #expect(AlertShop.story(driver) == ["9: pending", "9: firing"])
    #expect(driver.alertRows.first?.windowEnd.ms == AlertShop.startMs + 35 * AlertShop.hour)
  }

  @Test func `Beyond max_series the series of least hash are followed, in any batches`() throws {
    let rule = try AlertShop.rule("orders_by", "value < limit")
    let plan = try AlertShop.plan([rule], maxSeries: 3)
    // Never more than three in one hour, nine in all.
    let events = (0..<9).map { AlertShop.event(Double($0 / 3) + 0.1, "order", "c\($0)") }
    let end = AlertShop.event(6, "view")
    let driver = try AlertShop.run(plan, events + [end])
    let once = try PipelineDriver(plan)
    once.push((events + [end]).map { (Array($0.utf8), nil) }, to: 0)
    once.snapshot()
    #expect(alertDigest(once) == alertDigest(driver))
    let firing = Set(driver.alertRows.filter { $0.value == 0 }.map(\.dimensions))
    #expect((1...6).contains(firing.count))
  }
}
