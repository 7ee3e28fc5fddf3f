import PipelineSpec
import StreamCore
import StreamTestKit

/// One way to run logs through risk rules.
struct RiskRun {
  /// Most events in a batch.
  var batch = 20
  var snapshotShare = 0.1
  var restoreShare = 0.0
  /// Probability that a restore goes back to an earlier save, from which events are read again.
  var isBehind = false
  var sources = ["events"]

  /// Runs the logs of partitions to the end, interleaved and in batches as `generator` says. People
  /// set thresholds while it runs, each row at the last moment.
  func tables(
    _ rules: RiskRules, _ plan: PipelinePlan, _ logs: [[HistoryEvent]],
    _ generator: inout SeededGenerator
  ) throws -> (tables: ResultTables, conflicts: [String]) {
    let partitions = logs.count / sources.count
    var driver = try PipelineDriver(plan, partitions: partitions, shards: 2)
    var conflicts: [String] = []
    var next = logs.map { _ in 0 }
    var saves: [(saved: PipelineDriver.Saved, next: [Int])] = []
    while let partition = open(logs, next, &generator) {
      let count = Int(generator.whole(1...Int64(batch)))
      let end = min(next[partition] + count, logs[partition].count)
      // What is read next may bring the clock past the instants of rows that nobody knows yet.
      set(rules, logs, next, upTo: (partition, end), driver)
      driver.push(
        logs[partition][next[partition]..<end].map { ($0.payload, $0.recordMs) }, to: partition)
      next[partition] = end
      if generator.chance(snapshotShare) { driver.snapshot(provisional: generator.chance(0.5)) }
      if generator.chance(restoreShare) {
        saves.append((driver.save(), next))
        let chosen = isBehind ? generator.pick(saves) : saves[saves.count - 1]
        conflicts += driver.conflicts
        let stored = driver.tables
        driver = try PipelineDriver(
          plan, partitions: partitions, shards: 2, from: chosen.saved)
        driver.adopt(stored)
        if isBehind {
          // Nobody is told anything before the rows that are stored are reached.
          for index in logs.indices {
            set(rules, logs, next, upTo: (index, next[index]), driver)
            driver.push(
              logs[index][chosen.next[index]..<next[index]].map { ($0.payload, $0.recordMs) },
              to: index)
          }
        }
      }
    }
    driver.set(ThresholdSchedule(rules.rows))
    driver.close()
    return (driver.tables, conflicts + driver.conflicts)
  }

  private func open(
    _ logs: [[HistoryEvent]], _ next: [Int], _ generator: inout SeededGenerator
  ) -> Int? {
    let open = logs.indices.filter { next[$0] < logs[$0].count }
    return open.isEmpty ? nil : generator.pick(open)
  }

  /// Makes the rows known that hold before the greatest time read when a batch is read.
  private func set(
    _ rules: RiskRules, _ logs: [[HistoryEvent]], _ next: [Int], upTo batch: (Int, Int),
    _ driver: PipelineDriver
  ) {
    if rules.rows.isEmpty { return }
    var greatest = Int64.min
    for (index, log) in logs.enumerated() {
      for event in log[..<(index == batch.0 ? batch.1 : next[index])] {
        greatest = max(greatest, event.timeMs)
      }
    }
    driver.set(ThresholdSchedule(rules.rows.filter { $0.effective.ms < greatest }))
  }

  /// Everything that announcements on arrival break of their rules.
  static func announcementFaults(_ tables: ResultTables) -> [String] {
    var faults: [String] = []
    let rows = tables.rows.findings
    let transitions = tables.findingTransitions
    let kinds = Dictionary(grouping: transitions, by: \.findingID).mapValues { $0.map(\.kind) }
    for row in rows {
      let own = kinds[row.findingID] ?? []
      let settled = own.filter { $0 == .confirmed || $0 == .moved }.count
      let closed = own.filter { $0 == .closed }.count
      switch row.status {
      case .provisional: faults.append("never settled: \(row)")
      case .final:
        if settled != 1 { faults.append("settled \(settled) times: \(row)") }
        if closed != (row.closed == nil ? 0 : 1) { faults.append("closed \(closed) times: \(row)") }
        if own.contains(.moved) != (row.announcedAs != nil) {
          faults.append("moved from nowhere: \(row)")
        }
        if own.contains(.withdrawn) { faults.append("withdrawn and settled: \(row)") }
      case .withdrawn:
        if own != [.opened, .withdrawn] { faults.append("withdrawn as \(own): \(row)") }
      }
    }
    let ids = Set(rows.map(\.findingID))
    let announced = rows.compactMap(\.announcedAs)
    if Set(announced).count != announced.count { faults.append("announced twice: \(announced)") }
    for (id, own) in kinds where own.contains(.opened) && !ids.contains(id) {
      if !announced.contains(id) { faults.append("announced and lost: \(id) \(own)") }
    }
    for transition in transitions where transitions.filter({ $0 == transition }).count > 1 {
      faults.append("twice: \(transition)")
    }
    return faults
  }
}
