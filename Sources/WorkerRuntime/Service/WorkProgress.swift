import Synchronization

/// Counts what a worker's coordinator gets done, so that somebody else can see that it goes on.
///
/// A count that stands still is a coordinator that hangs, or one that waits for a lane that does:
/// it counts only what is finished, and never by a timer. Any thread may read it.
public final class WorkProgress: Sendable {
  private let steps = Atomic<UInt64>(0)
  private let finishing = Atomic<Bool>(false)

  /// Begins at zero.
  public init() {}

  /// Notes that a step is done. O(1), a few nanoseconds.
  public func beat() { steps.add(1, ordering: .relaxed) }

  /// Steps done so far.
  public var count: UInt64 { steps.load(ordering: .relaxed) }

  /// Notes that nothing more is read, and that the last snapshot is being taken.
  public func beginFinishing() { finishing.store(true, ordering: .releasing) }

  /// Whether the last snapshot is being taken.
  public var isFinishing: Bool { finishing.load(ordering: .acquiring) }
}
