import PipelineSpec
import StreamCore
import StreamTestKit
import Testing

/// Stages of users at the ends of what is legal: as many as there may be, and times before 1970.
@Suite struct UserStageBoundsTests {
  private func run(_ text: String, _ events: [String], restarts: Bool) throws -> PipelineDriver {
    let plan = try Pipeline.parse(text: text, file: "bounds.yaml", environment: [:]).plan
    var driver = try PipelineDriver(plan)
    var finals: [ResultTables] = []
    for (index, event) in events.enumerated() {
      driver.push(event)
      guard restarts, index % 40 == 39 else { continue }
      let next = try PipelineDriver(plan, from: driver.save())
      finals.append(driver.tables.finals)
      driver = next
    }
    driver.close()
    for earlier in finals { driver.adopt(earlier) }
    return driver
  }

  @Test(arguments: [true, false], [true, false])
  func `As many stages as may share records, and more conditions than events have bits for`(
    keyed: Bool, restarts: Bool
  ) throws {
    let text = """
      name: many
      source:
        format: custom
        keyed: \(keyed)
        fields: {name: event, user: user_id, time: timestamp}
      users:
        seen: {count: 'event == "a7"'}
      metrics:
        last: {count: true, every: 1d, where: 'event == "c62"', by: [{seen: users.seen}]}
      funnels:
      \((0..<63).map { "  f\($0): {steps: [a\($0), b\($0), c\($0)], within: 1d}" }
        .joined(separator: "\n"))
      """
    // Each user goes through one funnel and a step of the next.
    var events: [String] = []
    for user in 0..<63 {
      for (step, name) in ["a\(user)", "b\(user)", "c\(user)", "a\((user + 1) % 63)"].enumerated() {
        events.append(
          """
          {"timestamp": "2026-03-02T09:\(user % 60 < 10 ? "0" : "")\(user % 60):0\(step)Z", \
          "user_id": "u\(user)", "event": "\(name)"}
          """)
      }
    }
    events.append(#"{"timestamp": "2026-03-02T09:59:30Z", "user_id": "u7", "event": "c62"}"#)
    let driver = try run(
      text.replacing("fields:", with: "lateness: 2h\n  fields:"), events, restarts: restarts)
    #expect(driver.fates.applied == 63 * 4 + 1)
    #expect(driver.conflicts.isEmpty)
    #expect(driver.funnelRows.count == 63 * 3)
    for row in driver.funnelRows { #expect(row.users == (row.step == 1 ? 2 : 1), "\(row)") }
    #expect(driver.rows.map(\.dimensions) == [#"{"seen":0}"#, #"{"seen":1}"#])
  }

  /// Days from 1970-01-01 as a date.
  private func date(_ day: Int64) -> String { CivilDate(dayNumber: day).description }

  @Test func `Before 1970 everything is as 400 years later`() throws {
    let text = """
      name: early
      source:
        format: custom
        fields: {name: event, user: user_id, time: timestamp}
      time: {lateness: 1m, not_before: 1900-01-01}
      funnels:
        daily: {steps: [view, cart], within: 36h, by: [event]}
        hourly: {steps: [view, view, cart], within: 5h, entered: 1h}
      retention:
        weekly: {unit: week, periods: 5}
        again: {unit: day, periods: 5, mode: recurring, forget_after: 30h}
      sessions: {visits: {gap: 3h}}
      lifecycle: {growth: {forget_after: 60h}, monthly: {unit: month}}
      """
    try withManySeeds(20) { seed, generator in
      var times = (0..<60).map { _ in generator.whole(-9 * 86_400...9 * 86_400) }
      times.sort()
      let log = times.map { ($0, generator.below(4), generator.pick(["view", "cart", "view"])) }
      let cycleDays: Int64 = 146_097
      let drivers = try [0, cycleDays].map { shift in
        let events = log.map { second, user, name in
          let day = second >= 0 ? second / 86_400 : (second - 86_399) / 86_400
          let rest = second - day * 86_400
          let padded = { (number: Int64) in (number < 10 ? "0" : "") + String(number) }
          return """
            {"timestamp": "\(date(day + shift))T\(padded(rest / 3600)):\(padded(rest / 60 % 60)):\
            \(padded(rest % 60))Z", "user_id": "u\(user)", "event": "\(name)"}
            """
        }
        return try run(text, events, restarts: shift == 0)
      }
      let ms = cycleDays * 86_400_000
      let texts = zip(drivers, [ms, 0]).map { driver, shift in
        driver.rows.map { "\($0.metric) \($0.windowStart.ms + shift) \($0.value)" }
          + driver.funnelRows.map {
            "\($0.funnel) \($0.entryStart.ms + shift) \($0.dimensions) \($0.step) \($0.users) "
              + "\($0.p50Ms ?? -1)"
          }
          + driver.retentionRows.map {
            "\($0.retention) \($0.unitStart.ms + shift) \($0.period) \($0.users)"
          }
          + driver.sessionRows.map {
            "\($0.session) \($0.dayStart.ms + shift) \($0.sessions) \($0.users) \($0.durationMs)"
          }
      }
      #expect(drivers[0].fates.applied == 60)
      #expect(drivers[0].conflicts.isEmpty)
      #expect(!texts[0].isEmpty)
      guard Set(texts[0]) == Set(texts[1]) else {
        let early = Set(texts[0]).subtracting(texts[1]).sorted().prefix(6)
        let later = Set(texts[1]).subtracting(texts[0]).sorted().prefix(6)
        Issue.record("early alone: \(early)\nlater alone: \(later)")
        return false
      }
      return true
    }
  }
}
