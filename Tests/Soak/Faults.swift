import Foundation
import KafkaClient
import Synchronization

/// Something that goes wrong.
enum Fault: Sendable {
  case kill
  case outage(Outage)
  case reader(SlowReader)

  /// One round: every kind of fault, and kills twice.
  static let round: [Fault] =
    [.kill, .kill] + Outage.allCases.map(Fault.outage) + SlowReader.allCases.map(Fault.reader)
}

/// A way in which the broker fails for a moment.
enum Outage: String, CaseIterable, Sendable {
  case down = "broker down"
  case fetch = "fetches refused"
  case lookUp = "look-ups refused"
  case slow = "slow answers"
}

/// What was done to the workers.
struct FaultCounts: Sendable {
  /// Seconds from each kill to the next snapshot.
  var restarts: [Double] = []
  /// Kills, those at the end of the soak included.
  var kills = 0
  var killsInOutages = 0
  var outages: [Outage: Int] = [:]
  var longestDownMs: Int64 = 0
  var readers: [SlowReader: Int] = [:]
}

/// Lets something go wrong every few seconds; what and when is decided by a seed.
final class FaultMaker: Sendable {
  /// Pauses between two faults.
  private static let pauseMs: ClosedRange<Int64> = 500...2_000
  private static let outageMs: ClosedRange<Int64> = 500...4_000
  private static let readerMs: ClosedRange<Int64> = 2_000...10_000
  private static let broker = 1

  private let plan: SoakPlan
  private let cluster: EmbeddedBroker
  private let stream: EventStream
  /// The one that is killed, and the one that is not.
  private let killed: Subject
  private let steady: Subject
  private let halt: Halt
  private let counts = Mutex(FaultCounts())
  private let readers = DispatchGroup()

  init(
    _ plan: SoakPlan, cluster: EmbeddedBroker, stream: EventStream, killed: Subject,
    steady: Subject, halt: Halt
  ) {
    self.plan = plan
    self.cluster = cluster
    self.stream = stream
    self.killed = killed
    self.steady = steady
    self.halt = halt
  }

  /// Goes on until the stream's time is over; then everything works again.
  func run() -> FaultCounts {
    let watch = Stopwatch()
    var random = SoakRandom(seed: plan.seed ^ 0xFA17)
    var round: [Fault] = []
    do {
      while halt.goesOn(afterMs: random.between(Self.pauseMs)), watch.ms < plan.lengthMs {
        if round.isEmpty { round = Fault.round.shuffled(using: &random) }
        switch round.removeLast() {
        case .kill: try kill()
        case .outage(let outage): try breakBroker(outage, &random)
        case .reader(let reader): beginReading(reader, &random)
        }
      }
      try mendBroker()
    } catch {
      halt.raise("\(error)")
    }
    readers.wait()
    return counts.withLock { $0 }
  }

  private func kill() throws {
    counts.withLock { $0.kills += 1 }
    if let seconds = try killed.awaitSnapshot(after: killed.killAndRestart()) {
      counts.withLock { $0.restarts.append(seconds) }
    }
  }

  /// Kills the worker in an outage that is under way.
  private func killInOutage() throws -> Subject.Kill {
    counts.withLock {
      $0.kills += 1
      $0.killsInOutages += 1
    }
    return try killed.killAndRestart()
  }

  private func breakBroker(_ outage: Outage, _ random: inout SoakRandom) throws {
    let ms = random.between(Self.outageMs)
    let withKill = random.between(0...3) == 0
    counts.withLock { $0.outages[outage, default: 0] += 1 }
    // 5 is "leader not available", 6 "not leader", 7 "timed out": what passes.
    let code = Int32(random.between(5...7))
    var kill: Subject.Kill?
    switch outage {
    case .down:
      counts.withLock { $0.longestDownMs = max($0.longestDownMs, ms) }
      try stream.whileQuiet {
        try cluster.setDown(Self.broker)
        if withKill { kill = try killInOutage() }
        halt.goesOn(afterMs: ms)
        try cluster.setUp(Self.broker)
      }
    case .fetch: cluster.injectErrors(.fetch, code: code, count: Int(ms / 50))
    case .lookUp:
      cluster.injectErrors(.listOffsets, code: code, count: Int(ms / 500))
      cluster.injectErrors(.metadata, code: code, count: Int(ms / 500))
    case .slow: try cluster.setRoundTrip(Self.broker, ms: Int(ms / 4))
    }
    if outage != .down {
      if withKill { kill = try killInOutage() }
      halt.goesOn(afterMs: ms)
    }
    try mendBroker()
    if let kill { _ = try killed.awaitSnapshot(after: kill) }
  }

  private func mendBroker() throws {
    for request in [EmbeddedBroker.Request.fetch, .listOffsets, .metadata] {
      cluster.clearErrors(request)
    }
    try cluster.setRoundTrip(Self.broker, ms: 0)
  }

  private func beginReading(_ reader: SlowReader, _ random: inout SoakRandom) {
    let subject = random.between(0...1) == 0 ? killed : steady
    let ms = random.between(Self.readerMs)
    counts.withLock { $0.readers[reader, default: 0] += 1 }
    readers.enter()
    let thread = Thread { [halt, readers] in
      reader.read(subject, ms: ms, halt: halt)
      readers.leave()
    }
    thread.name = "slow reader"
    thread.start()
  }
}
