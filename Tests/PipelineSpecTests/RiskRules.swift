import PipelineSpec
import StreamCore
import StreamTestKit

/// A risk rule, as the pipeline has it and as the oracle has it.
struct RiskRule {
  var plan: RiskPlan
  var oracle: RiskOracle
  /// Its definition, for people.
  var text: String
}

/// Random risk rules with the rows of their thresholds.
struct RiskRules {
  var rules: [RiskRule] = []
  var rows: [ThresholdRow] = []
  var latenessMs: Int64 = 60_000

  /// The pipeline of them.
  func plan(keyed: Bool = true, sources: [String] = ["events"]) throws -> PipelinePlan {
    var plan = PipelinePlan(
      name: "risks", definition: text, zone: .utc, tzdataVersion: "",
      sources: sources.map {
        SourcePlan(name: $0, topic: nil, fields: StageFields.bindings, keyed: keyed)
      }, time: TimePlan(latenessMs: latenessMs), fields: StageFields.names)
    plan.risks = rules.map(\.plan)
    return plan
  }

  /// Everything in which final rows differ from what logs of partitions must come to.
  func differences(
    _ logs: [[HistoryEvent]], topics: [String]? = nil, _ rows: [FindingRow]
  ) -> [String] {
    let fates = FatesOracle(latenessMs: rules.map { $0.plan.latenessMs ?? latenessMs }.max() ?? 0)
    let applied: [OracleEvent]
    if let topics {
      let each = logs.count / topics.count
      applied = topics.indices.flatMap { index in
        fates.applied(Array(logs[(index * each)..<((index + 1) * each)]), topic: topics[index])
      }
    } else {
      applied = fates.applied(logs, topic: "events")
    }
    let horizonMs = logs.compactMap { fates.follow($0).clockMs }.max() ?? 0
    var faults: [String] = []
    for rule in rules {
      let taken = applied.filter { $0.behindMs <= rule.plan.latenessMs ?? latenessMs }
      let expected = rule.oracle.findings(taken, horizonMs: horizonMs).map(Self.text)
      let found = rows.filter { $0.rule == rule.plan.name }.map {
        Self.text(
          .init(
            entity: $0.entity, openedMs: $0.opened.ms, closedMs: $0.closed?.ms,
            figures: $0.figures, evidence: $0.evidence))
      }
      for text in Set(expected).subtracting(found).sorted() {
        faults.append("\(rule.plan.name) missing: \(text)")
      }
      for text in Set(found).subtracting(expected).sorted() {
        faults.append("\(rule.plan.name) unwanted: \(text)")
      }
      if found.count != Set(found).count { faults.append("\(rule.plan.name): rows twice") }
    }
    return faults
  }

  private static func text(_ finding: RiskOracle.Finding) -> String {
    "\(finding.entity) [\(finding.openedMs), \(finding.closedMs.map { "\($0)" } ?? "-")) "
      + "\(finding.figures) \(finding.evidence)"
  }

  /// The definitions, for people.
  var text: String {
    (["lateness: \(latenessMs)ms"] + rules.map(\.text)
      + rows.map { "\($0.rule).\($0.name) = \($0.value) from \($0.effective.ms) \($0.origin)" })
      .joined(separator: "\n")
  }

  /// Random rules for a history.
  static func random(
    _ options: EventHistory.Options, _ generator: inout SeededGenerator, ownLateness: Bool = false
  ) throws -> RiskRules {
    var rules = RiskRules()
    rules.latenessMs = options.latenessMs
    for index in 0..<Int(generator.whole(1...4)) {
      try rules.add("rule\(index)", options, &generator)
      if ownLateness {
        let lateness = options.latenessMs
        rules.rules[index].plan.latenessMs = generator.pick([nil, lateness / 4, lateness * 2])
      }
    }
    return rules
  }

  private mutating func add(
    _ name: String, _ options: EventHistory.Options, _ generator: inout SeededGenerator
  ) throws {
    let isKeyed = generator.chance(0.4)
    let divisor = generator.pick([Int64(1), 3, 10, 30])
    let tick = options.tickMs
    let within = max(
      1,
      generator.whole(1...(options.spanMs / divisor + 1)) / tick * tick
        + generator.pick([0, 0, 1]))
    let condition = generator.chance(0.4) ? StageCondition.random(&generator) : nil
    let isWindow = generator.chance(0.6)
    let drawn =
      try isWindow
      ? Self.window(name, options, &generator) : Self.sequence(&generator)
    rows += drawn.rows
    let matches = condition?.matches
    rules.append(
      RiskRule(
        plan: RiskPlan(
          name: name, entity: isKeyed ? try StageFields.compile("properties.order") : nil,
          entityKind: isKeyed ? "properties.order" : "user",
          condition: try condition.map { try StageFields.compile($0.text) }, withinMs: within,
          pattern: drawn.pattern, thresholds: drawn.thresholds.map(\.plan),
          maxEvents: drawn.maxEvents),
        oracle: RiskOracle(
          name: name, withinMs: within, key: { isKeyed ? $0.order : $0.user },
          condition: { matches?($0) ?? true }, pattern: drawn.oracle,
          thresholds: drawn.thresholds.map { ($0.plan.name, $0.value) }),
        text: "\(name): {within: \(within)ms, per: \(isKeyed ? "order" : "user"), where: "
          + "\(condition?.text ?? "-"), max_events: \(drawn.maxEvents), \(drawn.text)}"))
  }

  private struct Threshold {
    var plan: ThresholdPlan
    var value: @Sendable (Int64) -> Double
  }

  private struct Drawn {
    var pattern: RiskPlan.Pattern
    var oracle: RiskOracle.Pattern
    var thresholds: [Threshold] = []
    var rows: [ThresholdRow] = []
    var maxEvents = 1_000
    var text: String
  }

  private static func sequence(_ generator: inout SeededGenerator) throws -> Drawn {
    let steps = (0..<generator.pick([1, 2, 2, 3, 4])).map { index in
      (name: "step\(index)", condition: StageCondition.random(&generator))
    }
    let absent =
      steps.count == 1 || generator.chance(0.5) ? StageCondition.random(&generator) : nil
    return Drawn(
      pattern: .sequence(
        steps: try steps.map {
          .init(name: $0.name, condition: try StageFields.compile($0.condition.text))
        }, absent: try absent.map { try StageFields.compile($0.text) }),
      oracle: .sequence(
        steps.map { ($0.name, $0.condition.matches) }, absent: absent?.matches),
      text: "steps: \(steps.map(\.condition.text)), absent: \(absent?.text ?? "-")")
  }

  private static func window(
    _ rule: String, _ options: EventHistory.Options, _ generator: inout SeededGenerator
  ) throws -> Drawn {
    let aggregates = try (0..<Int(generator.whole(1...4))).map { _ in
      try RiskAggregate.random(&generator)
    }
    var thresholds: [Threshold] = []
    var rows: [ThresholdRow] = []
    for name in ["high", "low"].prefix(Int(generator.whole(0...2))) {
      let plan = ThresholdPlan(name: name, standard: Double(generator.whole(0...4)))
      var own: [ThresholdRow] = []
      for _ in 0..<generator.whole(0...3) {
        own.append(
          ThresholdRow(
            rule: rule, name: name, value: Double(generator.whole(0...8)) / 2,
            effective: EventTime(
              ms: options.startMs + generator.whole(0...options.spanMs) / options.tickMs
                * options.tickMs),
            set: WallTime(ms: 0), origin: generator.pick([.person, .person, .reset, .file]),
            setBy: "me", reason: ""))
      }
      own.sort { $0.effective < $1.effective }
      rows += own
      let all = own
      thresholds.append(
        Threshold(plan: plan) { ms in
          let before = all.filter { $0.effective.ms < ms }
          let byHand = before.last { $0.origin != .file }
          if let byHand, byHand.origin == .person { return byHand.value }
          return before.last { $0.origin == .file }?.value ?? plan.standard
        })
    }
    let (when, text) = comparison(aggregates, thresholds.map(\.plan.name), &generator)
    let names = aggregates.indices.map { "s\($0)" } + thresholds.map(\.plan.name)
    let expression = try Expression.compile(text) { path in
      names.firstIndex(of: path).map { .slot($0) } ?? .unknown(known: names)
    }
    let maxEvents = generator.pick([1, 2, 3, 1_000, 1_000, 1_000])
    return Drawn(
      pattern: .window(when: expression, aggregates: aggregates.map(\.plan)),
      oracle: .window(aggregates.map(\.oracle), maxEvents: maxEvents, when: when),
      thresholds: thresholds, rows: rows, maxEvents: maxEvents,
      text: "when: \(text), \(aggregates.map(\.plan.text))")
  }

  /// One or two comparisons of aggregates with thresholds or numbers.
  private static func comparison(
    _ aggregates: [RiskAggregate], _ thresholds: [String], _ generator: inout SeededGenerator
  ) -> (@Sendable ([RiskOracle.Value]) -> Bool, String) {
    var parts: [(@Sendable ([RiskOracle.Value]) -> Bool, String)] = []
    for (index, aggregate) in aggregates.enumerated() {
      if aggregate.isText {
        let isWeb = generator.chance(0.5)
        let text = isWeb ? "web" : "app"
        parts.append(({ $0[index] == .text(text) }, "s\(index) == \"\(text)\""))
        continue
      }
      let scale: Double = aggregate.isMoney ? 100 : 1
      let number = Double(generator.whole(0...4)) * scale
      let threshold = scale == 1 && !thresholds.isEmpty && generator.chance(0.7)
      let name = threshold ? generator.pick(thresholds) : ""
      let place = aggregates.count + (thresholds.firstIndex(of: name) ?? 0)
      let isGreater = generator.chance(0.75)
      parts.append(
        (
          { values in
            guard case .number(let a) = values[index] else { return false }
            var b = number
            if threshold, case .number(let own) = values[place] { b = own }
            return isGreater ? a >= b : a < b
          }, "s\(index) \(isGreater ? ">=" : "<") \(threshold ? name : "\(Int(number))")"
        ))
    }
    parts.shuffle(using: &generator)
    let first = parts[0]
    guard parts.count > 1, generator.chance(0.6) else { return first }
    let second = parts[1]
    return generator.chance(0.5)
      ? ({ first.0($0) && second.0($0) }, "\(first.1) && \(second.1)")
      : ({ first.0($0) || second.0($0) }, "\(first.1) || \(second.1)")
  }
}

/// One aggregate, as the pipeline has it and as the oracle has it.
struct RiskAggregate {
  var plan: RiskPlan.Aggregate
  var oracle: RiskOracle.Aggregate
  var isText = false
  var isMoney = false

  static func random(_ generator: inout SeededGenerator) throws -> RiskAggregate {
    let kind = generator.pick(RiskPlan.Aggregate.Kind.allCases)
    let condition = generator.chance(0.5) ? StageCondition.random(&generator) : nil
    let isCity = generator.chance(0.5)
    let isText = kind == .first || kind == .last
    let isMoney = [.sum, .min, .max, .avg].contains(kind)
    let path = isMoney ? "properties.total" : isCity ? "properties.city" : "channel"
    let plan = RiskPlan.Aggregate(
      kind: kind, value: kind == .count ? nil : try StageFields.compile(path),
      condition: try condition.map { try StageFields.compile($0.text) })
    let text = { @Sendable (event: OracleEvent) in isCity ? event.city : event.channel }
    let value: @Sendable ([OracleEvent]) -> RiskOracle.Value = { events in
      let units = events.compactMap(\.units)
      let texts = events.compactMap(text)
      func money(_ units: Int64?, _ count: Int = 1) -> RiskOracle.Value {
        units.map { .number(Double($0) / Double(100 * count)) } ?? .none
      }
      return switch kind {
      case .count: .number(Double(events.count))
      case .sum: money(units.reduce(0, +))
      case .min: money(units.min())
      case .max: money(units.max())
      case .avg: units.isEmpty ? .none : money(units.reduce(0, +), units.count)
      case .distinct: .number(Double(Set(texts).count))
      case .first: texts.first.map { .text($0) } ?? .none
      case .last: texts.last.map { .text($0) } ?? .none
      }
    }
    let matches = condition?.matches
    return RiskAggregate(
      plan: plan,
      oracle: .init(text: plan.text, matches: { matches?($0) ?? true }, value: value),
      isText: isText, isMoney: isMoney)
  }
}
