import Dashboard
import Foundation
import StreamCore
import Synchronization
import WorkerRuntime

/// Where a worker writes how it is doing and its console reads it.
final class LiveBoard: Sendable {
  private struct State {
    var status: WorkerStatus?
    var meter = RateMeter(spanMs: 15_000)
    /// Steps as of the last look that found new ones, and when that was.
    var moved: (steps: UInt64?, ms: Int64)?
  }

  private let state = Mutex(State())
  private let started = SystemClock.now()
  private let snapshotEveryMs: Int64
  private let progress: WorkProgress?

  init(snapshotEveryMs: Int64, progress: WorkProgress? = nil) {
    self.snapshotEveryMs = snapshotEveryMs
    self.progress = progress
  }

  /// Takes a report of the worker.
  func note(_ status: WorkerStatus) {
    state.withLock { state in
      state.status = status
      state.meter.note(
        done: status.fates.read, atMs: MachineClock().monotonicNs / 1_000_000)
    }
  }

  /// How it is doing now; nil before the first report.
  var figures: LiveFigures? {
    state.withLock { state -> LiveFigures? in
      guard let status = state.status else { return nil }
      let (steps, nowMs) = (progress?.count, MachineClock().monotonicNs / 1_000_000)
      let known = state.moved.flatMap { $0.steps == steps ? $0 : nil }
      let moved = known ?? (steps: steps, ms: nowMs)
      state.moved = moved
      var figures = LiveFigures(taken: SystemClock.now(), started: started)
      figures.fates = status.fates
      figures.perSecond = state.meter.perSecond ?? 0
      figures.lag = status.lag
      figures.watermark = status.watermark.flatMap { $0 < .distantFuture ? $0 : nil }
      figures.clock = status.clock.flatMap { $0 < .distantFuture ? $0 : nil }
      figures.partitions = status.lags.sorted { $0.key < $1.key }
        .map { LiveFigures.Partition(id: $0.key, lag: $0.value) }
      figures.isCatchingUp = status.isCatchingUp
      figures.snapshots = status.snapshots
      figures.lastSnapshot = status.lastSnapshot
      figures.commitMs = status.commitMs
      figures.pauseMicroseconds = status.pauseMicroseconds
      figures.records = status.records.count
      figures.recordBytes = status.records.bytes
      figures.snapshotEveryMs = snapshotEveryMs
      figures.stalledMs = steps == nil ? 0 : nowMs - moved.ms
      figures.copies = status.copies.map {
        LiveFigures.Copies(
          kind: $0.kind.rawValue, last: $0.last, lastBytes: $0.lastBytes, tookMs: $0.tookMs,
          failures: $0.failures)
      }
      return figures
    }
  }
}
