import StreamCore

/// A row that is expected in the table `kpis`. What it leaves out may be anything.
public struct ExpectedKPI: Sendable, Equatable {
  /// Name of the KPI.
  public var kpi: String
  /// Start of the period.
  public var periodStart: EventTime?
  /// End of the part of the period that it is about; nil: of the last one that there is.
  public var asOf: EventTime?
  /// The value; `none` for: there is no such row.
  public var value = ExpectedNumber.any
  /// The value over the same part of the period before.
  public var previous = ExpectedNumber.any
  /// The child that moved it most; `none` for null.
  public var movedBy: String?
  /// By how much that child did.
  public var moved = ExpectedNumber.any
  /// How far a number may be off, as a share of it; of numbers below 1, as an amount.
  public var tolerance = 1e-9
  /// Status of the row.
  public var status: ResultStatus?

  /// Expects some row of `kpi`.
  public init(kpi: String) { self.kpi = kpi }
}

extension ExpectedKPI: ExpectedRow {
  static let keyWords = "period or as_of"
  var stage: String { kpi }
  var expectsNone: Bool { value == .none }
  var acceptsNone: Bool { false }

  static func stage(of row: KPIRow) -> String { row.kpi }

  func hasKey(_ row: KPIRow) -> Bool {
    (periodStart == nil || row.periodStart == periodStart) && (asOf == nil || row.asOf == asOf)
  }

  func hasContent(_ row: KPIRow) -> Bool {
    value.holds(row.value, tolerance: tolerance)
      && previous.holds(row.previous, tolerance: tolerance)
      && (movedBy == nil || movedBy == row.movedBy ?? "none")
      && moved.holds(row.moved, tolerance: tolerance) && (status == nil || row.status == status)
  }

  var description: String {
    var text = kpi
    if let periodStart { text += " from \(Instants.text(periodStart))" }
    if let asOf { text += " to \(Instants.text(asOf))" }
    text += value.text("value") + previous.text("previous")
    if let movedBy { text += ", moved_by \(movedBy)" }
    text += moved.text("moved")
    if let status { text += " (\(status.rawValue))" }
    return text
  }

  /// The rows that it may be matched by: without `asOf` the last one of each period.
  func candidates(in rows: [KPIRow]) -> [KPIRow] {
    if asOf != nil { return rows }
    var last: [KPIKey: KPIRow] = [:]
    for row in rows {
      let key = KPIKey(kpi: row.kpi, periodStart: row.periodStart, asOf: .distantPast)
      if last[key].map({ $0.asOf < row.asOf }) ?? true { last[key] = row }
    }
    return rows.filter { row in
      last[KPIKey(kpi: row.kpi, periodStart: row.periodStart, asOf: .distantPast)] == row
    }
  }
}
