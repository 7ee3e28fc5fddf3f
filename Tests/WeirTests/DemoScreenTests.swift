import Foundation
import StreamCore
import Testing
import WorkerRuntime

@testable import weir

@Suite("The demonstration's screen")
struct DemoScreenTests {
  private static let opening = DemoOptions.openingDefault

  /// Twenty minutes; payments fail on the mini program in five of them, and then cards are tried.
  private static func minutes(_ count: Int = 20) -> [DemoMinute] {
    (0..<count).map { index in
      var minute = DemoMinute(end: EventTime(ms: opening.ms + Int64(index + 1) * 60_000))
      for (number, name) in ["web", "app", "mini_program", "livestream", "store"].enumerated() {
        let isFailing = name == "mini_program" && (8..<13).contains(index)
        minute.channels[name] = DemoChannel(
          events: Double(300 - number * 40 + index), revenue: Double(index * 2_000 + number * 500),
          orders: Double(12 + number), activeUsers: Double(900 - number * 100), payments: 20,
          paymentErrors: isFailing ? 12 : 1)
      }
      if index >= count - 2 {
        minute.cardTesters = [
          DemoCardTester(channel: "web", address: "203.0.113.66", accounts: 57)
        ]
        minute.channels["web"]?.paymentErrors = 15
      }
      return minute
    }
  }

  private static func model(
    _ minutes: [DemoMinute], path: String = "weir-demo.sqlite"
  ) throws -> DemoModel {
    var progress = DemoProgress(shopTime: EventTime(ms: opening.ms + 1_215_000))
    progress.readPerSecond = 1_123.4
    progress.status.watermark = EventTime(ms: opening.ms + 1_178_000)
    progress.status.fates.read = 1_234_567
    progress.status.fates.applied = 1_233_000
    progress.status.fates.late = 567
    progress.status.fates.duplicate = 990
    progress.status.fates.rejected = 10
    var figures = DemoFigures()
    figures.minutes = minutes
    figures.products = [
      ("手机 128GB", 1_234_567.0), ("running shoes", 99_800), ("丝绸围巾特别长的名字真的很长", 25_900),
      ("a\u{1B}[2Jb", 1),
    ]
    figures.snapshotID = 18
    figures.snapshotTaken = WallTime(ms: 5_000)
    let tzif = try Data(contentsOf: URL(filePath: "/usr/share/zoneinfo/Asia/Shanghai"))
    return DemoModel(
      zone: try Zone(name: "Asia/Shanghai", tzif: Array(tzif)), speed: 60, progress: progress,
      figures: figures, now: WallTime(ms: 5_400), dataPath: path)
  }

  private func text(_ model: DemoModel, rows: Int = 24) -> [String] {
    DemoScreen(model).lines(rows: rows).map { $0.rendered(columns: 80, styled: false) }
  }

  @Test("it looks like this")
  func golden() throws {
    let lines = text(try Self.model(Self.minutes()))
    #expect(lines.joined(separator: "\n") == Self.picture)
  }

  private static let picture = """
     WEIR  a simulated shop, 60× real time    Thu 2026-06-18 19:20:15 Asia/Shanghai
    ────────────────────────────────────────────────────────────────────────────────
       events/s       read    applied  duplicate       late   rejected   filtered
          1,123  1,234,567  1,233,000        990        567         10          0
       watermark 19:19:38, 37 s behind the shop's clock: what ended before is final
       snapshot  18, 0.4 s ago, in weir-demo.sqlite

       revenue a minute                      ▁▁▂▂▂▃▃▄▄▄▅▅▆▆▆▇▇███      ¥195,000
       payment errors                        ▁▁▁▁▁▁▁▁▂▂▂▂▂▁▁▁▁▁▂▂        19.0 %

       minute  events    revenue  orders   errors   best sellers of the day
       19:19    1,195   ¥195,000      70   19.0 %   手机 128GB           ¥1,234,567
       19:18    1,190   ¥185,000      70   19.0 %   running shoes           ¥99,800
       19:17    1,185   ¥175,000      70    5.0 %   丝绸围巾特别长的名      ¥25,900
       19:16    1,180   ¥165,000      70    5.0 %   a?[2Jb                       ¥1

       in 19:19     events   revenue  orders  users, 10 min  errors  last 15 min
       web             319   ¥38,000      12            900  75.0 %  ▁▁▁▁▁▁▁▁▁▁▁▁▁██
       app             279   ¥38,500      13            800   5.0 %  ▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁
       mini program    239   ¥39,000      14            700   5.0 %  ▁▁▁▆▆▆▆▆▁▁▁▁▁▁▁
       livestream      199   ¥39,500      15            600   5.0 %  ▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁
       store           159   ¥40,000      16            500   5.0 %  ▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁
     ▲ CARD TESTING on web: 57 accounts a minute from 203.0.113.66
     △ payments failed on mini program, 19:08–19:13, up to 60.0 %
    """

  @Test("it fits 80 columns and 24 lines, whatever is known")
  func fits() throws {
    for count in [0, 1, 3, 20, 40] {
      let lines = DemoScreen(try Self.model(Self.minutes(count))).lines()
      #expect(lines.count == 24)
      #expect(lines.allSatisfy { $0.width <= 80 })
    }
    let path = String(repeating: "very/long/", count: 20) + "演示.sqlite"
    let long = DemoScreen(try Self.model(Self.minutes(), path: path)).lines()
    #expect(long.allSatisfy { $0.width <= 80 })
    #expect(long[5].rendered(columns: 80, styled: false).hasSuffix("long/演示.sqlite"))
  }

  @Test("a taller terminal shows more minutes, a narrow one a part of each line")
  func sizes() throws {
    let model = try Self.model(Self.minutes())
    #expect(DemoScreen(model).lines(rows: 30).count == 30)
    #expect(DemoScreen(model).lines(rows: 100).count == 32)
    #expect(DemoScreen(model).lines(rows: 10).count == 10)
    #expect(DemoScreen(model).lines(rows: 1).count == 1)
    #expect(text(model, rows: 10).suffix(2) == text(model).suffix(2))
    for line in DemoScreen(model).lines() {
      #expect(TextTable.width(line.rendered(columns: 33, styled: false)) <= 33)
    }
  }

  @Test("names in wide characters keep the amounts beside them in line")
  func wide() throws {
    let lines = text(try Self.model(Self.minutes()))
    let sellers = lines[11...14]
    #expect(sellers.allSatisfy { TextTable.width($0) == 79 })
    #expect(sellers.first?.contains("手机 128GB") == true)
    #expect(!lines.joined().contains("\u{1B}"))
  }

  @Test("trouble is told while it lasts and after, and cards being tried are not a failing channel")
  func incidents() throws {
    let incidents = DemoIncident.all(Self.minutes())
    #expect(
      incidents.map(\.kind) == [
        .cards(channel: "web", address: "203.0.113.66"), .payments(channel: "mini_program"),
      ])
    #expect(incidents.map(\.isOngoing) == [true, false])
    #expect(incidents[1].from.ms == Self.opening.ms + 8 * 60_000)
    #expect(incidents[1].until.ms == Self.opening.ms + 13 * 60_000)
    let lines = text(try Self.model(Self.minutes()))
    #expect(lines[22] == " ▲ CARD TESTING on web: 57 accounts a minute from 203.0.113.66")
    #expect(lines[23] == " △ payments failed on mini program, 19:08–19:13, up to 60.0 %")
    let during = text(try Self.model(Self.minutes(12).map(Self.honest)))
    #expect(during[22] == " ▲ PAYMENTS FAIL on mini program: 60.0 % since 19:08")
    #expect(text(try Self.model([]))[22] == " · nothing unusual")
  }

  private static func honest(_ minute: DemoMinute) -> DemoMinute {
    var minute = minute
    minute.cardTesters = []
    minute.channels["web"]?.paymentErrors = 1
    return minute
  }

  @Test("few payments are no proof of trouble, many are")
  func bound() {
    #expect(DemoIncident.lowerBound(0, of: 0) == 0)
    #expect(DemoIncident.lowerBound(2, of: 3) < 0.21)
    #expect(DemoIncident.lowerBound(600, of: 1_000) > 0.56)
    // Against a table of the interval: 8 of 20.
    #expect(abs(DemoIncident.lowerBound(8, of: 20) - 0.2188) < 0.0002)
    #expect(!DemoIncident.isFailing(DemoChannel(payments: 3, paymentErrors: 2)))
    #expect(DemoIncident.isFailing(DemoChannel(payments: 20, paymentErrors: 12)))
  }

  @Test("what fails is red, and without styles there is no escape sequence")
  func styles() throws {
    let lines = DemoScreen(try Self.model(Self.minutes())).lines()
    let web = lines[17]
    #expect(web.spans.contains { $0.style == .bad && $0.text == "75.0 %" })
    #expect(lines[18].spans.allSatisfy { $0.style != .bad })
    #expect(web.rendered(columns: 80, styled: true).contains("\u{1B}[1;31m75.0 %\u{1B}[0m"))
    #expect(lines.allSatisfy { !$0.rendered(columns: 80, styled: false).contains("\u{1B}") })
  }
}
