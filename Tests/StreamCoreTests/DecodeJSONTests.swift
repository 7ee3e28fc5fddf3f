import CSimdJSON
import Testing

@testable import StreamCore

@Suite("Decoding of JSON")
struct DecodeJSONTests {
  @Test("the decoder's C values have the layout of Value")
  func layout() {
    #expect(MemoryLayout<Value>.size == 16)
    #expect(MemoryLayout<Value>.stride == MemoryLayout<weir_value>.stride)
    #expect(MemoryLayout<Value>.offset(of: \.bits) == MemoryLayout<weir_value>.offset(of: \.bits))
    #expect(
      MemoryLayout<Value>.offset(of: \.length) == MemoryLayout<weir_value>.offset(of: \.length))
    #expect(MemoryLayout<Value>.offset(of: \.kind) == MemoryLayout<weir_value>.offset(of: \.kind))
    let kinds: [(Value.Kind, weir_kind)] = [
      (.missing, WEIR_MISSING), (.null, WEIR_NULL), (.bool, WEIR_BOOL), (.number, WEIR_NUMBER),
      (.string, WEIR_STRING), (.object, WEIR_OBJECT), (.array, WEIR_ARRAY),
    ]
    for (swift, c) in kinds { #expect(UInt32(swift.rawValue) == c.rawValue) }
  }

  @Test(
    "a value is handed out by its type",
    arguments: [
      (#"{"a":null}"#, Decoded.null), (#"{"a":true}"#, .bool(true)),
      (#"{"a":false}"#, .bool(false)),
      (#"{"b":1}"#, .missing), (#"{}"#, .missing), (#"{"a":""}"#, .string("")),
      (#" {"a" : "x" } "#, .string("x")), (#"{"a":0}"#, .number("0")),
      (#"{"a":9007199254740993}"#, .number("9007199254740993")),
      (#"{"a":123456789012345678901234567890.10}"#, .number("123456789012345678901234567890.10")),
      (#"{"a": -1.50e+3 }"#, .number("-1.50e+3")), (#"{"a":{ "b":1 }}"#, .object(#"{ "b":1 }"#)),
      (#"{"a":[1, {"c":"]"}]}"#, .array(#"[1, {"c":"]"}]"#)), (#"{"a":{}}"#, .object("{}")),
      (
        #"{"a":"é\n\t\"\\\/\b\f\r\u00e9\ud83d\ude00\u0000"}"#,
        .string("é\n\t\"\\/\u{8}\u{C}\ré😀\u{0}")
      ),
      (#"{"a":1,"a":"two"}"#, .string("two")), (#"{"a":1,"\u0061":"two"}"#, .string("two")),
      ("\u{FEFF}{\"a\":1}", .number("1")),
    ])
  func values(payload: String, expected: Decoded) {
    #expect(DecodeHarness("a").decode(payload) == .event([expected]))
  }

  @Test(
    "a surrogate escape without its partner becomes U+FFFD",
    arguments: [
      (#"\ud800"#, "\u{FFFD}"), (#"\udc00x"#, "\u{FFFD}x"), (#"\ud800\ud800"#, "\u{FFFD}\u{FFFD}"),
      (#"\ud83d\n"#, "\u{FFFD}\n"), (#"\ud800\ud83d\ude00"#, "\u{FFFD}😀"),
      (#"\udc00\ud800"#, "\u{FFFD}\u{FFFD}"),
    ])
  func surrogates(escaped: String, expected: String) {
    #expect(DecodeHarness("a").decode("{\"a\":\"\(escaped)\"}") == .event([.string(expected)]))
  }

  @Test(
    "keys are found however they are written, and by their whole length",
    arguments: [
      #"{"us\u0065r":"x"}"#, #"{"\u0075\u0073\u0065\u0072":"x"}"#, #"{ "user" : "x" }"#,
      #"{"users":1,"use":2,"user":"x","user_":3}"#, #"{"User":1,"user":"x"}"#,
    ])
  func keys(payload: String) {
    #expect(DecodeHarness("user").decode(payload) == .event([.string("x")]))
  }

  @Test("keys of every length from 0 to 40 are told apart, in any order of keys")
  func keyLengths() {
    let names = (0...40).map { String(repeating: "k", count: $0) }
    let harness = DecodeHarness(fields: names.map { .paths([[$0]]) })
    for order in [names, names.reversed(), names.filter { $0.utf8.count % 2 == 0 }] {
      let members = order.map { "\"\($0)\":\($0.utf8.count),\"\($0)x\":\"no\"" }
      let expected = names.map { name in
        order.contains(name) ? Decoded.number("\(name.utf8.count)") : .missing
      }
      // `kx` is never `kk`, though it is as long.
      #expect(harness.decode("{" + members.joined(separator: ",") + "}") == .event(expected))
    }
  }

  @Test("a path leads through objects only, to the last of repeated keys")
  func paths() {
    let harness = DecodeHarness("a", "a.b", "a.b.c", "a.d")
    let cases: [(String, [Decoded])] = [
      (
        #"{"a":{"b":{"c":1},"d":2}}"#,
        [.object(#"{"b":{"c":1},"d":2}"#), .object(#"{"c":1}"#), .number("1"), .number("2")]
      ),
      (#"{"a":7}"#, [.number("7"), .missing, .missing, .missing]),
      (#"{"a":[{"b":1}]}"#, [.array(#"[{"b":1}]"#), .missing, .missing, .missing]),
      (#"{"a":{"b":"x"}}"#, [.object(#"{"b":"x"}"#), .string("x"), .missing, .missing]),
      (
        #"{"a":{"b":{"c":1},"d":2},"a":{"d":3}}"#,
        [.object(#"{"d":3}"#), .missing, .missing, .number("3")]
      ),
      (#"{"a":{"b":1},"a":null}"#, [.null, .missing, .missing, .missing]),
      (#"{"a.b":1,"a":{}}"#, [.object("{}"), .missing, .missing, .missing]),
    ]
    for (payload, expected) in cases { #expect(harness.decode(payload) == .event(expected)) }
  }

  @Test(
    "what is not one well-formed object is malformed, in skipped values too",
    arguments: [
      "{", "}", "{]", #"{"a":1"#, #"{"a":1}}"#, #"{"a":1}x"#, #"{"a":1} {"a":2}"#, #"{"a":1},"#,
      #"{"a"}"#, #"{"a":}"#, #"{a:1}"#, #"{"a":1,}"#, #"{,"a":1}"#, #"{"a":1 "b":2}"#, #"{"a" 1}"#,
      #"{"a"x:1}"#, #"{"a"1:1}"#, #"{"a""b":1}"#, #"{"a":"x"y}"#, #"{"a":"x""y"}"#, #"{"a":1"x"}"#,
      #"{"a":'x'}"#, #"{"a":"x}"#, #"{"a":"x\"}"#, #"{"a":"\q"}"#, #"{"a":"\u12"}"#,
      #"{"a":"\u12g4"}"#, #"{"a":"\u+123"}"#, "{\"a\":\"\n\"}", "{\"a\":\"\u{1}\"}",
      #"{"a":01}"#, #"{"a":1.}"#, #"{"a":.5}"#, #"{"a":-}"#, #"{"a":+1}"#, #"{"a":NaN}"#,
      #"{"a":Infinity}"#, #"{"a":1e}"#, #"{"a":1e+}"#, #"{"a":0x10}"#, #"{"a":1_000}"#,
      #"{"a":1.2.3}"#, #"{"a":00.5}"#, #"{"a":-01}"#, #"{"a":123456789.}"#,
      #"{"a":tru}"#, #"{"a":truex}"#, #"{"a":nul}"#, #"{"a":fals e}"#, #"{"a":True}"#,
      #"{"a":[1,]}"#, #"{"a":[1 2]}"#, #"{"a":[1}"#, #"{"a":{"b":[1}]}"#, #"{"a":[,1]}"#,
      "nonsense", "[1", "\"x", "[1,2]]", "\u{0}", "{\"a\":1}\u{0}",
    ])
  func malformed(payload: String) {
    for path in ["a", "z", "a.b"] {
      let harness = DecodeHarness(path)
      #expect(harness.decode(payload) == .rejected(.malformed))
      #expect(!harness.decoder.detail.isEmpty)
    }
  }

  @Test("bytes that are not UTF-8 reject the whole message, wherever they are")
  func notUTF8() {
    let broken: [[UInt8]] = [
      [0x80], [0xC3], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF5, 0x80, 0x80, 0x80],
    ]
    for bytes in broken {
      for (head, tail) in [
        ("{\"a\":\"", "\"}"), ("{\"skipped\":\"", "\"}"), ("{\"", "\":1}"), ("{\"a\":[\"", "\"]}"),
      ] {
        let payload = Array(head.utf8) + bytes + Array(tail.utf8)
        #expect(DecodeHarness("a").decode(payload) == .rejected(.malformed))
      }
    }
  }

  @Test("payloads without JSON are empty, other JSON is no object")
  func emptyAndOthers() {
    let harness = DecodeHarness("a")
    for payload in ["", " ", " \r\n\t", "\u{FEFF}", "\u{FEFF} "] {
      #expect(harness.decode(payload) == .rejected(.empty))
    }
    for payload in ["[1,{\"a\":1}]", "\"a\"", "12", "-0.5", "true", "null", " [] "] {
      #expect(harness.decode(payload) == .rejected(.notAnObject))
    }
    var tombstone = RawMessage(payload: nil, payloadCount: 0, offset: 0)
    var slot = Value.missing
    #expect(harness.decoder.decode(&tombstone, into: &slot) == .empty)
    #expect(harness.decoder.detail == "no payload")
  }

  @Test("nesting is accepted to 1,024 levels and rejected beyond, skipped or planned")
  func nesting() {
    func nested(_ levels: Int, _ open: String, _ close: String) -> String {
      "{\"a\":" + String(repeating: open, count: levels - 1) + "1"
        + String(repeating: close, count: levels - 1) + "}"
    }
    for path in ["a", "b", "a.a.a"] {
      let harness = DecodeHarness(path)
      for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        #expect(harness.decode(nested(1_024, open, close)).values != nil)
        #expect(harness.decode(nested(1_025, open, close)) == .rejected(.malformed))
        #expect(harness.decode(nested(5_000, open, close)) == .rejected(.malformed))
      }
      #expect(harness.decoder.detail.contains("1024 levels"))
      #expect(harness.decode(String(repeating: "[", count: 10_000)) == .rejected(.malformed))
      #expect(harness.decode(String(repeating: "{\"a\":", count: 10_000)) == .rejected(.malformed))
    }
    let deep = Array(repeating: "a", count: 1_023)
    let tooDeep = Array(repeating: "a", count: 2_000)
    let harness = DecodeHarness(fields: [.paths([deep]), .paths([tooDeep])])
    #expect(harness.decode(nested(1_023, "{\"a\":", "}")) == .event([.number("1"), .missing]))
  }

  @Test("a payload of a megabyte decodes, and one of 20 MB, and a small one after them")
  func large() {
    let harness = DecodeHarness("a", "z", largest: 21 << 20)
    for size in [1 << 20, 20 << 20] {
      let long = String(repeating: "x", count: size - 40)
      #expect(
        harness.decode("{\"a\":\"\(long)\",\"z\":\"\\n\"}")
          == .event([.string(long), .string("\n")]))
      #expect(harness.decode("{\"skip\":\"\(long)\",\"z\":1}") == .event([.missing, .number("1")]))
      #expect(harness.decode("{\"a\":1}") == .event([.number("1"), .missing]))
    }
  }

  @Test("details name the fault and its place, and nothing of the payload")
  func details() {
    let harness = DecodeHarness("a")
    let cases = [
      (#"{"secret":"x","a":01}"#, "neither a JSON number nor true, false or null at byte 18 of 21"),
      (#"{"a":1} secret"#, "text after the end of the JSON at byte 8 of 14"),
      (#"{"a":"#, "JSON broken or cut off at byte 5 of 5"),
      (#"["secret"]"#, "JSON of another type than object at byte 0 of 10"),
      (#"{"a":"secret"#, "JSON string that is not closed or has a bad escape in 12 bytes"),
      ("{\"a\":\"secret\u{2}\"}", "control character in a JSON string in 15 bytes"),
      ("  ", "payload of 2 bytes holds only blanks"),
    ]
    for (payload, detail) in cases {
      _ = harness.decode(payload)
      #expect(harness.decoder.detail == detail)
    }
  }
}
