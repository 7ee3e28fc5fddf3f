import SnapshotStore
import StreamCore

/// A results file of a shop in Shanghai, for tests of `weir report`.
enum ReportFixture {
  static let hour: Int64 = 3_600_000
  static let day = 24 * hour
  /// Monday 2026-01-05, in Shanghai.
  static let monday = EventTime(ms: 1_767_542_400_000)

  static func at(days: Int64, hours: Int64 = 0) -> EventTime {
    EventTime(ms: monday.ms + days * day + hours * hour)
  }

  static func dayText(_ days: Int64) -> String {
    CivilDate(dayNumber: CivilDate(year: 2026, month: 1, day: 5).dayNumber + days).description
  }

  /// Steps of the funnel `checkout` for the users that came to each.
  static func funnel(
    _ name: String = "checkout", day: Int64 = 0, dimensions: String = "{}", users: [Int64],
    p50: Int64 = 200_000, status: ResultStatus = .final
  ) -> [FunnelRow] {
    let names = ["浏览", "add_to_cart", "paid"]
    return users.indices.map { index in
      FunnelRow(
        funnel: name, entryStart: at(days: day), entryEnd: at(days: day + 1),
        entryDay: dayText(day), dimensions: dimensions, step: index + 1, stepName: names[index],
        users: users[index], conversionFromStart: Double(users[index]) / Double(users[0]),
        conversionFromPrevious: index == 0
          ? 1 : users[index - 1] == 0 ? nil : Double(users[index]) / Double(users[index - 1]),
        p50Ms: users[index] == 0 ? nil : Int64(index) * p50,
        p90Ms: users[index] == 0 ? nil : Int64(index) * p50 * 20, status: status)
    }
  }

  /// A cell of the weekly table.
  static func cell(
    week: Int64, period: Int, users: Int64, dimensions: String = "{}", amount: String? = nil,
    status: ResultStatus = .final
  ) -> RetentionRow {
    let unit = 7 * (week + Int64(period))
    return RetentionRow(
      retention: "weekly", cohort: dayText(7 * week), period: period, unitStart: at(days: unit),
      unitEnd: at(days: unit + 7), dimensions: dimensions, users: users,
      amount: amount.flatMap(Double.init), amountExact: amount, status: status)
  }

  /// One day of the sessions `visits`.
  static func visits(
    day: Int64, dimensions: String = "{}", sessions: Int64 = 10, users: Int64 = 8,
    entry: String = #"{"home":7,"列表":3}"#, status: ResultStatus = .final
  ) -> SessionRow {
    SessionRow(
      session: "visits", dayStart: at(days: day), dayEnd: at(days: day + 1), day: dayText(day),
      dimensions: dimensions, sessions: sessions, users: users, events: sessions * 4, bounces: 2,
      durationMs: sessions * 125_000, entryEvents: entry, exitEvents: #"{"(other)":9,"paid":1}"#,
      status: status)
  }

  static let definition = """
    pipeline 1
    name shop
    zone Asia/Shanghai
    metric revenue sum window=1h
    funnel checkout within=86400000
     by platform = platform
    retention weekly unit=week periods=4
    session visits gap=1800000

    """

  /// Writes a file with `rows`.
  static func write(
    _ path: String, definition: String = definition, watermark: EventTime? = nil,
    _ fill: (inout ResultRows) -> Void
  ) throws {
    let identity = PipelineIdentity(
      name: "shop", definition: definition, tzdataVersion: "2025b", weirVersion: "1.0")
    let file = try ResultsFile.open(path: path, identity: identity)
    defer { try? file.close() }
    var change = SnapshotChange(taken: WallTime(ms: 1_770_000_000_000))
    fill(&change.rows)
    var fates = FateCounts()
    (fates.read, fates.applied) = (9, 9)
    change.partitions = [
      PartitionProgress(
        id: PartitionID(topic: "t", partition: 0), nextOffset: 9, clock: nil, fates: fates,
        idle: false)
    ]
    change.watermark = watermark
    _ = try file.commit(change, durable: true)
  }

  /// A little of everything, two days and three weeks of it.
  static func shop(_ rows: inout ResultRows) {
    let (ios, web) = (#"{"platform":"ios"}"#, #"{"platform":"web"}"#)
    rows.metrics = [
      MetricRow(
        metric: "revenue", windowStart: at(days: 0), windowEnd: at(days: 0, hours: 1),
        dimensions: "{}", value: 12.5, valueExact: "12.5", samples: 3, approximate: false,
        status: .final)
    ]
    rows.funnels =
      funnel(dimensions: ios, users: [100, 40, 0]) + funnel(dimensions: web, users: [300, 60, 12])
      + funnel(day: 1, dimensions: ios, users: [50, 25, 5], status: .provisional)
    rows.retention = [
      cell(week: 0, period: 0, users: 200, amount: "1000"),
      cell(week: 0, period: 1, users: 64, amount: "500.5"),
      cell(week: 0, period: 3, users: 10, amount: "100", status: .provisional),
      cell(week: 1, period: 0, users: 1000, amount: "0"),
      cell(week: 1, period: 1, users: 32, amount: "10"),
      cell(week: 3, period: 0, users: 7, amount: "70", status: .provisional),
    ]
    rows.sessions = [
      visits(day: 0, dimensions: ios), visits(day: 0, dimensions: web, sessions: 30, users: 20),
      visits(
        day: 1, dimensions: web, sessions: 4, users: 1, entry: #"{"列表":4}"#, status: .provisional),
    ]
  }
}
