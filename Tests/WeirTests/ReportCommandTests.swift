import Foundation
import PipelineSpec
import StreamCore
import Testing

@Suite struct ReportCommandTests {
  /// Runs `weir report` on the shop's file, `FILE`.
  private func report(
    _ arguments: [String], definition: String = ReportFixture.definition,
    _ fill: (inout ResultRows) -> Void = ReportFixture.shop
  ) async throws -> Outcome {
    let folder = try TemporaryFolder()
    let path = folder.file("shop.sqlite")
    try ReportFixture.write(
      path, definition: definition, watermark: ReportFixture.at(days: 22), fill)
    let words = arguments.map { $0 == "FILE" ? path : $0 }
    let outcome = try await Command.run(["report"] + words)
    return Outcome(
      code: outcome.code, output: outcome.output.replacing(path, with: "FILE"),
      errors: outcome.errors.replacing(path, with: "FILE"))
  }

  private static let state =
    "pipeline shop, snapshot 1, 9 events applied, watermark 2026-01-27T00:00:00+08:00"

  @Test func `Without a subcommand the file's stages are listed`() async throws {
    let outcome = try await report(["FILE"])
    #expect(outcome.code == 0, "\(outcome)")
    #expect(
      outcome.output == """
        table      name      rows  provisional  from                       until
        funnels    checkout     9            3  2026-01-05T00:00:00+08:00  2026-01-07T00:00:00+08:00
        metrics    revenue      1            0  2026-01-05T00:00:00+08:00  2026-01-05T01:00:00+08:00
        retention  weekly       6            2  2026-01-05T00:00:00+08:00  2026-02-02T00:00:00+08:00
        sessions   visits       3            1  2026-01-05T00:00:00+08:00  2026-01-07T00:00:00+08:00

        4 stages with results; \(Self.state)
        see weir report funnel FILE, weir report metrics FILE, weir report retention FILE, \
        weir report sessions FILE

        """)
    let csv = try await report(["FILE", "--csv", "--zone", "UTC"])
    #expect(
      csv.output.contains("\r\nmetrics,revenue,1,0,2026-01-04T16:00:00Z,2026-01-04T17:00:00Z\r\n"))
  }

  @Test func `Funnels are shown by entry window, added up over dimensions`() async throws {
    let outcome = try await report(["funnel", "FILE"])
    #expect(outcome.code == 0, "\(outcome)")
    #expect(
      outcome.output == """
        checkout
        entered     step         users  of all  of before     p50     p90
        2026-01-06  浏览            50  100.0%                             ████████████████████████  provisional
                    add_to_cart     25   50.0%      50.0%  3m 20s  1h 06m  ████████████
                    paid             5   10.0%      20.0%  6m 40s  2h 13m  ██▍
        2026-01-05  浏览           400  100.0%                             ████████████████████████
                    add_to_cart    100   25.0%      25.0%                  ██████
                    paid            12    3.0%      12.0%                  ▊

        p50 and p90 do not add up: --by shows those of single series
        \(Self.state)

        """)
  }

  @Test func `Funnels are split by a dimension, chosen, and added up over windows`() async throws {
    let split = try await report(["funnel", "FILE", "--by", "platform", "--last", "2"])
    #expect(
      split.output.contains(
        """
        2026-01-05  web       浏览           300  100.0%                             ███
        """))
    #expect(!split.output.contains("do not add up"))
    let chosen = try await report([
      "funnel", "FILE", "--name", "checkout", "--where", "platform=web", "--csv",
    ])
    #expect(
      chosen.output
        == "funnel,entry_start,entry_end,entry_day,windows,dimensions,step,step_name,users,"
        + "conversion_from_start,conversion_from_previous,p50_ms,p90_ms,status\r\n"
        + [
          "1,浏览,300,1.0,1.0,0,0", "2,add_to_cart,60,0.2,0.2,200000,4000000",
          "3,paid,12,0.04,0.2,400000,8000000",
        ].map {
          "checkout,2026-01-05T00:00:00+08:00,2026-01-06T00:00:00+08:00,2026-01-05,1,{},"
            + "\($0),final\r\n"
        }.joined())
    let total = try await report(["funnel", "FILE", "--total"])
    #expect(total.output.contains("2026-01-05 … 2026-01-06  浏览             450  100.0%"))
    #expect(total.output.contains("entries"))
    let range = try await report(["funnel", "FILE", "--total", "--to", "2026-01-06", "--json"])
    let steps = try JSONDecoder().decode([FunnelStep].self, from: Data(range.output.utf8))
    #expect(steps.map(\.users) == [400, 100, 12])
    #expect(steps.map(\.conversionFromPrevious) == [1, 0.25, 0.12])
    #expect(steps.allSatisfy { $0.windows == 1 && $0.status == "final" && $0.dimensions.isEmpty })
  }

  private struct FunnelStep: Decodable {
    var windows: Int
    var users: Int64
    var conversionFromPrevious: Double?
    var status: String
    var dimensions: [String: String?]
  }

  @Test func `Retention is a triangle of what has begun, zeros included`() async throws {
    let outcome = try await report(["retention", "FILE"])
    #expect(outcome.code == 0, "\(outcome)")
    #expect(
      outcome.output == """
        weekly
        cohort       users      1       2       3
        2026-01-05    200   █ 32%      0%   ░5.0%*
        2026-01-12  1,000   ░3.2%      0%*
        2026-01-26      7*
        ░ to 8.0%, ▒ to 16%, ▓ to 24%, █ to 32%; * can still change

        \(Self.state)

        """)
    let counts = try await report(["retention", "FILE", "--counts", "--periods", "1"])
    #expect(
      counts.output.hasPrefix(
        """
        weekly
        cohort       users      1
        2026-01-05    200   █  64
        2026-01-12  1,000   ░  32
        2026-01-26      7*
        """))
    let amounts = try await report(["retention", "FILE", "--amount", "--last", "2"])
    #expect(
      amounts.output.hasPrefix(
        """
        weekly
        cohort       users       0       1       2
        2026-01-12  1,000     0.00   ░0.01   ░0.01*
        2026-01-26      7*  █10.00*
        """))
    let csv = try await report(["retention", "FILE", "--csv"])
    #expect(
      csv.output.split(separator: "\r\n") == [
        "retention,cohort,period,dimensions,users,share,amount,amount_per_head,status",
        "weekly,2026-01-05,0,{},200,1.0,1000,5.0,final",
        "weekly,2026-01-05,1,{},64,0.32,500.5,7.5025,final",
        "weekly,2026-01-05,2,{},0,0.0,0,7.5025,final",
        "weekly,2026-01-05,3,{},10,0.05,100,8.0025,provisional",
        "weekly,2026-01-12,0,{},1000,1.0,0,0.0,final",
        "weekly,2026-01-12,1,{},32,0.032,10,0.01,final",
        "weekly,2026-01-12,2,{},0,0.0,0,0.01,provisional",
        "weekly,2026-01-26,0,{},7,1.0,70,10.0,provisional",
      ])
  }

  @Test func `Sessions are shown by day; users only of single series`() async throws {
    let outcome = try await report(["sessions", "FILE"])
    #expect(outcome.code == 0, "\(outcome)")
    #expect(
      outcome.output == """
        visits
        day         sessions  users  events each  bounced  mean time  most begin with  most end with
        2026-01-06         4      1          4.0    50.0%     2m 05s  列表 100%        paid 25%       provisional
        2026-01-05        40                 4.0    10.0%     2m 05s  home 35%         paid 5.0%

        users do not add up over dimensions: --by shows those of single series
        \(Self.state)

        """)
    let split = try await report(["sessions", "FILE", "--by", "platform", "--json", "--last", "9"])
    let days = try JSONDecoder().decode([Day].self, from: Data(split.output.utf8))
    #expect(days.map(\.day) == ["2026-01-06", "2026-01-05", "2026-01-05"])
    #expect(days.map(\.users) == [1, 20, 8])
    #expect(
      days.map(\.dimensions) == [["platform": "web"], ["platform": "web"], ["platform": "ios"]])
    #expect(days.last?.entryEvents == ["home": 7, "列表": 3])
    let range = try await report(["sessions", "FILE", "--from", "2026-01-06", "--csv"])
    #expect(range.output.contains("visits,2026-01-06,2026-01-06T00:00:00+08:00,"))
    #expect(range.output.contains(#","{""列表"":4}","{""(other)"":9,""paid"":1}",provisional"#))
    #expect(!range.output.contains("2026-01-05"))
  }

  private struct Day: Decodable {
    var day: String
    var users: Int64?
    var dimensions: [String: String]
    var entryEvents: [String: Int64]
  }

  @Test func `What is not there is named, with what is`() async throws {
    let slip = try await report(["funnel", "FILE", "--name", "chekout"])
    #expect(slip.code == 2)
    #expect(slip.errors.contains("FILE has no funnel chekout; did you mean checkout?"))
    let dimension = try await report(["sessions", "FILE", "--by", "platfrm"])
    #expect(dimension.code == 2)
    #expect(dimension.errors.contains("visits has no such dimension; did you mean platform?"))
    let value = try await report(["funnel", "FILE", "--where", "platform=x"])
    #expect(value.code == 0)
    #expect(value.output.contains("there is checkout"))
    let metricsOnly = try await report(
      ["retention", "FILE"], definition: "pipeline 1\nmetric revenue sum\n"
    ) {
      ReportFixture.shop(&$0); ($0.retention, $0.funnels, $0.sessions) = ([], [], [])
    }
    #expect(metricsOnly.code == 0)
    #expect(
      metricsOnly.output
        == "FILE has no retention: the pipeline shop defines none; there is metrics revenue\n")
    let early = try await report(["sessions", "FILE", "--name", "visits"]) { _ in }
    #expect(early.output == "FILE has no rows of sessions yet; the pipeline shop has visits\n")
    let json = try await report(["funnel", "FILE", "--json"]) { _ in }
    #expect(json.output.filter { !$0.isWhitespace } == "[]")
    let amounts = try await report(["retention", "FILE", "--amount"]) {
      $0.retention = [ReportFixture.cell(week: 0, period: 0, users: 1)]
    }
    #expect(amounts.code == 2)
    #expect(amounts.errors.contains("weekly has no amounts"))
    for wrong in [
      ["retention", "FILE", "--counts", "--amount"], ["funnel", "FILE", "--last", "0"],
      ["sessions", "FILE", "--json", "--csv"], ["funnel", "FILE", "--from", "soon"],
      ["retention", "FILE", "--where", "x"],
    ] {
      #expect(try await report(wrong).code == 2, "\(wrong)")
    }
  }

  @Test func `The stages and periods of a pipeline file are known before they have rows`()
    async throws
  {
    let pipeline = try Pipeline.parse(
      text: """
        name: shop
        source: {kafka: {brokers: b, topic: t}, fields: {name: e, user: u, time: ts}}
        funnels: {checkout: {steps: [a, b], within: 1d}}
        retention: {weekly: {unit: week, periods: 2}}
        sessions: {visits: {gap: 30m}}
        lifecycle: {growth: {unit: day}}
        """, file: "shop.yaml")
    func report(_ arguments: [String]) async throws -> Outcome {
      try await self.report(arguments, definition: pipeline.plan.definition) {
        $0.retention = [ReportFixture.cell(week: 0, period: 0, users: 5)]
      }
    }
    let csv = try await report(["retention", "FILE", "--csv"])
    let periods = csv.output.split(separator: "\r\n").dropFirst()
      .map { $0.split(separator: ",")[2] }
    #expect(periods == ["0", "1", "2"])
    let funnel = try await report(["funnel", "FILE", "--name", "checkout"])
    #expect(funnel.output == "FILE has no rows of funnels yet; the pipeline shop has checkout\n")
    let sessions = try await report(["sessions", "FILE"])
    #expect(sessions.output.contains("the pipeline shop has visits"))
    let dormant = try await report(["FILE", "--metric", "growth.dormant"])
    #expect(dormant.code == 0 && dormant.output.hasPrefix("0 rows"), "\(dormant)")
    let slip = try await report(["FILE", "--metric", "growth.dormnt"])
    #expect(slip.errors.contains("did you mean growth.dormant?"))
  }
}
