import PipelineSpec
import StreamCore
import StreamTestKit
import Testing

/// What the histories of `UserStageOracleTests` seldom or never meet.
@Suite struct UserStageRulesTests {
  @Test func `Traits and stages forget after 400 days without an event`() throws {
    try withManySeeds(60) { seed, generator in
      let options = EventHistory.Options.with {
        $0.events = Int(generator.whole(3...25))
        $0.users = 2
        $0.orders = 2
        $0.spanMs = 86_400_000 * generator.pick([1200, 4000])
        $0.startMs = 946_684_800_000
        $0.latenessMs = 86_400_000
        $0.anonymousShare = 0
        $0.names = StageCondition.names
        $0.channels = StageCondition.channels
        $0.cities = StageCondition.cities
      }
      var stages = try UserStages.random(options, zone: "UTC", &generator)
      guard stages.hasTraits else { return true }
      stages.lifecycles = []
      let logs = EventHistory(seed: seed, options: options).partitioned(2)
      return try UserStageOracleTests.holds(
        UserRun(restoreShare: generator.pick([0, 0.2])), stages, logs, &generator)
    }
  }

  @Test func `Idle partitions that come back are late, here and wherever the marks are applied`()
    throws
  {
    var late = 0
    try withManySeeds(40) { seed, generator in
      let (history, stages) = try UserStageOracleTests.make(seed, &generator)
      let isKeyed = generator.chance(0.5)
      let plan = try stages.plan(keyed: isKeyed)
      let logs = history.partitioned(3)
      var run = UserRun(snapshotShare: 0.3, restoreShare: 0.1, liftShare: 0.3)
      let live = try run.rows(plan, logs, &generator)
      run.liftShare = 0
      run.marks = live.marks
      let again = try run.rows(plan, logs, &generator)
      run.marks = []
      let unmarked = try run.rows(plan, logs, &generator)
      late += unmarked.digest == live.digest ? 0 : 1
      guard live.faults.isEmpty, again.faults.isEmpty, again.digest == live.digest else {
        let differences = Set(again.digest).symmetricDifference(live.digest).sorted()
        Issue.record(
          "keyed \(isKeyed)\n\(stages.text)\n\(live.faults + again.faults + differences.prefix(5))")
        return false
      }
      return true
    }
    #expect(late > 0)
  }

  @Test func `Series beyond max_series fold, the same in any order, and nothing is lost`() throws {
    var folded = 0
    try withManySeeds(60) { seed, generator in
      let (history, stages) = try UserStageOracleTests.make(seed, &generator, isTotal: true)
      var limited = stages
      for index in limited.funnels.indices { limited.funnels[index].plan.maxSeries = 2 }
      for index in limited.retentions.indices { limited.retentions[index].plan.maxSeries = 2 }
      for index in limited.sessions.indices { limited.sessions[index].plan.maxSeries = 2 }
      for index in limited.lifecycles.indices { limited.lifecycles[index].plan.maxSeries = 2 }
      let plan = try limited.plan()
      let log = [history.events]
      let all = try UserRun(batch: 1000, snapshotShare: 0).rows(stages.plan(), log, &generator)
      let rows = try UserRun(batch: 1000, snapshotShare: 0).rows(plan, log, &generator)
      let shuffled = history.shuffledWithinLateness(&generator).partitioned(3)
      let other = try UserRun(snapshotShare: 0.3, restoreShare: 0.1).rows(
        plan, shuffled, &generator)
      folded += rows.digest.contains { $0.contains("(other)") } ? 1 : 0
      let differences = Set(other.digest).symmetricDifference(rows.digest).sorted()
      let negative = rows.metrics.filter { $0.value < 0 }
      guard differences.isEmpty, negative.isEmpty, rows.totals == all.totals, other.faults.isEmpty
      else {
        let lost = rows.totals.filter { all.totals[$0.key] != $0.value }
        Issue.record(
          """
          \(stages.text)
          \(differences.prefix(4).joined(separator: "\n"))
          negative: \(negative.prefix(3))
          lost: \(lost.sorted { $0.key < $1.key }.prefix(3)) \(other.faults.prefix(3))
          """)
        return false
      }
      return true
    }
    #expect(folded > 10)
  }

  @Test func `Of more than 100 names of entry events the most frequent are told`() throws {
    var stages = UserStages()
    stages.sessions = [
      .init(
        plan: SessionPlan(name: "visits", gapMs: 1000),
        oracle: SessionOracle(name: "visits", gapMs: 1000), text: "visits: {gap: 1s}")
    ]
    try withManySeeds(3) { seed, generator in
      let history = EventHistory(
        seed: seed,
        options: .with {
          $0.events = 600
          $0.spanMs = 80_000_000
          $0.names = (0..<150).map { "name-\($0)" } + ["a", "a\"b", "é", "Ω"]
          $0.latenessMs = 60_000
        })
      return try UserStageOracleTests.holds(
        UserRun(batch: 300), stages, history.partitioned(3), &generator)
    }
  }
}

extension UserRows {
  /// Numbers that add up, summed over series.
  fileprivate var totals: [String: Int64] {
    var totals: [String: Int64] = [:]
    for row in funnels {
      totals["\(row.funnel) \(row.entryStart.ms) \(row.step)", default: 0] += row.users
    }
    for row in retention {
      totals["\(row.retention) \(row.cohort) \(row.period)", default: 0] += row.users
    }
    for row in sessions {
      totals["\(row.session) \(row.day)", default: 0] += row.events
      totals["\(row.session) \(row.day) sessions", default: 0] += row.sessions
    }
    for row in metrics where !row.metric.hasSuffix("stickiness") {
      totals["\(row.metric) \(row.windowStart.ms)", default: 0] += Int64(row.value)
    }
    return totals
  }
}
