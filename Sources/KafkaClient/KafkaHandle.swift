import CRdKafka
import Glibc
import Synchronization

/// One librdkafka client and what it says about itself. Owned by the public type that wraps it.
///
/// `@unchecked Sendable`: librdkafka's handle may be used from any thread, and what its callbacks
/// write is behind a lock. The pointer lives until `destroy()`, which only the owner calls.
final class KafkaHandle: @unchecked Sendable {
  /// What the callbacks saw.
  struct Events {
    var lastError: KafkaError?
    var fatal: KafkaError?
    var isTroubled = false
  }

  let pointer: OpaquePointer
  let log: KafkaLog
  private let box: EventBox
  private var isDestroyed = false

  /// Makes a client of `conf`, which is used up in any case.
  init(
    _ kind: rd_kafka_type_t, taking conf: OpaquePointer, log: KafkaLog,
    opaque: UnsafeMutableRawPointer? = nil
  ) throws {
    let box = EventBox(log: log, owner: opaque)
    rd_kafka_conf_set_opaque(conf, Unmanaged.passUnretained(box).toOpaque())
    rd_kafka_conf_set_error_cb(conf) { client, code, reason, opaque in
      guard let box = EventBox.of(opaque) else { return }
      box.note(rd_kafka_resp_err_t(code), reason.map { String(cString: $0) } ?? "", client)
    }
    rd_kafka_conf_set_log_cb(conf) { client, level, facility, message in
      guard let client, let box = EventBox.of(rd_kafka_opaque(client)) else { return }
      guard let facility, let message else { return }
      box.tell(level, String(cString: facility), String(cString: message))
    }
    var reason = [CChar](repeating: 0, count: 512)
    guard let pointer = rd_kafka_new(kind, conf, &reason, reason.count) else {
      rd_kafka_conf_destroy(conf)
      throw KafkaError(
        RD_KAFKA_RESP_ERR__INVALID_ARG, "making a Kafka client", detail: text(reason))
    }
    self.pointer = pointer
    self.log = log
    self.box = box
  }

  deinit { destroy() }

  /// Gives the client up. No other thread may be using it. Safe to call twice.
  ///
  /// librdkafka waits here for its threads, and 2.0 may wait for ever after a topic was deleted. So
  /// a thread of its own does it; after `destroyTimeoutMs` it and the client are left to
  /// themselves.
  func destroy(flags: Int32 = 0) {
    if isDestroyed { return }
    isDestroyed = true
    let departure = Departure(pointer, flags, box)
    let argument = Unmanaged.passRetained(departure).toOpaque()
    var thread = pthread_t()
    let started = pthread_create(
      &thread, nil,
      { argument in
        guard let argument else { return nil }
        Unmanaged<Departure>.fromOpaque(argument).takeRetainedValue().run()
        return nil
      }, argument)
    guard started == 0 else {
      Unmanaged<Departure>.fromOpaque(argument).release()
      return departure.run()
    }
    pthread_detach(thread)
    if !departure.wait(timeoutMs: Self.destroyTimeoutMs) {
      log.report(
        .warning, key: "destroy",
        "a Kafka client did not end within \(Self.destroyTimeoutMs) ms and is left behind")
    }
  }

  private static let destroyTimeoutMs: Int32 = 3_000

  /// Throws the error after which this client is of no more use, if there was one.
  func throwIfFatal() throws {
    if let fatal = box.events.withLock({ $0.fatal }) { throw fatal }
  }

  /// The last error of a broker or of the client as a whole, forgotten by asking.
  func takeLastError() -> KafkaError? {
    box.events.withLock { events in
      defer { events.lastError = nil }
      return events.lastError
    }
  }

  /// Tells, once, that messages come again after trouble.
  func noteProgress() {
    let was = box.events.withLock { events in
      defer { events.isTroubled = false }
      return events.isTroubled
    }
    if was { log.report(.info, key: "recovered", "Kafka answers again") }
  }

  /// An error for a call that failed with `code`. A time-out says little: what the brokers'
  /// connections said meanwhile says more.
  func error(
    _ code: rd_kafka_resp_err_t, _ what: String, hint: String? = nil
  ) -> KafkaError {
    rd_kafka_poll(pointer, 0)
    let said = takeLastError()
    guard code.isTransient, let said else { return KafkaError(code, what, hint: hint) }
    return KafkaError(
      rd_kafka_resp_err_t(said.code), what, detail: said.message, isFatal: said.isFatal,
      hint: hint)
  }
}

/// The end of a client, which may come late or never.
///
/// `@unchecked Sendable`: `run` is called by one thread, `wait` by another; a semaphore is between
/// them.
private final class Departure: @unchecked Sendable {
  private let pointer: OpaquePointer
  private let flags: Int32
  /// The callbacks need it for as long as the client is there.
  private let box: EventBox
  private let done = UnsafeMutablePointer<sem_t>.allocate(capacity: 1)

  init(_ pointer: OpaquePointer, _ flags: Int32, _ box: EventBox) {
    (self.pointer, self.flags, self.box) = (pointer, flags, box)
    sem_init(done, 0, 0)
  }

  deinit {
    sem_destroy(done)
    done.deallocate()
  }

  func run() {
    rd_kafka_destroy_flags(pointer, flags)
    sem_post(done)
  }

  /// Whether the client ended in time.
  func wait(timeoutMs: Int32) -> Bool {
    var until = timespec()
    clock_gettime(CLOCK_REALTIME, &until)
    until.tv_nsec += Int(timeoutMs % 1_000) * 1_000_000
    until.tv_sec += Int(timeoutMs / 1_000) + until.tv_nsec / 1_000_000_000
    until.tv_nsec %= 1_000_000_000
    while sem_timedwait(done, &until) != 0 {
      if errno != EINTR { return false }
    }
    return true
  }
}

/// What librdkafka's callbacks reach through the client's opaque pointer.
final class EventBox: Sendable {
  let events = Mutex(KafkaHandle.Events())
  let log: KafkaLog
  /// The producer's counters; nil for other clients. Only the delivery callback uses it.
  nonisolated(unsafe) let owner: UnsafeMutableRawPointer?

  init(log: KafkaLog, owner: UnsafeMutableRawPointer?) {
    self.log = log
    self.owner = owner
  }

  static func of(_ opaque: UnsafeMutableRawPointer?) -> EventBox? {
    opaque.map { Unmanaged<EventBox>.fromOpaque($0).takeUnretainedValue() }
  }

  /// An error of a connection or of the whole client. All but fatal ones pass: librdkafka tries on.
  func note(_ code: rd_kafka_resp_err_t, _ reason: String, _ client: OpaquePointer?) {
    if code == RD_KAFKA_RESP_ERR__FATAL, let client {
      var text = [CChar](repeating: 0, count: 512)
      let cause = rd_kafka_fatal_error(client, &text, text.count)
      let fatal = KafkaError(
        cause, "the Kafka client gave up", detail: KafkaClient.text(text), isFatal: true)
      events.withLock { $0.fatal = $0.fatal ?? fatal }
      log.report(.error, key: "fatal", fatal.description)
      return
    }
    let isAllDown = code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN
    var error = KafkaError(code, "Kafka")
    // The coordinator's connection is one more to a broker that has its own.
    let said = Self.withoutCounters(reason).withoutPrefix("GroupCoordinator: ")
    error.message = isAllDown ? "no Kafka broker can be reached" : said
    error.hint = isAllDown ? "trying on" : code.hint(reason: said)
    events.withLock { events in
      events.isTroubled = true
      // That all are down hides why.
      if !isAllDown || events.lastError == nil { events.lastError = error }
    }
    let broker = isAllDown ? "" : said.prefix { $0 != " " && $0 != "/" }.withoutSuffix(":")
    log.report(
      code.isDenied ? .error : .warning, key: "\(code.rawValue) \(broker)", error.description)
  }

  /// A line of librdkafka's own log. Failures of connections reach `note` too and are not told
  /// twice.
  func tell(_ level: Int32, _ facility: String, _ message: String) {
    if facility == "FAIL" || facility == "ERROR" || facility == "CONFWARN" { return }
    log.report(
      level > 4 ? .debug : level > 3 ? .warning : .error, key: "log \(facility)",
      "librdkafka \(facility): \(message)")
  }

  /// librdkafka's text without "(after 3ms in state CONNECT, 5 identical error(s) suppressed)".
  static func withoutCounters(_ reason: String) -> String {
    var index = reason.startIndex
    while index < reason.endIndex {
      if reason[index...].hasPrefix(" (after ") { return String(reason[..<index]) }
      index = reason.index(after: index)
    }
    return reason
  }
}

extension StringProtocol {
  fileprivate func withoutPrefix(_ prefix: String) -> String {
    hasPrefix(prefix) ? String(dropFirst(prefix.count)) : String(self)
  }

  fileprivate func withoutSuffix(_ suffix: String) -> String {
    hasSuffix(suffix) ? String(dropLast(suffix.count)) : String(self)
  }
}
