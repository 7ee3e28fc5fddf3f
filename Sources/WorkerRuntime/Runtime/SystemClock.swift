import Foundation
import StreamCore

/// The machine's clock, where the runtime needs one.
public enum SystemClock {
  /// Wall time now.
  @Sendable
  public static func now() -> WallTime {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return WallTime(ms: Int64(time.tv_sec) * 1_000 + Int64(time.tv_nsec) / 1_000_000)
  }

  /// Milliseconds of a clock that never goes back: for when to do things, whatever is done to the
  /// machine's time.
  static func monotonicMs() -> Int64 { monotonicMicroseconds() / 1_000 }

  /// Microseconds of a clock that never goes back.
  static func monotonicMicroseconds() -> Int64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1_000
  }
}
