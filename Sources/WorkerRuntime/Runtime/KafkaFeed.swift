import KafkaClient
import PipelineSpec
import StreamCore

/// Brings the messages of Kafka partitions to the tasks of a lane.
///
/// One consumer a lane. Partitions that are too far ahead are paused; offsets that Kafka lost stop
/// the worker unless the pipeline says to go on.
final class KafkaFeed: LaneFeed {
  private let consumer: KafkaConsumer
  private let gate: DriftGate
  private let gateIndices: [Int]
  private let continuesOnLostOffsets: Bool
  private let deadLetters: DeadLetterSink?
  private let now: @Sendable () -> WallTime
  private let log: KafkaLog
  /// Where reading ends and how fast it goes, by task; nil: on and on.
  private var limits: ReadLimits?
  private var stepsToGate = 0
  private static let stepsPerGate = 8

  init(
    consumer: KafkaConsumer, gate: DriftGate, gateIndices: [Int], continuesOnLostOffsets: Bool,
    deadLetters: DeadLetterSink?, limits: ReadLimits?, log: KafkaLog,
    now: @escaping @Sendable () -> WallTime
  ) {
    self.limits = limits
    self.consumer = consumer
    self.gate = gate
    self.gateIndices = gateIndices
    self.continuesOnLostOffsets = continuesOnLostOffsets
    self.deadLetters = deadLetters
    self.log = log
    self.now = now
  }

  func step(_ content: LaneContent) throws -> LaneStep {
    stepsToGate -= 1
    if stepsToGate < 0 {
      stepsToGate = Self.stepsPerGate
      try applyGate(content)
    }
    let most = limits?.batch ?? KafkaConsumer.maxBatch
    let outcome = try consumer.poll(max: most, timeoutMs: 20) { index, run in
      guard let run = limits == nil ? run : limits?.take(run, index) else { return }
      content.tasks[index].process(run)
      content.lastInput[index] = now()
      try deadLetters?.send(content.tasks[index].takeDeadLetters())
    }
    for lost in outcome.lost { try handle(lost, content) }
    for end in outcome.ends {
      let limit = limits?.end(end.assigned) ?? Int64.max
      content.tasks[end.assigned].skip(to: min(end.nextOffset, limit))
    }
    if limits != nil, try stopsAtLimits(content, outcome) { return .ended }
    if outcome.messages == 0 {
      stepsToGate = 0
      return .idle
    }
    return .worked
  }

  /// Lets partitions rest that are read as far as they are to be, or as the pace allows. Whether
  /// all are read to their end.
  private func stopsAtLimits(_ content: LaneContent, _ outcome: PollOutcome) throws -> Bool {
    for end in outcome.ends { limits?.noteEnd(end.assigned) }
    for (index, task) in content.tasks.enumerated() {
      limits?.note(index, task)
      if !(limits?.mayRead(task, index) ?? true) { try consumer.pause(index) }
    }
    if limits?.isPaced ?? false { stepsToGate = 0 }
    return limits?.areAllDone ?? false
  }

  private func applyGate(_ content: LaneContent) throws {
    for (index, task) in content.tasks.enumerated() {
      let isDone = limits?.isDone(index) ?? false
      gate.note(
        gateIndices[index], clockMs: task.clockMs,
        hasInput: !isDone && (consumer.isPaused(index) || !consumer.isAtEnd(index)))
    }
    let limitMs = gate.limitMs()
    for (index, task) in content.tasks.enumerated()
    where limits?.mayRead(task, index) ?? true {
      // One that waits goes on only once there is room, so that its prefetch pays.
      let room = consumer.isPaused(index) && limitMs != Int64.max ? gate.maxDriftMs / 4 : 0
      let isAhead = task.clockMs > limitMs - room
      if isAhead != consumer.isPaused(index) {
        if isAhead { try consumer.pause(index) } else { try consumer.resume(index) }
      }
    }
  }

  private func handle(_ lost: LostOffsets, _ content: LaneContent) throws {
    guard continuesOnLostOffsets else {
      throw WorkerError(
        .refused, lost.description,
        whatToDo: "restore a backup, start a new file, or accept the loss with "
          + "on_lost_offsets: continue in the pipeline's kafka block")
    }
    log.report(
      .error, key: "lost \(lost.partition)", "\(lost); going on from the earliest offset there is")
    if let first = lost.earliest { content.tasks[lost.assigned].skip(to: first) }
    try consumer.seek(lost.assigned, to: .beginning)
  }

  func status(_ index: Int) -> FeedStatus {
    let lag = consumer.lag(index)
    return FeedStatus(
      isAtEnd: limits?.isDone(index) ?? (consumer.isAtEnd(index) && !consumer.isPaused(index)),
      isQuiet: limits?.isQuiet(index) ?? false,
      logPosition: consumer.nextOffset(index), lag: lag,
      isCurrent: limits == nil && lag ?? 0 <= FeedStatus.currentLagMax)
  }

  func flush(timeoutMs: Int32) throws -> Bool {
    try deadLetters?.flush(timeoutMs: timeoutMs) ?? true
  }

  func commit(_ nextOffsets: [PartitionID: Int64]) { consumer.commit(nextOffsets) }

  func close() {
    _ = try? deadLetters?.flush(timeoutMs: 1_000)
    consumer.close()
  }
}

/// Sends records that were not applied to the dead-letter topic: payload and key as they were, and
/// where they come from and why in headers.
final class DeadLetterSink {
  private let producer: KafkaProducer
  private let topics: [String: String]
  private var isDirty = false

  /// `topics` names the dead-letter topic of each topic that has one.
  init(producer: KafkaProducer, topics: [String: String]) {
    self.producer = producer
    self.topics = topics
  }

  func send(_ letters: [DeadLetter]) throws {
    for letter in letters {
      guard let topic = topics[letter.id.topic] else { continue }
      isDirty = true
      do {
        try send(letter, to: topic, more: letter.isMasked ? [("weir.masked", "true")] : [])
      } catch let error as KafkaError where error.codeName == "MSG_SIZE_TOO_LARGE" {
        // One that the topic does not take must not stop the worker: where it lies is sent.
        var short = letter
        short.isMasked = false
        short.payload = nil
        try send(short, to: topic, more: [("weir.truncated", "true")])
      }
    }
  }

  private func send(_ letter: DeadLetter, to topic: String, more: [(String, String)]) throws {
    let headers =
      [
        ("weir.reason", letter.reason), ("weir.topic", letter.id.topic),
        ("weir.partition", String(letter.id.partition)), ("weir.offset", String(letter.offset)),
      ] + more
    try Self.borrow(headers[...], []) { borrowed in
      try Self.borrow(letter.key) { key in
        try Self.borrow(letter.payload) { payload in
          try producer.send(
            topic: topic, key: key, value: payload,
            timestampMs: letter.timestampMs >= 0 ? letter.timestampMs : nil, headers: borrowed)
        }
      }
    }
  }

  /// Waits until all have arrived; false when some are still under way after `timeoutMs`.
  func flush(timeoutMs: Int32) throws -> Bool {
    guard isDirty else { return true }
    guard try producer.isDelivered(withinMs: timeoutMs) else { return false }
    isDirty = false
    return true
  }

  private static func borrow(
    _ bytes: [UInt8]?, _ body: (UnsafeRawBufferPointer?) throws -> Void
  ) throws {
    guard let bytes else { return try body(nil) }
    try bytes.withUnsafeBytes { try body($0) }
  }

  private static func borrow(
    _ headers: ArraySlice<(String, String)>,
    _ done: [(name: String, value: UnsafeRawBufferPointer?)],
    _ body: ([(name: String, value: UnsafeRawBufferPointer?)]) throws -> Void
  ) throws {
    guard let (name, text) = headers.first else { return try body(done) }
    try Array(text.utf8).withUnsafeBytes {
      try borrow(headers.dropFirst(), done + [(name, $0)], body)
    }
  }
}
