import Foundation
import KafkaClient
import PipelineSpec
import SnapshotStore
import StreamCore

/// An embedded broker, the simulated shop that sends into it, and a worker that reads from it, in
/// this process.
///
/// The shop and the worker have a thread each from `init` to the end of `stop()`; the session lives
/// until then. Every method may be called from any thread.
public final class DemoSession: Sendable {
  /// Name of the pipeline that demonstrations run as, so that no other's file is ever replaced.
  public static let pipelineName = "shop-demo"
  /// The source of business facts, in pipelines that read them.
  public static let factsSource = "facts"
  /// Partitions of the shop's topic.
  public static let partitions = 4

  /// The pipeline that runs.
  public let pipeline: Pipeline
  /// The options that it was started with.
  public let options: DemoOptions
  private let broker: EmbeddedBroker
  private let topic: String
  /// Where business facts go, of a pipeline that reads them.
  private let factsTopic: String?
  private let board: DemoBoard
  private let workerStop = StopFlag()
  /// Wall time between two looks at what the shop has to send.
  private static let beatMs: Int64 = 20
  /// Events sent between two such looks at most, so that a stop is heard soon.
  private static let beatMax = 5_000
  /// Longest wall time that the shop catches up on when the process stood still.
  private static let catchUpMaxMicroseconds: Int64 = 500_000
  /// Events not known to be read, beyond which the shop waits: the broker keeps 5 MiB a partition
  /// and drops what is older.
  private static let unreadMax = 100_000

  /// Starts everything.
  ///
  /// - Throws: `PipelineFaults`; `StoreError` when the file is not an earlier demonstration's or is
  ///   in use; `KafkaError`; `WorkerError` for a pipeline that does not read one topic.
  public init(_ options: DemoOptions) throws {
    self.options = options
    broker = try EmbeddedBroker()
    var pipeline = try Pipeline.parse(
      text: options.pipelineText, file: "the demo's pipeline",
      environment: ["WEIR_BROKERS": broker.bootstrapServers])
    pipeline.plan.name = Self.pipelineName
    let facts = pipeline.kafka[Self.factsSource]
    let others = pipeline.kafka.filter { $0.key != Self.factsSource }.values
    guard others.count == 1, let source = others.first else {
      throw WorkerError(
        .usage,
        "the demo's pipeline must have one Kafka topic of a shop's events, and may have one "
          + "of facts, as the source \(Self.factsSource)",
        whatToDo: "take pipelines/shop.yaml or pipelines/kpi.yaml as it is")
    }
    self.pipeline = pipeline
    topic = source.topic
    factsTopic = facts?.topic
    board = DemoBoard(opening: options.opening, threads: 2)
    try Self.removeEarlierFile(options.dataPath, pipeline)
    try broker.createTopic(topic, partitions: Self.partitions)
    if let factsTopic { try broker.createTopic(factsTopic, partitions: 1) }
    for letters in Set(pipeline.kafka.values.compactMap(\.deadLetters)).sorted() {
      try broker.createTopic(letters, partitions: 1)
    }
    begin("demo-worker") { try $0.runWorker() }
    begin("demo-shop") { try $0.runShop() }
  }

  /// How it is doing now.
  public var progress: DemoProgress { board.current }

  /// Waits at most `timeoutMs` until `isDone` holds or everything has ended; whether it holds.
  public func wait(timeoutMs: Int64, until isDone: (DemoProgress) -> Bool) -> Bool {
    board.wait(ms: timeoutMs, until: isDone)
  }

  /// Asks shop and worker to end, and returns at once.
  public func requestStop() {
    board.stop()
    workerStop.raise()
  }

  /// Ends the shop, lets the worker take its last snapshot, and waits for both. Safe to call again.
  ///
  /// - Throws: What ended shop or worker before its time.
  public func stop() throws -> RunSummary {
    requestStop()
    return try board.result()
  }

  private func begin(_ name: String, _ body: @escaping @Sendable (DemoSession) throws -> Void) {
    let thread = Thread { [self] in
      do {
        try body(self)
        board.end()
      } catch {
        board.end(error)
        workerStop.raise()
      }
    }
    thread.name = name
    thread.stackSize = 8 << 20
    thread.start()
  }

  private func runWorker() throws {
    var worker = WorkerOptions(dataPath: options.dataPath, lanes: options.lanes)
    let board = board
    worker.log = options.log
    worker.onStatus = { [options] in
      board.note($0)
      options.onStatus($0)
    }
    board.note(
      try Worker(pipeline: pipeline, input: .kafka, options: worker, stop: workerStop).run())
    board.stop()
  }

  private func runShop() throws {
    var shop = ShopSimulator(
      seed: options.seed, customers: options.customers, start: options.opening)
    var company = factsTopic.map { _ in
      CompanySimulator(seed: options.seed, customers: options.customers, start: options.opening)
    }
    let producer = try KafkaProducer(
      settings: KafkaSettings(brokers: broker.bootstrapServers, options: ["linger.ms": "20"]),
      compression: .lz4, log: KafkaLog(options.log))
    let limit = options.eventsMax ?? Int.max
    var sent = 0
    var elapsed: Int64 = 0
    var last = SystemClock.monotonicMicroseconds()
    repeat {
      let now = SystemClock.monotonicMicroseconds()
      elapsed += min(now - last, Self.catchUpMaxMicroseconds)
      last = now
      var time = shopTime(afterMicroseconds: elapsed)
      let unread = sent - Int(clamping: board.current.status.fates.read)
      let end = min(limit, sent + max(0, min(Self.beatMax, Self.unreadMax - unread)))
      while sent < end, min(shop.upcoming, company?.upcoming ?? .distantFuture) < time {
        if let next = company?.upcoming, next < shop.upcoming, let message = company?.next() {
          try send(
            message.event, to: message.stream == .facts ? factsTopic ?? topic : topic, producer)
        } else {
          try send(shop.next(), to: topic, producer)
        }
        sent += 1
      }
      let upcoming = min(shop.upcoming, company?.upcoming ?? .distantFuture)
      if sent == end, upcoming < time {
        // More was due than may be sent: the shop's clock waits.
        time = upcoming
        elapsed = Int64(Double(time.ms - options.opening.ms) * 1_000 / options.speed)
      }
      producer.serve()
      board.noteShop(sent: sent, time: time)
    } while sent < limit && !board.waitForStop(ms: Self.beatMs)
    try producer.flush(timeoutMs: 10_000)
    board.noteShop(sent: sent, time: board.current.shopTime, isClosed: true)
  }

  private func shopTime(afterMicroseconds elapsed: Int64) -> EventTime {
    EventTime(ms: options.opening.ms + Int64(Double(elapsed) * options.speed / 1_000))
  }

  private func send(
    _ event: SimulatedEvent, to topic: String, _ producer: KafkaProducer
  ) throws {
    try event.key.withUnsafeBytes { key in
      try event.payload.withUnsafeBytes { value in
        try producer.send(topic: topic, key: key, value: value, timestampMs: event.time.ms)
      }
    }
  }

  /// Removes the files of an earlier demonstration; opening them first finds out whose they are and
  /// whether they are in use.
  private static func removeEarlierFile(_ path: String, _ pipeline: Pipeline) throws {
    let files = FileManager.default
    guard files.fileExists(atPath: path) else { return }
    let identity = PipelineIdentity(
      name: pipeline.plan.name, definition: pipeline.plan.definition,
      tzdataVersion: pipeline.plan.tzdataVersion, weirVersion: WeirVersion.current)
    do {
      try ResultsFile.open(path: path, identity: identity).close()
    } catch {
      // That of an earlier version's demonstration goes as well.
      if error.kind != .otherDefinition { throw error }
    }
    for file in [path, StateFile.path(besides: path)] {
      for suffix in ["", "-wal", "-shm"] where files.fileExists(atPath: file + suffix) {
        try files.removeItem(atPath: file + suffix)
      }
    }
  }
}
