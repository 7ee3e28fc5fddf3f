import StreamCore

extension PlanExplanation {
  /// KPIs in the order of the tree, each under its parent.
  static func kpis(_ plan: PipelinePlan) -> Section {
    Section(
      title: "KPIs",
      columns: [
        "kpi", "layer", "formula", "reads", "period", "slices", "rows a period", "moved by",
        "unit", "target", "owner",
      ],
      rows: inTreeOrder(plan.kpis).map { kpi, depth in
        let node = kpi.node
        let reads = Set(kpi.inputs.map(text)).sorted()
        let target = node.target.map { "\(node.direction == .up ? "≥" : "≤") \($0)" }
        let rows = max(1, kpi.period.longestMs / kpi.slice.longestMs)
        return [
          String(repeating: "  ", count: depth) + node.kpi, node.layer.rawValue, node.formula,
          reads.joined(separator: ", "), node.period, WindowText.text(kpi.slice), "\(rows)",
          kpi.children.joined(separator: ", "), node.unit ?? "", target ?? "", node.owner ?? "",
        ]
      })
  }

  /// What an input is, with where it comes from.
  private static func text(_ input: KPIInput) -> String {
    switch input.source {
    case .metric(let name): "metric \(name)"
    case .kpi(let name): "KPI \(name)"
    case .level(let reference): "newest \(Definition.text(of: reference))"
    }
  }

  private static func inTreeOrder(_ kpis: [KPIPlan]) -> [(KPIPlan, depth: Int)] {
    func below(_ parent: String?, _ depth: Int) -> [(KPIPlan, depth: Int)] {
      kpis.filter { $0.node.parent == parent }.sorted { $0.node.position < $1.node.position }
        .flatMap { [($0, depth)] + below($0.name, depth + 1) }
    }
    return below(nil, 0)
  }
}
