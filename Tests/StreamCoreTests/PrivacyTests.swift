import Testing

@testable import StreamCore

@Suite struct PseudonymTests {
  private func hex(_ text: String) -> String {
    let hash = SipHash(0x0706_0504_0302_0100, 0x0f0e_0d0c_0b0a_0908)
    let (low, high) = Array(text.utf8).withUnsafeBytes { hash.hash($0) }
    return [low, high].map { word in
      (0..<8).map { at in
        let byte = UInt8(truncatingIfNeeded: word >> UInt64(at * 8))
        return (byte < 16 ? "0" : "") + String(byte, radix: 16)
      }.joined()
    }.joined()
  }

  private func masked(_ json: String, _ paths: [[String]]) -> String? {
    let bytes = Array(json.utf8)
    return bytes.withUnsafeBufferPointer { PayloadMask.masked($0, paths) }
      .map { String(decoding: $0, as: UTF8.self) }
  }

  @Test func `the pseudonyms are those of SipHash-2-4 with 128 bits, as others compute it`() {
    #expect(hex("") == "a3817f04ba25a8e66df67214c7550293")
    #expect(hex("weir at the mill") == "63990b18583d9a8a679496ccbed4dc18")
    #expect(hex("13800138000") == "b246f7781d17313ed5600a49b6a06852")
  }

  @Test func `equal values have equal pseudonyms under one key, and others under another`() {
    let scratch = ScratchArena()
    func pseudonym(_ text: String, _ secret: String) -> String {
      let plan = PseudonymPlan(
        names: ["user"], slots: [0], paths: [[]], key: PseudonymKey(secret: secret),
        fingerprint: nil)
      let bytes = Array(text.utf8)
      return bytes.withUnsafeBytes { raw in
        var row = [Value.text(.string, raw), .null]
        row.withUnsafeMutableBufferPointer {
          if let base = $0.baseAddress { Pseudonymizer(plan).apply(base, scratch) }
        }
        return String(decoding: row[0].bytes, as: UTF8.self)
      }
    }
    let values = (0..<10_000).map { "user \($0)" }
    let found = values.map { pseudonym($0, "one key") }
    #expect(found == values.map { pseudonym($0, "one key") })
    #expect(Set(found).count == values.count)
    #expect(found.allSatisfy { $0.utf8.count == Pseudonymizer.length })
    #expect(Set(found).isDisjoint(with: values.map { pseudonym($0, "other key") }))
    #expect(pseudonym("", "one key") == "")
  }

  @Test func `fingerprints tell keys apart`() {
    let keys = (0..<1_000).map { PseudonymKey(secret: "key \($0)").fingerprint }
    #expect(Set(keys).count == 1_000)
    #expect(keys.allSatisfy { $0.count == 32 })
  }

  @Test func `values are hidden wherever their path leads, however the key is written`() {
    let paths = [["user_id"], ["properties", "phone"]]
    let hidden = #""(hidden)""#
    #expect(
      masked(
        #"{"user_id":"ann", "n": 1.5e3, "properties":{"phone":[1,{"a":"b"}],"x":null}}"#, paths)
        == #"{"user_id":"# + hidden + #","n":1.5e3,"properties":{"phone":"# + hidden
        + #","x":null}}"#)
    #expect(
      masked(#"{"\u0075ser_id":7,"a":{"user_id":"b"}}"#, paths)
        == #"{"\u0075ser_id":"# + hidden + #","a":{"user_id":"b"}}"#)
    #expect(masked(#"{"properties.phone":"1"}"#, paths) == #"{"properties.phone":"# + hidden + "}")
    #expect(
      masked(#"{"properties":[{"phone":"1"}],"user_id":"a","user_id":"b"}"#, paths)
        == #"{"properties":[{"phone":"# + hidden + #"}],"user_id":"# + hidden + #","user_id":"#
        + hidden + "}")
    #expect(masked(#" { } "#, paths) == "{}")
  }

  @Test func `what is not one whole object is not shown`() {
    let all = #"{"user_id":"ann","properties":{"phone":"1","list":[1,2,{"a":"b\"c"}]}}"#
    for count in 0..<all.utf8.count {
      #expect(masked(String(all.prefix(count)), [["user_id"]]) == nil)
    }
    for text in ["ann", "[1]", "\"ann\"", all + "x", #"{"a" "b"}"#, #"{"a":'b'}"#, #"{"\x":1}"#] {
      #expect(masked(text, [["user_id"]]) == nil, "\(text)")
    }
    #expect(masked(String(repeating: #"{"a":"#, count: 100), [["user_id"]]) == nil)
  }
}
