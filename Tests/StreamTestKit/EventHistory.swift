/// A made-up history of events in the order in which they arrived, as a seed and options say.
///
/// Invariants: with a `tickMs` of 1, no two events of one user (or of nobody) have the same time
/// but for copies, so that the order of (time, user) is total; without `lateShare` every good event
/// arrives within `latenessMs` of its time, so that no order of arrival and no partitioning makes
/// any of them late.
public struct EventHistory: Sendable {
  /// What a history is made of. Shares are of [0, 1].
  public struct Options: Sendable {
    /// Events without copies.
    public var events = 1000
    /// Users.
    public var users = 50
    /// 0: all users alike; about 1: a few do most.
    public var zipfExponent = 0.0
    /// First possible event time, epoch milliseconds.
    public var startMs: Int64 = 1_767_225_600_000
    /// Length of the history in milliseconds.
    public var spanMs: Int64 = 3_600_000
    /// Event times are whole ticks after `startMs`. Longer ones than 1 make ties, which are then in
    /// the order of the log.
    public var tickMs: Int64 = 1
    /// How much later than its time an event that is not late arrives at most.
    public var latenessMs: Int64 = 60_000
    /// Share that arrives later still, up to ten times `latenessMs`.
    public var lateShare = 0.0
    /// Share that is sent twice.
    public var duplicateShare = 0.05
    /// Share without an id.
    public var noIDShare = 0.1
    /// Share without a user.
    public var anonymousShare = 0.05
    /// Share to be rejected.
    public var malformedShare = 0.0
    /// Share from clocks that go fast: event times up to an hour past the record's timestamp.
    public var fastShare = 0.0
    /// What `max_ahead` will be; only for events that are too far ahead.
    public var maxAheadMs: Int64 = 86_400_000
    /// Event names; `purchase` and `refund` carry amounts.
    public var names = ["product_view", "add_to_cart", "purchase", "refund", "payment_error"]
    /// Channels.
    public var channels = ["web", "app", "mini_program", "livestream", "store"]
    /// Cities; some events have none.
    public var cities = ["北京", "上海", "Zürich", "São Paulo", "🏙️", "Quote\"City"]

    /// Orders that events belong to, whoever their user; 0: none have one.
    public var orders = 0
    /// Share of names that carry an amount although they are no `purchase` or `refund`.
    public var amountShare = 0.0

    /// The defaults: everything in time, some copies, nothing malformed.
    public init() {}

    /// The defaults with `change` made to them.
    public static func with(_ change: (inout Options) -> Void) -> Options {
      var options = Options()
      change(&options)
      return options
    }
  }

  /// What it was made from.
  public let seed: UInt64
  /// What it was made from.
  public let options: Options
  /// Its events in order of arrival; of equals, in order of making.
  public private(set) var events: [HistoryEvent] = []

  /// Makes the history of a seed.
  public init(seed: UInt64, options: Options = Options()) {
    self.seed = seed
    self.options = options
    var generator = SeededGenerator(seed: seed)
    let users = Zipf(count: options.users, exponent: options.zipfExponent)
    var taken: Set<UserTime> = []
    for _ in 0..<options.events {
      var event = make(users, &generator)
      while options.tickMs == 1,
        !taken.insert(UserTime(user: event.user, timeMs: event.timeMs)).inserted
      {
        event.timeMs += 1
      }
      arrive(&event, &generator)
      events.append(event)
      if event.id != nil, event.fault == nil, generator.chance(options.duplicateShare) {
        event.number += 1
        event.recordMs = max(
          event.recordMs, event.timeMs + generator.whole(0...options.latenessMs))
        events.append(event)
      }
    }
    var writer = PayloadWriter(generator: SeededGenerator(seed: generator.next()))
    for index in events.indices { events[index].payload = writer.payload(of: events[index]) }
    sortByArrival()
  }

  private struct UserTime: Hashable {
    var user: String?
    var timeMs: Int64
  }

  private func make(_ users: Zipf, _ generator: inout SeededGenerator) -> HistoryEvent {
    let name = generator.pick(options.names)
    let rank = users.draw(&generator)
    let isMoney =
      name == "purchase" || name == "refund"
      || (options.amountShare > 0 && generator.chance(options.amountShare))
    let amount = generator.whole(1...(generator.chance(0.1) ? 10_000_000 : 50_000))
    return HistoryEvent(
      number: events.count,
      timeMs: options.startMs + generator.whole(0...(options.spanMs - 1)) / options.tickMs
        * options.tickMs,
      recordMs: 0,
      user: generator.chance(options.anonymousShare)
        ? nil : rank % 7 == 3 ? "用户\(rank)" : "user-\(rank)",
      name: name, channel: generator.pick(options.channels),
      city: generator.chance(0.1) ? nil : generator.pick(options.cities),
      units: isMoney ? (name == "refund" ? -amount : amount) : nil,
      id: generator.chance(options.noIDShare)
        ? nil : "m-" + hex(SeededGenerator.mix(seed, UInt64(events.count)), digits: 16),
      order: options.orders > 0 && generator.chance(0.8)
        ? "order-\(generator.below(options.orders))" : nil,
      fault: generator.chance(options.malformedShare)
        ? generator.pick(HistoryEvent.Fault.allCases) : nil)
  }

  /// Gives an event its arrival, and those that are malformed in time their time.
  private func arrive(_ event: inout HistoryEvent, _ generator: inout SeededGenerator) {
    let lateness = options.latenessMs
    event.recordMs = event.timeMs + generator.whole(0...lateness)
    switch event.fault {
    case .tooOld:
      event.timeMs = generator.whole(-100_000_000_000...631_151_999_999)
    case .tooFarAhead:
      event.timeMs = event.recordMs + options.maxAheadMs + generator.whole(1...1_000_000)
    case nil:
      if generator.chance(options.lateShare) {
        event.recordMs = event.timeMs + lateness + generator.whole(1...(9 * lateness + 1))
      } else if generator.chance(options.fastShare) {
        event.recordMs = event.timeMs - generator.whole(1...3_600_000)
      }
    default: break
    }
  }

  /// The same events in another order of arrival: everything that was within the lateness is so
  /// again, and the rest stays where it was. Timestamps of records follow.
  public func shuffledWithinLateness(_ generator: inout SeededGenerator) -> EventHistory {
    var other = self
    for index in other.events.indices {
      let event = other.events[index]
      let delay = event.recordMs - event.timeMs
      if event.fault == nil, (0...options.latenessMs).contains(delay) {
        other.events[index].recordMs = event.timeMs + generator.whole(0...options.latenessMs)
      }
    }
    other.sortByArrival()
    return other
  }

  /// The events in the order of their times, as files of history hold them: nothing is late.
  public func sortedByTime() -> EventHistory {
    var other = self
    other.events.sort { ($0.timeMs, $0.number) < ($1.timeMs, $1.number) }
    return other
  }

  /// The events dealt to partitions by chance, each in the order of the history: a user's are in
  /// several.
  public func spread(
    over partitions: Int, _ generator: inout SeededGenerator
  ) -> [[HistoryEvent]] {
    var logs = [[HistoryEvent]](repeating: [], count: partitions)
    for event in events { logs[generator.below(partitions)].append(event) }
    return logs
  }

  /// The logs of `count` partitions, each in order of arrival. All events of a user are in one;
  /// copies of events of nobody are where the event is.
  public func partitioned(_ count: Int) -> [[HistoryEvent]] {
    var logs = [[HistoryEvent]](repeating: [], count: count)
    for event in events {
      let key = event.user ?? event.id ?? "\(event.number)"
      var hash: UInt64 = 0xCBF2_9CE4_8422_2325
      for byte in key.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
      logs[Int((hash >> 16) % UInt64(count))].append(event)
    }
    return logs
  }

  private mutating func sortByArrival() {
    events.sort { ($0.recordMs, $0.number) < ($1.recordMs, $1.number) }
  }
}

extension SeededGenerator {
  /// A number that two others determine.
  static func mix(_ a: UInt64, _ b: UInt64) -> UInt64 {
    var generator = SeededGenerator(seed: a ^ (b &* 0xD6E8_FEB8_6659_FD93))
    return generator.next()
  }
}

/// A merge of several logs into one stream of (partition, index in its log) that keeps each log's
/// order: one possible interleaving of the partitions.
public func interleaved(
  _ logs: [[HistoryEvent]], _ generator: inout SeededGenerator
) -> [(partition: Int, offset: Int)] {
  var next = logs.map { _ in 0 }
  var order: [(partition: Int, offset: Int)] = []
  var open = logs.indices.filter { !logs[$0].isEmpty }
  while !open.isEmpty {
    let partition = generator.pick(open)
    // Runs of several, as a consumer delivers them.
    let run = Int(generator.whole(1...20))
    for _ in 0..<run where next[partition] < logs[partition].count {
      order.append((partition, next[partition]))
      next[partition] += 1
    }
    if next[partition] == logs[partition].count { open.removeAll { $0 == partition } }
  }
  return order
}
