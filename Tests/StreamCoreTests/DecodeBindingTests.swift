import Testing

@testable import StreamCore

@Suite("Field bindings")
struct DecodeBindingTests {
  @Test(
    "a list of paths gives its first value that is neither missing nor null",
    arguments: [
      (#"{"user":"u","anon":"a"}"#, Decoded.string("u")), (#"{"anon":"a"}"#, .string("a")),
      (#"{"user":null,"anon":"a"}"#, .string("a")), (#"{"ids":{"x":7}}"#, .number("7")),
      (#"{"user":null}"#, .null), (#"{}"#, .missing), (#"{"user":"","anon":"a"}"#, .string("")),
      (#"{"anon":"a","user":"u"}"#, .string("u")),
    ])
  func firstNonNull(payload: String, expected: Decoded) {
    let list: FieldBinding = .paths([["user"], ["anon"], ["ids", "x"]])
    #expect(DecodeHarness(fields: [list]).decode(payload) == .event([expected]))
  }

  @Test("one path may feed several fields, alone and in lists")
  func sharedPaths() {
    let harness = DecodeHarness(fields: [
      .paths([["a"], ["b"]]), .paths([["a"]]), .paths([["b"]]), .paths([["b"], ["a"]]),
      .paths([["b"]]), .paths([]), .absent,
    ])
    #expect(
      harness.decode(#"{"a":1,"b":2}"#)
        == .event([
          .number("1"), .number("1"), .number("2"), .number("2"), .number("2"), .missing, .missing,
        ]))
    #expect(
      harness.decode(#"{"b":2}"#)
        == .event([
          .number("2"), .missing, .number("2"), .number("2"), .number("2"), .missing, .missing,
        ]))
  }

  @Test("constants, topic, key and timestamp need no payload of their own")
  func recordParts() {
    let fields: [FieldBinding] = [
      .constant(.string("purchase")), .constant(.int(-7)), .constant(.double(0.5)),
      .constant(.bool(true)), .constant(.string("")), .recordTopic, .recordKey, .recordTimestamp,
    ]
    let harness = DecodeHarness(fields: fields)
    let constants: [Decoded] = [
      .string("purchase"), .int(-7), .double(0.5), .bool(true), .string(""), .string("t"),
    ]
    #expect(
      harness.decode(Array("{}".utf8), key: "用户", timestampMs: 12)
        == .event(constants + [.string("用户"), .int(12)]))
    #expect(harness.decode("{}") == .event(constants + [.missing, .missing]))
    #expect(harness.decode("{}", key: "") == .event(constants + [.missing, .missing]))
  }

  @Test("headers come by their index; text that is not UTF-8 is malformed")
  func headers() {
    let source = SourcePlan(
      name: "s", topic: "t", fields: [.recordHeader(1), .recordHeader(0), .recordHeader(7)],
      headers: ["first", "second"])
    let decoder = EventDecoder(source: source, topic: "t")
    let payload = Array("{}".utf8)
    let text = Array("x\u{FF}".unicodeScalars.map { UInt8($0.value) })
    payload.withUnsafeBufferPointer { payload in
      text.withUnsafeBytes { text in
        let good = Value.text(.string, UnsafeRawBufferPointer(rebasing: text[..<1]))
        for (second, expected) in [(good, RejectReason?.none), (.text(.string, text), .malformed)] {
          [Value.null, second].withUnsafeBufferPointer { headers in
            var message = RawMessage(
              payload: payload.baseAddress, payloadCount: 2, offset: 0,
              headers: headers.baseAddress)
            var slots = [Value](repeating: .int(1), count: 3)
            #expect(decoder.decode(&message, into: &slots) == expected)
            if expected == nil {
              #expect(slots.map(Decoded.init) == [.string("x"), .null, .missing])
            } else {
              #expect(decoder.detail == "the record's header second is not UTF-8")
            }
          }
        }
      }
    }
  }

  @Test("a key that is not UTF-8 is malformed")
  func brokenKey() {
    let decoder = EventDecoder(
      source: SourcePlan(name: "s", topic: "t", fields: [.recordKey]), topic: "t")
    let bytes: [UInt8] = [0x7B, 0x7D, 0xFF]
    bytes.withUnsafeBufferPointer { bytes in
      var message = RawMessage(
        payload: bytes.baseAddress, payloadCount: 2, key: bytes.baseAddress.map { $0 + 2 },
        keyCount: 1, offset: 0)
      var slot = Value.missing
      #expect(decoder.decode(&message, into: &slot) == .malformed)
      #expect(decoder.detail == "the record's key is not UTF-8")
    }
  }

  @Test("text of all 64 events of a block stays as it was until the next block begins")
  func blocks() {
    let decoder = EventDecoder(
      source: SourcePlan(name: "s", topic: "t", fields: [.paths([["a"]]), .paths([["b"]])]),
      topic: "t")
    let long = String(repeating: "y", count: 3_000)
    for _ in 0..<3 {
      decoder.beginBlock()
      var slots = [Value](repeating: .missing, count: 128)
      let payloads = (0..<64).map { Array("{\"a\":\"\\n\($0)\",\"b\":\"\\t\(long)\($0)\"}".utf8) }
      for event in 0..<64 {
        payloads[event].withUnsafeBufferPointer { payload in
          slots.withUnsafeMutableBufferPointer { slots in
            var message = RawMessage(
              payload: payload.baseAddress, payloadCount: Int32(payload.count), offset: 0)
            guard let row = slots.baseAddress else { return }
            #expect(decoder.decode(&message, into: row + event * 2) == nil)
          }
        }
      }
      for event in 0..<64 {
        #expect(Decoded(slots[event * 2]) == .string("\n\(event)"))
        #expect(Decoded(slots[event * 2 + 1]) == .string("\t\(long)\(event)"))
      }
    }
  }

  @Test("every reason has a code of its own in snake case")
  func codes() {
    let codes = RejectReason.allCases.map(\.code)
    #expect(Set(codes).count == codes.count)
    #expect(codes.allSatisfy { $0.allSatisfy { $0 == "_" || ("a"..."z").contains($0) } })
    #expect(RejectReason.tooFarAhead.code == "too_far_ahead")
  }
}
