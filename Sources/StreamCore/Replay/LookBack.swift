/// How far back the results of a stage depend on events before the window that they are of.
public enum LookBack: Sendable, Hashable {
  /// On events at most so many milliseconds before.
  case finite(ms: Int64)
  /// On everything that came before.
  case open

  /// The farther of two.
  public static func max(_ a: LookBack, _ b: LookBack) -> LookBack {
    guard case .finite(let a) = a, case .finite(let b) = b else { return .open }
    return .finite(ms: Swift.max(a, b))
  }

  /// The sum of two: what is computed from results that look back themselves.
  public static func + (a: LookBack, b: LookBack) -> LookBack {
    guard case .finite(let a) = a, case .finite(let b) = b else { return .open }
    return .finite(ms: a + b)
  }
}

/// Names a stage among all: kinds are the blocks of the pipeline file.
public struct StageName: Hashable, Sendable, Comparable, CustomStringConvertible {
  /// The kinds of stages.
  public enum Kind: String, Sendable, CaseIterable, Comparable {
    case metrics, funnels, retention, sessions, lifecycle, kpis, risks, alerts

    public static func < (a: Kind, b: Kind) -> Bool { a.rank < b.rank }

    private var rank: Int { Self.allCases.firstIndex(of: self) ?? 0 }
  }

  /// Which kind; formulas are metrics.
  public var kind: Kind
  /// Its name in the pipeline file.
  public var name: String

  /// Names a stage.
  public init(_ kind: Kind, _ name: String) {
    self.kind = kind
    self.name = name
  }

  /// Reads `KIND.NAME`; nil for anything else.
  public init?(text: String) {
    guard let dot = text.firstIndex(of: "."), let kind = Kind(rawValue: String(text[..<dot])) else {
      return nil
    }
    self.init(kind, String(text[text.index(after: dot)...]))
  }

  /// `KIND.NAME`.
  public var description: String { "\(kind.rawValue).\(name)" }

  public static func < (a: StageName, b: StageName) -> Bool { (a.kind, a.name) < (b.kind, b.name) }
}

extension PipelinePlan {
  /// How far every stage with rows of its own looks back, in order of kind and name.
  ///
  /// Sessions that go on without a pause for longer than `max`, and findings that are open for
  /// longer than twice their `within`, began where only more history tells.
  public var lookBacks: [(stage: StageName, lookBack: LookBack)] {
    var found: [StageName: LookBack] = [:]
    for metric in metrics { found[StageName(.metrics, metric.name)] = lookBack(of: metric) }
    for formula in formulas {
      found[StageName(.metrics, formula.name)] = formula.inputs.reduce(.finite(ms: 0)) {
        .max($0, zeroLookBack($1, isByDimension: !formula.dimensions.isEmpty, found))
      }
    }
    for funnel in funnels {
      let read = funnel.steps.map(\.condition) + [funnel.exclude, funnel.per].compactMap(\.self)
      found[StageName(.funnels, funnel.name)] = lookBack(read, funnel.dimensions)
    }
    for plan in retentions {
      let read = [plan.start, plan.returning, plan.value].compactMap(\.self)
      found[StageName(.retention, plan.name)] =
        plan.mode == .firstTime ? .open : lookBack(read, plan.dimensions)
    }
    for plan in sessions {
      found[StageName(.sessions, plan.name)] =
        lookBack([plan.condition].compactMap(\.self), plan.dimensions)
        + .finite(ms: plan.maxMs + plan.gapMs)
    }
    for plan in lifecycles { found[StageName(.lifecycle, plan.name)] = .open }
    for plan in risks {
      found[StageName(.risks, plan.name)] = lookBack(plan.read, []) + .finite(ms: 2 * plan.withinMs)
    }
    for (name, lookBack) in kpiLookBacks(found) { found[StageName(.kpis, name)] = lookBack }
    for plan in alerts { found[StageName(.alerts, plan.name)] = lookBack(of: plan, found) }
    let hidden = Set(metrics.filter(\.isInternal).map { StageName(.metrics, $0.name) })
    // A copy is told by its original, which may lie that far back.
    let copies = LookBack.finite(ms: time.dedupMs ?? 0)
    return found.filter { !hidden.contains($0.key) }.sorted { $0.key < $1.key }
      .map { ($0.key, $0.value + copies) }
  }

  /// The longest finite look-back of all stages, in milliseconds.
  public var longestLookBackMs: Int64 {
    lookBacks.map { if case .finite(let ms) = $0.lookBack { ms } else { 0 } }.max() ?? 0
  }

  /// What is known of users is known from all that they did.
  private func lookBack(
    _ read: [Expression], _ dimensions: [MetricPlan.Dimension]
  ) -> LookBack {
    let slots = (read + dimensions.map(\.expression)).flatMap(\.slots)
    return slots.contains { $0 >= firstTraitSlot } ? .open : .finite(ms: 0)
  }

  private func lookBack(of metric: MetricPlan) -> LookBack {
    lookBack([metric.value, metric.condition].compactMap(\.self), metric.dimensions)
      + .finite(ms: metric.carryMs ?? 0)
  }

  /// Of what reads a result also where it has no row: series that fell silent are zero for a while.
  private func zeroLookBack(
    _ name: String, isByDimension: Bool, _ found: [StageName: LookBack]
  ) -> LookBack {
    let own = found[StageName(.metrics, name)] ?? .finite(ms: 0)
    guard isByDimension, let metric = metrics.first(where: { $0.name == name }) else { return own }
    return own + .finite(ms: metric.seriesTTLMs)
  }

  private func lookBack(of alert: AlertPlan, _ found: [StageName: LookBack]) -> LookBack {
    var read = [alert.watch.stage]
    var windows: Int64 = 0
    for input in alert.inputs {
      if case .other(let reference) = input { read.append(reference.stage) }
      windows = max(windows, AlertRule.distance(input))
    }
    let stages = read.reduce(LookBack.finite(ms: 0)) { far, name in
      var own = zeroLookBack(name, isByDimension: !alert.dimensions.isEmpty, found)
      for kind in [StageName.Kind.funnels, .retention, .sessions, .kpis] {
        if let other = found[StageName(kind, name)] { own = .max(own, other) }
      }
      if lifecycles.contains(where: { name.hasPrefix($0.name + ".") }) { own = .open }
      return .max(far, own)
    }
    let holdMs =
      switch alert.hold {
      case .windows(let count): Int64(count) * alert.window.longestMs
      case .duration(let ms): ms
      }
    // One window more tells whether the condition held before the first that is reported.
    return stages
      + .finite(ms: (windows + 2) * alert.window.longestMs + holdMs + alert.keepFiringForMs)
  }
}

extension WindowPlan {
  /// The greatest length of a window in milliseconds, clock changes included.
  public var longestMs: Int64 {
    let (dayMs, hourMs): (Int64, Int64) = (86_400_000, 3_600_000)
    return switch unit {
    case .millisecond: size
    case .day: size * dayMs + hourMs
    case .week: size * 7 * dayMs + hourMs
    case .month: size * 31 * dayMs + hourMs
    }
  }
}

extension RiskPlan {
  /// Every expression that it evaluates on events.
  fileprivate var read: [Expression] {
    let own = [entity, condition].compactMap(\.self)
    return switch pattern {
    case .window(_, let aggregates):
      own + aggregates.flatMap { [$0.value, $0.condition].compactMap(\.self) }
    case .sequence(let steps, let absent):
      own + steps.map(\.condition) + [absent].compactMap(\.self)
    }
  }
}
