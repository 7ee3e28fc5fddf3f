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
  }

  private let state = Mutex(State())
  private let started = SystemClock.now()
  private let snapshotEveryMs: Int64

  init(snapshotEveryMs: Int64) { self.snapshotEveryMs = snapshotEveryMs }

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
    state.withLock { state in
      guard let status = state.status else { return nil }
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
      figures.copies = status.copies.map {
        LiveFigures.Copies(
          kind: $0.kind.rawValue, last: $0.last, lastBytes: $0.lastBytes, tookMs: $0.tookMs,
          failures: $0.failures)
      }
      return figures
    }
  }
}
