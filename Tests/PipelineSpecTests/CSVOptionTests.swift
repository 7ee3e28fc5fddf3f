import StreamCore
import Testing

@testable import PipelineSpec

@Suite struct CSVOptionTests {
  private func parse(_ csv: String) throws -> Pipeline {
    try Pipeline.parse(
      text: """
        name: export
        source: {format: custom, fields: {name: e, user: u, time: t}, csv: \(csv)}
        metrics: {all: {count: true, every: 1d}}
        """, file: "a.yaml")
  }

  @Test func `Encoding and thousands come into the plan, and are off by default`() throws {
    let plan = try parse("{encoding: gbk, thousands: ','}").plan
    #expect(
      plan.sources[0].format
        == .csv(CSVFormat(encoding: .gbk, thousands: NumberGroups(separator: ","))))
    #expect(try parse("{trim: false}").plan.sources[0].format == .csv(CSVFormat()))
    for encoding in TextEncoding.allCases {
      let format = try parse("{encoding: \(encoding.rawValue)}").plan.sources[0].format
      #expect(format == .csv(CSVFormat(encoding: encoding)))
    }
    for separator in NumberGroups.separators {
      let written = separator == "'" ? "\"'\"" : "'\(separator)'"
      let format = try parse("{thousands: \(written)}").plan.sources[0].format
      #expect(format == .csv(CSVFormat(thousands: NumberGroups(separator: separator))))
    }
  }

  @Test func `They are part of what a file's results depend on`() throws {
    func digest(_ csv: String) throws -> String { Definition.text(of: try parse(csv).plan) }
    let plain = try digest("{trim: false}")
    #expect(try digest("{encoding: utf-8}") == plain)
    #expect(try digest("{encoding: gbk}") != plain)
    #expect(try digest("{thousands: ','}") != plain)
    #expect(try digest("{thousands: ','}") != digest("{thousands: '.'}"))
  }

  @Test func `Rows of a test are read with thousands, and times of a spreadsheet with a pattern`()
    throws
  {
    let pipeline = try Pipeline.parse(
      text: """
        name: export
        zone: Asia/Shanghai
        source:
          format: custom
          fields: {name: 事件, user: 用户, time: {path: 时间, format: "yyyy/M/d H:mm"}}
          csv: {header: [时间, 用户, 事件, 金额], thousands: ","}
        metrics: {sales: {sum: 金额, every: 1d}}
        tests:
          - name: amounts of a spreadsheet
            events:
              - '2024/3/13 9:05,u1,购买,"1,299.00"'
              - '2024/3/13 23:59,u2,购买,"12,000"'
              - '2024/3/14 0:00,u2,购买,1'
            expect:
              metrics: [{metric: sales, value: 13299}]
        """, file: "a.yaml")
    let outcomes = try PipelineTestRunner.run(pipeline)
    #expect(outcomes.flatMap(\.mismatches).isEmpty)
  }
}
