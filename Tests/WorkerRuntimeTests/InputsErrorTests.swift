import Glibc
import StreamCore
import Testing

@testable import WorkerRuntime

@Suite("Input that cannot be read says so")
struct InputsErrorTests {
  let folder: InputsFolder

  init() throws { folder = try InputsFolder() }

  private func failure(of path: String) throws -> InputError {
    do {
      _ = try inputsRecords(try RecordFile(path: path, source: inputsSource()))
    } catch let error as InputError {
      return error
    }
    Issue.record("\(path) could be read")
    return InputError(.corrupt, file: path, reason: "", advice: "")
  }

  @Test("a missing file and a directory are named with what to do")
  func unreachable() throws {
    let missing = try failure(of: "\(folder.path)/none.jsonl")
    #expect(missing.kind == .unreachable)
    #expect(missing.description.contains("none.jsonl: cannot be opened: No such file"))
    let directory = try failure(of: folder.path)
    #expect(directory.description.contains("is a directory; name its files, for example"))
  }

  @Test("a copy of what can be read only once has no name that could be left behind")
  func spooled() throws {
    let file = try folder.write("good.jsonl", "{\"a\":1}\n")
    let copies = try InputsFolder()
    let copy = try InputFiles.spool(file, in: copies.path)
    defer { close(copy) }
    #expect(copies.names.isEmpty)
    for _ in 0..<2 {
      #expect(try InputFiles.head("/proc/self/fd/\(copy)") == Array("{\"a\":1}\n".utf8))
    }
  }

  @Test("all faults of a list of files are reported together, before anything is read")
  func together() throws {
    let good = try folder.write("good.jsonl", "{}\n")
    let options = SortedInput.Options(partitions: 1, spillDirectory: folder.path)
    let error = try #require(throws: InputErrors.self) {
      _ = try SortedInput(
        source: inputsSource(), files: [good, "\(folder.path)/b", "\(folder.path)/a", good],
        options: options)
    }
    #expect(error.errors.map(\.file) == ["a", "b", "good.jsonl"].map { "\(folder.path)/\($0)" })
    #expect(error.errors[2].description.contains("is the same file as"))
  }

  @Test(
    "a gzip file cut anywhere gives a prefix of its records and then an error", arguments: 1...20)
  func truncatedGzip(seed: Int) throws {
    print("seed \(seed)")
    var random = InputsRandom(seed: UInt64(seed))
    let made = InputsText.json(&random, records: 3000)
    let whole = try folder.write("whole.gz", made.text, members: 1)
    var bytes = try Self.bytes(of: whole)
    bytes.removeLast(1 + random.below(bytes.count - 10))
    let path = try folder.write("cut.gz", bytes)
    let file = try RecordFile(path: path, source: inputsSource())
    var records: [String?] = []
    let error = try #require(throws: InputError.self) {
      while try file.nextBatch(max: 64, { records += $0.map { InputsRecord($0).text } }) > 0 {}
    }
    #expect(error.kind == .corrupt)
    #expect(error.description.contains("gzip data ends too early at byte \(bytes.count)"))
    #expect(records.elementsEqual(made.records.prefix(records.count)))
    #expect(throws: InputError.self) { try file.nextBatch(max: 1) { _ in } }
  }

  @Test("damaged gzip and bytes after it are errors that say where; zero padding is not")
  func damagedGzip() throws {
    var random = InputsRandom(seed: 5)
    let made = InputsText.json(&random, records: 2000)
    let good = try Self.bytes(of: try folder.write("good.gz", made.text, members: 2))
    var damaged = good
    for index in (good.count / 2)..<(good.count / 2 + 8) { damaged[index] ^= 0xFF }
    let error = try failure(of: try folder.write("damaged.gz", damaged))
    #expect(error.reason == "gzip data is damaged")
    #expect((error.byte ?? 0) >= Int64(good.count / 2))
    let followed = try failure(of: try folder.write("followed.gz", good + Array("junk".utf8)))
    #expect(followed.byte == Int64(good.count))
    let padded = try folder.write("padded.gz", good + [UInt8](repeating: 0, count: 1000))
    #expect(
      try inputsTexts(try RecordFile(path: padded, source: inputsSource())) == made.records)
  }

  @Test("other compressions and encodings are named")
  func otherKinds() throws {
    let zstd = try failure(of: try folder.write("a.zst", [0x28, 0xB5, 0x2F, 0xFD, 0, 0, 0]))
    #expect(zstd.description.contains("is zstd-compressed; unpack it with zstd -d"))
    let wide = try failure(of: try folder.write("a.txt", [0xFF, 0xFE, 0, 0, 0x7B, 0]))
    #expect(wide.description.contains("UTF-32"))
  }

  @Test("an empty file, an empty gzip file and a lone BOM hold no records")
  func empty() throws {
    for (name, bytes, members) in [
      ("a", "", 0), ("b", "", 1), ("c", "\u{FEFF}", 0), ("d", "\n", 2),
    ] {
      let path = try folder.write(name, bytes, members: members)
      #expect(try inputsTexts(try RecordFile(path: path, source: inputsSource())).isEmpty)
    }
  }

  @Test("JSON lines taken for CSV are told by their first row")
  func wrongFormat() throws {
    let path = try folder.write("a.csv", "{\"a\":1,\"b\":2}\n")
    let error = try failure(of: path)
    #expect(error.description.hasPrefix("\(path):1: the first row does not hold column names"))
  }

  @Test("a spill directory that cannot be written is an error that names it")
  func spillDirectory() throws {
    let path = try folder.write(
      "a.jsonl", "{\"user\":\"a\",\"time\":1}\n{\"user\":\"b\",\"time\":2}\n")
    let options = SortedInput.Options(
      partitions: 1, memoryBytes: 1, spillDirectory: "\(folder.path)/none")
    let error = try #require(throws: InputError.self) {
      _ = try SortedInput(source: inputsSource(), files: [path], options: options)
    }
    #expect(error.kind == .failedSpill)
    #expect(error.description.contains("\(folder.path)/none: a temporary file"))
  }

  static func bytes(of path: String) throws -> [UInt8] {
    let stream = try #require(fopen(path, "rb"))
    defer { fclose(stream) }
    var bytes = [UInt8](repeating: 0, count: 4 << 20)
    bytes.removeLast(bytes.count - fread(&bytes, 1, bytes.count, stream))
    return bytes
  }
}
