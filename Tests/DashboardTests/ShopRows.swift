import SnapshotStore
import StreamCore

/// Half a month of a shop: what every page has something to show of.
enum ShopRows {
  /// Midnight of Monday, 2026-02-02, in Shanghai.
  static let start: Int64 = 1_769_961_600_000
  static let hour: Int64 = 3_600_000
  static let day: Int64 = 24 * hour
  static let days: Int64 = 15
  static let platforms = [#"{"platform":"ios"}"#, #"{"platform":"web"}"#]
  /// Text that must never become markup.
  static let hostile = #"<img src=x onerror="alert(1)">&'"#

  static func date(_ day: Int64) -> String {
    "2026-02-" + String(100 + 2 + day).suffix(2)
  }

  static func fill(_ change: inout SnapshotChange) {
    var fates = FateCounts()
    fates.read = 1_000
    fates.applied = 990
    fates.late = 4
    fates.duplicate = 3
    fates.rejected = 3
    change.partitions = [
      PartitionProgress(
        id: PartitionID(topic: "events", partition: 0), nextOffset: 1_000,
        clock: EventTime(ms: start + days * day + 2 * hour + 90_000), fates: fates, idle: false)
    ]
    change.watermark = EventTime(ms: start + days * day + 2 * hour + 30_000)
    change.rows.metrics = metrics
    change.rows.funnels = funnels
    change.rows.retention = retention
    change.rows.sessions = sessions
    change.rows.kpis = kpis
    change.rows.alerts = [alert]
    change.kpiTree = tree
  }

  static func revenue(_ hour: Int64, _ platform: Int) -> Double {
    Double((hour * 7 + Int64(platform) * 3) % 50 + 1)
  }

  static var metrics: [MetricRow] {
    var rows: [MetricRow] = []
    for hour in 0..<(days * 24 + 3) {
      for (place, platform) in platforms.enumerated() {
        rows.append(
          MetricRow(
            metric: "revenue", windowStart: EventTime(ms: start + hour * Self.hour),
            windowEnd: EventTime(ms: start + (hour + 1) * Self.hour), dimensions: platform,
            value: revenue(hour, place), valueExact: "\(Int(revenue(hour, place)))", samples: 3,
            approximate: false, status: hour == days * 24 + 2 ? .provisional : .final))
      }
    }
    for day in 0..<days {
      rows.append(
        MetricRow(
          metric: "users", windowStart: EventTime(ms: start + day * Self.day),
          windowEnd: EventTime(ms: start + (day + 1) * Self.day), dimensions: "{}",
          value: Double(100 + day), valueExact: nil, samples: 300, approximate: day == 3,
          status: day == 2 ? .restated : .final))
    }
    for name in [#"{"a":"<i>\"&"}"#, #"{"a":"<i>'"}"#] {
      rows.append(
        MetricRow(
          metric: hostile, windowStart: EventTime(ms: start),
          windowEnd: EventTime(ms: start + hour), dimensions: name, value: 1, valueExact: nil,
          samples: 1, approximate: false, status: .final))
    }
    return rows
  }

  static var funnels: [FunnelRow] {
    var rows: [FunnelRow] = []
    for day in 0..<days {
      for (place, platform) in platforms.enumerated() {
        let entered = 100 + day
        let paid = 20 + Int64(place) * 10 + (day >= 8 ? 5 : 0)
        for (step, users) in [entered, paid].enumerated() {
          rows.append(
            FunnelRow(
              funnel: "checkout", entryStart: EventTime(ms: start + day * Self.day),
              entryEnd: EventTime(ms: start + (day + 1) * Self.day), entryDay: date(day),
              dimensions: platform, step: step + 1, stepName: step == 0 ? "view" : "paid",
              users: users, conversionFromStart: Double(users) / Double(entered),
              conversionFromPrevious: Double(users) / Double(entered),
              p50Ms: step == 0 ? 0 : 60_000, p90Ms: step == 0 ? 0 : 600_000,
              status: day == days - 1 ? .provisional : .final))
        }
      }
    }
    return rows
  }

  /// Cohorts of three weeks; the last week is not over.
  static var retention: [RetentionRow] {
    var rows: [RetentionRow] = []
    for cohort in Int64(0)..<3 {
      for period in 0...(2 - cohort) {
        let unit = cohort + period
        let users: Int64 = period == 0 ? 50 : 20 - 5 * period + cohort
        rows.append(
          RetentionRow(
            retention: "weekly", cohort: date(cohort * 7), period: Int(period),
            unitStart: EventTime(ms: start + unit * 7 * day),
            unitEnd: EventTime(ms: start + (unit + 1) * 7 * day), dimensions: platforms[0],
            users: users, amount: Double(users) * 2, amountExact: "\(users * 2)",
            status: unit == 2 ? .provisional : .final))
      }
    }
    return rows
  }

  static var sessions: [SessionRow] {
    (0..<days).map { day in
      SessionRow(
        session: "visits", dayStart: EventTime(ms: start + day * Self.day),
        dayEnd: EventTime(ms: start + (day + 1) * Self.day), day: date(day), dimensions: "{}",
        sessions: 40, users: 30, events: 90, bounces: 10, durationMs: 40 * 60_000,
        entryEvents: #"{"home":30,"view":10}"#, exitEvents: #"{"home":40}"#, status: .final)
    }
  }

  static func kpi(
    _ name: String, day: Int64, hours: Int64, _ value: Double, previous: Double?,
    movedBy: String? = nil, moved: Double? = nil, _ status: ResultStatus = .final
  ) -> KPIRow {
    KPIRow(
      kpi: name, periodStart: EventTime(ms: start + day * Self.day),
      periodEnd: EventTime(ms: start + (day + 1) * Self.day),
      asOf: EventTime(ms: start + day * Self.day + hours * hour), value: value, previous: previous,
      movedBy: movedBy, moved: moved, status: status)
  }

  /// Sales of 15 days at every second hour, growing, and two hours of the 16th.
  static var kpis: [KPIRow] {
    var rows: [KPIRow] = []
    for day in 0..<days {
      for part in 1...Int64(12) {
        rows.append(
          kpi(
            "sales", day: day, hours: part * 2, Double(part * (100 + day)),
            previous: day > 0 ? Double(part * (99 + day)) : nil, movedBy: "orders", moved: 3))
      }
    }
    rows.append(
      kpi("sales", day: days, hours: 2, 230, previous: 114, movedBy: "orders", moved: 100))
    rows.append(kpi("sales", day: days, hours: 4, 235, previous: 228, .provisional))
    rows.append(kpi("orders", day: days, hours: 2, 0.05, previous: 0.04))
    return rows
  }

  static let tree = [
    KPINode(
      kpi: "orders", parent: "sales", position: 0, title: hostile, layer: .process, period: "1d",
      formula: "orders / visitors", unit: "%", owner: nil, target: nil, direction: .down),
    KPINode(
      kpi: "sales", parent: nil, position: 0, title: "Sales", layer: .business, period: "1d",
      formula: "revenue", unit: "CNY", owner: "growth", target: 2_736, direction: .up),
  ]

  static let alert = AlertRow(
    alertID: "abcd1234", rule: "payment_trouble", dimensions: platforms[0], state: .firing,
    severity: "critical", owner: "payments", windowStart: EventTime(ms: start + 14 * day),
    windowEnd: EventTime(ms: start + 14 * day + hour), value: 0.5, threshold: 0.2,
    thresholds: #"{"above":0.2}"#, opened: EventTime(ms: start + 14 * day + hour), resolved: nil,
    explanation: nil, status: .final)
}
