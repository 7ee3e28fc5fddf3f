import Synchronization

/// A list that tests wait on: for its length, not for time.
public final class Awaited<Element: Sendable>: Sendable {
  private struct State {
    var elements: [Element] = []
    var waiters: [(count: Int, continuation: CheckedContinuation<Void, any Error>)] = []
  }

  private let state = Mutex(State())

  /// An empty list.
  public init() {}

  /// What is in it now.
  public var all: [Element] { state.withLock { $0.elements } }

  /// Appends an element, and lets those go on who waited for it.
  public func append(_ element: Element) {
    let due = state.withLock { state in
      state.elements.append(element)
      let count = state.elements.count
      let due = state.waiters.filter { $0.count <= count }
      state.waiters.removeAll { $0.count <= count }
      return due
    }
    for waiter in due { waiter.continuation.resume() }
  }

  /// The elements, once there are `count` of them; throws when the test's time is over.
  public func first(_ count: Int) async throws -> [Element] {
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        let result: Result<Void, any Error>? = state.withLock { state in
          if state.elements.count >= count { return .success(()) }
          if Task.isCancelled { return .failure(CancellationError()) }
          state.waiters.append((count, continuation))
          return nil
        }
        if let result { continuation.resume(with: result) }
      }
    } onCancel: {
      let waiters = state.withLock { state in
        let waiters = state.waiters
        state.waiters = []
        return waiters
      }
      for waiter in waiters { waiter.continuation.resume(throwing: CancellationError()) }
    }
    return Array(all.prefix(count))
  }
}
