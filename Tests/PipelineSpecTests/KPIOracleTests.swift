import PipelineSpec
import StreamCore
import StreamTestKit
import Testing

/// KPIs equal brute force at the end of each slice, on thousands of small histories. A failure is
/// shown as the shortest history that still fails.
@Suite struct KPIOracleTests {
  @Test func `Every KPI equals brute force, in any partitioning`() throws {
    try withManySeeds(80) { seed, generator in
      let (history, kpis) = Self.make(seed, &generator)
      let logs = history.partitioned(generator.pick([1, 3]))
      return try Self.holds(DriverRun(logs: logs, snapshotShare: 0.3), kpis, &generator)
    }
  }

  @Test func `So it does through saves and restores`() throws {
    try withManySeeds(60) { seed, generator in
      let (history, kpis) = Self.make(seed ^ 0x51, &generator)
      let logs = history.partitioned(generator.pick([1, 2]))
      let run = DriverRun(
        logs: logs, snapshotShare: 0.2, restoreShare: generator.pick([0.1, 0.5]), batch: 5)
      return try Self.holds(run, kpis, &generator)
    }
  }

  @Test func `So it does through the exchange, with users spread over two topics`() throws {
    try withManySeeds(12) { seed, generator in
      var (history, kpis) = Self.make(seed ^ 0xE0, &generator)
      kpis.sources = ["app", "web"]
      let logs = history.spread(over: 4, &generator)
      let run = DriverRun(
        logs: logs, snapshotShare: 0.2, restoreShare: generator.pick([0, 0.2]), batch: 5)
      return try Self.holds(run, kpis, &generator)
    }
  }

  @Test func `Arrival, partitions, batches and restores give the same rows`() throws {
    try withManySeeds(12) { seed, generator in
      let (history, kpis) = Self.make(seed ^ 0xA5, &generator, isTotal: true)
      let plan = try kpis.plan()
      let straight = DriverRun(logs: [history.sortedByTime().events], snapshotShare: 0)
      let expected = try straight.run(plan, &generator).tables.rows.kpis
      for partitions in [1, 3, 8] {
        let logs = history.shuffledWithinLateness(&generator).partitioned(partitions)
        let run = DriverRun(logs: logs, snapshotShare: 0.3, restoreShare: 0.1, batch: 7)
        let driver = try run.run(plan, &generator)
        #expect(driver.conflicts == [])
        guard driver.tables.rows.kpis == expected else {
          Issue.record("\(partitions) partitions: other rows than in order of time\n\(kpis.text())")
          return false
        }
      }
      return true
    }
  }
}

// MARK: - Histories

extension KPIOracleTests {
  /// Zones, each with an instant at which its clocks change (or nothing happens).
  private static let zones: [(name: String, changeMs: [Int64])] = [
    ("UTC", [1_772_323_200_000]), ("Asia/Shanghai", [1_767_196_800_000]),
    ("America/New_York", [1_772_953_200_000, 1_793_512_800_000]),
    ("Australia/Lord_Howe", [1_775_314_800_000, 1_791_039_600_000]),
    ("Europe/London", [1_774_746_000_000, 1_792_890_000_000]),
  ]

  static func make(
    _ seed: UInt64, _ generator: inout SeededGenerator, isTotal: Bool = false
  ) -> (EventHistory, KPICase) {
    let zone = generator.pick(zones)
    let hour: Int64 = 3_600_000
    let options = EventHistory.Options.with {
      $0.events = Int(generator.whole(generator.chance(0.7) ? 2...20 : 20...50))
      $0.users = Int(generator.whole(1...5))
      $0.amountShare = 0.6
      $0.spanMs = hour * generator.pick([1, 5, 40, 120, 300])
      $0.startMs = generator.pick(zone.changeMs) - $0.spanMs / generator.pick([1, 2, 3])
      $0.tickMs = isTotal ? 1 : max(1, $0.spanMs / generator.pick([20, 100, $0.spanMs]))
      $0.latenessMs = max(1000, $0.spanMs / generator.pick([3, 10, 50]) / 1000 * 1000)
      $0.lateShare = isTotal ? 0 : generator.pick([0, 0.1])
      $0.fastShare = isTotal ? 0 : generator.pick([0, 0, 0.1])
      $0.anonymousShare = generator.pick([0, 0.1])
      $0.duplicateShare = isTotal ? 0 : 0.05
      $0.names = StageCondition.names
      $0.channels = StageCondition.channels
      $0.cities = StageCondition.cities
    }
    return (
      EventHistory(seed: seed, options: options),
      KPICase.random(options, zone: zone.name, &generator)
    )
  }

  /// Whether a run gives what brute force does; if not, the least case that fails is reported.
  static func holds(
    _ run: DriverRun, _ kpis: KPICase, _ generator: inout SeededGenerator
  ) throws -> Bool {
    let seed = generator.next()
    let plan = try kpis.plan()
    let faults = { (logs: [[HistoryEvent]]) throws -> [String] in
      var generator = SeededGenerator(seed: seed)
      var run = run
      run.logs = logs
      let driver = try run.run(plan, &generator, sources: kpis.sources.count)
      return driver.conflicts
        + KPICase.differences(kpis.expected(logs), driver.tables.rows.kpis)
    }
    let found = try faults(run.logs)
    if found.isEmpty { return true }
    let placed = run.logs.indices.flatMap { index in run.logs[index].map { (index, $0) } }
    let deal = { (placed: [(Int, HistoryEvent)]) in
      run.logs.indices.map { index in placed.filter { $0.0 == index }.map(\.1) }
    }
    let least = shrunk(placed, attempts: 300) { !(((try? faults(deal($0))) ?? []).isEmpty) }
    let lines = least.map { index, event in
      "\(index): \(rfc3339(ms: event.timeMs, offsetMinutes: 0)) \(event.user ?? "-") \(event.name) "
        + "\(event.city ?? "-") \(event.units.map(decimalText) ?? "-") "
        + "read at \(rfc3339(ms: event.recordMs, offsetMinutes: 0))"
    }
    Issue.record(
      """
      \(kpis.text())
      \(lines.joined(separator: "\n"))
      \(try faults(deal(least)).prefix(6).joined(separator: "\n"))
      (of \(found.count) differences)
      """)
    return false
  }
}
