import StreamCore

/// What `weir produce` is asked to do.
public struct ProduceOptions: Sendable {
  /// The topic.
  public var topic: String
  /// Path of the field that is the record's key; nil for the user of the pipeline's source.
  public var keyPath: [String]?
  /// Send in order of event time over all files, in place of the files' own order.
  public var sorts: Bool
  /// Records a second; nil for as fast as it goes.
  public var ratePerSecond: Double?
  /// Send CSV rows as they are. Otherwise they become JSON objects of texts, which any consumer can
  /// read without knowing the header.
  public var keepsRows: Bool
  /// Memory for sorting, in bytes.
  public var memoryBytes: Int
  /// Where sorting puts what does not fit.
  public var spillDirectory: String
  /// How long to wait for the last deliveries.
  public var flushTimeoutMs: Int32

  /// Makes options; the defaults are those of the command.
  public init(
    topic: String, keyPath: [String]? = nil, sorts: Bool = false, ratePerSecond: Double? = nil,
    keepsRows: Bool = false, memoryBytes: Int = 256 << 20, spillDirectory: String = "/tmp",
    flushTimeoutMs: Int32 = 60_000
  ) {
    self.topic = topic
    self.keyPath = keyPath
    self.sorts = sorts
    self.ratePerSecond = ratePerSecond
    self.keepsRows = keepsRows
    self.memoryBytes = memoryBytes
    self.spillDirectory = spillDirectory
    self.flushTimeoutMs = flushTimeoutMs
  }
}

/// How far producing has come.
public struct ProduceProgress: Sendable, Equatable {
  /// Records read.
  public var read: Int64 = 0
  /// Records given to the topic.
  public var sent: Int64 = 0
  /// Records that the topic has.
  public var delivered: Int64 = 0
  /// Records that it does not have, or may not have.
  public var failed: Int64 = 0
  /// Sent without a key, because none could be read.
  public var keyless: Int64 = 0
  /// CSV rows that are no rows of their format, sent as they are.
  public var unconverted: Int64 = 0
  /// Records over `InputLimits.recordBytes`, not sent.
  public var oversized: Int64 = 0
  /// Stored bytes of the input read so far.
  public var bytesRead: Int64 = 0
  /// Stored bytes of the whole input; nil when unknown.
  public var totalBytes: Int64?
  /// Records sent a second, lately; nil before there is a rate.
  public var perSecond: Double?
  /// Milliseconds left; nil when nobody can tell.
  public var remainingMs: Int64?
}

/// Sends the records of files to a topic, keyed by user: the work of `weir produce`.
///
/// A record that cannot be decoded is sent all the same, without a key, so that the consumer counts
/// and keeps it. Not for use from two threads.
public final class TopicProducer<Clock: ProduceClock> {
  private let source: SourcePlan
  private let options: ProduceOptions
  private let clock: Clock
  private let sink: any RecordSink
  private var progress = ProduceProgress()
  private var input = InputProgress(totalBytes: nil)
  private var pace: Pace?
  private var meter = RateMeter()
  private var lastReportNs = Int64.min
  private var totalRecords: Int64?

  private static var batch: Int { 256 }
  private static var reportEveryNs: Int64 { 250_000_000 }
  /// Longest single wait, so that stopping and progress are not held up by a low rate.
  private static var longestWaitNs: Int64 { 100_000_000 }

  /// Makes a producer of `source`'s events.
  public init(source: SourcePlan, options: ProduceOptions, clock: Clock, sink: any RecordSink) {
    var plan = source
    if let path = options.keyPath {
      while plan.fields.count <= Slot.user { plan.fields.append(.absent) }
      plan.fields[Slot.user] = .paths([path])
    }
    self.source = plan
    self.options = options
    self.clock = clock
    self.sink = sink
  }

  /// Sends the records of `files`, in the order given, or sorted, and waits for their delivery.
  ///
  /// - Parameters:
  ///   - files: Paths; `-` is standard input.
  ///   - report: Told how far it is, about four times a second and at the end.
  ///   - shouldStop: Asked between records; true ends the sending early, in order.
  /// - Returns: What was done.
  /// - Throws: `InputErrors`, `InputError`, what the sink throws.
  public func run(
    files: [String], report: (ProduceProgress) -> Void = { _ in },
    shouldStop: () -> Bool = { false }
  ) throws -> ProduceProgress {
    let sorted = try InputFiles.checked(files)
    progress.totalBytes = InputFiles.totalBytes(sorted)
    input = InputProgress(totalBytes: progress.totalBytes)
    if options.sorts {
      var sorting = SortedInput.Options(partitions: 1, spillDirectory: options.spillDirectory)
      sorting.memoryBytes = options.memoryBytes
      let all = try SortedInput(source: source, files: sorted, options: sorting, progress: input)
      totalRecords = all.counts.records
      for partition in all.partitions { try send(partition, report, shouldStop) }
    } else {
      for path in files where !shouldStop() {
        try send(try RecordFile(path: path, source: source, progress: input), report, shouldStop)
      }
    }
    defer {
      look(atNs: clock.monotonicNs)
      report(progress)
    }
    try sink.flush(timeoutMs: options.flushTimeoutMs)
    return look(atNs: clock.monotonicNs)
  }

  /// Sends all that a reader holds.
  private func send(
    _ reader: any RecordReader, _ report: (ProduceProgress) -> Void, _ shouldStop: () -> Bool
  ) throws {
    var format: PayloadFormat?
    var keys = EventKeys(source: source, format: .json)
    var rows: RowToJSON?
    var isStopped = false
    while !isStopped,
      try reader.nextBatch(
        max: Self.batch,
        { batch in
          if format != reader.format {
            format = reader.format
            keys = EventKeys(source: source, format: reader.format)
            rows = nil
            if case .csv(let csv) = reader.format, !options.keepsRows {
              rows = RowToJSON(format: csv)
            }
          }
          keys.beginBlock()
          guard var message = batch.baseAddress else { return }
          for _ in 0..<batch.count {
            isStopped = try waitForTurn(report, shouldStop)
            if isStopped { return }
            try send(message, keys, &rows)
            message += 1
          }
        }) > 0
    {}
  }

  /// Sends one record.
  private func send(
    _ message: UnsafePointer<RawMessage>, _ keys: EventKeys, _ rows: inout RowToJSON?
  ) throws {
    progress.read += 1
    guard let payload = message.pointee.payload else {
      progress.oversized += 1
      return
    }
    let raw = UnsafeRawBufferPointer(start: payload, count: Int(message.pointee.payloadCount))
    let user = keys.user(of: message)
    if user.isNull { progress.keyless += 1 }
    try withKey(user) { key in
      let isJSON = rows?.convert(raw) ?? false
      if !isJSON, rows != nil { progress.unconverted += 1 }
      if isJSON, let json = rows?.json {
        try json.withUnsafeBytes { try send(key: key, value: $0) }
      } else {
        try send(key: key, value: raw)
      }
    }
    progress.sent += 1
  }

  private func send(key: UnsafeRawBufferPointer?, value: UnsafeRawBufferPointer) throws {
    try sink.send(topic: options.topic, key: key, value: value, timestampMs: clock.wallMs)
  }

  /// The key's bytes: the text of the user.
  private func withKey(_ user: Value, _ body: (UnsafeRawBufferPointer?) throws -> Void) throws {
    switch user.kind {
    case .missing, .null: try body(nil)
    case .number, .string, .object, .array: try body(user.bytes)
    case .bool: try Array((user.bits != 0 ? "true" : "false").utf8).withUnsafeBytes(body)
    case .int: try Array(String(user.intBits).utf8).withUnsafeBytes(body)
    case .double: try Array(String(user.doubleBits).utf8).withUnsafeBytes(body)
    }
  }
}

// MARK: - Pace and progress

extension TopicProducer {
  /// Waits until the next record is due, telling how far it is meanwhile. True when it is to stop.
  private func waitForTurn(
    _ report: (ProduceProgress) -> Void, _ shouldStop: () -> Bool
  ) throws -> Bool {
    while true {
      if shouldStop() { return true }
      let now = clock.monotonicNs
      if lastReportNs == Int64.min || now - lastReportNs >= Self.reportEveryNs {
        lastReportNs = now
        report(look(atNs: now))
      }
      guard let rate = options.ratePerSecond, rate > 0 else { return false }
      var pace = self.pace ?? Pace(perSecond: rate, startNs: now)
      let left = pace.nsUntilNext(atNs: now)
      if left <= 0 { pace.took() }
      self.pace = pace
      if left <= 0 { return false }
      clock.wait(nanoseconds: min(left, Self.longestWaitNs))
    }
  }

  /// Brings the progress up to date.
  @discardableResult
  private func look(atNs now: Int64) -> ProduceProgress {
    let delivery = sink.delivery
    progress.delivered = Int64(delivery.delivered)
    progress.failed = Int64(delivery.failed)
    progress.bytesRead = input.bytesRead
    meter.note(done: progress.sent, atMs: now / 1_000_000)
    progress.perSecond = meter.perSecond
    // Records to come are known after sorting; else they are guessed from the bytes to come.
    let share = Double(progress.bytesRead) / Double(max(progress.totalBytes ?? 0, 1))
    let guess = share > 0 ? Int64(Double(progress.read) / share) : nil
    let total = totalRecords ?? (progress.totalBytes == nil ? nil : guess)
    progress.remainingMs = total.flatMap { meter.remainingMs(total: $0) }
    return progress
  }
}

/// When records are due at a fixed rate. Pure.
///
/// After a stall it catches up on one second at most, so that a stall is not followed by a flood.
struct Pace {
  private let perSecond: Double
  private var startNs: Int64
  private var taken = 0.0

  private static let longestCatchUpNs: Int64 = 1_000_000_000
  /// A century: as good as never, and far from overflow.
  private static let longestNs = 3.2e18

  /// The first record is due at `startNs`.
  init(perSecond: Double, startNs: Int64) {
    self.perSecond = perSecond
    self.startNs = startNs
  }

  /// Nanoseconds until the next record is due; not positive when it is.
  mutating func nsUntilNext(atNs now: Int64) -> Int64 {
    let due = startNs + Int64(min(taken * 1e9 / perSecond, Self.longestNs).rounded())
    let behind = now - due
    if behind > Self.longestCatchUpNs { startNs += behind - Self.longestCatchUpNs }
    return -behind
  }

  /// Notes that a record was taken.
  mutating func took() { taken += 1 }
}
