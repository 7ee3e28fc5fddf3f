import SnapshotStore
import StreamCore

/// Cohorts of one retention table, as a page shows them.
struct RetentionData: Sendable {
  /// One triangle for all, or one for each value of a dimension; those with most users first.
  var triangles: [RetentionTriangle]
  /// Everybody together.
  var all: RetentionTriangle?
  var length: RetentionUnits.Length
  /// Names of the dimensions that rows have.
  var names: [String]
  /// Whether there are older cohorts.
  var isCut: Bool

  /// Cohorts that a page shows.
  static let cohortsMax = 40
  /// Most rows that are read for one page.
  static let rowsMax = 60_000

  /// Reads a table; nil without rows.
  static func read(
    _ asked: Asked, _ name: String, by: String?, cohorts: Int, dimensions: [String: String?]
  ) throws -> RetentionData? {
    let latest = try asked.reader.latestCohorts(of: name, limit: cohorts + 1)
    guard let reach = try asked.reader.reach(of: .retention, name: name),
      let oldest = latest.prefix(cohorts).last
    else { return nil }
    let rows = asked.shown(
      try asked.reader.retention(
        StageQuery(name: name, dimensions: dimensions, limit: rowsMax), fromCohort: oldest))
    guard let first = rows.first else { return nil }
    let length = RetentionUnits.length(of: first)
    let units = RetentionUnits(
      length, end: reach.end, settledTo: reach.settledTo,
      watermark: try asked.reader.snapshots(limit: 1).first?.watermark, zone: asked.file.zone)
    let facts = try asked.facts()
    let periods =
      facts.option("periods", of: name, "retention").flatMap { Int($0) }
      ?? rows.map(\.period).max() ?? 0
    let names = Set(rows.map(\.dimensions)).flatMap { Dimensions.read($0).keys }
    return RetentionData(
      triangles: RetentionTriangle.triangles(
        rows, units: units, by: by.map { [$0] } ?? [], periods: periods),
      all: RetentionTriangle.triangles(rows, units: units, by: [], periods: periods).first,
      length: length, names: Set(names).sorted(), isCut: latest.count > cohorts)
  }
}

/// The weighted mean of a period over the cohorts that have finished it.
struct RetentionMean: Sendable {
  var period: Int
  /// Cohorts that have.
  var cohorts: Int
  /// Users of those.
  var users: Int64
  /// Those of them that came back.
  var returned: Int64
  /// Amounts per head of those, added up over the periods; nil without amounts.
  var perHead: Double?

  var share: Double? { users > 0 ? Double(returned) / Double(users) : nil }

  /// Means by period, from 0 on; those that no cohort has finished are left out.
  static func means(_ triangle: RetentionTriangle) -> [RetentionMean] {
    (0...max(triangle.lastPeriod, 0)).compactMap { period in
      var mean = RetentionMean(period: period, cohorts: 0, users: 0, returned: 0)
      var amount: Double? = 0
      for cohort in triangle.cohorts {
        guard cohort.cells.indices.contains(period), let users = cohort.users,
          !cohort.cells[period].isProvisional
        else { continue }
        mean.cohorts += 1
        mean.users += users
        mean.returned += cohort.cells[period].users
        amount = amount.flatMap { sum in
          cohort.cells[period].perHead.map { sum + $0 * Double(users) }
        }
      }
      if mean.users > 0 { mean.perHead = amount.map { $0 / Double(mean.users) } }
      return mean.cohorts > 0 ? mean : nil
    }
  }
}
