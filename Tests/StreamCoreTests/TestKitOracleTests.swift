import StreamCore
import StreamTestKit
import Testing

/// The oracles on examples small enough to be worked out by hand.
@Suite("Test kit: oracles")
struct TestKitOracleTests {
  // MARK: Fates

  private func event(_ timeMs: Int64, record: Int64, id: String? = nil) -> HistoryEvent {
    HistoryEvent(
      number: 0, timeMs: timeMs, recordMs: record, user: "u", name: "a", channel: "web", id: id)
  }

  private let base: Int64 = 1_700_000_000_000

  @Test("late is strictly below the watermark, and a late event is applied nowhere")
  func late() {
    let log = [
      event(base, record: base), event(base - 10, record: base), event(base - 11, record: base),
    ]
    let outcome = FatesOracle(latenessMs: 10).follow(log)
    #expect(outcome.fates == [.applied, .applied, .late])
    #expect(outcome.clockMs == base)
  }

  @Test("a fast phone moves the clock no further than its record's timestamp")
  func fast() {
    let log = [event(base + 500, record: base), event(base - 5, record: base)]
    #expect(FatesOracle(latenessMs: 10).follow(log).clockMs == base)
    #expect(FatesOracle(latenessMs: 10).follow(log).fates == [.applied, .applied])
    let file = FatesOracle(latenessMs: 10).follow(log, recordTimestamps: false)
    #expect(file.clockMs == base + 500)
    #expect(file.fates == [.applied, .late])
  }

  @Test(
    "too old and too far ahead are rejected from the first millisecond beyond, and move nothing")
  func rejected() {
    let oracle = FatesOracle(latenessMs: 10, notBeforeMs: base, maxAheadMs: 100)
    let log = [
      event(base, record: base), event(base - 1, record: base),
      event(base + 100, record: base), event(base + 101, record: base),
    ]
    let outcome = oracle.follow(log)
    #expect(outcome.fates == [.applied, .rejected, .applied, .rejected])
    #expect(outcome.clockMs == base)
  }

  @Test(
    "a copy has the same id and time; without an id nothing is one; late comes before duplicate")
  func duplicates() {
    let log = [
      event(base, record: base, id: "a"), event(base, record: base, id: "a"),
      event(base + 1, record: base + 1, id: "a"), event(base, record: base),
      event(base, record: base),
      event(base + 50, record: base + 50), event(base, record: base + 50, id: "a"),
    ]
    #expect(
      FatesOracle(latenessMs: 10).follow(log).fates
        == [.applied, .duplicate, .applied, .applied, .applied, .applied, .late])
  }

  @Test("a filtered event moves the clock and is no original of a copy")
  func filtered() {
    let log = [event(base, record: base, id: "a"), event(base + 9, record: base + 9)]
    let outcome = FatesOracle().follow(log, wanted: { $0.id == nil })
    #expect(outcome.fates == [.filtered, .applied])
    #expect(outcome.clockMs == base + 9)
  }

  // MARK: Metrics

  private let events = [
    OracleEvent(timeMs: 30, user: "b", name: "x", channel: "app", units: 250, offset: 0),
    OracleEvent(timeMs: 10, user: "a", name: "x", channel: "web", units: 101, offset: 1),
    OracleEvent(timeMs: 30, user: "a", name: "x", channel: "web", units: -50, offset: 2),
    OracleEvent(timeMs: 130, user: nil, name: "y", channel: "web", offset: 3),
  ]

  private func expected(_ aggregate: OracleAggregate) -> [OracleRow.Expected] {
    MetricOracle(
      name: "m", aggregate: aggregate,
      windows: MetricOracle.windows(sizeMs: 100, everyMs: 100)
    ).rows(events).map(\.expected)
  }

  @Test("each aggregate is what it is by hand")
  func aggregates() {
    #expect(expected(.count) == [.exact(units: 300), .exact(units: 100)])
    #expect(expected(.sum) == [.exact(units: 301)])
    #expect(expected(.avg) == [.near(301.0 / 300)])
    #expect(expected(.min) == [.exact(units: -50)])
    #expect(expected(.max) == [.exact(units: 250)])
    #expect(expected(.last) == [.exact(units: 250)])
    #expect(expected(.distinctUsers) == [.exact(units: 200)])
    #expect(expected(.distinct { $0.channel }) == [.exact(units: 200), .exact(units: 100)])
    #expect(expected(.quantile(50)) == [.between(1.01, 1.01)])
    #expect(expected(.quantile(75)) == [.between(1.01, 2.5)])
  }

  @Test("dimensions split, conditions choose, keys are sorted and a missing value is null")
  func dimensions() {
    let rows = MetricOracle(
      name: "m", aggregate: .count, condition: { $0.name == "x" },
      dimensions: [("city", { $0.city }), ("channel", { $0.channel })],
      windows: MetricOracle.windows(sizeMs: 100, everyMs: 100)
    ).rows(events)
    #expect(
      rows.map(\.dimensions) == [
        #"{"channel":"app","city":null}"#, #"{"channel":"web","city":null}"#,
      ])
    #expect(rows.map(\.samples) == [1, 2])
  }

  @Test("hopping windows hold an instant size / every times, before the epoch too")
  func windows() {
    let windows = MetricOracle.windows(sizeMs: 30, everyMs: 10)
    #expect(windows(25).map(\.startMs) == [20, 10, 0])
    #expect(windows(30).map(\.startMs) == [30, 20, 10])
    #expect(windows(-1).map(\.startMs) == [-10, -20, -30])
  }

  @Test("wrong, missing, extra and double rows are told; right ones are not")
  func differences() {
    let oracle = MetricOracle(
      name: "m", aggregate: .sum, windows: MetricOracle.windows(sizeMs: 100, everyMs: 100))
    let rows = oracle.rows(events)
    var right = MetricRow(
      metric: "m", windowStart: EventTime(ms: 0), windowEnd: EventTime(ms: 100), dimensions: "{}",
      value: 3.01, valueExact: "3.01", samples: 3, approximate: false, status: .final)
    let faults = { (actual: [MetricRow]) in
      OracleRow.differences(expected: rows, actual: actual).count
    }
    #expect(faults([right]) == 0)
    #expect(faults([]) == 1)
    #expect(faults([right, right]) == 1)
    right.valueExact = "3.0100000001"
    #expect(faults([right]) == 1)
    right.valueExact = "3.010"
    right.samples = 2
    #expect(faults([right]) == 1)
    right.samples = 3
    right.value = 3.02
    #expect(faults([right]) == 1)
    right.dimensions = "{\"a\":1}"
    #expect(faults([right]) == 2)
  }

  @Test("a quantile may be one per cent off, no more")
  func quantileBounds() {
    let row = OracleRow(
      metric: "m", window: .init(startMs: 0, endMs: 1), dimensions: "{}",
      expected: .between(100, 200), samples: 2)
    #expect([99, 150, 202].allSatisfy { row.accepts($0) })
    #expect(![98.9, 202.1].contains { row.accepts($0) })
  }
}
