import StreamCore
import Synchronization

/// Wall time that moves only when a test moves it. Safe to share between threads.
public final class VirtualClock: Sendable {
  private let ms: Mutex<Int64>

  /// Starts at `ms` milliseconds after the epoch.
  public init(ms: Int64 = 1_767_225_600_000) { self.ms = Mutex(ms) }

  /// What time it is.
  public var now: WallTime { WallTime(ms: ms.withLock { $0 }) }

  /// Moves time on by `ms` milliseconds, and says what time it is then.
  @discardableResult
  public func advance(ms step: Int64) -> WallTime {
    precondition(step >= 0, "wall time goes forward")
    return WallTime(
      ms: ms.withLock {
        $0 += step
        return $0
      })
  }
}
