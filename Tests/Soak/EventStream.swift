import Foundation
import KafkaClient
import StreamCore
import Synchronization
import WorkerRuntime

/// Sends the shop's events at a steady rate, from a thread of its own, and notes what it sent.
///
/// `@unchecked Sendable`: the log and what is told at the end are of that thread until it has
/// ended; the rest is under the condition's lock or atomic.
final class EventStream: @unchecked Sendable {
  /// What was sent, once it has ended.
  struct Report {
    var counts: [Int64] = []
    var paths: [String] = []
    var bytes: Int64 = 0
    var seconds = 0.0
    /// Seconds for which it waited because a worker was far behind.
    var heldSeconds = 0.0
    /// Events that were due in the end, not counting those that it waited with, and not sent.
    var lateEvents = 0
    /// Event time that it covers.
    var spanMs: Int64 = 0
  }

  private enum Gate { case open, closing, closed }

  /// Events that one worker may be behind: beyond that the stream waits, because the broker drops
  /// what is older than its 5 MiB of a partition, some 70,000 events. After a kill some partitions
  /// are several times as far behind as others.
  private let unreadMax: Int
  private static let beatMs: Int64 = 10
  private let plan: SoakPlan
  private let servers: String
  private let halt: Halt
  private let condition = NSCondition()
  private var gate = Gate.open
  private var hasEnded = false
  private var report = Report()
  private let sentCount = Atomic<Int>(0)
  private let leastRead = Atomic<Int>(0)

  init(_ plan: SoakPlan, servers: String, halt: Halt) {
    self.plan = plan
    self.servers = servers
    self.halt = halt
    unreadMax = plan.partitions * 15_000
  }

  /// Events handed to the client so far.
  var sent: Int { sentCount.load(ordering: .relaxed) }

  /// Tells how far the slowest worker is known to be.
  func note(leastRead count: Int64) {
    leastRead.store(Int(clamping: count), ordering: .relaxed)
  }

  /// Begins, into files in `folder`.
  func start(_ folder: URL) {
    let thread = Thread { [self] in
      do {
        try send(folder)
      } catch {
        halt.raise("the stream of events ended: \(error)")
      }
      condition.withLock {
        hasEnded = true
        condition.broadcast()
      }
    }
    thread.name = "stream"
    thread.start()
  }

  /// Runs `body` while nothing is under way to the broker.
  ///
  /// The embedded broker does not know a batch again that a client sends once more because it never
  /// heard the answer; so whoever takes the broker down first lets it answer.
  func whileQuiet(_ body: () throws -> Void) rethrows {
    condition.withLock {
      gate = .closing
      while gate != .closed, !hasEnded { condition.wait() }
    }
    defer {
      condition.withLock {
        gate = .open
        condition.broadcast()
      }
    }
    try body()
  }

  /// Waits until it has sent everything; what that was.
  func end() -> Report {
    condition.withLock {
      while !hasEnded { condition.wait() }
      return report
    }
  }

  private func send(_ folder: URL) throws {
    let log = try LogOfRecord(folder, partitions: plan.partitions)
    var scenario = ShopScenario()
    scenario.anonymousVisitors = UInt64(SoakPlan.customers)
    let opening = DemoOptions.openingDefault
    var shop = ShopSimulator(
      seed: plan.seed, customers: SoakPlan.customers, start: opening, scenario: scenario)
    let producer = try KafkaProducer(
      settings: KafkaSettings(
        brokers: servers, options: ["linger.ms": "50", "reconnect.backoff.max.ms": "500"]),
      compression: .lz4, log: .silent)
    let watch = Stopwatch()
    var held = 0.0
    var last = 0.0
    var sent = 0
    var due = 0
    while !halt.isRaised, watch.ms < plan.lengthMs {
      if condition.withLock({ gate == .closing }) {
        try producer.flush(timeoutMs: 30_000)
        rest()
      }
      let now = watch.seconds
      let isFarBehind = sent - leastRead.load(ordering: .relaxed) > unreadMax
      if isFarBehind { held += now - last }
      last = now
      // What an outage held up is made up for at twice the rate.
      due = Int((now - held) * Double(plan.rate))
      let end = isFarBehind ? sent : min(due, sent + max(1, plan.rate / 50))
      while sent < end {
        try send(shop.next(), log, producer)
        sent += 1
      }
      sentCount.store(sent, ordering: .relaxed)
      producer.serve()
      halt.goesOn(afterMs: Self.beatMs)
    }
    try producer.flush(timeoutMs: 60_000)
    try log.flush()
    let made = Report(
      counts: log.counts, paths: log.paths, bytes: log.bytes, seconds: watch.seconds,
      heldSeconds: held, lateEvents: due - sent, spanMs: shop.upcoming.ms - opening.ms)
    condition.withLock { report = made }
  }

  /// Does nothing for as long as somebody wants it quiet.
  private func rest() {
    condition.withLock {
      gate = .closed
      condition.broadcast()
      while gate == .closed { condition.wait() }
    }
  }

  private func send(
    _ event: SimulatedEvent, _ log: LogOfRecord, _ producer: KafkaProducer
  ) throws {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in event.key { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
    let partition = Int((hash ^ (hash >> 32)) % UInt64(plan.partitions))
    try event.key.withUnsafeBytes { key in
      try event.payload.withUnsafeBytes { value in
        try producer.send(
          topic: SoakPlan.topic, partition: Int32(partition), key: key, value: value,
          timestampMs: event.time.ms)
      }
    }
    try log.append(event.payload, partition: partition)
  }
}
