import StreamCore

/// Something that a shop's people should see: a stretch of minutes in which payments fail, or in
/// which one address tries cards.
struct DemoIncident: Sendable, Equatable {
  enum Kind: Sendable, Equatable {
    case payments(channel: String)
    case cards(channel: String, address: String)
  }

  var kind: Kind
  /// Start of its first minute.
  var from: EventTime
  /// End of its last minute.
  var until: EventTime
  /// The latest and the greatest value: a share of payments, or accounts in a minute.
  var latest: Double
  var peak: Double
  /// Whether the newest closed minute belongs to it.
  var isOngoing = false

  /// Share of failing payments that is trouble, when it is surely exceeded.
  static let errorRateMax = 0.25
  /// Longest gap within one incident.
  private static let gapMsMax: Int64 = 60_000

  /// Whether a channel surely fails more payments than it may: the lower bound of the share, for
  /// so many payments, is above the limit.
  static func isFailing(_ channel: DemoChannel) -> Bool {
    lowerBound(channel.paymentErrors, of: channel.payments) > errorRateMax
  }

  /// Wilson's lower bound of a share, at 95 %.
  static func lowerBound(_ part: Double, of whole: Double) -> Double {
    guard whole > 0 else { return 0 }
    let z = 1.96
    let share = min(1, part / whole)
    let centre = share + z * z / (2 * whole)
    let spread = z * (share * (1 - share) / whole + z * z / (4 * whole * whole)).squareRoot()
    return (centre - spread) / (1 + z * z / whole)
  }

  /// The incidents of closed minutes: those that go on first, then the latest first.
  static func all(_ minutes: [DemoMinute]) -> [DemoIncident] {
    var found: [DemoIncident] = []
    func note(_ kind: Kind, _ minute: DemoMinute, _ value: Double) {
      if let index = found.lastIndex(where: { $0.kind == kind }),
        minute.start.ms - found[index].until.ms <= gapMsMax
      {
        found[index].until = minute.end
        found[index].latest = value
        found[index].peak = max(found[index].peak, value)
      } else {
        found.append(
          DemoIncident(
            kind: kind, from: minute.start, until: minute.end, latest: value, peak: value))
      }
    }
    for minute in minutes {
      for tester in minute.cardTesters {
        note(.cards(channel: tester.channel, address: tester.address), minute, tester.accounts)
      }
      // Where cards are tried payments fail, and that is no other trouble.
      let tried = Set(minute.cardTesters.map(\.channel))
      for (name, channel) in minute.channels.sorted(by: { $0.key < $1.key })
      where isFailing(channel) && !tried.contains(name) {
        note(.payments(channel: name), minute, channel.errorRate ?? 0)
      }
    }
    for index in found.indices { found[index].isOngoing = found[index].until == minutes.last?.end }
    return found.enumerated().sorted { a, b in
      if a.element.isOngoing != b.element.isOngoing { return a.element.isOngoing }
      return (b.element.until, a.offset) < (a.element.until, b.offset)
    }.map(\.element)
  }
}
