import SnapshotStore
import StreamCore

extension Worker {
  /// Writes down the rules and what the pipeline file says of thresholds, and lets everybody judge
  /// by what is stored.
  func prepareThresholds() throws {
    thresholdRows = try results.thresholdRows()
    let rules = RuleCatalogue.rows(of: pipeline)
    let followed = (options.replay?.live?.thresholds ?? []).filter { !thresholdRows.contains($0) }
    thresholdRows += followed
    newThresholds =
      followed
      + ThresholdDesk.fileRows(
        rules: rules, rows: thresholdRows,
        clock: results.resume?.partitions.compactMap(\.clock).max()
          ?? options.replay?.live?.greatestClock, now: options.now())
    thresholdRows += newThresholds.dropFirst(followed.count)
    newRules = rules
    newKPITree = pipeline.kpiTree
    try publishThresholds()
  }

  /// Takes the changes that people ask for; the snapshot that is about to be taken answers them.
  ///
  /// Nobody reads on until everybody judges by the new values: whatever a task or the merge has
  /// settled lies before the greatest clock, which is when they begin to hold.
  func takeThresholdRequests() throws {
    guard isReading else { return }
    let waiting = try results.waitingRequests()
    guard !waiting.isEmpty else { return }
    for lane in lanes { lane.hold() }
    defer { for lane in lanes { lane.release() } }
    let clocks = try lanes.map { lane in
      lane.perform { content in content.tasks.map(\.clockMs).max() ?? Int64.min }
    }.map { try $0.get() }
    // Past the end of input there is nothing left to judge otherwise.
    let clock = EventTime(ms: min(clocks.max() ?? Int64.min, max(horizon.ms, 0)))
    let decided = ThresholdDesk.answer(
      waiting, rules: RuleCatalogue.rows(of: pipeline), rows: thresholdRows, clock: clock,
      now: options.now())
    newThresholds += decided.rows
    thresholdRows += decided.rows
    answers += decided.answers
    try publishThresholds()
  }

  /// Hands the values to everybody who judges by them.
  private func publishThresholds() throws {
    let schedule = ThresholdSchedule(thresholdRows)
    merge.thresholds = schedule
    guard !pipeline.plan.risks.isEmpty else { return }
    let answers = lanes.map { lane in
      lane.perform { content in
        for task in content.tasks { task.set(schedule) }
        for shard in content.shards { shard.set(schedule) }
      }
    }
    for answer in answers { try answer.get() }
  }
}
