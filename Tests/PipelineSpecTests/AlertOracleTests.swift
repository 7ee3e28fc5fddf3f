import PipelineSpec
import StreamCore
import StreamTestKit
import Testing

/// Alerts do what the definition says of the final rows, however those came to be.
@Suite struct AlertOracleTests {
  @Test func `Every transition is that of the definition, in any partitioning`() throws {
    try withManySeeds(120) { seed, generator in
      let (history, alerts) = try Self.make(seed, &generator)
      let logs = history.partitioned(generator.pick([1, 3, 8]))
      return try Self.holds(alerts, AlertRun(thresholds: alerts.thresholds), logs, &generator)
    }
  }

  @Test func `So it is through saves, restores and events that are read again`() throws {
    try withManySeeds(120) { seed, generator in
      let (history, alerts) = try Self.make(seed ^ 0x51, &generator)
      let logs = history.partitioned(generator.pick([1, 2]))
      let run = AlertRun(
        batch: generator.pick([1, 5, 40]), restoreShare: generator.pick([0.05, 0.3]),
        thresholds: alerts.thresholds)
      return try Self.holds(alerts, run, logs, &generator)
    }
  }

  @Test func `So it is through the exchange, with users spread over partitions`() throws {
    try withManySeeds(80) { seed, generator in
      let (history, alerts) = try Self.make(seed ^ 0xE0, &generator)
      let logs = history.spread(over: generator.pick([1, 3]), &generator)
      let run = AlertRun(
        restoreShare: generator.pick([0, 0.1]), thresholds: alerts.thresholds)
      return try Self.holds(alerts, run, logs, &generator, keyed: false)
    }
  }

  @Test func `Arrival, partitions, batches and restores give the same alerts`() throws {
    var transitions = 0
    try withManySeeds(30) { seed, generator in
      let (history, alerts) = try Self.make(seed ^ 0xA5, &generator, isTotal: true)
      let straight = AlertRun(batch: 1000, snapshotShare: 0, thresholds: alerts.thresholds)
      let expected = alertDigest(
        try straight.run(alerts.plan(), [history.sortedByTime().events], &generator))
      transitions += expected.count
      let other = AlertRun(batch: 7, restoreShare: 0.1, thresholds: alerts.thresholds)
      for partitions in [1, 3, 8] {
        let shuffled = history.shuffledWithinLateness(&generator)
        let keyed = try other.run(alerts.plan(), shuffled.partitioned(partitions), &generator)
        let logs = shuffled.spread(over: partitions, &generator)
        let exchanged = try other.run(alerts.plan(keyed: false), logs, &generator)
        for (kind, driver) in [("keyed", keyed), ("exchanged", exchanged)] {
          let found = alertDigest(driver)
          if found == expected, driver.conflicts.isEmpty { continue }
          let differences = Set(found).symmetricDifference(expected).sorted()
          Issue.record(
            """
            \(partitions) partitions, \(kind): \(driver.conflicts.prefix(2))
            \(alerts.text)
            \(differences.prefix(6).joined(separator: "\n"))
            """)
          return false
        }
      }
      return true
    }
    #expect(transitions > 0)
  }
}

extension AlertOracleTests {
  private static func make(
    _ seed: UInt64, _ generator: inout SeededGenerator, isTotal: Bool = false
  ) throws -> (EventHistory, AlertCase) {
    let isDaily = generator.chance(0.5)
    let zone = generator.pick(["UTC", "Asia/Shanghai", "America/New_York", "Australia/Lord_Howe"])
    let hour: Int64 = 3_600_000
    let options = EventHistory.Options.with {
      $0.events = Int(generator.pick([generator.whole(1...40), generator.whole(40...200)]))
      $0.users = Int(generator.whole(1...5))
      $0.amountShare = 0.5
      $0.spanMs = (isDaily ? 24 : 1) * hour * generator.pick([5, 20, 40])
      // Clocks change in New York in between.
      $0.startMs = 1_772_953_200_000 - $0.spanMs / 2
      $0.latenessMs = $0.spanMs / generator.pick([5, 20, 100])
      $0.lateShare = isTotal ? 0 : generator.pick([0, 0.1])
      $0.fastShare = isTotal ? 0 : generator.pick([0, 0, 0.1])
      $0.duplicateShare = isTotal ? 0 : 0.05
      $0.names = StageCondition.names
      $0.channels = StageCondition.channels
    }
    let alerts = try AlertCase(options, zone: zone, isDaily: isDaily, &generator)
    return (EventHistory(seed: seed, options: options), alerts)
  }

  /// Whether a run does what the oracles say of its rows; what differs is reported.
  private static func holds(
    _ alerts: AlertCase, _ run: AlertRun, _ logs: [[HistoryEvent]],
    _ generator: inout SeededGenerator, keyed: Bool = true
  ) throws -> Bool {
    let driver = try run.run(alerts.plan(keyed: keyed), logs, &generator)
    let fates = FatesOracle(latenessMs: alerts.latenessMs)
    let horizonMs = logs.compactMap { fates.follow($0).clockMs }.max()
    var faults = driver.conflicts
    for rule in alerts.rules {
      let expected =
        horizonMs.map {
          rule.oracle(driver.tables.rows).transitions(through: alerts.windows.number($0))
        } ?? []
      let found = self.differences(rule.plan.name, driver, expected)
      if !found.isEmpty { faults += [rule.text] + found }
    }
    if faults.isEmpty { return true }
    Issue.record("\(alerts.text)\n\(run)\n\(faults.prefix(10).joined(separator: "\n"))")
    return false
  }

  private static func differences(
    _ rule: String, _ driver: PipelineDriver, _ expected: [AlertOracle.Transition]
  ) -> [String] {
    let found = driver.alertTransitions.filter { $0.rule == rule && $0.status == .final }
    let rows = driver.alertRows.filter { $0.rule == rule && $0.status == .final }
    let alerts = Dictionary(rows.map { ($0.alertID, $0) }) { first, _ in first }
    let actual = found.map { row in
      "\(row.windowEnd.ms) \(row.dimensions) of \(alerts[row.alertID]?.windowStart.ms ?? -1) "
        + "\(row.from) to \(row.to) at \(String(describing: row.value)) of \(row.samples) "
        + row.thresholds
    }
    let wanted = expected.map { row in
      "\(row.endMs) \(row.dimensions) of \(row.firstMs) \(row.from) to \(row.to) at "
        + "\(String(describing: row.reading.value)) of \(row.reading.samples) "
        + CanonicalJSON.object([("limit", .double(row.limit))])
    }
    var faults: [String] = []
    if actual != wanted {
      faults += Set(actual).symmetricDifference(wanted).sorted().map {
        (actual.contains($0) ? "found    " : "expected ") + $0
      }
      if faults.isEmpty { faults.append("in another order") }
    }
    let firsts = Set(expected.map { "\($0.dimensions) \($0.firstMs)" })
    if firsts.count != rows.count {
      faults.append("\(rows.count) alerts, expected \(firsts.count)")
    }
    for alert in rows {
      let own = found.filter { $0.alertID == alert.alertID }
      let opened = own.first { $0.from == .pending && $0.to == .firing }?.windowEnd
      let resolved = own.first { $0.to == .resolved }?.windowEnd
      if alert.state != own.last?.to || alert.opened != opened || alert.resolved != resolved
        || (alert.explanation == nil) != (opened == nil)
      {
        faults.append("row \(alert)")
      }
    }
    return faults
  }
}
