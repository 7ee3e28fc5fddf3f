import StreamTestKit
import Testing

@testable import PipelineSpec

@Suite struct ScalarLocatorTests {
  /// Where `@` is in the file, and where the locator finds it from the scalar's text.
  private func check(_ yaml: String) throws {
    let faults = FaultCollector(file: "a")
    let variables = Variables(environment: [:], required: true)
    let root = try #require(ConfigReader.read(yaml, variables: variables, faults: faults))
    let node = try #require(root["key"])
    let text = try #require(node.scalar?.text)
    let offset = try #require(text.utf8.firstIndex(of: UInt8(ascii: "@")))
    let bytes = text.utf8.distance(from: text.utf8.startIndex, to: offset)
    let lines = yaml.split(separator: "\n", omittingEmptySubsequences: false)
    let line = try #require(lines.firstIndex { $0.contains("@") })
    let column = lines[line].unicodeScalars.prefix { $0 != "@" }.count
    let found = ScalarLocator(source: yaml).position(ofByte: bytes, in: node)
    #expect(found == Position(line: line + 1, column: column + 1), "\(yaml)")
  }

  @Test(arguments: [
    "key: a @", "key: 北京 == @", "key: '@'", "key: 'it''s ''北'' @ x'", "key: \"@\"",
    "key: \"\\\"北\\\" \\u5317\\x41\\n @\"", "key: a\n  b\n  c @ d", "key: 'a\n  b ''c\n\n  @'",
    "key: |\n  @", "key: |\n  a 北\n    b\n\n  c @\n", "key: >\n  a\n  b @\n",
    "# c\nx: {y: z}\nkey:  \n    b @",
    "{x: 1, key: \"a @ b\"}",
  ]) func `A byte of a scalar is found in the file`(yaml: String) throws { try check(yaml) }

  @Test func `A place is never outside the file`() throws {
    try withSeeds(1...3) { _, generator in
      for _ in 0..<300 {
        let pieces = ["a", " ", "'", "''", "\\", "\"", "\n", "\n  ", "北", "|", ">", "\\u0041", "#"]
        let body = (0..<generator.whole(1...12)).map { _ in generator.pick(pieces) }.joined()
        let yaml = "key: " + generator.pick(["", "'", "\"", "|\n  ", ">\n  "]) + body
        let faults = FaultCollector(file: "a")
        let variables = Variables(environment: [:], required: true)
        guard let root = ConfigReader.read(yaml, variables: variables, faults: faults),
          let node = root["key"], let text = node.scalar?.text
        else { continue }
        let lines = yaml.split(separator: "\n", omittingEmptySubsequences: false)
        for offset in 0...(text.utf8.count + 3) {
          let place = ScalarLocator(source: yaml).position(ofByte: offset, in: node)
          let line = try #require(
            lines.indices.contains(place.line - 1) ? lines[place.line - 1] : nil)
          #expect(place.column >= 1 && place.column <= line.unicodeScalars.count + 12)
        }
      }
    }
  }
}
