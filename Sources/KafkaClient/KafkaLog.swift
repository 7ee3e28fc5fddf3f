/// Where the client tells of what it survives: a broker away, a leader moving, a failed commit.
///
/// May be used from any thread; librdkafka's own threads report here as well. The same trouble is
/// reported as often as it happens: who takes the reports decides how many are told.
public struct KafkaLog: Sendable {
  /// How bad it is.
  public enum Level: String, Sendable {
    case error, warning, info, debug
  }

  private let take: @Sendable (_ level: Level, _ key: String, _ message: String) -> Void

  /// Makes a log.
  ///
  /// - Parameter take: Takes a report; `key` is the same for repeats of one trouble. Called from
  ///   any thread; must not call back into the client.
  public init(
    take: @escaping @Sendable (_ level: Level, _ key: String, _ message: String) -> Void
  ) {
    self.take = take
  }

  /// A log that drops everything.
  public static let silent = KafkaLog { _, _, _ in }

  /// Tells of trouble `key`.
  public func report(_ level: Level, key: String, _ message: String) { take(level, key, message) }
}
