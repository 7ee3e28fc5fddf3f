import Dispatch
import Foundation
import StreamCore
import Synchronization

/// What one lane owns and nobody else touches: partition tasks with where their messages come from,
/// and shards of the exchange.
final class LaneContent {
  let tasks: [PartitionTask]
  let shards: [ExchangeShard]
  let feed: any LaneFeed
  /// Wall time of the last message of each task.
  var lastInput: [WallTime]

  init(tasks: [PartitionTask], shards: [ExchangeShard], feed: any LaneFeed, now: WallTime) {
    self.tasks = tasks
    self.shards = shards
    self.feed = feed
    lastInput = tasks.map { _ in now }
  }
}

/// What one step of a lane did.
enum LaneStep {
  /// Messages were handled.
  case worked
  /// There was nothing to do for now.
  case idle
  /// Its input has ended for good.
  case ended
}

/// Brings messages to the tasks of a lane. Used by the lane's thread alone.
protocol LaneFeed: AnyObject {
  /// Hands one batch to the tasks; waits at most about 20 ms for it.
  func step(_ content: LaneContent) throws -> LaneStep
  /// How far the input of task `index` has been read and what is known of its end.
  func status(_ index: Int) -> FeedStatus
  /// Waits until what was sent on the way (dead letters) has arrived; false when that takes longer
  /// than `timeoutMs`.
  func flush(timeoutMs: Int32) throws -> Bool
  /// Tells lag monitors the offsets to be read next.
  func commit(_ nextOffsets: [PartitionID: Int64])
  /// Gives everything up. Called once, last.
  func close()
}

/// What a feed knows of a partition's input.
struct FeedStatus: Sendable {
  /// Whether everything that the broker had, or that is to be read, is read.
  var isAtEnd: Bool
  /// Whether it is read to the end of a log to which nothing came for long.
  var isQuiet = false
  /// The offset that the broker's log goes on at, where known.
  var logPosition: Int64?
  /// Messages that wait there, where known.
  var lag: Int64?
  /// Whether what is read is of now: events are judged on arrival as well. What lies further back
  /// is settled as soon as it would be found.
  var isCurrent: Bool

  /// Messages that may wait for a worker that is called current.
  static let currentLagMax: Int64 = 10_000
}

/// A thread that runs some partition tasks: takes messages to them, and between two batches does
/// what the coordinator asks.
final class Lane: @unchecked Sendable {
  private let content: LaneContent
  private let work = Mutex<[@Sendable (LaneContent) -> Void]>([])
  private let hasWork = Atomic<Bool>(false)
  private let wake = DispatchSemaphore(value: 0)
  private let isStopping = Atomic<Bool>(false)
  private let isHeld = Atomic<Bool>(true)
  private let hasEnded = Atomic<Bool>(false)
  private let failure = Mutex<(any Error)?>(nil)
  private let signal: CoordinatorSignal
  private let finished = DispatchSemaphore(value: 0)
  /// Routed bytes above which the lane waits for the exchange.
  private static let maxRoutedBytes = 64 << 20

  init(_ content: LaneContent, signal: CoordinatorSignal) {
    self.content = content
    self.signal = signal
  }

  /// Starts the thread. It reads nothing before `release()`.
  func start(name: String) {
    let thread = Thread { [self] in
      run()
      finished.signal()
    }
    thread.name = name
    thread.stackSize = 8 << 20
    thread.start()
  }

  /// Lets the lane read.
  func release() {
    isHeld.store(false, ordering: .releasing)
    wake.signal()
  }

  /// Lets the lane read no more until `release()`; it still does what it is asked to.
  func hold() { isHeld.store(true, ordering: .releasing) }

  /// Runs `body` on the lane's thread between two batches.
  func perform<T: Sendable>(
    _ body: @escaping @Sendable (LaneContent) throws -> T
  ) -> LaneResult<T> {
    let result = LaneResult<T>()
    work.withLock {
      $0.append { content in result.fulfil { try body(content) } }
      hasWork.store(true, ordering: .releasing)
    }
    wake.signal()
    return result
  }

  /// Ends the thread after the batch at hand, and waits for it.
  func stop() {
    isStopping.store(true, ordering: .releasing)
    wake.signal()
    finished.wait()
  }

  /// Whether its input has ended.
  var isAtEndOfInput: Bool { hasEnded.load(ordering: .acquiring) }

  /// What made it stand still, if anything did.
  var error: (any Error)? { failure.withLock { $0 } }

  private func run() {
    while !isStopping.load(ordering: .acquiring) {
      let hasMore = hasWork.load(ordering: .acquiring) && doWork()
      let mustWait =
        isHeld.load(ordering: .acquiring) || hasEnded.load(ordering: .relaxed) || error != nil
      if mustWait {
        if !hasMore { wake.wait() }
        continue
      }
      if content.tasks.contains(where: { $0.routedByteCount > Self.maxRoutedBytes }) {
        signal.raise()
        if !hasMore { wake.wait() }
        continue
      }
      do {
        if case .ended = try content.feed.step(content) {
          hasEnded.store(true, ordering: .releasing)
          signal.raise()
        }
      } catch {
        failure.withLock { $0 = error }
        signal.raise()
      }
    }
    while doWork() {}
    content.feed.close()
  }

  /// Does the first thing that was asked for; one only, so that a snapshot of many partitions does
  /// not stop reading for all of them together. Returns whether there is more.
  private func doWork() -> Bool {
    let (body, hasMore) = work.withLock { work in
      let first = work.isEmpty ? nil : work.removeFirst()
      if work.isEmpty { hasWork.store(false, ordering: .releasing) }
      return (first, !work.isEmpty)
    }
    body?(content)
    return hasMore
  }
}

/// What a lane will answer.
final class LaneResult<T: Sendable>: Sendable {
  private let done = DispatchSemaphore(value: 0)
  private let result = Mutex<Result<T, any Error>?>(nil)

  func fulfil(_ body: () throws -> T) {
    let value = Result { try body() }
    result.withLock { $0 = value }
    done.signal()
  }

  /// Waits for the answer.
  func get() throws -> T {
    done.wait()
    guard let value = result.withLock({ $0 }) else {
      throw WorkerError(.internalFault, "a lane gave no answer", whatToDo: "report this as a bug")
    }
    return try value.get()
  }
}

/// Wakes the coordinator before its time: a lane ended or failed, someone asked to stop.
public final class CoordinatorSignal: Sendable {
  private let semaphore = DispatchSemaphore(value: 0)

  /// Makes a signal that is not raised.
  public init() {}

  /// Wakes the coordinator. May be called from any thread.
  public func raise() { semaphore.signal() }

  /// Waits until it is raised or `timeoutMs` have passed.
  func wait(timeoutMs: Int64) {
    guard timeoutMs > 0 else { return }
    _ = semaphore.wait(timeout: .now() + .milliseconds(Int(timeoutMs)))
  }
}
