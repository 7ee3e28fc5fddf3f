import Glibc
import StreamCore
import Testing

@testable import WorkerRuntime

@Suite("Sorting files by event time into virtual partitions")
struct InputsSortTests {
  let folder: InputsFolder

  init() throws { folder = try InputsFolder() }

  @Test(
    "random files come out as reading all of them and sorting them stably would give",
    arguments: 1...80)
  func matchesOracle(seed: Int) throws {
    print("seed \(seed)")
    var random = InputsRandom(seed: UInt64(seed))
    var files: [(path: String, events: [MadeEvent])] = []
    for index in 0..<(1 + random.below(4)) {
      let file = MadeFile.random(&random, index: index)
      let path = try folder.write(file.name, file.bytes, members: file.members)
      files.append((path, file.events))
    }
    var options = SortedInput.Options(
      partitions: 1 + random.below(6), spillDirectory: folder.path)
    options.maxRuns = 2 + random.below(4)
    if random.chance(0.8) { options.memoryBytes = 1 << (8 + random.below(10)) }
    let before = folder.names
    let input = try SortedInput(
      source: inputsSource(), files: files.map(\.path).shuffled(using: &random), options: options)
    #expect(folder.names == before, "temporary files have names")

    let expected = Self.oracle(files, partitions: options.partitions)
    let all = files.flatMap(\.events)
    #expect(input.counts.records == Int64(all.count))
    #expect(input.unreadable == Int64(all.count { $0.timeMs == nil }))
    #expect(input.userless == Int64(all.count { $0.timeMs != nil && $0.user == nil }))
    if options.memoryBytes < all.reduce(0, { $0 + $1.text.utf8.count }) {
      #expect(input.spilledRuns > 0)
    }
    for (number, partition) in input.partitions.enumerated() {
      let batch = 1 + random.below(500)
      var read: [MadeEvent] = []
      var offsets: [Int64] = []
      while try partition.nextBatch(
        max: batch,
        { messages in
          for message in messages {
            let record = InputsRecord(message)
            offsets.append(record.offset)
            read.append(MadeEvent(text: record.text ?? "", header: partition.csvHeader))
          }
        }) > 0
      {}
      #expect(offsets == (0..<Int64(read.count)).map { $0 })
      #expect(read.map(\.text) == expected[number].map(\.text))
      #expect(read.map(\.header) == expected[number].map(\.header))
      #expect(partition.nextOffset == Int64(read.count))
    }
  }

  /// What must come out: everything read at once, sorted stably, dealt by user.
  static func oracle(
    _ files: [(path: String, events: [MadeEvent])], partitions: Int
  ) -> [[MadeEvent]] {
    var placed: [(timeMs: Int64, index: Int, partition: Int, event: MadeEvent)] = []
    for file in files.sorted(by: { $0.path < $1.path }) {
      var time = Int64.min
      var partition = 0
      for (line, event) in file.events.enumerated() {
        if let own = event.timeMs {
          time = own
          var hash = VirtualPartition.hash(offset: Int64(line))
          if var user = event.user {
            hash = user.withUTF8 { Hash64.of(UnsafeRawBufferPointer($0)) }
          }
          partition = Int(hash % UInt64(partitions))
        }
        placed.append((time, placed.count, partition, event))
      }
    }
    placed.sort { ($0.timeMs, $0.index) < ($1.timeMs, $1.index) }
    return (0..<partitions).map { number in
      placed.filter { $0.partition == number }.map(\.event)
    }
  }

  @Test("partitions are read by several threads at once, with and without spilling")
  func concurrently() async throws {
    var random = InputsRandom(seed: 11)
    let file = MadeFile.random(&random, index: 0, events: 20_000)
    let path = try folder.write("a.jsonl", file.bytes)
    for memoryBytes in [1 << 16, 1 << 28] {
      let options = SortedInput.Options(
        partitions: 8, memoryBytes: memoryBytes, spillDirectory: folder.path)
      let input = try SortedInput(source: inputsSource(), files: [path], options: options)
      let read = try await withThrowingTaskGroup(of: (Int, [String?]).self) { group in
        for (number, partition) in input.partitions.enumerated() {
          group.addTask { (number, try inputsTexts(partition, batch: 50)) }
        }
        return try await group.reduce(into: [Int: [String?]]()) { $0[$1.0] = $1.1 }
      }
      let expected = Self.oracle([(path, file.events)], partitions: 8)
      for number in 0..<8 { #expect(read[number] == expected[number].map { $0.text as String? }) }
    }
  }

  @Test(
    "a record over the size limit and a 3 MB record survive the sort",
    arguments: [1 << 10, 1 << 28])
  func largeRecords(memoryBytes: Int) throws {
    let large = String(repeating: "x", count: 3 << 20)
    let oversized = String(repeating: "y", count: InputLimits.recordBytes)
    let path = try folder.write(
      "a.jsonl",
      "{\"time\":9000000,\"user\":\"a\"}\n{\"x\":\"\(oversized)\"}\n"
        + "{\"time\":5000000,\"user\":\"b\",\"x\":\"\(large)\"}\n"
        + "{\"time\":7000000,\"user\":\"c\"}\n"
    )
    let input = try SortedInput(
      source: inputsSource(), files: [path],
      options: .init(partitions: 1, memoryBytes: memoryBytes, spillDirectory: folder.path))
    let lengths = try inputsTexts(input.partitions[0]).map { $0?.utf8.count }
    #expect(lengths == [large.utf8.count + 34, 27, 27, nil])
    #expect(input.counts.oversized == 1)
    #expect(input.times == EventTime(ms: 5_000_000_000)...EventTime(ms: 9_000_000_000))
  }

  @Test("temporary files go to TMPDIR or beside the data file")
  func spillDirectory() {
    if getenv("TMPDIR") == nil {
      #expect(SortedInput.spillDirectory(beside: "/data/shop.sqlite") == "/data")
      #expect(SortedInput.spillDirectory(beside: "shop.sqlite") == ".")
      #expect(SortedInput.spillDirectory(beside: "/shop.sqlite") == "/")
    } else {
      #expect(!SortedInput.spillDirectory(beside: "/data/shop.sqlite").isEmpty)
    }
  }

  @Test("the shop's click stream: 31,106 records of 600 users, each user in one partition")
  func ecom() throws {
    let path = try inputsSharedData("ecom/ecom.csv.gz")
    let source = inputsSource(user: "user_id", time: "timestamp")
    let file = try RecordFile(path: path, source: source)
    let header = try #require(file.csvHeader)
    #expect(header.prefix(4) == ["user_id", "session_id", "event", "timestamp"])
    #expect(try inputsRecords(file).count == 31_106)
    for memoryBytes in [200_000, 1 << 28] {
      let input = try SortedInput(
        source: source, files: [path],
        options: .init(partitions: 4, memoryBytes: memoryBytes, spillDirectory: folder.path))
      #expect(input.counts.records == 31_106)
      #expect(input.unreadable == 0)
      var partitionOfUser: [Substring: Int] = [:]
      var records = 0
      var faults = 0
      for (number, partition) in input.partitions.enumerated() {
        var last = ""
        for text in try inputsTexts(partition, batch: 300) {
          let cells = (text ?? "").split(separator: ",", omittingEmptySubsequences: false)
          if last > cells[3] { faults += 1 }
          last = String(cells[3])
          if partitionOfUser.updateValue(number, forKey: cells[0]) ?? number != number {
            faults += 1
          }
          records += 1
        }
        #expect(records > 0)
      }
      #expect(faults == 0, "records out of order, or users in two partitions")
      #expect(records == 31_106)
      #expect(partitionOfUser.count == 600)
      #expect((input.spilledRuns > 0) == (memoryBytes == 200_000))
    }
  }
}

/// An event of a made-up file.
struct MadeEvent: Equatable {
  var text: String
  var timeMs: Int64?
  var user: String?
  var header: [String]?
}

/// A made-up file of events and what a reader must make of them.
struct MadeFile {
  var name: String
  var bytes: [UInt8] = []
  var members: Int
  var events: [MadeEvent] = []

  static func random(
    _ random: inout InputsRandom, index: Int, events count: Int? = nil
  ) -> MadeFile {
    let isCSV = count == nil && random.chance(0.5)
    let members = count == nil && random.chance(0.4) ? 1 + random.below(3) : 0
    var file = MadeFile(
      name: "\(random.below(1000))-\(index)" + (isCSV ? ".csv" : ".jsonl"), members: members)
    if members > 0 { file.name += ".gz" }
    let header = ["time", "user", "text"].shuffled(using: &random)
    if isCSV { file.bytes += Array((header.joined(separator: ",") + "\n").utf8) }
    let isSorted = random.chance(0.3)
    for line in 0..<(count ?? random.below(random.chance(0.2) ? 3000 : 100)) {
      var event = MadeEvent(text: "", timeMs: 1_700_000_000_000 + Int64(random.below(2000)))
      if isSorted { event.timeMs = 1_700_000_000_000 + Int64(line / 3) }
      if random.chance(0.1) { event.timeMs = nil }
      if random.chance(0.8) { event.user = "u\(random.below(20))" }
      if isCSV {
        event.text = event.csvRow(header, &random)
        event.header = header
      } else {
        event.text = event.jsonLine(line, &random)
      }
      file.events.append(event)
      file.bytes += Array(event.text.utf8) + [0x0A]
    }
    return file
  }
}

extension MadeEvent {
  fileprivate func csvRow(_ header: [String], _ random: inout InputsRandom) -> String {
    header.map { name in
      switch name {
      case "time": timeMs.map(String.init) ?? "never"
      case "user": user ?? ""
      default: random.chance(0.3) ? "\"a\n\"\"b\(random.below(99))\"" : "t\(random.below(99))"
      }
    }.joined(separator: ",")
  }

  fileprivate func jsonLine(_ line: Int, _ random: inout InputsRandom) -> String {
    guard let timeMs else { return random.chance(0.5) ? "{\"broken \(line)" : "{\"n\":\(line)}" }
    let filler = String(repeating: "z", count: random.chance(0.02) ? 5000 : random.below(20))
    let who = user.map { "\"\($0)\"" } ?? "null"
    return "{\"n\":\(line),\"time\":\(timeMs),\"user\":\(who),\"x\":\"\(filler)\"}"
  }
}
