import SnapshotStore
import StreamCore
import StreamTestKit
import Testing

/// The ready pipelines over data of others, equal to plain loops over the lines.
@Suite struct RunUsersTests {
  /// The results of the real program over one file.
  private func results(
    _ pipeline: String, _ input: String, _ folder: TemporaryFolder
  ) async throws -> ResultsReader {
    let data = folder.file("a.sqlite")
    let outcome = try await Command.run([
      "run", pipeline, "--input", try SharedData.path(input), "--data", data,
    ])
    #expect(outcome.code == 0, "\(outcome)")
    #expect(outcome.errors.isEmpty)
    return try ResultsReader.open(path: data)
  }

  @Test func `The shop's users are followed as plain loops over its clicks follow them`()
    async throws
  {
    let folder = try TemporaryFolder()
    let reader = try await results("pipelines/ecom.yaml", "ecom/ecom.csv.gz", folder)
    let events = try RealData.ecom().map(\.event)
    let all = StageQuery(limit: .max)
    let checkout = RealData.ecomCheckout(name: "checkout")
    let funnels = try reader.funnels(all)
    #expect(funnels.contains { $0.step == 5 && $0.users > 1 })
    #expect(checkout.differences(events, actual: funnels).prefix(5) == [])
    let weekly = RealData.ecomWeekly(name: "weekly", periods: 12)
    let retention = try reader.retention(all)
    #expect(retention.contains { $0.period == 12 && $0.users > 0 })
    #expect(weekly.differences(events, actual: retention).prefix(5) == [])
    let visits = SessionOracle(
      name: "visits", gapMs: 30 * 60_000, maxMs: 86_400_000,
      dimensions: [("platform", { OracleValue($0.channel) })])
    #expect(visits.differences(events, actual: try reader.sessions(all)).prefix(5) == [])
    let users = LifecycleOracle(name: "users", unit: .week)
    let metrics = try reader.metrics(MetricQuery(limit: .max))
    let horizonMs = events.map(\.timeMs).max() ?? 0
    #expect(
      users.differences(events, horizonMs: horizonMs, actual: metrics).prefix(5) == [])
    #expect(try reader.stages().allSatisfy { $0.provisionalRows == 0 })
  }

  @Test func `Customers who buy CDs again, and for how much, are those of plain loops`()
    async throws
  {
    let folder = try TemporaryFolder()
    let reader = try await results("pipelines/cdnow.yaml", "cdnow/CDNOW_sample.txt", folder)
    let events = try RealData.cdnow().map(\.event)
    let repurchase = RealData.cdnowRepurchase(
      name: "repurchase", periods: 18, forgetAfterDays: 600)
    let rows = try reader.retention(StageQuery(limit: .max))
    #expect(rows.filter { $0.period == 0 }.map(\.users).reduce(0, +) == 2_357)
    #expect(repurchase.differences(events, actual: rows).prefix(5) == [])
    let buyers = LifecycleOracle(name: "buyers", unit: .month, forgetAfterMs: 600 * 86_400_000)
    let metrics = try reader.metrics(MetricQuery(limit: .max))
    let horizonMs = events.map(\.timeMs).max() ?? 0
    #expect(
      buyers.differences(events, horizonMs: horizonMs, actual: metrics).prefix(5) == [])
  }
  @Test func `A finished run tells how many users it had records of, and another changes nothing`()
    async throws
  {
    let folder = try TemporaryFolder()
    let data = folder.file("a.sqlite")
    let arguments = [
      "run", "pipelines/cdnow.yaml", "--input", try SharedData.path("cdnow/CDNOW_sample.txt"),
      "--data", data,
    ]
    let first = try await Command.run(arguments)
    #expect(first.code == 0, "\(first)")
    #expect(first.output.contains("records of users and keys  2357,"), "\(first)")
    let digest = first.output.split(separator: "\n").first { $0.hasPrefix("digest") }
    let again = try await Command.run(arguments)
    #expect(again.code == 0, "\(again)")
    #expect(again.output.split(separator: "\n").contains { $0 == digest }, "\(again)")
  }
}
