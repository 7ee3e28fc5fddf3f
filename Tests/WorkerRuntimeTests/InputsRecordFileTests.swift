import CZlib
import Glibc
import StreamCore
import Testing

@testable import WorkerRuntime

@Suite("Reading records from files")
struct InputsRecordFileTests {
  let folder: InputsFolder

  init() throws { folder = try InputsFolder() }

  @Test(
    "a JSON line is a record; BOM, CR, empty lines and a missing last newline are no part of it")
  func jsonLines() throws {
    let path = try folder.write(
      "a.jsonl", "\u{FEFF}{\"a\":1}\r\n\n  \t\r\n{\"a\":2}\n\r\n{\"a\":3}")
    let file = try RecordFile(path: path, source: inputsSource())
    #expect(
      try inputsRecords(file) == [
        InputsRecord(offset: 0, text: "{\"a\":1}"), InputsRecord(offset: 1, text: "{\"a\":2}"),
        InputsRecord(offset: 2, text: "{\"a\":3}"),
      ])
    #expect(file.counts.records == 3)
    #expect(file.counts.emptyLines == 3)
    #expect(file.csvHeader == nil)
  }

  @Test("the first CSV row names the columns and has no offset")
  func csvHeader() throws {
    let path = try folder.write(
      "a.csv", "\u{FEFF}time, \"us\"\"er\",\"x\ny\"\n1,a,2\n3,\"b\n\"\"c\",4\n")
    let file = try RecordFile(path: path, source: inputsSource(.csv(CSVFormat(trim: true))))
    #expect(file.csvHeader == ["time", "us\"er", "x\ny"])
    #expect(
      try inputsRecords(file) == [
        InputsRecord(offset: 0, text: "1,a,2"), InputsRecord(offset: 1, text: "3,\"b\n\"\"c\",4"),
      ])
  }

  @Test("with a header in the pipeline every CSV row is a record")
  func plannedHeader() throws {
    let path = try folder.write("a.txt", " 1 2\n\n3  4\n")
    let format = CSVFormat(delimiter: 0x20, header: ["a", "b"])
    let file = try RecordFile(path: path, source: inputsSource(.csv(format)))
    #expect(file.csvHeader == ["a", "b"])
    #expect(try inputsTexts(file) == [" 1 2", "3  4"])
  }

  @Test("a quote inside a value is text, and one never closed costs its own line only")
  func strayQuotes() throws {
    let text = "h,i\n5\" tv,1\n3,it\"s\nx,\"open\n2,y\n"
    let path = try folder.write("a.csv", text)
    let file = try RecordFile(path: path, source: inputsSource(.csv(CSVFormat())))
    #expect(try inputsTexts(file) == ["5\" tv,1", "3,it\"s", "x,\"open", "2,y"])
  }

  @Test("the name of a file tells its format, else the source does")
  func formats() {
    let json = inputsSource()
    let table = inputsSource(.csv(CSVFormat(delimiter: 0x3B)))
    #expect(InputFiles.format(of: "a.CSV.gz", source: json) == .csv(CSVFormat()))
    #expect(InputFiles.format(of: "a.tsv", source: json) == .csv(CSVFormat(delimiter: 0x09)))
    #expect(InputFiles.format(of: "a.csv", source: table) == table.format)
    #expect(InputFiles.format(of: "a.ndjson.gz", source: table) == .json)
    #expect(InputFiles.format(of: "-", source: json) == .json)
    #expect(InputFiles.format(of: "data.txt", source: table) == table.format)
  }

  @Test("a record over the limit keeps its offset, is counted, and its neighbours are whole")
  func oversized() throws {
    let long = String(repeating: "x", count: 700_000)
    let path = try folder.write("a.jsonl", "{1}\n\n\(long)\n{2}\n\(long)\(long)\n{3}\n\(long)")
    let file = try RecordFile(path: path, source: inputsSource(), recordLimit: 600_000)
    #expect(try inputsTexts(file) == ["{1}", nil, "{2}", nil, "{3}", nil])
    #expect(file.counts.oversized == 3)
    #expect(file.counts.records == 6)
    let first = try #require(file.counts.oversizedSamples.first)
    #expect(first.description == "\(path):3")
    #expect(first.byte == 5)
    #expect(file.counts.oversizedSamples.map(\.offset) == [1, 3, 5])
    #expect(file.counts.oversizedSamples.map(\.line) == [3, 5, 7])
  }

  @Test(
    "skipping to an offset leaves what reading from the start would have given", arguments: 1...8)
  func skipping(seed: Int) throws {
    print("seed \(seed)")
    var random = InputsRandom(seed: UInt64(seed))
    let path = try folder.write(
      "a.csv.gz", InputsText.csv(&random, records: 300).text, members: 1 + random.below(3))
    let source = inputsSource(.csv(CSVFormat()))
    let all = try inputsRecords(try RecordFile(path: path, source: source))
    let count = random.below(all.count + 20)
    let file = try RecordFile(path: path, source: source)
    #expect(try file.skip(records: Int64(count)) == Int64(min(count, all.count)))
    #expect(try inputsRecords(file) == Array(all.dropFirst(count)))
  }

  @Test(
    "random files, plain or gzip in members, give the records they were made of", arguments: 1...60)
  func randomFiles(seed: Int) throws {
    print("seed \(seed)")
    var random = InputsRandom(seed: UInt64(seed))
    let isCSV = random.chance(0.5)
    let records = random.below(random.chance(0.2) ? 20_000 : 60)
    let made =
      isCSV ? InputsText.csv(&random, records: records) : .json(&random, records: records)
    let members = random.chance(0.5) ? 0 : 1 + random.below(4)
    let path = try folder.write("f", made.text, members: members)
    let progress = InputProgress(totalBytes: InputFiles.totalBytes([path]))
    let file = try RecordFile(
      path: path, source: inputsSource(isCSV ? .csv(CSVFormat()) : .json), progress: progress)
    let read = try inputsRecords(file, batch: 1 + random.below(3000))
    #expect(read.map(\.text) == made.records)
    #expect(read.map(\.offset) == (0..<Int64(read.count)).map { $0 })
    #expect(file.counts.emptyLines == made.emptyLines)
    #expect(progress.records == Int64(made.records.count))
    #expect(progress.bytesRead == progress.totalBytes)
  }

  @Test("standard input through a pipe reads like a file")
  func pipes() throws {
    let path = "\(folder.path)/pipe"
    #expect(mkfifo(path, 0o600) == 0)
    // Opened for both, so that neither end waits; what is written fits the pipe.
    let writer = open(path, O_RDWR)
    let text = "{\"a\":1}\n{\"a\":2}\n"
    #expect(write(writer, text, text.utf8.count) == text.utf8.count)
    let file = try RecordFile(path: path, source: inputsSource())
    #expect(file.totalBytes == nil)
    var first: [InputsRecord] = []
    _ = try file.nextBatch(max: 10) { first = $0.map(InputsRecord.init) }
    #expect(first.map(\.text) == ["{\"a\":1}", "{\"a\":2}"])
    close(writer)
  }
}

/// Text of a random file, and the records it was made of.
struct InputsText {
  var text: [UInt8] = []
  var records: [String?] = []
  var emptyLines: Int64 = 0

  private mutating func add(_ record: String, _ random: inout InputsRandom, isLast: Bool) {
    records.append(record)
    text += Array(record.utf8)
    if isLast, random.chance(0.5) { return }
    text += random.chance(0.3) ? [0x0D, 0x0A] : [0x0A]
    while random.chance(0.1) {
      text += random.chance(0.3) ? [0x0D, 0x0A] : [0x0A]
      emptyLines += 1
    }
  }

  static func json(_ random: inout InputsRandom, records: Int) -> InputsText {
    var made = InputsText()
    for index in 0..<records {
      let filler = String(repeating: "é", count: random.chance(0.01) ? 40_000 : random.below(30))
      made.add("{\"n\":\(index),\"x\":\"\(filler)\"}", &random, isLast: index == records - 1)
    }
    return made
  }

  static func csv(_ random: inout InputsRandom, records: Int) -> InputsText {
    var made = InputsText(text: Array("time,user,text\n".utf8))
    let parts = ["a", "\"\"", "\n", "\r\n", ",", "多", "\n\n"]
    for index in 0..<records {
      var row = "\(index),"
      if random.chance(0.3) {
        row += "\"" + (0..<random.below(6)).map { _ in parts[random.below(parts.count)] }.joined()
        row += "\",\"q\""
      } else {
        row += "plain,it\"s"
      }
      made.add(row, &random, isLast: index == records - 1)
    }
    return made
  }
}
