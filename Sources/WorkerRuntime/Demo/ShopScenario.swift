import StreamCore

/// A channel of the simulated shop.
public enum ShopChannel: UInt8, CaseIterable, Sendable {
  case web, app, miniProgram, livestream, store

  /// Its name in events.
  public var name: StaticString {
    switch self {
    case .web: "web"
    case .app: "app"
    case .miniProgram: "mini_program"
    case .livestream: "livestream"
    case .store: "store"
    }
  }
}

/// What goes on in the simulated shop besides ordinary business. All times are milliseconds of
/// event time after the shop opened; all shares are of [0, 1].
public struct ShopScenario: Sendable {
  /// A stretch of time that comes again and again.
  public struct Recurring: Sendable {
    /// When it is there for the first time.
    public var firstMs: Int64
    /// How long it lasts.
    public var lengthMs: Int64
    /// From one beginning to the next; longer than `lengthMs`.
    public var everyMs: Int64

    /// Makes a recurring stretch.
    public init(firstMs: Int64, lengthMs: Int64, everyMs: Int64) {
      self.firstMs = firstMs
      self.lengthMs = lengthMs
      self.everyMs = everyMs
    }

    /// Whether it is there, `ms` after the shop opened.
    public func covers(_ ms: Int64) -> Bool {
      ms >= firstMs && (ms - firstMs) % everyMs < lengthMs
    }
  }

  /// Sessions of a customer in a day, on average.
  public var sessionsPerDay = 12.0
  /// Share of payments that fail on an ordinary day.
  public var errorShare = 0.04
  /// When payments fail on `faultChannel`.
  public var fault = Recurring(firstMs: 4 * 60_000, lengthMs: 6 * 60_000, everyMs: 2 * 3_600_000)
  /// Where they fail.
  public var faultChannel = ShopChannel.miniProgram
  /// Share that fails then.
  public var faultErrorShare = 0.6
  /// When one address tries stolen cards on many accounts.
  public var fraud = Recurring(firstMs: 8 * 60_000, lengthMs: 2 * 60_000, everyMs: 3 * 3_600_000)
  /// When the livestream offers something special.
  public var drops = Recurring(firstMs: 6 * 60_000, lengthMs: 2 * 60_000, everyMs: 15 * 60_000)
  /// How many times as many people come to the livestream then.
  public var dropFactor = 8.0
  /// Share of messages that are no events.
  public var malformedShare = 0.000_2
  /// Share sent twice, two seconds apart.
  public var duplicateShare = 0.001
  /// Share that says a time up to 25 s ago, within an ordinary lateness.
  public var disorderShare = 0.01
  /// Share that says a time ten minutes to an hour ago.
  public var lateShare = 0.000_5
  /// Anonymous visitors that there are, from 1 up: with fewer than visits they come again, so
  /// that the number of ids is bounded.
  public var anonymousVisitors: UInt64 = 1 << 48

  /// An ordinary day with everything in it.
  public init() {}

  /// Share of payments that fail at a time on a channel.
  func errorShare(_ channel: ShopChannel, afterMs: Int64) -> Double {
    channel == faultChannel && fault.covers(afterMs) ? faultErrorShare : errorShare
  }
}
