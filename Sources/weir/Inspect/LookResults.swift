import Charts
import Inspection
import SnapshotStore
import StreamCore

/// The results of a look, as they are drawn.
struct LookResults {
  /// A series over time.
  struct Series {
    var name: String
    var rows: [MetricRow]
  }

  let zone: Zone
  /// All events over time.
  let events: Series
  /// Users by day.
  let users: Series?
  /// Users by day, for each value of a dimension, the largest first.
  let usersBy: [Series]
  /// Amounts by day.
  let amounts: [Series]
  /// The first amount, for each value of a dimension, over the whole time.
  let amountBy: [(name: String, value: Double)]
  /// Levels over time.
  let levels: [Series]
  /// The funnel, all entry days added up.
  let funnel: FunnelBlock?
  /// Retention.
  let retention: RetentionTriangle?
  /// What a unit of it is.
  let retentionUnit: String

  /// What events without a value are called.
  private static let none = "none"
  private static let rowsMax = 1_000_000

  /// - Throws: `StoreError`, `UnknownZone`.
  init(path: String, stages: Proposal.Stages, zone: Zone) throws {
    let source = try ReportSource(path: path)
    defer { source.reader.close() }
    func series(_ metric: String) throws -> [MetricRow] {
      try source.reader.metrics(MetricQuery(metric: metric, limit: Self.rowsMax))
        .sorted { $0.windowStart < $1.windowStart }
    }
    self.zone = zone
    events = Series(name: "events", rows: try series(stages.allEvents))
    users = try stages.activeUsers.map { Series(name: "users", rows: try series($0)) }
    amounts = try stages.amounts.map { Series(name: $0.label, rows: try series($0.metric)) }
    levels = try stages.levels.map { Series(name: $0, rows: try series($0)) }
    usersBy =
      try stages.usersBy.map {
        Self.split(try series($0.metric), by: $0.dimension, stages.safeValues)
      } ?? []
    amountBy =
      try stages.amountBy.map {
        Self.split(try series($0.metric), by: $0.dimension, stages.safeValues).map { series in
          (series.name, series.rows.reduce(0) { $0 + $1.value })
        }
      } ?? []
    if let name = stages.funnel {
      let rows = try source.reader.funnels(StageQuery(name: name, limit: Self.rowsMax))
      funnel = FunnelBlock.blocks(rows, by: [], total: true).first
    } else {
      funnel = nil
    }
    (retention, retentionUnit) = try Self.retention(stages.retention, source)
  }

  /// Rows of each value of a dimension, those with the greatest sum first. Values that are not safe
  /// to show are `value 1`, ….
  private static func split(
    _ rows: [MetricRow], by dimension: String, _ safe: Set<String>
  ) -> [Series] {
    let groups = Dictionary(grouping: rows, by: \.dimensions)
    var series = groups.map { key, rows in
      let values = Dimensions.read(key)
      let value = values[dimension] ?? values.first?.value ?? .null
      return Series(name: value == .null ? Self.none : "\(value)", rows: rows)
    }.sorted { a, b in
      let (first, second) = (
        a.rows.reduce(0) { $0 + $1.value }, b.rows.reduce(0) { $0 + $1.value }
      )
      return first == second ? a.name < b.name : first > second
    }
    var unsafe = 0
    for index in series.indices
    where series[index].name != Self.none && !safe.contains(series[index].name) {
      unsafe += 1
      series[index].name = "value \(unsafe)"
    }
    return series
  }

  private static func retention(
    _ name: String?, _ source: ReportSource
  ) throws -> (RetentionTriangle?, String) {
    guard let name, let reach = try source.reader.reach(of: .retention, name: name) else {
      return (nil, "")
    }
    let rows = try source.reader.retention(
      StageQuery(name: name, limit: Self.rowsMax))
    guard let first = rows.first else { return (nil, "") }
    let units = RetentionUnits(
      RetentionUnits.length(of: first), end: reach.end, settledTo: reach.settledTo,
      watermark: try source.reader.snapshots(limit: 1).first?.watermark, zone: source.zone)
    let periods =
      source.definedNumber("periods", of: name, word: "retention")
      ?? rows.map(\.period).max() ?? 0
    let unit =
      switch units.length {
      case .day: "days"
      case .week: "weeks"
      case .month: "months"
      }
    return (
      RetentionTriangle.triangles(rows, units: units, by: [], periods: periods).first, unit
    )
  }
}
