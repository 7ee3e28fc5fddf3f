import Foundation
import StreamCore

/// The time that deliveries go by.
public protocol DeliveryClock: Sendable {
  /// Wall time: for signatures and for what is stored.
  var wall: WallTime { get }
  /// Milliseconds that only go forward: for timeouts and pauses.
  var elapsedMs: Int64 { get }
  /// Returns once `elapsedMs` has come to `untilElapsedMs`; throws `CancellationError` when the
  /// task is cancelled before.
  func wait(untilElapsedMs: Int64) async throws
}

/// The machine's clocks.
public struct SystemDeliveryClock: DeliveryClock {
  private let start = ContinuousClock.now

  /// Begins to count.
  public init() {}

  /// The machine's wall clock.
  public var wall: WallTime { WallTime(ms: Int64(Date().timeIntervalSince1970 * 1000)) }

  /// Milliseconds since it was made.
  public var elapsedMs: Int64 {
    let (seconds, attoseconds) = start.duration(to: .now).components
    return seconds * 1000 + attoseconds / 1_000_000_000_000_000
  }

  /// Suspends the task.
  public func wait(untilElapsedMs: Int64) async throws {
    try await Task.sleep(
      until: start.advanced(by: .milliseconds(untilElapsedMs)), clock: .continuous)
  }
}

/// Work took longer than it may.
struct TimeoutError: Error {}

extension DeliveryClock {
  /// What `work` returns, or `TimeoutError` after `ms` milliseconds; then `work` is cancelled and
  /// waited for.
  func limit<T: Sendable>(
    ms: Int64, _ work: @escaping @Sendable () async throws -> T
  ) async throws -> T {
    let deadline = elapsedMs &+ ms
    return try await withThrowingTaskGroup(of: T.self) { group in
      group.addTask { try await work() }
      group.addTask {
        try await self.wait(untilElapsedMs: deadline)
        throw TimeoutError()
      }
      defer { group.cancelAll() }
      guard let first = try await group.next() else { throw CancellationError() }
      return first
    }
  }
}
