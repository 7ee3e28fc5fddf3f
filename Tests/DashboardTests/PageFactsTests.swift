import Charts
import PipelineSpec
import SnapshotStore
import StreamCore
import Testing

@testable import Dashboard

/// What pages say of numbers, of periods that were cut short, of commands and of replaced rows.
@Suite struct PageFactsTests {
  @Test("axes, alerts and data of Chinese pages count in ten thousands, English ones in thousands")
  func numbers() throws {
    let file = try TestFile()
    try file.commit { change in
      ShopRows.fill(&change)
      change.rows.metrics = change.rows.metrics.map { row in
        var row = row
        row.value *= 1_234_567
        return row
      }
      change.rows.alerts[0].value = 1_234_567.5
      change.partitions[0].fates.applied += 12_344_678
      change.partitions[0].fates.read += 12_344_678
    }
    let console = try file.console()
    // An axis has its numbers in text elements.
    func axis(_ language: Language) throws -> [String] {
      try console.text("/series/revenue?range=7d", language: language)
        .matches(of: /<text[^>]*>([0-9,.−]+ (?:k|M|B|万|亿))<\/text>/).map { String($0.1) }
    }
    let (english, chinese) = (try axis(.english), try axis(.chinese))
    #expect(!english.isEmpty && english.allSatisfy { $0.hasSuffix("k") || $0.hasSuffix("M") })
    #expect(!chinese.isEmpty && chinese.allSatisfy { $0.hasSuffix("万") || $0.hasSuffix("亿") })
    #expect(try console.text("/alerts?state=open", language: .chinese).contains("123 万"))
    #expect(try console.text("/alerts?state=open").contains("1.23 M"))
    #expect(try console.text("/data", language: .chinese).contains("12,345,678"))
    let shown = try ResultPagesTests.pages.map { try console.text($0, language: .chinese) }
    for (path, page) in zip(ResultPagesTests.pages, shown) {
      let left = page.firstMatch(of: />[^<]*\d (?:k|M|B)(?:<| [A-Z]{3})/)
      #expect(left == nil, "\(path): \(left.map { String($0.0) } ?? "")")
    }
  }

  @Test("a period that the end of the input cut short says so, and is held against nothing")
  func cutShort() throws {
    let file = try TestFile()
    try file.commit { change in
      ShopRows.fill(&change)
      change.watermark = .distantFuture
      // What there was of the last day when the input ended, as its own end.
      change.rows.kpis = change.rows.kpis.filter {
        $0.periodStart.ms < ShopRows.start + ShopRows.days * ShopRows.day
      }
      change.rows.kpis.append(
        ShopRows.kpi(
          "sales", day: ShopRows.days, hours: 24, 230, previous: 1_300, movedBy: "orders",
          moved: -1_000))
    }
    let console = try file.console()
    let ended = "2026-02-17 02:01"
    for path in ["/", "/wall?kpi=sales"] {
      let page = try console.text(path)
      #expect(page.contains("cut short: the input ended at \(ended)"), "\(path)")
      #expect(!page.contains("82.3%"), "\(path): it is held against a whole day")
      #expect(
        try console.text(path, language: .chinese).contains("本期不完整：输入在 \(ended) 结束"), "\(path)")
    }
    #expect(try console.text("/").contains("not compared: cut short"))
    let endMs = ShopRows.start + ShopRows.days * ShopRows.day + 2 * ShopRows.hour + 90_000
    let list = try console.text("/api/v1/kpis")
    #expect(list.contains(#""input_ended_ms":\#(endMs)"#), "\(list)")
    let rows = try console.text("/api/v1/kpis/sales/rows?newest_first=true&limit=2&format=csv")
      .split(separator: "\r\n")
    #expect(rows[0].hasSuffix(",input_ended_ms"))
    #expect(rows[1].hasSuffix(",\(endMs)") && rows[2].hasSuffix(","), "\(rows)")
    // A worker's file has no end.
    let live = try TestFile()
    try live.commit(ShopRows.fill)
    #expect(!(try live.console().text("/").contains("cut short")))
    #expect(try live.console().text("/api/v1/kpis").contains(#""input_ended_ms":null"#))
  }

  @Test("commands name the files that there are, and say where to find the one that is not known")
  func commands() throws {
    let room = try RoomFile(seed: 2, minutes: 30)
    let alert = try #require(room.driver.alertRows.first?.alertID)
    let address = try #require(ConsoleAddress("127.0.0.1:0"))
    let known = try Console(
      ConsoleSetup(
        dataPath: room.file.path, pipeline: room.pipeline, pipelinePath: "my shop/it's.yaml",
        address: address, now: { WallTime(ms: 1_772_000_003_000) }))
    let unknown = try room.console()
    let name = #"'my shop/it'\''s.yaml'"#
    for path in ["/thresholds/trouble", "/thresholds/card_testing", "/thresholds/slump?span=1d"] {
      let page = try known.text(path).replacing("&#39;", with: "'")
      #expect(page.contains("weir backtest \(name)"), "\(path)")
      #expect(!page.contains("PIPELINE.yaml"), "\(path)")
      for language in Language.allCases {
        let page = try unknown.text(path, language: language)
        #expect(page.contains("weir backtest PIPELINE.yaml"), "\(path)")
        #expect(page.contains(language.words.frame.pipelineUnknown), "\(path)")
      }
    }
    for path in ["/thresholds/trouble", "/alerts/\(alert)", "/alerts?show=silences", "/data"] {
      let page = try unknown.text(path)
      #expect(page.contains(room.file.path) && !page.contains("FILE.sqlite"), "\(path)")
    }
    let json = try known.text("/api/v1/thresholds/trouble/preview")
    #expect(json.contains("weir backtest 'my shop/"))
  }

  @Test("replaced rows are named by their series, step or period, with their values")
  func restatements() {
    let section = RestatedRowText(words: .english, personal: .none)
    let funnel = section.name(
      [#"{"dimensions":{"platform":"ios"},"step":2,"step_name":"paid","users":12}"#])
    #expect(funnel == "step 2 paid · platform = ios")
    let cohort = section.name(
      [#"{"cohort":"2026-02-02","dimensions":{},"period":1}"#])
    #expect(cohort == "cohort 2026-02-02, period 1 · all")
    #expect(section.name([#"{"dimensions":{"a":null,"b":1.5}}"#]) == "a = (none), b = 1.5")
    #expect(section.value(#"{"dimensions":{},"value":1234.0,"samples":3}"#) == "1,234")
    #expect(section.value(#"{"dimensions":{},"users":7,"status":"final"}"#) == "7")
    #expect(section.value(nil) == "no row")
    let personal = PersonalDimensions(
      definitions: ["source a\n field user = \"u\"\nmetric m\n by who = u"], rules: [])
    let masked = RestatedRowText(words: .chinese, personal: personal)
      .name([#"{"dimensions":{"who":"ann"}}"#])
    #expect(masked.hasPrefix("who = •") && !masked.contains("ann"))
  }

  @Test("literals that ids of people are held against are masked, others are not")
  func literals() {
    let mask = PersonalDimensions(
      definitions: ["source a\n field user = \"phone\"\nderive who = phone"], rules: [])
    let kept = [
      #"event == "purchase" && total > 100000"#, " field user = \"phone\"",
      #"step "view" = event == "view""#,
    ]
    for text in kept { #expect(mask.maskedDefinition(text) == text) }
    let text =
      #"event == "buy" && (user == "13800138000" || who in ["a", 'b"c'] || phone != 13900139000)"#
    let masked = mask.maskedExpression(text)
    for part in ["138", #""a""#, "b\"c", "139"] { #expect(!masked.contains(part), "\(masked)") }
    #expect(masked.hasPrefix(#"event == "buy" && (user == "•"#), "\(masked)")
    #expect(masked.contains("] || phone != •") && masked.hasSuffix(")"), "\(masked)")
    #expect(PersonalDimensions.none.maskedExpression(text) == text)
    #expect(mask.maskedDefinition("metric m count\n where \(text)").contains(masked))
  }

  @Test("a preview says how the rule itself is treated, and a risk why it has none")
  func judging() throws {
    let room = try RoomFile(seed: 2, minutes: 60)
    let console = try room.console()
    let page = try console.text("/thresholds/trouble?try.above=0.2")
    #expect(page.contains("fires after 2 windows in a row (for), ends by clear"))
    #expect(page.contains("<code>value &lt; 0.5 * above</code>."))
    let slump = try console.text("/thresholds/slump", language: .chinese)
    #expect(slump.contains("满足条件的第一个窗口即触发（for: 1），条件不再满足的第一个窗口即结束（未设 clear）。"))
    let risk = try console.text("/thresholds/card_testing")
    #expect(risk.contains("There is no preview of risk rules"))
    #expect(risk.contains("weir backtest") && risk.contains("Make the command"))
    #expect(!risk.contains("name=\"span\""))
  }

  @Test("seven or eight tiles of a wall stand in fours, and one without a value says so")
  func wall() throws {
    let file = try TestFile()
    try file.commit { change in
      ShopRows.fill(&change)
      var node = ShopRows.tree[1]
      (node.kpi, node.title) = ("later", "Later")
      change.kpiTree = ShopRows.tree + [node]
    }
    let console = try file.console()
    for (count, isInFour) in [(6, false), (7, true), (8, true), (9, false)] {
      let query = Array(repeating: "kpi=sales", count: count).joined(separator: "&")
      let page = try console.text("/wall?\(query)")
      #expect(page.contains("wall-tiles in-four") == isInFour, "\(count)")
    }
    #expect(try console.text("/wall?kpi=later").contains("no value yet"))
    #expect(try !console.text("/wall?kpi=sales").contains("no value yet"))
  }

  @Test("late samples say how far behind they were, in the reader's words")
  func late() throws {
    let file = try TestFile()
    try file.commit { change in
      change.late = [
        EventSample(
          id: PartitionID(topic: "e", partition: 0), offset: 1, reason: "late",
          detail: "event time is 90000 ms behind", eventTime: EventTime(ms: 10_000),
          watermark: EventTime(ms: 100_000), payload: "{}")
      ]
    }
    let console = try file.console()
    #expect(try console.text("/data").contains("1m 30s"))
    #expect(try console.text("/data", language: .chinese).contains("1 分钟 30 秒"))
    #expect(try !console.text("/data").contains("90000 ms"))
  }
}
