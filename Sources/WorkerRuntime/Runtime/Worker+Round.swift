import SnapshotStore
import StreamCore

/// What a lane hands over between two batches: for one partition, or for its shards.
struct LaneReport: Sendable {
  var reports: [TaskReport] = []
  /// Events for the shards of the exchange, by partition.
  var routed: [[EventChunk?]] = []
  var states: [TaskState] = []
  var seen: [IdleWatch.Seen] = []
  /// How long the lane stood still for it.
  var pauseMicroseconds: Int64 = 0
  /// Messages that wait in Kafka; nil where that is not known.
  var lag: Int64?
  /// Whether events are judged on arrival from now on.
  var isCurrent = true
}

extension Worker {
  /// Sees how far everyone is and lets the exchange go on, without a snapshot.
  func tick() throws {
    let gathered = try gather(partials: false, savingState: false)
    if plan.needsExchange {
      _ = try advanceExchange(gathered, reporting: false, savingState: false)
    }
    note(gathered)
  }

  /// Writes the first snapshot of a new file, so that a start that fails later still knows where
  /// it began.
  func begin() throws {
    isCaughtUp = true
    try snapshot(savingState: true, provisional: false)
  }

  /// Everything that the file has is there again: what is read from now on is new.
  func caughtUp() {
    isCaughtUp = true
    summary.times.readyAfterMs = SystemClock.monotonicMs() - openedMs
  }

  /// Waits for all dead letters: they must have arrived before the offsets after them are
  /// committed. While the worker reads, a broker that is away may come back, so that the snapshot
  /// waits as long as it takes; once the worker is to stop, somebody waits for it.
  ///
  /// - Throws: `WorkerError` when they do not arrive within 10 s of being asked to stop.
  private func awaitDeadLetters() throws {
    var lastMs: Int64?
    while true {
      let answers = lanes.map { lane in
        lane.perform { content in try content.feed.flush(timeoutMs: 1_000) }
      }
      if try answers.map({ try $0.get() }).allSatisfy(\.self) { return }
      options.progress.beat()
      let nowMs = SystemClock.monotonicMs()
      if !isReading || stopFlag.isRaised { lastMs = lastMs ?? nowMs + Self.lastLettersMs }
      guard nowMs < lastMs ?? Int64.max else {
        throw WorkerError(
          .outside, "dead letters were not delivered within \(Self.lastLettersMs / 1_000) s",
          whatToDo: "see to the broker and the dead-letter topic, then start again: nothing is lost"
        )
      }
      options.log.note(.warning, "kafka", "dead letters are not delivered yet; the snapshot waits")
    }
  }

  /// How long a worker that is to stop waits for its dead letters.
  private static let lastLettersMs: Int64 = 10_000

  /// Gathers everything, closes what can be closed, and commits it.
  func snapshot(savingState: Bool, provisional: Bool) throws {
    try takeThresholdRequests()
    let gathered = try gather(partials: true, savingState: savingState)
    absorb(gathered)
    note(gathered)
    if isOpen { try liftSilent(gathered) }
    var states = gathered.flatMap(\.states)
    if plan.needsExchange {
      let answers = try advanceExchange(gathered, reporting: true, savingState: savingState)
      for answer in answers { answer.reports.forEach(absorb) }
      states += answers.flatMap(\.states)
    }
    try foldOverfull()
    merge.close(horizon: horizon)
    try awaitDeadLetters()
    try commit(savingState ? states : nil, provisional: provisional)
    options.onStatus(status)
  }

  /// Lifts every clock past everything: the input has ended.
  func closeAll() throws {
    let gathered = try gather(partials: false, savingState: false)
    absorb(gathered)
    if plan.needsExchange {
      _ = try advanceExchange(gathered, reporting: false, savingState: false)
    }
    try lift(
      gathered.flatMap(\.seen).map {
        IdleWatch.Lift(
          id: $0.id, offset: $0.nextOffset, clock: .distantFuture, kind: .close)
      })
  }

  /// Asks every partition's task for its report. A lane answers for one partition at a time and
  /// reads on in between, so that none stands still for longer than one report takes.
  private func gather(partials: Bool, savingState: Bool) throws -> [LaneReport] {
    let released = merge.released
    let horizon = horizon
    let idle = idle.idle
    let answers = places.sorted { $0.key < $1.key }.map { _, place in
      lanes[place.lane].perform { content -> LaneReport in
        let start = SystemClock.monotonicMicroseconds()
        var answer = LaneReport()
        let task = content.tasks[place.index]
        answer.reports = [
          task.report(
            isIdle: idle[task.id] == task.nextOffset, partials: partials, released: released,
            horizon: horizon)
        ]
        answer.routed = [task.takeRouted()]
        if savingState { answer.states = [task.copyState()] }
        let feed = content.feed.status(place.index)
        answer.lag = feed.lag
        answer.isCurrent = feed.isCurrent
        task.judgesArrivals = feed.isCurrent
        answer.seen = [
          IdleWatch.Seen(
            id: task.id, nextOffset: task.nextOffset, logPosition: feed.logPosition,
            isAtEnd: feed.isAtEnd, isQuiet: feed.isQuiet, lastInput: content.lastInput[place.index],
            clock: task.clockMs == Int64.min ? nil : EventTime(ms: task.clockMs))
        ]
        answer.pauseMicroseconds = SystemClock.monotonicMicroseconds() - start
        return answer
      }
    }
    let gathered = try answers.map { answer in
      let report = try answer.get()
      options.progress.beat()
      return report
    }
    // A lane that failed may have read what it could not hand on: nothing of that is committed.
    try throwLaneError()
    return gathered
  }

  private func absorb(_ gathered: [LaneReport]) {
    for answer in gathered { answer.reports.forEach(absorb) }
  }

  private func absorb(_ report: TaskReport) {
    merge.absorb(report)
    if !report.stageCounts.isEmpty {
      latest[report.owner] = report
      latest[report.owner]?.partials = []
      latest[report.owner]?.findings = []
    }
    guard let progress = report.progress else { return }
    userPlaces.note(report.sampledUsers, in: progress.id)
    if let clock = progress.clock { horizon = max(horizon, clock) }
    let from = target[progress.id] ?? 0
    rejected += report.rejected.filter { $0.offset >= from }
    late += report.late.filter { $0.offset >= from }
  }

  /// Keeps what the lanes said for the status and for the end of catching up.
  private func note(_ gathered: [LaneReport]) {
    var total = FateCounts()
    var partitions: [PartitionProgress] = []
    var pause: Int64 = 0
    for answer in gathered {
      pause = max(pause, answer.pauseMicroseconds)
      if answer.pauseMicroseconds > 0 {
        summary.times.note(pauseMicroseconds: answer.pauseMicroseconds)
      }
      for report in answer.reports {
        guard let progress = report.progress else { continue }
        total += progress.fates
        partitions.append(progress)
      }
      for seen in answer.seen {
        status.lags[seen.id] = answer.lag
        lastInput[seen.id] = seen.lastInput
        kafka?.positions[seen.id] = max(seen.nextOffset, seen.logPosition ?? 0)
      }
    }
    status.lag = gathered.reduce(nil) { sum, answer in
      answer.lag.map { ($0 + (sum ?? 0)) } ?? sum
    }
    status.fates = total
    status.partitions = partitions.sorted { $0.id < $1.id }
    status.pauseMicroseconds = pause
    if !isCaughtUp, partitions.allSatisfy({ $0.nextOffset >= target[$0.id] ?? 0 }) { caughtUp() }
    status.isCatchingUp = !isCaughtUp
    isCurrent = gathered.allSatisfy(\.isCurrent)
    status.watermark = merge.watermark
    status.clock = partitions.compactMap(\.clock).max()
    options.onStatus(status)
  }

  private func advanceExchange(
    _ gathered: [LaneReport], reporting: Bool, savingState: Bool
  ) throws -> [LaneReport] {
    for answer in gathered {
      for report in answer.reports { merge.absorb(report.withoutContributions) }
    }
    let routed = gathered.flatMap(\.routed)
    let watermark = merge.exchangeWatermark()
    let isClosed = merge.isClosed
    let released = merge.released
    let horizon = horizon
    let isCurrent = gathered.allSatisfy(\.isCurrent)
    let width = lanes.count
    let answers = lanes.enumerated().map { number, lane in
      lane.perform { content -> LaneReport in
        var answer = LaneReport()
        for (position, shard) in content.shards.enumerated() {
          let index = position * width + number
          for batches in routed where index < batches.count {
            if let batch = batches[index] { shard.absorb(batch) }
          }
          shard.judgesArrivals = isCurrent
          if let watermark { shard.advance(to: watermark, horizon: horizon) }
          if isClosed { shard.close() }
          if reporting { answer.reports.append(shard.report(released: released)) }
          if savingState { answer.states.append(shard.copyState()) }
        }
        return answer
      }
    }
    return try answers.map { try $0.get() }
  }

  private func foldOverfull() throws {
    let folds = merge.overfull()
    guard !folds.isEmpty else { return }
    for fold in folds { merge.folding(fold) }
    let answers = lanes.map { lane in
      lane.perform { content in
        content.tasks.map { $0.fold(folds) } + content.shards.map { $0.fold(folds) }
      }
    }
    for answer in answers { try answer.get().forEach(absorb) }
  }
}

// MARK: - Idle partitions

extension Worker {
  /// Lifts the clocks of partitions that hold others back without need: those that are idle, as the
  /// broker confirms, and finite logs that are read to their end.
  private func liftSilent(_ gathered: [LaneReport]) throws {
    let seen = gathered.flatMap(\.seen)
    if let replay = options.replay { return try liftEnded(seen, replay) }
    guard let kafka else {
      return try lift(
        seen.filter { $0.isAtEnd && $0.clock != .distantFuture }.map {
          IdleWatch.Lift(
            id: $0.id, offset: $0.nextOffset, clock: .distantFuture, kind: .close)
        })
    }
    let now = options.now()
    var confirmed: Set<PartitionID> = []
    for suspect in idle.suspects(seen, now: now) {
      // Without an answer the rest is not asked about: a broker that is away costs one time-out.
      guard let isAtEnd = kafka.isAtEnd(suspect) else { break }
      if isAtEnd { confirmed.insert(suspect.id) }
    }
    idle.update(seen, confirmed: confirmed)
    try lift(idle.lifts(seen, now: now))
  }

  /// Lifts clocks, and takes with each what waited for its turn: a window that the lifted clock
  /// lets close must not close without it.
  func lift(_ lifts: [IdleWatch.Lift]) throws {
    let released = merge.released
    let horizon = horizon
    let answers = lifts.compactMap { lift -> LaneResult<(ClockMark, TaskReport)?>? in
      guard let place = places[lift.id] else { return nil }
      return lanes[place.lane].perform { content -> (ClockMark, TaskReport)? in
        let task = content.tasks[place.index]
        guard let mark = task.lift(to: lift.clock, at: lift.offset, kind: lift.kind) else {
          return nil
        }
        return (
          mark,
          task.report(
            isIdle: lift.kind != .close, partials: true, released: released, horizon: horizon)
        )
      }
    }
    for answer in answers {
      guard let (mark, report) = try answer.get() else { continue }
      newMarks.removeAll { $0.id == mark.id && $0.nextOffset == mark.nextOffset }
      newMarks.append(mark)
      if mark.kind != .close { self.horizon = max(self.horizon, mark.clock) }
      absorb(report)
    }
  }
}

extension TaskReport {
  /// How far it has come, without contributions.
  var withoutContributions: TaskReport {
    var copy = self
    copy.partials = []
    copy.findings = []
    return copy
  }
}
