import ArgumentParser
import KafkaClient
import PipelineSpec
import SnapshotStore
import StreamCore
import Testing
import WorkerRuntime

@testable import weir

@Suite struct ExitMappingTests {
  @Test func `Files that belong to others, or cannot be had, are out of reach`() {
    let wrong: Set<StoreError.Kind> = [.damaged, .conflict, .invalid]
    for kind in StoreError.Kind.allCases {
      let error = StoreError(kind: kind, path: "a.sqlite", what: "it is", whatToDo: "Do that")
      let ending = ExitMapping.ending(of: error)
      #expect(ending.code.rawValue == (wrong.contains(kind) ? 1 : 3))
      #expect(ending.message == "Error: a.sqlite: it is. Do that.")
    }
  }

  @Test func `Errors of the runtime bring their exit code`() {
    func code(_ error: any Error) -> Int32 { ExitMapping.ending(of: error).code.rawValue }
    #expect(code(WorkerError(.usage, "a", whatToDo: "b")) == 2)
    #expect(code(WorkerError(.outside, "a", whatToDo: "b")) == 3)
    #expect(code(WorkerError(.refused, "a", whatToDo: "b")) == 3)
    #expect(code(InputError(.corrupt, file: "a", reason: "b", advice: "c")) == 1)
    #expect(code(InputError(.unreachable, file: "a", reason: "b", advice: "c")) == 3)
    #expect(code(ValidationError("a")) == 2)
    #expect(code(CleanExit.helpRequest(Weir.self)) == 0)
    #expect(code(ExitCode.foundWrong) == 1)
    #expect(ExitMapping.ending(of: ExitCode.foundWrong).message.isEmpty)
  }

  @Test func `A Kafka option that does not exist is wrong usage`() throws {
    let settings = KafkaSettings(brokers: "127.0.0.1:1", options: ["no.such": "1"])
    let error = try #require(throws: KafkaError.self) { try KafkaTopics(settings: settings) }
    #expect(ExitMapping.ending(of: error).code == .wrongUsage)
  }

  @Test func `Every fault of a pipeline is told`() {
    let faults = PipelineFaults(
      [2, 1].map { PipelineFault(file: "a", line: $0, column: 1, code: "c", message: "m") })
    #expect(
      ExitMapping.ending(of: faults)
        == .init(code: .foundWrong, message: "a:1:1 error[c] m\na:2:1 error[c] m"))
  }
}

@Suite struct TextTableTests {
  @Test func `Columns stand under each other in any script`() {
    var table = TextTable([("city", .left), ("n", .right), ("", .left)])
    #expect(table.isEmpty)
    table.add(["上海", "5"])
    table.add(["Xi'an", "1,234", "late\u{1B}[2J"])
    #expect(
      table.text() == """
        city       n
        上海       5
        Xi'an  1,234  late\u{FFFD}[2J

        """)
  }

  @Test func `Numbers and times are short`() {
    #expect(Terminal.grouped(1_234_567) == "1,234,567")
    #expect(Terminal.grouped(-999) == "-999")
    #expect(Terminal.grouped(.min) == "-9,223,372,036,854,775,808")
    #expect(Terminal.count(1, "row") == "1 row")
    #expect(Terminal.clock(ms: 61_000) == "1:01")
    #expect(Terminal.clock(ms: 3_661_001) == "1:01:02")
    #expect(MetricLine.shortened(0.1 + 0.2) == "0.3")
    #expect(MetricLine.shortened(-1e-9) == "-1e-09")
    #expect(MetricLine.shortened(0) == "0")
  }

  @Test func `Progress names rate and time left`() throws {
    var progress = try progress()
    #expect(Produce.progress(progress) == "1,000 sent")
    (progress.bytesRead, progress.totalBytes) = (1, 4)
    (progress.perSecond, progress.remainingMs) = (2500.5, 61_000)
    #expect(Produce.progress(progress) == "1,000 sent, 25% read, 2,500/s, 1:01 left")
  }

  /// What a producer of a thousand records reports.
  private func progress() throws -> ProduceProgress {
    let folder = try TemporaryFolder()
    let file = try folder.write(String(repeating: "{}\n", count: 1000), to: "a.jsonl")
    let target = try ProduceTarget(topic: "t", brokers: nil, pipeline: nil, source: nil)
    let producer = TopicProducer(
      source: target.source, options: ProduceOptions(topic: "t"), clock: StoppedClock(),
      sink: Nowhere())
    var done = try producer.run(files: [file])
    done.totalBytes = nil
    return done
  }

  private struct StoppedClock: ProduceClock {
    var wallMs: Int64 { 0 }
    var monotonicNs: Int64 { 0 }
    func wait(nanoseconds: Int64) {}
  }

  private final class Nowhere: RecordSink {
    var delivery = DeliveryCounts()
    func send(
      topic: String, key: UnsafeRawBufferPointer?, value: UnsafeRawBufferPointer, timestampMs: Int64
    ) { delivery.delivered += 1 }
    func flush(timeoutMs: Int32) {}
  }
}
