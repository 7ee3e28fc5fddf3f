extension StagePlan {
  /// How long after a window's end, in milliseconds of event time, an alert can judge it: when all
  /// that it reads is final. That is what its stages wait beyond their windows, as a funnel for its
  /// steps, and the greatest lateness of any source.
  public func judgingDelayMs(of alert: AlertPlan) -> Int64 {
    var references = [alert.watch]
    for case .other(let reference) in alert.inputs { references.append(reference) }
    return references.map(delayMs).max() ?? 0
  }

  private func delayMs(of reference: ResultReference) -> Int64 {
    switch AlertSource(reference, in: self).closing {
    case .group(let index, let delayMs): return delayMs + latenessMs(of: index)
    case .formula(let index):
      let inputs = pipeline.formulas[index].inputs
      return inputs.map { delayMs(of: ResultReference(stage: $0)) }.max() ?? 0
    case .kpi(let index): return KPIBook(self)?.groups(of: index).map(latenessMs).max() ?? 0
    case .never: return 0
    }
  }

  private func latenessMs(of group: Int) -> Int64 {
    pipeline.sources.indices.map { settlingLatenessMs(group, source: $0) }.max() ?? 0
  }
}
