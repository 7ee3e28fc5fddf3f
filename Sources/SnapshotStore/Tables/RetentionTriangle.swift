import StreamCore

/// How far a retention table has come, in its own units.
public struct RetentionUnits: Sendable {
  /// What a unit is.
  public enum Length: Sendable { case day, week, month }

  /// What one is.
  public let length: Length
  /// Number of the last unit that is over: its cells are final, absent ones are 0.
  public let finished: Int64
  /// Number of the last unit that has begun.
  public let reached: Int64

  /// The unit that a row's own start and end show: a day has 23 to 25 hours.
  public static func length(of row: RetentionRow) -> Length {
    let hours = (row.unitEnd.ms - row.unitStart.ms) / 3_600_000
    return hours <= 26 ? .day : hours <= 8 * 24 ? .week : .month
  }

  /// Says how far a table has come.
  ///
  /// - Parameters:
  ///   - end: End of the last unit that has rows.
  ///   - settledTo: End of the last unit that has settled rows.
  ///   - watermark: Of the pipeline; every unit that ended by then is over.
  public init(
    _ length: Length, end: EventTime, settledTo: EventTime?, watermark: EventTime?, zone: Zone
  ) {
    func number(of time: EventTime) -> Int64 {
      Self.number(of: CivilDate(dayNumber: zone.dayNumber(of: time)), length)
    }
    let last = number(of: EventTime(ms: end.ms - 1))
    let settled = settledTo.map { number(of: EventTime(ms: $0.ms - 1)) }
    self.length = length
    switch watermark {
    case let watermark? where watermark.isEndOfInput: (finished, reached) = (last, last)
    case let watermark?:
      let current = number(of: watermark)
      finished = max(current - 1, settled ?? .min)
      reached = max(current, last)
    case nil: (finished, reached) = (settled ?? .min, last)
    }
  }

  /// Number of the unit whose first day is `cohort`, `YYYY-MM-DD`; nil when it is no date.
  public func number(ofCohort cohort: String) -> Int64? {
    let parts = cohort.split(separator: "-").map { Int64($0) }
    guard parts.count == 3, let year = parts[0], let month = parts[1], let day = parts[2],
      (1...12).contains(month), (1...31).contains(day)
    else { return nil }
    return Self.number(of: CivilDate(year: year, month: Int(month), day: Int(day)), length)
  }

  private static func number(of date: CivilDate, _ length: Length) -> Int64 {
    switch length {
    case .day: return date.dayNumber
    case .week:
      // 1970-01-01 was a Thursday, weeks begin on Monday.
      let days = date.dayNumber + 3
      return days >= 0 ? days / 7 : (days - 6) / 7
    case .month: return date.monthNumber
    }
  }
}

/// Cohorts of a retention table over the periods after them, for the dimensions it is split by.
public struct RetentionTriangle: Sendable {
  /// One cell that exists: its unit has begun.
  public struct Cell: Sendable {
    /// Users that came back.
    public var users: Int64 = 0
    /// What they brought; nil without amounts.
    public var amount: ExactDecimal?
    /// Amounts of this period and all before it, by head of the cohort.
    public var perHead: Double?
    /// Whether it can still change.
    public var isProvisional = false
  }

  /// One cohort.
  public struct Cohort: Sendable {
    /// Its first day, `YYYY-MM-DD`.
    public var cohort: String
    /// By period; one less than the table's columns for each unit that the cohort is younger.
    public var cells: [Cell]
    /// Users of the cohort; nil when its own cell is not stored any more.
    public var users: Int64?

    /// Share of the cohort in `cell`.
    public func share(_ cell: Cell) -> Double? {
      users.flatMap { $0 > 0 ? Double(cell.users) / Double($0) : nil }
    }
  }

  /// Name of the table.
  public var retention: String
  /// What it is split by.
  public var dimensions: DimensionValues
  /// Oldest first.
  public var cohorts: [Cohort]

  /// Whether the table adds amounts up.
  public var hasAmounts: Bool { cohorts.contains { $0.cells.contains { $0.amount != nil } } }

  /// The last period of any cohort.
  public var lastPeriod: Int { (cohorts.map(\.cells.count).max() ?? 1) - 1 }

  /// Triangles of one table's `rows`, those with most users first. A user belongs to one series of
  /// a cohort, so counts and amounts add.
  ///
  /// - Parameters:
  ///   - names: Dimensions to split by; the others are added up.
  ///   - periods: The last period that the table follows.
  public static func triangles(
    _ rows: [RetentionRow], units: RetentionUnits, by names: [String], periods: Int
  ) -> [RetentionTriangle] {
    var dimensions = Dimensions(by: names)
    let groups = Dictionary(grouping: rows) { dimensions.kept($0.dimensions) }
    let triangles = groups.map { key, rows in
      RetentionTriangle(
        retention: rows[0].retention, dimensions: key,
        cohorts: Dictionary(grouping: rows, by: \.cohort).sorted { $0.key < $1.key }
          .map { Cohort($0, $1, units: units, periods: periods) })
    }
    func size(_ triangle: RetentionTriangle) -> Int64 {
      triangle.cohorts.reduce(0) { $0 + ($1.users ?? 0) }
    }
    return triangles.sorted {
      (size($1), Dimensions.text($0.dimensions)) < (size($0), Dimensions.text($1.dimensions))
    }
  }
}

extension RetentionTriangle.Cohort {
  fileprivate init(
    _ cohort: String, _ rows: [RetentionRow], units: RetentionUnits, periods: Int
  ) {
    self.cohort = cohort
    let stored = rows.map(\.period).max() ?? 0
    let number = units.number(ofCohort: cohort)
    let last = number.map { Int(clamping: min(Int64(periods), units.reached - $0)) } ?? stored
    let hasAmounts = rows.contains { $0.amountExact != nil }
    cells = (0...max(stored, last, 0)).map { period in
      let unit = number.map { $0 + Int64(period) }
      return RetentionTriangle.Cell(
        amount: hasAmounts ? .zero : nil, isProvisional: unit.map { $0 > units.finished } ?? false)
    }
    for row in rows where cells.indices.contains(row.period) {
      cells[row.period].users += row.users
      if let amount = row.amountExact.flatMap(ExactDecimal.init(text:)) {
        let sum = (cells[row.period].amount ?? .zero).addingReportingOverflow(amount)
        cells[row.period].amount = sum.overflow ? nil : sum.partialValue
      }
      // What is stored knows best.
      if row.status == .provisional { cells[row.period].isProvisional = true }
    }
    let isStored = rows.contains { $0.period == 0 }
    users = isStored ? cells[0].users : nil
    addUp()
  }

  /// Fills the amounts by head.
  private mutating func addUp() {
    guard let users, users > 0 else { return }
    var sum = ExactDecimal.zero
    for period in cells.indices {
      guard let amount = cells[period].amount else { return }
      let next = sum.addingReportingOverflow(amount)
      if next.overflow { return }
      sum = next.partialValue
      cells[period].perHead = sum.divided(by: users)
    }
  }
}

extension ExactDecimal {
  /// Reads a number's text.
  fileprivate init?(text: String) {
    var text = text
    guard let value = text.withUTF8({ ExactDecimal(UnsafeRawBufferPointer($0)) }) else {
      return nil
    }
    self = value
  }
}
