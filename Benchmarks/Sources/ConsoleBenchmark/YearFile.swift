import Foundation
import PipelineSpec
import SnapshotStore
import StreamCore

/// A results file of a year of a shop with a million users: what its console has to read.
///
/// Nothing of it comes from events, so it is made in seconds; its rows are those that a worker
/// would have written: as many, as long, with the same keys.
struct YearFile {
  static let hour: Int64 = 3_600_000
  static let day = 24 * hour
  static let days: Int64 = 365
  static let channels = ["app", "livestream", "mini_program", "store", "web"]

  let path: String
  /// The whole hour at which the year ends.
  let end: Int64
  private let file: ResultsFile
  private var rows = ResultRows()
  private var read: Int64 = 0
  private var random = SplitMix(state: 7)

  private init(path: String, pipeline: Pipeline, endMs: Int64) throws {
    self.path = path
    end = endMs / Self.hour * Self.hour
    let plan = pipeline.plan
    file = try ResultsFile.open(
      path: path,
      identity: PipelineIdentity(
        name: plan.name, definition: plan.definition, tzdataVersion: plan.tzdataVersion,
        weirVersion: "benchmark"))
  }

  /// Makes one at `path`, whose year ends at `endMs`; gives how many rows it has.
  static func make(path: String, pipeline: Pipeline, endMs: Int64) throws -> Int {
    var year = try YearFile(path: path, pipeline: pipeline, endMs: endMs)
    defer { try? year.file.close() }
    var count = 0
    for day in 0..<days {
      year.addDay(year.end - (days - day) * Self.day, age: days - day)
      if day % 30 == 29 || day == days - 1 {
        year.addFacts(pipeline, isFirst: day < 30)
        count += year.rows.count + year.rows.alerts.count + year.rows.findings.count
        try year.commit(year.end - (days - day - 1) * Self.day, pipeline, isFirst: day < 30)
      }
    }
    for second in 0..<20_000 {
      var change = SnapshotChange(taken: WallTime(ms: year.end + Int64(second)))
      change.watermark = EventTime(ms: year.end)
      change.partitions = year.progress(year.end)
      _ = try year.file.commit(change, durable: false)
    }
    return count
  }

  private mutating func commit(_ time: Int64, _ pipeline: Pipeline, isFirst: Bool) throws {
    var change = SnapshotChange(taken: WallTime(ms: time))
    change.watermark = EventTime(ms: time)
    change.partitions = progress(time)
    if isFirst {
      change.rules = YearRules.rows
      change.kpiTree = YearRules.kpis
      change.thresholds = ThresholdDesk.fileRows(
        rules: YearRules.rows, rows: [], clock: nil, now: WallTime(ms: time))
      change.rejected = samples("no-time")
      change.late = samples("late")
    }
    change.messages = rows.alerts.map { alert in
      OutboxMessage(
        messageID: alert.alertID, sink: "ops", event: "firing", subjectID: alert.alertID,
        rule: alert.rule, payload: String(repeating: "x", count: 400), decided: alert.opened,
        decidedWall: WallTime(ms: time), state: .delivered, nextAttemptWall: WallTime(ms: time))
    }
    change.rows = rows
    _ = try file.commit(change, durable: false)
    rows = ResultRows()
  }

  private func progress(_ time: Int64) -> [PartitionProgress] {
    (0..<16).map { partition in
      var fates = FateCounts()
      fates.read = read + Int64(partition)
      fates.applied = fates.read
      return PartitionProgress(
        id: PartitionID(topic: "shop.events", partition: Int32(partition)),
        nextOffset: fates.read, clock: EventTime(ms: time), fates: fates, idle: false)
    }
  }

  private func samples(_ reason: String) -> [EventSample] {
    (0..<1_000).map { number in
      EventSample(
        id: PartitionID(topic: "shop.events", partition: Int32(number % 16)),
        offset: Int64(number), reason: reason, detail: "field time", eventTime: nil,
        watermark: nil, payload: #"{"event":"open","user_id":"u\#(number)"}"#)
    }
  }

  // MARK: A day

  private mutating func addDay(_ start: Int64, age: Int64) {
    for hour in 0..<24 {
      let window = start + Int64(hour) * Self.hour
      for channel in Self.channels { addHour(window, channel) }
    }
    for channel in Self.channels {
      let users = wave(start, 200_000)
      addMetric("daily_users", start, Self.day, channel, users, samples: 2_000_000)
      addMetric("buyers", start, Self.day, channel, (users / 25).rounded(), samples: 10_000)
      addFunnel(start, channel)
      addSessions(start, channel)
    }
    // Single minutes are kept for a week.
    if age <= 7 {
      for minute in 0..<1_440 {
        for channel in Self.channels {
          let window = start + Int64(minute) * 60_000
          let attempts = wave(window, 400)
          addMetric("attempts", window, 60_000, channel, attempts, samples: Int64(attempts))
          addMetric(
            "error_rate", window, 60_000, channel, wave(window, 30) / 1_000,
            samples: Int64(attempts))
        }
      }
    }
    for kpi in YearRules.kpis { addKPI(kpi, start, age) }
    if (start / Self.day) % 7 == 0 { addCohort(start, weeks: age / 7) }
    read += 50_000_000 / 16
  }

  private mutating func addHour(_ start: Int64, _ channel: String) {
    let events = wave(start, 400_000)
    addMetric("events", start, Self.hour, channel, events, samples: Int64(events))
    addMetric(
      "active_users", start, Self.hour, channel, (events / 9).rounded(), samples: Int64(events))
    let orders = (events / 90).rounded()
    addMetric("orders", start, Self.hour, channel, orders, samples: Int64(orders))
    addMetric("revenue", start, Self.hour, channel, orders * 187.25, samples: Int64(orders))
    addMetric("order_value", start, Self.hour, channel, 187.25, samples: Int64(orders))
    addMetric("payments", start, Self.hour, channel, orders * 2, samples: Int64(orders))
    addMetric("refunds", start, Self.hour, channel, (orders / 50).rounded(), samples: 10)
    addMetric("views", start, Self.hour, channel, events * 0.6, samples: Int64(events))
  }

  private mutating func addMetric(
    _ name: String, _ start: Int64, _ length: Int64, _ channel: String, _ value: Double,
    samples: Int64
  ) {
    let isLast = start + length >= end
    rows.metrics.append(
      MetricRow(
        metric: name, windowStart: EventTime(ms: start), windowEnd: EventTime(ms: start + length),
        dimensions: "{\"channel\":\"\(channel)\"}", value: value, valueExact: "\(value)",
        samples: samples, approximate: false, status: isLast ? .provisional : .final))
  }

  private mutating func addFunnel(_ start: Int64, _ channel: String) {
    let steps = ["product_view", "add_to_cart", "payment_details", "purchase"]
    let users = (0..<4).map { Int64(wave(start, 120_000) / pow(2.4, Double($0))) }
    for step in steps.indices {
      rows.funnels.append(
        FunnelRow(
          funnel: "checkout", entryStart: EventTime(ms: start),
          entryEnd: EventTime(ms: start + Self.day), entryDay: YearRules.day(start),
          dimensions: "{\"channel\":\"\(channel)\"}", step: step + 1, stepName: steps[step],
          users: users[step], conversionFromStart: Double(users[step]) / Double(users[0]),
          conversionFromPrevious: step == 0 ? 1 : Double(users[step]) / Double(users[step - 1]),
          p50Ms: Int64(step) * 90_000, p90Ms: Int64(step) * 900_000,
          status: start + Self.day >= end ? .provisional : .final))
    }
  }

  private mutating func addSessions(_ start: Int64, _ channel: String) {
    let sessions = Int64(wave(start, 300_000))
    rows.sessions.append(
      SessionRow(
        session: "visits", dayStart: EventTime(ms: start), dayEnd: EventTime(ms: start + Self.day),
        day: YearRules.day(start), dimensions: "{\"channel\":\"\(channel)\"}", sessions: sessions,
        users: sessions / 2, events: sessions * 7, bounces: sessions / 3,
        durationMs: sessions * 240_000, entryEvents: #"{"open":\#(sessions)}"#,
        exitEvents: #"{"product_view":\#(sessions)}"#,
        status: start + Self.day >= end ? .provisional : .final))
  }

  private mutating func addCohort(_ start: Int64, weeks: Int64) {
    for channel in Self.channels {
      for period in 0...min(12, weeks) {
        let unit = start + period * 7 * Self.day
        let users = Int64(20_000 / Double(1 + period))
        rows.retention.append(
          RetentionRow(
            retention: "weekly", cohort: YearRules.day(start), period: Int(period),
            unitStart: EventTime(ms: unit), unitEnd: EventTime(ms: unit + 7 * Self.day),
            dimensions: "{\"channel\":\"\(channel)\"}", users: users, amount: Double(users) * 30,
            amountExact: "\(users * 30)", status: unit + 7 * Self.day > end ? .provisional : .final)
        )
      }
    }
  }

  /// A value at each hour of a KPI's day, as a worker writes them.
  private mutating func addKPI(_ kpi: KPINode, _ start: Int64, _ age: Int64) {
    let total = wave(start, 10_000)
    for part in 1...24 {
      let value = total * Double(part) / 24
      rows.kpis.append(
        KPIRow(
          kpi: kpi.kpi, periodStart: EventTime(ms: start),
          periodEnd: EventTime(ms: start + Self.day),
          asOf: EventTime(ms: start + Int64(part) * Self.hour), value: value,
          previous: age == Self.days ? nil : value * 0.97, movedBy: nil, moved: nil,
          status: age == 1 && part == 24 ? .provisional : .final))
    }
  }

  // MARK: Alerts

  /// Some alerts and findings for each month; the last three still fire.
  private mutating func addFacts(_ pipeline: Pipeline, isFirst: Bool) {
    let from = rows.metrics.first?.windowStart.ms ?? 0
    let isLast = from > end - 40 * Self.day
    for number in 0..<70 {
      let start = from + Int64(number) * 8 * Self.hour
      guard start < end else { break }
      let isOpen = isLast && start > end - Self.day
      let id = hex(from, number)
      let dimensions = "{\"channel\":\"\(Self.channels[number % 5])\"}"
      rows.alerts.append(
        AlertRow(
          alertID: id, rule: "payment_trouble", dimensions: dimensions,
          state: isOpen ? .firing : .resolved, severity: "critical", owner: "payments",
          windowStart: EventTime(ms: start), windowEnd: EventTime(ms: start + Self.hour),
          value: 0.31, threshold: 0.2, thresholds: #"{"above":0.2}"#,
          opened: EventTime(ms: start + 120_000),
          resolved: isOpen ? nil : EventTime(ms: start + Self.hour), explanation: nil,
          status: .final))
      for (step, to) in [AlertState.pending, .firing, .resolved].enumerated() {
        if isOpen, to == .resolved { continue }
        let window = start + Int64(step) * 60_000
        rows.alertTransitions.append(
          AlertTransition(
            alertID: id, rule: "payment_trouble", dimensions: dimensions,
            windowStart: EventTime(ms: window), windowEnd: EventTime(ms: window + 60_000),
            from: step == 0 ? .inactive : .pending, to: to, value: 0.3, samples: 900,
            thresholds: #"{"above":0.2}"#, status: .final))
      }
    }
    for number in 0..<300 {
      let opened = EventTime(ms: from + Int64(number) * Self.hour)
      guard opened.ms < end else { break }
      let id = hex(from + 1, number)
      rows.findings.append(
        FindingRow(
          findingID: id, rule: "card_testing", entityKind: "context.ip",
          entity: "10.0.\(number % 200).\(number % 31)", opened: opened,
          closed: EventTime(ms: opened.ms + 600_000), status: .final, announcedAs: nil,
          figures: #"{"count()":7}"#, evidence: "[]", severity: "critical", owner: "payments"))
      rows.findingTransitions.append(
        FindingTransition(findingID: id, rule: "card_testing", at: opened, kind: .confirmed))
    }
  }

  private func hex(_ a: Int64, _ b: Int) -> String {
    let text = String(a, radix: 16) + String(b + 4_096, radix: 16)
    return text + String(repeating: "0", count: 32 - text.count)
  }

  /// About `scale`, by hour of the day, with a little noise.
  private mutating func wave(_ time: Int64, _ scale: Double) -> Double {
    let angle = Double(time % Self.day) / Double(Self.day) * 2 * .pi
    let noise = Double(random.next() % 1_000) / 5_000
    return (scale * (0.6 - 0.4 * cos(angle) + noise)).rounded()
  }
}

/// A generator with a seed.
struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var value = state
    value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
    value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
    return value ^ (value >> 31)
  }
}
