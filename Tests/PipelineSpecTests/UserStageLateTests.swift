import PipelineSpec
import StreamCore
import Testing

/// Events that are too late to be put in order, and what a restart must not forget: the same
/// however often snapshots are taken.
@Suite struct UserStageLateTests {
  /// A driver's rows after these events, with a snapshot after each that `snapshots` names and,
  /// with `restarts`, a new driver there.
  private func run(
    _ text: String, _ events: [String], snapshots: Set<Int>, restarts: Bool = false
  ) throws -> PipelineDriver {
    let plan = try Pipeline.parse(text: text, file: "late.yaml", environment: [:]).plan
    var driver = try PipelineDriver(plan)
    for (index, event) in events.enumerated() {
      driver.push(event)
      guard snapshots.contains(index) else { continue }
      driver.snapshot()
      if restarts { driver = try PipelineDriver(plan, from: driver.save()) }
    }
    driver.close()
    return driver
  }

  private func event(
    _ time: String, _ user: String, _ name: String, channel: String = "web"
  ) -> String {
    """
    {"timestamp": "2026-03-02T\(time)Z", "user_id": "\(user)", "event": "\(name)", \
    "channel": "\(channel)"}
    """
  }

  /// The log: an event that only the patient metric takes, and one that reads what is known.
  private var stragglers: [String] {
    [
      event("09:50:00", "ann", "view"), event("10:00:00", "bob", "view"),
      event("09:30:00", "ann", "purchase"), event("10:00:30", "ann", "view"),
      event("10:00:40", "ann", "cart"),
    ]
  }

  private func text(keyed: Bool, patient: String = "true", others: Bool = true) -> String {
    """
    name: late
    source:
      format: custom
      keyed: \(keyed)
      fields: {name: event, user: user_id, time: timestamp}
    time: {lateness: 1m}
    users:
      orders: {count: 'event == "purchase"'}
    metrics:
      patient: {count: true, every: 1h, lateness: 2h, where: '\(patient)'}
      buyers: {count: true, every: 1h, by: [{orders: users.orders}], where: '\(patient)'}
    funnels:
      sale: {steps: [view, cart], within: 1d}
    \(!others ? "" : """
      bought: {steps: [purchase, cart], within: 1d}
      orders: {steps: [purchase, cart], within: 1d, per: user}
    """)
    """
  }

  @Test(arguments: [true, false])
  func `A trait misses what is too late to be put in order, also what no stage would take`(
    keyed: Bool
  ) throws {
    let text = text(keyed: keyed, patient: "event != \"purchase\"", others: false)
    let straight = try run(text, stragglers, snapshots: [])
    let cut = try run(text, stragglers, snapshots: [0, 1, 2, 3])
    #expect(cut.rows == straight.rows)
    let buyers = straight.rows.filter { $0.metric == "buyers" }
    #expect(buyers.count == 2)
    #expect(buyers.allSatisfy { $0.dimensions == #"{"orders":0}"# })
  }

  @Test(arguments: [true, false])
  func `What is too late to be put in order is missed and counted, whenever snapshots are taken`(
    keyed: Bool
  ) throws {
    let straight = try run(text(keyed: keyed), stragglers, snapshots: [])
    let cut = try run(text(keyed: keyed), stragglers, snapshots: [0, 1, 2, 3])
    let restarted = try run(
      text(keyed: keyed), stragglers, snapshots: [0, 1, 2, 3], restarts: true)
    for other in [cut, restarted] {
      #expect(other.rows == straight.rows)
      #expect(other.funnelRows == straight.funnelRows)
      #expect(other.counts == straight.counts)
    }
    let buyers = straight.rows.filter { $0.metric == "buyers" }
    #expect(buyers.map(\.dimensions).allSatisfy { $0 == #"{"orders":0}"# })
    #expect(straight.rows.filter { $0.metric == "patient" }.reduce(0) { $0 + $1.value } == 5)
    #expect(straight.funnelRows.allSatisfy { $0.funnel == "sale" })
    let late = Dictionary(uniqueKeysWithValues: straight.counts.map { ($0.name, $0.late) })
    #expect(late == ["patient": 0, "buyers": 1, "sale": 0, "bought": 1, "orders": 1])
  }

  @Test(arguments: ["web", "app", "shop", "tv", "mini"], ["web", "app", "shop", "tv", "mini"])
  func `A user who leaves a series that is folded leaves it whole, also after a restart`(
    from: String, to: String
  ) throws {
    let text = """
      name: folds
      source:
        format: custom
        fields: {name: event, user: user_id, time: timestamp}
      time: {lateness: 1m}
      funnels:
        sale: {steps: [view, cart, paid], within: 1d, by: [channel], max_series: 1}
      """
    let events = [
      event("09:00:00", "ann", "view", channel: from),
      event("09:00:00", "bob", "view", channel: from),
      event("09:00:00", "cid", "view", channel: to), event("09:01:00", "ann", "cart"),
      event("09:10:00", "bob", "cart"), event("09:30:00", "cid", "search"),
      event("09:40:00", "ann", "view", channel: to), event("09:41:00", "ann", "cart"),
      event("09:42:00", "ann", "paid"),
    ]
    let straight = try run(text, events, snapshots: [])
    let restarted = try run(text, events, snapshots: [5], restarts: true)
    #expect(restarted.funnelRows == straight.funnelRows)
    #expect(restarted.conflicts.isEmpty)
  }
}
