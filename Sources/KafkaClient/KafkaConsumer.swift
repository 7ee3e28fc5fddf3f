import CRdKafka
import StreamCore

/// Reads assigned partitions in batches. Never joins a group: who reads what is decided outside.
///
/// Confined: one thread at a time may use it, and it may move between threads only between calls.
/// Several consumers may live in a process.
///
/// Offsets of a partition that reach `poll`'s closure only ever rise, whatever pauses and leader
/// changes happen in between. Trouble that passes (a broker away for minutes, a leader moving) is
/// told to the log and survived; polls then return without messages.
///
/// Memory: the keys and payloads of prefetched messages take up to `memoryBudgetBytes`, and one
/// more answer of each broker may be under way. librdkafka's own notes on each message, some 300
/// bytes, come to that: of short messages they take as much again. While the budget is used up
/// fetching rests, until half of it is consumed (`FetchWaker`).
public final class KafkaConsumer {
  /// Largest number of messages that one `poll` hands over.
  public static let maxBatch = 1_000

  /// The partitions of the last `assign`, in its order.
  public internal(set) var assigned: [PartitionID] = []

  let handle: KafkaHandle
  let queue: OpaquePointer
  let batch: ConsumerBatch
  var states: UnsafeMutableBufferPointer<PartitionState>
  var indexByID: [PartitionID: Int] = [:]
  var indexByHandle: [TopicPartition: Int] = [:]
  /// Of the partitions assigned.
  var waker: FetchWaker
  private let hasGroup: Bool
  private var isClosed = false

  /// What is known of an assigned partition.
  struct PartitionState {
    /// Offset after the last message handed over; -1 while unknown.
    var nextOffset: Int64 = -1
    var start = StartPosition.beginning
    /// Messages of the current batch, and where in it they begin.
    var count: Int32 = 0
    var first: Int32 = 0
    var isAtEnd = false
    var isPaused = false
  }

  /// A partition by librdkafka's topic object, which lives as long as it is assigned.
  struct TopicPartition: Hashable {
    var topic: OpaquePointer?
    var partition: Int32
  }

  /// Makes a consumer that reads nothing yet. Does not wait for a broker.
  ///
  /// - Parameters:
  ///   - groupID: group whose committed offsets `commit` writes, for lag monitors; nil for none.
  ///   - headers: names of the record headers wanted, in the order of `RawMessage.headers`.
  ///   - memoryBudgetBytes: bound of prefetched messages, from 2 MiB up.
  /// - Throws: `KafkaError` for an option that is wrong.
  public init(
    settings: KafkaSettings, groupID: String?, headers: [String] = [],
    memoryBudgetBytes: Int = 256 << 20, log: KafkaLog
  ) throws {
    let fetchBytes = min(max(memoryBudgetBytes / 4, 1 << 20), 50 << 20)
    let queueKilobytes = min(max((memoryBudgetBytes - fetchBytes) >> 10, 1 << 10), 2_097_151)
    let conf = try settings.configuration(
      defaults: [
        ("isolation.level", "read_committed"), ("queued.min.messages", "1000000"),
        ("fetch.max.bytes", "\(fetchBytes)"), ("socket.keepalive.enable", "true"),
        ("log.connection.close", "false"), ("reconnect.backoff.max.ms", "5000"),
      ],
      fixed: [
        // An assignment needs a group even when nothing is committed to it.
        ("group.id", groupID ?? "\(settings.clientID)-without-group"),
        ("enable.auto.commit", "false"), ("enable.auto.offset.store", "false"),
        ("enable.partition.eof", "true"), ("auto.offset.reset", "error"),
        ("queued.max.messages.kbytes", "\(queueKilobytes)"),
      ])
    rd_kafka_conf_set_offset_commit_cb(conf) { _, code, offsets, opaque in
      KafkaConsumer.noteCommit(code, offsets, opaque)
    }
    let handle = try KafkaHandle(RD_KAFKA_CONSUMER, taking: conf, log: log)
    rd_kafka_poll_set_consumer(handle.pointer)
    guard let queue = rd_kafka_queue_get_consumer(handle.pointer) else {
      throw KafkaError(RD_KAFKA_RESP_ERR__FAIL, "making a Kafka consumer")
    }
    self.handle = handle
    self.queue = queue
    waker = FetchWaker(handle, [])
    hasGroup = groupID != nil
    batch = ConsumerBatch(capacity: Self.maxBatch, headers: headers)
    states = .allocate(capacity: 0)
  }

  deinit {
    close(timeoutMs: 0)
    states.deallocate()
  }

  /// Reads `partitions` from now on, in place of those before; what was prefetched is dropped.
  ///
  /// - Throws: `KafkaError` when a partition is named twice or an offset is negative.
  public func assign(_ partitions: [(PartitionID, StartPosition)]) throws {
    var index: [PartitionID: Int] = [:]
    for (position, (id, start)) in partitions.enumerated() {
      if index.updateValue(position, forKey: id) != nil {
        throw KafkaError(
          RD_KAFKA_RESP_ERR__CONFLICT, "assigning partitions", detail: "one is named twice",
          partition: id)
      }
      try Self.check(start, id)
    }
    let ids = partitions.map(\.0)
    let list = try PartitionList(ids) { partitions[$0].1.rawOffset }
    let code = rd_kafka_assign(handle.pointer, list.pointer)
    guard code == RD_KAFKA_RESP_ERR_NO_ERROR else {
      throw KafkaError(code, "assigning \(ids.count) partitions")
    }
    states.deallocate()
    states = .allocate(capacity: ids.count)
    for (position, (_, start)) in partitions.enumerated() {
      states.initializeElement(at: position, to: Self.state(from: start))
    }
    assigned = ids
    waker = FetchWaker(handle, ids)
    indexByID = index
    indexByHandle = [:]
  }

  /// Reads the partition of this index from `position` on; what was prefetched of it is dropped.
  ///
  /// - Throws: `KafkaError`, of a negative offset too.
  public func seek(_ index: Int, to position: StartPosition) throws {
    let id = assigned[index]
    try Self.check(position, id)
    // A partition whose offset was lost is not being fetched, which librdkafka's own seek wants.
    // Taken away and given back it starts in any case.
    let list = try PartitionList([id]) { _ in position.rawOffset }
    if let error = rd_kafka_incremental_unassign(handle.pointer, list.pointer) {
      throw KafkaError(taking: error, "seeking", partition: id)
    }
    if let error = rd_kafka_incremental_assign(handle.pointer, list.pointer) {
      throw KafkaError(taking: error, "seeking", partition: id)
    }
    let wasPaused = states[index].isPaused
    states[index] = Self.state(from: position)
    if wasPaused { try pause(index) }
  }

  /// Stops handing over messages of the partition of this index. What was prefetched of it is
  /// fetched again after `resume`. Pausing what is paused does nothing.
  public func pause(_ index: Int) throws {
    if states[index].isPaused { return }
    let list = try PartitionList([assigned[index]])
    let code = rd_kafka_pause_partitions(handle.pointer, list.pointer)
    if code != RD_KAFKA_RESP_ERR_NO_ERROR {
      throw KafkaError(code, "pausing", partition: assigned[index])
    }
    try list.throwFirstError("pausing")
    states[index].isPaused = true
  }

  /// Goes on with the partition of this index where it was paused.
  public func resume(_ index: Int) throws {
    guard states[index].isPaused else { return }
    let list = try PartitionList([assigned[index]])
    let code = rd_kafka_resume_partitions(handle.pointer, list.pointer)
    if code != RD_KAFKA_RESP_ERR_NO_ERROR {
      throw KafkaError(code, "resuming", partition: assigned[index])
    }
    try list.throwFirstError("resuming")
    states[index].isPaused = false
  }

  /// Whether the partition of this index is paused.
  public func isPaused(_ index: Int) -> Bool { states[index].isPaused }

  /// Commits the offsets to be read next, for lag monitors. Returns at once; failures are only told
  /// to the log. Does nothing without a group.
  public func commit(_ nextOffsets: [PartitionID: Int64]) {
    guard hasGroup, !isClosed, !nextOffsets.isEmpty else { return }
    let offsets = nextOffsets.sorted { $0.key < $1.key }
    guard let list = try? PartitionList(offsets.map(\.key), offset: { offsets[$0].value }) else {
      return
    }
    let code = rd_kafka_commit(handle.pointer, list.pointer, 1)
    if code != RD_KAFKA_RESP_ERR_NO_ERROR {
      handle.log.report(
        .warning, key: "commit \(code.rawValue)",
        KafkaError(code, "committing offsets for lag monitors").description)
    }
  }

  /// Gives the connections up, after commits under way have had up to `timeoutMs`. Nothing may be
  /// called after it but `close`, which then does nothing.
  public func close(timeoutMs: Int32 = 3_000) {
    if isClosed { return }
    isClosed = true
    waker.stop()
    if timeoutMs > 0, let closing = rd_kafka_queue_new(handle.pointer) {
      let deadline = ContinuousClock.now + .milliseconds(Int(timeoutMs))
      if let error = rd_kafka_consumer_close_queue(handle.pointer, closing) {
        rd_kafka_error_destroy(error)
      } else {
        while rd_kafka_consumer_closed(handle.pointer) == 0, ContinuousClock.now < deadline {
          if let event = rd_kafka_queue_poll(closing, 20) { rd_kafka_event_destroy(event) }
        }
      }
      rd_kafka_queue_destroy(closing)
    }
    rd_kafka_queue_destroy(queue)
    handle.destroy(flags: RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE)
  }

  static func state(from start: StartPosition) -> PartitionState {
    var state = PartitionState()
    state.start = start
    if case .offset(let offset) = start { state.nextOffset = offset }
    return state
  }

  private static func check(_ position: StartPosition, _ id: PartitionID) throws {
    guard case .offset(let offset) = position, offset < 0 else { return }
    throw KafkaError(
      RD_KAFKA_RESP_ERR__INVALID_ARG, "choosing where to read", detail: "an offset is not negative",
      partition: id, offset: offset)
  }

  private static func noteCommit(
    _ code: rd_kafka_resp_err_t,
    _ offsets: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>?,
    _ opaque: UnsafeMutableRawPointer?
  ) {
    // "No offset" says that all were committed before.
    if code == RD_KAFKA_RESP_ERR_NO_ERROR || code == RD_KAFKA_RESP_ERR__NO_OFFSET { return }
    let error = KafkaError(code, "committing offsets for lag monitors")
    EventBox.of(opaque)?.log.report(
      .warning, key: "commit \(code.rawValue)", error.description)
  }
}
