import Foundation

/// Gives the processor away for a moment where nothing can be waited for.
enum Pause {
  /// About a millisecond.
  static func briefly() {
    var time = timespec(tv_sec: 0, tv_nsec: 1_000_000)
    nanosleep(&time, nil)
  }
}
