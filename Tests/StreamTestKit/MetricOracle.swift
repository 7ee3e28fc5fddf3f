/// What an oracle computes over the events of a window.
public enum OracleAggregate: Sendable {
  case count, sum, avg, min, max, last, distinctUsers
  /// Distinct values of a text that may be missing.
  case distinct(@Sendable (OracleEvent) -> String?)
  /// The quantile of this many hundredths.
  case quantile(Int)
}

/// A metric by brute force: every window of every series is a list of events in order, and each
/// value is computed of the whole list.
public struct MetricOracle: Sendable {
  /// One of the windows that an event lies in: [startMs, endMs).
  public struct Window: Hashable, Sendable {
    /// Inclusive.
    public var startMs: Int64
    /// Exclusive.
    public var endMs: Int64

    /// Makes a window of its bounds.
    public init(startMs: Int64, endMs: Int64) {
      self.startMs = startMs
      self.endMs = endMs
    }
  }

  /// The metric's name.
  public var name: String
  /// What is computed.
  public var aggregate: OracleAggregate
  /// What it is computed of, in hundredths; events without one do not count for it.
  public var value: @Sendable (OracleEvent) -> Int64?
  /// Which events count.
  public var condition: @Sendable (OracleEvent) -> Bool
  /// Names and values of dimensions.
  public var dimensions: [(name: String, value: @Sendable (OracleEvent) -> String?)]
  /// The windows that an instant lies in.
  public var windows: @Sendable (Int64) -> [Window]

  /// Makes a metric; by default of all events, of their amounts, without dimensions.
  public init(
    name: String, aggregate: OracleAggregate,
    value: @escaping @Sendable (OracleEvent) -> Int64? = { $0.units },
    condition: @escaping @Sendable (OracleEvent) -> Bool = { _ in true },
    dimensions: [(name: String, value: @Sendable (OracleEvent) -> String?)] = [],
    windows: @escaping @Sendable (Int64) -> [Window]
  ) {
    self.name = name
    self.aggregate = aggregate
    self.value = value
    self.condition = condition
    self.dimensions = dimensions
    self.windows = windows
  }

  /// Windows of `sizeMs` that begin at every multiple of `everyMs`.
  public static func windows(sizeMs: Int64, everyMs: Int64) -> @Sendable (Int64) -> [Window] {
    { time in
      let intoStep = ((time % everyMs) + everyMs) % everyMs
      var start = time - intoStep
      var windows: [Window] = []
      while start + sizeMs > time {
        windows.append(Window(startMs: start, endMs: start + sizeMs))
        start -= everyMs
      }
      return windows
    }
  }

  private struct Series: Hashable {
    var window: Window
    var dimensions: String
  }

  /// The rows that these applied events come to, sorted by (window, dimensions). Windows in which
  /// nothing counts have none.
  public func rows(_ events: [OracleEvent]) -> [OracleRow] {
    let ordered = events.sorted(by: OracleEvent.precedes)
    var lists: [Series: [OracleEvent]] = [:]
    for event in ordered where condition(event) {
      let key = canonicalDimensions(dimensions.map { ($0.name, $0.value(event)) })
      for window in windows(event.timeMs) {
        lists[Series(window: window, dimensions: key), default: []].append(event)
      }
    }
    return lists.compactMap { series, list in row(series, list) }.sorted {
      ($0.window.startMs, $0.window.endMs, $0.dimensions)
        < ($1.window.startMs, $1.window.endMs, $1.dimensions)
    }
  }

  private func row(_ series: Series, _ list: [OracleEvent]) -> OracleRow? {
    let values = list.compactMap(value)
    let sum = values.reduce(into: Int128(0)) { $0 += Int128($1) }
    let expected: OracleRow.Expected
    var samples = values.count
    switch aggregate {
    case .count:
      expected = .exact(units: Int128(list.count) * 100)
      samples = list.count
    case .distinctUsers:
      let users = list.compactMap(\.user)
      expected = .exact(units: Int128(Set(users).count) * 100)
      samples = users.count
    case .distinct(let text):
      let texts = list.compactMap(text)
      expected = .exact(units: Int128(Set(texts).count) * 100)
      samples = texts.count
    case .sum: expected = .exact(units: sum)
    case .avg: expected = .near(Double(sum) / Double(100 * max(1, values.count)))
    case .min: expected = .exact(units: Int128(values.min() ?? 0))
    case .max: expected = .exact(units: Int128(values.max() ?? 0))
    case .last: expected = .exact(units: Int128(values.last ?? 0))
    case .quantile(let hundredths):
      guard !values.isEmpty else { return nil }
      let sorted = values.sorted()
      let position = Double(hundredths) / 100 * Double(sorted.count - 1)
      let (low, high) = (Int(position.rounded(.down)), Int(position.rounded(.up)))
      expected = .between(Double(sorted[low]) / 100, Double(sorted[high]) / 100)
    }
    if samples == 0 { return nil }
    return OracleRow(
      metric: name, window: series.window, dimensions: series.dimensions, expected: expected,
      samples: samples)
  }
}
