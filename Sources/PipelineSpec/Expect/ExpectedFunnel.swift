import StreamCore

/// A row that is expected in the table `funnels`. What it leaves out may be anything.
public struct ExpectedFunnel: Sendable, Equatable {
  /// Name of the funnel.
  public var funnel: String
  /// Local day of the entry window's start, `YYYY-MM-DD`.
  public var entryDay: String?
  /// Start of the entry window.
  public var entryStart: EventTime?
  /// JSON text of dimensions, by name.
  public var dimensions: [String: String] = [:]
  /// The step, from 1.
  public var step: Int?
  /// Users at the step or beyond. 0 holds where there is no row, too.
  public var users: Int64?
  /// Whether no such row may be there.
  public var isAbsent = false
  /// Share of those that entered.
  public var conversionFromStart = ExpectedNumber.any
  /// Share of those at the step before.
  public var conversionFromPrevious = ExpectedNumber.any
  /// Median time from the first step, in milliseconds, within 1%.
  public var p50Ms = ExpectedNumber.any
  /// The time that nine of ten users stay within, in milliseconds, within 1%.
  public var p90Ms = ExpectedNumber.any
  /// How far conversions may be off.
  public var tolerance = 1e-9
  /// Status of the row.
  public var status: ResultStatus?

  /// Expects some row of `funnel`.
  public init(funnel: String) { self.funnel = funnel }
}

extension ExpectedFunnel: ExpectedRow {
  static let keyWords = "entry window, dimensions or step"
  var stage: String { funnel }
  var expectsNone: Bool { isAbsent }
  var acceptsNone: Bool { users == 0 }

  static func stage(of row: FunnelRow) -> String { row.funnel }

  func hasKey(_ row: FunnelRow) -> Bool {
    (entryDay == nil || row.entryDay == entryDay)
      && (entryStart == nil || row.entryStart == entryStart) && (step == nil || row.step == step)
      && ExpectedDimensions.hold(dimensions, in: row.dimensions)
  }

  func hasContent(_ row: FunnelRow) -> Bool {
    (users == nil || row.users == users) && (status == nil || row.status == status)
      && conversionFromStart.holds(row.conversionFromStart, tolerance: tolerance)
      && conversionFromPrevious.holds(row.conversionFromPrevious, tolerance: tolerance)
      && p50Ms.holds(quantileMs: row.p50Ms) && p90Ms.holds(quantileMs: row.p90Ms)
  }

  var description: String {
    var text = funnel
    if let entryDay { text += " \(entryDay)" }
    if let entryStart { text += " \(Instants.text(entryStart))" }
    text += ExpectedDimensions.text(of: dimensions)
    if let step { text += " step \(step)" }
    if let users { text += ", users \(users)" }
    text += conversionFromStart.text("conversion_from_start")
    text += conversionFromPrevious.text("conversion_from_previous")
    text += p50Ms.text("p50_ms") + p90Ms.text("p90_ms")
    if let status { text += " (\(status.rawValue))" }
    return text
  }
}
