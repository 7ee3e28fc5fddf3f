extension PipelinePlan {
  /// How far the rows of each KPI look back from the start of their period: what they read, the
  /// period before for `previous`, and for how long silence is followed.
  func kpiLookBacks(
    _ found: [StageName: LookBack]
  ) -> [(name: String, lookBack: LookBack)] {
    var values: [String: LookBack] = [:]
    var rows: [String: LookBack] = [:]
    for kpi in kpis {
      let period = LookBack.finite(ms: kpi.period.longestMs)
      let value = kpi.inputs.reduce(LookBack.finite(ms: 0)) { far, input in
        let own =
          switch input.source {
          case .kpi(let name): values[name] ?? .open
          case .metric(let name): found[StageName(.metrics, name)] ?? .open
          // The newest row may be of any age.
          case .level: LookBack.open
          }
        return .max(far, input.isPrevious ? own + period : own)
      }
      values[kpi.name] = value
      let row = value + period + .finite(ms: kpi.silenceMs)
      rows[kpi.name] = kpi.children.reduce(row) { far, name in
        guard let child = kpis.first(where: { $0.name == name }) else { return far }
        return .max(far, (rows[name] ?? .open) + .finite(ms: child.period.longestMs))
      }
    }
    return kpis.map { ($0.name, rows[$0.name] ?? .open) }
  }
}
