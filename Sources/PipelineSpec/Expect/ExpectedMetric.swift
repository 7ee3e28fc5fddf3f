import StreamCore

/// A row that is expected in the table `metrics`. What it leaves out may be anything.
public struct ExpectedMetric: Sendable, Equatable {
  /// What the value has to be.
  public enum Value: Sendable, Equatable {
    case any
    /// This number, within the tolerance.
    case number(Double)
    /// There is no such row.
    case none
  }

  /// Name of the metric or formula.
  public var metric: String
  /// Start of the window.
  public var windowStart: EventTime?
  /// JSON text of dimensions, by name.
  public var dimensions: [String: String]
  /// What the value has to be.
  public var value: Value
  /// How far the value may be off, as a share of it; of values below 1, as an amount.
  public var tolerance: Double
  /// Events that the value rests on.
  public var samples: Int64?
  /// Status of the row.
  public var status: ResultStatus?

  /// Expects a row.
  public init(
    metric: String, windowStart: EventTime? = nil, dimensions: [String: String] = [:],
    value: Value = .any, tolerance: Double = 1e-9, samples: Int64? = nil,
    status: ResultStatus? = nil
  ) {
    self.metric = metric
    self.windowStart = windowStart
    self.dimensions = dimensions
    self.value = value
    self.tolerance = tolerance
    self.samples = samples
    self.status = status
  }
}

extension ExpectedMetric: ExpectedRow {
  static let keyWords = "window or dimensions"
  var stage: String { metric }
  var expectsNone: Bool { value == .none }
  var acceptsNone: Bool { false }

  static func stage(of row: MetricRow) -> String { row.metric }

  func hasKey(_ row: MetricRow) -> Bool {
    (windowStart == nil || row.windowStart == windowStart)
      && ExpectedDimensions.hold(dimensions, in: row.dimensions)
  }

  func hasContent(_ row: MetricRow) -> Bool {
    if let samples, row.samples != samples { return false }
    if let status, row.status != status { return false }
    switch value {
    case .any: return true
    case .none: return false
    case .number(let number):
      return abs(row.value - number) <= tolerance * max(1, abs(number))
    }
  }

  var description: String {
    var text = metric
    if let windowStart { text += " at \(Instants.text(windowStart))" }
    text += ExpectedDimensions.text(of: dimensions)
    if case .number(let number) = value { text += " = \(number)" }
    if let samples { text += " of \(samples) samples" }
    if let status { text += " (\(status.rawValue))" }
    return text
  }
}
