import StreamCore
import Synchronization

@testable import Notifications

/// Time that moves when a test says so.
final class ManualClock: DeliveryClock {
  private struct State {
    var elapsedMs: Int64 = 0
    var waiters: [Int: (untilMs: Int64, continuation: CheckedContinuation<Void, any Error>)] = [:]
    var nextWaiter = 0
  }

  /// 2026-01-01T00:00:00Z
  static let startMs: Int64 = 1_767_225_600_000
  private let state = Mutex(State())

  var elapsedMs: Int64 { state.withLock { $0.elapsedMs } }
  var wall: WallTime { WallTime(ms: Self.startMs + elapsedMs) }

  func advance(ms: Int64) {
    let due = state.withLock { state in
      state.elapsedMs += ms
      let due = state.waiters.filter { $0.value.untilMs <= state.elapsedMs }
      for id in due.keys { state.waiters[id] = nil }
      return due.values.map(\.continuation)
    }
    for continuation in due { continuation.resume() }
  }

  func wait(untilElapsedMs: Int64) async throws {
    let id = state.withLock { state in
      state.nextWaiter += 1
      return state.nextWaiter
    }
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        let result: Result<Void, any Error>? = state.withLock { state in
          if Task.isCancelled { return .failure(CancellationError()) }
          if state.elapsedMs >= untilElapsedMs { return .success(()) }
          state.waiters[id] = (untilElapsedMs, continuation)
          return nil
        }
        if let result { continuation.resume(with: result) }
      }
    } onCancel: {
      let waiter = state.withLock { $0.waiters.removeValue(forKey: id) }
      waiter?.continuation.resume(throwing: CancellationError())
    }
  }
}
