import Foundation
import SnapshotStore
import StreamCore
import Testing

@testable import Dashboard

@Suite struct ResultPagesTests {
  static let pages = [
    "/", "/series", "/series/revenue", "/series/revenue?by=platform&compare=true&range=7d",
    "/series/revenue?by=*&range=all",
    "/series/revenue?dimensions=%7B%22platform%22%3A%22ios%22%7D", "/series/users?range=all",
    "/series/\(URLText.encoded(ShopRows.hostile))?range=all", "/series/sessions/visits",
    "/conversion", "/conversion?by=platform&compare=true&range=7d",
    "/conversion?from=2026-02-03&to=2026-02-04&dimensions=%7B%22platform%22%3A%22ios%22%7D",
    "/retention", "/retention?by=platform&show=amount", "/retention?show=users&cohorts=2", "/wall",
    "/wall?kpi=sales&metric=revenue&metric=users",
  ]
  static let emptyPages = ["/", "/series", "/conversion", "/retention", "/wall"]

  private static func shop() throws -> TestFile {
    let file = try TestFile()
    try file.commit(ShopRows.fill)
    return file
  }

  @Test("every page of results is well formed in every language, with rows")
  func rendersWithData() throws {
    let file = try Self.shop()
    let console = try file.console()
    for language in Language.allCases {
      for page in Self.pages {
        PageCheck.check(try console.text(page, language: language), "\(page) \(language)")
      }
    }
  }

  @Test("every page of results is well formed before the first snapshot and in an empty file")
  func rendersWithoutData() throws {
    let file = try TestFile()
    for isCommitted in [false, true] {
      if isCommitted { try file.commit() }
      let console = try file.console()
      for language in Language.allCases {
        for page in Self.emptyPages {
          PageCheck.check(try console.text(page, language: language), "\(page) \(language)")
        }
      }
    }
  }

  @Test("pages differ by language and escape what comes from events")
  func languagesAndEscapes() throws {
    let console = try Self.shop().console()
    for page in Self.pages {
      let (english, chinese) = (
        try console.text(page), try console.text(page, language: .chinese)
      )
      #expect(english != chinese, "\(page)")
      #expect(!english.contains("<img src=x") && !english.contains("<i>"), "\(page)")
      #expect(chinese.contains("总览"), "\(page)")
    }
  }

  @Test("the overview begins with what fires")
  func overviewBegins() throws {
    let text = try Self.shop().console().text("/")
    let verdict = try #require(text.range(of: "1 alert fires"))
    let link = try #require(text.range(of: "/alerts/abcd1234"))
    let stream = try #require(text.range(of: "id=\"stream\""))
    let kpis = try #require(text.range(of: "id=\"kpis\""))
    #expect(verdict.lowerBound < link.lowerBound)
    #expect(link.lowerBound < stream.lowerBound && stream.lowerBound < kpis.lowerBound)
  }

  @Test("a name that is not there is a 404")
  func unknownNames() throws {
    let console = try Self.shop().console()
    for page in [
      "/series/nothing", "/series/sessions/nothing", "/conversion?funnel=nothing",
      "/retention?retention=nothing", "/api/v1/metrics/nothing/rows",
      "/api/v1/metrics/nothing/series", "/api/v1/kpis/nothing/rows",
      "/api/v1/funnels/nothing/rows", "/api/v1/retention/nothing/rows",
      "/api/v1/sessions/nothing/rows",
    ] {
      let problem = #expect(throws: Problem.self, "\(page)") { try console.ask(page) }
      #expect(problem?.status == .notFound, "\(page)")
    }
  }

  @Test("two ranges of a funnel are compared by as many finished windows of each")
  func equalAge() throws {
    // Seven days before the end: 6 of them are finished, and 6 before them are held against them.
    let text = try Self.shop().console().text("/conversion?range=7d&compare=true")
    #expect(text.contains("6 of this range and the 6 before them"))
    // Days 8 … 13 against days 2 … 7: 60 of 2 · (108 … 113), 50 of 2 · (102 … 107).
    let now = 60.0 * 6 / Double(2 * (108...113).reduce(0, +))
    let before = 50.0 * 6 / Double(2 * (102...107).reduce(0, +))
    #expect(text.contains(String(format: "%.1f%%", now * 100)))
    #expect(text.contains(String(format: "%.1f%%", before * 100)))
  }

  @Test("the mean of a period is over cohorts that have finished it alone")
  func retentionMeans() throws {
    let file = try Self.shop()
    let console = try file.console()
    // Period 1: cohorts 0 and 1, of which the second one's unit is not over.
    #expect(try console.text("/retention").contains("15 came back 1 week later: 30%"))
  }
}
