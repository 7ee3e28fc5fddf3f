import PipelineSpec
import StreamCore
import StreamTestKit

/// One way to run logs through a pipeline with alerts, to their end.
struct AlertRun {
  /// Most events in a batch.
  var batch = 20
  var snapshotShare = 0.2
  /// Probability of a new life after a batch: from a state saved just now, or some batches ago.
  var restoreShare = 0.0
  /// Values of thresholds.
  var thresholds: [ThresholdRow] = []

  /// Runs the logs, interleaved and in batches as `generator` says; the last driver has the final
  /// rows of all lives.
  func run(
    _ plan: PipelinePlan, _ logs: [[HistoryEvent]], _ generator: inout SeededGenerator
  ) throws -> PipelineDriver {
    let schedule = ThresholdSchedule(thresholds)
    var driver = try PipelineDriver(plan, partitions: logs.count, shards: 2)
    driver.thresholds = schedule
    var saved = driver.save()
    var earlier: [ResultTables] = []
    while true {
      let open = logs.indices.filter { driver.nextOffset($0) < logs[$0].count }
      if open.isEmpty { break }
      let partition = generator.pick(open)
      let next = Int(driver.nextOffset(partition))
      let end = min(next + Int(generator.whole(1...Int64(batch))), logs[partition].count)
      driver.push(
        logs[partition][next..<end].map { ($0.payload, $0.recordMs) }, to: partition)
      if generator.chance(snapshotShare) { driver.snapshot(provisional: generator.chance(0.5)) }
      if generator.chance(restoreShare) {
        if generator.chance(0.7) { saved = driver.save() }
        earlier.append(driver.tables.finals)
        driver = try PipelineDriver(plan, partitions: logs.count, shards: 2, from: saved)
        driver.thresholds = schedule
      }
    }
    driver.close()
    for finals in earlier { driver.adopt(finals) }
    return driver
  }
}

/// Everything that alerts did, as text: equal for equal results.
func alertDigest(_ driver: PipelineDriver) -> [String] {
  driver.alertTransitions.filter { $0.status == .final }.map { "\($0)" }
    + driver.alertRows.filter { $0.status == .final }.map { "\($0)" }
}
