import StreamCore

/// A row that a metric must have.
public struct OracleRow: Sendable, Equatable {
  /// What its value must be.
  public enum Expected: Sendable, Equatable {
    /// Exactly this many hundredths.
    case exact(units: Int128)
    /// This, but for rounding.
    case near(Double)
    /// Between these two or within one per cent of them: a quantile, whichever way its rank is
    /// rounded.
    case between(Double, Double)
  }

  /// The metric's name.
  public var metric: String
  /// Its window.
  public var window: MetricOracle.Window
  /// Canonical JSON.
  public var dimensions: String
  /// What its value must be.
  public var expected: Expected
  /// Events that the value rests on.
  public var samples: Int

  /// Makes a row of its parts.
  public init(
    metric: String, window: MetricOracle.Window, dimensions: String, expected: Expected,
    samples: Int
  ) {
    self.metric = metric
    self.window = window
    self.dimensions = dimensions
    self.expected = expected
    self.samples = samples
  }

  /// Whether `value` is what it must be.
  public func accepts(_ value: Double) -> Bool {
    switch expected {
    case .exact(let units): value == Double(units) / 100
    case .near(let other): abs(value - other) <= 1e-12 * max(1, abs(other))
    case .between(let low, let high):
      value >= low - abs(low) * 0.01 && value <= high + abs(high) * 0.01
    }
  }

  /// Whether exact text says what it must; text of up to nine places, as `-12.3`.
  public func accepts(exactText: String) -> Bool {
    guard case .exact(let units) = expected else { return true }
    return Self.billionths(exactText) == units * 10_000_000
  }

  /// Decimal text in units of 10^-9; nil when it is none.
  static func billionths(_ text: String) -> Int128? {
    let isNegative = text.hasPrefix("-")
    let parts = text.drop { $0 == "-" }.split(separator: ".", omittingEmptySubsequences: false)
    guard (1...2).contains(parts.count), let whole = parts.first, !whole.isEmpty else { return nil }
    let places = parts.count == 2 ? String(parts[1]) : ""
    guard places.count <= 9 else { return nil }
    let digits = whole + places + String(repeating: "0", count: 9 - places.count)
    guard digits.allSatisfy(\.isNumber), let magnitude = Int128(digits) else { return nil }
    return isNegative ? -magnitude : magnitude
  }

  /// Everything in which a metric's rows differ from what they must be, one sentence each; empty
  /// when they are right.
  ///
  /// - Parameters:
  ///   - zeros: whether rows of the value zero may be left out.
  ///   - samples: whether samples are compared.
  public static func differences(
    expected: [OracleRow], actual: [MetricRow], zeros: Bool = true, samples: Bool = true
  ) -> [String] {
    var found: [Key: MetricRow] = [:]
    var faults: [String] = []
    for row in actual {
      let key = Key(row.metric, row.windowStart.ms, row.windowEnd.ms, row.dimensions)
      if found.updateValue(row, forKey: key) != nil { faults.append("\(key): two rows") }
    }
    for row in expected {
      let key = Key(row.metric, row.window.startMs, row.window.endMs, row.dimensions)
      guard let other = found.removeValue(forKey: key) else {
        if !(zeros && row.expected == .exact(units: 0)) {
          faults.append("\(key): no row, expected \(row.expected)")
        }
        continue
      }
      if !row.accepts(other.value) {
        faults.append("\(key): value \(other.value), expected \(row.expected)")
      }
      if let text = other.valueExact, !row.accepts(exactText: text) {
        faults.append("\(key): value_exact \(text), expected \(row.expected)")
      }
      if samples && other.samples != row.samples {
        faults.append("\(key): \(other.samples) samples, expected \(row.samples)")
      }
    }
    faults += found.map { "\($0): value \($1.value), expected no row" }
    return faults.sorted()
  }

  private struct Key: Hashable, CustomStringConvertible {
    var metric: String
    var startMs: Int64
    var endMs: Int64
    var dimensions: String

    init(_ metric: String, _ startMs: Int64, _ endMs: Int64, _ dimensions: String) {
      self.metric = metric
      self.startMs = startMs
      self.endMs = endMs
      self.dimensions = dimensions
    }

    var description: String { "\(metric) [\(startMs), \(endMs)) \(dimensions)" }
  }
}
