import Foundation
import SnapshotStore
import StreamCore
import Testing

@Suite struct ResultsCommandTests {
  /// A results file of two metrics over `windows` minutes, those from `provisionalFrom` on open.
  private func results(
    at path: String, windows: Int64 = 3, revenue: Double = 1.5, provisionalFrom: Int64 = .max
  ) throws {
    let identity = PipelineIdentity(
      name: "shop", definition: "pipeline 1\nmetric revenue sum\nmetric users distinct users\n",
      tzdataVersion: "2025b", weirVersion: "1.0")
    let file = try ResultsFile.open(path: path, identity: identity)
    defer { try? file.close() }
    var change = SnapshotChange(taken: WallTime(ms: 1_700_000_000_000))
    for window in 0..<windows {
      for (metric, dimensions, value) in [
        ("revenue", #"{"channel":"web"}"#, revenue), ("revenue", #"{"channel":null}"#, 1234),
        ("users", "{}", 2.0 / 3),
      ] {
        change.rows.metrics.append(
          MetricRow(
            metric: metric, windowStart: EventTime(ms: window * 60_000),
            windowEnd: EventTime(ms: (window + 1) * 60_000), dimensions: dimensions, value: value,
            valueExact: metric == "users" ? nil : "\(value)", samples: 7,
            approximate: metric == "users",
            status: window < provisionalFrom ? .final : .provisional))
      }
    }
    var fates = FateCounts()
    (fates.read, fates.applied) = (9, 9)
    change.partitions = [
      PartitionProgress(
        id: PartitionID(topic: "t", partition: 0), nextOffset: 9, clock: EventTime(ms: 180_000),
        fates: fates, idle: false)
    ]
    change.watermark = EventTime(ms: 120_000)
    _ = try file.commit(change, durable: true)
  }

  @Test func `A file as it was written verifies`() async throws {
    let folder = try TemporaryFolder()
    try results(at: folder.file("a.sqlite"))
    let outcome = try await Command.run(["verify", folder.file("a.sqlite")])
    #expect(outcome.code == 0, "\(outcome)")
    #expect(outcome.output.contains("metrics: 9 settled rows"))
    #expect(outcome.output.contains("sound, pipeline shop, snapshot 1, result digest "))
  }

  @Test func `A file with damaged bytes does not verify`() async throws {
    let folder = try TemporaryFolder()
    let path = folder.file("a.sqlite")
    try results(at: path, windows: 500)
    // One letter of one row: the pages stay sound, the digest does not.
    var bytes = try Data(contentsOf: URL(filePath: path))
    let channel = try #require(bytes.range(of: Data(#"{"channel":"web"}"#.utf8)))
    bytes[channel.lowerBound + 12] = UInt8(ascii: "x")
    let changed = folder.file("changed.sqlite")
    try bytes.write(to: URL(filePath: changed))
    let row = try await Command.run(["verify", changed])
    #expect(row.code == 1, "\(row)")
    #expect(row.output.contains("not what was written"))
    let cut = folder.file("cut.sqlite")
    try bytes.prefix(bytes.count / 2).write(to: URL(filePath: cut))
    let page = try await Command.run(["verify", cut, "--json"])
    #expect(page.code == 1, "\(page)")
    let foreign = try folder.write("no database at all", to: "foreign.sqlite")
    #expect(try await Command.run(["verify", foreign]).code == 1)
    let missing = try await Command.run(["verify", folder.file("missing.sqlite")])
    #expect(missing.code == 3)
    #expect(missing.errors.contains("there is no such file"))
  }

  @Test func `Equal results print nothing, others their first differences`() async throws {
    let folder = try TemporaryFolder()
    let (a, b, c) = (folder.file("a.sqlite"), folder.file("b.sqlite"), folder.file("c.sqlite"))
    try results(at: a)
    try results(at: b)
    try results(at: c, windows: 4, revenue: 2.5)
    let equal = try await Command.run(["diff", a, b])
    #expect(equal.code == 0)
    #expect(equal.output.isEmpty && equal.errors.isEmpty)
    let other = try await Command.run(["diff", a, c, "--limit", "1"])
    #expect(other.code == 1)
    #expect(other.output.contains("metrics metric=revenue window_start_ms=0"))
    #expect(other.output.contains("  - ") && other.output.contains("  + "))
    #expect(other.output.contains("metrics: 3 changed, 0 only in \(a), 3 only in \(c), 6 equal"))
    let json = try await Command.run(["diff", a, c, "--json"])
    #expect(json.code == 1)
    #expect(json.output.contains("\"onlyInB\" : 3"))
    #expect(try await Command.run(["diff", a, folder.file("none")]).code == 3)
  }

  @Test func `Metrics are shown newest first, marked and aligned`() async throws {
    let folder = try TemporaryFolder()
    let path = folder.file("a.sqlite")
    try results(at: path, provisionalFrom: 2)
    let plain = try await Command.run(["report", "metrics", path])
    #expect(plain.code == 0, "\(plain)")
    #expect(
      plain.output == """
        metric   window                until                 dimensions       value  samples
        revenue  1970-01-01T00:02:00Z  1970-01-01T00:03:00Z  channel=web        1.5        7  provisional
        revenue  1970-01-01T00:02:00Z  1970-01-01T00:03:00Z  channel=null    1234.0        7  provisional
        users    1970-01-01T00:02:00Z  1970-01-01T00:03:00Z                0.666667        7  (estimated) provisional
        revenue  1970-01-01T00:01:00Z  1970-01-01T00:02:00Z  channel=web        1.5        7
        revenue  1970-01-01T00:01:00Z  1970-01-01T00:02:00Z  channel=null    1234.0        7
        users    1970-01-01T00:01:00Z  1970-01-01T00:02:00Z                0.666667        7  (estimated)
        revenue  1970-01-01T00:00:00Z  1970-01-01T00:01:00Z  channel=web        1.5        7
        revenue  1970-01-01T00:00:00Z  1970-01-01T00:01:00Z  channel=null    1234.0        7
        users    1970-01-01T00:00:00Z  1970-01-01T00:01:00Z                0.666667        7  (estimated)

        9 rows; pipeline shop, snapshot 1, 9 events applied, watermark 1970-01-01T00:02:00Z

        """)
    let chosen = try await Command.run(["report", path, "--limit", "50"])
    #expect(chosen.output == plain.output)
  }

  @Test func `Rows are chosen by metric, time, dimension and limit`() async throws {
    let folder = try TemporaryFolder()
    let path = folder.file("a.sqlite")
    try results(at: path)
    let rows = try await Command.run([
      "report", path, "--metric", "revenue", "--where", "channel=web", "--from",
      "1970-01-01T08:01:00", "--to", "1970-01-01T08:02:00", "--zone", "Asia/Shanghai", "--csv",
    ])
    #expect(
      rows.output == "metric,window_start,window_end,dimensions,value,samples,estimated,status\r\n"
        + "revenue,1970-01-01T08:01:00+08:00,1970-01-01T08:02:00+08:00,"
        + "\"{\"\"channel\"\":\"\"web\"\"}\",1.5,7,false,final\r\n")
    let null = try await Command.run(["report", path, "--where", "channel=null", "--json"])
    let lines = try JSONDecoder().decode([Line].self, from: Data(null.output.utf8))
    #expect(lines.count == 3)
    #expect(lines.allSatisfy { $0.value == 1234 && $0.dimensions == ["channel": nil] })
    let limited = try await Command.run(["report", path, "--limit", "2"])
    #expect(limited.output.contains("2 rows, and more: raise --limit; "))
    let slip = try await Command.run(["report", path, "--metric", "revenu"])
    #expect(slip.code == 2)
    #expect(slip.errors.contains("did you mean revenue?"))
    #expect(try await Command.run(["report", folder.file("none")]).code == 3)
  }

  private struct Line: Decodable {
    var metric: String
    var value: Double
    var dimensions: [String: String?]
  }
}
