import Foundation
import Synchronization

/// Where the threads of a soak hear that it is over, and wait in the meantime.
///
/// `@unchecked Sendable`: everything is read and written under the condition's lock.
final class Halt: @unchecked Sendable {
  private let condition = NSCondition()
  private var isOver = false
  private var found: [String] = []

  /// What went wrong so far.
  var faults: [String] { condition.withLock { found } }

  /// Whether it is over.
  var isRaised: Bool { condition.withLock { isOver } }

  /// Ends it for everybody; `fault` says what went wrong, nil when nothing did.
  func raise(_ fault: String? = nil) {
    condition.withLock {
      isOver = true
      if let fault { found.append(fault) }
      condition.broadcast()
    }
  }

  /// Waits for so many milliseconds, or until it is over; whether it is not.
  @discardableResult
  func goesOn(afterMs ms: Int64) -> Bool {
    let deadline = Date(timeIntervalSinceNow: Double(ms) / 1_000)
    return condition.withLock {
      while !isOver, condition.wait(until: deadline) {}
      return !isOver
    }
  }
}

/// Seconds since it was made.
struct Stopwatch: Sendable {
  private let start = ContinuousClock.now

  var seconds: Double {
    let passed = (ContinuousClock.now - start).components
    return Double(passed.seconds) + Double(passed.attoseconds) / 1e18
  }
  var ms: Int64 { Int64(seconds * 1_000) }
}

/// Waits until `isDone`, looking every `everyMs`; whether it came to be within `seconds`.
func awaited(
  within seconds: Double, everyMs: Int64 = 20, _ isDone: () throws -> Bool
) rethrows -> Bool {
  let watch = Stopwatch()
  let never = Halt()
  while try !isDone() {
    if watch.seconds > seconds { return false }
    never.goesOn(afterMs: everyMs)
  }
  return true
}

/// The chances of a soak: SplitMix64.
struct SoakRandom: RandomNumberGenerator, Sendable {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  mutating func between(_ range: ClosedRange<Int64>) -> Int64 { .random(in: range, using: &self) }
}
