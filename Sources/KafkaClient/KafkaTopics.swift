import CRdKafka
import StreamCore

/// Looks things up at the brokers: topics, ends of partitions, offsets by time, committed offsets.
///
/// Every call asks the brokers anew and waits for the answer, at most `timeoutMs`. May be used from
/// any thread. Errors say why a broker could not be reached, not only that time ran out.
public final class KafkaTopics: Sendable {
  private let settings: KafkaSettings
  private let handle: KafkaHandle

  /// Makes a client for look-ups. Does not wait for a broker.
  ///
  /// - Throws: `KafkaError` for an option that is wrong.
  public init(settings: KafkaSettings, log: KafkaLog = .silent) throws {
    self.settings = settings
    handle = try Self.client(settings, group: nil, log)
  }

  /// The client, after it has told what happened to its connections since the last call.
  private var client: OpaquePointer {
    rd_kafka_poll(handle.pointer, 0)
    return handle.pointer
  }

  private static func client(
    _ settings: KafkaSettings, group: String?, _ log: KafkaLog
  ) throws -> KafkaHandle {
    let conf = try settings.configuration(
      defaults: [("isolation.level", "read_committed"), ("log.connection.close", "false")],
      fixed: group.map { [("group.id", $0)] } ?? [])
    return try KafkaHandle(RD_KAFKA_CONSUMER, taking: conf, log: log)
  }

  /// All topics that these credentials may see, with their numbers of partitions.
  public func all(timeoutMs: Int32 = 10_000) throws -> [String: Int32] {
    var metadata: UnsafePointer<rd_kafka_metadata>?
    // An answer that is lost, because the broker went away meanwhile, is waited for in vain: so
    // what takes longer is asked once more, with the time that is left.
    let firstMs = timeoutMs / 5
    var code = rd_kafka_metadata(client, 1, nil, &metadata, firstMs)
    if code == RD_KAFKA_RESP_ERR__TIMED_OUT {
      code = rd_kafka_metadata(client, 1, nil, &metadata, timeoutMs - firstMs)
    }
    guard code == RD_KAFKA_RESP_ERR_NO_ERROR, let metadata else {
      throw handle.error(code, "listing the topics of \(settings.brokers)")
    }
    defer { rd_kafka_metadata_destroy(metadata) }
    var topics: [String: Int32] = [:]
    for index in 0..<Int(metadata.pointee.topic_cnt) {
      let topic = metadata.pointee.topics[index]
      guard let name = topic.topic, topic.err == RD_KAFKA_RESP_ERR_NO_ERROR else { continue }
      topics[String(cString: name)] = topic.partition_cnt
    }
    return topics
  }

  /// How many partitions `topic` has. Never brings a topic into being.
  ///
  /// - Parameter keepWaiting: asked with each answer that the topic is not there, and with each
  ///   time-out; true asks again about half a second later. By default nothing is waited for.
  /// - Throws: `KafkaError`; of a topic that is not there (`isUnknownTopic`) it names those that
  ///   are spelled alike.
  public func partitions(
    of topic: String, timeoutMs: Int32 = 10_000, keepWaiting: (KafkaError) -> Bool = { _ in false }
  ) throws -> Int32 {
    while true {
      do {
        // Asking for all topics: a broker may create one that is asked for by name.
        let topics = try all(timeoutMs: timeoutMs)
        if let count = topics[topic] { return count }
        throw unknown(topic, among: topics)
      } catch let error as KafkaError where error.isUnknownTopic || error.isRetriable {
        guard keepWaiting(error) else { throw error }
        rd_kafka_poll(handle.pointer, 500)
      }
    }
  }

  private func unknown(_ topic: String, among topics: [String: Int32]) -> KafkaError {
    let names = topics.keys.filter { !$0.hasPrefix("__") }
    let near = nearestNames(to: topic, among: names)
    let hint =
      near.isEmpty
      ? "create it, or see whether these credentials may describe it"
      : "did you mean \(near.joined(separator: " or "))?"
    return KafkaError(
      RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, "topic \(topic)",
      detail: "\(settings.brokers) has no such topic among the \(names.count) that can be seen",
      hint: hint)
  }

  /// The offsets that a partition holds: from `earliest` up to, not including, `end`.
  public struct Watermarks: Sendable, Equatable {
    /// The oldest offset kept.
    public var earliest: Int64
    /// The offset that the next record will get or, where transactions are open and only committed
    /// records are read, the first of theirs.
    public var end: Int64

    /// Makes a pair of watermarks.
    public init(earliest: Int64, end: Int64) {
      self.earliest = earliest
      self.end = end
    }
  }

  /// Asks the partition's leader for its oldest offset and its end, now. Asks again while what is
  /// wrong passes by itself, such as a leader that moves.
  public func watermarks(
    _ partition: PartitionID, timeoutMs: Int32 = 10_000
  ) throws -> Watermarks {
    // Not by rd_kafka_query_watermark_offsets: where its first question is refused by a broker that
    // is not the leader any more, it may give the end for both (librdkafka 2.0.2).
    let deadline = ContinuousClock.now + .milliseconds(Int(timeoutMs))
    let earliest = try end(of: partition, RD_KAFKA_OFFSET_BEGINNING, deadline)
    let end = try end(of: partition, RD_KAFKA_OFFSET_END, deadline)
    return Watermarks(earliest: earliest, end: end)
  }

  /// One end of a partition, by librdkafka's name for it.
  private func end(
    of partition: PartitionID, _ which: Int32, _ deadline: ContinuousClock.Instant
  ) throws -> Int64 {
    while true {
      let left = (deadline - .now) / .milliseconds(1)
      let list = try PartitionList([partition]) { _ in Int64(which) }
      var code = rd_kafka_offsets_for_times(client, list.pointer, Int32(max(1, left)))
      if code == RD_KAFKA_RESP_ERR_NO_ERROR { code = list.entries[0].err }
      let offset = list.entries[0].offset
      if code == RD_KAFKA_RESP_ERR_NO_ERROR, offset >= 0 { return offset }
      if code == RD_KAFKA_RESP_ERR_NO_ERROR { code = RD_KAFKA_RESP_ERR__NO_OFFSET }
      guard code.isTransient, left > Double(Self.askAgainMs) else {
        var error = handle.error(code, "asking for the ends of a partition")
        error.partition = partition
        throw error
      }
      rd_kafka_poll(handle.pointer, Self.askAgainMs)
    }
  }

  private static let askAgainMs: Int32 = 100

  /// For each partition the first offset whose record's timestamp is `ms` or later; the partition's
  /// end when there is none yet.
  ///
  /// - Throws: `KafkaError` `_UNSUPPORTED_FEATURE` when the brokers do not look up offsets by time,
  ///   as the embedded broker does not.
  public func offsets(
    atTime ms: Int64, _ partitions: [PartitionID], timeoutMs: Int32 = 10_000
  ) throws -> [PartitionID: Int64] {
    // The ends first, so that what is written meanwhile is not skipped.
    let marks = try partitions.map { try watermarks($0, timeoutMs: timeoutMs) }
    let found = try lookUp(time: ms, partitions, timeoutMs)
    let unanswered = partitions.indices.filter {
      found[$0] < 0 && marks[$0].end > marks[$0].earliest
    }
    if !unanswered.isEmpty, found.allSatisfy({ $0 < 0 }) {
      // Every record is later than 1970 began. Who finds none has not looked.
      let oldest = try lookUp(time: 0, unanswered.map { partitions[$0] }, timeoutMs)
      if oldest.allSatisfy({ $0 < 0 }) {
        throw KafkaError(
          RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE, "looking up offsets by time",
          detail: "these brokers do not do it, or their records have no timestamps",
          hint: "start at offsets, at the earliest or at the latest record")
      }
    }
    var result: [PartitionID: Int64] = [:]
    for (index, id) in partitions.enumerated() {
      result[id] = found[index] < 0 ? marks[index].end : found[index]
    }
    return result
  }

  private func lookUp(
    time ms: Int64, _ partitions: [PartitionID], _ timeoutMs: Int32
  ) throws -> [Int64] {
    let list = try PartitionList(partitions) { _ in max(0, ms) }
    let code = rd_kafka_offsets_for_times(client, list.pointer, timeoutMs)
    guard code == RD_KAFKA_RESP_ERR_NO_ERROR else {
      throw handle.error(code, "looking up offsets by time")
    }
    try list.throwFirstError("looking up offsets by time")
    return list.entries.map(\.offset)
  }

  /// The offsets that `group` has committed; partitions without a commit are left out.
  public func committed(
    group: String, _ partitions: [PartitionID], timeoutMs: Int32 = 10_000
  ) throws -> [PartitionID: Int64] {
    let member = try Self.client(settings, group: group, handle.log)
    defer { member.destroy(flags: RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE) }
    let what = "reading the committed offsets of group \(group)"
    let list = try PartitionList(partitions)
    let code = rd_kafka_committed(member.pointer, list.pointer, timeoutMs)
    guard code == RD_KAFKA_RESP_ERR_NO_ERROR else { throw member.error(code, what) }
    try list.throwFirstError(what)
    var result: [PartitionID: Int64] = [:]
    for entry in list.entries where entry.offset >= 0 { result[entry.id] = entry.offset }
    return result
  }

  /// Creates `topic`.
  ///
  /// - Parameter replicas: copies of each partition; nil for the brokers' default.
  /// - Throws: `KafkaError`: the topic is there already, or the brokers do not create topics for
  ///   clients, as the embedded broker does not.
  public func createTopic(
    _ topic: String, partitions: Int, replicas: Int? = nil, timeoutMs: Int32 = 10_000
  ) throws {
    let what = "creating topic \(topic)"
    var reason = [CChar](repeating: 0, count: 512)
    var new = rd_kafka_NewTopic_new(
      topic, Int32(clamping: partitions), Int32(clamping: replicas ?? -1), &reason, reason.count)
    guard new != nil, let answers = rd_kafka_queue_new(handle.pointer) else {
      throw KafkaError(RD_KAFKA_RESP_ERR__INVALID_ARG, what, detail: text(reason))
    }
    defer {
      rd_kafka_NewTopic_destroy(new)
      rd_kafka_queue_destroy(answers)
    }
    let options = rd_kafka_AdminOptions_new(handle.pointer, RD_KAFKA_ADMIN_OP_CREATETOPICS)
    defer { rd_kafka_AdminOptions_destroy(options) }
    rd_kafka_AdminOptions_set_request_timeout(options, timeoutMs, nil, 0)
    rd_kafka_CreateTopics(handle.pointer, &new, 1, options, answers)
    guard let event = rd_kafka_queue_poll(answers, timeoutMs + 1_000) else {
      throw handle.error(RD_KAFKA_RESP_ERR__TIMED_OUT, what)
    }
    defer { rd_kafka_event_destroy(event) }
    if rd_kafka_event_error(event) != RD_KAFKA_RESP_ERR_NO_ERROR {
      throw handle.error(rd_kafka_event_error(event), what)
    }
    var count = 0
    let results = rd_kafka_CreateTopics_result_topics(
      rd_kafka_event_CreateTopics_result(event), &count)
    guard count > 0, let result = results?[0] else { return }
    let code = rd_kafka_topic_result_error(result)
    if code != RD_KAFKA_RESP_ERR_NO_ERROR {
      let detail = rd_kafka_topic_result_error_string(result).map { String(cString: $0) }
      throw KafkaError(code, what, detail: detail)
    }
  }
}
