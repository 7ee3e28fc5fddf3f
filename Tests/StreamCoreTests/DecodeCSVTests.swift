import StreamTestKit
import Testing

@testable import StreamCore

@Suite("Decoding of CSV")
struct DecodeCSVTests {
  private static let abc = CSVFormat(header: ["a", "b", "c"])

  private func decode(_ row: String, _ format: CSVFormat = abc) -> Outcome {
    DecodeHarness("a", "b", "c", format: .csv(format)).decode(row)
  }

  @Test(
    "cells are text, empty ones null, those that a short row lacks missing",
    arguments: [
      ("1,2,3", [Decoded.string("1"), .string("2"), .string("3")]),
      ("1,2,3\n", [.string("1"), .string("2"), .string("3")]),
      ("1,2,3\r\n", [.string("1"), .string("2"), .string("3")]),
      ("1,,\"\"", [.string("1"), .null, .null]), ("1,2,", [.string("1"), .string("2"), .null]),
      ("1,2", [.string("1"), .string("2"), .missing]), ("1", [.string("1"), .missing, .missing]),
      ("1,2,3,4,5", [.string("1"), .string("2"), .string("3")]), (",,", [.null, .null, .null]),
      ("\"x,y\",\"a\"\"b\",\"l1\nl2\"", [.string("x,y"), .string("a\"b"), .string("l1\nl2")]),
      ("\"\"\"\",\"\"\"\"\"\",z", [.string("\""), .string("\"\""), .string("z")]),
      ("a\"b, x ,é", [.string("a\"b"), .string(" x "), .string("é")]),
      ("\u{FEFF}1,2,3", [.string("1"), .string("2"), .string("3")]),
      ("null,true,{}", [.string("null"), .string("true"), .string("{}")]),
    ])
  func cells(row: String, expected: [Decoded]) {
    #expect(decode(row) == .event(expected))
  }

  @Test("trim drops blanks around cells, not inside quotes")
  func trim() {
    let format = CSVFormat(header: ["a", "b", "c"], trim: true)
    #expect(
      decode(" 1 ,\t\" 2 \" ,3 x ", format)
        == .event([.string("1"), .string(" 2 "), .string("3 x")]))
    #expect(decode("1, ,", format) == .event([.string("1"), .null, .null]))
    let tabs = CSVFormat(delimiter: 9, header: ["a", "b", "c"], trim: true)
    #expect(decode("1\t\t 3 ", tabs) == .event([.string("1"), .null, .string("3")]))
  }

  @Test("a space as delimiter is any run of blanks")
  func blanks() {
    let format = CSVFormat(delimiter: 0x20, header: ["a", "b", "c"])
    for row in ["00004 1 19970101", "  00004\t 1   19970101  ", "00004 \"1\" 19970101\r\n"] {
      #expect(decode(row, format) == .event([.string("00004"), .string("1"), .string("19970101")]))
    }
    #expect(decode("x", format) == .event([.string("x"), .missing, .missing]))
    #expect(decode("\"x y\" \"\"", format) == .event([.string("x y"), .null, .missing]))
  }

  @Test(
    "rows that are no CSV are malformed, with the reason",
    arguments: [
      ("1,\"2", "CSV quote that is not closed at byte 2 of 4"),
      ("1,\"2\n", "CSV quote that is not closed at byte 2 of 5"),
      ("1,\"2\"x,3", "text after the closing quote of a CSV cell at byte 5 of 8"),
      ("1,2,3\n4,5,6", "more than one CSV row in one message at byte 5 of 11"),
      ("1,2,3,\"x\"y", "text after the closing quote of a CSV cell at byte 9 of 10"),
    ])
  func malformed(row: String, detail: String) {
    let harness = DecodeHarness("a", format: .csv(Self.abc))
    #expect(harness.decode(row) == .rejected(.malformed))
    #expect(harness.decoder.detail == detail)
  }

  @Test("bytes that are not UTF-8 are malformed, in any column")
  func notUTF8() {
    let harness = DecodeHarness("a", format: .csv(Self.abc))
    #expect(harness.decode([0x31, 0x2C, 0xFF]) == .rejected(.malformed))
    #expect(harness.decode([0xC3, 0x2C, 0x31]) == .rejected(.malformed))
    #expect(harness.decoder.detail == "CSV row is not UTF-8")
    let odd = CSVFormat(delimiter: 0xA7, header: ["a"])
    #expect(DecodeHarness("a", format: .csv(odd)).decode("x") == .rejected(.malformed))
  }

  @Test("a row of blanks is empty")
  func empty() {
    for row in ["", "\n", "\r\n", " \t ", "\u{FEFF}"] {
      #expect(decode(row) == .rejected(.empty))
    }
  }

  @Test("the header comes from the plan or from a file, and finds columns by joined path")
  func header() {
    let harness = DecodeHarness("properties.total", "user", format: .csv(CSVFormat()))
    #expect(harness.decode("1,2") == .rejected(.malformed))
    #expect(harness.decoder.detail.contains("csv.header"))
    harness.decoder.setHeader(["\u{FEFF}user", "properties.total"])
    #expect(harness.decode("u,9") == .event([.string("9"), .string("u")]))
    harness.decoder.setHeader(["x", "properties.total", "y"])
    #expect(harness.decode("u,9") == .event([.string("9"), .missing]))
    harness.decoder.setHeader(["user", "user"])
    #expect(harness.decode("1,2") == .event([.missing, .string("2")]))
  }

  @Test("lists of paths and paths that read alike work on columns")
  func bindings() {
    let format = CSVFormat(header: ["user", "anon", "a.b"])
    let harness = DecodeHarness(
      fields: [
        .paths([["user"], ["anon"]]), .paths([["a", "b"]]), .paths([["a.b"]]), .recordKey,
        .constant(.string("k")),
      ], format: .csv(format))
    #expect(
      harness.decode(",x,7", key: "K")
        == .event([.string("x"), .string("7"), .string("7"), .string("K"), .string("k")]))
  }

  @Test("the splitter gives the cells of a header row")
  func splitter() {
    func cells(_ row: String, _ format: CSVFormat = CSVFormat()) -> [String]? {
      Array(row.utf8).withUnsafeBytes { CSVSplitter.cells(in: $0, format: format) }
    }
    #expect(cells("\u{FEFF}a,\"b \"\"x\"\"\",,d\r\n") == ["a", "b \"x\"", "", "d"])
    #expect(cells("") == [])
    #expect(cells("a,\"b") == nil)
    #expect(cells(" a\t b", CSVFormat(delimiter: 0x20)) == ["a", "b"])
    #expect([UInt8(0xFF)].withUnsafeBytes { CSVSplitter.cells(in: $0, format: CSVFormat()) } == nil)
  }

  @Test("random rows decode to the cells that were written", arguments: [UInt64(21), 22])
  func randomRows(seed: UInt64) async {
    await withSeed(seed) { seed, random in
      for delimiter in [UInt8(ascii: ","), UInt8(ascii: ";"), 9] {
        let names = (0..<6).map { "c\($0)" }
        let harness = DecodeHarness(
          fields: names.map { .paths([[$0]]) },
          format: .csv(CSVFormat(delimiter: delimiter, header: names)))
        let mark = String(UnicodeScalar(delimiter))
        for _ in 0..<1_500 {
          var row: [String] = []
          var expected: [Decoded] = []
          for _ in 0..<(1 + random.number(below: 7)) {
            let parts = ["a", "\"", ",", ";", "\t", "\n", "é", " ", "中", "b1", "\r"]
            let text = (0..<random.number(below: 6)).map { _ in random.pick(parts) }.joined()
            let special = text.unicodeScalars.contains { "\",;\t\n\r".unicodeScalars.contains($0) }
            let quoted = special || random.chance(0.2)
            row.append(
              quoted
                ? "\""
                  + text.split(separator: "\"", omittingEmptySubsequences: false).joined(
                    separator: "\"\"") + "\"" : text)
            expected.append(text.isEmpty ? .null : .string(text))
          }
          let line = row.joined(separator: mark)
          if line.utf8.allSatisfy({ $0 == 0x20 || $0 == 9 || $0 == 13 || $0 == 10 }) { continue }
          let padded = (0..<6).map { $0 < expected.count ? expected[$0] : .missing }
          #expect(harness.decode(line) == .event(padded), "seed \(seed) \(line.debugDescription)")
        }
      }
    }
  }

  @Test("damaged rows never crash, and what they give is UTF-8", arguments: [UInt64(23)])
  func damagedRows(seed: UInt64) async {
    await withSeed(seed) { seed, random in
      let formats = [
        CSVFormat(header: ["a", "b"]), CSVFormat(delimiter: 0x20, header: ["a", "b"]),
        CSVFormat(delimiter: 9, header: ["a", "b"], trim: true),
      ]
      for format in formats {
        let harness = DecodeHarness("a", "b", format: .csv(format))
        for _ in 0..<5_000 {
          let row = Array("u1,\"x \"\"é\"\" y\"\t 中 \"q\",12.5,\"\"\r\n".utf8)
          let outcome = harness.decode(mutated(row, using: &random))
          for value in outcome.values ?? [] {
            if case .broken = value { Issue.record("seed \(seed): not UTF-8") }
          }
        }
      }
    }
  }
}
