import PipelineSpec
import StreamCore

/// What a company knows besides its shop's events, as an endless stream in the order in which it
/// is sent: ads that are seen and clicked, and business facts that come hours after they happened
/// (what ads and goods cost, how many people work here, what customers answer when they are asked).
///
/// Pure: time in, messages out. Equal seeds and starts give equal bytes on every machine. Memory is
/// that of a day's facts.
struct CompanySimulator: Sendable {
  /// Where a message goes.
  enum Stream: Sendable {
    /// Beside the shop's own events.
    case behaviour
    /// Facts from other systems.
    case facts
  }

  /// One message.
  struct Message: Sendable {
    var stream: Stream
    var event: SimulatedEvent
    /// Tells messages of one time apart.
    fileprivate var number: UInt64
  }

  private static let hourMs: Int64 = 3_600_000
  private static let dayMs: Int64 = 86_400_000
  private static let campaigns = ["search", "short_video", "social"]
  /// Ads seen in an hour, and the chance that one is clicked.
  private static let impressionsPerHour = 900
  private static let clickChance = 0.035
  private static let answersPerHour = 6
  private static let staff: Int64 = 42

  private let customers: Int
  private let startMs: Int64
  private var random: ShopRandom
  private let idSalt: UInt64
  private var count: UInt64 = 0
  /// The hour that is made next, since the start.
  private var hour: Int64 = 0
  /// Messages of hours that were made, by the time at which they are sent, the last one first.
  private var pending: [Message] = []

  /// Opens a company beside a shop of so many customers.
  init(seed: UInt64, customers: Int, start: EventTime) {
    self.customers = max(1, customers)
    startMs = max(0, start.ms)
    random = ShopRandom(seed: seed ^ 0xC0_FFEE)
    idSalt = ShopRandom.mixed(seed &+ 0xFAC7)
    makeHour()
  }

  /// When the next message will be sent.
  var upcoming: EventTime { pending.last?.event.time ?? EventTime(ms: hourStartMs) }

  private var hourStartMs: Int64 { startMs + hour * Self.hourMs }

  /// The next message; there always is one.
  mutating func next() -> Message? {
    let message = pending.popLast()
    while pending.last.map({ $0.event.time.ms >= hourStartMs }) ?? true { makeHour() }
    return message
  }

  /// Makes what happens in the next hour, and when it becomes known.
  private mutating func makeHour() {
    let start = hourStartMs
    for _ in 0..<Self.impressionsPerHour { addAd(start) }
    for campaign in Self.campaigns {
      let cents = random.between(60, 110) * Int64(customers)
      addFact(
        "ad_spend", atMs: start, delayMs: random.between(2, 20) * Self.hourMs,
        ["\"campaign\":\"\(campaign)\"", "\"amount\":\(Self.money(cents))"])
    }
    for _ in 0..<Self.answersPerHour {
      let at = start + Int64(random.below(Int(Self.hourMs)))
      addFact(
        "survey_answer", atMs: at, delayMs: random.between(0, 12) * Self.hourMs,
        ["\"score\":\(score())"])
    }
    if hour % 24 == 0 { addDay(start) }
    hour += 1
    pending.sort { ($0.event.time, $0.number) > ($1.event.time, $1.number) }
  }

  private mutating func addDay(_ start: Int64) {
    // In hundredths, a day, for each customer.
    let costs: [(kind: String, low: Int64, high: Int64)] = [
      ("goods", 45_000, 55_000), ("shipping", 2_500, 3_500), ("salaries", 7_800, 8_200),
      ("rent", 1_200, 1_200),
    ]
    for cost in costs {
      addFact(
        "cost", atMs: start, delayMs: random.between(4, 30) * Self.hourMs,
        [
          "\"kind\":\"\(cost.kind)\"",
          "\"amount\":\(Self.money(random.between(cost.low, cost.high) * Int64(customers)))",
        ])
    }
    addFact(
      "headcount", atMs: start, delayMs: random.between(1, 10) * Self.hourMs,
      ["\"heads\":\(Self.staff + random.between(-3, 3))"])
  }

  private mutating func addAd(_ start: Int64) {
    let at = start + Int64(random.below(Int(Self.hourMs)))
    let visitor = "a\(random.below(customers * 20))"
    let campaign = Self.campaigns[random.below(Self.campaigns.count)]
    addBehaviour("impression", atMs: at, visitor, campaign)
    if random.chance(Self.clickChance) {
      addBehaviour("click", atMs: at + random.between(500, 20_000), visitor, campaign)
    }
  }

  /// Ten at best; most are content, some are not.
  private mutating func score() -> Int64 {
    let chance = random.unit()
    if chance < 0.52 { return random.between(9, 10) }
    return chance < 0.84 ? random.between(7, 8) : random.between(0, 6)
  }

  private mutating func addBehaviour(
    _ name: String, atMs: Int64, _ visitor: String, _ campaign: String
  ) {
    let text =
      "{\"event\":\"\(name)\",\"anonymous_id\":\"\(visitor)\",\"timestamp\":\(time(atMs)),"
      + "\"message_id\":\(newID()),"
      + "\"channel\":\"web\",\"properties\":{\"campaign\":\"\(campaign)\"}}"
    add(.behaviour, key: visitor, text, sentMs: atMs)
  }

  private mutating func addFact(_ name: String, atMs: Int64, delayMs: Int64, _ members: [String]) {
    let text =
      "{\"fact\":\"\(name)\",\"at\":\(time(atMs)),\"id\":\(newID()),"
      + "\(members.joined(separator: ","))}"
    add(.facts, key: name, text, sentMs: atMs + delayMs)
  }

  private func time(_ ms: Int64) -> String { "\"\(Instants.text(EventTime(ms: ms)))\"" }

  private mutating func newID() -> String {
    count += 1
    return "\"\(String(ShopRandom.mixed(idSalt &+ count), radix: 16))\""
  }

  private mutating func add(_ stream: Stream, key: String, _ text: String, sentMs: Int64) {
    pending.append(
      Message(
        stream: stream,
        event: SimulatedEvent(
          key: Array(key.utf8), payload: Array(text.utf8), time: EventTime(ms: sentMs)),
        number: count))
  }

  /// Hundredths as a decimal.
  private static func money(_ cents: Int64) -> String {
    "\(cents / 100).\(cents % 100 < 10 ? "0" : "")\(cents % 100)"
  }
}
