import PipelineSpec
import StreamCore
import StreamTestKit

/// The rows of a run to the end of its logs, of all lives of its driver.
struct UserRows {
  var metrics: [MetricRow] = []
  var funnels: [FunnelRow] = []
  var retention: [RetentionRow] = []
  var sessions: [SessionRow] = []
  /// Clock marks of idle partitions.
  var marks: [ClockMark] = []
  /// Final rows that another life had with other values, and whatever the drivers found.
  var faults: [String] = []

  init() {}

  /// The rows of a driver; those that are not final are left out unless this is the end.
  init(_ driver: PipelineDriver, isEnd: Bool) {
    metrics = driver.rows.filter { isEnd || $0.status == .final }
    funnels = driver.funnelRows.filter { isEnd || $0.status == .final }
    retention = driver.retentionRows.filter { isEnd || $0.status == .final }
    sessions = driver.sessionRows.filter { isEnd || $0.status == .final }
    marks = driver.marks.filter { $0.kind == .idle }
    faults = driver.conflicts.map { "conflict: \($0)" }
  }

  /// Adds the final rows of an earlier life: a later one may have them again, unchanged.
  mutating func add(_ earlier: UserRows) {
    faults += earlier.faults
    faults += Self.merge(&metrics, earlier.metrics) {
      "\($0.metric) \($0.windowStart.ms) \($0.dimensions)"
    }
    faults += Self.merge(&funnels, earlier.funnels) {
      "\($0.funnel) \($0.entryStart.ms) \($0.dimensions) \($0.step)"
    }
    faults += Self.merge(&retention, earlier.retention) {
      "\($0.retention) \($0.cohort) \($0.period) \($0.dimensions)"
    }
    faults += Self.merge(&sessions, earlier.sessions) {
      "\($0.session) \($0.dayStart.ms) \($0.dimensions)"
    }
  }

  private static func merge<R: Equatable>(
    _ rows: inout [R], _ earlier: [R], key: (R) -> String
  ) -> [String] {
    var faults: [String] = []
    let held = Dictionary(rows.map { (key($0), $0) }, uniquingKeysWith: { first, _ in first })
    for row in earlier {
      if let other = held[key(row)] {
        if other != row { faults.append("final row changed: \(row) to \(other)") }
      } else {
        rows.append(row)
      }
    }
    return faults
  }

  /// All rows as sorted text: equal for equal results.
  var digest: [String] {
    (comparable(metrics) + funnels.map { "\($0)" } + retention.map { "\($0)" }
      + sessions.map { "\($0)" }).sorted()
  }
}

/// One way to run logs.
struct UserRun {
  /// Most events in a batch.
  var batch = 20
  var snapshotShare = 0.1
  var restoreShare = 0.0
  /// Probability that a partition is taken as idle after a batch.
  var liftShare = 0.0
  /// Marks to begin with.
  var marks: [ClockMark] = []
  var sources = ["events"]

  /// Ways to run that do the same after each event.
  var simplest: [UserRun] {
    [(0.0, 0.0), (1, 0), (0, 1)].map {
      UserRun(batch: 1, snapshotShare: $0.0, restoreShare: $0.1, sources: sources)
    }
  }

  /// Runs the logs of partitions, all of the first source, then all of the next, interleaved and in
  /// batches as `generator` says, to the end.
  func rows(
    _ plan: PipelinePlan, _ logs: [[HistoryEvent]], _ generator: inout SeededGenerator
  ) throws -> UserRows {
    let partitions = logs.count / sources.count
    var start = PipelineDriver.Saved()
    start.marks = marks
    var driver = try PipelineDriver(
      plan, partitions: partitions, shards: 2, from: marks.isEmpty ? nil : start)
    var earlier: [UserRows] = []
    var next = logs.map { _ in 0 }
    while true {
      let open = logs.indices.filter { next[$0] < logs[$0].count }
      if open.isEmpty { break }
      let partition = generator.pick(open)
      let count = Int(generator.whole(1...Int64(batch)))
      let end = min(next[partition] + count, logs[partition].count)
      driver.push(
        logs[partition][next[partition]..<end].map { ($0.payload, $0.recordMs) }, to: partition)
      next[partition] = end
      if generator.chance(liftShare) {
        let clocks = logs.indices.compactMap { driver.clock($0) }
        if clocks.count == logs.count, let greatest = clocks.max() {
          driver.lift(generator.below(logs.count), to: greatest)
        }
      }
      if generator.chance(snapshotShare) { driver.snapshot(provisional: generator.chance(0.5)) }
      if generator.chance(restoreShare) {
        let saved = driver.save()
        earlier.append(UserRows(driver, isEnd: false))
        driver = try PipelineDriver(plan, partitions: partitions, shards: 2, from: saved)
      }
    }
    driver.close()
    var rows = UserRows(driver, isEnd: true)
    for life in earlier { rows.add(life) }
    return rows
  }
}
