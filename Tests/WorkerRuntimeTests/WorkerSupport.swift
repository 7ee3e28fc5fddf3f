import Foundation
import KafkaClient
import PipelineSpec
import SnapshotStore
import StreamCore
import StreamTestKit
import Testing
import WorkerRuntime

/// A directory that is gone with its owner.
final class WorkerFolder: Sendable {
  let path: String

  init() throws {
    let url = FileManager.default.temporaryDirectory
      .appendingPathComponent("weir-worker-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    path = url.path
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func file(_ name: String) -> String { "\(path)/\(name)" }
}

/// The broker that tests talk to over TCP: a real one where `WEIR_TEST_BROKERS` names it, else an
/// embedded one.
final class WorkerBroker: Sendable {
  static let isEmbedded = ProcessInfo.processInfo.environment["WEIR_TEST_BROKERS"] == nil
  let brokers: String
  private let embedded: EmbeddedBroker?

  init() throws {
    if let real = ProcessInfo.processInfo.environment["WEIR_TEST_BROKERS"] {
      brokers = real
      embedded = nil
    } else {
      let broker = try EmbeddedBroker()
      embedded = broker
      brokers = broker.bootstrapServers
    }
  }

  var settings: KafkaSettings { KafkaSettings(brokers: brokers) }

  /// Makes a topic of a name that nobody else has.
  func topic(_ partitions: Int) throws -> String {
    let name = "weir-test-\(UUID().uuidString)"
    if let embedded {
      try embedded.createTopic(name, partitions: partitions)
    } else {
      try KafkaTopics(settings: settings).createTopic(name, partitions: partitions)
    }
    return name
  }

  /// Lets an embedded broker take no message until it may again; clients try on.
  func refusesProduce(_ isRefused: Bool) {
    let notEnoughReplicas: Int32 = 19
    if isRefused {
      embedded?.injectErrors(.produce, code: notEnoughReplicas, count: 100_000)
    } else {
      embedded?.clearErrors(.produce)
    }
  }

  /// Produces payloads, each to the partition given with it.
  func produce(
    _ records: [(partition: Int, payload: [UInt8], timestampMs: Int64?)], to topic: String
  ) throws {
    let producer = try KafkaProducer(settings: settings, log: .silent)
    for record in records {
      try record.payload.withUnsafeBytes { payload in
        try producer.send(
          topic: topic, partition: Int32(record.partition), key: nil, value: payload,
          timestampMs: record.timestampMs)
      }
    }
    try producer.flush(timeoutMs: Patience.timeoutMs)
  }
}

/// Runs `body` on a thread of its own: what waits for Swift's own threads must not hold one.
func offPool<T: Sendable>(_ body: @escaping @Sendable () throws -> T) async throws -> T {
  try await withCheckedThrowingContinuation { done in
    Thread.detachNewThread { done.resume(with: Result { try body() }) }
  }
}

/// Pipelines for the worker's tests.
enum WorkerPipeline {
  static func text(brokers: String = "none", topic: String = "none", more: String = "") -> String {
    """
    name: worker-test
    zone: UTC
    source:
      kafka: {brokers: "\(brokers)", topic: "\(topic)"}
      format: custom
      fields: {name: event, user: user_id, time: timestamp, id: message_id}
    time: {lateness: 1m, idle_after: 1s}
    snapshot_every: 100ms
    state_every: 300ms
    metrics:
      events:  {count: true, every: 1m, by: [channel, event]}
      revenue: {sum: properties.total, every: 5m, by: [channel]}
      users:   {distinct: user, every: 5m}
      latest:  {last: properties.total, every: 10m}
      p90:     {p90: properties.total, every: 10m}
      mean:    {formula: revenue / sales}
      sales:   {count: true, every: 5m, by: [channel], where: 'event == "purchase"'}
    kpis:
      sold:   {formula: sales, period: 15m, layer: business, children: [people]}
      people: {formula: users, period: 15m, layer: process, target: 50}
      growth: {formula: revenue / previous(revenue), period: 15m, layer: business}
    \(more)
    """
  }

  static func make(
    brokers: String = "none", topic: String = "none", more: String = ""
  ) throws -> Pipeline {
    try Pipeline.parse(text: text(brokers: brokers, topic: topic, more: more), file: "test.yaml")
  }
}

/// Runs a worker to the end of what Kafka has.
func runToEnd(
  _ pipeline: Pipeline, data: String, lanes: Int = 2, closing: Bool = true,
  stop: StopFlag = StopFlag(), change: (inout WorkerOptions) -> Void = { _ in }
) throws -> RunSummary {
  var options = WorkerOptions(dataPath: data, lanes: lanes)
  options.untilEnd = true
  options.closesAtEnd = closing
  change(&options)
  return try Worker(pipeline: pipeline, input: .kafka, options: options, stop: stop).run()
}

/// Runs a worker over files.
func runFiles(
  _ pipeline: Pipeline, _ files: [String], inOrder: Bool = false, data: String, lanes: Int = 2
) throws -> RunSummary {
  let logs = try FileInputs.open(
    files, plan: pipeline.plan, inOrder: inOrder, dataPath: data,
    progress: InputProgress(totalBytes: nil))
  return try Worker(
    pipeline: pipeline, input: .logs(logs), options: WorkerOptions(dataPath: data, lanes: lanes)
  ).run()
}
