import StreamCore

/// What decides the results of one stage: its own options, and everything that it reads.
public struct StageDefinition: Sendable, Equatable {
  /// Which stage.
  public var stage: StageName
  /// Whether it only explains an alert, without rows of its own.
  public var isHidden: Bool
  /// Canonical text of its own options.
  public var own: String
  /// Canonical text of what it reads, by name: `fields.total`, `derive.tier`, `users.orders`,
  /// `time.lateness`, `zone`, `metrics.revenue`.
  public var reads: [String: String]

  /// Canonical text of all of it: equal for stages that give equal results on equal logs, as far
  /// as the rest of the pipeline is equal.
  public var text: String {
    own + reads.sorted { $0.key < $1.key }.map { "reads \($0.key): \($0.value)\n" }.joined()
  }
}

extension PipelinePlan {
  /// What decides each stage's results, in order of kind and name. O(stages · what they read).
  public var stageDefinitions: [StageDefinition] {
    var builder = StageDefinitionBuilder(plan: self)
    builder.addMetrics()
    builder.addUserStages()
    builder.addKPIs()
    builder.addRules()
    return builder.stages.sorted { $0.stage < $1.stage }
  }

  /// What decides the fate of every event, by what it is called in the file: a change of any of it
  /// changes every stage.
  public var sharedDefinition: [String: String] {
    var parts = ["name": name]
    parts["time"] =
      "max_ahead=\(time.maxAheadMs) not_before=\(time.notBefore.ms) "
      + "dedup=\(Definition.optional(time.dedupMs))"
    let builder = StageDefinitionBuilder(plan: self)
    parts["pseudonymize"] = Definition.pseudonyms(self)
    parts["filter"] = filter.map {
      Definition.normalised($0.text) + "\n" + Definition.listed(builder.reads(Set($0.slots)))
    }
    for source in sources {
      var lines = Definition.lines(of: source, self).filter { !$0.hasPrefix(" field ") }
      // What the lateness touches is told by stage.
      lines[0] = "source \(source.name) zone=\(source.zone.name) keyed=\(source.keyed)"
      lines += zip(fields, source.fields).prefix(Slot.reserved).map { name, binding in
        " field \(name) = \(Definition.text(of: binding, source))"
      }
      parts[sources.count == 1 ? "source" : "sources.\(source.name)"] = lines.joined(
        separator: "\n")
    }
    return parts
  }

  /// Traits that mean the same in both plans.
  public func keptTraits(of other: PipelinePlan) -> Set<String> {
    let (mine, theirs) = (StageDefinitionBuilder(plan: self), StageDefinitionBuilder(plan: other))
    let known = Dictionary(uniqueKeysWithValues: theirs.traitTexts)
    return Set(mine.traitTexts.filter { known[$0.0] == $0.1 }.map(\.0))
  }
}

extension Definition {
  /// What is read, one a line.
  static func listed(_ reads: [String: String]) -> String {
    reads.sorted { $0.key < $1.key }.map { "\($0.key) = \($0.value)" }.joined(separator: "\n")
  }
}

/// Gathers the definitions of stages; each after those that it reads.
private struct StageDefinitionBuilder {
  let plan: PipelinePlan
  private(set) var stages: [StageDefinition] = []

  init(plan: PipelinePlan) { self.plan = plan }

  /// Texts of what slots hold, by name; the event's own fields are every stage's.
  func reads(_ slots: Set<Int>) -> [String: String] {
    var found: [String: String] = [:]
    for slot in slots where slot >= Slot.reserved {
      if slot < plan.fields.count {
        let bindings = plan.sources.map { Definition.text(of: $0.fields[slot], $0) }
        found["fields.\(plan.fields[slot])"] = bindings.joined(separator: "; ")
      } else if slot < plan.firstTraitSlot {
        let field = plan.derived[slot - plan.fields.count]
        found["derive.\(field.name)"] = Definition.normalised(field.expression.text)
        found.merge(reads(Set(field.expression.slots))) { $1 }
      } else {
        let trait = plan.traits[slot - plan.firstTraitSlot]
        found["users.\(trait.name)"] =
          trait.kind.rawValue + " " + Definition.normalised(trait.expression.text)
        found.merge(reads(Set(trait.expression.slots))) { $1 }
      }
    }
    return found
  }

  /// Each trait with all that it reads.
  var traitTexts: [(String, String)] {
    plan.traits.enumerated().map {
      ($0.element.name, Definition.listed(reads([plan.firstTraitSlot + $0.offset])))
    }
  }

  private func reads(
    _ expressions: [Expression?], latenessMs: Int64?, inZone: Bool
  ) -> [String: String] {
    var found = reads(Set(expressions.compactMap(\.self).flatMap(\.slots)))
    if latenessMs == nil {
      found["time.lateness"] = plan.sources.map { "\($0.latenessMs ?? plan.time.latenessMs)" }
        .joined(separator: "; ")
    }
    if inZone { found["zone"] = plan.zone.name }
    return found
  }

  private mutating func add(
    _ kind: StageName.Kind, _ name: String, _ lines: [String], isHidden: Bool = false,
    _ reads: [String: String]
  ) {
    stages.append(
      StageDefinition(
        stage: StageName(kind, name), isHidden: isHidden,
        own: lines.map { $0 + "\n" }.joined(), reads: reads))
  }

  /// The text of results that another one reads, by name.
  private func results(_ names: [String]) -> [String: String] {
    var found: [String: String] = [:]
    for name in names {
      for stage in stages {
        let isOfLifecycle =
          stage.stage.kind == .lifecycle && name.hasPrefix(stage.stage.name + ".")
        let kinds: [StageName.Kind] = [.metrics, .funnels, .retention, .sessions, .kpis]
        if isOfLifecycle || (stage.stage.name == name && kinds.contains(stage.stage.kind)) {
          found[stage.stage.description] = stage.text
        }
      }
    }
    return found
  }

  mutating func addMetrics() {
    for metric in plan.metrics {
      add(
        .metrics, metric.name, Definition.lines(of: metric), isHidden: metric.isInternal,
        reads(
          [metric.value, metric.condition] + metric.dimensions.map(\.expression),
          latenessMs: metric.latenessMs, inZone: metric.window.unit != .millisecond))
    }
    for formula in plan.formulas {
      add(
        .metrics, formula.name,
        ["formula \(formula.name) = \(Definition.normalised(formula.expression.text))"],
        results(formula.inputs))
    }
  }

  mutating func addUserStages() {
    for funnel in plan.funnels {
      let conditions = funnel.steps.map(\.condition) + [funnel.exclude, funnel.per]
      add(
        .funnels, funnel.name, Definition.lines(of: funnel),
        reads(
          conditions + funnel.dimensions.map(\.expression), latenessMs: funnel.latenessMs,
          inZone: true))
    }
    for stage in plan.retentions {
      add(
        .retention, stage.name, Definition.lines(of: stage),
        reads(
          [stage.start, stage.returning, stage.value] + stage.dimensions.map(\.expression),
          latenessMs: stage.latenessMs, inZone: true))
    }
    for stage in plan.sessions {
      add(
        .sessions, stage.name, Definition.lines(of: stage),
        reads(
          [stage.condition] + stage.dimensions.map(\.expression), latenessMs: stage.latenessMs,
          inZone: true))
    }
    for stage in plan.lifecycles {
      add(
        .lifecycle, stage.name, Definition.lines(of: stage),
        reads(
          [stage.condition] + stage.dimensions.map(\.expression), latenessMs: stage.latenessMs,
          inZone: true))
    }
  }

  mutating func addKPIs() {
    for kpi in plan.kpis {
      var read = ["zone": plan.zone.name, "slice": WindowText.text(kpi.slice)]
      for input in kpi.inputs {
        switch input.source {
        case .metric(let name): read.merge(results([name])) { $1 }
        case .level(let reference): read.merge(results([reference.stage])) { $1 }
        case .kpi(let name): read.merge(known(kpi: name)) { $1 }
        }
      }
      for child in kpi.children { read.merge(known(kpi: child)) { $1 } }
      add(.kpis, kpi.name, Definition.lines(of: kpi), read)
    }
  }

  private func known(kpi name: String) -> [String: String] {
    let found = stages.first { $0.stage == StageName(.kpis, name) }
    return found.map { [$0.stage.description: $0.text] } ?? [:]
  }

  mutating func addRules() {
    for risk in plan.risks {
      var read: [Expression?] = [risk.entity, risk.condition]
      switch risk.pattern {
      case .window(_, let aggregates): read += aggregates.flatMap { [$0.value, $0.condition] }
      case .sequence(let steps, let absent): read += steps.map(\.condition) + [absent]
      }
      add(
        .risks, risk.name, Definition.lines(of: risk),
        reads(read, latenessMs: risk.latenessMs, inZone: false))
    }
    for alert in plan.alerts {
      var names = [alert.watch.stage] + alert.breakdowns.flatMap(\.metrics)
      for case .other(let reference) in alert.inputs { names.append(reference.stage) }
      var read = results(names)
      read["zone"] = plan.zone.name
      add(.alerts, alert.name, Definition.lines(of: alert), read)
    }
  }
}
