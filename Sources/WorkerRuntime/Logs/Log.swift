import KafkaClient
import StreamCore
import Synchronization

/// Where everything goes that a worker says while it runs. May be used from any thread.
///
/// Lines below the least level are dropped, repeats are limited by `LogLimiter`.
public struct Log: Sendable {
  private final class Core: Sendable {
    let format: LogFormat
    let level: LogLine.Level
    let limiter: Mutex<LogLimiter>
    let now: @Sendable () -> WallTime
    let write: @Sendable (String) -> Void

    init(
      _ format: LogFormat, _ level: LogLine.Level, _ limiter: LogLimiter,
      _ now: @escaping @Sendable () -> WallTime, _ write: @escaping @Sendable (String) -> Void
    ) {
      (self.format, self.level, self.now, self.write) = (format, level, now, write)
      self.limiter = Mutex(limiter)
    }
  }

  private let core: Core

  /// Makes a log.
  ///
  /// - Parameters:
  ///   - level: The least level that is written.
  ///   - now: The machine's clock.
  ///   - write: Takes a finished line without its end; called from any thread, and must not log.
  public init(
    format: LogFormat = .text, level: LogLine.Level = .info, limiter: LogLimiter = LogLimiter(),
    now: @escaping @Sendable () -> WallTime = SystemClock.now,
    write: @escaping @Sendable (_ line: String) -> Void
  ) {
    core = Core(format, level, limiter, now, write)
  }

  /// A log that drops everything.
  public static let silent = Log(level: .error, now: { WallTime(ms: 0) }, write: { _ in })

  /// How lines are written.
  public var format: LogFormat { core.format }

  /// Says `line`, unless it is below the least level or was said too often.
  public func note(_ line: LogLine) {
    guard line.level >= core.level else { return }
    let now = core.now()
    write(core.limiter.withLock { $0.admit(line, at: now) }, now)
  }

  /// Says a line of its parts.
  public func note(
    _ level: LogLine.Level, _ site: String, subject: String? = nil, _ message: String,
    _ fields: LogLine.Field...
  ) {
    note(LogLine(level, site: site, subject: subject, message, fields: fields))
  }

  /// Says `message` of the worker itself, at level `info`.
  public func callAsFunction(_ message: String) { note(.info, "worker", message) }

  /// Writes `line` however often it was said and whatever its level: a message that somebody asked
  /// to be written here.
  public func deliver(_ line: LogLine) { write([line], core.now()) }

  /// Tells numbers of repeats whose minute is over; to be called now and then.
  public func tick() {
    let now = core.now()
    write(core.limiter.withLock { $0.due(at: now) }, now)
  }

  /// Tells all numbers of repeats; for an orderly end.
  public func flush() { write(core.limiter.withLock { $0.flush() }, core.now()) }

  private func write(_ lines: [LogLine], _ now: WallTime) {
    for line in lines { core.write(core.format.text(line, at: now)) }
  }
}

extension KafkaLog {
  /// The client's part of a worker's log.
  public init(_ log: Log) {
    self.init { level, key, message in
      let level: LogLine.Level =
        switch level {
        case .error: .error
        case .warning: .warning
        case .info: .info
        case .debug: .debug
        }
      log.note(LogLine(level, site: "kafka", subject: key, message))
    }
  }
}
