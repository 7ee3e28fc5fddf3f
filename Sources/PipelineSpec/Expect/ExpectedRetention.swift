import StreamCore

/// A row that is expected in the table `retention`. What it leaves out may be anything.
public struct ExpectedRetention: Sendable, Equatable {
  /// Name of the retention table.
  public var retention: String
  /// First local day of the cohort's unit, `YYYY-MM-DD`.
  public var cohort: String?
  /// Units after the cohort's own.
  public var period: Int?
  /// JSON text of dimensions, by name.
  public var dimensions: [String: String] = [:]
  /// Users of the cell. 0 holds where there is no row, too.
  public var users: Int64?
  /// Whether no such row may be there.
  public var isAbsent = false
  /// Sum over the return events.
  public var amount = ExpectedNumber.any
  /// How far the amount may be off, as a share of it.
  public var tolerance = 1e-9
  /// Status of the row.
  public var status: ResultStatus?

  /// Expects some row of `retention`.
  public init(retention: String) { self.retention = retention }
}

extension ExpectedRetention: ExpectedRow {
  static let keyWords = "cohort, period or dimensions"
  var stage: String { retention }
  var expectsNone: Bool { isAbsent }
  var acceptsNone: Bool { users == 0 }

  static func stage(of row: RetentionRow) -> String { row.retention }

  func hasKey(_ row: RetentionRow) -> Bool {
    (cohort == nil || row.cohort == cohort) && (period == nil || row.period == period)
      && ExpectedDimensions.hold(dimensions, in: row.dimensions)
  }

  func hasContent(_ row: RetentionRow) -> Bool {
    (users == nil || row.users == users) && (status == nil || row.status == status)
      && amount.holds(row.amount, tolerance: tolerance)
  }

  var description: String {
    var text = retention
    if let cohort { text += " \(cohort)" }
    text += ExpectedDimensions.text(of: dimensions)
    if let period { text += " period \(period)" }
    if let users { text += ", users \(users)" }
    text += amount.text("amount")
    if let status { text += " (\(status.rawValue))" }
    return text
  }
}
