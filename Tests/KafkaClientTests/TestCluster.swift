import Glibc
import StreamCore
import StreamTestKit
import Synchronization
import Testing

@testable import KafkaClient

/// The brokers that a test talks to over TCP: an embedded one, or those of `WEIR_TEST_BROKERS`.
struct TestCluster {
  let embedded: EmbeddedBroker?
  let settings: KafkaSettings

  static let realBrokers = getenv("WEIR_TEST_BROKERS").map { String(cString: $0) }
  static var isEmbedded: Bool { realBrokers == nil }

  init(brokers: Int = 1) throws {
    if let real = Self.realBrokers {
      embedded = nil
      settings = KafkaSettings(brokers: real)
    } else {
      let broker = try EmbeddedBroker(brokers: brokers)
      embedded = broker
      settings = KafkaSettings(brokers: broker.bootstrapServers)
    }
  }

  /// A topic of a name that no other test has.
  func topic(partitions: Int) throws -> String {
    let name = "weir-test-\(UInt64.random(in: 0 ... .max))"
    if let embedded {
      try embedded.createTopic(name, partitions: partitions)
    } else {
      let topics = try KafkaTopics(settings: settings)
      try topics.createTopic(name, partitions: partitions, replicas: 1)
      _ = try topics.partitions(of: name, keepWaiting: { _ in true })
    }
    return name
  }

  func consumer(
    group: String? = nil, headers: [String] = [], log: KafkaLog = .silent
  ) throws -> KafkaConsumer {
    try KafkaConsumer(
      settings: settings, groupID: group, headers: headers, memoryBudgetBytes: 32 << 20, log: log)
  }

  /// Not idempotent unless asked for: getting a producer id takes the client a second.
  func producer(
    compression: KafkaProducer.Compression = .none, idempotent: Bool = false,
    options: [String: String] = [:],
    memoryBudgetBytes: Int = 64 << 20, maxBlockMs: Int = 60_000
  ) throws -> KafkaProducer {
    var settings = settings
    settings.options = options
    if !idempotent { settings.options["enable.idempotence"] = "false" }
    return try KafkaProducer(
      settings: settings, compression: compression, memoryBudgetBytes: memoryBudgetBytes,
      maxBlockMs: maxBlockMs, log: .silent)
  }
}

/// A message as it was handed over, copied.
struct Copy: Equatable {
  var key: String?
  var value: String?
  var offset: Int64
  var timestampMs: Int64
  var headers: [String] = []

  init(_ message: RawMessage, headers count: Int) {
    key = Self.text(message.key, message.keyCount)
    value = Self.text(message.payload, message.payloadCount)
    offset = message.offset
    timestampMs = message.timestampMs
    for index in 0..<count {
      let value = message.headers?[index] ?? .missing
      headers.append(
        value.kind == .string ? String(decoding: value.bytes, as: UTF8.self) : "\(value.kind)")
    }
  }

  private static func text(_ start: UnsafePointer<UInt8>?, _ count: Int32) -> String? {
    start.map { String(decoding: UnsafeBufferPointer(start: $0, count: Int(count)), as: UTF8.self) }
  }
}

/// What a test's polls brought, by index of `assign`.
struct Collected {
  var messages: [Int: [Copy]] = [:]
  var ends: [PollOutcome.End] = []
  var lost: [LostOffsets] = []

  var count: Int { messages.values.reduce(0) { $0 + $1.count } }

  mutating func poll(_ consumer: KafkaConsumer, timeoutMs: Int32 = 100, headers: Int = 0) throws {
    let outcome = try consumer.poll(timeoutMs: timeoutMs) { index, run in
      for message in run { messages[index, default: []].append(Copy(message, headers: headers)) }
    }
    ends += outcome.ends
    lost += outcome.lost
  }
}

/// Goes on with `step`, which waits by itself, until `done` holds, for as long as `Patience` says.
func proceed(
  until done: () throws -> Bool, by step: () throws -> Void,
  sourceLocation: SourceLocation = #_sourceLocation
) throws {
  let deadline = ContinuousClock.now + Patience.duration
  while try !done() {
    try #require(
      ContinuousClock.now < deadline, "not within \(Patience.ms) ms",
      sourceLocation: sourceLocation)
    try step()
  }
}

extension KafkaProducer {
  /// Sends text.
  func send(
    _ topic: String, partition: Int32? = nil, key: String? = nil, value: String?,
    timestampMs: Int64? = nil
  ) throws {
    let keyBytes = key.map { Array($0.utf8) }
    let valueBytes = value.map { Array($0.utf8) }
    try withBytes(keyBytes) { key in
      try withBytes(valueBytes) { value in
        try send(
          topic: topic, partition: partition, key: key, value: value, timestampMs: timestampMs)
      }
    }
  }
}

/// The bytes of an array that may be none.
func withBytes<R>(_ bytes: [UInt8]?, _ body: (UnsafeRawBufferPointer?) throws -> R) rethrows -> R {
  guard let bytes else { return try body(nil) }
  return try bytes.withUnsafeBytes { try body($0) }
}

/// Lines that a `KafkaLog` was told, the first one of each trouble.
final class Lines: Sendable {
  private let lines = Mutex<[String]>([])
  var all: [String] { lines.withLock { $0 } }
  func add(_ line: String) { lines.withLock { $0.append(line) } }
  func log() -> KafkaLog {
    let seen = Mutex<Set<String>>([])
    return KafkaLog { level, key, line in
      if seen.withLock({ $0.insert(key).inserted }) { self.add("\(level): \(line)") }
    }
  }
}
