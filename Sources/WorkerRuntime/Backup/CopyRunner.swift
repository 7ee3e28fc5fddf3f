import Foundation
import PipelineSpec
import SnapshotStore
import StreamCore
import Synchronization

/// How the copies of a kind are going.
public struct CopyStatus: Sendable, Equatable {
  /// What they are good for.
  public var kind: BackupManifest.Kind
  /// Wall time between two of them, in milliseconds, as the pipeline file has it.
  public var everyMs: Int64
  /// When the newest good one was made, by this worker or before it; nil: there is none.
  public var last: WallTime?
  /// Bytes of that one.
  public var lastBytes: Int64 = 0
  /// Wall time that the last one of this worker took, in milliseconds.
  public var tookMs: Int64 = 0
  /// Copies that this worker has made.
  public var made = 0
  /// Attempts of this worker that failed.
  public var failures = 0
  /// Whether one is being made.
  public var isRunning = false
}

/// Makes the copies of a worker's files that its pipeline asks for, beside the stream.
///
/// The coordinator asks it now and then whether one is due; each is made on a thread of its own. A
/// copy that fails is told of and tried again, and holds nothing up.
final class CopyRunner: Sendable {
  private struct Job {
    var maker: BackupMaker
    var status: CopyStatus
    var due: WallTime
  }

  private struct State {
    var jobs: [Job]
    var isStopping = false
  }

  private let state: Mutex<State>
  private let threads = DispatchGroup()
  private let results: ResultsFile
  private let stateFile: StateFile
  private let now: @Sendable () -> WallTime
  private let log: @Sendable (String) -> Void

  /// One that failed is tried again after so much wall time, or when the next one is due.
  static let retryMs: Int64 = 300_000
  /// Copies are verified when nothing else has to be done.
  private static let niceness: CInt = 10

  /// Sees what copies there are. Nothing is made yet; nil where the pipeline asks for none.
  init?(
    _ pipeline: Pipeline, _ results: ResultsFile, _ stateFile: StateFile, _ options: WorkerOptions
  ) {
    let storage = pipeline.storage
    let rules = [(BackupManifest.Kind.backup, storage.backup), (.archive, storage.archive)]
    let jobs = rules.compactMap { kind, rule -> Job? in
      guard let rule else { return nil }
      var maker = BackupMaker(kind, into: rule.directory, now: options.now)
      maker.minFreeBytes = storage.minFreeBytes
      maker.freeBytes = options.freeBytes
      switch rule.keep {
      case .newest(let count): maker.keep = .newest(count)
      case .within(let ms): maker.keep = .within(ms: ms)
      case .forever: maker.keep = .forever
      }
      let last = BackupSet.all(in: rule.directory, pipeline: pipeline.plan.name, kind: kind).first
      var status = CopyStatus(kind: kind, everyMs: rule.everyMs)
      status.last = last?.taken
      status.lastBytes = last?.bytes ?? 0
      // A clock that was set back makes none wait for ever.
      let now = options.now()
      let after = last.map { min($0.taken.ms, now.ms) + rule.everyMs } ?? now.ms
      return Job(maker: maker, status: status, due: WallTime(ms: after))
    }
    guard !jobs.isEmpty else { return nil }
    state = Mutex(State(jobs: jobs))
    self.results = results
    self.stateFile = stateFile
    now = options.now
    log = options.log
  }

  /// How the copies of each kind are going.
  var status: [CopyStatus] { state.withLock { $0.jobs.map(\.status) } }

  /// Begins what is due at `now`, one at a time. Returns at once.
  func begin(at now: WallTime) {
    let chosen = state.withLock { state -> (Int, BackupMaker)? in
      guard !state.isStopping, !state.jobs.contains(where: { $0.status.isRunning }),
        let index = state.jobs.firstIndex(where: { $0.due <= now })
      else { return nil }
      state.jobs[index].status.isRunning = true
      return (index, state.jobs[index].maker)
    }
    guard let (index, maker) = chosen else { return }
    threads.enter()
    let thread = Thread { [self] in
      make(index, maker)
      threads.leave()
    }
    thread.name = maker.kind.rawValue
    thread.start()
  }

  /// Waits for what is being made.
  func wait() { threads.wait() }

  /// Gives up what is being made and waits for its thread.
  func stop() {
    state.withLock { $0.isStopping = true }
    threads.wait()
  }

  private func make(_ index: Int, _ maker: BackupMaker) {
    let started = now()
    var maker = maker
    maker.isWanted = { [self] in state.withLock { !$0.isStopping } }
    // Of this thread alone.
    maker.willVerify = { setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, Self.niceness) }
    do throws(StoreError) {
      let made = try maker.make(of: results, stateFile)
      let tookMs = now().ms - started.ms
      state.withLock { state in
        state.jobs[index].status.last = made.taken
        state.jobs[index].status.lastBytes = made.bytes
        state.jobs[index].status.tookMs = tookMs
        state.jobs[index].status.made += 1
        state.jobs[index].status.isRunning = false
        state.jobs[index].due = WallTime(ms: started.ms + state.jobs[index].status.everyMs)
      }
      log(
        "\(maker.kind.rawValue) \(made.path): snapshot \(made.manifest.snapshotID), "
          + "\(made.bytes) bytes, \(tookMs) ms")
    } catch {
      let retryMs = state.withLock { state -> Int64? in
        state.jobs[index].status.isRunning = false
        if state.isStopping { return nil }
        let retryMs = min(Self.retryMs, state.jobs[index].status.everyMs)
        state.jobs[index].status.failures += 1
        state.jobs[index].due = WallTime(ms: now().ms + retryMs)
        return retryMs
      }
      guard let retryMs else { return }
      log(
        "error: the \(maker.kind.rawValue) failed, the worker goes on without it and tries again "
          + "in \(retryMs / 1_000) s: \(error)")
    }
  }
}
