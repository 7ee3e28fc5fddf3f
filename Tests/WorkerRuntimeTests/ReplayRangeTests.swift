import Foundation
import PipelineSpec
import SnapshotStore
import StreamCore
import StreamTestKit
import Testing

@testable import WorkerRuntime

/// A finite log held in memory, with timestamps as Kafka has them.
private final class MemoryLog: RecordReader {
  let format = PayloadFormat.json
  private(set) var nextOffset: Int64 = 0
  private let records: [HistoryEvent]

  init(_ records: [HistoryEvent]) { self.records = records }

  func nextBatch(
    max: Int, _ handle: (UnsafeBufferPointer<RawMessage>) throws -> Void
  ) throws -> Int {
    let from = Int(nextOffset)
    let count = min(max, 50, records.count - from)
    guard count > 0 else { return 0 }
    var messages: [RawMessage] = []
    var buffers: [UnsafeMutablePointer<UInt8>] = []
    defer { for buffer in buffers { buffer.deallocate() } }
    for index in from..<(from + count) {
      let payload = records[index].payload
      let buffer = UnsafeMutablePointer<UInt8>.allocate(capacity: payload.count + 64)
      buffer.initialize(repeating: 0, count: payload.count + 64)
      buffer.update(from: payload, count: payload.count)
      buffers.append(buffer)
      messages.append(
        RawMessage(
          payload: buffer, payloadCount: Int32(payload.count), offset: Int64(index),
          timestampMs: records[index].recordMs))
    }
    nextOffset += Int64(count)
    try messages.withUnsafeBufferPointer { try handle($0) }
    return count
  }
}

/// Parts of history against the whole.
@Suite(.serialized) struct ReplayRangeTests {
  private static let maxAheadMs: Int64 = 2 * 3_600_000

  private static func pipeline() throws -> Pipeline {
    try Pipeline.parse(
      text: """
        name: parts
        zone: Asia/Shanghai
        source:
          format: custom
          fields: {name: event, user: user_id, time: timestamp, id: message_id}
        time: {lateness: 1m, max_ahead: 2h, max_drift: 10m}
        snapshot_every: 100ms
        users:
          first_channel: {first: channel}
        metrics:
          events: {count: true, every: 10m, by: [channel]}
          revenue: {sum: properties.total, every: 1h}
          sales: {count: true, every: 1h, where: 'event == "purchase"'}
          mean_sale: {formula: revenue / sales}
          late_ones: {count: true, every: 10m, lateness: 5m}
          users: {distinct: user, every: 1d}
          users_2h: {distinct: user, window: 2h, every: 1h}
          latest: {last: properties.total, every: 30m, carry: 3h}
          by_first: {count: true, every: 1h, by: [users.first_channel]}
        funnels:
          checkout: {steps: [product_view, add_to_cart, purchase], within: 2h, entered: 1h}
          of_first: {steps: [product_view, purchase], within: 1h, by: [users.first_channel]}
        retention:
          again: {unit: day, periods: 2, mode: recurring}
          ever: {unit: day, periods: 2}
        sessions:
          stays: {gap: 10m, max: 2h}
        lifecycle:
          growth: {unit: day}
        alerts:
          low: {watch: sales, when: value < 0.8 * mean(4)}
          calm: {watch: events, when: value < previous(1), for: 2}
        risks:
          rush: {entity: user, within: 20m, when: count() >= 4}
          left: {entity: user, sequence: [add_to_cart], absent: purchase, within: 30m}
        """, file: "parts.yaml")
  }

  private static func history(_ seed: UInt64) -> EventHistory {
    EventHistory(
      seed: seed,
      options: .with {
        $0.events = 1_500
        $0.users = 25
        $0.spanMs = 3 * 86_400_000
        $0.lateShare = 0.03
        $0.fastShare = 0.03
        $0.malformedShare = 0.01
        $0.maxAheadMs = maxAheadMs
      })
  }

  private static func run(
    _ logs: [[HistoryEvent]], _ replay: ReplayPlan?, data: String, lanes: Int
  ) throws -> RunSummary {
    var options = WorkerOptions(dataPath: data, lanes: lanes)
    options.replay = replay
    let finite = logs.enumerated().map { number, log in
      FiniteLog(
        id: PartitionID(topic: "t", partition: Int32(number)), sourceIndex: 0,
        reader: MemoryLog(log))
    }
    return try Worker(pipeline: pipeline(), input: .logs(finite), options: options).run()
  }

  /// A plan that begins where the broker's look-up by time would.
  private static func plan(
    _ logs: [[HistoryEvent]], from: EventTime, backMs: Int64, until: EventTime?
  ) -> ReplayPlan {
    var plan = ReplayPlan()
    plan.from = from
    plan.eventsFrom = EventTime(ms: from.ms - backMs)
    plan.until = until
    plan.closesAtEnd = until == nil
    for (number, log) in logs.enumerated() {
      let record = plan.eventsFrom.ms - maxAheadMs
      let start = log.firstIndex { $0.recordMs >= record } ?? log.count
      plan.starts[PartitionID(topic: "t", partition: Int32(number))] = Int64(start)
    }
    return plan
  }

  /// The number after `name=` in the text of a row.
  private static func number(_ name: String, _ text: String?) -> Int64? {
    text?.split(separator: " ").first { $0.hasPrefix(name + "=") }
      .flatMap { Int64($0.dropFirst(name.count + 1)) }
  }

  private static func word(_ name: String, _ text: String) -> String {
    text.split(separator: " ").first { $0.hasPrefix(name + "=") }
      .map { String($0.dropFirst(name.count + 1)) } ?? ""
  }

  /// Whether a row that only the whole has may be missing from the part.
  private static func mayMiss(
    _ row: Difference, _ scope: ReportScope, _ begins: [String: (String, EventTime)]
  ) throws -> Bool {
    let until = scope.until?.ms ?? Int64.max
    let from = { (kind: StageName.Kind, name: String) in
      scope.completeFrom[StageName(kind, name)]?.ms ?? Int64.min
    }
    let start: Int64?
    let end: Int64?
    let first: Int64
    switch row.table {
    case "metrics":
      let name = word("metric", row.key)
      let isLifecycle = name.hasPrefix("growth.")
      first = isLifecycle ? from(.lifecycle, "growth") : from(.metrics, name)
      (start, end) = (number("window_start_ms", row.key), number("window_end_ms", row.a))
    case "funnels":
      first = from(.funnels, word("funnel", row.key))
      (start, end) = (number("entry_start_ms", row.key), number("entry_end_ms", row.a))
      // Final only when the time to come through has passed too.
      if let end, end + 2 * 3_600_000 > until { return true }
    case "retention":
      first = from(.retention, word("retention", row.key))
      let day = Instants.parse(word("cohort", row.key), zone: try pipeline().plan.zone)
      (start, end) = (day?.ms, number("unit_end_ms", row.a))
    case "sessions":
      first = from(.sessions, word("session", row.key))
      (start, end) = (number("day_start_ms", row.key), number("day_end_ms", row.a))
      if let end, end + 2 * 3_600_000 > until { return true }
    case "findings":
      first = from(.risks, word("rule", row.a ?? ""))
      (start, end) = (number("opened_ms", row.a), number("opened_ms", row.a).map { $0 + 1 })
    default:
      let begin = begins[word("alert_id", row.key)]
      first = from(.alerts, begin?.0 ?? "")
      (start, end) = (begin?.1.ms, number("window_end_ms", row.a))
    }
    guard let start, let end else { return false }
    return start < first || end > until
  }

  /// Whether it is a finding that the whole saw end after `until`.
  private static func isOpen(_ row: Difference, _ until: EventTime?) -> Bool {
    guard row.table == "findings", let until, let closed = number("closed_ms", row.a) else {
      return false
    }
    return closed >= until.ms
      && row.a?.replacing("closed_ms=\(closed)", with: "closed_ms=null") == row.b
  }

  @Test func `What a part of history reports is what the whole does, and nothing of it is missing`()
    throws
  {
    let look = try Self.pipeline().plan.longestLookBackMs
    try withSeeds(1...12) { seed, generator in
      let folder = try WorkerFolder()
      let history = Self.history(seed)
      let logs = history.partitioned(3)
      let whole = folder.file("whole.sqlite")
      _ = try Self.run(logs, nil, data: whole, lanes: 2)
      let reader = try ResultsReader.open(path: whole)
      defer { reader.close() }
      var begins: [String: (String, EventTime)] = [:]
      var query = AlertQuery()
      query.limit = 1_000_000
      for alert in try reader.alerts(query) {
        begins[alert.alert.alertID] = (alert.alert.rule, alert.alert.windowStart)
      }
      for part in 0..<3 {
        let startMs = history.options.startMs
        let from = EventTime(ms: startMs + generator.whole(0...(2 * 86_400_000)))
        let until =
          generator.chance(0.7)
          ? EventTime(ms: from.ms + generator.whole(1...(30 * 3_600_000))) : nil
        let backMs = generator.chance(0.6) ? look : generator.whole(0...look)
        let plan = Self.plan(logs, from: from, backMs: backMs, until: until)
        let data = folder.file("part-\(part).sqlite")
        let summary = try Self.run(logs, plan, data: data, lanes: generator.pick([1, 2]))
        let report = try ResultsDigest.diff(whole, data, limit: 1_000_000)
        let wrong = report.differences.filter { $0.kind != .onlyInA && !Self.isOpen($0, until) }
        #expect(wrong.isEmpty, "\(wrong.prefix(3))")
        let missing = try report.differences.filter {
          try $0.kind == .onlyInA && !Self.mayMiss($0, summary.scope, begins)
        }
        #expect(missing.isEmpty, "\(missing.count): \(missing.prefix(3)) \(summary.scope)")
        #expect(try ResultsDigest.verify(path: data).isSound)
      }
    }
  }
}
