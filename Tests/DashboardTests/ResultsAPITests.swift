import Foundation
import SnapshotStore
import StreamCore
import Testing

@testable import Dashboard

@Suite struct ResultsAPITests {
  private struct Rows: Decodable {
    var rows: [[String: JSONScalarOrObject]]
    var next: String?
  }

  /// A scalar's text, or an object's.
  private struct JSONScalarOrObject: Decodable, Hashable {
    var text: String

    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      if let scalar = try? container.decode(JSONScalar.self) {
        text = scalar.description
      } else {
        text = Dimensions.json(try container.decode(DimensionValues.self))
      }
    }
  }

  private static func rows(_ console: Console, _ target: String) throws -> Rows {
    try JSONDecoder().decode(Rows.self, from: Data(try console.ask(target).body))
  }

  private static let lists = [
    ("metrics/revenue/rows", "metric", ["window_start_ms", "dimensions"]),
    ("funnels/checkout/rows", "funnel", ["entry_start_ms", "dimensions", "step"]),
    ("retention/weekly/rows", "retention", ["cohort", "period", "dimensions"]),
    ("sessions/visits/rows", "session", ["day_start_ms", "dimensions"]),
    ("kpis/sales/rows", "kpi", ["period_start_ms", "as_of_ms"]),
  ]

  @Test("pages of rows visit every row once, in both orders", arguments: [false, true])
  func paging(newestFirst: Bool) throws {
    let file = try TestFile()
    try file.commit(ShopRows.fill)
    let console = try file.console()
    for (path, _, key) in Self.lists {
      let order = newestFirst ? "&newest_first=true" : ""
      let all = try Self.rows(console, "/api/v1/\(path)?limit=1000\(order)")
      #expect(all.next == nil, "\(path)")
      var visited: [[String]] = []
      var cursor: String?
      repeat {
        let next = cursor.map { "&cursor=\($0)" } ?? ""
        let page = try Self.rows(console, "/api/v1/\(path)?limit=7\(order)\(next)")
        visited += page.rows.map { row in key.map { row[$0]?.text ?? "" } }
        cursor = page.next
      } while cursor != nil
      #expect(visited == all.rows.map { row in key.map { row[$0]?.text ?? "" } }, "\(path)")
      #expect(Set(visited).count == visited.count && visited.count > 3, "\(path)")
    }
  }

  @Test("rows are those of the store")
  func equalsStore() throws {
    let file = try TestFile()
    try file.commit(ShopRows.fill)
    let console = try file.console()
    let reader = try ResultsReader.open(path: file.path)
    defer { reader.close() }
    let stored = try reader.metrics(MetricQuery(metric: "revenue"))
    let found = try Self.rows(console, "/api/v1/metrics/revenue/rows?limit=1000").rows
    #expect(found.count == stored.count)
    for (row, expected) in zip(found, stored) {
      #expect(row["window_start_ms"]?.text == "\(expected.windowStart.ms)")
      #expect(row["value"].flatMap { Double($0.text) } == expected.value)
      #expect(row["value_exact"]?.text == expected.valueExact)
      #expect(row["status"]?.text == expected.status.rawValue)
      #expect(row["dimensions"]?.text == expected.dimensions)
    }
  }

  @Test("CSV has the cells of the JSON")
  func csv() throws {
    let file = try TestFile()
    try file.commit(ShopRows.fill)
    let console = try file.console()
    for path in Self.lists.map(\.0) + [
      "metrics", "funnels", "retention", "sessions", "kpis", "snapshots", "metrics/revenue/series",
    ] {
      let json = try Self.rows(console, "/api/v1/\(path)").rows
      let lines = try console.text("/api/v1/\(path)?format=csv").split(separator: "\r\n")
      #expect(lines.count == json.count + 1, "\(path)")
      let names = lines[0].split(separator: ",").map(String.init)
      #expect(Set(names) == Set(json.first?.keys.map { $0 } ?? names), "\(path)")
      for (line, row) in zip(lines.dropFirst(), json) {
        #expect(line.hasPrefix(CSVText.field(row[names[0]]?.text ?? "")), "\(path)")
      }
    }
  }

  @Test("filters choose rows by time, dimensions and status; what is none is refused")
  func filters() throws {
    let file = try TestFile()
    try file.commit(ShopRows.fill)
    let console = try file.console()
    let ios = "dimensions=%7B%22platform%22%3A%22ios%22%7D"
    let rows = try Self.rows(
      console,
      "/api/v1/metrics/revenue/rows?from=2026-02-03&to=2026-02-04&\(ios)"
    ).rows
    #expect(rows.count == 24)
    #expect(rows.allSatisfy { $0["dimensions"]?.text == ShopRows.platforms[0] })
    let open = try Self.rows(console, "/api/v1/metrics/revenue/rows?status=provisional").rows
    #expect(open.count == 2)
    for wrong in [
      "dimensions=1", "cursor=x", "limit=0", "from=yesterday", "status=maybe", "unknown=1",
      "cursor=funnels_a.i1",
    ] {
      #expect(throws: (any Error).self, "\(wrong)") {
        try console.ask("/api/v1/metrics/revenue/rows?\(wrong)")
      }
    }
  }

  @Test("the overview's figures add up")
  func overview() throws {
    let file = try TestFile()
    try file.commit(ShopRows.fill)
    let text = try file.console().text("/api/v1/overview")
    for part in [
      "\"verdict\":\"firing\"", "\"read\":1000", "\"applied\":990", "\"alerts_firing\":1",
      "\"live\":false", "\"zone\":\"Asia/Shanghai\"",
    ] { #expect(text.contains(part), "\(part)") }
  }
}
