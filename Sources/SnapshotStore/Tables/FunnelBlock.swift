import StreamCore

/// A funnel's steps for one entry window, or several added up, and the dimensions it is split by.
public struct FunnelBlock: Sendable {
  /// One step.
  public struct Step: Sendable {
    /// Its number, from 1.
    public var step: Int
    /// Its name.
    public var name: String
    /// Users that came to it or beyond.
    public var users: Int64
    /// Share of those that entered; nil when nobody did.
    public var fromStart: Double?
    /// Share of those at the step before; nil when nobody was there.
    public var fromPrevious: Double?
    /// Median time from the first step; nil without users, and where rows were added up: quantiles
    /// do not add.
    public var p50Ms: Int64?
    /// The time that nine of ten stay within; nil likewise.
    public var p90Ms: Int64?
  }

  /// The funnel's name.
  public var funnel: String
  /// Start of the first entry window.
  public var entryStart: EventTime
  /// End of the last entry window.
  public var entryEnd: EventTime
  /// Local day of the first entry window.
  public var firstDay: String
  /// Local day of the last entry window.
  public var lastDay: String
  /// Entry windows that were added up.
  public var windows: Int
  /// What it is split by.
  public var dimensions: DimensionValues
  /// In their order.
  public var steps: [Step]
  /// Whether a row of it can still change.
  public var isProvisional: Bool

  /// Who entered.
  public var entries: Int64 { steps.first?.users ?? 0 }

  /// Whether users came to a step whose times are not known, because rows were added up.
  public var lacksTimes: Bool { steps.contains { $0.users > 0 && $0.p50Ms == nil } }

  /// Blocks of one funnel's `rows`: newest entry window first, in each the series with most entries
  /// first. Each user, or other key, counts once in an entry window, in one series: counts add.
  ///
  /// - Parameters:
  ///   - names: Dimensions to split by; the others are added up.
  ///   - total: Whether all entry windows are added up.
  public static func blocks(
    _ rows: [FunnelRow], by names: [String], total: Bool
  ) -> [FunnelBlock] {
    struct Key: Hashable {
      var start: EventTime?
      var dimensions: DimensionValues
    }
    var dimensions = Dimensions(by: names)
    var groups: [Key: [FunnelRow]] = [:]
    for row in rows {
      let key = Key(
        start: total ? nil : row.entryStart, dimensions: dimensions.kept(row.dimensions))
      groups[key, default: []].append(row)
    }
    let blocks = groups.compactMap { key, rows in
      FunnelBlock(rows, dimensions: key.dimensions).map { ($0, Dimensions.text(key.dimensions)) }
    }
    return blocks.sorted { a, b in
      (b.0.entryStart, b.0.entries, a.1) < (a.0.entryStart, a.0.entries, b.1)
    }.map(\.0)
  }

  private init?(_ rows: [FunnelRow], dimensions: DimensionValues) {
    guard let first = rows.min(by: { $0.entryStart < $1.entryStart }),
      let last = rows.max(by: { $0.entryStart < $1.entryStart })
    else { return nil }
    funnel = first.funnel
    (entryStart, entryEnd) = (first.entryStart, last.entryEnd)
    (firstDay, lastDay) = (first.entryDay, last.entryDay)
    windows = Set(rows.map(\.entryStart)).count
    self.dimensions = dimensions
    isProvisional = rows.contains { $0.status == .provisional }
    steps = []
    let byStep = Dictionary(grouping: rows, by: \.step)
    for (step, rows) in byStep.sorted(by: { $0.key < $1.key }) {
      guard let row = rows.first else { continue }
      guard rows.count > 1 else {
        steps.append(
          Step(
            step: step, name: row.stepName, users: row.users, fromStart: row.conversionFromStart,
            fromPrevious: row.conversionFromPrevious, p50Ms: row.p50Ms, p90Ms: row.p90Ms))
        continue
      }
      let users = rows.reduce(0) { $0 + $1.users }
      func share(of whole: Int64) -> Double? { whole > 0 ? Double(users) / Double(whole) : nil }
      steps.append(
        Step(
          step: step, name: row.stepName, users: users,
          fromStart: share(of: steps.first?.users ?? users),
          fromPrevious: share(of: steps.last?.users ?? users), p50Ms: nil, p90Ms: nil))
    }
  }
}
