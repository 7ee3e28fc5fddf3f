import StreamCore

/// Compiles the formula of one KPI, and gathers what it reads.
struct KPIFormula {
  let compiler: ExpressionCompiler
  let catalogue: ResultCatalogue
  let stages: Stages
  /// Its own name.
  let kpi: String
  /// Periods of all KPIs of the file; nil of faulty ones.
  let periods: [String: WindowPlan?]
  /// What is read, by slot.
  private(set) var inputs: [KPIInput] = []
  /// Whether a stage that is read is faulty itself.
  private var isFaulty = false
  private var faults: [(path: String, code: String, message: String, hint: String?)] = []

  init(
    compiler: ExpressionCompiler, catalogue: ResultCatalogue, stages: Stages, kpi: String,
    periods: [String: WindowPlan?]
  ) {
    self.compiler = compiler
    self.catalogue = catalogue
    self.stages = stages
    self.kpi = kpi
    self.periods = periods
  }

  /// The expression at `node`; nil when a fault says why not.
  mutating func compile(_ node: ConfigNode) -> Expression? {
    var reading = self
    let expression = compiler.compile(
      node, owner: "formula", wanted: .number, calls: ["previous"],
      resolveCall: { reading.slot(of: $0) }, resolve: { reading.slot(ofName: $0) })
    self = reading
    for fault in faults {
      compiler.faults.add(
        compiler.position(of: fault.path, in: node), fault.code, fault.message, hint: fault.hint)
    }
    guard let expression, faults.isEmpty, !isFaulty else { return nil }
    if inputs.isEmpty {
      compiler.faults.add(
        node.position, "kpi-without-result", "the formula of \(kpi) reads nothing",
        hint: "name a metric, a KPI or a number of another stage")
      return nil
    }
    return expression
  }

  private mutating func slot(_ input: KPIInput) -> NameResolution {
    let index = inputs.firstIndex(of: input) ?? inputs.count
    if index == inputs.count { inputs.append(input) }
    return .slot(index, type: .number)
  }

  private mutating func slot(ofName path: String, isPrevious: Bool = false) -> NameResolution {
    if let period = periods[path] {
      if let period, let own = periods[kpi] ?? nil, period != own {
        faults.append(
          (
            path, "kpi-periods",
            "\(path) has periods of \(WindowText.text(period)) and \(kpi) of "
              + WindowText.text(own), "read KPIs of the same period, or the metrics behind them"
          ))
      }
      return slot(KPIInput(.kpi(path), isPrevious: isPrevious))
    }
    if stages.metrics.contains(where: { $0.name == path && !$0.isInternal })
      || stages.formulas.contains(where: { $0.name == path })
    {
      return slot(KPIInput(.metric(path), isPrevious: isPrevious))
    }
    switch catalogue.result(path) {
    case .faulty:
      isFaulty = true
      return .slot(0, type: .number)
    case .unknown(let message, let hint):
      guard catalogue.has(PathText.steps(of: path)[0]) else {
        return .unknown(known: periods.keys.filter { $0 != kpi } + catalogue.names)
      }
      faults.append((path, "unknown-result", "\(message) `\(path)`", hint))
      return .slot(0, type: .number)
    case .entry(let entry):
      if !entry.dimensions.isEmpty {
        faults.append(
          (
            path, "kpi-dimensions",
            "\(path) is by \(entry.dimensions.joined(separator: ", ")), and a KPI is one number",
            "read a stage without by"
          ))
      }
      return slot(KPIInput(.level(entry.reference), isPrevious: isPrevious))
    }
  }

  /// `previous(NAME)`.
  private mutating func slot(of call: ExpressionCall) -> CallResolution {
    let text = call.arguments.first.map { Self.trimmed($0.text) } ?? ""
    guard call.arguments.count == 1, !text.isEmpty, ExpressionCompiler.isPath(text) else {
      return .faults([
        .init(
          code: "wrong-arguments", position: call.position,
          message: "`previous` takes one name", hint: "write previous(revenue)")
      ])
    }
    switch slot(ofName: text, isPrevious: true) {
    case .slot(let slot, let type): return .slot(slot, type: type)
    case .unknown(let known):
      return .faults([
        .init(
          code: "unknown-name", position: call.arguments[0].position,
          message: "unknown name `\(ConfigNode.shortened(text))`",
          hint: NearestName.hint(text, in: known))
      ])
    }
  }

  private static func trimmed(_ text: String) -> String {
    let rest = text.drop(while: \.isWhitespace)
    return String(rest.reversed().drop(while: \.isWhitespace).reversed())
  }
}
