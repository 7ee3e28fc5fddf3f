import StreamCore

/// Runs a pipeline by hand, without Kafka, files, threads or clocks: push events, take snapshots,
/// close the input, read results.
///
/// It drives the very parts that the worker drives, in the same order, and is what `tests:` inside
/// a pipeline file run on. Deterministic: nothing happens but what is asked for.
public final class PipelineDriver {
  /// What stays from one life of a driver to the next: what a worker's two files hold.
  public struct Saved: Sendable {
    /// State records.
    public var records: [StateRecord] = []
    /// Clock marks.
    public var marks: [ClockMark] = []
    /// Offset of the next record to push, by partition.
    public var positions: [PartitionID: Int64] = [:]

    /// Nothing yet.
    public init() {}
  }

  /// Rows as a public file would hold them, by key.
  public private(set) var tables = ResultTables()
  /// Marks so far.
  public private(set) var marks: [ClockMark] = []
  /// Final rows that were written again with another content, in words: a fault of the core.
  public private(set) var conflicts: [String] = []

  private let plan: StagePlan
  private let merge: Merge
  private let tasks: [PartitionTask]
  private let shards: [ExchangeShard]
  private var horizon = EventTime.distantPast

  /// Makes a driver of `partitions` partitions of each source, each named `NAME/0`, `NAME/1`, ….
  ///
  /// - Parameter saved: What to go on from; push the events from its positions on.
  public init(
    _ pipeline: PipelinePlan, partitions: Int = 1, shards: Int = 4, from saved: Saved? = nil
  ) throws(CodecError) {
    let isKeyed = pipeline.sources.count == 1 && pipeline.sources.allSatisfy(\.keyed)
    plan = StagePlan(pipeline, keyed: isKeyed)
    merge = Merge(plan: plan)
    let shardCount = plan.needsExchange ? shards : 0
    var tasks: [PartitionTask] = []
    for (index, source) in pipeline.sources.enumerated() {
      for number in 0..<partitions {
        let id = PartitionID(topic: source.name, partition: Int32(number))
        merge.register(id, source: index)
        tasks.append(
          PartitionTask(
            id: id, sourceIndex: index, plan: plan, startOffset: saved?.positions[id] ?? 0,
            marks: saved?.marks ?? [], shards: shardCount))
      }
    }
    self.tasks = tasks
    self.shards = (0..<shardCount).map { [plan] in ExchangeShard(index: $0, plan: plan) }
    marks = saved?.marks ?? []
    for record in saved?.records ?? [] {
      stored[record.key] = record
      if Merge.owns(record) {
        try merge.restore(record)
      } else if let task = tasks.first(where: { $0.id.description == record.key.owner }) {
        try task.restore(record)
      } else if let shard = self.shards.first(where: { $0.owner == record.key.owner }) {
        try shard.restore(record)
      }
    }
    for task in tasks { try task.finishRestore() }
    for shard in self.shards { try shard.finishRestore() }
  }

  /// Partitions in the order of their index.
  public var partitions: [PartitionID] { tasks.map(\.id) }

  /// Offset of the next record of partition `index`.
  public func nextOffset(_ index: Int) -> Int64 { tasks[index].nextOffset }

  /// Hands records to partition `index`, at the offsets that follow.
  ///
  /// - Parameter records: Payload and, where there is one, record timestamp in epoch milliseconds.
  public func push(_ records: [(payload: [UInt8], timestampMs: Int64?)], to index: Int) {
    let task = tasks[index]
    var bytes: [UInt8] = []
    for record in records { bytes += record.payload }
    bytes += [UInt8](repeating: 0, count: 64)
    bytes.withUnsafeBufferPointer { all in
      guard let base = all.baseAddress else { return }
      var at = 0
      var messages: [RawMessage] = []
      for (position, record) in records.enumerated() {
        messages.append(
          RawMessage(
            payload: base + at, payloadCount: Int32(record.payload.count),
            offset: task.nextOffset + Int64(position),
            timestampMs: record.timestampMs ?? RawMessage.noTimestamp))
        at += record.payload.count
      }
      messages.withUnsafeBufferPointer { task.process($0) }
    }
  }

  /// Hands one JSON record to partition `index`.
  public func push(_ json: String, to index: Int = 0, timestampMs: Int64? = nil) {
    push([(Array(json.utf8), timestampMs)], to: index)
  }

  /// Lifts the clock of an idle partition, as the worker does once the broker has confirmed it.
  public func lift(_ index: Int, to clock: EventTime, kind: ClockMark.Kind = .idle) {
    let task = tasks[index]
    if let mark = task.lift(to: clock, at: task.nextOffset, kind: kind) { marks.append(mark) }
  }

  /// Closes what the watermarks have passed and publishes what changed.
  public func snapshot(provisional: Bool = true) {
    settle()
    conflicts += tables.apply(
      merge.takeRows(provisional: provisional, horizon: horizon))
  }

  private func settle() {
    let released = merge.released
    for task in tasks {
      let report = task.report(
        isIdle: false, partials: true, released: released, horizon: horizon)
      note(report)
      merge.absorb(report)
      // A clock that was lifted has come that far, one that was closed has not.
      let isClosed = task.clockMs >= EventTime.distantFuture.ms
      let shownMs = isClosed ? task.eventClockMs : task.clockMs
      if shownMs != Int64.min { horizon = max(horizon, EventTime(ms: shownMs)) }
      for (index, batch) in task.takeRouted().enumerated() {
        if let batch { shards[index].absorb(batch) }
      }
    }
    if let watermark = merge.exchangeWatermark() {
      for shard in shards { shard.advance(to: watermark, horizon: horizon) }
    }
    for shard in shards {
      let report = shard.report(released: released)
      note(report)
      merge.absorb(report)
    }
    let folds = merge.overfull()
    for fold in folds { merge.folding(fold) }
    if !folds.isEmpty {
      for shard in shards { merge.absorb(shard.fold(folds)) }
      for task in tasks { merge.absorb(task.fold(folds)) }
    }
    merge.close(horizon: horizon)
  }

  /// Ends the input: everything is closed.
  public func close() {
    settle()
    for index in tasks.indices { lift(index, to: .distantFuture, kind: .close) }
    snapshot()
  }

  /// Everything that a new driver needs to go on from here. Takes a snapshot first, as the worker
  /// does.
  public func save() -> Saved {
    snapshot()
    var change = StateChange(snapshotID: 1, positions: [:])
    for task in tasks { task.copyState().encode(into: &change) }
    for shard in shards { shard.copyState().encode(into: &change) }
    merge.encodeState(into: &change)
    for key in change.deletes { stored[key] = nil }
    for record in change.upserts { stored[record.key] = record }
    let records = stored.values.sorted {
      let (a, b) = ($0.key, $1.key)
      if (a.owner, a.stage) != (b.owner, b.stage) {
        return (a.owner, a.stage) < (b.owner, b.stage)
      }
      return a.key.lexicographicallyPrecedes(b.key)
    }
    var saved = Saved()
    saved.records = records
    saved.marks = marks
    for task in tasks { saved.positions[task.id] = task.nextOffset }
    return saved
  }

  private var stored: [StateKey: StateRecord] = [:]

  /// The clock of partition `index`; nil before its first event.
  public func clock(_ index: Int) -> EventTime? {
    tasks[index].clockMs == Int64.min ? nil : EventTime(ms: tasks[index].clockMs)
  }

  /// Takes over rows of an earlier life, as a public file keeps them; final ones that differ are
  /// conflicts.
  public func adopt(_ stored: ResultTables) {
    conflicts += tables.adopt(stored)
    merge.adopt(findings: stored.rows.findings)
  }

  /// Lets risk rules have the thresholds of a schedule from now on.
  public func set(_ thresholds: ThresholdSchedule) {
    for task in tasks { task.set(thresholds) }
    for shard in shards { shard.set(thresholds) }
  }

  /// Rows of the table `findings` in order of (opening, rule, entity).
  public var findingRows: [FindingRow] { tables.rows.findings }

  /// What became known of findings, in the order in which it did.
  public var findingTransitions: [FindingTransition] { tables.findingTransitions }

  /// Rows of the table `metrics` in order of metric, window and dimensions.
  public var rows: [MetricRow] { tables.rows.metrics }

  /// Rows of the table `funnels` in order of funnel, entry window, dimensions and step.
  public var funnelRows: [FunnelRow] { tables.rows.funnels }

  /// Rows of the table `retention` in order of name, cohort, dimensions and period.
  public var retentionRows: [RetentionRow] { tables.rows.retention }

  /// Rows of the table `sessions` in order of name, day and dimensions.
  public var sessionRows: [SessionRow] { tables.rows.sessions }

  /// What alerts did, in order of window end, rule and dimensions.
  public var alertTransitions: [AlertTransition] { tables.rows.alertTransitions }

  /// Alerts as they stand, in order of rule, first window and dimensions.
  public var alertRows: [AlertRow] { tables.rows.alerts }

  /// Values of thresholds from the next snapshot on.
  public var thresholds: ThresholdSchedule {
    get { merge.thresholds }
    set { merge.thresholds = newValue }
  }

  /// What became of the events at every metric, by name, as of the last snapshot.
  public var counts: [MetricCounts] {
    var totals = [StageCounts](repeating: StageCounts(), count: plan.groups.count)
    for counts in stageCounts.values {
      for (index, own) in counts.enumerated() { totals[index] += own }
    }
    return plan.metricCounts(totals)
  }

  private var stageCounts: [String: [StageCounts]] = [:]
  private var recordTotals: [String: RecordTotals] = [:]

  private func note(_ report: TaskReport) {
    stageCounts[report.owner] = report.stageCounts
    recordTotals[report.owner] = report.records
  }

  /// Records of users and other keys, as of the last snapshot.
  public var records: RecordTotals {
    recordTotals.values.reduce(into: RecordTotals()) { $0 += $1 }
  }

  /// Fates over all partitions.
  public var fates: FateCounts { tasks.reduce(.zero) { $0 + $1.fates } }

  /// Fates of partition `index`.
  public func fates(_ index: Int) -> FateCounts { tasks[index].fates }
}
