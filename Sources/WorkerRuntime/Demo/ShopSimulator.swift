import StreamCore

/// One message of the simulated shop.
public struct SimulatedEvent: Sendable, Equatable {
  /// The record's key: the user's id, or an anonymous visitor's.
  public var key: [UInt8]
  /// The record's value: JSON, but for a few that are meant to be rejected.
  public var payload: [UInt8]
  /// When it is sent: the record's timestamp. What the payload says may be earlier.
  public var time: EventTime
}

/// A shop with five channels and customers with habits, as an endless stream of events in the order
/// in which they are sent.
///
/// Pure: time in, events out. Equal seeds, customers, starts and scenarios give equal bytes on
/// every machine. Memory is that of the visits that go on, a few for every thousand customers.
public struct ShopSimulator: Sendable {
  let customers: Int
  let startMs: Int64
  let scenario: ShopScenario
  var random: ShopRandom
  var sessions = ShopSessionQueue()
  /// When the next visit begins on each channel, epoch milliseconds.
  var arrivals: [Int64] = []
  /// When the next attack begins.
  var nextFraudMs: Int64
  /// The least of `arrivals` and `nextFraudMs`.
  var nextBeginningMs: Int64 = 0
  var sessionCount: UInt64 = 0
  private let idSalt: UInt64
  private var payload: ShopPayload
  /// The visit that does something next.
  private var current: ShopSession
  /// Messages to be sent again, in order.
  private var copies: [SimulatedEvent] = []
  private var messageCount: UInt64 = 0

  private static let copyDelayMs: Int64 = 2000

  /// Opens a shop.
  ///
  /// - Parameters:
  ///   - seed: decides everything that chance decides.
  ///   - customers: how many there are, 1 ... 9,999,999; others are taken to the nearer bound.
  ///   - start: when it opens; event times begin here, from 1970 on.
  ///   - scenario: what goes on besides ordinary business.
  public init(
    seed: UInt64, customers: Int = 20_000, start: EventTime, scenario: ShopScenario = ShopScenario()
  ) {
    self.customers = min(max(customers, 1), 9_999_999)
    startMs = max(0, start.ms)
    self.scenario = scenario
    payload = ShopPayload(anonymousVisitors: scenario.anonymousVisitors)
    random = ShopRandom(seed: seed)
    idSalt = ShopRandom.mixed(seed)
    nextFraudMs = startMs + scenario.fraud.firstMs
    current = ShopSession(
      atMs: startMs, number: 0, customer: 0, channel: .web, step: .browse, more: 0, product: 0,
      quantity: 1, anonymous: false)
    for channel in ShopChannel.allCases {
      arrivals.append(nextArrival(channel, afterMs: startMs))
    }
    updateNextBeginning()
    current = takeNextSession()
  }

  /// When the next event will be sent.
  public var upcoming: EventTime {
    EventTime(ms: min(current.atMs, copies.first?.time.ms ?? .max))
  }

  /// Every event sent before `end`, in order.
  public mutating func events(until end: EventTime) -> [SimulatedEvent] {
    var events: [SimulatedEvent] = []
    while upcoming < end { events.append(next()) }
    return events
  }

  /// The next event. O(log of the visits that go on).
  public mutating func next() -> SimulatedEvent {
    if let copy = copies.first, copy.time.ms <= current.atMs { return copies.removeFirst() }
    let event = message(current)
    if random.chance(scenario.duplicateShare) {
      var copy = event
      copy.time.ms += Self.copyDelayMs
      copies.append(copy)
    }
    current = takeNextSession()
    return event
  }

  /// Says what happens in `session` now, and lets it go on.
  private mutating func message(_ session: ShopSession) -> SimulatedEvent {
    let name = perform(session)
    messageCount += 1
    var facts = ShopPayload.Facts(
      event: name, timeMs: session.atMs,
      messageID: ShopRandom.mixed(idSalt &+ messageCount), session: session,
      isMoney: session.step.isMoney, isFraud: session.step.isFraud)
    if random.chance(scenario.disorderShare) {
      facts.timeMs = max(startMs, facts.timeMs - random.between(1000, 25_000))
    } else if random.chance(scenario.lateShare) {
      facts.timeMs = max(startMs, facts.timeMs - random.between(600_000, 3_600_000))
    }
    let faults = ShopPayload.Fault.allCases
    let fault =
      random.chance(scenario.malformedShare) ? faults[1 + random.below(faults.count - 1)] : .none
    return SimulatedEvent(
      key: payload.key(session, isFraud: facts.isFraud),
      payload: payload.payload(facts, fault: fault), time: EventTime(ms: session.atMs))
  }
}
