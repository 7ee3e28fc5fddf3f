import PipelineSpec
import StreamCore
import StreamTestKit
import Testing

@Suite struct DriverOracleTests {
  @Test(arguments: [1, 3, 8])
  func `Every aggregate equals brute force, whatever the disorder`(partitions: Int) throws {
    let plan = try OraclePipeline.plan()
    try withSeeds(1...6) { seed, generator in
      let history = EventHistory(
        seed: seed,
        options: .with {
          $0.lateShare = 0.03
          $0.malformedShare = 0.05
          $0.fastShare = 0.02
        })
      let logs = history.partitioned(partitions)
      let driver = try DriverRun(logs: logs).run(plan, &generator)
      let oracle = FatesOracle(latenessMs: 60_000)
      let outcomes = logs.map { oracle.follow($0) }
      for (index, outcome) in outcomes.enumerated() {
        let fates = driver.fates(index)
        #expect(fates.read == Int64(logs[index].count))
        #expect(fates.rejected == Int64(outcome.count(.rejected)))
        #expect(fates.late == Int64(outcome.count(.late)))
        #expect(fates.duplicate == Int64(outcome.count(.duplicate)))
        #expect(fates.applied == Int64(outcome.count(.applied)))
      }
      try check(driver, oracle.applied(logs))
    }
  }

  private func check(_ driver: PipelineDriver, _ applied: [OracleEvent]) throws {
    #expect(driver.conflicts.isEmpty)
    #expect(driver.rows.allSatisfy { $0.status == .final })
    let rows = Dictionary(grouping: driver.rows, by: \.metric)
    for metric in OraclePipeline.metrics {
      let differences = OracleRow.differences(
        expected: metric.rows(applied), actual: rows[metric.name] ?? [],
        samples: !["users", "cities"].contains(metric.name))
      #expect(differences.isEmpty, "\(metric.name): \(differences.prefix(3))")
    }
  }

  @Test func `Batches, snapshots, saves and restores change nothing`() throws {
    let plan = try OraclePipeline.plan(
      more: "  rate: {formula: revenue / revenue}\n  carried: {last: properties.total, every: 1m, "
        + "by: [channel], carry: 10m}\n  twice: {formula: carried * 2 + events}")
    try withSeeds(11...18) { seed, generator in
      let history = EventHistory(seed: seed, options: .with { $0.lateShare = 0.05 })
      let logs = history.partitioned(4)
      let straight = try DriverRun(logs: logs, snapshotShare: 0).run(plan, &generator)
      var run = DriverRun(logs: logs, snapshotShare: 0.4)
      let batched = try run.run(plan, &generator)
      run.restoreShare = 0.3
      let restored = try run.run(plan, &generator)
      #expect(restored.conflicts.isEmpty)
      #expect(comparable(batched.rows) == comparable(straight.rows))
      #expect(comparable(restored.rows) == comparable(straight.rows))
      #expect(restored.fates == straight.fates)
    }
  }

  @Test func `Any partitioning and any order within the lateness give the same rows`() throws {
    let plan = try OraclePipeline.plan()
    try withSeeds(21...26) { seed, generator in
      let history = EventHistory(seed: seed)
      let expected = try DriverRun(logs: history.partitioned(1)).run(plan, &generator)
      #expect(expected.fates.late == 0)
      for partitions in [2, 3, 8] {
        let shuffled = history.shuffledWithinLateness(&generator)
        let other = try DriverRun(logs: shuffled.partitioned(partitions)).run(plan, &generator)
        #expect(comparable(other.rows) == comparable(expected.rows))
      }
    }
  }

  @Test func `Users spread over partitions are counted once, through the exchange`() throws {
    let keyed = try OraclePipeline.plan()
    let spread = try OraclePipeline.plan(keyed: false)
    try withSeeds(31...36) { seed, generator in
      let history = EventHistory(seed: seed, options: .with { $0.duplicateShare = 0 })
      let expected = try DriverRun(logs: history.partitioned(1)).run(keyed, &generator)
      var logs = [[HistoryEvent]](repeating: [], count: 5)
      for event in history.events { logs[Int(generator.whole(0...4))].append(event) }
      let other = try DriverRun(logs: logs, snapshotShare: 0.2, restoreShare: 0.1)
        .run(spread, &generator)
      #expect(other.conflicts.isEmpty)
      #expect(comparable(other.rows) == comparable(expected.rows))
    }
  }

  @Test func `Idle partitions that come back are late, here and wherever the marks are applied`()
    throws
  {
    let plan = try OraclePipeline.plan()
    var lateEvents: Int64 = 0
    try withSeeds(41...46) { seed, generator in
      let history = EventHistory(seed: seed)
      let logs = history.partitioned(4)
      var run = DriverRun(logs: logs, snapshotShare: 0.3, restoreShare: 0.1, liftShare: 0.2)
      let live = try run.run(plan, &generator)
      #expect(live.conflicts.isEmpty)
      lateEvents += live.fates.late
      run.liftShare = 0
      run.marks = live.marks.filter { $0.kind == .idle }
      let again = try run.run(plan, &generator)
      #expect(again.fates == live.fates)
      #expect(comparable(again.rows) == comparable(live.rows))
    }
    #expect(lateEvents > 0)
  }

  @Test func `Beyond max_series the least hashes are kept, in any order and partitioning`() throws {
    let text = OraclePipeline.text().replacing(
      "by: [channel]}", with: "by: [user], max_series: 5}")
    let plan = try Pipeline.parse(text: text, file: "oracle.yaml").plan
    try withSeeds(51...54) { seed, generator in
      let history = EventHistory(seed: seed)
      let expected = try DriverRun(logs: history.partitioned(1), snapshotShare: 0)
        .run(plan, &generator)
      #expect(expected.rows.contains { $0.dimensions.contains("(other)") })
      let windows = Dictionary(
        grouping: expected.rows.filter { $0.metric == "events" }, by: \.windowStart)
      #expect(windows.values.allSatisfy { $0.count <= 6 })
      for partitions in [3, 8] {
        let shuffled = history.shuffledWithinLateness(&generator)
        let other = try DriverRun(
          logs: shuffled.partitioned(partitions), snapshotShare: 0.3, restoreShare: 0.1
        ).run(plan, &generator)
        #expect(other.conflicts.isEmpty)
        #expect(comparable(other.rows) == comparable(expected.rows))
      }
    }
  }
}
