import Synchronization

/// Wakes one waiting task; a call while nobody waits is kept for the next who does.
final class WakeSignal: Sendable {
  private struct State {
    var isSet = false
    var waiter: CheckedContinuation<Void, Never>?
  }

  private let state = Mutex(State())

  /// Wakes the waiter.
  func wake() {
    let waiter = state.withLock { state in
      let waiter = state.waiter
      state.waiter = nil
      state.isSet = waiter == nil
      return waiter
    }
    waiter?.resume()
  }

  /// Returns after a call of `wake`, once the clock has come to `untilElapsedMs`, or when the task
  /// is cancelled. One task at a time.
  func wait(untilElapsedMs: Int64, clock: any DeliveryClock) async {
    await withTaskGroup(of: Void.self) { group in
      group.addTask { await self.next() }
      group.addTask { try? await clock.wait(untilElapsedMs: untilElapsedMs) }
      await group.next()
      group.cancelAll()
    }
  }

  private func next() async {
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let isDone = state.withLock { state in
          if state.isSet || Task.isCancelled {
            state.isSet = state.isSet && Task.isCancelled
            return true
          }
          state.waiter = continuation
          return false
        }
        if isDone { continuation.resume() }
      }
    } onCancel: {
      let waiter = state.withLock { state in
        let waiter = state.waiter
        state.waiter = nil
        return waiter
      }
      waiter?.resume()
    }
  }
}
