import StreamCore

/// Retention by brute force: for every user the sets of units with start and with return events.
public struct RetentionOracle: Sendable {
  /// The retention table's name.
  public var name: String
  /// Which events make a cohort.
  public var start: @Sendable (OracleEvent) -> Bool
  /// Which events are a return.
  public var returning: @Sendable (OracleEvent) -> Bool
  /// Units of cohorts and of returns.
  public var unit: OracleUnit
  /// Units after the cohort's own that are followed.
  public var periods: Int
  /// Whether a user is in the cohort of every unit with a start event.
  public var isRecurring: Bool
  /// Amounts in hundredths; nil when none are added up.
  public var value: (@Sendable (OracleEvent) -> Int64?)?
  /// Dimensions at the start event.
  public var dimensions: [OracleDimension]
  /// A user without start and return events for longer than this is as one never seen.
  public var forgetAfterMs: Int64
  /// Days and zone.
  public var calendar: OracleCalendar

  /// Makes a retention table; by default of all events, by day of UTC, of first times.
  public init(
    name: String, start: @escaping @Sendable (OracleEvent) -> Bool = { _ in true },
    returning: @escaping @Sendable (OracleEvent) -> Bool = { _ in true }, unit: OracleUnit = .day,
    periods: Int = 30, isRecurring: Bool = false,
    value: (@Sendable (OracleEvent) -> Int64?)? = nil, dimensions: [OracleDimension] = [],
    forgetAfterMs: Int64 = 400 * 86_400_000,
    calendar: OracleCalendar = OracleCalendar(zone: "UTC")
  ) {
    self.name = name
    self.start = start
    self.returning = returning
    self.unit = unit
    self.periods = periods
    self.isRecurring = isRecurring
    self.value = value
    self.dimensions = dimensions
    self.forgetAfterMs = forgetAfterMs
    self.calendar = calendar
  }

  /// One cell.
  public struct Row: Sendable, Equatable {
    /// Number of the cohort's unit.
    public var cohort: Int64
    /// First local day of it.
    public var cohortDay: String
    /// Units after it.
    public var period: Int
    /// The unit of `period`.
    public var window: MetricOracle.Window
    /// Canonical JSON.
    public var dimensions: String
    /// Users of the cohort that came back.
    public var users: Int
    /// Sum in hundredths; nil when none are added up.
    public var units: Int64?
  }

  private struct Cell: Hashable {
    var cohort: Int64
    var period: Int64
    var dimensions: String
  }

  private struct Content {
    var users = 0
    var units: Int64 = 0
  }

  /// The cells that these applied events come to, sorted by (cohort, period, dimensions).
  public func rows(_ events: [OracleEvent]) -> [Row] {
    var cells: [Cell: Content] = [:]
    let taken = events.filter { start($0) || returning($0) }
    for (_, list) in OracleEvent.lists(taken) {
      for life in lives(list, forgetAfterMs: forgetAfterMs) {
        for (cohort, first) in cohorts(life) { add(life, from: first, cohort, to: &cells) }
      }
    }
    return cells.map { cell, content in
      let window = calendar.window(unit, cell.cohort + cell.period)
      return Row(
        cohort: cell.cohort,
        cohortDay: calendar.dayText(at: calendar.startMs(unit, cell.cohort)),
        period: Int(cell.period), window: window, dimensions: cell.dimensions,
        users: content.users, units: value == nil ? nil : content.units)
    }.sorted { ($0.cohort, $0.period, $0.dimensions) < ($1.cohort, $1.period, $1.dimensions) }
  }

  /// Cohorts of one life of a user, each with the place of the start event that made it.
  private func cohorts(_ life: [OracleEvent]) -> [Int64: Int] {
    let starts = life.indices.filter { start(life[$0]) }
    if !isRecurring {
      return starts.first.map { [number(life[$0]): $0] } ?? [:]
    }
    return Dictionary(starts.map { (number(life[$0]), $0) }, uniquingKeysWith: min)
  }

  /// Adds what one cohort has of a life: the user to each unit of the set of units with a return
  /// event, the amounts of all return events that are not before `first`.
  private func add(
    _ life: [OracleEvent], from first: Int, _ cohort: Int64, to cells: inout [Cell: Content]
  ) {
    let dimensions = canonicalDimensions(dimensions, of: life[first])
    let returns = Dictionary(grouping: life[first...].filter { returning($0) }, by: number)
    for unit in Set(returns.keys).union([cohort]) where unit - cohort <= periods {
      let cell = Cell(cohort: cohort, period: unit - cohort, dimensions: dimensions)
      let amounts = (returns[unit] ?? []).compactMap { value?($0) }
      cells[cell, default: Content()].users += 1
      cells[cell, default: Content()].units += amounts.reduce(0, +)
    }
  }

  private func number(_ event: OracleEvent) -> Int64 { calendar.number(unit, at: event.timeMs) }
}

extension RetentionOracle {
  /// Everything in which a retention table's rows differ from what they must be, one sentence each;
  /// empty when they are right.
  public func differences(_ events: [OracleEvent], actual: [RetentionRow]) -> [String] {
    var comparison = RowComparison()
    for row in actual where row.retention == name {
      comparison.found(
        key(row.cohort, row.period, row.dimensions),
        [
          "unit": "[\(row.unitStart.ms), \(row.unitEnd.ms))", "users": "\(row.users)",
          "amount": row.amount.map { "\($0)" } ?? "null",
          "exact": row.amountExact.map { text in
            OracleRow.billionths(text).map { "\($0)" } ?? text
          } ?? "null",
          "status": row.status.rawValue,
        ])
    }
    for row in rows(events) {
      comparison.wanted(
        key(row.cohortDay, row.period, row.dimensions),
        [
          "unit": .exact("[\(row.window.startMs), \(row.window.endMs))"),
          "users": .exact("\(row.users)"),
          "amount": .exact(row.units.map { "\(Double($0) / 100)" } ?? "null"),
          "exact": .exact(row.units.map { "\(Int128($0) * 10_000_000)" } ?? "null"),
          "status": .exact("final"),
        ])
    }
    return comparison.differences
  }

  private func key(_ cohort: String, _ period: Int, _ dimensions: String) -> String {
    "\(name) \(cohort) + \(period) \(dimensions)"
  }
}
