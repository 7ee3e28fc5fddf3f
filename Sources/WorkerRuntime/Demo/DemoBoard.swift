import Foundation
import StreamCore

/// Where the threads of a demonstration write how they are doing, and others wait for it.
///
/// `@unchecked Sendable`: everything is read and written under the condition's lock.
final class DemoBoard: @unchecked Sendable {
  private let condition = NSCondition()
  private var progress: DemoProgress
  private var meter = RateMeter(spanMs: 4_000)
  private var isStopping = false
  private var summary: RunSummary?
  private var failure: (any Error)?
  private var running: Int

  /// For `threads` threads, each of which calls `end` once.
  init(opening: EventTime, threads: Int) {
    progress = DemoProgress(shopTime: opening)
    running = threads
  }

  var current: DemoProgress { condition.withLock { progress } }

  /// Notes that a thread has ended, and why if it was no one's wish.
  func end(_ error: (any Error)? = nil) {
    condition.withLock {
      running -= 1
      if let error {
        failure = failure ?? error
        isStopping = true
      }
      progress.hasEnded = running == 0
      condition.broadcast()
    }
  }

  func noteShop(sent: Int, time: EventTime, isClosed: Bool = false) {
    condition.withLock {
      progress.sent = sent
      progress.shopTime = time
      progress.isShopClosed = isClosed
      condition.broadcast()
    }
  }

  func note(_ status: WorkerStatus) {
    condition.withLock {
      progress.status = status
      meter.note(done: status.fates.read, atMs: SystemClock.monotonicMicroseconds() / 1_000)
      progress.readPerSecond = meter.perSecond
      condition.broadcast()
    }
  }

  func note(_ summary: RunSummary) { condition.withLock { self.summary = summary } }

  /// Asks every thread to end.
  func stop() {
    condition.withLock {
      isStopping = true
      condition.broadcast()
    }
  }

  /// Waits at most `ms` for a stop; whether one was asked for.
  func waitForStop(ms: Int64) -> Bool {
    wait(ms: ms) { isStopping }
  }

  /// Waits at most `ms` until `isDone` holds or everything has ended; whether it holds.
  func wait(ms: Int64, until isDone: (DemoProgress) -> Bool) -> Bool {
    _ = wait(ms: ms) { progress.hasEnded || isDone(progress) }
    return isDone(current)
  }

  /// Waits until every thread has ended, then gives what came of it.
  func result() throws -> RunSummary {
    while !wait(ms: 60_000, until: { $0.hasEnded }) {}
    return try condition.withLock {
      if let failure { throw failure }
      guard let summary else {
        throw WorkerError(
          .internalFault, "the demonstration ended without a result",
          whatToDo: "report this as a bug")
      }
      return summary
    }
  }

  private func wait(ms: Int64, _ isDone: () -> Bool) -> Bool {
    let deadline = Date(timeIntervalSinceNow: Double(ms) / 1_000)
    return condition.withLock {
      while !isDone() {
        if !condition.wait(until: deadline) { return isDone() }
      }
      return true
    }
  }
}
