import Testing

@testable import Dashboard

/// What texts become on their way out and in.
@Suite struct TextTests {
  @Test("what is put into markup is text, and markup stays markup")
  func html() {
    let name = "<script>alert('1')</script> & \"co\""
    let inner: HTML = "<b>\(name)</b>"
    let outer: HTML = "<p title=\"\(name)\">\(inner)\(3)</p>"
    let escaped = "&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt; &amp; &quot;co&quot;"
    #expect(outer.text == "<p title=\"\(escaped)\"><b>\(escaped)</b>3</p>")
  }

  @Test(
    "what is encoded for a URL is decoded to itself",
    arguments: ["", "a b", "100 %", "a+b=c&d", "每日/活跃", "{\"channel\":\"web\"}", "\u{1F600}"])
  func urls(text: String) throws {
    #expect(URLText.decoded(URLText.encoded(text), isForm: false) == text)
    let link = URLText.link("/x", [("q", text), ("r", "1")])
    let fields = try #require(URLText.fields(link.dropFirst(3)))
    #expect(fields.map(\.name) == ["q", "r"] && fields[0].value == text)
  }

  @Test("damaged encodings are refused", arguments: ["%", "%4", "%zz", "%ff%fe", "a=%80"])
  func damaged(text: String) {
    #expect(URLText.decoded(text, isForm: false) == nil)
    #expect(URLText.fields(text) == nil)
  }

  @Test("a form leads back to pages of the console alone")
  func ownPaths() {
    #expect(URLText.isOwnPath("/alerts?state=firing"))
    for path in ["//evil.example", "https://evil.example", "/\\evil", "", "/a\nb", "javascript:x"] {
      #expect(!URLText.isOwnPath(path))
    }
  }

  @Test(
    "the language is the one that the browser likes best among those there are",
    arguments: [
      ("zh-CN,zh;q=0.9,en;q=0.8", Language.chinese), ("en-GB,zh;q=0.9", .english),
      ("fr,zh;q=0.2", .chinese), ("de", .english), ("zh;q=0", .english), (";;,q=,", .english),
    ])
  func languages(header: String, expected: Language) {
    #expect(Language.preferred(by: header) == expected)
    #expect(Language.preferred(by: nil) == .english)
  }

  @Test("fields of CSV are quoted where they have to be, and are no formulas")
  func csv() {
    #expect(CSVText.field("a,\"b\"\n") == "\"a,\"\"b\"\"\n\"")
    #expect(CSVText.field("=1+1") == "'=1+1")
    #expect(CSVText.field("@x") == "'@x")
    #expect(CSVText.field("-12.5") == "-12.5")
    #expect(CSVText.field(JSON.null) == "" && CSVText.field(JSON.number(-3)) == "-3")
  }

  @Test("JSON has whole numbers without a fraction, and no numbers that are none")
  func json() {
    let value = JSON.object([
      ("a", .number(3)), ("b", .number(0.1)), ("c", .number(.nan)), ("d", .string("\"\u{1}")),
      ("e", .array([.null, .boolean(true), .integer(-1)])), ("f", .raw("{}")),
    ])
    #expect(
      value.text == #"{"a":3,"b":0.1,"c":null,"d":"\"\u0001","e":[null,true,-1],"f":{}}"#)
  }
}
