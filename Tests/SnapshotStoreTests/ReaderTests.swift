import StreamCore
import Testing

@testable import SnapshotStore

@Suite struct ReaderTests {
  @Test func `Metrics are found by name, time, dimensions and status, in order and bounded`() throws
  {
    let directory = try TemporaryDirectory()
    let file = try ResultsFile.open(path: directory.file(), identity: shop)
    let rows = [
      metric("a", at: 0, dimensions: #"{"app":true,"city":null,"n":5}"#),
      metric("a", at: 1, dimensions: #"{"app":false,"city":"北京","n":5.5}"#),
      metric("a", at: 2, dimensions: #"{"app":"true","city":"a\"b","n":"5"}"#, .provisional),
      metric("b", at: 1, dimensions: #"{"k.e[y]":"x"}"#, value: 0.1, exact: "0.1", samples: 7),
    ]
    _ = try file.commit(change(rows.reversed()), durable: false)
    let reader = try ResultsReader.open(path: directory.file())
    func found(_ query: MetricQuery) throws -> [Int] {
      try reader.metrics(query).map { rows.firstIndex(of: $0) ?? -1 }
    }
    #expect(try found(MetricQuery()) == [0, 1, 2, 3])
    #expect(try found(MetricQuery(newestFirst: true)) == [2, 1, 3, 0])
    #expect(try found(MetricQuery(limit: 2)) == [0, 1])
    #expect(try found(MetricQuery(metric: "b")) == [3])
    #expect(
      try found(MetricQuery(from: EventTime(ms: minute), to: EventTime(ms: 2 * minute))) == [1, 3])
    #expect(try found(MetricQuery(status: .provisional)) == [2])
    #expect(try found(MetricQuery(dimensions: ["city": "北京"])) == [1])
    #expect(try found(MetricQuery(dimensions: ["city": nil])) == [0])
    #expect(try found(MetricQuery(dimensions: ["city": "a\"b", "n": "5"])) == [2])
    #expect(try found(MetricQuery(dimensions: ["n": "5"])) == [0, 2])
    #expect(try found(MetricQuery(dimensions: ["app": "true"])) == [0, 2])
    #expect(try found(MetricQuery(dimensions: ["k.e[y]": "x"])) == [3])
    #expect(try found(MetricQuery(dimensions: ["none": nil])) == [])
    #expect(try found(MetricQuery(metric: "x' OR 1 --")) == [])
    reader.close()
    expectError(.io) { try reader.metrics() }
    try file.close()
  }
}
