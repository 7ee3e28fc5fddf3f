import Foundation
import SnapshotStore
import StreamCore
import Testing

@Suite struct ReportKPITests {
  private let tree = [
    KPINode(
      kpi: "growth", parent: nil, position: 0, title: "营收增长", layer: .business, period: "1mo",
      formula: "revenue", unit: "CNY", owner: "growth", target: 100_000, direction: .up),
    KPINode(
      kpi: "orders", parent: "growth", position: 0, title: nil, layer: .operational, period: "1w",
      formula: "orders", unit: nil, owner: nil, target: nil, direction: .up),
    KPINode(
      kpi: "refunds", parent: "orders", position: 0, title: nil, layer: .process, period: "1w",
      formula: "refunds / orders", unit: "%", owner: "care", target: 0.05, direction: .down),
    KPINode(
      kpi: "nps", parent: nil, position: 1, title: nil, layer: .business, period: "1q",
      formula: "a - b", unit: nil, owner: nil, target: 40, direction: .up),
  ]

  private func row(
    _ kpi: String, week: Int64, days: Int64 = 7, value: Double, previous: Double? = nil,
    by child: String? = nil, _ moved: Double? = nil, approximate: Bool = false,
    _ status: ResultStatus = .final
  ) -> KPIRow {
    KPIRow(
      kpi: kpi, periodStart: ReportFixture.at(days: 7 * week),
      periodEnd: ReportFixture.at(days: 7 * week + 7),
      asOf: ReportFixture.at(days: 7 * week + days), value: value, previous: previous,
      movedBy: child, moved: moved, approximate: approximate, status: status)
  }

  private func report(_ arguments: [String], isEmpty: Bool = false, inputEnd: EventTime? = nil)
    async throws -> Outcome
  {
    let folder = try TemporaryFolder()
    let path = folder.file("shop.sqlite")
    let identity = PipelineIdentity(
      name: "shop",
      definition: "pipeline 1\nname shop\nzone Asia/Shanghai\nkpi growth period=1mo\n",
      tzdataVersion: "2025b", weirVersion: "1.0")
    let file = try ResultsFile.open(path: path, identity: identity)
    var change = SnapshotChange(taken: WallTime(ms: 1_770_000_000_000))
    if let inputEnd {
      change.watermark = .distantFuture
      change.partitions = [
        PartitionProgress(
          id: PartitionID(topic: "t", partition: 0), nextOffset: 1, clock: inputEnd,
          fates: FateCounts(), idle: false)
      ]
    }
    if !isEmpty {
      change.kpiTree = tree
      change.rows.kpis = [
        row("growth", week: 0, value: 50_000, previous: 40_000, by: "orders", 9_000),
        row("growth", week: 1, days: 2, value: 12_500.5, previous: 11_000, by: "orders", 1_200.25),
        row("growth", week: 1, days: 3, value: 13_200, approximate: true, .provisional),
        row("orders", week: 0, value: 120),
        row("refunds", week: 0, value: 0.04, previous: 0.05, by: "orders", -0.01),
        row("refunds", week: 1, days: 1, value: 0.0625, previous: 0, by: "x"),
        row("old", week: 0, value: -3.4),
      ]
    }
    _ = try file.commit(change, durable: true)
    try file.close()
    let outcome = try await Command.run(["report"] + arguments.map { $0 == "FILE" ? path : $0 })
    return Outcome(
      code: outcome.code, output: outcome.output.replacing(path, with: "FILE"),
      errors: outcome.errors.replacing(path, with: "FILE"))
  }

  @Test func `The tree says how far each KPI has come, against what, and who moved it`()
    async throws
  {
    let outcome = try await report(["kpis", "FILE"])
    #expect(outcome.code == 0, "\(outcome)")
    #expect(
      outcome.output == """
        KPI                period                    value  unit  before  change   target           off  moved by       owner
        营收增长 (growth)  2026-01-12 … 2026-01-15  13,200  CNY   11,000  +13.6%  100,000   13.2% of it  orders +1,200  growth  so far, estimated, provisional, change as of 2026-01-14
          orders           2026-01-05                  120
            refunds        2026-01-12 … 2026-01-13   6.25%         0.00%            5.00%  125.0% of it  x              care    so far
        nps                1q                                                          40                                       no value yet
        old                2026-01-05                -3.40                                                                      not in the pipeline any more

        pipeline shop, snapshot 1, 0 events applied

        """, "\(outcome.output)")
  }

  @Test func `Periods go back, and a KPI is shown with what is below it`() async throws {
    let outcome = try await report(["kpis", "FILE", "--kpi", "orders", "--periods", "2"])
    #expect(
      outcome.output.hasPrefix(
        """
        KPI        period                   value  unit  before  change  target           off  moved by             owner
        orders     2026-01-05                 120
          refunds  2026-01-12 … 2026-01-13  6.25%         0.00%           5.00%  125.0% of it  x                    care   so far
                   2026-01-05               4.00%         5.00%  -20.0%   5.00%           met  orders -1.00 points

        """), "\(outcome.output)")
    let csv = try await report(["kpis", "FILE", "--csv", "--periods", "5"])
    let lines = csv.output.split(separator: "\r\n")
    #expect(lines.count == 7, "\(csv)")
    #expect(
      lines[2]
        == "growth,,营收增长,business,CNY,growth,2026-01-05T00:00:00+08:00,2026-01-12T00:00:00+08:00,"
        + "2026-01-12T00:00:00+08:00,50000.0,40000.0,0.25,100000.0,up,,-0.5,false,orders,9000.0,"
        + "2026-01-12T00:00:00+08:00,false,final,", "\(csv)")
  }

  private struct Line: Decodable {
    struct Period: Decodable {
      var value: Double
      var change: Double?
      var reached: Double?
      var met: Bool?
      var moved: Double?
      var comparedAsOf: String?
      var inputEnded: String?
    }
    var kpi: String
    var depth: Int
    var parent: String?
    var periods: [Period]
  }

  @Test func `JSON has the order of the tree, and shares where there are any`() async throws {
    let outcome = try await report(["kpis", "FILE", "--json", "--periods", "2"])
    let lines = try JSONDecoder().decode([Line].self, from: Data(outcome.output.utf8))
    #expect(lines.map(\.kpi) == ["growth", "orders", "refunds", "nps", "old"])
    #expect(lines.map(\.depth) == [0, 1, 2, 0, 0] && lines[2].parent == "orders")
    #expect(lines[0].periods.map(\.value) == [13_200, 50_000])
    #expect(lines[0].periods.map(\.met) == [nil, false])
    #expect(lines[0].periods.map(\.reached) == [0.132, nil])
    // A value that may still change is not compared; the newest one that is settled is.
    #expect(lines[0].periods.map(\.change) == [1_500.5 / 11_000, 0.25])
    #expect(lines[0].periods[0].comparedAsOf == "2026-01-14T00:00:00+08:00")
    #expect(lines[2].periods.map(\.change) == [nil, -0.2] || lines[2].periods[0].change == nil)
    #expect(lines[2].periods.map(\.met) == [nil, true] && lines[3].periods.isEmpty)
  }

  @Test func `What the end of the input cut short is not judged, and what it did not is`()
    async throws
  {
    let arguments = ["kpis", "FILE", "--kpi", "growth", "--json"]
    func newest(_ inputEnd: EventTime) async throws -> Line.Period {
      let outcome = try await report(arguments + ["--periods", "2"], inputEnd: inputEnd)
      let lines = try JSONDecoder().decode([Line].self, from: Data(outcome.output.utf8))
      return try #require(lines[0].periods.last)
    }
    // The period is 7 days from day 0 on.
    let cut = try await newest(ReportFixture.at(days: 2))
    #expect(cut.inputEnded == "2026-01-07T00:00:00+08:00" && cut.reached == 0.5)
    #expect(cut.change == nil && cut.met == nil && cut.moved == nil && cut.comparedAsOf == nil)
    let whole = try await newest(ReportFixture.at(days: 6, hours: 23))
    #expect(whole.inputEnded == nil && whole.change == 0.25 && whole.met == false)
    let text = try await report(
      ["kpis", "FILE", "--kpi", "orders"], inputEnd: ReportFixture.at(days: 2))
    #expect(text.output.contains("input ended on 2026-01-07\n"), "\(text.output)")
    #expect(!text.output.contains("so far"))
  }

  @Test func `A slip is told, and so is a file without KPIs; the overview mentions them`()
    async throws
  {
    for (arguments, word) in [
      (["--kpi", "grwth"], "did you mean growth?"), (["--periods", "0"], "--periods"),
      (["--json", "--csv"], "Choose one"),
    ] {
      let slip = try await report(["kpis", "FILE"] + arguments)
      #expect(slip.code == 2 && slip.errors.contains(word), "\(slip)")
    }
    let empty = try await report(["kpis", "FILE"], isEmpty: true)
    #expect(
      empty.code == 0 && empty.output.contains("no rows of kpis yet; the pipeline shop has growth"),
      "\(empty)")
    let overview = try await report(["FILE"])
    #expect(
      overview.output.contains("\nkpis   growth      3            1  2026-01-05T"), "\(overview)")
    #expect(overview.output.contains("see weir report kpis FILE\n"), "\(overview)")
  }
}
