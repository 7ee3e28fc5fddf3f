import StreamCore
import Testing

@testable import PipelineSpec

@Suite struct PlanTests {
  private func binding(_ plan: PipelinePlan, _ field: String, source: Int = 0) -> FieldBinding? {
    plan.fields.firstIndex(of: field).map { plan.sources[source].fields[$0] }
  }

  @Test(arguments: FormatPreset.all.filter { $0.name != "custom" }.map(\.name))
  func `event, user, time and id are the event's own under every preset`(format: String) throws {
    let pipeline = try Pipeline.parse(
      text: """
        name: presets
        source: {format: \(format)}
        derive: {all: 'event + user == time + id && x'}
        """, file: "a.yaml")
    let plan = pipeline.plan
    #expect(plan.fields == ["event", "user", "time", "id", "record_time", "x"])
    #expect(plan.derived[0].expression.slots == [0, 1, 2, 3, 5])
    #expect(binding(plan, "x") == .paths([["x"]]))
    #expect(binding(plan, "record_time") == .absent)
  }

  @Test func `A path is read wherever the file does not say otherwise`() throws {
    let pipeline = try Pipeline.parse(
      text: """
        name: two
        sources:
          web: {format: custom, fields: {name: e, user: u, time: t, total: [a.b, c]}}
          app: {format: custom, fields: {name: {const: open}, time: $timestamp, ip: $headers.ip}}
        metrics:
          sums: {sum: total, where: 'ip == "x" && context.city != ""', every: 1h}
        """, file: "a.yaml")
    let plan = pipeline.plan
    #expect(plan.sources.map(\.name) == ["app", "web"])
    #expect(plan.fields.dropFirst(Slot.reserved) == ["context.city", "ip", "total"])
    #expect(binding(plan, "event") == .constant(.string("open")))
    #expect(binding(plan, "time") == .recordTimestamp)
    #expect(binding(plan, "ip") == .recordHeader(0))
    #expect(plan.sources[0].headers == ["ip"])
    #expect(binding(plan, "total") == .paths([["total"]]))
    #expect(binding(plan, "total", source: 1) == .paths([["a", "b"], ["c"]]))
    #expect(binding(plan, "ip", source: 1) == .paths([["ip"]]))
    #expect(binding(plan, "context.city", source: 1) == .paths([["context", "city"]]))
    #expect(binding(plan, "user") == .absent)
  }

  @Test func `Only fields that the plan reads are decoded`() throws {
    let plan = try pipeline("", fields: "{name: e, time: t, unused: x}").plan
    #expect(plan.fields.count == Slot.reserved)
  }

  @Test func `Derived fields come after what they need, in any order of the file`() throws {
    let lines = ["  a: b + 1", "  b: c.d + 1", "  z: a + b", "  m: price * 2"]
    var plans: [PipelinePlan] = []
    for order in [[0, 1, 2, 3], [3, 2, 1, 0], [2, 0, 3, 1]] {
      let derive = order.map { lines[$0] }.joined(separator: "\n")
      plans.append(try pipeline("derive:\n\(derive)\nfilter: z > m").plan)
    }
    for plan in plans {
      #expect(plan.derived.map(\.name) == ["b", "m", "a", "z"])
      #expect(plan.fields.dropFirst(Slot.reserved) == ["c.d", "price"])
      #expect(plan.derived.map(\.expression.slots) == [[5], [6], [7], [7, 9]])
      #expect(plan.filter?.slots == [8, 10])
      #expect(plan.definition == plans[0].definition)
      #expect(plan.slotCount == 11)
    }
  }

  @Test func `Formulas come after what they read`() throws {
    let plan = try pipeline(
      """
      metrics:
        a: {formula: b / c}
        b: {formula: c + d}
        c: {count: true, every: 1h, by: [city]}
        d: {sum: total, every: 1h, by: [{city: 'city == "" ? "x" : city'}]}
      """
    ).plan
    #expect(plan.metrics.map(\.name) == ["c", "d"])
    #expect(plan.formulas.map(\.name) == ["b", "a"])
    #expect(plan.formulas.map(\.inputs) == [["c", "d"], ["b", "c"]])
    #expect(plan.formulas.allSatisfy { $0.dimensions == ["city"] })
    #expect(plan.formulas.allSatisfy { $0.window == .init(unit: .millisecond, every: 3_600_000) })
  }

  @Test(arguments: [
    ("every: 1m", WindowPlan(unit: .millisecond, every: 60_000)),
    ("every: 24h", WindowPlan(unit: .millisecond, every: 86_400_000)),
    ("every: 1d", WindowPlan(unit: .day, every: 1)),
    ("every: 1d, window: 1w", WindowPlan(unit: .day, size: 7, every: 1)),
    ("every: 1w, window: 4w", WindowPlan(unit: .week, size: 4, every: 1)),
    ("every: 1mo, window: 1q", WindowPlan(unit: .month, size: 3, every: 1)),
    ("every: 1q, window: 1y", WindowPlan(unit: .month, size: 12, every: 3)),
    ("every: 100ms, window: 1s", WindowPlan(unit: .millisecond, size: 1_000, every: 100)),
  ]) func `Windows have the unit that they are written in`(text: String, window: WindowPlan) throws
  {
    let plan = try pipeline("metrics: {a: {count: true, \(text)}}").plan
    #expect(plan.metrics.first?.window == window)
  }

  @Test func `Aggregates and options of metrics are what is written`() throws {
    let plan = try pipeline(
      """
      limits: {max_series: 5, series_ttl: 1d}
      metrics:
        a: {distinct: user, every: 1d}
        b: {distinct: properties.sku, every: 1d, max_series: 7}
        c: {p99: total, every: 1d, series_ttl: 2d}
        d: {last: stock, carry: 7d, lateness: 5s, every: 1d}
      """
    ).plan
    #expect(plan.metrics.map(\.aggregate) == [.distinctUsers, .distinct, .quantile(99), .last])
    #expect(plan.metrics.map { $0.value == nil } == [true, false, false, false])
    #expect(plan.metrics.map(\.maxSeries) == [5, 7, 5, 5])
    #expect(plan.metrics.map(\.seriesTTLMs) == [86_400_000, 86_400_000, 172_800_000, 86_400_000])
    #expect(plan.metrics[3].carryMs == 604_800_000)
    #expect(plan.metrics[3].latenessMs == 5_000)
  }

  @Test func `Without a user, distinct user is of the payload's user`() throws {
    let plan = try pipeline(
      "metrics: {a: {distinct: user, every: 1d}}", fields: "{name: e, time: t}"
    )
    .plan
    #expect(plan.metrics[0].aggregate == .distinct)
    #expect(plan.fields.last == "user")
  }

  @Test func `The definition is of what decides results and nothing else`() throws {
    let metrics = "metrics: {a: {sum: 'x  +  1', where: 'y == \"a  b\"', every: 1h}}"
    let plain = try pipeline(metrics).plan.definition
    let same = try pipeline(
      """
      snapshot_every: 1s
      keep: {1m: 7d}
      time: {idle_after: 10s, when_idle: advance, max_drift: 2h}
      metrics: {a: {every: 60m, where: "y ==  'a  b'", sum: "x + 1"}}
      tests: [{name: t, events: [], expect: {metrics: []}}]
      """.replacing("'a  b'", with: "\\\"a  b\\\"")
    ).plan.definition
    #expect(plain == same)
    for other in [
      metrics.replacing("1h", with: "2h"), metrics.replacing("a  b", with: "a b"),
      metrics.replacing("sum", with: "avg"), metrics + "\nfilter: z", metrics + "\ndedup: 1h",
      metrics + "\nzone: Asia/Shanghai", metrics + "\ntime: {lateness: 2m}",
    ] {
      #expect(try pipeline(other).plan.definition != plain, "\(other)")
    }
  }

  @Test func `Times without an offset are of the pipeline's zone`() throws {
    let pipeline = try pipeline(
      """
      zone: Europe/Berlin
      time: {not_before: 2026-03-29}
      metrics: {a: {count: true, every: 1d}}
      tests:
        - name: daylight saving
          events: []
          expect:
            metrics:
              - {metric: a, window: 2026-03-30}
              - {metric: a, window: "2026-03-29T02:30"}
              - {metric: a, window: "2026-10-25T02:30"}
      """)
    let starts = pipeline.tests[0].expected.metrics?.compactMap { $0.windowStart?.ms }
    #expect(starts == [1_774_821_600_000, 1_774_744_200_000, 1_792_888_200_000])
    #expect(pipeline.plan.time.notBefore == EventTime(ms: 1_774_738_800_000))
    #expect(pipeline.plan.zone.name == "Europe/Berlin")
    #expect(pipeline.plan.tzdataVersion.first == "2")
  }

  @Test func `Without time-zone data only UTC is there`() {
    let text = "name: a\nsource: {format: segment}\nzone: "
    #expect(throws: Never.self) {
      let plan = try Pipeline.parse(text: text + "UTC", file: "a", zoneinfo: "/nowhere").plan
      #expect(plan.tzdataVersion == "none")
    }
    do throws(PipelineFaults) {
      _ = try Pipeline.parse(text: text + "Asia/Shanghai", file: "a", zoneinfo: "/nowhere")
      Issue.record("accepted")
    } catch {
      #expect(error.faults.map(\.code) == ["no-zone-data"])
      #expect(error.faults[0].hint == "install the package tzdata")
    }
  }

  @Test func `Storage and Kafka options are what is written`() throws {
    let pipeline = try Pipeline.parse(
      text: """
        name: stored
        source:
          kafka:
            {brokers: "a:1,b:2", topic: t, start: 2026-01-01T08:00:00+08:00, dead_letters: dead,
             on_lost_offsets: continue, wait_for_topic: true, options: {a.b: 5}}
        keep: {1d: forever, 1m: 7d, 1h: 400d}
        max_wal: 512MiB
        """, file: "a.yaml")
    let kafka = try #require(pipeline.kafka["source"])
    #expect(kafka.start == .time(EventTime(ms: 1_767_225_600_000)))
    #expect(kafka.options == ["a.b": "5"])
    #expect(kafka.continuesOnLostOffsets && kafka.waitsForTopic)
    #expect(pipeline.plan.sources[0].topic == "t")
    let storage = pipeline.storage
    #expect(storage.maxWalBytes == 512 << 20)
    #expect(storage.keepMs(windowMs: 1_000) == Int64(7 * 86_400_000))
    #expect(storage.keepMs(windowMs: 300_000) == Int64(7 * 86_400_000))
    #expect(storage.keepMs(windowMs: 7_200_000) == Int64(400 * 86_400_000))
    #expect(storage.keepMs(windowMs: 7 * 86_400_000) == nil)
  }
}
