import PipelineSpec
import StreamCore
import StreamTestKit
import Testing

/// Funnels, retention, sessions, lifecycles and traits equal brute force on thousands of small
/// histories. A failure is shown as the shortest history that still fails.
@Suite struct UserStageOracleTests {
  @Test func `Every stage equals brute force, in any partitioning`() throws {
    try withManySeeds(500) { seed, generator in
      let (history, stages) = try Self.make(seed, &generator)
      let logs = history.partitioned(generator.pick([1, 3, 8]))
      return try Self.holds(UserRun(), stages, logs, &generator)
    }
  }

  @Test func `So it does through saves and restores`() throws {
    try withManySeeds(300) { seed, generator in
      let (history, stages) = try Self.make(seed ^ 0x51, &generator)
      let logs = history.partitioned(generator.pick([1, 2]))
      let run = UserRun(
        batch: generator.pick([1, 5, 40]), restoreShare: generator.pick([0.05, 0.3]))
      return try Self.holds(run, stages, logs, &generator)
    }
  }

  @Test func `So it does through the exchange, with users spread over partitions`() throws {
    try withManySeeds(300) { seed, generator in
      let (history, stages) = try Self.make(seed ^ 0xE0, &generator)
      let logs = history.spread(over: generator.pick([1, 3, 5]), &generator)
      let run = UserRun(restoreShare: generator.pick([0, 0.1]))
      return try Self.holds(run, stages, logs, &generator, keyed: false)
    }
  }

  @Test func `So it does with users in two topics`() throws {
    try withManySeeds(120) { seed, generator in
      let (history, stages) = try Self.make(seed ^ 0x70, &generator)
      let logs = history.spread(over: 4, &generator)
      let run = UserRun(restoreShare: generator.pick([0, 0.1]), sources: ["app", "web"])
      return try Self.holds(run, stages, logs, &generator)
    }
  }

  @Test func `A stage misses what is late for it alone`() throws {
    try withManySeeds(200) { seed, generator in
      let (history, stages) = try Self.make(seed ^ 0x1A, &generator, ownLateness: true)
      let logs = history.partitioned(generator.pick([1, 3]))
      return try Self.holds(
        UserRun(restoreShare: generator.pick([0, 0.1])), stages, logs, &generator)
    }
  }

  @Test func `Arrival, partitions, batches and restores give the same rows`() throws {
    try withManySeeds(25) { seed, generator in
      let (history, stages) = try Self.make(seed ^ 0xA5, &generator, isTotal: true)
      let plan = try stages.plan()
      let expected = try UserRun(batch: 1000, snapshotShare: 0).rows(
        plan, [history.sortedByTime().events], &generator)
      #expect(expected.faults == [])
      for partitions in [1, 3, 8] {
        let logs = history.shuffledWithinLateness(&generator).partitioned(partitions)
        let run = UserRun(batch: 7, restoreShare: 0.05)
        let rows = try run.rows(plan, logs, &generator)
        let spread = history.shuffledWithinLateness(&generator).spread(over: 3, &generator)
        let exchanged = try run.rows(stages.plan(keyed: false), spread, &generator)
        for (kind, other) in [("keyed", rows), ("exchanged", exchanged)]
        where other.digest != expected.digest {
          let differences = Set(other.digest).symmetricDifference(expected.digest).sorted()
          Issue.record(
            """
            \(partitions) partitions, \(kind): other rows than in order of time
            \(stages.text)
            \(differences.prefix(6).joined(separator: "\n"))
            """)
          return false
        }
      }
      return true
    }
  }
}

// MARK: - Histories

extension UserStageOracleTests {
  /// Zones, each with an instant at which its clocks change (or nothing happens).
  private static let zones: [(name: String, changeMs: [Int64])] = [
    ("UTC", [1_772_323_200_000]), ("Asia/Shanghai", [1_767_196_800_000]),
    ("America/New_York", [1_772_953_200_000, 1_793_512_800_000]),
    ("Australia/Lord_Howe", [1_775_314_800_000, 1_791_039_600_000]),
    ("Europe/London", [1_774_746_000_000, 1_792_890_000_000]),
  ]

  /// A small history around a change of clocks, and stages that suit it.
  static func make(
    _ seed: UInt64, _ generator: inout SeededGenerator, ownLateness: Bool = false,
    isTotal: Bool = false
  ) throws -> (EventHistory, UserStages) {
    let zone = generator.pick(zones)
    let hour: Int64 = 3_600_000
    let options = EventHistory.Options.with {
      $0.events = Int(generator.whole(generator.chance(0.8) ? 3...30 : 30...90))
      $0.users = Int(generator.whole(1...5))
      $0.orders = Int(generator.whole(1...6))
      $0.amountShare = 0.5
      $0.spanMs = hour * generator.pick([1, 10, 50, 150, 500, 2000])
      $0.startMs = generator.pick(zone.changeMs) - $0.spanMs / generator.pick([1, 2, 3])
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
    let stages = try UserStages.random(
      options, zone: zone.name, &generator, ownLateness: ownLateness)
    return (EventHistory(seed: seed, options: options), stages)
  }

}

// MARK: - Checking

extension UserStageOracleTests {
  /// Whether a run gives what brute force does; if not, the least case that fails is reported.
  static func holds(
    _ run: UserRun, _ stages: UserStages, _ logs: [[HistoryEvent]],
    _ generator: inout SeededGenerator, keyed: Bool = true
  ) throws -> Bool {
    let seed = generator.next()
    let faults = { (run: UserRun, stages: UserStages, logs: [[HistoryEvent]]) -> [String] in
      var generator = SeededGenerator(seed: seed)
      let plan = try stages.plan(keyed: keyed, sources: run.sources)
      let rows = try run.rows(plan, logs, &generator)
      let topics = run.sources.count > 1 ? run.sources : nil
      return stages.differences(logs, topics: topics, rows)
    }
    let found = try faults(run, stages, logs)
    if found.isEmpty { return true }
    let culprit = try stages.each.first { try !faults(run, $0, logs).isEmpty } ?? stages
    // Runs that do the same after each event depend least on which events there are.
    let simple = try run.simplest.first { try !faults($0, culprit, logs).isEmpty } ?? run
    let placed = logs.indices.flatMap { index in logs[index].map { (index, $0) } }
    let deal = { (placed: [(Int, HistoryEvent)]) in
      logs.indices.map { index in placed.filter { $0.0 == index }.map(\.1) }
    }
    let least = shrunk(placed) {
      ((try? faults(simple, culprit, deal($0))) ?? []).isEmpty == false
    }
    let leastFaults = try faults(simple, culprit, deal(least))
    let lines = least.map { index, event in
      "\(index): \(rfc3339(ms: event.timeMs, offsetMinutes: 0)) \(event.user ?? "-") \(event.name) "
        + "\(event.channel) \(event.city ?? "-") \(event.units.map(decimalText) ?? "-") "
        + "\(event.order ?? "-") read at \(rfc3339(ms: event.recordMs, offsetMinutes: 0))"
    }
    Issue.record(
      """
      \(culprit.text)
      \(simple)
      \(lines.joined(separator: "\n"))
      \(leastFaults.prefix(6).joined(separator: "\n"))
      (of \(found.count) differences in \(Set(found.map { $0.prefix { $0 != " " } }).sorted()))
      """)
    return false
  }
}
