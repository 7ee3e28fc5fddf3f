import CRdKafka
import StreamCore

extension KafkaConsumer {
  /// Hands over the next messages, at most `max` of them, one run for each partition.
  ///
  /// Waits up to `timeoutMs` for the first one and for none after it. Within a run offsets rise and
  /// none of the partition's records is left out. The memory behind a run is valid during its call
  /// of `handle`. O(messages), without allocating.
  ///
  /// - Parameters:
  ///   - max: 1...`maxBatch`.
  ///   - handle: takes the partition's index in `assign` and the run. After it throws, this
  ///     consumer has lost the rest of the batch: `assign` or `close` it.
  /// - Throws: what `handle` throws; a `KafkaError` that is fatal, or about access or a record that
  ///   cannot be read, after the batch's messages were handed over.
  public func poll(
    max: Int = KafkaConsumer.maxBatch, timeoutMs: Int32,
    _ handle: (_ assigned: Int, _ run: UnsafeBufferPointer<RawMessage>) throws -> Void
  ) throws -> PollOutcome {
    try self.handle.throwIfFatal()
    var outcome = PollOutcome()
    let count = receive(min(Swift.max(max, 1), batch.capacity), timeoutMs)
    if count == 0 { return outcome }
    defer { batch.release(count) }
    waker.note(waiting: Int(rd_kafka_queue_length(queue)))
    let events = sortByPartition(count)
    if !batch.touched.isEmpty { self.handle.noteProgress() }
    for index in batch.touched {
      let state = states[index]
      let run = UnsafeBufferPointer(
        start: batch.raw + Int(state.first), count: Int(state.count))
      outcome.messages += run.count
      try handle(index, run)
    }
    if events > 0 { try noteEvents(count, &outcome) }
    return outcome
  }

  /// Fills `batch.messages`. librdkafka waits for a batch to fill, so it is only let wait for the
  /// first message.
  private func receive(_ max: Int, _ timeoutMs: Int32) -> Int {
    let ready = rd_kafka_consume_batch_queue(queue, 0, batch.messages, max)
    if ready != 0 || timeoutMs <= 0 { return Swift.max(ready, 0) }
    let first = rd_kafka_consume_batch_queue(queue, timeoutMs, batch.messages, 1)
    if first <= 0 || max == 1 { return Swift.max(first, 0) }
    return 1 + Swift.max(0, rd_kafka_consume_batch_queue(queue, 0, batch.messages + 1, max - 1))
  }

  /// Lays the messages out in `batch.raw` as one run per partition and returns how many were not
  /// messages but events.
  private func sortByPartition(_ count: Int) -> Int {
    let (messages, owners, states) = (batch.messages, batch.owners, self.states)
    for index in batch.touched { states[index].count = 0 }
    batch.touched.removeAll(keepingCapacity: true)
    var events = 0
    var topic: OpaquePointer?
    var partition: Int32 = -1
    var owner = -1
    for i in 0..<count {
      owners[i] = -1
      guard let message = messages[i] else { continue }
      if message.pointee.rkt != topic || message.pointee.partition != partition || owner < 0 {
        topic = message.pointee.rkt
        partition = message.pointee.partition
        owner = index(of: message)
      }
      if owner < 0 {
        if message.pointee.err != RD_KAFKA_RESP_ERR_NO_ERROR { events += 1 }
        continue
      }
      if message.pointee.err != RD_KAFKA_RESP_ERR_NO_ERROR {
        events += 1
        if message.pointee.err == RD_KAFKA_RESP_ERR__PARTITION_EOF {
          states[owner].isAtEnd = true
          states[owner].nextOffset = Swift.max(states[owner].nextOffset, message.pointee.offset)
        }
        continue
      }
      let offset = message.pointee.offset
      // A resumed or moved partition may be fetched again from a little before.
      if offset < states[owner].nextOffset { continue }
      states[owner].nextOffset = offset + 1
      states[owner].isAtEnd = false
      if states[owner].count == 0 { batch.touched.append(owner) }
      states[owner].count += 1
      owners[i] = Int32(truncatingIfNeeded: owner)
    }
    var first: Int32 = 0
    for index in batch.touched {
      states[index].first = first
      first += states[index].count
      states[index].count = 0
    }
    for i in 0..<count where owners[i] >= 0 {
      guard let message = messages[i] else { continue }
      let owner = Int(owners[i])
      batch.write(message, to: Int(states[owner].first + states[owner].count))
      states[owner].count += 1
    }
    return events
  }

  /// The index in `assign` of a message's partition, or -1.
  private func index(of message: ConsumerBatch.Message) -> Int {
    let key = TopicPartition(topic: message.pointee.rkt, partition: message.pointee.partition)
    if let index = indexByHandle[key] { return index }
    guard let topic = key.topic, let name = rd_kafka_topic_name(topic) else { return -1 }
    let id = PartitionID(topic: String(cString: name), partition: key.partition)
    guard let index = indexByID[id] else { return -1 }
    indexByHandle[key] = index
    return index
  }

  private func noteEvents(_ count: Int, _ outcome: inout PollOutcome) throws {
    var failure: KafkaError?
    for i in 0..<count {
      guard let message = batch.messages[i], message.pointee.err != RD_KAFKA_RESP_ERR_NO_ERROR
      else { continue }
      let owner = index(of: message)
      switch message.pointee.err {
      case RD_KAFKA_RESP_ERR__PARTITION_EOF:
        guard owner >= 0, states[owner].isAtEnd else { continue }
        let end = PollOutcome.End(assigned: owner, nextOffset: states[owner].nextOffset)
        if !outcome.ends.contains(end) { outcome.ends.append(end) }
      case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET where owner >= 0:
        try noteLost(owner, message.pointee.offset, &outcome)
      case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC,
        RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
        if owner >= 0, !outcome.missing.contains(owner) { outcome.missing.append(owner) }
        report(message, owner)
      case RD_KAFKA_RESP_ERR__FATAL:
        try handle.throwIfFatal()
      case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
        // Only commits need the group, and only monitors need commits.
        report(message, owner)
      default:
        if message.pointee.err.isTransient {
          report(message, owner)
        } else if failure == nil {
          failure = error(of: message, owner)
        }
      }
    }
    if let failure { throw failure }
  }

  /// Kafka does not have the offset asked for. It is asked what it has, since a broker that was not
  /// the leader any more may have said so.
  private func noteLost(_ index: Int, _ offset: Int64, _ outcome: inout PollOutcome) throws {
    let wanted = offset >= 0 ? offset : states[index].nextOffset
    let partition = assigned[index]
    guard wanted >= 0 else {
      let start = states[index].start
      handle.log.report(
        .warning, key: "start \(partition)",
        "\(partition): the start of reading could not be looked up; trying again")
      return try seek(index, to: start)
    }
    var lost = LostOffsets(assigned: index, partition: partition, wanted: wanted)
    var (low, high): (Int64, Int64) = (0, 0)
    let code = rd_kafka_query_watermark_offsets(
      handle.pointer, partition.topic, partition.partition, &low, &high, 5_000)
    if code == RD_KAFKA_RESP_ERR_NO_ERROR {
      if low <= wanted, wanted <= high {
        handle.log.report(
          .warning, key: "range \(partition)",
          "\(partition): a broker did not know offset \(wanted), which is there; trying again")
        return try seek(index, to: .offset(wanted))
      }
      (lost.earliest, lost.latest) = (low, high)
    }
    outcome.lost.append(lost)
  }

  private func error(of message: ConsumerBatch.Message, _ owner: Int) -> KafkaError {
    let reason = rd_kafka_message_errstr(message).map { String(cString: $0) }
    return KafkaError(
      message.pointee.err, "reading",
      detail: reason.map(EventBox.withoutCounters),
      partition: owner >= 0 ? assigned[owner] : nil,
      offset: owner >= 0 && message.pointee.offset >= 0 ? message.pointee.offset : nil)
  }

  private func report(_ message: ConsumerBatch.Message, _ owner: Int) {
    let error = error(of: message, owner)
    handle.log.report(.warning, key: "read \(error.code) \(owner)", error.description)
  }
}

extension KafkaConsumer {
  /// The offset to be read next of the partition of this index; nil when reading began at
  /// `.beginning` or `.end` and nothing was seen yet.
  public func nextOffset(_ index: Int) -> Int64? {
    let next = states[index].nextOffset
    return next < 0 ? nil : next
  }

  /// Whether the partition of this index was found read to its end and nothing came since.
  public func isAtEnd(_ index: Int) -> Bool { states[index].isAtEnd }

  /// The end of the partition of this index as of the last answer to a fetch, without asking the
  /// broker; nil before the first.
  public func cachedEnd(_ index: Int) -> Int64? {
    var (low, high): (Int64, Int64) = (0, 0)
    let id = assigned[index]
    let code = rd_kafka_get_watermark_offsets(
      handle.pointer, id.topic, id.partition, &low, &high)
    return code == RD_KAFKA_RESP_ERR_NO_ERROR && high >= 0 ? high : nil
  }

  /// How many offsets of the partition of this index were not read yet, as of the last answer to a
  /// fetch; nil before the first. Exceeds the number of messages where offsets have no record.
  public func lag(_ index: Int) -> Int64? {
    if states[index].isAtEnd { return 0 }
    guard let end = cachedEnd(index), let next = nextOffset(index) else { return nil }
    return max(0, end - next)
  }
}
