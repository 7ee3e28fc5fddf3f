import StreamCore

/// The lifecycle of users by brute force: sets of units in which each was active, and every unit
/// worked out of them by itself.
public struct LifecycleOracle: Sendable {
  /// The lifecycle's name.
  public var name: String
  /// Units.
  public var unit: OracleUnit
  /// Which events make a user active.
  public var condition: @Sendable (OracleEvent) -> Bool
  /// Dimensions at the first event of a unit.
  public var dimensions: [OracleDimension]
  /// A user without an event that counts for longer than this is new again with the next one, if
  /// that is the first of its unit.
  public var forgetAfterMs: Int64
  /// Days and zone.
  public var calendar: OracleCalendar

  /// Makes a lifecycle; by default of all events, by day of UTC.
  public init(
    name: String, unit: OracleUnit = .day,
    condition: @escaping @Sendable (OracleEvent) -> Bool = { _ in true },
    dimensions: [OracleDimension] = [], forgetAfterMs: Int64 = 400 * 86_400_000,
    calendar: OracleCalendar = OracleCalendar(zone: "UTC")
  ) {
    self.name = name
    self.unit = unit
    self.condition = condition
    self.dimensions = dimensions
    self.forgetAfterMs = forgetAfterMs
    self.calendar = calendar
  }

  /// One number.
  public struct Row: Sendable, Equatable {
    /// The metric's name: that of the lifecycle, a dot, and what it counts.
    public var metric: String
    /// The unit.
    public var unit: Int64
    /// Canonical JSON.
    public var dimensions: String
    /// How many users; of stickiness the numerator.
    public var users: Int
    /// Of stickiness, what `users` is a share of; else nil.
    public var of: Int?
  }

  private struct Series: Hashable {
    var metric: String
    var unit: Int64
    var dimensions: String
  }

  /// The numbers that these applied events come to and that are not zero, for every unit up to that
  /// of `horizonMs` and the last with an event, sorted by (unit, metric, dimensions).
  public func rows(_ events: [OracleEvent], horizonMs: Int64) -> [Row] {
    let users = OracleEvent.lists(events.filter(condition)).values.map(activeUnits)
    let active = users.flatMap(\.keys)
    guard let first = active.min(), let latest = active.max() else { return [] }
    // Events of fast clocks are ahead of the horizon, and are counted all the same.
    let last = max(latest, calendar.number(unit, at: horizonMs))
    var counts: [Series: Int] = [:]
    for unit in first...last {
      for units in users {
        for (what, dimensions) in counted(units, in: unit) {
          let series = Series(metric: "\(name).\(what)", unit: unit, dimensions: dimensions)
          counts[series, default: 0] += 1
        }
      }
    }
    var rows = counts.map {
      Row(metric: $0.metric, unit: $0.unit, dimensions: $0.dimensions, users: $1)
    }
    if unit == .day { rows += stickiness(counts) }
    return rows.sorted { ($0.unit, $0.metric, $0.dimensions) < ($1.unit, $1.metric, $1.dimensions) }
  }

  /// A unit in which a user was active.
  private struct Activity {
    /// Of the first event in it.
    var dimensions: String
    /// Whether the user was one never seen, or forgotten, at that event.
    var isNew: Bool
  }

  /// The units in which a user was active; of all events of the user, in order.
  private func activeUnits(_ list: [OracleEvent]) -> [Int64: Activity] {
    let beginnings = lives(list, forgetAfterMs: forgetAfterMs).map { $0[0] }
    return Dictionary(
      list.map { event in
        let activity = Activity(
          dimensions: canonicalDimensions(dimensions, of: event),
          isNew: beginnings.contains(event))
        return (calendar.number(unit, at: event.timeMs), activity)
      }, uniquingKeysWith: { first, _ in first })
  }

  /// What a user counts as in a unit, and in which dimensions.
  private func counted(
    _ units: [Int64: Activity], in unit: Int64
  ) -> [(what: String, dimensions: String)] {
    var counted: [(String, String)] = []
    if let activity = units[unit] {
      let kind = activity.isNew ? "new" : units[unit - 1] == nil ? "resurrected" : "returning"
      counted += [("active", activity.dimensions), (kind, activity.dimensions)]
    } else if let activity = units[unit - 1] {
      counted.append(("dormant", activity.dimensions))
    }
    if self.unit == .day, let latest = units.keys.filter({ $0 <= unit }).max(),
      let activity = units[latest]
    {
      if latest > unit - 7 { counted.append(("active_7d", activity.dimensions)) }
      if latest > unit - 30 { counted.append(("active_30d", activity.dimensions)) }
    }
    return counted
  }

  private func stickiness(_ counts: [Series: Int]) -> [Row] {
    counts.compactMap { series, active in
      guard series.metric == "\(name).active" else { return nil }
      var month = series
      month.metric = "\(name).active_30d"
      return Row(
        metric: "\(name).stickiness", unit: series.unit, dimensions: series.dimensions,
        users: active, of: counts[month])
    }
  }
}

extension LifecycleOracle {
  /// Everything in which a lifecycle's rows differ from what they must be, one sentence each; empty
  /// when they are right.
  public func differences(
    _ events: [OracleEvent], horizonMs: Int64, actual: [MetricRow]
  ) -> [String] {
    var comparison = RowComparison()
    for row in actual where row.metric.hasPrefix(name + ".") {
      comparison.found(
        key(row.metric, row.windowStart.ms, row.windowEnd.ms, row.dimensions),
        [
          "value": "\(row.value)", "samples": "\(row.samples)", "exact": row.valueExact ?? "null",
          "status": row.status.rawValue, "approximate": "\(row.approximate)",
        ])
    }
    for row in rows(events, horizonMs: horizonMs) {
      let window = calendar.window(unit, row.unit)
      var wanted: [String: RowComparison.Wanted] = [
        "value": .exact("\(Double(row.users) / Double(row.of ?? 1))"),
        "status": .exact("final"), "approximate": .exact("false"),
        "samples": .exact("\(row.of ?? row.users)"),
      ]
      if row.of == nil { wanted["exact"] = .exact("\(row.users)") }
      comparison.wanted(key(row.metric, window.startMs, window.endMs, row.dimensions), wanted)
    }
    return comparison.differences
  }

  private func key(_ metric: String, _ start: Int64, _ end: Int64, _ dimensions: String) -> String {
    "\(metric) [\(start), \(end)) \(dimensions)"
  }
}
