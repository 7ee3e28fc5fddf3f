import Testing

@Suite("Checkers of documents")
struct DocumentCheckerTests {
  @Test("a link to a heading that is not there is found")
  func headings() {
    let text = """
      # A page
      ## What it's `for`, KPIs & more
      ## Twice
      ## Twice
      ```sh
      # no heading
      ```
      [a](#a-page) [b](#what-its-for-kpis--more) [c](#twice-1) [d](#no-heading) [e](x.md#gone)
      """
    let page = SourceFile(path: "docs/y.md", text: text)
    let other = SourceFile(path: "docs/x.md", text: "# Here\n")
    let anchors = [page, other].map { ($0.path, LinkRules.anchors($0)) }
    let found = LinkRules.check(
      page, paths: ["docs/x.md"], anchors: Dictionary(uniqueKeysWithValues: anchors))
    #expect(found.map(\.what) == ["a link to #no-heading", "a link to x.md#gone"])
  }

  @Test("a page that its index does not list is found")
  func index() {
    let files = [
      SourceFile(path: "docs/README.md", text: "[a](a.md) [c](sub/c.md)"),
      SourceFile(path: "docs/a.md", text: ""), SourceFile(path: "docs/b.md", text: ""),
      SourceFile(path: "docs/sub/c.md", text: ""),
    ]
    #expect(DocumentRules.check(files).map(\.file) == ["docs/b.md"])
  }

  @Test(
    "a translation with other headings, blocks, links or tables is found",
    arguments: [
      ("## Eins\n", "levels of headings"), ("# Eins\n## Zwei\n", "levels of headings"),
      ("# Eins\n```sh\nmake rest\n```\n[x](a.md)\n| a |\n", "blocks"),
      ("# Eins\n```sh\nmake test   # Tests\n```\n[x](b.md)\n| a |\n", "links"),
      ("# Eins\n```sh\nmake test   # Tests\n```\n[x](a.md)\n| a | b |\n", "rows of tables"),
    ])
  func translation(text: String, difference: String) {
    let original = SourceFile(
      path: "README.md", text: "# One\n```sh\nmake test # tests\n```\n[x](a.md#b)\n| one |\n")
    let found = DocumentRules.check([original, SourceFile(path: "README.zh-CN.md", text: text)])
    #expect(found.contains { $0.what.hasPrefix("other \(difference)") })
    let same = SourceFile(
      path: "README.zh-CN.md",
      text: "# Eins\n```sh\nmake test   # Tests\n```\n[x](a.md#c)\n| eins |\n")
    #expect(DocumentRules.check([original, same]) == [])
  }
}
