/// The findings of one risk rule, by brute force: whether the pattern holds at an instant is asked
/// of the whole list of an entity's events, anew at each instant.
public struct RiskOracle: Sendable {
  /// A number, text or nothing, as `when` sees it.
  public enum Value: Sendable, Equatable {
    case none
    case number(Double)
    case text(String)

    /// As JSON.
    public var json: String {
      switch self {
      case .none: "null"
      case .number(let number):
        number == number.rounded() ? "\(Int64(number))" : "\(number)"
      case .text(let text): OracleValue.text(text).json
      }
    }
  }

  /// One aggregate.
  public struct Aggregate: Sendable {
    /// Its name in figures.
    public var text: String
    /// Events that it counts.
    public var matches: @Sendable (OracleEvent) -> Bool
    /// Its value of those, in order.
    public var value: @Sendable ([OracleEvent]) -> Value

    /// Makes an aggregate of its parts.
    public init(
      text: String, matches: @escaping @Sendable (OracleEvent) -> Bool,
      value: @escaping @Sendable ([OracleEvent]) -> Value
    ) {
      self.text = text
      self.matches = matches
      self.value = value
    }
  }

  /// What opens a finding.
  public enum Pattern: Sendable {
    /// Over the aggregates, then the thresholds.
    case window([Aggregate], maxEvents: Int, when: @Sendable ([Value]) -> Bool)
    /// Steps by name; what must not follow.
    case sequence(
      [(name: String, matches: @Sendable (OracleEvent) -> Bool)],
      absent: (@Sendable (OracleEvent) -> Bool)?)
  }

  /// One finding.
  public struct Finding: Sendable, Equatable, Comparable {
    /// The entity.
    public var entity: String
    /// When the pattern was complete, and when it was no more.
    public var openedMs: Int64
    public var closedMs: Int64?
    /// What was read, as JSON.
    public var figures: String
    /// JSON list of where its events lie.
    public var evidence: String

    /// Makes a finding of its parts.
    public init(
      entity: String, openedMs: Int64, closedMs: Int64?, figures: String, evidence: String
    ) {
      self.evidence = evidence
      self.entity = entity
      self.openedMs = openedMs
      self.closedMs = closedMs
      self.figures = figures
    }

    public static func < (a: Finding, b: Finding) -> Bool {
      (a.openedMs, a.entity) < (b.openedMs, b.entity)
    }
  }

  /// Its name.
  public var name: String
  /// How far back it looks, inclusive.
  public var withinMs: Int64
  /// The entity of an event.
  public var key: @Sendable (OracleEvent) -> String?
  /// Events that are looked at.
  public var condition: @Sendable (OracleEvent) -> Bool
  /// What opens a finding.
  public var pattern: Pattern
  /// Names of thresholds, sorted, each with its value at an instant.
  public var thresholds: [(name: String, value: @Sendable (Int64) -> Double)]

  /// Makes a rule of its parts.
  public init(
    name: String, withinMs: Int64, key: @escaping @Sendable (OracleEvent) -> String?,
    condition: @escaping @Sendable (OracleEvent) -> Bool, pattern: Pattern,
    thresholds: [(name: String, value: @Sendable (Int64) -> Double)] = []
  ) {
    self.name = name
    self.withinMs = withinMs
    self.key = key
    self.condition = condition
    self.pattern = pattern
    self.thresholds = thresholds
  }

  /// The findings that these applied events come to by an instant, in order.
  public func findings(_ events: [OracleEvent], horizonMs: Int64) -> [Finding] {
    OracleEvent.lists(events.filter(condition), by: key).flatMap { entity, list in
      switch pattern {
      case .window(let aggregates, let maxEvents, let when):
        windowed(entity, list, aggregates, maxEvents, when, horizonMs)
      case .sequence(let steps, nil): held(entity, list, steps, horizonMs)
      case .sequence(let steps, let absent?): missed(entity, list, steps, absent, horizonMs)
      }
    }.sorted()
  }

  // MARK: Windows

  private func windowed(
    _ entity: String, _ all: [OracleEvent], _ aggregates: [Aggregate], _ maxEvents: Int,
    _ when: @escaping ([Value]) -> Bool, _ horizonMs: Int64
  ) -> [Finding] {
    let list = all.filter { event in aggregates.contains { $0.matches(event) } }
    guard let last = list.last else { return [] }
    let seen = { (count: Int, ms: Int64) in
      list[..<count].suffix(maxEvents).filter { $0.timeMs >= ms - withinMs }
    }
    let values = { (count: Int, ms: Int64) -> [Value]? in
      let seen = seen(count, ms)
      if seen.isEmpty { return nil }
      return aggregates.map { each in each.value(seen.filter(each.matches)) }
        + thresholds.map { .number($0.value(ms)) }
    }
    let holds = { (count: Int, ms: Int64) in values(count, ms).map(when) ?? false }
    var found: [Finding] = []
    var open: Finding?
    var isDoubtful = false
    for (index, event) in list.enumerated() {
      // Instants between the events, one after the other.
      let isTrue = holds(index + 1, event.timeMs)
      if isTrue, open == nil {
        open = Finding(
          entity: entity, openedMs: event.timeMs, closedMs: nil,
          figures: figures(aggregates, values(index + 1, event.timeMs) ?? []),
          evidence: Self.places(seen(index + 1, event.timeMs)))
      } else if !isTrue, let opened = open?.openedMs, opened < event.timeMs {
        open?.closedMs = event.timeMs
      }
      isDoubtful = !isTrue && open?.openedMs == event.timeMs
      let nextMs = index + 1 < list.count ? list[index + 1].timeMs : Int64.max
      let limitMs = min(nextMs - 1, max(horizonMs, last.timeMs - 1))
      if open != nil, open?.closedMs == nil, isDoubtful, event.timeMs + 1 <= limitMs {
        isDoubtful = false
        if !holds(index + 1, event.timeMs + 1) { open?.closedMs = event.timeMs + 1 }
      }
      let leaving = list[...index].suffix(maxEvents).map { $0.timeMs + withinMs + 1 }
      for ms in Set(leaving).sorted() where ms > event.timeMs && ms <= limitMs {
        if open != nil, open?.closedMs == nil, !holds(index + 1, ms) { open?.closedMs = ms }
      }
      if let over = open, over.closedMs != nil {
        found.append(over)
        open = nil
      }
    }
    return found + (open.map { [$0] } ?? [])
  }

  private func figures(_ aggregates: [Aggregate], _ values: [Value]) -> String {
    var all: [String: String] = [:]
    for (name, value) in zip(aggregates.map(\.text) + thresholds.map(\.name), values)
    where all[name] == nil { all[name] = value.json }
    return Self.object(all)
  }

  private static func places(_ events: [OracleEvent]) -> String {
    let all = events.suffix(20).map {
      "{\"offset\":\($0.offset),\"partition\":\($0.partition),\"topic\":\"\($0.topic)\"}"
    }
    return "[\(all.joined(separator: ","))]"
  }

  private static func object(_ members: [String: String]) -> String {
    let sorted = members.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
    return "{"
      + sorted.map { OracleValue.text($0.key).json + ":" + $0.value }
      .joined(separator: ",") + "}"
  }

  // MARK: Sequences

  /// For each event that completes chains, that of them that began last: from each first step on,
  /// every step as soon as it comes.
  private func completions(
    _ list: [OracleEvent], _ steps: [(name: String, matches: @Sendable (OracleEvent) -> Bool)]
  ) -> [(chain: [Int], at: Int)] {
    var latest: [Int: [Int]] = [:]
    for start in list.indices where steps[0].matches(list[start]) {
      var chain = [start]
      for step in steps.dropFirst() {
        let from = chain[chain.count - 1] + 1
        guard let next = list[from...].firstIndex(where: step.matches) else { break }
        chain.append(next)
      }
      let end = chain[chain.count - 1]
      if chain.count == steps.count, list[end].timeMs - list[start].timeMs <= withinMs {
        latest[end] = chain
      }
    }
    return latest.sorted { $0.key < $1.key }.map { ($0.value, $0.key) }
  }

  private func figures(
    _ steps: [(name: String, matches: @Sendable (OracleEvent) -> Bool)], _ chain: [Int],
    _ list: [OracleEvent]
  ) -> String {
    var all: [String: String] = [:]
    for (step, at) in zip(steps, chain) { all["\(step.name)_ms"] = "\(list[at].timeMs)" }
    return Self.object(all)
  }

  private func held(
    _ entity: String, _ list: [OracleEvent],
    _ steps: [(name: String, matches: @Sendable (OracleEvent) -> Bool)], _ horizonMs: Int64
  ) -> [Finding] {
    var found: [Finding] = []
    for (chain, at) in completions(list, steps) {
      let endMs = list[chain[0]].timeMs + withinMs + 1
      if let open = found.last, let closedMs = open.closedMs, list[at].timeMs <= closedMs {
        found[found.count - 1].closedMs = max(closedMs, endMs)
      } else {
        found.append(
          Finding(
            entity: entity, openedMs: list[at].timeMs, closedMs: endMs,
            figures: figures(steps, chain, list), evidence: Self.places(chain.map { list[$0] })))
      }
    }
    let lastMs = list.last { event in steps.contains { $0.matches(event) } }?.timeMs ?? 0
    let limitMs = max(horizonMs, lastMs - 1)
    if let last = found.indices.last, let ms = found[last].closedMs, ms > limitMs {
      found[last].closedMs = nil
    }
    return found
  }

  private func missed(
    _ entity: String, _ list: [OracleEvent],
    _ steps: [(name: String, matches: @Sendable (OracleEvent) -> Bool)],
    _ absent: (OracleEvent) -> Bool, _ horizonMs: Int64
  ) -> [Finding] {
    let lastMs =
      list.last { event in absent(event) || steps.contains { $0.matches(event) } }?
      .timeMs ?? 0
    let limitMs = max(horizonMs, lastMs - 1)
    var found: [Finding] = []
    var ended: Set<Int> = []
    for (chain, at) in completions(list, steps) {
      let next = list[(at + 1)...].firstIndex(where: absent)
      // The first of those that one such event ends, or none, counts.
      guard ended.insert(next ?? -1).inserted else { continue }
      let dueMs = list[at].timeMs + withinMs
      if let next, list[next].timeMs <= dueMs { continue }
      if dueMs > limitMs { continue }
      found.append(
        Finding(
          entity: entity, openedMs: dueMs, closedMs: next.map { list[$0].timeMs },
          figures: figures(steps, chain, list), evidence: Self.places(chain.map { list[$0] })))
    }
    return found
  }
}
