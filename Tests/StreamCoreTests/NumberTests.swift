import StreamTestKit
import Testing

@testable import StreamCore

/// Calls `body` with the bytes of a text.
func withBytes<T>(_ text: String, _ body: (UnsafeRawBufferPointer) throws -> T) rethrows -> T {
  try Array(text.utf8).withUnsafeBytes(body)
}

/// Canonical JSON of a sample.
func canonical(_ sample: Sample) -> String {
  let arena = ScratchArena()
  var out: [UInt8] = []
  CanonicalJSON.append(sample.value(arena), to: &out)
  return String(decoding: out, as: UTF8.self)
}

@Suite struct NumberTextTests {
  @Test(
    "only JSON's numbers are numbers",
    arguments: [
      "", " ", "-", "+1", ".5", "1.", "1.e5", "007", "00", "-01", "1e", "1e+", "0x1F", "inf", "nan",
      "NaN",
      "Infinity", "1_000", "1,5", "1 2", "--1", "1e5.5", "１", "1\u{0}", "true", "1f", "e5", "-.5",
    ])
  func garbage(text: String) {
    #expect(withBytes(text) { NumberText.double($0) } == nil)
    #expect(withBytes(text) { NumberText.int64($0) } == nil)
    #expect(withBytes(text) { ExactDecimal($0) } == nil)
  }

  @Test(
    "whole numbers are read however they are written",
    arguments: [
      ("0", 0), ("-0", 0), ("0.0", 0), ("0e99999999999999999999", 0), (" 12\t", 12), ("1.0", 1),
      ("1e3", 1000), ("1.5e1", 15),
      ("1000e-3", 1), ("9223372036854775807", Int64.max), ("-9223372036854775808", .min),
      ("9223372036854775808", nil), ("-9223372036854775809", nil), ("1e19", nil), ("0.5", nil),
      ("1e-1", nil),
      ("12345678901234567890123", nil), ("922337203685477580.7e1", .max),
      ("0.000000000000000000001e21", 1),
      ("1000000000000000000000e-21", 1), ("10000000000000000000000000000001e-31", nil),
    ])
  func whole(text: String, expected: Int64?) {
    #expect(withBytes(text) { NumberText.int64($0) } == expected)
  }

  @Test func `random numbers are read as the standard library reads them`() {
    withSeeds([0x5EED_0011]) { _, random in
      for round in 0..<8_000 {
        var text = random.below(2) == 0 ? "-" : ""
        text += String(
          UInt64.random(in: 0...UInt64.max, using: &random) >> UInt64(random.below(64)))
        if round % 3 > 0 {
          text += "." + (0...random.below(25)).map { _ in String(random.below(10)) }.joined()
        }
        if round % 4 == 0 { text += "e\(random.below(80) - 40)" }
        if round % 97 == 0 {
          text += "e\(random.below(700) - 350)".prefix(text.contains("e") ? 0 : 9)
        }
        let expected = Double(text).flatMap { $0.isFinite ? $0 : nil }
        #expect(withBytes(text) { NumberText.double($0) } == expected, "\(text)")
      }
    }
  }

  @Test func `halfway cases are rounded to even`() {
    for text in [
      "9007199254740993", "9007199254740993.0000000001", "9007199254740992.99999999999",
      "900719925474099.25e1",
      "4503599627370496.5", "4503599627370497.5", "0.500000000000000166533453694",
      "1.7976931348623157e308",
      "1.7976931348623159e308", "4.9e-324", "2e-324", "8.5e-27", "123456789012345678e-27",
      "18446744073709551615e19",
    ] {
      let expected = Double(text).flatMap { $0.isFinite ? $0 : nil }
      #expect(withBytes(text) { NumberText.double($0) } == expected, "\(text)")
    }
  }
}

@Suite struct NumberCanonicalTests {
  @Test(
    "one number has one text",
    arguments: [
      (Sample.token("1"), "1"), (.token("1.0"), "1"), (.token("1e0"), "1"), (.int(1), "1"),
      (.double(1), "1"),
      (.double(-0.0), "0"), (.token("-0"), "0"), (.token("-0.0"), "0"), (.token("0.10"), "0.1"),
      (.double(0.1), "0.1"),
      (.double(1e21), "1000000000000000000000"), (.double(1.5e-7), "0.00000015"),
      (.double(-12.5), "-12.5"),
      (.double(123456.789e3), "123456789"), (.token("9007199254740993"), "9007199254740993"),
      (.token("12345678901234567890123"), "12345678901234567890123"),
      (.token("-98765432109876543210"), "-98765432109876543210"),
      (.token("1e22"), "10000000000000000000000"), (.int(.min), "-9223372036854775808"),
      (.double(.nan), "null"),
      (.double(.infinity), "null"), (.token("1e999"), "\"1e999\""), (.double(100), "100"),
      (.double(.leastNonzeroMagnitude), "0." + String(repeating: "0", count: 323) + "5"),
      (.null, "null"), (.bool(true), "true"), (.bool(false), "false"),
    ])
  func text(sample: Sample, expected: String) {
    #expect(canonical(sample) == expected)
  }

  @Test func `doubles read back as themselves`() {
    withSeeds([0x5EED_0012]) { _, random in
      for round in 0..<4_000 {
        let double =
          round % 2 == 0
          ? Double(bitPattern: random.next())
          : Double(random.below(2_000_000_000)) / Double(random.below(5000) + 1)
        guard double.isFinite else { continue }
        let text = canonical(.double(double))
        #expect(!text.contains("e"))
        #expect(withBytes(text) { NumberText.double($0) } == double, "\(text)")
        // Whole numbers of this size are written with all their digits, the shortest has fewer.
        if (0x1p53...0x1p63).contains(double.magnitude) { continue }
        #expect(canonical(.token("\(double)")) == text)
      }
    }
  }

  @Test(
    "text and nested JSON have one form",
    arguments: [
      (Sample.string("a\"b\\c\n\u{1}\u{1F}/é上😀"), #""a\"b\\c\n\u0001\u001f/é上😀""#),
      (.string(""), "\"\""),
      (.array(#"[ 1.0 , "a\u00e9\/" , null,true,[ ] ,{ } ]"#), #"[1,"aé/",null,true,[],{}]"#),
      (
        .object(#"{"b":1, "a":{"z":1e1,"y":"\ud83d\ude00\ud800"},"b":2}"#),
        #"{"a":{"y":"😀�","z":10},"b":2}"#
      ),
      (.array("[1,"), "\"[1,\""), (.array("[1] x"), "\"[1] x\""),
      (.object(#"{"a"}"#), #""{\"a\"}""#), (.array("[01]"), "\"[01]\""),
    ])
  func form(sample: Sample, expected: String) {
    #expect(canonical(sample) == expected)
  }

  @Test func `members are sorted by the bytes of their names`() {
    let arena = ScratchArena()
    let text = CanonicalJSON.object([
      ("event", Sample.string("app\"").value(arena)), ("channel", .missing), ("上", .int(1)),
      ("Z", .bool(true)),
    ])
    #expect(text == #"{"Z":true,"channel":null,"event":"app\"","上":1}"#)
    #expect(CanonicalJSON.object([]) == "{}")
  }

  @Test func `bytes that are no UTF-8 are replaced`() {
    let bytes: [UInt8] = [0x61, 0xFF, 0xE4, 0xB8, 0x62, 0xC3, 0xA9, 0xED, 0xA0, 0x80]
    var out: [UInt8] = []
    bytes.withUnsafeBytes { CanonicalJSON.append(string: $0, to: &out) }
    #expect(
      String(validating: out, as: UTF8.self)
        == "\"a\u{FFFD}\u{FFFD}\u{FFFD}bé\u{FFFD}\u{FFFD}\u{FFFD}\"")
  }

  @Test func `no nested text crashes`() {
    withSeeds([0x5EED_0013]) { _, random in
      let parts = [
        "[", "]", "{", "}", ",", ":", "\"", "\\", "\"a\"", "1", "-", "null", "\\u12", "\\ud800",
        " ",
        "\u{0}", "é",
      ]
      for _ in 0..<3_000 {
        let text = (0..<random.below(12)).map { _ in random.pick(parts) }.joined()
        let again = canonical(.array(text))
        #expect(!again.isEmpty)
        let fields = Fields([("x", .array(text)), ("y", .object(text))])
        _ = try? fields.evaluate("'a' in x || size(x) > 0 || size(y) > 0 || x.contains(1)")
      }
      #expect(canonical(.array(String(repeating: "[", count: 100_000))).hasPrefix("\""))
      #expect(
        canonical(.array(String(repeating: "[", count: 500) + String(repeating: "]", count: 500)))
          .hasPrefix("\""))
    }
  }

  @Test func `equal content is equal canonical JSON, and has an equal hash`() {
    let arena = ScratchArena()
    let samples: [Sample] = [
      .null, .bool(true), .bool(false), .int(1), .double(1), .token("1.0"), .string("1"),
      .token("1e0"), .double(0.5),
      .token("0.50"), .double(-0.0), .int(0), .token("9223372036854775808"),
      .token("9223372036854775809"), .string("null"),
      .array("[1]"), .array("[ 1.0 ]"), .object("{\"a\":1}"), .string("[1]"), .double(.nan),
      .token("1e999"), .string("1e999"), .string(""),
      .string("a longer text than eight bytes"), .string("a longer text than eight bytez"),
      .string("12345678"), .string("1234567\u{0}"),
    ]
    for a in samples {
      for b in samples {
        let (x, y) = (a.value(arena), b.value(arena))
        let same = canonical(a) == canonical(b)
        #expect(
          x.hasSameContent(as: y) == same,
          "\(a) and \(b)")
        if x.hasSameContent(as: y) { #expect(x.contentHash(seed: 7) == y.contentHash(seed: 7)) }
        if !same { #expect(x.contentHash() != y.contentHash(), "\(a) and \(b)") }
      }
    }
    // The same in every process: what is folded by least hash rests on it.
    #expect(Sample.string("web").value(arena).contentHash() == 14_105_217_682_625_883_939)
  }
}
