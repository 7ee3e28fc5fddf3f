import SnapshotStore
import StreamCore

/// A results file with a year of rows, as a shop of a million users would have it.
struct YearOfRows {
  static let hourMs: Int64 = 3_600_000
  static let dayMs = 24 * hourMs
  /// Monday 2025-01-06, in UTC.
  static let startMs: Int64 = 1_736_121_600_000
  static let days: Int64 = 365
  static let endMs = startMs + days * dayMs
  static let channels = ["app", "live", "mini", "shop", "web"].map { #"{"channel":"\#($0)"}"# }
  static let metrics = [
    "active_users", "buyers", "carts", "events", "orders", "payment_errors", "payments", "revenue",
  ]
  static let kpis = (0..<20).map { "kpi_\($0 / 10)\($0 % 10)" }
  static let rules = ["cart_drop", "no_orders", "odd_revenue", "payment_trouble"]

  private let file: ResultsFile
  private var offset: Int64 = 0

  /// Writes the file at `path`, day by day, as a worker would.
  static func write(_ path: String) throws {
    let identity = PipelineIdentity(
      name: "shop", definition: "pipeline 1\nname shop\nzone UTC\n", tzdataVersion: "2025b",
      weirVersion: "benchmark")
    var year = YearOfRows(
      file: try ResultsFile.open(
        path: path, identity: identity, options: StoreOptions(snapshotLimit: 100_000)))
    for day in 0..<days { try year.commit(day) }
    try year.commitSnapshots()
    try year.file.close()
    try year.judge(path)
  }

  private init(file: ResultsFile) { self.file = file }

  /// A number without a pattern, the same in every run.
  private static func number(_ seed: Int64, below limit: Int64) -> Int64 {
    var z = UInt64(bitPattern: seed) &* 0x9E37_79B9_7F4A_7C15
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    return Int64((z ^ (z >> 27)) % UInt64(limit))
  }

  /// 32 hexadecimal digits.
  private static func id(_ seed: Int64) -> String {
    let text = String(UInt64(bitPattern: seed) &* 0x9E37_79B9_7F4A_7C15, radix: 16)
    return text + String(repeating: "0", count: 32 - text.count)
  }

  private static func time(_ ms: Int64) -> EventTime { EventTime(ms: ms) }

  private mutating func commit(_ day: Int64) throws {
    let isLast = day == Self.days - 1
    var change = change(at: Self.startMs + (day + 1) * Self.dayMs)
    let status: ResultStatus = isLast ? .provisional : .final
    addMetrics(day, status, to: &change.rows)
    addUsers(day, status, to: &change.rows)
    addKPIs(day, status, to: &change.rows)
    addAlerts(day, to: &change)
    if day == 0 {
      change.kpiTree = Self.kpis.enumerated().map { index, name in
        KPINode(
          kpi: name, parent: index == 0 ? nil : Self.kpis[(index - 1) / 3], position: index,
          title: nil, layer: .business, period: "1mo", formula: "revenue", unit: "CNY",
          owner: "growth", target: 1e6, direction: .up)
      }
    }
    change.rejected = (0..<5).map { sample(day * 5 + $0, "no_time") }
    change.late = (0..<5).map { sample(day * 5 + $0, "late") }
    _ = try file.commit(change, durable: false)
  }

  private mutating func change(at ms: Int64) -> SnapshotChange {
    offset += 1000
    var change = SnapshotChange(taken: WallTime(ms: ms))
    change.watermark = EventTime(ms: ms)
    var fates = FateCounts()
    (fates.read, fates.applied) = (offset, offset)
    change.partitions = (0..<16).map {
      PartitionProgress(
        id: PartitionID(topic: "events", partition: $0), nextOffset: offset,
        clock: EventTime(ms: ms),
        fates: fates, idle: false)
    }
    return change
  }

  private func addMetrics(_ day: Int64, _ status: ResultStatus, to rows: inout ResultRows) {
    for hour in 0..<24 as Range<Int64> {
      let start = Self.startMs + day * Self.dayMs + hour * Self.hourMs
      for (place, name) in Self.metrics.enumerated() {
        for (channel, dimensions) in Self.channels.enumerated() {
          let value = Self.number(start + Int64(place * 8 + channel), below: 1_000_000)
          rows.metrics.append(
            MetricRow(
              metric: name, windowStart: Self.time(start),
              windowEnd: Self.time(start + Self.hourMs),
              dimensions: dimensions, value: Double(value), valueExact: "\(value)", samples: value,
              approximate: false, status: status))
        }
      }
    }
  }

  private func addUsers(_ day: Int64, _ status: ResultStatus, to rows: inout ResultRows) {
    let start = Self.startMs + day * Self.dayMs
    let text = CivilDate(dayNumber: start / Self.dayMs).description
    for dimensions in Self.channels {
      for step in 1...5 {
        rows.funnels.append(
          FunnelRow(
            funnel: "checkout", entryStart: Self.time(start),
            entryEnd: Self.time(start + Self.dayMs), entryDay: text, dimensions: dimensions,
            step: step, stepName: "step \(step)", users: Int64(60_000 / step),
            conversionFromStart: 1 / Double(step), conversionFromPrevious: 0.5, p50Ms: 60_000,
            p90Ms: 600_000, status: status))
      }
      rows.sessions.append(
        SessionRow(
          session: "visits", dayStart: Self.time(start), dayEnd: Self.time(start + Self.dayMs),
          day: text, dimensions: dimensions, sessions: 90_000, users: 60_000, events: 900_000,
          bounces: 9_000, durationMs: 1 << 36, entryEvents: #"{"home":60000,"list":30000}"#,
          exitEvents: #"{"home":90000}"#, status: status))
    }
    guard day % 7 == 0 else { return }
    let week = day / 7
    for cohort in 0...week {
      let first = Self.startMs + cohort * 7 * Self.dayMs
      for dimensions in Self.channels {
        rows.retention.append(
          RetentionRow(
            retention: "weekly", cohort: CivilDate(dayNumber: first / Self.dayMs).description,
            period: Int(week - cohort), unitStart: Self.time(start),
            unitEnd: Self.time(start + 7 * Self.dayMs), dimensions: dimensions,
            users: 9_000 / (week - cohort + 1), amount: nil, amountExact: nil, status: status))
      }
    }
  }

  private func addKPIs(_ day: Int64, _ status: ResultStatus, to rows: inout ResultRows) {
    let period = day / 30
    let start = Self.startMs + period * 30 * Self.dayMs
    for (place, name) in Self.kpis.enumerated() {
      for hour in 1...24 as ClosedRange<Int64> {
        rows.kpis.append(
          KPIRow(
            kpi: name, periodStart: Self.time(start), periodEnd: Self.time(start + 30 * Self.dayMs),
            asOf: Self.time(Self.startMs + day * Self.dayMs + hour * Self.hourMs),
            value: Double(place + 1) * Double(day * 24 + hour), previous: 100,
            movedBy: Self.kpis[(place + 1) % 20], moved: 5, status: status))
      }
    }
  }

  private func addAlerts(_ day: Int64, to change: inout SnapshotChange) {
    let start = Self.startMs + day * Self.dayMs
    for number in 0..<(day < 175 ? 6 : 5) as Range<Int64> {
      let began = start + number * 3 * Self.hourMs
      let (seed, isOpen) = (day * 10 + number, day == Self.days - 1 && number < 3)
      let rule = Self.rules[Int(seed % 4)]
      let dimensions = Self.channels[Int(seed % 5)]
      let states: [AlertState] = [.pending, .firing, .recovering, .resolved]
      for (step, state) in states.enumerated() where !isOpen || step < 2 {
        let window = began + Int64(step) * Self.hourMs
        change.rows.alertTransitions.append(
          AlertTransition(
            alertID: Self.id(seed), rule: rule, dimensions: dimensions,
            windowStart: Self.time(window), windowEnd: Self.time(window + Self.hourMs),
            from: step == 0 ? .inactive : states[step - 1], to: state, value: 0.5, samples: 100,
            thresholds: #"{"above":0.2}"#, status: .final))
      }
      change.rows.alerts.append(
        AlertRow(
          alertID: Self.id(seed), rule: rule, dimensions: dimensions,
          state: isOpen ? .firing : .resolved, severity: "critical", owner: "payments",
          windowStart: Self.time(began), windowEnd: Self.time(began + 4 * Self.hourMs), value: 0.5,
          threshold: 0.2, thresholds: #"{"above":0.2}"#, opened: Self.time(began + 2 * Self.hourMs),
          resolved: isOpen ? nil : Self.time(began + 4 * Self.hourMs),
          explanation: #"{"value":0.5,"by":[]}"#, status: .final))
      change.messages += (0..<5).map {
        message(seed * 5 + $0, about: Self.id(seed), rule, at: began, isPending: isOpen)
      }
    }
    change.rows.findings = (0..<14 as Range<Int64>).map { number in
      let opened = start + number * Self.hourMs
      return FindingRow(
        findingID: Self.id(1_000_000 + day * 20 + number), rule: "card_testing",
        entityKind: "context.ip", entity: "10.0.\(day).\(number)", opened: Self.time(opened),
        closed: number == 0 ? nil : Self.time(opened + 600_000), status: .final, announcedAs: nil,
        figures: #"{"count":5}"#,
        evidence: "[\(Array(repeating: #""events/0/7""#, count: 20).joined(separator: ","))]",
        severity: "critical", owner: nil)
    }
  }

  private func message(
    _ seed: Int64, about subject: String, _ rule: String, at ms: Int64, isPending: Bool
  ) -> OutboxMessage {
    OutboxMessage(
      messageID: Self.id(2_000_000 + seed), sink: "ops", event: "firing", subjectID: subject,
      rule: rule, payload: String(repeating: "x", count: 1500), decided: EventTime(ms: ms),
      decidedWall: WallTime(ms: ms), state: isPending ? .pending : .delivered,
      nextAttemptWall: WallTime(ms: ms))
  }

  private func sample(_ offset: Int64, _ reason: String) -> EventSample {
    EventSample(
      id: PartitionID(topic: "events", partition: 0), offset: offset, reason: reason, detail: "d",
      eventTime: nil, watermark: nil, payload: String(repeating: "p", count: 400))
  }

  /// As many snapshots as a file keeps.
  private mutating func commitSnapshots() throws {
    for number in 0..<20_000 as Range<Int64> {
      _ = try file.commit(change(at: Self.endMs + number * 5_000), durable: false)
    }
  }

  private func judge(_ path: String) throws {
    let desk = try PeopleDesk.open(path: path)
    defer { desk.close() }
    for day in 0..<Self.days {
      let seed = day * 10 + day % 5
      _ = try desk.judge(
        Self.id(seed), verdict: Verdict.allCases[Int(day % 3)], by: "ann",
        now: WallTime(ms: Self.endMs + day)
      ).get()
    }
  }
}
