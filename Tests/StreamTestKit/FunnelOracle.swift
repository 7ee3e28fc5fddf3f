import StreamCore

/// A funnel by brute force: for every first step, every way on from it is followed.
public struct FunnelOracle: Sendable {
  /// One step.
  public struct Step: Sendable {
    /// Its name.
    public var name: String
    /// Which events are this step.
    public var matches: @Sendable (OracleEvent) -> Bool

    /// Names a condition.
    public init(_ name: String, _ matches: @escaping @Sendable (OracleEvent) -> Bool) {
      self.name = name
      self.matches = matches
    }
  }

  /// The funnel's name.
  public var name: String
  /// Its steps.
  public var steps: [Step]
  /// Longest time from the first step to any other.
  public var withinMs: Int64
  /// Whether a chain ends at the first event that is not its next step.
  public var isStrict: Bool
  /// Which events end open chains.
  public var exclude: @Sendable (OracleEvent) -> Bool
  /// Whose chains they are; nil for nobody's.
  public var key: @Sendable (OracleEvent) -> String?
  /// Dimensions at the first step.
  public var dimensions: [OracleDimension]
  /// Entry windows.
  public var entered: OracleUnit
  /// Days and zone.
  public var calendar: OracleCalendar

  /// Makes a funnel; by default of users, by day of UTC, in the default order.
  public init(
    name: String, steps: [Step], withinMs: Int64, isStrict: Bool = false,
    exclude: @escaping @Sendable (OracleEvent) -> Bool = { _ in false },
    key: @escaping @Sendable (OracleEvent) -> String? = { $0.user },
    dimensions: [OracleDimension] = [], entered: OracleUnit = .day,
    calendar: OracleCalendar = OracleCalendar(zone: "UTC")
  ) {
    self.name = name
    self.steps = steps
    self.withinMs = withinMs
    self.isStrict = isStrict
    self.exclude = exclude
    self.key = key
    self.dimensions = dimensions
    self.entered = entered
    self.calendar = calendar
  }

  /// One row: one step of an entry window and series.
  public struct Row: Sendable, Equatable {
    /// The entry window.
    public var window: MetricOracle.Window
    /// Its local day.
    public var day: String
    /// Canonical JSON.
    public var dimensions: String
    /// From 1.
    public var step: Int
    /// Its name.
    public var name: String
    /// Times from the first step of those that came here, ascending: one for each.
    public var timesMs: [Int64]
    /// How many entered.
    public var entered: Int
    /// How many were at the step before; of the first step, those that entered.
    public var previous: Int
  }

  private struct Series: Hashable {
    var window: Int64
    var dimensions: String
  }

  /// The rows that these applied events come to, sorted by (window, dimensions, step).
  public func rows(_ events: [OracleEvent]) -> [Row] {
    var series: [Series: [[Int64]]] = [:]
    for (_, list) in OracleEvent.lists(events, by: key) {
      for (window, chain) in bestChains(list) {
        let first = list[chain[0]]
        let dimensions = canonicalDimensions(dimensions, of: first)
        series[Series(window: window, dimensions: dimensions), default: []]
          .append(chain.map { list[$0].timeMs - first.timeMs })
      }
    }
    return series.flatMap { series, chains in rows(of: series, chains) }.sorted {
      ($0.window.startMs, $0.dimensions, $0.step) < ($1.window.startMs, $1.dimensions, $1.step)
    }
  }

  private func rows(of series: Series, _ chains: [[Int64]]) -> [Row] {
    let window = calendar.window(entered, series.window)
    return steps.indices.map { step in
      Row(
        window: window, day: calendar.dayText(at: window.startMs), dimensions: series.dimensions,
        step: step + 1, name: steps[step].name,
        timesMs: chains.filter { $0.count > step }.map { $0[step] }.sorted(),
        entered: chains.count, previous: chains.count { $0.count > max(0, step - 1) })
    }
  }

  /// For each entry window with a first step: the chain that counts, as the places of its events in
  /// `list`, which is one key's events in order.
  ///
  /// Of the chains that begin in the window (`reaches` of each first step) the longest; of those of
  /// one length the one whose last event comes first, since it was the first to be so long; of
  /// those that share their last event the one that began last.
  func bestChains(_ list: [OracleEvent]) -> [Int64: [Int]] {
    var best: [Int64: [Int]] = [:]
    for start in list.indices where steps[0].matches(list[start]) {
      let window = calendar.number(entered, at: list[start].timeMs)
      let chain = reaches(list, from: start)
      guard let other = best[window] else {
        best[window] = chain
        continue
      }
      let isLonger = chain.count > other.count
      let isEarlier = chain.count == other.count && chain[chain.count - 1] < other[other.count - 1]
      let isLater = chain.count == other.count && chain[chain.count - 1] == other[other.count - 1]
      // Starts come in order, so this one began after the other.
      if isLonger || isEarlier || isLater { best[window] = chain }
    }
    return best
  }

  /// The event at which each level is first reached by a chain that begins at `start`.
  ///
  /// `ends` holds every event at which *some* choice of events for the steps so far may end; those
  /// of the next step are found by trying all pairs of an end p and a later event k. So no way on
  /// is left out, whatever was chosen before, and the level is that of the longest chain there is.
  ///
  /// The first ends f, g of one level and the next belong to one chain, so that the times of the
  /// levels are those of a chain that takes each step as soon as it comes: g was found from some
  /// p, and f is not after p. In the default order (f, g) is then as good a pair as (p, g), since
  /// what else is asked of g (being the step, in time, before whatever excludes) depends on the
  /// start alone. In strict order there is one choice at most.
  private func reaches(_ list: [OracleEvent], from start: Int) -> [Int] {
    let after = list.indices.dropFirst(start + 1)
    let excluded = after.first { exclude(list[$0]) } ?? list.count
    let open = after.filter { $0 < excluded && list[$0].timeMs - list[start].timeMs <= withinMs }
    var chain = [start]
    var ends = [start]
    for step in steps.dropFirst() {
      let candidates = open.filter { step.matches(list[$0]) }
      ends = candidates.filter { k in ends.contains { p in isStrict ? k == p + 1 : k > p } }
      guard let first = ends.first else { break }
      chain.append(first)
    }
    return chain
  }
}

extension FunnelOracle {
  /// Everything in which a funnel's rows differ from what they must be, one sentence each; empty
  /// when they are right. Quantiles may be 1% and 1 ms off.
  public func differences(_ events: [OracleEvent], actual: [FunnelRow]) -> [String] {
    var comparison = RowComparison()
    for row in actual where row.funnel == name {
      comparison.found(
        key(row.entryStart.ms, row.entryEnd.ms, row.dimensions, row.step),
        [
          "day": row.entryDay, "name": row.stepName, "users": "\(row.users)",
          "from start": text(row.conversionFromStart),
          "from previous": text(row.conversionFromPrevious), "status": row.status.rawValue,
          "p50": row.p50Ms.map { "\($0)" } ?? "null", "p90": row.p90Ms.map { "\($0)" } ?? "null",
        ])
    }
    for row in rows(events) {
      let users = row.timesMs.count
      comparison.wanted(
        key(row.window.startMs, row.window.endMs, row.dimensions, row.step),
        [
          "day": .exact(row.day), "name": .exact(row.name), "users": .exact("\(users)"),
          "from start": .exact(ratio(users, row.entered)),
          "from previous": .exact(ratio(users, row.previous)), "status": .exact("final"),
          "p50": quantile(row.timesMs, 50), "p90": quantile(row.timesMs, 90),
        ])
    }
    return comparison.differences
  }

  private func key(_ start: Int64, _ end: Int64, _ dimensions: String, _ step: Int) -> String {
    "\(name) [\(start), \(end)) \(dimensions) step \(step)"
  }

  private func text(_ value: Double?) -> String { value.map { "\($0)" } ?? "null" }

  private func ratio(_ a: Int, _ b: Int) -> String {
    b == 0 ? "null" : "\(Double(a) / Double(b))"
  }

  private func quantile(_ sorted: [Int64], _ hundredths: Int) -> RowComparison.Wanted {
    if sorted.isEmpty { return .exact("null") }
    let rank = max(1, (sorted.count * hundredths + 99) / 100)
    let value = Double(sorted[rank - 1])
    return .near(value, by: value * 0.01 + 1)
  }
}
