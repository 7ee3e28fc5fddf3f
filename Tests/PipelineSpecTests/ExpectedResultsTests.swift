import StreamCore
import Testing

@testable import PipelineSpec

@Suite struct ExpectedResultsTests {
  private static let start = EventTime(ms: 1_767_225_600_000)

  private func row(
    _ metric: String, _ value: Double, dimensions: String = "{}", at start: EventTime = start,
    samples: Int64 = 1, status: ResultStatus = .final
  ) -> MetricRow {
    MetricRow(
      metric: metric, windowStart: start, windowEnd: EventTime(ms: start.ms + 60_000),
      dimensions: dimensions, value: value, valueExact: nil, samples: samples, approximate: false,
      status: status)
  }

  /// The expectation of one test, from YAML.
  private func expectation(_ text: String) throws -> ExpectedResults {
    let pipeline = try pipeline(
      """
      zone: UTC
      metrics:
        orders: {count: true, every: 1m, by: [channel, size]}
        money: {sum: total, every: 1m}
      tests: [{name: t, events: [], expect: \(text)}]
      """)
    return try #require(pipeline.tests.first?.expected)
  }

  private func mismatches(_ text: String, _ rows: [MetricRow]) throws -> [String] {
    var results = ResultRows()
    results.metrics = rows
    return try expectation(text).mismatches(in: results, fates: .zero)
  }

  @Test(arguments: [
    "{metrics: [{metric: orders}]}",
    "{metrics: [{metric: orders, window: 2026-01-01}]}",
    "{metrics: [{metric: orders, window: '2026-01-01T08:00:00+08:00', value: 2, samples: 3}]}",
    "{metrics: [{metric: orders, dimensions: {channel: web}}]}",
    "{metrics: [{metric: orders, dimensions: {size: 1.0, channel: web}, status: final}]}",
    "{metrics: [{metric: orders, dimensions: {channel: null}, value: 7}]}",
    "{metrics: [{metric: orders, value: 2.01, tolerance: 0.01}]}",
    "{metrics: [{metric: orders, dimensions: {channel: app}, value: none}]}",
    "{metrics: [{metric: money, value: none}], fates: {applied: 0}}",
    "{fates: {read: 0}}",
  ]) func `What holds has no mismatch`(text: String) throws {
    let rows = [
      row("orders", 2, dimensions: #"{"channel":"web","size":1}"#, samples: 3),
      row("orders", 7, dimensions: #"{"channel":null,"size":"big"}"#, status: .provisional),
    ]
    #expect(try mismatches(text, rows) == [])
  }

  @Test(arguments: [
    (
      "{metrics: [{metric: orders, value: 3}]}",
      "expected orders = 3.0, found orders at 2026-01-01T00:00:00Z "
        + "{\"channel\":\"web\"} = 2.0 of 1 samples (final)"
    ),
    (
      "{metrics: [{metric: money}]}", "expected money, found no row of money"
    ),
    (
      "{metrics: [{metric: orders, window: 2026-01-02, dimensions: {channel: web}}]}",
      "expected orders at 2026-01-02T00:00:00Z {\"channel\":\"web\"}, found no such window or "
        + "dimensions; there is orders at 2026-01-01T00:00:00Z {\"channel\":\"web\"} = 2.0 of 1 "
        + "samples (final)"
    ),
    (
      "{metrics: [{metric: orders, value: none}]}",
      "expected no row orders, found orders at 2026-01-01T00:00:00Z {\"channel\":\"web\"} = 2.0 "
        + "of 1 samples (final)"
    ),
    (
      "{metrics: []}",
      "expected no row, found 1, first orders at 2026-01-01T00:00:00Z {\"channel\":\"web\"} = 2.0 "
        + "of 1 samples (final)"
    ),
    ("{fates: {late: 2}}", "expected late 2, found 0"),
  ]) func `What does not hold is said with what is there`(text: String, message: String) throws {
    let rows = [row("orders", 2, dimensions: #"{"channel":"web"}"#)]
    #expect(try mismatches(text, rows) == [message])
  }

  @Test(arguments: [
    "{metrics: [{metric: orders, samples: 2}]}",
    "{metrics: [{metric: orders, status: provisional}]}",
    "{metrics: [{metric: orders, dimensions: {channel: '1'}}]}",
    "{metrics: [{metric: orders, value: 2.000001}]}",
  ]) func `A row that differs in one thing does not match`(text: String) throws {
    let rows = [row("orders", 2, dimensions: #"{"channel":1}"#)]
    #expect(try mismatches(text, rows).count == 1)
  }

  @Test func `Inline events become JSON as they look`() throws {
    let pipeline = try pipeline(
      """
      tests:
        - name: events
          events:
            - {a: 1, b: -1.50, c: true, d: null, e: "1", f: 2026-01-01T00:00Z, g: [x, {y: 0x1}]}
            - 'raw "text'
            - {quote: "\\"\\\\\\n\\u0001北"}
          expect: {fates: {}}
      """)
    #expect(
      pipeline.tests[0].events == [
        #"{"a":1,"b":-1.50,"c":true,"d":null,"e":"1","f":"2026-01-01T00:00Z","#
          + #""g":["x",{"y":"0x1"}]}"#,
        #"raw "text"#, #"{"quote":"\"\\\n\u0001北"}"#,
      ])
    #expect(pipeline.tests[0].source == "source")
    #expect(pipeline.tests[0].expected == ExpectedResults())
  }
}
