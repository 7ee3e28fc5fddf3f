extension PartitionTask {
  /// How far the partition has come and, if asked for, every contribution that changed since the
  /// last such report.
  ///
  /// `released` gives for each group up to where its windows are closed and need not be kept.
  /// `horizon` is the greatest event time of any clock: once the input has ended, deadlines of risk
  /// rules come up to there.
  public func report(
    isIdle: Bool, partials: Bool, released: [EventTime], horizon: EventTime = .distantPast
  ) -> TaskReport {
    var report = TaskReport(owner: id.description)
    report.clock = clockMs == Int64.min ? nil : EventTime(ms: clockMs)
    // At the end of input the clock is lifted past everything; people want the last real one.
    let shownMs = clockMs >= EventTime.distantFuture.ms ? eventClockMs : clockMs
    report.progress = PartitionProgress(
      id: id, nextOffset: nextOffset,
      clock: shownMs == Int64.min ? nil : EventTime(ms: shownMs), fates: fates, idle: isIdle)
    guard partials else { return report }
    settle(horizon: horizon)
    report.findings = ordered?.takeFindings() ?? []
    for group in groups {
      group.release(closed: released[group.plan.index])
      report.partials += group.takePartials()
    }
    report.stageCounts = plan.counts(groups)
    for (index, counts) in (intake?.counts ?? []).enumerated() {
      report.stageCounts[index] += counts
    }
    if let ordered { report.records = ordered.records }
    report.rejectedByReason = rejectedByReason
    (report.rejected, report.late) = samples.take()
    report.sampledUsers = users.take()
    return report
  }

  /// Moves series that exceed a limit into `"(other)"` and reports what that changed.
  public func fold(_ folds: [Merge.Fold]) -> TaskReport {
    groups.fold(folds, owner: id.description)
  }
}

extension ExchangeShard {
  /// Every contribution that changed since the last report.
  public func report(released: [EventTime]) -> TaskReport {
    var report = TaskReport(owner: owner)
    report.findings = ordered.takeFindings()
    for group in groups {
      group.release(closed: released[group.plan.index])
      report.partials += group.takePartials()
    }
    report.stageCounts = plan.counts(groups)
    report.records = ordered.records
    return report
  }

  /// Moves series that exceed a limit into `"(other)"` and reports what that changed.
  public func fold(_ folds: [Merge.Fold]) -> TaskReport {
    groups.fold(folds, owner: owner)
  }
}

extension StagePlan {
  /// Counts of every group by index; zero for those that `states` does not hold.
  func counts(_ states: [StageState]) -> [StageCounts] {
    var counts = [StageCounts](repeating: StageCounts(), count: groups.count)
    for state in states { counts[state.plan.index] = state.counts }
    return counts
  }
}

extension [StageState] {
  /// Folds windows and reports what that changed. Reports come last: one of a window that is still
  /// to be folded would bring back series that the merge has dropped.
  func fold(_ folds: [Merge.Fold], owner: String) -> TaskReport {
    var report = TaskReport(owner: owner)
    for group in self {
      let own = folds.filter { $0.group == group.plan.index }
      guard !own.isEmpty else { continue }
      for fold in own { group.store.fold(ordinal: fold.ordinal, above: fold.above) }
      report.partials += group.takePartials()
    }
    return report
  }
}
