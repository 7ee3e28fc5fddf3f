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

  /// What does not hold, or nil when it does: what was expected, and the nearest that is there.
  func mismatch(in rows: [MetricRow]) -> String? {
    let candidates = rows.filter { hasKey($0) }
    if value == .none {
      return candidates.first.map { "expected no row \(description), found \(RowText.of($0))" }
    }
    if candidates.contains(where: { hasContent($0) }) { return nil }
    if let row = candidates.first {
      let more = candidates.count > 1 ? " (and \(candidates.count - 1) more)" : ""
      return "expected \(description), found \(RowText.of(row))\(more)"
    }
    guard let other = rows.first(where: { $0.metric == metric }) else {
      return "expected \(description), found no row of \(metric)"
    }
    return "expected \(description), found no such window or dimensions; there is "
      + RowText.of(other)
  }

  /// Whether `row` is of this metric, window and dimensions.
  private func hasKey(_ row: MetricRow) -> Bool {
    guard row.metric == metric, windowStart == nil || row.windowStart == windowStart else {
      return false
    }
    if dimensions.isEmpty { return true }
    guard let found = JSONObject.members(of: row.dimensions) else { return false }
    return dimensions.allSatisfy { name, text in found[name] == JSONObject.canonical(text) }
  }

  private func hasContent(_ row: MetricRow) -> Bool {
    if let samples, row.samples != samples { return false }
    if let status, row.status != status { return false }
    switch value {
    case .any: return true
    case .none: return false
    case .number(let number):
      return abs(row.value - number) <= tolerance * max(1, abs(number))
    }
  }

  private var description: String {
    var text = metric
    if let windowStart { text += " at \(Instants.text(windowStart))" }
    if !dimensions.isEmpty {
      let members = dimensions.sorted { $0.key < $1.key }
        .map { "\(JSONText.quoted($0.key)):\($0.value)" }
      text += " {\(members.joined(separator: ","))}"
    }
    if case .number(let number) = value { text += " = \(number)" }
    if let samples { text += " of \(samples) samples" }
    if let status { text += " (\(status.rawValue))" }
    return text
  }
}

/// Rows of results, for people.
enum RowText {
  static func of(_ row: MetricRow) -> String {
    "\(row.metric) at \(Instants.text(row.windowStart)) \(row.dimensions) = "
      + "\(row.valueExact ?? "\(row.value)") of \(row.samples) samples (\(row.status.rawValue))"
  }
}
