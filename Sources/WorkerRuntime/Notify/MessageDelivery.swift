import Dispatch
import Foundation
import KafkaClient
import Notifications
import PipelineSpec
import SnapshotStore
import StreamCore

/// Delivers what the outbox of a results file holds, beside the stream.
final class MessageDelivery {
  private let dispatcher: Dispatcher
  private let courier: Courier
  private let results: ResultsFile
  private let sinks: [String]
  /// Raised whenever it is known what became of an attempt.
  private let noted = CoordinatorSignal()
  /// How long the end of a run waits for messages that are due, and for those in flight.
  private static let drainMs: Int64 = 5_000
  private static let stopMs: Int64 = 2_000

  init(_ pipeline: Pipeline, results: ResultsFile, log: Log) {
    self.results = results
    sinks = pipeline.notify.destinations.map(\.name)
    let kafka = TopicMessages(pipeline, log: log)
    let write = { @Sendable (line: String) in log.deliver(LogLine(.info, site: "notify", line)) }
    courier = Courier(writeLine: write, produce: { try await kafka.send($0, key: $1, payload: $2) })
    dispatcher = Dispatcher(
      destinations: pipeline.notify.destinations.map {
        Destination($0, zone: pipeline.plan.zone)
      }, store: ResultsOutbox(results: results, noted: noted), courier: courier,
      report: { log.note(.warning, "notify", $0) })
  }

  func start() { wait { [dispatcher] in await dispatcher.start() } }

  func wake() { dispatcher.wake() }

  /// Ends it; what is not delivered stays in the outbox for the next run.
  func stop(draining: Bool) {
    let deadline = SystemClock.monotonicMs() + (draining ? Self.drainMs : 0)
    while case let leftMs = deadline - SystemClock.monotonicMs(), leftMs > 0, hasDueMessages {
      noted.wait(timeoutMs: leftMs)
    }
    wait { [dispatcher, courier] in
      await dispatcher.stop(within: Self.stopMs)
      try? await courier.shutdown()
    }
  }

  /// Whether an attempt may be made now, or is under way.
  private var hasDueMessages: Bool {
    let now = SystemClock.now()
    return sinks.contains {
      ((try? results.nextAttempt(sink: $0)) ?? nil).map { $0 <= now } ?? false
    }
  }

  /// Runs `body` to its end; the coordinator's thread is none of Swift's own.
  private func wait(_ body: @escaping @Sendable () async -> Void) {
    let done = DispatchSemaphore(value: 0)
    Task {
      await body()
      done.signal()
    }
    done.wait()
  }
}

/// The outbox of a results file, for those who deliver.
private struct ResultsOutbox: OutboxStore {
  let results: ResultsFile
  let noted: CoordinatorSignal

  func pendingMessages(
    sink: String, dueBy: WallTime, limit: Int
  ) async throws -> [PendingMessage] {
    try results.pendingMessages(sink: sink, dueBy: dueBy, limit: limit).map {
      PendingMessage(
        messageID: $0.message.messageID, sink: sink, payload: $0.message.payload,
        attempts: $0.attempts, subject: $0.message.subjectID)
    }
  }

  func nextDue(sink: String) async throws -> WallTime? { try results.nextAttempt(sink: sink) }

  func noteDelivery(_ outcome: DeliveryOutcome) async throws {
    let result: DeliveryNote.Outcome =
      switch outcome.state {
      case .delivered: .delivered(outcome.ended)
      case .pending:
        .retry(at: outcome.nextAttempt ?? outcome.ended, error: outcome.error ?? "")
      case .dead: .dead(error: outcome.error ?? "")
      }
    try results.noteDelivery([DeliveryNote(messageID: outcome.messageID, outcome: result)])
    noted.raise()
  }
}

/// Writes notifications to topics of the pipeline's first cluster. The producer is made when the
/// first one comes.
private final class TopicMessages: @unchecked Sendable {
  private let settings: KafkaSettings?
  private let log: KafkaLog
  /// Confines the producer.
  private let queue = DispatchQueue(label: "weir.notify.kafka")
  private var producer: KafkaProducer?
  private static let flushTimeoutMs: Int32 = 8_000

  init(_ pipeline: Pipeline, log: Log) {
    let source = pipeline.plan.sources.compactMap { pipeline.kafka[$0.name] }.first
    settings = source.map { KafkaSettings(brokers: $0.brokers, options: $0.options) }
    self.log = KafkaLog(log)
  }

  /// Returns once the record is acknowledged.
  func send(_ topic: String, key: String, payload: String) async throws {
    try await withCheckedThrowingContinuation { (done: CheckedContinuation<Void, any Error>) in
      queue.async { done.resume(with: Result { try self.send(topic, key, payload) }) }
    }
  }

  private func send(_ topic: String, _ key: String, _ payload: String) throws {
    guard let settings else {
      throw WorkerError(
        .usage, "the pipeline reads no Kafka topic, so there is no cluster to write to",
        whatToDo: "use another kind of destination")
    }
    let producer = try self.producer ?? KafkaProducer(settings: settings, log: log)
    self.producer = producer
    try Array(key.utf8).withUnsafeBytes { key in
      try Array(payload.utf8).withUnsafeBytes { payload in
        try producer.send(topic: topic, key: key, value: payload)
      }
    }
    try producer.flush(timeoutMs: Self.flushTimeoutMs)
  }
}
