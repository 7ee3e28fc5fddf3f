import PipelineSpec
import StreamCore
import StreamTestKit
import Testing

/// Rules that have one right answer each, pushed through a driver by hand.
@Suite struct DriverRulesTests {
  private func driver(
    _ metrics: String, zone: String = "UTC", partitions: Int = 1
  ) throws -> PipelineDriver {
    let text = """
      name: rules
      zone: \(zone)
      source: {format: custom, fields: {name: event, user: user, time: at}}
      time: {lateness: 1m}
      metrics:
      \(metrics.split(separator: "\n").map { "  \($0)" }.joined(separator: "\n"))
      """
    return try PipelineDriver(Pipeline.parse(text: text, file: "rules.yaml").plan)
  }

  private func values(_ driver: PipelineDriver, _ metric: String) -> [String] {
    driver.rows.filter { $0.metric == metric }.map {
      "\(Instants.text($0.windowStart)) \($0.dimensions) \($0.value)"
    }
  }

  @Test func `A day of daylight saving has 23 or 25 hours`() throws {
    let driver = try driver("n: {count: true, every: 1d}", zone: "Europe/Berlin")
    for time in ["2026-03-28T22:59:59Z", "2026-03-28T23:00:00Z", "2026-03-29T21:59:59Z"] {
      driver.push(#"{"event":"e","at":"\#(time)"}"#)
    }
    for time in ["2026-10-24T22:00:00Z", "2026-10-25T22:59:59Z", "2026-10-25T23:00:00Z"] {
      driver.push(#"{"event":"e","at":"\#(time)"}"#)
    }
    driver.close()
    let hours = driver.rows.map { ($0.windowEnd.ms - $0.windowStart.ms) / 3_600_000 }
    #expect(hours == [24, 23, 25, 24])
    #expect(driver.rows.map(\.value) == [1, 2, 2, 1])
  }

  @Test func `A formula sees a zero where a known series is silent, until series_ttl`() throws {
    let driver = try driver(
      """
      errors: {count: true, where: 'event == "error"', every: 1m, by: [shop], series_ttl: 2m}
      all:    {count: true, every: 1m, by: [shop]}
      share:  {formula: errors / all}
      """)
    let push = { (event: String, minute: Int) in
      driver.push(#"{"event":"\#(event)","shop":"s","at":"2026-01-01T00:0\#(minute):00Z"}"#)
    }
    push("ok", 0)  // No error was ever seen: no value.
    push("error", 1)
    push("ok", 1)
    push("ok", 2)  // One minute after the last error: zero.
    push("ok", 3)
    push("ok", 4)  // Silent for longer than series_ttl: no value again.
    driver.close()
    #expect(
      values(driver, "share") == [
        "2026-01-01T00:01:00Z {\"shop\":\"s\"} 0.5", "2026-01-01T00:02:00Z {\"shop\":\"s\"} 0.0",
        "2026-01-01T00:03:00Z {\"shop\":\"s\"} 0.0",
      ])
  }

  @Test func `Without dimensions a count is zero in every closed window`() throws {
    let driver = try driver(
      """
      errors: {count: true, where: 'event == "error"', every: 1m}
      all:    {count: true, every: 1m}
      share:  {formula: errors / all}
      odds:   {formula: all / errors}
      """)
    driver.push(#"{"event":"ok","at":"2026-01-01T00:00:00Z"}"#)
    driver.close()
    #expect(values(driver, "share") == ["2026-01-01T00:00:00Z {} 0.0"])
    #expect(values(driver, "odds").isEmpty, "division by zero is no data")
    #expect(values(driver, "errors").isEmpty, "zeros are not stored")
  }

  @Test func `A last value is carried through silent windows for as long as carry says`() throws {
    let driver = try driver(
      """
      level: {last: stock, every: 1m, by: [item], carry: 3m}
      half:  {formula: level / 2}
      """)
    let push = { (item: String, minute: Int, stock: Int) in
      driver.push(
        #"{"event":"e","item":"\#(item)","stock":\#(stock),"at":"2026-01-01T00:0\#(minute):00Z"}"#)
    }
    push("a", 0, 7)
    push("b", 2, 1)
    push("b", 6, 2)
    driver.close()
    #expect(
      values(driver, "level").filter { $0.contains("\"a\"") } == [
        "2026-01-01T00:00:00Z {\"item\":\"a\"} 7.0", "2026-01-01T00:01:00Z {\"item\":\"a\"} 7.0",
        "2026-01-01T00:02:00Z {\"item\":\"a\"} 7.0", "2026-01-01T00:03:00Z {\"item\":\"a\"} 7.0",
      ])
    #expect(values(driver, "half").count == values(driver, "level").count)
    #expect(driver.rows.first { $0.metric == "level" && $0.value == 7 }?.samples == 1)
  }

  @Test func `An event late for one stage is applied to the others and counted`() throws {
    let driver = try driver(
      """
      fast: {count: true, every: 1m, lateness: 5s}
      slow: {count: true, every: 1m, lateness: 5m}
      """)
    driver.push(#"{"event":"e","at":"2026-01-01T00:04:00Z"}"#)
    driver.push(#"{"event":"e","at":"2026-01-01T00:00:30Z"}"#)
    driver.push(#"{"event":"e","at":"2025-12-31T23:58:59Z"}"#)
    driver.close()
    #expect(values(driver, "fast") == ["2026-01-01T00:04:00Z {} 1.0"])
    #expect(
      values(driver, "slow") == ["2026-01-01T00:00:00Z {} 1.0", "2026-01-01T00:04:00Z {} 1.0"])
    #expect(driver.fates.applied == 2)
    #expect(driver.fates.late == 1)
  }

  @Test func `A fast clock moves nobody past its record's timestamp`() throws {
    let driver = try driver("n: {count: true, every: 1m}")
    let start: Int64 = 1_767_225_600_000
    driver.push(#"{"event":"e","at":"2026-01-01T05:00:00Z"}"#, timestampMs: start)
    driver.push(#"{"event":"e","at":"2025-12-31T23:59:30Z"}"#, timestampMs: start + 1_000)
    driver.push(#"{"event":"e","at":"2026-01-02T00:00:01Z"}"#, timestampMs: start)
    driver.close()
    #expect(driver.fates.applied == 2)
    #expect(driver.fates.rejected == 1, "more than max_ahead past its record's timestamp")
    #expect(
      values(driver, "n") == ["2025-12-31T23:59:00Z {} 1.0", "2026-01-01T05:00:00Z {} 1.0"])
  }

  @Test func `Money adds up exactly, beyond what a double holds`() throws {
    let driver = try driver("sum: {sum: v, every: 1m}")
    for value in ["9007199254740993", "0.1", "0.2", "-0.000000001", "\"1e3\""] {
      driver.push(#"{"event":"e","v":\#(value),"at":"2026-01-01T00:00:00Z"}"#)
    }
    driver.close()
    #expect(driver.rows.map(\.valueExact) == ["9007199254741993.299999999"])
    #expect(driver.rows.map(\.samples) == [5])
  }

  @Test func `Extreme times and clocks end in a fate, never in a crash`() throws {
    let driver = try driver("n: {count: true, every: 1m}")
    let times = [
      "9223372036854775807", "-9223372036854775808", "9999999999999999", "1e308", "-1",
      "\"9999-12-31T23:59:59.999Z\"", "\"0000-01-01T00:00:00Z\"", "\"0001-01-01T00:00:00+14:00\"",
    ]
    for time in times {
      for stamp in [nil, Int64.max, Int64.min, 0, -1, 1] as [Int64?] {
        driver.push(#"{"event":"e","at":\#(time)}"#, timestampMs: stamp)
      }
      driver.snapshot()
    }
    driver.close()
    let fates = driver.fates
    #expect(fates.read == Int64(times.count * 6))
    #expect(
      fates.read == fates.rejected + fates.filtered + fates.late + fates.duplicate + fates.applied)
  }

  @Test func `What a metric could not use is counted for it alone`() throws {
    let driver = try driver(
      """
      all:   {count: true, every: 1m}
      sum:   {sum: a, every: 1m}
      most:  {max: b, every: 1m}
      kinds: {distinct: c, every: 1m}
      """)
    driver.push(#"{"event":"e","at":"2026-01-01T00:00:00Z","a":1,"b":"x","c":null}"#)
    driver.push(#"{"event":"e","at":"2026-01-01T00:00:00Z","a":1,"c":true}"#)
    driver.push(#"{"event":"e","at":"2026-01-01T00:00:00Z","a":"2","b":1e999,"c":"z"}"#)
    driver.close()
    #expect(driver.counts.map(\.name) == ["all", "kinds", "most", "sum"])
    #expect(driver.counts.map(\.matched) == [3, 3, 3, 3])
    #expect(driver.counts.map(\.unusable) == [0, 1, 3, 0])
  }

  @Test func `Texts that only look the same are two series`() throws {
    let driver = try driver("n: {count: true, every: 1m, by: [city]}")
    for city in ["S\u{E3}o", "Sa\u{303}o", "S\u{E3}o"] {
      driver.push(#"{"event":"e","at":"2026-01-01T00:00:00Z","city":"\#(city)"}"#)
      driver.snapshot()
    }
    driver.close()
    #expect(driver.rows.map(\.value).sorted() == [1, 2])
  }

  @Test func `Users of two sources are counted once`() throws {
    let text = """
      name: two
      sources:
        app: {format: custom, fields: {name: event, user: u, time: at}}
        web: {format: custom, fields: {name: event, user: visitor, time: at}}
      metrics:
        users: {distinct: user, every: 1h}
      """
    let driver = try PipelineDriver(Pipeline.parse(text: text, file: "two.yaml").plan)
    for user in ["a", "b", "c"] {
      driver.push(#"{"event":"e","u":"\#(user)","at":"2026-01-01T00:00:00Z"}"#, to: 0)
    }
    for user in ["b", "c", "d"] {
      driver.push(#"{"event":"e","visitor":"\#(user)","at":"2026-01-01T00:10:00Z"}"#, to: 1)
    }
    driver.close()
    #expect(driver.rows.map(\.value) == [4])
  }
}
