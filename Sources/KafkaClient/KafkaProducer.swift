import CRdKafka
import StreamCore

/// Writes messages and counts what became of them.
///
/// Confined: one thread at a time may use it. Idempotent by default, so that a retry neither
/// doubles nor reorders; keys go to partitions as in the Java clients (murmur2).
///
/// Back pressure: messages not yet delivered take up to `memoryBudgetBytes`; beyond it `send`
/// waits.
public final class KafkaProducer {
  /// How batches are compressed.
  public enum Compression: String, Sendable, CaseIterable {
    case none, gzip, snappy, lz4, zstd
  }

  /// What became of the messages sent so far. `sent - delivered - failed` are under way.
  public struct Report: Sendable {
    /// Messages that `send` took.
    public var sent = 0
    /// Messages that Kafka has.
    public var delivered = 0
    /// Messages that Kafka does not have, or may not have.
    public var failed = 0
    /// Why, for the first five that failed.
    public var firstErrors: [KafkaError] = []
  }

  private let handle: KafkaHandle
  private let counters: UnsafeMutablePointer<Report>
  private let arguments: UnsafeMutablePointer<rd_kafka_vu_t>
  private let maxBlock: Duration
  private var topics: [String: OpaquePointer] = [:]
  private var lastTopic: (name: String, handle: OpaquePointer)?
  private var failedBeforeFlush = 0
  private var sinceServed = 0
  private static let argumentCapacity = 7
  /// Delivery reports are taken in every so many sends.
  private static let serveEvery = 128

  /// Makes a producer. Does not wait for a broker.
  ///
  /// - Parameters:
  ///   - memoryBudgetBytes: bound of messages under way, from 1 MiB up.
  ///   - maxBlockMs: how long `send` may wait for room before it throws.
  ///   - givesUpAfterMs: how long a message is tried before it counts as failed; nil for ever.
  /// - Throws: `KafkaError` for an option that is wrong.
  public init(
    settings: KafkaSettings, compression: Compression = .lz4, memoryBudgetBytes: Int = 64 << 20,
    maxBlockMs: Int = 60_000, givesUpAfterMs: Int? = 300_000, log: KafkaLog
  ) throws {
    let kilobytes = min(max(memoryBudgetBytes >> 10, 1 << 10), 2_097_151)
    let conf = try settings.configuration(
      defaults: [
        ("enable.idempotence", "true"), ("partitioner", "murmur2_random"),
        ("compression.type", compression.rawValue), ("queue.buffering.max.messages", "1000000"),
        ("socket.keepalive.enable", "true"), ("log.connection.close", "false"),
        ("reconnect.backoff.max.ms", "5000"),
        ("message.timeout.ms", "\(givesUpAfterMs ?? 0)"),
      ],
      fixed: [("queue.buffering.max.kbytes", "\(kilobytes)")])
    counters = .allocate(capacity: 1)
    counters.initialize(to: Report())
    arguments = .allocate(capacity: Self.argumentCapacity)
    rd_kafka_conf_set_dr_msg_cb(conf) { _, message, opaque in
      KafkaProducer.noteDelivery(message, opaque)
    }
    maxBlock = .milliseconds(maxBlockMs)
    do {
      handle = try KafkaHandle(
        RD_KAFKA_PRODUCER, taking: conf, log: log, opaque: UnsafeMutableRawPointer(counters))
    } catch {
      counters.deinitialize(count: 1)
      counters.deallocate()
      arguments.deallocate()
      throw error
    }
  }

  deinit {
    for topic in topics.values { rd_kafka_topic_destroy(topic) }
    handle.destroy()
    counters.deinitialize(count: 1)
    counters.deallocate()
    arguments.deallocate()
  }

  /// What became of the messages sent so far, as of the reports taken in.
  public var report: Report { counters.pointee }

  /// Hands a message to the client, which copies it and sends it in the background.
  ///
  /// Waits for room, up to `maxBlockMs`, when the memory budget is used up. Delivery is known after
  /// `flush`.
  ///
  /// - Parameters:
  ///   - partition: nil lets the key decide, or chance when there is none.
  ///   - value: nil for a tombstone.
  ///   - timestampMs: the record's timestamp in epoch milliseconds; nil for now.
  ///   - headers: name and value; the names may repeat.
  /// - Throws: `KafkaError`: `_QUEUE_FULL` (retriable) after waiting in vain, or a message too
  ///   large, or a fatal error of the client.
  public func send(
    topic: String, partition: Int32? = nil, key: UnsafeRawBufferPointer? = nil,
    value: UnsafeRawBufferPointer?, timestampMs: Int64? = nil,
    headers: [(name: String, value: UnsafeRawBufferPointer?)] = []
  ) throws {
    var count = 0
    add(RD_KAFKA_VTYPE_RKT, &count) { $0.rkt = nil }
    arguments[0].u.rkt = try topicHandle(topic)
    add(RD_KAFKA_VTYPE_MSGFLAGS, &count) { $0.i = RD_KAFKA_MSG_F_COPY }
    add(RD_KAFKA_VTYPE_VALUE, &count) { $0.mem = Self.bytes(value) }
    if let partition { add(RD_KAFKA_VTYPE_PARTITION, &count) { $0.i32 = partition } }
    if let key { add(RD_KAFKA_VTYPE_KEY, &count) { $0.mem = Self.bytes(key) } }
    if let timestampMs { add(RD_KAFKA_VTYPE_TIMESTAMP, &count) { $0.i64 = timestampMs } }
    var list: OpaquePointer?
    if !headers.isEmpty {
      list = Self.headerList(headers)
      add(RD_KAFKA_VTYPE_HEADERS, &count) { $0.headers = list }
    }
    do {
      try enqueue(count, topic)
    } catch {
      // Only a message that was taken takes its headers along.
      if let list { rd_kafka_headers_destroy(list) }
      throw error
    }
    counters.pointee.sent += 1
    sinceServed += 1
    if sinceServed >= Self.serveEvery { serve() }
  }

  /// Takes in delivery reports that are there, without waiting. `send` and `flush` do it too.
  public func serve() {
    sinceServed = 0
    rd_kafka_poll(handle.pointer, 0)
  }

  /// Waits until every message sent is delivered.
  ///
  /// - Throws: `KafkaError` when a message failed since the last `flush` (the first reason, and how
  ///   many), or when some are still under way after `timeoutMs` (retriable: they go on being
  ///   sent).
  public func flush(timeoutMs: Int32) throws {
    if try isDelivered(withinMs: timeoutMs) { return }
    let left = rd_kafka_outq_len(handle.pointer)
    throw handle.error(
      RD_KAFKA_RESP_ERR__TIMED_OUT, "delivering messages, \(left) of them still under way")
  }

  /// Waits until every message sent is delivered, for at most `timeoutMs`. False when some are
  /// still under way then, for whatever reason: they go on being sent.
  ///
  /// - Throws: `KafkaError` when a message failed since the last call (the first reason, and how
  ///   many).
  public func isDelivered(withinMs timeoutMs: Int32) throws -> Bool {
    let code = rd_kafka_flush(handle.pointer, timeoutMs)
    try handle.throwIfFatal()
    let failed = counters.pointee.failed - failedBeforeFlush
    if failed > 0 {
      let known = counters.pointee.firstErrors
      var error =
        failedBeforeFlush < known.count
        ? known[failedBeforeFlush] : KafkaError(RD_KAFKA_RESP_ERR__FAIL, "delivering messages")
      failedBeforeFlush = counters.pointee.failed
      error.message = "\(failed) messages were not delivered; \(error.message)"
      throw error
    }
    return code == RD_KAFKA_RESP_ERR_NO_ERROR
  }

  // MARK: - One message

  private func enqueue(_ count: Int, _ topic: String) throws {
    var deadline: ContinuousClock.Instant?
    while let failure = rd_kafka_produceva(handle.pointer, arguments, count) {
      guard rd_kafka_error_code(failure) == RD_KAFKA_RESP_ERR__QUEUE_FULL else {
        try handle.throwIfFatal()
        throw KafkaError(taking: failure, "sending to topic \(topic)")
      }
      let now = ContinuousClock.now
      if let deadline, now >= deadline {
        var error = KafkaError(taking: failure, "sending to topic \(topic)")
        error.isRetriable = true
        throw error
      }
      rd_kafka_error_destroy(failure)
      deadline = deadline ?? now + maxBlock
      rd_kafka_poll(handle.pointer, 50)
    }
  }

  @inline(__always)
  private func add(
    _ kind: rd_kafka_vtype_t, _ count: inout Int,
    _ set: (inout rd_kafka_vu_s.__Unnamed_union_u) -> Void
  ) {
    arguments[count].vtype = kind
    set(&arguments[count].u)
    count += 1
  }

  /// A null pointer says "no value", so empty bytes need another one.
  private static func bytes(
    _ buffer: UnsafeRawBufferPointer?
  ) -> rd_kafka_vu_s.__Unnamed_union_u.__Unnamed_struct_mem {
    guard let buffer else { return .init(ptr: nil, size: 0) }
    let start = buffer.baseAddress ?? UnsafeRawPointer(bitPattern: 8)
    return .init(ptr: UnsafeMutableRawPointer(mutating: start), size: buffer.count)
  }

  private static func headerList(
    _ headers: [(name: String, value: UnsafeRawBufferPointer?)]
  ) -> OpaquePointer? {
    let list = rd_kafka_headers_new(headers.count)
    for (name, value) in headers {
      // An absent base address stands for empty bytes here as well.
      let start = value.map { $0.baseAddress ?? UnsafeRawPointer(bitPattern: 8) } ?? nil
      rd_kafka_header_add(list, name, -1, start, value?.count ?? 0)
    }
    return list
  }

  private func topicHandle(_ name: String) throws -> OpaquePointer {
    if let lastTopic, lastTopic.name == name { return lastTopic.handle }
    if let known = topics[name] {
      lastTopic = (name, known)
      return known
    }
    guard let made = rd_kafka_topic_new(handle.pointer, name, nil) else {
      throw KafkaError(rd_kafka_last_error(), "opening topic \(name)")
    }
    topics[name] = made
    lastTopic = (name, made)
    return made
  }

  private static func noteDelivery(
    _ message: UnsafePointer<rd_kafka_message_t>?, _ opaque: UnsafeMutableRawPointer?
  ) {
    guard let message, let owner = EventBox.of(opaque)?.owner else { return }
    let counters = owner.assumingMemoryBound(to: Report.self)
    if message.pointee.err == RD_KAFKA_RESP_ERR_NO_ERROR {
      counters.pointee.delivered += 1
      return
    }
    counters.pointee.failed += 1
    if counters.pointee.firstErrors.count < 5 {
      let topic = rd_kafka_topic_name(message.pointee.rkt).map { String(cString: $0) } ?? ""
      let partition = message.pointee.partition
      counters.pointee.firstErrors.append(
        KafkaError(
          message.pointee.err, "delivering a message to topic \(topic)",
          partition: partition < 0 ? nil : PartitionID(topic: topic, partition: partition)))
    }
  }
}
