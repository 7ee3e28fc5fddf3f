import StreamCore
import StreamTestKit
import Testing

@testable import Inspection

@Suite struct KindTests {
  private func kind(_ text: String) -> ValueKind {
    Array(text.utf8).withUnsafeBytes { KindScan.kind(of: $0) }
  }

  @Test(
    "A value's form tells its kind",
    arguments: [
      ("2024-03-13T10:21:14Z", ValueKind.rfc3339), ("2024-03-13 10:21:14", .rfc3339),
      ("2024-03-13T10:21:14.123+08:00", .rfc3339), ("2024-03-13", .date),
      ("2024-13-13", .text), ("2024/3/13 10:21", .patternDate), ("13.03.2024", .patternDate),
      ("2024年3月13日 9:05", .patternDate), ("20240313", .patternDate),
      ("20240313102114", .patternDate), ("20241313", .wholeNumber), ("1710325274", .epochSeconds),
      ("1710325274123", .epochMilliseconds), ("1710325274123456", .epochMicroseconds),
      ("42", .wholeNumber), ("-7", .wholeNumber), ("1299.00", .decimalNumber),
      ("1,299.00", .groupedNumber), ("12,345,678", .groupedNumber), ("1,29", .text),
      ("1,2990", .text), ("1.38E+10", .mangledNumber), ("6.9E+17", .mangledNumber),
      ("1e3", .decimalNumber), ("1.5e-3", .decimalNumber), ("a.b@example.com", .email),
      ("a@b", .text), ("13812345678", .phone), ("+86 138 1234 5678", .phone),
      ("(020) 7946-0958", .phone), ("10.0.0.1", .ip), ("10.0.0.256", .text), ("::1", .ip),
      ("2001:db8::ff00:42:8329", .ip), ("10:21:14", .text),
      ("123e4567-e89b-12d3-a456-426614174000", .uuid), ("https://example.com/a?b", .url),
      ("true", .boolean), ("No", .boolean), ("", .text), ("ios", .text), ("product_view", .text),
    ])
  func kinds(_ text: String, _ expected: ValueKind) {
    #expect(kind(text) == expected, "\(text)")
  }

  @Test(
    "Fields whose values are of a person are known by any part of their names",
    arguments: [
      (
        ["customer_name", "shippingAddress", "phone_number", "user-email", "收货人", "客户姓名", "IP"],
        true
      ),
      (
        ["event_name", "productName", "platform", "hasPhone", "客户端", "nameless", "cardinality"],
        false
      ),
    ])
  func personalNames(_ names: [String], _ expected: Bool) {
    for name in names { #expect(PersonalName.matches(["a", name]) == expected, "\(name)") }
  }

  @Test(
    "Commas in numbers are taken for what they can only be",
    arguments: [
      ("12,50", [1, 0, 0]), ("0,125", [1, 0, 0]), ("-1.299,00", [1, 0, 0]), ("1,299", [0, 0, 1]),
      ("1,299.00", [0, 1, 0]), ("1,299,000", [0, 1, 0]), ("1,2,3", [0, 0, 0]), ("a,b", [0, 0, 0]),
      ("1299,", [0, 0, 0]), (",5", [0, 0, 0]), ("1.299", [0, 0, 0]),
    ])
  func commas(_ text: String, _ expected: [Int64]) {
    var counts = CommaCounts()
    Array(text.utf8).withUnsafeBytes { counts.add($0) }
    #expect([counts.decimals, counts.groups, counts.unclear] == expected)
  }

  @Test(
    "The pattern of a date reads it",
    arguments: [
      ("2024/3/13 10:21", "yyyy/M/d H:mm"), ("2024/03/13 10:21:09", "yyyy/M/d H:mm:ss"),
      ("2024-3-13", "yyyy-M-d"), ("13.03.2024 10:21:05", "d.M.yyyy H:mm:ss"),
      ("20240313", "yyyyMMdd"), ("20240313102114", "yyyyMMddHHmmss"),
      ("2024年3月13日 10:21", "yyyy年M月d日 H:mm"),
    ])
  func patterns(_ text: String, _ expected: String) throws {
    let seen = try #require(Array(text.utf8).withUnsafeBytes { KindScan.shape($0) })
    let isDayFirst = seen.evidence == .dayFirst
    #expect(seen.shape.pattern(isDayFirst: isDayFirst) == expected)
  }

  @Test func `A day above twelve tells which number is the month`() throws {
    func evidence(_ text: String) -> DateShape.Evidence? {
      Array(text.utf8).withUnsafeBytes { KindScan.shape($0)?.evidence }
    }
    #expect(evidence("13/3/2024") == .dayFirst)
    #expect(evidence("3/13/2024") == .monthFirst)
    #expect(evidence("3/4/2024") == DateShape.Evidence.none)
    #expect(evidence("13/13/2024") == nil)
  }

  @Test func `No text ends the process, and its kind does not depend on what lies behind it`() {
    withSeeds(1...3) { _, random in
      let signs = Array("0123456789.,+-eE/:@ TZ年月日()[]abc\"\\".utf8) + [0, 0xFF, 0x80]
      for _ in 0..<20_000 {
        let text = (0..<random.below(24)).map { _ in random.pick(signs) }
        let kind = text.withUnsafeBytes { KindScan.kind(of: $0) }
        let longer = text + [UInt8(ascii: "9")]
        let again = longer.withUnsafeBytes {
          KindScan.kind(of: UnsafeRawBufferPointer(rebasing: $0[..<text.count]))
        }
        #expect(kind == again)
        _ = text.withUnsafeBytes { Mask.of($0) }
      }
    }
  }

  @Test func `A mask shows no letter and no digit of a value`() {
    withSeeds(1...2) { _, random in
      for _ in 0..<2_000 {
        let text = String(
          String.UnicodeScalarView(
            (0..<random.below(40)).compactMap { _ in
              Unicode.Scalar(UInt32(random.below(random.chance(0.5) ? 0x80 : 0xFFFF)))
            }))
        let masked = Array(text.utf8).withUnsafeBytes { Mask.of($0) }
        for scalar in masked.unicodeScalars where scalar.properties.isAlphabetic {
          #expect(["a", "A", "文"].contains(scalar))
        }
        #expect(masked.unicodeScalars.allSatisfy { $0 == "9" || !("0"..."9").contains($0) })
        #expect(masked.count <= Mask.charactersMax + 1)
      }
    }
  }
}
