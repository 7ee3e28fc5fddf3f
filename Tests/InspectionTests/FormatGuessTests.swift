import StreamCore
import Testing

@testable import Inspection

@Suite struct FormatGuessTests {
  private func csv(_ text: String) -> CSVFormat? {
    if case .csv(let format) = FormatGuess.format(of: Array(text.utf8)) { format } else { nil }
  }

  @Test func `Lines that begin with a brace are JSON, also behind a mark of the byte order`() {
    #expect(FormatGuess.format(of: Array("{\"a\":1}\n".utf8)) == .json)
    #expect(FormatGuess.format(of: [0xEF, 0xBB, 0xBF] + Array("\n {\"a\":1}\n".utf8)) == .json)
    #expect(FormatGuess.format(of: []) == .json)
  }

  @Test(
    "The sign that cuts all lines alike is the delimiter",
    arguments: [
      ("a,b,c\n1,2,3\n", UInt8(ascii: ",")), ("a;b\n1,5;2\n3,5;4\n", UInt8(ascii: ";")),
      ("a\tb\n1\t2\n", 0x09), ("a|b\nx y|z\n", UInt8(ascii: "|")),
      (" 00004 0001 19970101  2   29.33\n 00004 0001 19970118 11  290.33\n", 0x20),
      ("user,time\nu 1,2026-01-01 10:00\nu 2,2026-01-01 10:00\n", UInt8(ascii: ",")),
    ])
  func delimiters(_ text: String, _ expected: UInt8) {
    #expect(csv(text)?.delimiter == expected, "\(text)")
  }

  @Test func `A first row of values gets names, one of names is left in the file`() {
    #expect(csv("user,time\nu1,2026-01-01\n")?.header == nil)
    #expect(csv("u1,2026-01-01\nu2,2026-01-02\n")?.header == ["column_1", "column_2"])
    #expect(csv("ios,web\nweb,ios\nios,ios\n")?.header == ["column_1", "column_2"])
    #expect(csv("a,a\n1,2\n")?.header == nil)
    #expect(csv("a,a\nb,c\n")?.header == ["column_1", "column_2"])
    #expect(csv("用户,时间\n张三,2026-01-01\n")?.header == nil)
  }

  @Test func `Names may be missing, come twice or be a word such as No`() {
    let rows = "1,2026-01-01,u1,5\n2,2026-01-02,u2,6\n"
    for names in [",time,user,total", "No,time,user,total", "time,time,user,total"] {
      #expect(csv("\(names)\n\(rows)")?.header == nil, "\(names)")
    }
    for row in ["u1,view,,no", ",view,u1,u1", "1,,u1,"] {
      #expect(csv("\(row)\nu2,buy,web,yes\n")?.header?.count == 4, "\(row)")
    }
  }
}
