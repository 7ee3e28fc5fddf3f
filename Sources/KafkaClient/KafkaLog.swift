import Synchronization

/// Where the client tells of what it survives: a broker away, a leader moving, a failed commit.
///
/// The same trouble told again and again becomes one line at first and then one every
/// `repeatEveryMs`, with the number of times it was left out. May be used from any thread;
/// librdkafka's own threads report here as well.
public final class KafkaLog: Sendable {
  /// How bad it is.
  public enum Level: String, Sendable {
    case error, warning, info
  }

  private struct Entry {
    var writtenMs: Int64
    var leftOut = 0
    var level: Level
    var message: String
  }

  private let entries = Mutex<[String: Entry]>([:])
  private let repeatEveryMs: Int64
  private let maxKeys: Int
  private let nowMs: @Sendable () -> Int64
  private let write: @Sendable (Level, String) -> Void

  /// Makes a log.
  ///
  /// - Parameters:
  ///   - repeatEveryMs: least time between two lines about the same trouble.
  ///   - maxKeys: how many different troubles are told apart; beyond it those not seen for
  ///     `repeatEveryMs` are forgotten, and if there are none all further ones count as one.
  ///   - nowMs: a clock that never goes back, in milliseconds.
  ///   - write: takes a finished line. Called from any thread, one call at a time for each trouble;
  ///     must not call back into the client.
  public init(
    repeatEveryMs: Int64 = 30_000, maxKeys: Int = 1_000, nowMs: @escaping @Sendable () -> Int64,
    write: @escaping @Sendable (Level, String) -> Void
  ) {
    self.repeatEveryMs = repeatEveryMs
    self.maxKeys = max(1, maxKeys)
    self.nowMs = nowMs
    self.write = write
  }

  /// A log that collapses by the machine's monotonic clock.
  public convenience init(write: @escaping @Sendable (Level, String) -> Void) {
    let start = ContinuousClock.now
    self.init(nowMs: { (ContinuousClock.now - start).wholeMilliseconds }, write: write)
  }

  /// A log that drops everything.
  public static var silent: KafkaLog { KafkaLog(nowMs: { 0 }, write: { _, _ in }) }

  /// Tells of trouble `key`: at once if it is new, else when its time has come.
  public func report(_ level: Level, key: String, _ message: String) {
    let now = nowMs()
    let line: String? = entries.withLock { entries in
      var key = key
      if entries[key] == nil, entries.count >= maxKeys {
        entries = entries.filter { now - $0.value.writtenMs < repeatEveryMs }
        if entries.count >= maxKeys { key = "" }
      }
      guard var entry = entries[key] else {
        entries[key] = Entry(writtenMs: now, level: level, message: message)
        return message
      }
      if now - entry.writtenMs < repeatEveryMs {
        entry.leftOut += 1
        (entry.level, entry.message) = (level, message)
        entries[key] = entry
        return nil
      }
      let line = Self.line(message, leftOut: entry.leftOut, sinceMs: now - entry.writtenMs)
      entries[key] = Entry(writtenMs: now, level: level, message: message)
      return line
    }
    if let line { write(level, line) }
  }

  /// Writes what was left out and not yet told, in the order of the keys; for an orderly end.
  public func flush() {
    let now = nowMs()
    let lines: [(Level, String)] = entries.withLock { entries in
      let due = entries.filter { $0.value.leftOut > 0 }.sorted { $0.key < $1.key }
      entries = [:]
      return due.map { _, entry in
        let sinceMs = now - entry.writtenMs
        return (entry.level, Self.line(entry.message, leftOut: entry.leftOut, sinceMs: sinceMs))
      }
    }
    for (level, line) in lines { write(level, line) }
  }

  private static func line(_ message: String, leftOut: Int, sinceMs: Int64) -> String {
    if leftOut == 0 { return message }
    return "\(message) (and \(leftOut) more like it in the last \(sinceMs / 1000) s)"
  }
}

extension Duration {
  /// Whole milliseconds, rounded towards zero.
  var wholeMilliseconds: Int64 {
    components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000
  }
}
