import Glibc
import StreamCore
import Testing

@testable import WorkerRuntime

@Suite("Producing files into a topic")
struct InputsProduceTests {
  let folder: InputsFolder
  let sink = MemorySink()
  let clock = ManualClock()

  init() throws { folder = try InputsFolder() }

  private func producer(
    _ options: ProduceOptions, source: SourcePlan = inputsSource()
  ) -> TopicProducer<ManualClock> {
    var options = options
    options.spillDirectory = folder.path
    return TopicProducer(source: source, options: options, clock: clock, sink: sink)
  }

  @Test("JSON lines are sent as they are, keyed by user, in the order of the files given")
  func fileOrder() throws {
    let b = try folder.write("b.jsonl", "{\"user\":\"ann\",\"time\":9}\n{\"user\":7,\"time\":3}\n")
    let a = try folder.write("a.jsonl.gz", "{\"time\":5}\n{broken\n", members: 1)
    clock.wall = 42
    let report = try producer(ProduceOptions(topic: "shop")).run(files: [b, a])
    #expect(
      sink.records == [
        .init(topic: "shop", key: "ann", value: "{\"user\":\"ann\",\"time\":9}", timestampMs: 42),
        .init(topic: "shop", key: "7", value: "{\"user\":7,\"time\":3}", timestampMs: 42),
        .init(topic: "shop", key: nil, value: "{\"time\":5}", timestampMs: 42),
        .init(topic: "shop", key: nil, value: "{broken", timestampMs: 42),
      ])
    #expect(report.read == 4)
    #expect(report.sent == 4)
    #expect(report.delivered == 4)
    #expect(report.keyless == 2)
    #expect(report.bytesRead == report.totalBytes)
    #expect(report.remainingMs == nil || report.remainingMs == 0)
  }

  @Test("sorting sends all files in order of event time; --key replaces the user")
  func sorting() throws {
    let text = { (times: [Int]) in
      times.map { "{\"user\":\"u\",\"card\":{\"no\":\"c\($0)\"},\"time\":\($0)}\n" }.joined()
    }
    let a = try folder.write("a.jsonl", text([5, 1, 9]))
    let b = try folder.write("b.jsonl", text([4, 8]))
    var options = ProduceOptions(topic: "t", keyPath: ["card", "no"], sorts: true)
    options.memoryBytes = 300
    let report = try producer(options).run(files: [a, b])
    #expect(sink.records.map(\.key) == ["c1", "c4", "c5", "c8", "c9"])
    #expect(report.sent == 5)
  }

  @Test("CSV rows become JSON objects that decode to the same values", arguments: 1...40)
  func rowsToJSON(seed: Int) throws {
    print("seed \(seed)")
    var random = InputsRandom(seed: UInt64(seed))
    let pieces = ["a", "\"\"", ",", "\n", "\\", "\u{1}", "多", " ", "\t", "}", ""]
    let header = ["user", "p.a.b", "time", "x", "p.c", "x.y", "na\"me"].shuffled(using: &random)
    var text = header.map { "\"" + $0.split(separator: "\"").joined(separator: "\"\"") + "\"" }
      .joined(separator: ",")
    for row in 0..<30 {
      let cells = (0..<(1 + random.below(8))).map { _ in
        random.chance(0.5)
          ? "\"" + (0..<random.below(5)).map { _ in pieces[random.below(pieces.count)] }.joined()
            + "\"" : random.chance(0.3) ? "" : "c\(random.below(9))"
      }
      text += "\nu\(row)," + cells.joined(separator: ",")
    }
    let path = try folder.write("a.csv", text + "\n")
    var source = inputsSource()
    source.fields += [["p", "a", "b"], ["p", "c"], ["x.y"], ["x"], ["na\"me"]].map { .paths([$0]) }
    _ = try producer(ProduceOptions(topic: "t"), source: source).run(files: [path])
    let file = try RecordFile(path: path, source: source)
    let rows = try inputsTexts(file).compactMap { $0 }
    #expect(sink.records.count == rows.count)
    for (row, record) in zip(rows, sink.records) {
      #expect(
        Self.values(of: row, source, file.format) == Self.values(of: record.value, source, .json))
    }
  }

  /// The texts that a payload decodes to.
  static func values(
    of payload: String, _ source: SourcePlan, _ format: PayloadFormat
  ) -> [String?] {
    var plan = source
    plan.format = format
    let decoder = EventDecoder(source: plan, topic: "t")
    var slots = [Value](repeating: .missing, count: plan.fields.count)
    let bytes = Array(payload.utf8)
    let reason = bytes.withUnsafeBufferPointer { bytes in
      var message = RawMessage(
        payload: bytes.baseAddress, payloadCount: Int32(bytes.count), offset: 0)
      return decoder.decode(&message, into: &slots)
    }
    if let reason { return [reason.code] }
    return slots.map { $0.isNull ? nil : String(decoding: $0.bytes, as: UTF8.self) }
  }

  @Test("a row that is no CSV is sent as it is and counted; --raw sends every row as it is")
  func rawRows() throws {
    let path = try folder.write("a.csv", "user,time\nann,1,more\n\"bob\"x,2\n")
    let report = try producer(ProduceOptions(topic: "t")).run(files: [path])
    #expect(
      sink.records.map(\.value) == [
        "{\"user\":\"ann\",\"time\":\"1\",\"_rest\":[\"more\"]}", "\"bob\"x,2",
      ])
    #expect(report.unconverted == 1)
    sink.records = []
    _ = try producer(ProduceOptions(topic: "t", keepsRows: true)).run(files: [path])
    #expect(sink.records.map(\.value) == ["ann,1,more", "\"bob\"x,2"])
    #expect(sink.records.map(\.key) == ["ann", nil])
  }

  @Test("a rate is kept by the clock passed in, and progress tells it")
  func pacing() throws {
    let path = try folder.write("a.jsonl", String(repeating: "{\"user\":\"u\"}\n", count: 101))
    var reports: [ProduceProgress] = []
    _ = try producer(ProduceOptions(topic: "t", ratePerSecond: 20)).run(files: [path]) {
      reports.append($0)
    }
    #expect(clock.monotonicNs == 5_000_000_000)
    #expect(sink.records.map(\.timestampMs) == (0...100).map { $0 * 50 })
    #expect(reports.count >= 20)
    let middle = reports[reports.count / 2]
    #expect(abs((middle.perSecond ?? 0) - 20) < 2)
    #expect(reports.last?.sent == 101)
  }

  @Test("after a stall a paced producer catches up on one second at most")
  func stall() {
    var pace = Pace(perSecond: 10, startNs: 0)
    var now: Int64 = 60_000_000_000
    var burst = 0
    while pace.nsUntilNext(atNs: now) <= 0 {
      pace.took()
      burst += 1
    }
    #expect(burst == 11)
    now += 100_000_000
    #expect(pace.nsUntilNext(atNs: now) <= 0)
  }

  @Test("stopping ends the sending in order, and what was sent is flushed")
  func stopping() throws {
    let path = try folder.write("a.jsonl", String(repeating: "{\"user\":\"u\"}\n", count: 1000))
    let report = try producer(ProduceOptions(topic: "t")).run(
      files: [path], shouldStop: { sink.records.count == 300 })
    #expect(report.sent == 300)
    #expect(sink.flushes == 1)
  }

  @Test("what the sink throws ends the run")
  func failing() throws {
    let path = try folder.write("a.jsonl", "{}\n{}\n")
    sink.failAfter = 1
    #expect(throws: MemorySink.Full.self) {
      _ = try producer(ProduceOptions(topic: "t")).run(files: [path])
    }
  }

  @Test("the shop's click stream goes out sorted, 31,106 records keyed by 600 users")
  func ecom() throws {
    let path = try inputsSharedData("ecom/ecom.csv.gz")
    var options = ProduceOptions(topic: "shop", sorts: true)
    options.memoryBytes = 1 << 20
    let report = try producer(
      options, source: inputsSource(user: "user_id", time: "timestamp")
    ).run(files: [path])
    #expect(report.delivered == 31_106)
    #expect(report.keyless == 0)
    #expect(Set(sink.records.map(\.key)).count == 600)
    #expect(
      sink.records.first?.value.hasPrefix("{\"user_id\":\"user_") == true)
  }

  @Test("rate and remaining time follow the last seconds")
  func meter() {
    var meter = RateMeter(spanMs: 1000)
    #expect(meter.perSecond == nil)
    for second in 0...10 { meter.note(done: Int64(second) * 100, atMs: Int64(second) * 1000) }
    #expect(meter.perSecond == 100)
    for step in 1...20 {
      meter.note(done: 1000 + Int64(step) * 50, atMs: 10_000 + Int64(step) * 100)
    }
    #expect(meter.perSecond == 500)
    #expect(meter.remainingMs(total: 7000) == 10_000)
    for step in 1...20 { meter.note(done: 2000, atMs: 12_000 + Int64(step) * 100) }
    #expect(meter.remainingMs(total: 7000) == nil)
  }
}

/// A topic in memory.
final class MemorySink: RecordSink {
  struct Record: Equatable {
    var topic: String
    var key: String?
    var value: String
    var timestampMs: Int64
  }
  struct Full: Error {}

  var records: [Record] = []
  var flushes = 0
  var failAfter = Int.max

  func send(
    topic: String, key: UnsafeRawBufferPointer?, value: UnsafeRawBufferPointer, timestampMs: Int64
  ) throws {
    if records.count >= failAfter { throw Full() }
    records.append(
      Record(
        topic: topic, key: key.map { String(decoding: $0, as: UTF8.self) },
        value: String(decoding: value, as: UTF8.self), timestampMs: timestampMs))
  }

  var delivery: DeliveryCounts { DeliveryCounts(delivered: records.count) }

  func flush(timeoutMs: Int32) throws { flushes += 1 }
}

/// A clock that moves only when someone waits.
final class ManualClock: ProduceClock {
  var wall: Int64 = 0
  var monotonicNs: Int64 = 0
  var wallMs: Int64 { wall + monotonicNs / 1_000_000 }
  func wait(nanoseconds: Int64) { monotonicNs += nanoseconds }
}
