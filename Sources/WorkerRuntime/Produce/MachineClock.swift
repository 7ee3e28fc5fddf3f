import Glibc

/// The machine's clock.
public struct MachineClock: ProduceClock, Sendable {
  /// Makes a clock.
  public init() {}

  /// Wall time in epoch milliseconds.
  public var wallMs: Int64 { Self.nanoseconds(CLOCK_REALTIME) / 1_000_000 }

  /// Nanoseconds since the machine started.
  public var monotonicNs: Int64 { Self.nanoseconds(CLOCK_MONOTONIC) }

  /// Waits `nanoseconds`, less when a signal comes.
  public func wait(nanoseconds: Int64) {
    var time = timespec(
      tv_sec: Int(nanoseconds / 1_000_000_000), tv_nsec: Int(nanoseconds % 1_000_000_000))
    nanosleep(&time, nil)
  }

  private static func nanoseconds(_ clock: clockid_t) -> Int64 {
    var now = timespec()
    clock_gettime(clock, &now)
    return Int64(now.tv_sec) * 1_000_000_000 + Int64(now.tv_nsec)
  }
}
