import Glibc
import StreamCore
import Testing

@testable import WorkerRuntime

@Suite struct InputsEncodingTests {
  private let folder: InputsFolder

  init() throws { folder = try InputsFolder() }

  /// `text` in another encoding, by the C library.
  private static func encoded(_ text: String, _ name: String) throws -> [UInt8] {
    let converter = try #require(iconv_open(name, "UTF-8"))
    try #require(Int(bitPattern: converter) != -1)
    defer { iconv_close(converter) }
    var source = Array(text.utf8).map { CChar(bitPattern: $0) }
    var target = [CChar](repeating: 0, count: source.count * 4 + 16)
    let count = target.count
    let made = source.withUnsafeMutableBufferPointer { source in
      target.withUnsafeMutableBufferPointer { target -> Int? in
        var (next, left) = (source.baseAddress, source.count)
        var (out, room) = (target.baseAddress, count)
        return iconv(converter, &next, &left, &out, &room) == -1 ? nil : count - room
      }
    }
    return target.prefix(try #require(made)).map { UInt8(bitPattern: $0) }
  }

  private static func source(_ encoding: TextEncoding) -> SourcePlan {
    inputsSource(.csv(CSVFormat(encoding: encoding)))
  }

  @Test("a CSV file in GBK is read as text, header and rows")
  func gbk() throws {
    // 用户,事件 / 张三,购买 / €,x
    let bytes: [UInt8] =
      [0xD3, 0xC3, 0xBB, 0xA7, 0x2C, 0xCA, 0xC2, 0xBC, 0xFE, 0x0D, 0x0A]
      + [0xD5, 0xC5, 0xC8, 0xFD, 0x2C, 0xB9, 0xBA, 0xC2, 0xF2, 0x0D, 0x0A, 0x80, 0x2C, 0x78]
    let path = try folder.write("a.csv", bytes)
    for encoding in [TextEncoding.gbk, .gb18030] {
      let file = try RecordFile(path: path, source: Self.source(encoding))
      #expect(file.csvHeader == ["用户", "事件"])
      #expect(try inputsTexts(file) == ["张三,购买", "€,x"])
      #expect(file.counts.brokenCharacters == 0)
    }
  }

  @Test(
    "files of every encoding hold what was written, however reads fall, packed too",
    arguments: [
      (TextEncoding.gbk, "GB18030", "时间用户购买商品龘"), (.gb18030, "GB18030", "时间𠀀用户😀é"),
      (.big5, "BIG5", "時間用戶購買"), (.shiftJIS, "CP932", "時間ユーザーたなか"),
      (.eucKR, "CP949", "시간사용자구매"), (.utf16, "UTF-16LE", "时间😀é"),
      (.utf16LE, "UTF-16LE", "用户😀x"), (.utf16BE, "UTF-16BE", "用户😀x"),
      (.windows1252, "CP1252", "àéîõü€ß"),
    ])
  func every(encoding: TextEncoding, name: String, letters: String) throws {
    let seed: UInt64 = 31
    var random = InputsRandom(seed: seed)
    let alphabet = Array(letters + "abc 12")
    let rows = (0..<12_000).map { _ in
      (0...random.below(14)).map { _ in String(alphabet[random.below(alphabet.count)]) }.joined()
        + ",x"
    }
    let text = "name,b\n" + rows.joined(separator: "\n") + "\n"
    let bytes = try Self.encoded(text, name)
    try #require(bytes.count > 100_000)
    for members in [0, 3] {
      let path = try folder.write(members == 0 ? "a.csv" : "a.csv.gz", bytes, members: members)
      let file = try RecordFile(path: path, source: Self.source(encoding))
      #expect(try inputsTexts(file, batch: 1000) == rows, "seed \(seed)")
      #expect(file.counts.brokenCharacters == 0)
      #expect(file.bytesRead == file.totalBytes)
    }
  }

  @Test("a byte order mark says what a file is in, whatever was declared, in JSON lines too")
  func marks() throws {
    let rows = ["{\"a\":\"用户\"}", "{\"a\":\"😀\"}"]
    let text = rows.joined(separator: "\n") + "\n"
    for (mark, name) in [([UInt8(0xFF), 0xFE], "UTF-16LE"), ([0xFE, 0xFF], "UTF-16BE")] {
      let bytes = mark + (try Self.encoded(text, name))
      for (file, members) in [("\(name).jsonl", 0), ("\(name).jsonl.gz", 1)] {
        let path = try folder.write(file, bytes, members: members)
        #expect(try inputsTexts(try RecordFile(path: path, source: inputsSource())) == rows)
      }
    }
    let marked = try folder.write("m.csv", "\u{FEFF}名,b\n张三,1\n")
    let file = try RecordFile(path: marked, source: Self.source(.gbk))
    #expect(file.csvHeader == ["名", "b"])
    #expect(try inputsTexts(file) == ["张三,1"])
    let wide = try folder.write(
      "w.csv", [0xFF, 0xFE] + (try Self.encoded("a,b\n1,é\n", "UTF-16LE")))
    #expect(try inputsTexts(try RecordFile(path: wide, source: Self.source(.gbk))) == ["1,é"])
  }

  @Test("bytes that are no characters make their own row no text, and are counted")
  func broken() throws {
    let good = try Self.encoded("张三,1\n", "GB18030")
    let header = Array("a,b\n".utf8)
    // A lead byte before a newline; one at the end of the file.
    let path = try folder.write("a.csv", header + good + [0xD5, 0x0A] + good + [0x78, 0xD5])
    let file = try RecordFile(path: path, source: Self.source(.gbk))
    var rows: [[UInt8]] = []
    while try file.nextBatch(
      max: 10,
      { batch in
        rows += batch.map {
          Array(UnsafeBufferPointer(start: $0.payload, count: Int($0.payloadCount)))
        }
      }) > 0
    {}
    let text = Array("张三,1".utf8)
    #expect(rows == [text, [0xFF], text, [0x78, 0xFF]])
    #expect(file.counts.brokenCharacters == 2)
    let odd = try folder.write(
      "o.csv", Array("a\n".utf8).flatMap { [$0, 0] } + [0x00, 0xD8, 0x41])
    let wide = try RecordFile(path: odd, source: Self.source(.utf16LE))
    _ = try inputsTexts(wide)
    #expect(wide.counts.brokenCharacters == 1)
  }

  @Test("a wrong encoding is named with what to do, before anything is read")
  func wrong() throws {
    func error(_ name: String, _ bytes: [UInt8], _ encoding: TextEncoding) throws -> String {
      let path = try folder.write(name, bytes)
      let error = #expect(throws: InputError.self) {
        try RecordFile(path: path, source: Self.source(encoding))
      }
      return error?.description ?? ""
    }
    let header = "时间,用户,事件,金额\n"
    let undeclared = try error("g.csv", try Self.encoded(header, "GB18030"), .utf8)
    #expect(undeclared.contains("g.csv:1: the first row is not UTF-8 text, it looks like gbk"))
    #expect(undeclared.contains("csv: {encoding: gbk}"))
    let declared = try error("u.csv", Array(header.utf8), .gbk)
    #expect(declared.contains("is UTF-8 text, not gbk; leave csv.encoding out"))
    let other = try error("o.csv", [0xFF, 0xFF, 0x2C, 0xFF, 0x0A], .gbk)
    #expect(other.contains("the first row is not gbk text"))
  }

  @Test("the head of a file is what it begins with, unpacked")
  func head() throws {
    let text = String(repeating: "a,b\n", count: 500)
    let plain = try folder.write("a.csv", text)
    let packed = try folder.write("a.csv.gz", text, members: 2)
    #expect(try InputFiles.head(plain) == Array(text.utf8))
    #expect(try InputFiles.head(packed, bytes: 7) == Array("a,b\na,b".utf8))
  }

  @Test("rows with thousands become JSON without them, under the header as it is")
  func thousandsToJSON() throws {
    let path = try folder.write("a.csv", "\"1,000\",b\n\"1,299.00\",\"x, y\"\n")
    let format = CSVFormat(thousands: NumberGroups(separator: ","))
    let file = try RecordFile(path: path, source: inputsSource(.csv(format)))
    #expect(file.csvHeader == ["1,000", "b"])
    guard case .csv(let csv) = file.format else {
      Issue.record("no CSV")
      return
    }
    var rows = RowToJSON(format: csv)
    var made: [String] = []
    _ = try file.nextBatch(max: 9) { batch in
      for row in batch {
        let bytes = UnsafeRawBufferPointer(start: row.payload, count: Int(row.payloadCount))
        let isRow = rows.convert(bytes)
        #expect(isRow)
        made.append(String(decoding: rows.json, as: UTF8.self))
      }
    }
    #expect(made == ["{\"1,000\":\"1299.00\",\"b\":\"x, y\"}"])
  }
}
