/// One row of the table `kpis`: a KPI's value over a part of its period, from the start.
///
/// The last row of a period, with `asOf` at its end, is the period's own. The others say how far it
/// had come: what a later period is held against when both are equally old.
public struct KPIRow: Sendable, Equatable {
  /// Name of the KPI.
  public var kpi: String
  /// Start of its period, inclusive.
  public var periodStart: EventTime
  /// End of its period, exclusive.
  public var periodEnd: EventTime
  /// Events before this count; after the start and at most the end of the period.
  public var asOf: EventTime
  /// The value.
  public var value: Double
  /// The value over the same part of the period before; nil where there is none.
  public var previous: Double?
  /// The child that moved it most against `previous`; nil where none did.
  public var movedBy: String?
  /// By how much that child did: what the value lost if the child had stayed as it was over the
  /// same part of the period before. Nil where the formula does not read the child.
  public var moved: Double?
  /// Whether the value is an estimate.
  public var approximate: Bool
  /// Whether it can still change.
  public var status: ResultStatus

  /// Makes a row of its columns.
  public init(
    kpi: String, periodStart: EventTime, periodEnd: EventTime, asOf: EventTime, value: Double,
    previous: Double? = nil, movedBy: String? = nil, moved: Double? = nil,
    approximate: Bool = false, status: ResultStatus
  ) {
    self.kpi = kpi
    self.periodStart = periodStart
    self.periodEnd = periodEnd
    self.asOf = asOf
    self.value = value
    self.previous = previous
    self.movedBy = movedBy
    self.moved = moved
    self.approximate = approximate
    self.status = status
  }
}

/// Key of a row of the table `kpis`.
public struct KPIKey: Hashable, Sendable {
  /// Name of the KPI.
  public var kpi: String
  /// Start of its period, inclusive.
  public var periodStart: EventTime
  /// Events before this count.
  public var asOf: EventTime

  /// Makes a key of its columns.
  public init(kpi: String, periodStart: EventTime, asOf: EventTime) {
    self.kpi = kpi
    self.periodStart = periodStart
    self.asOf = asOf
  }
}

/// Which way a KPI should go.
public enum KPIDirection: String, Sendable, CaseIterable, Codable {
  /// More is better.
  case up
  /// Less is better.
  case down
}

/// What a KPI is about.
public enum KPILayer: String, Sendable, CaseIterable, Codable {
  /// What the business lives on.
  case business
  /// What moves it.
  case operational
  /// What people do day by day.
  case process
}

/// One row of the table `kpi_tree`: a KPI as the pipeline file describes it.
public struct KPINode: Sendable, Equatable {
  /// Its name.
  public var kpi: String
  /// The KPI that it is a child of; nil for a root.
  public var parent: String?
  /// Its place among its siblings, from 0: roots by name, children in the file's order.
  public var position: Int
  /// What people read in place of the name; nil: the name.
  public var title: String?
  /// What it is about.
  public var layer: KPILayer
  /// Its period as a pipeline file writes it, e.g. `1mo`.
  public var period: String
  /// Its formula as the pipeline file writes it.
  public var formula: String
  /// Unit of its value, e.g. `CNY`; nil for plain numbers, `%` for shares.
  public var unit: String?
  /// Who answers for it.
  public var owner: String?
  /// What it should be at the end of a period.
  public var target: Double?
  /// Which way it should go.
  public var direction: KPIDirection

  /// Makes a row of its columns.
  public init(
    kpi: String, parent: String?, position: Int, title: String?, layer: KPILayer, period: String,
    formula: String, unit: String?, owner: String?, target: Double?, direction: KPIDirection
  ) {
    self.kpi = kpi
    self.parent = parent
    self.position = position
    self.title = title
    self.layer = layer
    self.period = period
    self.formula = formula
    self.unit = unit
    self.owner = owner
    self.target = target
    self.direction = direction
  }
}
