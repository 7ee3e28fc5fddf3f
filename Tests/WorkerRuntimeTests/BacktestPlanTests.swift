import PipelineSpec
import StreamCore
import Testing

@testable import WorkerRuntime

@Suite struct BacktestPlanTests {
  private static let text = WorkerPipeline.text(
    more: """
      alerts:
        many:
          watch: users
          when: value > above
          thresholds: {above: {default: 5, min: 1, max: 9, step: 2}}
          for: 2
          notify: [desk]
        other: {watch: mean, when: value > 3, explain: [event]}
      risks:
        fast: {within: 10m, when: count() > most, thresholds: {most: 3}}
      notify: {desk: {log: true}}
      """
  ).replacing(
    "mean:    {formula: revenue / sales}",
    with: "mean:    {sum: properties.total, every: 5m, by: [channel]}")

  private func plan(_ sets: [String] = [], _ sweeps: [String] = []) throws -> BacktestPlan {
    let pipeline = try Pipeline.parse(text: Self.text, file: "test.yaml")
    return try BacktestPlan(
      pipeline,
      sets.map { try BacktestWish($0, isSweep: false) }
        + sweeps.map { try BacktestWish($0, isSweep: true) }
    ) { try Pipeline.parse(text: Self.text, file: "test.yaml", edits: $0) }
  }

  private func labels(_ plan: BacktestPlan, _ rule: String) -> [String] {
    plan.rules.first { $0.name == rule }?.candidates.map { ($0.isNow ? "now " : "") + $0.label }
      ?? []
  }

  @Test func `Without wishes every rule stands as the file has it`() throws {
    let plan = try plan()
    #expect(plan.rules.map(\.name) == ["many", "other", "fast"])
    #expect(labels(plan, "many") == ["now above=5"])
    #expect(labels(plan, "other") == ["now "])
  }

  @Test func `Sweeps of a rule are combined, what is set holds in all of them`() throws {
    let plan = try plan(["many.clear=value < 2"], ["many.above=3..7:2", "many.for=1,10m"])
    #expect(
      labels(plan, "many") == [
        "now clear=not when above=5 for=2",
        "clear=value < 2 above=3 for=1", "clear=value < 2 above=3 for=10m",
        "clear=value < 2 above=5 for=1", "clear=value < 2 above=5 for=10m",
        "clear=value < 2 above=7 for=1", "clear=value < 2 above=7 for=10m",
      ])
    #expect(plan.rules.count == 1, "other rules are not tried")
    let last = try #require(plan.pipeline.plan.alerts.last)
    #expect(last.hold == .duration(ms: 600_000) && last.clear?.text == "value < 2")
    #expect(last.thresholds[0].standard == 7)
  }

  @Test func `A range without a step takes the file's; what the file says is there already`() throws
  {
    #expect(
      labels(try plan([], ["many.above=1..9"]), "many")
        == ["now above=5", "above=1", "above=3", "above=7", "above=9"])
    #expect(labels(try plan(["many.for=2"]), "many") == ["now for=2"])
    #expect(
      labels(try plan([], ["fast.most=0.1..0.3:0.1"]), "fast")
        == ["now most=3", "most=0.1", "most=0.2", "most=0.3"])
  }

  @Test func `A value leaves alone what the file gives to some dimensions`() throws {
    let text = Self.text.replacing(
      "when: value > 3,",
      with: "when: value > top, thresholds: {top: {default: 3, values: "
        + "[{where: {channel: web}, value: 5}]}},")
    let pipeline = try Pipeline.parse(text: text, file: "test.yaml")
    let plan = try BacktestPlan(pipeline, [try BacktestWish("other.top=2,3,4", isSweep: true)]) {
      try Pipeline.parse(text: text, file: "test.yaml", edits: $0)
    }
    #expect(labels(plan, "other") == ["now top=3 and 1 of dimensions", "top=2", "top=4"])
    let thresholds = plan.pipeline.plan.alerts.compactMap(\.thresholds.first)
    #expect(thresholds.map(\.standard) == [3, 2, 4])
    #expect(thresholds.allSatisfy { $0.byDimensions.map(\.value) == [5] })
  }

  @Test func `A window can be judged when all that the alert reads is final`() throws {
    let text = """
      name: t
      source: {format: custom, fields: {name: event, user: user_id, time: at}}
      time: {lateness: 10m}
      metrics:
        n: {count: true, every: 1h}
        half: {formula: n / 2}
      funnels: {pay: {steps: [a, b], within: 2h, entered: 1h}}
      alerts:
        counted: {watch: n, when: value > 1}
        halved: {watch: half, when: value > 1}
        stuck: {watch: pay.conversion, when: value < 0.5}
      """
    let plan = try BacktestPlan(try Pipeline.parse(text: text, file: "t.yaml"), []) { _ in
      throw WorkerError(.internalFault, "nothing is edited", whatToDo: "")
    }
    #expect(
      plan.delaysMs == ["counted": 600_000, "halved": 600_000, "stuck": 7_200_000 + 600_000])
  }

  @Test func `Nobody is told, and only what is read is computed`() throws {
    let plan = try plan(["many.above=7"])
    #expect(plan.pipeline.notify.policies.isEmpty && plan.pipeline.notify.destinations.isEmpty)
    #expect(plan.pipeline.kafka.values.allSatisfy { $0.deadLetters == nil })
    #expect(plan.pipeline.plan.metrics.map(\.name) == ["users", BacktestPlan.eventsMetric])
    #expect(plan.pipeline.plan.alerts.map(\.name) == ["many", "many/1"])
    #expect(plan.pipeline.plan.risks.isEmpty)
  }

  @Test(arguments: ["    slow: {count: true, every: 1m, lateness: 10m}", ""])
  func `Where one stage may decide what another one gets nothing is left out`(more: String) throws {
    // Copies that are known by their id alone, or a stage that waits longer for late events.
    let text =
      more.isEmpty
      ? Self.text.replacing("time: {", with: "dedup: 1h\ntime: {")
      : Self.text.replacing("metrics:\n", with: "metrics:\n\(more.dropFirst(2))\n")
    let pipeline = try Pipeline.parse(text: text, file: "test.yaml")
    let plan = try BacktestPlan(pipeline, [try BacktestWish("many.above=7", isSweep: false)]) {
      try Pipeline.parse(text: text, file: "test.yaml", edits: $0)
    }
    let names = Set(plan.pipeline.plan.metrics.map(\.name))
    #expect(names == Set(pipeline.plan.metrics.map(\.name) + [BacktestPlan.eventsMetric]))
    #expect(plan.pipeline.plan.risks.map(\.name) == ["fast"], "its events are not late for it")
    let events = plan.pipeline.plan.metrics.first { $0.name == BacktestPlan.eventsMetric }
    #expect(events?.latenessMs == (more.isEmpty ? nil : 60_000))
  }

  @Test(arguments: [
    (["maby.above=1"], [], "'maby'; did you mean 'many'?"),
    (["many.abov=1"], [], "'abov'; did you mean 'above'?"),
    (["many.above=11"], [], "11 is out of bounds: many.above is at least 1 and at most 9"),
    (["many.above=x"], [], "'x' is no number"),
    (["many.above=nan"], [], "'nan' is no number"),
    (["many.above=1", "many.above=2"], [], "many.above is given twice"),
    (["fast.for=2"], [], "is a risk, which has no 'for'"),
    (["many.clear=value < abov"], [], "unknown name `abov`; did you mean `above`?"),
    (["many.for=0"], [], "it has to be a number of windows from 1"),
    (["many"], [], "names no value of a rule"),
    ([], ["many.above=1..9:0"], "a step of 0 is not above 0"),
    ([], ["many.above=9..1:1"], "is no range of numbers"),
    ([], ["fast.most=1..9"], "the range has no step"),
    ([], ["many.clear=a,b"], "expressions have commas"),
    ([], ["many.above=1..9:0.1", "many.for=1..20"], "more than 1000 candidates"),
  ])
  func `What cannot be tried is refused with what to do`(
    sets: [String], sweeps: [String], message: String
  ) throws {
    let error = #expect(throws: WorkerError.self) { try plan(sets, sweeps) }
    #expect(error?.exitCode == 2)
    #expect(error?.description.contains(message) == true, "\(String(describing: error))")
  }

  // MARK: - Incidents

  private func incidents(_ text: String) throws(WorkerError) -> [Incident] {
    try IncidentFile.parse(Array(text.utf8), file: "i.csv", zone: .utc, rules: ["many"])
  }

  @Test func `Of dates both days belong to an incident, times are half-open`() throws {
    let found = try incidents(
      """
      \u{FEFF}from,to,incident,what,rule,series\r
      2026-01-01,2026-01-02,"one, two",x,,\r

      2026-01-03T10:00:00Z,2026-01-03T10:30:00+00:00,short,,many,"{""a"":1}"

      """)
    let day: Int64 = 86_400_000
    let start = try #require(Instants.parse("2026-01-01", zone: .utc)).ms
    #expect(found.map(\.name) == ["one, two", "short"])
    #expect(found[0].span == EventTime(ms: start)..<EventTime(ms: start + 2 * day))
    #expect(found[0].rule == nil && found[1].rule == "many")
    #expect(found[0].series == nil && found[1].series == #"{"a":1}"#)
    #expect(
      found[1].span.upperBound.ms - found[1].span.lowerBound.ms == 1_800_000)
  }

  @Test(arguments: [
    ("incident,start,to\na,2026-01-01,2026-01-01", "i.csv:1: there is no column 'from'"),
    ("incident,from,to\na,soon,2026-01-01", "i.csv:2: 'soon' is no time"),
    ("incident,from,to\n\na,2026-01-02,2026-01-01", "i.csv:3: the incident ends before"),
    ("incident,from,to,rule\na,2026-01-01,2026-01-01,mani", "did you mean 'many'?"),
    ("incident,from,to", "i.csv has no incidents"),
    ("", "i.csv has no incidents"),
    ("incident,from,to\n\"a,2026-01-02,2026-01-01", "i.csv:2 is no row of CSV"),
  ])
  func `A file of incidents that is not right is refused with its line`(
    text: String, message: String
  ) {
    let error = #expect(throws: WorkerError.self) { try incidents(text) }
    #expect(error?.description.contains(message) == true, "\(String(describing: error))")
  }
}
