import Foundation
import KafkaClient
import PipelineSpec
import SnapshotStore
import StreamCore
import Synchronization

/// Runs a pipeline: lanes turn messages into partials, the coordinator merges them, commits
/// snapshots and saves state.
///
/// `run()` is the coordinator and blocks its thread. Everything here is touched by that thread
/// alone but for `requestStop()`. Invariants: a snapshot holds offsets and exactly the results of
/// the events before them; state is saved only after the snapshot that it belongs to is durable;
/// while events that the file already has are read again nothing is committed.
public final class Worker {
  let pipeline: Pipeline
  let options: WorkerOptions
  let plan: StagePlan
  let merge: Merge
  let results: ResultsFile
  let stateFile: StateFile
  let signal: CoordinatorSignal
  let kafka: KafkaSide?
  var lanes: [Lane] = []
  /// Lane of each partition and its index there.
  var places: [PartitionID: (lane: Int, index: Int)] = [:]
  /// Offsets that the file has: nothing is committed before they are passed.
  var target: [PartitionID: Int64]
  var isCaughtUp = false
  /// Whether more events may come: the end of input has not been closed.
  var isOpen = true
  var idle: IdleWatch
  var newMarks: [ClockMark] = []
  var horizon = EventTime.distantPast
  var rejected: [EventSample] = []
  var late: [EventSample] = []
  /// What the thresholds are and were, with rows that the next snapshot stores.
  var thresholdRows: [ThresholdRow] = []
  var newThresholds: [ThresholdRow] = []
  var answers: [ThresholdAnswer] = []
  /// Rules that the next snapshot stores; nil: they are there.
  var newRules: [RuleRow]?
  /// KPIs that the next snapshot stores; nil: they are there.
  var newKPITree: [KPINode]?
  /// Facts for the manifest that the next snapshot stores.
  var newManifest: [String: String] = [:]
  /// Which rows are complete, so that they are reported.
  var scope = ReportScope.everything
  let announcer: Announcer
  /// Backups and archives; nil where none are made.
  let copies: CopyRunner?
  /// When this worker began.
  let started: WallTime
  /// Whether the lanes read: between their first release and the end.
  var isReading = false
  var userPlaces = UserPlaces()
  /// Wall time of the last input of each partition.
  var lastInput: [PartitionID: WallTime] = [:]
  /// Whether what all lanes read is of now.
  var isCurrent = false
  var memoryReturn = MemoryReturn()
  var latest: [String: TaskReport] = [:]
  /// Whether provisional rows of an earlier life may still stand in the file.
  var dropsProvisional = true
  /// Whether the next save of state replaces everything stored.
  var nextStateIsFull = true
  var status = WorkerStatus()
  var summary = RunSummary()
  /// Monotonic time at which the files were opened.
  let openedMs = SystemClock.monotonicMs()
  let stopFlag: StopFlag
  private var nextSnapshotMs: Int64 = 0
  /// When state is saved.
  var statePace = StatePace(nowMs: 0)
  private var nextProvisionalMs: Int64 = 0
  private static let tickMs: Int64 = 50
  /// The coordinator looks around at least so often, however rare snapshots are: whoever watches
  /// `WorkProgress` sees that it lives.
  private static let roundMs: Int64 = 500

  /// Opens the files, finds where to go on, and prepares the lanes. Nothing is read yet.
  ///
  /// - Throws: `StoreError`, `KafkaError`, `WorkerError`, `CodecError` of a state that is damaged.
  public init(
    pipeline: Pipeline, input: WorkerInput, options: WorkerOptions, stop: StopFlag = StopFlag()
  ) throws {
    self.pipeline = pipeline
    self.options = options
    stopFlag = stop
    signal = stop.signal
    started = options.now()
    try Self.checkRoom(pipeline, options)
    let opened = try OpenedFiles(pipeline, options)
    results = opened.results
    stateFile = opened.stateFile
    for copy in opened.keptCopies {
      options.log.note(
        .info, "upgrade",
        "the file was migrated to this version; as it was before it is kept as \(copy)")
    }
    var begun: Announcer?
    do {
      try Self.checkService(opened.results.resume, options)
      let logs: [FiniteLog]
      switch input {
      case .kafka:
        kafka = try KafkaSide(pipeline, options, stop: stop)
        logs = []
      case .logs(let finite):
        kafka = nil
        logs = finite
      }
      plan = StagePlan(pipeline.plan, keyed: Self.isKeyed(pipeline.plan))
      merge = Merge(plan: plan)
      target = opened.results.resume?.positions ?? [:]
      idle = IdleWatch(time: pipeline.plan.time)
      announcer = try Announcer(
        pipeline, results: opened.results,
        isLive: kafka != nil && !options.untilEnd && options.replay == nil,
        isReplay: options.replay != nil, log: options.log)
      begun = announcer
      copies =
        options.replay == nil && kafka != nil
        ? CopyRunner(pipeline, opened.results, opened.stateFile, options) : nil
      try prepare(opened, logs)
      try prepareThresholds()
    } catch {
      begun?.stop(draining: false)
      for lane in lanes { lane.stop() }
      try? results.close()
      try? stateFile.close()
      throw error
    }
  }

  /// One topic, keyed by user: every user's events are in one partition.
  static func isKeyed(_ plan: PipelinePlan) -> Bool {
    plan.sources.count == 1 && plan.sources.allSatisfy(\.keyed)
  }

  /// Runs until the input ends, a stop is asked for, or something makes going on impossible.
  ///
  /// What was committed stays, whatever is thrown. On a stop the batches at hand are finished and
  /// committed. Call it once.
  public func run() throws -> RunSummary {
    defer { shutDown() }
    let now = SystemClock.monotonicMs()
    nextSnapshotMs = now + pipeline.storage.snapshotEveryMs
    statePace = StatePace(nowMs: now)
    // A kill may have come between the first snapshot and its state: nothing is read before there
    // is state to go on from.
    if target.isEmpty || nextStateIsFull { try begin() }
    isCaughtUp = false
    if target.isEmpty { caughtUp() }
    for lane in lanes { lane.release() }
    isReading = true
    announcer.start()
    while true {
      options.progress.beat()
      try throwLaneError()
      if stopFlag.isRaised {
        try finish(atEnd: false, closing: false)
        return try summarise(reachedEnd: false)
      }
      if try hasEnded() {
        try finish(atEnd: true, closing: closesAtEnd)
        return try summarise(reachedEnd: true)
      }
      if options.replay == nil {
        try kafka?.checkPartitionCounts(nowMs: SystemClock.monotonicMs())
      }
      try step()
    }
  }

  private func step() throws {
    let now = SystemClock.monotonicMs()
    if isCaughtUp && now >= nextSnapshotMs {
      if let error = lowRoom() { throw try stopped(by: error) }
      let stateMs = statePace.nextMs(
        everyMs: pipeline.storage.stateEveryMs, recordBytes: status.records.bytes)
      try snapshot(savingState: now >= stateMs, provisional: now >= nextProvisionalMs)
      returnMemory()
      let after = SystemClock.monotonicMs()
      nextSnapshotMs = max(now + pipeline.storage.snapshotEveryMs, after)
      if now >= nextProvisionalMs { nextProvisionalMs = now + pipeline.storage.provisionalEveryMs }
      copies?.begin(at: options.now())
      return
    }
    if !isCaughtUp || plan.needsExchange || kafka?.untilEnd != nil { try tick() }
    let untilSnapshotMs = isCaughtUp ? nextSnapshotMs - SystemClock.monotonicMs() : Self.tickMs
    let waitMs = min(untilSnapshotMs, Self.roundMs)
    let isTicking = !isCaughtUp || plan.needsExchange || kafka?.untilEnd != nil
    signal.wait(timeoutMs: max(1, isTicking ? min(waitMs, Self.tickMs) : waitMs))
  }

  /// Whether the end of what is read closes every window.
  private var closesAtEnd: Bool {
    options.replay?.closesAtEnd ?? (kafka == nil || options.closesAtEnd)
  }

  private func hasEnded() throws -> Bool {
    guard let kafka, options.replay == nil else { return lanes.allSatisfy(\.isAtEndOfInput) }
    return kafka.untilEnd.map { ends in
      ends.allSatisfy { id, end in (kafka.positions[id] ?? 0) >= end }
    } ?? false
  }

  /// Takes the last snapshot: what is read is committed; at the end of input everything may be
  /// closed first.
  private func finish(atEnd: Bool, closing: Bool) throws {
    options.progress.beginFinishing()
    for lane in lanes { lane.hold() }
    isReading = false
    try tick()
    guard isCaughtUp else {
      if atEnd {
        throw WorkerError(
          .refused, "the input ends before the offsets that \(options.dataPath) already has",
          whatToDo: "give the same input as before, or choose a new file with --data")
      }
      return
    }
    if closing {
      try closeAll()
      isOpen = false
      // What this closes need not be saved as state.
      try snapshot(savingState: false, provisional: false)
    }
    try snapshot(savingState: true, provisional: true)
  }

  /// Throws what made a lane stand still, if anything did.
  func throwLaneError() throws {
    for lane in lanes {
      if let error = lane.error { throw error }
    }
  }

  private func shutDown() {
    copies?.stop()
    announcer.stop(draining: summary.reachedEnd)
    for lane in lanes { lane.stop() }
    lanes = []
    try? stateFile.close()
    try? results.close()
  }
}

/// Asks a worker to stop; may be raised from any thread, also before the worker runs.
public final class StopFlag: Sendable {
  private let raised = Atomic<Bool>(false)
  /// Wakes the coordinator.
  let signal = CoordinatorSignal()

  /// Makes a flag that is not raised.
  public init() {}

  /// Asks for the stop.
  public func raise() {
    raised.store(true, ordering: .releasing)
    signal.raise()
  }

  /// Whether a stop was asked for.
  public var isRaised: Bool { raised.load(ordering: .acquiring) }
}
