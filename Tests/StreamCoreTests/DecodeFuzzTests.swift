import StreamTestKit
import Testing

@testable import StreamCore

/// Writes random JSON objects over a few keys, so that planned paths are met often.
private struct JSONWriter {
  var random: SeededGenerator
  /// Whether strings have escapes: messages without any are read in another way.
  var escapes = true

  mutating func blank() -> String {
    random.chance(0.90) ? "" : [" ", "\n", "\t ", "\r\n"][random.number(below: 4)]
  }

  mutating func string() -> String {
    var text = "\""
    for _ in 0..<[0, 1, 3, 8, 15, 16, 17, 40][random.number(below: 8)] {
      switch escapes ? random.number(below: 40) : 3 + random.number(below: 37) {
      case 0:
        text += ["\\n", "\\\"", "\\\\", "\\/", "\\b", "\\f", "\\r", "\\t"][random.number(below: 8)]
      case 1:
        text +=
          ["\\u0041", "\\u00e9", "\\u4E2d", "\\uD83D\\uDE00", "\\u0000"][random.number(below: 5)]
      case 2: text += ["\\ud800", "\\uDC00", "\\ud83dx", "\\ud800\\n"][random.number(below: 4)]
      case 3: text += ["é", "中", "😀", "\u{301}"][random.number(below: 4)]
      case 4: text += ["{", "}", ":", ",", "[", "]"][random.number(below: 6)]
      default: text += String(UnicodeScalar(UInt8(97 + random.number(below: 26))))
      }
    }
    return text + "\""
  }

  mutating func key() -> String {
    let keys = [
      "\"user\"", "\"us\\u0065r\"", "\"a\"", "\"b\"", "\"properties\"", "\"total\"",
      "\"a_key_of_15byte\"", "\"a_key_of_16bytes\"", "\"a_key_of_17_bytes\"",
      "\"a_key_of_17_byte5\"", "\"\"",
    ]
    return random.chance(0.85) ? keys[random.number(below: keys.count)] : string()
  }

  mutating func number() -> String {
    let numbers = [
      "0", "-0", "1", "12", "-7", "9007199254740993", "0.1", "10.25", "1e5", "-1.5E-3", "12345678",
      "123456789", "1234.567", "12345678901234567890123", "0e0", "100000.5",
    ]
    return numbers[random.number(below: numbers.count)]
  }

  mutating func value(depth: Int) -> String {
    switch random.number(below: depth > 4 ? 5 : 8) {
    case 0: return ["true", "false", "null"][random.number(below: 3)]
    case 1, 2: return number()
    case 3, 4: return string()
    case 5:
      var items: [String] = []
      for _ in 0..<random.number(below: 4) {
        items.append(blank() + value(depth: depth + 1) + blank())
      }
      return "[" + items.joined(separator: ",") + "]"
    default: return object(depth: depth + 1)
    }
  }

  mutating func object(depth: Int) -> String {
    var members: [String] = []
    for _ in 0..<random.number(below: 6) {
      members.append(blank() + key() + blank() + ":" + blank() + value(depth: depth) + blank())
    }
    return "{" + members.joined(separator: ",") + "}"
  }

  mutating func document() -> String {
    escapes = random.chance(0.5)
    return blank() + object(depth: 1) + blank()
  }
}

private let paths: [[String]] = [
  ["user"], ["a"], ["properties"], ["properties", "total"], ["properties", "a", "b"], ["b"],
  ["a_key_of_15byte"], ["a_key_of_16bytes"], ["a_key_of_17_bytes"], ["a", "user"], [""],
  ["properties", "properties", "total"],
]

@Suite("Decoding of JSON agrees with a plain reader")
struct DecodeFuzzTests {
  /// Checks that text without escapes is not copied, and that what is handed out is UTF-8.
  ///
  /// Each payload comes among its like, where most are read by simdjson's index, and after plain
  /// events, of which one in 64 at least is tried without it: then the payload is too.
  private func check(_ harness: DecodeHarness, _ payload: [UInt8], seed: UInt64) -> Bool {
    let expected = ReferenceJSON.outcome(payload, paths: paths)
    guard isDecoded(harness, payload, as: expected, seed) else { return false }
    for _ in 0..<64 { _ = harness.decode(Self.plain) }
    return isDecoded(harness, payload, as: expected, seed)
  }

  private static let plain = Array(#"{"user":"u1","properties":{"total":12.50},"a":true}"#.utf8)

  private func isDecoded(
    _ harness: DecodeHarness, _ payload: [UInt8], as expected: Outcome, _ seed: UInt64
  ) -> Bool {
    let found: Outcome = harness.decode(payload) { reason, start, values in
      if let reason { return .rejected(reason) }
      let end = UInt64(UInt(bitPattern: start)) + UInt64(payload.count)
      for value in values where !value.bytes.isEmpty {
        let inside = value.bits >= UInt64(UInt(bitPattern: start)) && value.bits < end
        if inside, value.bits + UInt64(value.length) > end { return .event([]) }
        if !inside, value.kind != .string || !payload.contains(0x5C) { return .event([]) }
      }
      return .event(values.map(Decoded.init))
    }
    #expect(
      found == expected,
      "seed \(seed), payload \(String(decoding: payload, as: UTF8.self).debugDescription)")
    return found == expected
  }

  @Test("random objects decode to what was written", arguments: [UInt64(1), 2])
  func randomObjects(seed: UInt64) {
    print("decode property test: seed \(seed)")
    var writer = JSONWriter(random: SeededGenerator(seed: seed))
    let harness = DecodeHarness(fields: paths.map { .paths([$0]) })
    var decoded = 0
    for _ in 0..<3_000 {
      let payload = Array(writer.document().utf8)
      guard check(harness, payload, seed: seed) else { return }
      if harness.decode(payload).values != nil { decoded += 1 }
    }
    #expect(decoded == 3_000)
  }

  @Test("damaged objects decode or are rejected as a plain reader says", arguments: [UInt64(3), 4])
  func damagedObjects(seed: UInt64) {
    print("decode fuzz test: seed \(seed)")
    var writer = JSONWriter(random: SeededGenerator(seed: seed))
    let harness = DecodeHarness(fields: paths.map { .paths([$0]) })
    for _ in 0..<5_000 {
      let payload = mutated(Array(writer.document().utf8), using: &writer.random)
      guard check(harness, payload, seed: seed) else { return }
    }
  }

  @Test(
    "every single byte changed or cut in an event agrees with a plain reader",
    arguments: [
      #"{"user":"u\u00e91","properties":{"total":12.50,"x":[1,{"a":null}]},"a":true,"b":-1e3}"#,
      #"{"user":"é用户","properties":{"total":12.50,"x":[1,{"a":null}]},"a":true,"b":-1e3}"#,
      #"{ "user": "u1", "b": "a string that is longer than sixteen", "a": [[], {}, ""], "c": 0}"#,
    ])
  func everyByte(_ text: String) {
    let event = Array(text.utf8)
    let harness = DecodeHarness(fields: paths.map { .paths([$0]) })
    for at in event.indices {
      for byte in Array("\"\\{}[],:0-.e t\u{1}".utf8) + [0x80, 0xC3, 0xFF, 0x00] {
        var payload = event
        payload[at] = byte
        guard check(harness, payload, seed: 0) else { return }
        payload.insert(event[at], at: at)
        guard check(harness, payload, seed: 0) else { return }
      }
      guard check(harness, Array(event[..<at]), seed: 0) else { return }
    }
  }
}
