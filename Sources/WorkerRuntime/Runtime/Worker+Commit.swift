import SnapshotStore
import StreamCore

extension Worker {
  /// Commits what the merge has, and then, if `states` are given, the state that belongs to it.
  func commit(_ states: [TaskState]?, provisional: Bool) throws {
    var rows = merge.takeRows(provisional: provisional, horizon: horizon)
    scope.filter(&rows)
    let now = options.now()
    let told = try announcer.decide(
      rows, sample: try healthSample(now), isCaughtUp: isOfNow(now) && hasPassedLoss(now),
      now: now)
    rows.alerts += told.health
    var change = SnapshotChange(taken: now)
    change.watermark = horizon == .distantPast ? nil : merge.watermark.map { min($0, horizon) }
    change.partitions = status.partitions
    change.newMarks = newMarks
    change.dropsProvisional = dropsProvisional && provisional
    change.rows = rows
    change.rejected = rejected
    change.late = late
    change.manifest = stageManifest().merging(newManifest) { $1 }.merging(told.manifest) { $1 }
    change.thresholds = newThresholds
    change.answers = answers
    change.rules = newRules
    change.kpiTree = newKPITree
    change.messages = told.messages
    let start = options.now().ms
    let id = try results.commit(change, durable: states != nil)
    options.progress.beat()
    status.commitMs = options.now().ms - start
    status.snapshots += 1
    status.lastSnapshot = options.now()
    status.records = records
    status.copies = copies?.status ?? []
    if provisional { dropsProvisional = false }
    newMarks.removeAll()
    rejected.removeAll()
    late.removeAll()
    newThresholds.removeAll()
    answers.removeAll()
    newRules = nil
    newKPITree = nil
    newManifest.removeAll()
    announcer.committed(told)
    if let states { try save(states, snapshotID: id) }
    commitGroupOffsets()
  }

  /// How the worker does, for its health rules; nil where they are not judged.
  private func healthSample(_ now: WallTime) throws -> HealthMonitor.Sample? {
    guard announcer.watchesHealth else { return nil }
    var last: [String: WallTime] = [:]
    for (id, _) in places {
      let name = kafka?.sourceName(of: id) ?? id.topic
      last[name] = max(last[name] ?? WallTime(ms: 0), lastInput[id] ?? now)
    }
    var sample = HealthMonitor.Sample(
      now: now, lastInput: last, watermark: merge.watermark, fates: status.fates,
      usersInTwoPartitions: userPlaces.tornCount,
      oldestUndelivered: try announcer.oldestUndelivered())
    for copy in copies?.status ?? [] {
      let since = copy.last ?? started
      sample.overdueCopies[copy.kind.rawValue] = now.ms - since.ms - 2 * copy.everyMs
    }
    return sample
  }

  /// Whether what is judged now is of now: nothing that is told would be old.
  private func isOfNow(_ now: WallTime) -> Bool {
    merge.watermark.map { now.ms - min($0.ms, horizon.ms) <= pipeline.notify.withinMs } ?? false
  }

  /// Whether everything is judged that a worker before the loss of its files can have told of; at
  /// once where no files were lost. Where nothing comes any more, the end of the log is enough.
  private func hasPassedLoss(_ now: WallTime) -> Bool {
    guard let lost = announcer.restored?.lost else { return true }
    if let watermark = merge.watermark, min(watermark, horizon).ms >= lost.ms { return true }
    return status.lag == 0 && now.ms - started.ms >= Self.quietAfterLossMs
  }

  /// So long nothing comes after a restoration before what is there is taken for all.
  private static let quietAfterLossMs: Int64 = 60_000

  private func save(_ states: [TaskState], snapshotID: Int64) throws {
    let startMs = SystemClock.monotonicMs()
    var change = StateChange(
      snapshotID: snapshotID,
      positions: Dictionary(
        uniqueKeysWithValues: status.partitions.map { ($0.id, $0.nextOffset) }),
      replacesAll: nextStateIsFull)
    let progress = options.progress
    for state in states {
      state.encode(into: &change)
      progress.beat()
    }
    merge.encodeState(into: &change)
    try stateFile.save(change, durableTo: results.durableSnapshotID) { progress.beat() }
    nextStateIsFull = false
    summary.times.stateSaves += 1
    let tookMs = SystemClock.monotonicMs() - startMs
    summary.times.stateSavesMs += tookMs
    statePace.note(
      endedMs: startMs + tookMs, tookMs: tookMs,
      bytes: change.upserts.reduce(0) { $0 + $1.bytes.count })
  }

  private func commitGroupOffsets() {
    guard kafka != nil, options.replay == nil else { return }
    let positions = Dictionary(
      uniqueKeysWithValues: status.partitions.map { ($0.id, $0.nextOffset) })
    for (number, lane) in lanes.enumerated() {
      let own = positions.filter { places[$0.key]?.lane == number }
      _ = lane.perform { content in content.feed.commit(own) }
    }
  }

  /// Counts of every metric over all partitions and shards, by name.
  func stageCounts() -> [MetricCounts] {
    var totals = [StageCounts](repeating: StageCounts(), count: plan.groups.count)
    for report in latest.values {
      for (index, counts) in report.stageCounts.enumerated() { totals[index] += counts }
    }
    return plan.metricCounts(totals)
  }

  /// Rejected events by reason over all partitions.
  func rejectedByReason() -> [(reason: String, count: Int64)] {
    RejectReason.allCases.map { reason in
      let count = latest.values.reduce(Int64(0)) { sum, report in
        let counts = report.rejectedByReason
        return sum + (counts.isEmpty ? 0 : counts[Int(reason.rawValue)])
      }
      return (reason.code, count)
    }
  }

  /// Records of users and other keys over all partitions and shards.
  private var records: RecordTotals {
    latest.values.reduce(into: RecordTotals()) { $0 += $1.records }
  }

  private func stageManifest() -> [String: String] {
    var manifest: [String: String] = [:]
    for (reason, count) in rejectedByReason() { manifest["rejected.\(reason)"] = String(count) }
    for counts in stageCounts() {
      manifest["stage.\(counts.name).matched"] = String(counts.matched)
      manifest["stage.\(counts.name).unusable"] = String(counts.unusable)
      manifest["stage.\(counts.name).late"] = String(counts.late)
      if counts.withoutKey > 0 {
        manifest["stage.\(counts.name).without_key"] = String(counts.withoutKey)
      }
    }
    if plan.groups.contains(where: \.keepsRecords) {
      manifest["records.count"] = String(records.count)
      manifest["records.bytes"] = String(records.bytes)
    }
    return manifest
  }

  /// What became of the run.
  func summarise(reachedEnd: Bool) throws -> RunSummary {
    summary.fates = status.fates
    summary.rejected = rejectedByReason().filter { $0.count > 0 }
    summary.stages = stageCounts()
    summary.records = records
    summary.resultDigest = try results.resultDigest
    summary.dataPath = options.dataPath
    summary.scope = scope
    summary.reachedEnd = reachedEnd
    summary.times.elapsedMs = SystemClock.monotonicMs() - openedMs
    return summary
  }
}
