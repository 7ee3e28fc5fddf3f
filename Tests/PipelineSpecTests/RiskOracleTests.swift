import PipelineSpec
import StreamCore
import StreamTestKit
import Testing

/// Risk rules equal brute force on thousands of small histories. A failure is shown as the shortest
/// history that still fails.
@Suite struct RiskOracleTests {
  @Test func `Settled findings equal brute force, in any partitioning`() throws {
    try withManySeeds(1_000) { seed, generator in
      let (history, rules) = try Self.make(seed, &generator)
      let logs = history.partitioned(generator.pick([1, 3, 8]))
      return try Self.holds(RiskRun(), rules, logs, &generator)
    }
  }

  @Test func `So they do through saves and restores, also of state behind the rows`() throws {
    try withManySeeds(500) { seed, generator in
      let (history, rules) = try Self.make(seed ^ 0x51, &generator)
      let logs = history.partitioned(generator.pick([1, 2]))
      let run = RiskRun(
        batch: generator.pick([1, 5, 40]), restoreShare: generator.pick([0.05, 0.3]),
        isBehind: generator.chance(0.5))
      return try Self.holds(run, rules, logs, &generator)
    }
  }

  @Test func `So they do through the exchange, with users spread over partitions`() throws {
    try withManySeeds(400) { seed, generator in
      let (history, rules) = try Self.make(seed ^ 0xE0, &generator)
      let logs = history.spread(over: generator.pick([1, 3, 5]), &generator)
      let run = RiskRun(restoreShare: generator.pick([0, 0.1]))
      return try Self.holds(run, rules, logs, &generator, keyed: false)
    }
  }

  @Test func `So they do with users in two topics`() throws {
    try withManySeeds(200) { seed, generator in
      let (history, rules) = try Self.make(seed ^ 0x70, &generator)
      let logs = history.spread(over: 4, &generator)
      let run = RiskRun(restoreShare: generator.pick([0, 0.1]), sources: ["app", "web"])
      return try Self.holds(run, rules, logs, &generator)
    }
  }

  @Test func `A rule misses what is late for it alone`() throws {
    try withManySeeds(300) { seed, generator in
      let (history, rules) = try Self.make(seed ^ 0x1A, &generator, ownLateness: true)
      let logs = history.partitioned(generator.pick([1, 3]))
      return try Self.holds(
        RiskRun(restoreShare: generator.pick([0, 0.1])), rules, logs, &generator)
    }
  }

  @Test func `Arrival, partitions, batches and restores give the same settled findings`() throws {
    try withManySeeds(60) { seed, generator in
      let (history, rules) = try Self.make(seed ^ 0xA5, &generator, isTotal: true)
      let plan = try rules.plan()
      let expected = try Self.digest(
        RiskRun(batch: 1_000, snapshotShare: 0).tables(
          rules, plan, [history.sortedByTime().events], &generator
        ).tables)
      for partitions in [1, 3, 8] {
        let logs = history.shuffledWithinLateness(&generator).partitioned(partitions)
        let run = RiskRun(batch: 7, restoreShare: 0.05)
        let rows = try Self.digest(run.tables(rules, plan, logs, &generator).tables)
        let spread = history.shuffledWithinLateness(&generator).spread(over: 3, &generator)
        let exchanged = try Self.digest(
          run.tables(rules, rules.plan(keyed: false), spread, &generator).tables)
        if rows != expected || exchanged != expected {
          let others = Set(rows + exchanged).symmetricDifference(expected).sorted()
          Issue.record("\(rules.text)\n\(others.prefix(6).joined(separator: "\n"))")
          return false
        }
      }
      return true
    }
  }
}

// MARK: - Histories and checking

extension RiskOracleTests {
  /// Settled findings without what depends on arrival and on where events lie.
  private static func digest(_ tables: ResultTables) -> [String] {
    tables.finals.rows.findings.map {
      "\($0.findingID) \($0.rule) \($0.entity) \($0.opened.ms) \($0.closed?.ms ?? -1) \($0.figures)"
    }
  }

  private static func make(
    _ seed: UInt64, _ generator: inout SeededGenerator, ownLateness: Bool = false,
    isTotal: Bool = false
  ) throws -> (EventHistory, RiskRules) {
    let options = EventHistory.Options.with {
      $0.events = Int(generator.whole(generator.chance(0.8) ? 3...30 : 30...90))
      $0.users = Int(generator.whole(1...4))
      $0.orders = Int(generator.whole(1...4))
      $0.amountShare = 0.5
      $0.spanMs = 60_000 * generator.pick([1, 10, 60, 1_440])
      $0.tickMs = isTotal ? 1 : max(1, $0.spanMs / generator.pick([20, 100, 10_000, $0.spanMs]))
      $0.latenessMs = $0.spanMs / generator.pick([3, 10, 50]) / 1000 * 1000
      $0.lateShare = isTotal ? 0 : generator.pick([0, 0.1])
      $0.fastShare = generator.pick([0, 0, 0.1])
      $0.anonymousShare = generator.pick([0, 0.1])
      $0.duplicateShare = isTotal ? 0 : 0.05
      $0.names = StageCondition.names
      $0.channels = StageCondition.channels
      $0.cities = StageCondition.cities
    }
    let rules = try RiskRules.random(options, &generator, ownLateness: ownLateness)
    return (EventHistory(seed: seed, options: options), rules)
  }

  /// Whether a run gives what brute force does; if not, the least case that fails is reported.
  private static func holds(
    _ run: RiskRun, _ rules: RiskRules, _ logs: [[HistoryEvent]],
    _ generator: inout SeededGenerator, keyed: Bool = true
  ) throws -> Bool {
    let seed = generator.next()
    let faults = { (run: RiskRun, rules: RiskRules, logs: [[HistoryEvent]]) -> [String] in
      var generator = SeededGenerator(seed: seed)
      let plan = try rules.plan(keyed: keyed, sources: run.sources)
      let (tables, conflicts) = try run.tables(rules, plan, logs, &generator)
      let topics = run.sources.count > 1 ? run.sources : nil
      return conflicts.map { "conflict: \($0)" } + RiskRun.announcementFaults(tables)
        + rules.differences(logs, topics: topics, tables.finals.rows.findings)
    }
    let found = try faults(run, rules, logs)
    if found.isEmpty { return true }
    let each = rules.rules.map { rule in
      var other = rules
      other.rules = [rule]
      other.rows = rules.rows.filter { $0.rule == rule.plan.name }
      return other
    }
    let culprit = try each.first { try !faults(run, $0, logs).isEmpty } ?? rules
    let simplest = [(0.0, 0.0), (1, 0), (0, 1)].map {
      RiskRun(batch: 1, snapshotShare: $0.0, restoreShare: $0.1, sources: run.sources)
    }
    let simple = try simplest.first { try !faults($0, culprit, logs).isEmpty } ?? run
    let placed = logs.indices.flatMap { index in logs[index].map { (index, $0) } }
    let deal = { (placed: [(Int, HistoryEvent)]) in
      logs.indices.map { index in placed.filter { $0.0 == index }.map(\.1) }
    }
    let least = shrunk(placed) {
      ((try? faults(simple, culprit, deal($0))) ?? []).isEmpty == false
    }
    let lines = least.map { index, event in
      "\(index): \(event.timeMs) \(event.user ?? "-") \(event.name) \(event.channel) "
        + "\(event.city ?? "-") \(event.units.map(decimalText) ?? "-") \(event.order ?? "-") "
        + "read at \(event.recordMs)"
    }
    Issue.record(
      """
      \(culprit.text)
      \(simple)
      \(lines.joined(separator: "\n"))
      \(try faults(simple, culprit, deal(least)).prefix(6).joined(separator: "\n"))
      (of \(found.count) differences)
      """)
    return false
  }
}
