/// Closing and rows, with alerts judged in between.
extension Merge {
  /// Closes every window that its stage's watermark has passed, in order of window end, and judges
  /// alerts on what is closed.
  ///
  /// `horizon` is the greatest event time of any clock: values are not carried past it, and windows
  /// after it are not judged, when the end of input closes everything.
  public func close(horizon: EventTime) {
    guard let judge else { return closeStages(horizon: horizon) }
    let before = ResultRows.Counts(rows)
    closeStages(horizon: horizon)
    offer(judge, after: before)
    judge.advance(horizon: horizon, thresholds: thresholds) { closing in
      switch closing {
      case .group(let index, let delayMs):
        let closed = groups[index].closedThrough
        return closed > .distantPast ? EventTime(ms: closed.ms - delayMs) : closed
      case .formula(let index): return formulas[index].closedThrough
      case .kpi(let index): return kpis?.nodes[index].closedThrough ?? .distantPast
      case .never: return .distantPast
      }
    }
  }

  /// Rows since the last call: final ones in the order in which windows closed, then, if asked
  /// for, provisional ones of what changed in open windows; and what alerts did.
  ///
  /// `horizon` is the greatest event time of any clock: windows that begin later have no rows yet.
  public func takeRows(provisional: Bool, horizon: EventTime) -> ResultRows {
    guard let judge else { return takeStageRows(provisional: provisional, horizon: horizon) }
    let before = ResultRows.Counts(rows)
    var taken = takeStageRows(provisional: provisional, horizon: horizon)
    judge.takeFinals(into: &taken)
    judge.closeProvisional(into: &taken)
    if provisional {
      judge.forget(taken.removed)
      offer(judge, of: taken, after: before)
      judge.takeToDate { kpi in
        let begin = (kpis?.nodes[kpi].plan.name).flatMap { begins[$0] } ?? .distantPast
        return (kpis?.toDate(kpi) ?? []).filter { $0.periodStart >= begin }
      }
      judge.showProvisional(horizon: horizon, thresholds: thresholds, into: &taken)
    }
    return taken
  }

  private func offer(
    _ judge: AlertJudge, of rows: ResultRows? = nil, after before: ResultRows.Counts
  ) {
    let rows = rows ?? self.rows
    judge.take(begun(rows.metrics[before.metrics...], \.metric, \.windowStart))
    judge.take(hiddenRows[...])
    hiddenRows.removeAll(keepingCapacity: true)
    judge.take(
      Array(begun(rows.funnels[before.funnels...], \.funnel, \.entryStart)),
      Array(begun(rows.retention[before.retention...], \.retention, \.unitStart)),
      Array(begun(rows.sessions[before.sessions...], \.session, \.dayStart)),
      Array(begun(rows.kpis[before.kpis...], \.kpi, \.periodStart)))
  }

  /// The rows of windows that their stage was there for.
  private func begun<Row>(
    _ rows: ArraySlice<Row>, _ name: KeyPath<Row, String>, _ start: KeyPath<Row, EventTime>
  ) -> ArraySlice<Row> {
    if begins.isEmpty { return rows }
    let begun = rows.filter { row in
      guard let begin = begins[row[keyPath: name]] else { return true }
      return row[keyPath: start] >= begin
    }
    return begun[...]
  }
}
