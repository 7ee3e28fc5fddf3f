/// When something happened, in milliseconds since 1970-01-01T00:00:00Z.
///
/// Never mixed with `WallTime`: a result depends on event time alone.
@frozen
public struct EventTime: Hashable, Comparable, Sendable {
  /// Milliseconds since the epoch.
  public var ms: Int64

  /// Makes the instant `ms` milliseconds after the epoch.
  @inlinable public init(ms: Int64) { self.ms = ms }

  @inlinable public static func < (a: EventTime, b: EventTime) -> Bool { a.ms < b.ms }

  /// Before every event.
  public static let distantPast = EventTime(ms: Int64.min / 4)
  /// After every event: the clock of an input that has ended.
  public static let distantFuture = EventTime(ms: Int64.max / 4)
}

/// When we handle something, in milliseconds since 1970-01-01T00:00:00Z, by the machine's clock.
@frozen
public struct WallTime: Hashable, Comparable, Sendable {
  /// Milliseconds since the epoch.
  public var ms: Int64

  /// Makes the instant `ms` milliseconds after the epoch.
  @inlinable public init(ms: Int64) { self.ms = ms }

  @inlinable public static func < (a: WallTime, b: WallTime) -> Bool { a.ms < b.ms }
}
