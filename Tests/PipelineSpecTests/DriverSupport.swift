import PipelineSpec
import StreamCore
import StreamTestKit

/// A pipeline with every aggregate, and the same metrics as the oracle computes them.
enum OraclePipeline {
  static func text(keyed: Bool = true, more: String = "") -> String {
    """
    name: oracle
    zone: UTC
    source:
      format: custom
      keyed: \(keyed)
      fields: {name: event, user: user_id, time: timestamp, id: message_id}
    time: {lateness: 1m}
    metrics:
      events:  {count: true, every: 1m, by: [channel]}
      revenue: {sum: properties.total, every: 5m, by: [channel]}
      average: {avg: properties.total, every: 5m}
      least:   {min: properties.total, every: 5m}
      most:    {max: properties.total, every: 5m}
      latest:  {last: properties.total, every: 10m, by: [channel]}
      p90:     {p90: properties.total, every: 10m, where: 'event == "purchase"'}
      users:   {distinct: user, every: 5m, by: [city: properties.city]}
      cities:  {distinct: properties.city, every: 10m}
      sliding: {count: true, window: 10m, every: 2m, where: 'event == "purchase"'}
    \(more)
    """.replacing("[city: properties.city]", with: "[{city: properties.city}]")
  }

  static func plan(keyed: Bool = true, more: String = "") throws -> PipelinePlan {
    try Pipeline.parse(text: text(keyed: keyed, more: more), file: "oracle.yaml").plan
  }

  static let metrics: [MetricOracle] = {
    let channel: (name: String, value: @Sendable (OracleEvent) -> String?) = (
      "channel", { $0.channel }
    )
    let city: (name: String, value: @Sendable (OracleEvent) -> String?) = ("city", { $0.city })
    let minute: Int64 = 60_000
    let one = MetricOracle.windows(sizeMs: minute, everyMs: minute)
    let five = MetricOracle.windows(sizeMs: 5 * minute, everyMs: 5 * minute)
    let ten = MetricOracle.windows(sizeMs: 10 * minute, everyMs: 10 * minute)
    let isPurchase: @Sendable (OracleEvent) -> Bool = { $0.name == "purchase" }
    return [
      MetricOracle(name: "events", aggregate: .count, dimensions: [channel], windows: one),
      MetricOracle(name: "revenue", aggregate: .sum, dimensions: [channel], windows: five),
      MetricOracle(name: "average", aggregate: .avg, windows: five),
      MetricOracle(name: "least", aggregate: .min, windows: five),
      MetricOracle(name: "most", aggregate: .max, windows: five),
      MetricOracle(name: "latest", aggregate: .last, dimensions: [channel], windows: ten),
      MetricOracle(name: "p90", aggregate: .quantile(90), condition: isPurchase, windows: ten),
      MetricOracle(name: "users", aggregate: .distinctUsers, dimensions: [city], windows: five),
      MetricOracle(name: "cities", aggregate: .distinct { $0.city }, windows: ten),
      MetricOracle(
        name: "sliding", aggregate: .count, condition: isPurchase,
        windows: MetricOracle.windows(sizeMs: 10 * minute, everyMs: 2 * minute)),
    ]
  }()
}

/// One way to run a log through a driver.
struct DriverRun {
  var logs: [[HistoryEvent]]
  var usesRecordTimestamps = true
  /// Probability of a snapshot, of a save with restore, and of a lift, after each batch.
  var snapshotShare = 0.05
  var restoreShare = 0.0
  var liftShare = 0.0
  var marks: [ClockMark] = []
  /// Most events in a batch.
  var batch: Int64 = 150

  /// Runs the logs, interleaved and in batches as `generator` says, to the end: those of the first
  /// source, then of the next.
  func run(
    _ plan: PipelinePlan, _ generator: inout SeededGenerator, sources: Int = 1
  ) throws -> PipelineDriver {
    let partitions = logs.count / sources
    var saved: PipelineDriver.Saved?
    if !marks.isEmpty {
      var start = PipelineDriver.Saved()
      start.marks = marks
      saved = start
    }
    var driver = try PipelineDriver(plan, partitions: partitions, from: saved)
    var history: [ResultTables] = []
    var next = logs.map { _ in 0 }
    while let partition = pickOpen(next, &generator) {
      let end = min(next[partition] + Int(generator.whole(1...batch)), logs[partition].count)
      driver.push(
        logs[partition][next[partition]..<end].map {
          ($0.payload, usesRecordTimestamps ? $0.recordMs : nil)
        }, to: partition)
      next[partition] = end
      if generator.chance(liftShare) { lift(driver, next, &generator) }
      if generator.chance(snapshotShare) {
        driver.snapshot(provisional: generator.chance(0.5))
      }
      if generator.chance(restoreShare) {
        let state = driver.save()
        history.append(driver.tables.finals)
        driver = try PipelineDriver(plan, partitions: partitions, from: state)
      }
    }
    driver.close()
    for finals in history { driver.adopt(finals) }
    return driver
  }

  private func pickOpen(_ next: [Int], _ generator: inout SeededGenerator) -> Int? {
    let open = logs.indices.filter { next[$0] < logs[$0].count }
    return open.isEmpty ? nil : generator.pick(open)
  }

  /// Takes a partition as idle: its clock goes to that of the one furthest behind of the others.
  private func lift(
    _ driver: PipelineDriver, _ next: [Int], _ generator: inout SeededGenerator
  ) {
    let index = Int(generator.whole(0...Int64(logs.count - 1)))
    let others = logs.indices.filter { $0 != index }.compactMap { driver.clock($0) }
    if let least = others.min() { driver.lift(index, to: least) }
  }
}

/// Rows without what may differ between right runs.
func comparable(_ rows: [MetricRow]) -> [String] {
  rows.map {
    "\($0.metric) \($0.windowStart.ms) \($0.windowEnd.ms) \($0.dimensions) "
      + "\($0.valueExact ?? "\($0.value)") \($0.samples) \($0.approximate) \($0.status)"
  }
}
