import StreamTestKit
import Testing

@testable import StreamCore

@Suite("Encodings of files")
struct TextEncodingTests {
  // 时间,用户,事件 and 购买,加入购物车 in GBK.
  private static let gbk: [UInt8] = [
    0xCA, 0xB1, 0xBC, 0xE4, 0x2C, 0xD3, 0xC3, 0xBB, 0xA7, 0x2C, 0xCA, 0xC2, 0xBC, 0xFE, 0x0A,
    0xB9, 0xBA, 0xC2, 0xF2, 0x2C, 0xBC, 0xD3, 0xC8, 0xEB, 0xB9, 0xBA, 0xCE, 0xEF, 0xB3, 0xB5,
  ]
  // 時間,用戶,事件 and 早上,張三,購買了兩件商品 in Big5.
  private static let big5: [UInt8] = [
    0xAE, 0xC9, 0xB6, 0xA1, 0x2C, 0xA5, 0xCE, 0xA4, 0xE1, 0x2C, 0xA8, 0xC6, 0xA5, 0xF3, 0x0A,
    0xA6, 0xAD, 0xA4, 0x57, 0x2C, 0xB1, 0x69, 0xA4, 0x54, 0x2C, 0xC1, 0xCA, 0xB6, 0x52, 0xA4,
    0x46, 0xA8, 0xE2, 0xA5, 0xF3, 0xB0, 0xD3, 0xAB, 0x7E,
  ]
  // ユーザー,たなか,カートにいれる in Shift JIS.
  private static let shiftJIS: [UInt8] = [
    0x83, 0x86, 0x81, 0x5B, 0x83, 0x55, 0x81, 0x5B, 0x2C, 0x82, 0xBD, 0x82, 0xC8, 0x82, 0xA9,
    0x2C, 0x83, 0x4A, 0x81, 0x5B, 0x83, 0x67, 0x82, 0xC9, 0x82, 0xA2, 0x82, 0xEA, 0x82, 0xE9,
  ]

  private static let western: [UInt8] =
    [0x63, 0x69, 0x74, 0x74, 0xE0, 0x3B, 0x70, 0x72, 0xE9, 0x6E]

  private static let beginnings: [([UInt8], TextEncoding?)] = [
    (Array("时间,用户\n".utf8), .utf8), (Array("a,b\n1,2\n".utf8), .utf8), ([], .utf8),
    ([0xEF, 0xBB, 0xBF, 0x61], .utf8), ([0xFF, 0xFE, 0x61, 0], .utf16LE),
    ([0xFE, 0xFF, 0, 0x61], .utf16BE), ([0x61, 0, 0x2C, 0, 0x62, 0, 0x0A, 0], .utf16LE),
    ([0, 0x61, 0, 0x2C, 0, 0x62, 0, 0x0A], .utf16BE), (gbk, .gbk), (big5, .big5),
    (shiftJIS, .shiftJIS), (western, .windows1252), ([0xFF, 0xFF, 0xFF, 0x80, 0x80], nil),
  ]

  @Test("the encoding of a file is guessed from its beginning", arguments: beginnings)
  func guesses(bytes: [UInt8], expected: TextEncoding?) {
    #expect(TextEncoding.guess(bytes) == expected)
  }

  @Test("a character that is cut at the end changes no guess")
  func cut() {
    let text = Array("用户在直播间购买了两件商品😀".utf8)
    for end in 1...text.count {
      #expect(TextEncoding.guess(Array(text[..<end])) == .utf8, "\(end) bytes")
    }
    for end in 8...Self.gbk.count {
      #expect(TextEncoding.guess(Array(Self.gbk[..<end])) == .gbk, "\(end) bytes")
    }
  }

  @Test("any bytes are looked at without harm, and what is UTF-8 is said to be")
  func anything() {
    let seed: UInt64 = 71
    var random = SeededGenerator(seed: seed)
    for _ in 0..<3000 {
      let bytes = (0..<Int.random(in: 0...40, using: &random)).map { _ in
        UInt8.random(in: 0...255, using: &random)
      }
      _ = TextEncoding.guess(bytes)
      let text = String(decoding: bytes, as: UTF8.self)
      if !text.unicodeScalars.contains("\0") {
        #expect(TextEncoding.guess(Array("x\(text)".utf8)) == .utf8, "seed \(seed): \(bytes)")
      }
    }
  }

  @Test("a file is plainly UTF-8 with eight characters beyond ASCII, and not with GBK")
  func plainly() {
    func plainly(_ bytes: [UInt8]) -> Bool { bytes.withUnsafeBytes(TextEncoding.isPlainlyUTF8) }
    #expect(plainly(Array("用户,事件,购买,商品".utf8)))
    #expect(!plainly(Array("用户,事件".utf8)) && !plainly(Array("abcdefghij".utf8)))
    #expect(!plainly(Self.gbk) && !plainly([]))
    // Two characters of GBK that happen to be UTF-8 too: 联通.
    #expect(!plainly([0xC1, 0xAA, 0xCD, 0xA8]))
  }
}

@Suite("Numbers in groups")
struct NumberGroupsTests {
  private static let written: [(String, String, String?)] = [
    (",", "1,299.00", "1299.00"), (",", "-12,345", "-12345"), (",", "1,234,567.5", "1234567.5"),
    (",", "+1,000", "1000"), (",", "999", nil), (",", "1299.00", nil), (",", "12,99", nil),
    (",", "1,2345", nil), (",", "1234,567", nil), (",", "0,123", nil), (",", "1,234.", nil),
    (",", "1,234,", nil), (",", ",123", nil), (",", "1,234x", nil), (",", "1,234 ", nil),
    (",", "1,23a", nil), (",", "--1,234", nil), (",", "1,234.5.6", nil), (",", "", nil),
    (",", "1,299.00 CNY", nil), (",", "¥1,299", nil), (",", "1,234e5", nil),
    ("'", "1'299.50", "1299.50"), ("'", "1,299", nil),
    (".", "1.299,50", "1299.50"), (".", "1299,50", "1299.50"), (".", "1.299", "1299"),
    (".", "1.5", nil), (".", "13.03.2024", nil), (".", "-0,5", "-0.5"),
    (" ", "1 299,50", "1299.50"), (" ", "1\u{A0}299\u{202F}000", "1299000"), (" ", "12 34", nil),
  ]

  @Test(
    "numbers with proper groups lose their separators, all else stays", arguments: written)
  func cells(separator: String, cell: String, expected: String?) throws {
    #expect(try #require(NumberGroups(separator: separator)).plain(cell) == expected)
  }

  @Test("numbers of any size come back, written in any of the ways")
  func roundTrip() throws {
    let seed: UInt64 = 72
    var random = SeededGenerator(seed: seed)
    for separator in NumberGroups.separators {
      let groups = try #require(NumberGroups(separator: separator))
      let mark = Character(Unicode.Scalar(groups.decimalMark))
      for _ in 0..<2000 {
        let whole = Int64.random(
          in: 1000...(1 << Int64.random(in: 10...62, using: &random)), using: &random)
        var digits = Array(String(whole))
        for index in stride(from: digits.count - 3, to: 0, by: -3) {
          digits.insert(Character(separator), at: index)
        }
        let decimals =
          Bool.random(using: &random) ? "\(Int.random(in: 0...99, using: &random))" : ""
        let sign = Bool.random(using: &random) ? "-" : ""
        let cell = sign + String(digits) + (decimals.isEmpty ? "" : "\(mark)\(decimals)")
        let plain = sign + String(whole) + (decimals.isEmpty ? "" : ".\(decimals)")
        #expect(groups.plain(cell) == plain, "seed \(seed): \(cell)")
      }
    }
  }

  @Test("whatever a cell holds, it becomes a number or stays")
  func anything() throws {
    let seed: UInt64 = 73
    var random = SeededGenerator(seed: seed)
    let alphabet = Array("0123456789,,..'- +e\u{A0}x")
    for separator in NumberGroups.separators {
      let groups = try #require(NumberGroups(separator: separator))
      for _ in 0..<5000 {
        let cell = String(
          (0..<Int.random(in: 0...9, using: &random)).map { _ in
            alphabet[Int.random(in: 0..<alphabet.count, using: &random)]
          })
        guard let plain = groups.plain(cell) else { continue }
        #expect(Double(plain) != nil, "seed \(seed): \(cell) became \(plain)")
        #expect(cell.filter(\.isNumber) == plain.filter(\.isNumber))
      }
    }
  }

  @Test("rows are decoded and split with thousands, quoted cells and header alike")
  func rows() {
    let format = CSVFormat(
      header: ["a", "b", "c"], thousands: NumberGroups(separator: ","))
    let harness = DecodeHarness("a", "b", "c", format: .csv(format))
    #expect(
      harness.decode("\"1,299.00\",\"x, y\",7")
        == .event([.string("1299.00"), .string("x, y"), .string("7")]))
    let tabs = CSVFormat(
      delimiter: 9, header: ["a", "b", "c"], thousands: NumberGroups(separator: ","))
    #expect(
      DecodeHarness("a", "b", "c", format: .csv(tabs)).decode("1,299\t\"2,000\"\t\"1,5\"")
        == .event([.string("1299"), .string("2000"), .string("1,5")]))
    let cells = Array("\"1,299\",a".utf8).withUnsafeBytes {
      (
        CSVSplitter.cells(in: $0, format: format),
        CSVSplitter.cells(in: $0, format: format.ofHeader)
      )
    }
    #expect(cells.0 == ["1299", "a"] && cells.1 == ["1,299", "a"])
  }
}
