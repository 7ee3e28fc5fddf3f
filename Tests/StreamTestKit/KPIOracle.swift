/// What a KPI's formula says.
public indirect enum OracleTerm: Sendable {
  /// A metric over the KPI's period.
  case metric(String)
  /// A formula of metrics, by a name of its own.
  case named(String, OracleTerm)
  /// Another KPI.
  case kpi(String)
  /// The newest settled number of another stage.
  case level(String)
  case previous(OracleTerm)
  case number(Double)
  case sum(OracleTerm, OracleTerm)
  case difference(OracleTerm, OracleTerm)
  case ratio(OracleTerm, OracleTerm)

  /// As the pipeline file writes it.
  public var text: String {
    switch self {
    case .metric(let name), .kpi(let name), .level(let name), .named(let name, _): name
    case .previous(let term): "previous(\(term.text))"
    case .number(let number): "\(number)"
    case .sum(let a, let b): "(\(a.text) + \(b.text))"
    case .difference(let a, let b): "(\(a.text) - \(b.text))"
    case .ratio(let a, let b): "(\(a.text) / \(b.text))"
    }
  }

  /// What it reads, one after the other.
  var leaves: [OracleTerm] {
    switch self {
    case .metric, .kpi, .level: [self]
    case .named(_, let term), .previous(let term): term.leaves
    case .number: []
    case .sum(let a, let b), .difference(let a, let b), .ratio(let a, let b): a.leaves + b.leaves
    }
  }

  /// Whether it reads the value of a KPI itself.
  func reads(_ kpi: String) -> Bool {
    switch self {
    case .kpi(let name): name == kpi
    case .metric, .named, .level, .previous, .number: false
    case .sum(let a, let b), .difference(let a, let b), .ratio(let a, let b):
      a.reads(kpi) || b.reads(kpi)
    }
  }
}

/// KPIs by brute force: each value to date is computed of the sorted list of the events of its
/// period so far, from what the file says and nothing before.
public struct KPIOracle {
  /// One metric.
  public struct Metric {
    /// What is computed, of what, of which events. Its windows are not used.
    public var oracle: MetricOracle
    /// Its lateness.
    public var latenessMs: Int64
    /// How long a last value goes on.
    public var carryMs: Int64?

    /// Makes a metric of its parts.
    public init(_ oracle: MetricOracle, latenessMs: Int64, carryMs: Int64? = nil) {
      self.oracle = oracle
      self.latenessMs = latenessMs
      self.carryMs = carryMs
    }

    var isZeroWithoutEvents: Bool {
      switch oracle.aggregate {
      case .count, .sum, .distinct, .distinctUsers: true
      case .avg, .min, .max, .last, .quantile: false
      }
    }

    func matches(_ event: OracleEvent) -> Bool {
      if case .distinctUsers = oracle.aggregate, event.user == nil { return false }
      return oracle.condition(event) && event.behindMs <= latenessMs
    }
  }

  /// One KPI.
  public struct KPI {
    public var name: String
    public var unit: OracleUnit
    public var term: OracleTerm
    public var children: [String]

    /// Makes a KPI of its parts.
    public init(name: String, unit: OracleUnit, term: OracleTerm, children: [String] = []) {
      self.name = name
      self.unit = unit
      self.term = term
      self.children = children
    }
  }

  /// One row.
  public struct Row: Equatable {
    public var kpi: String
    public var startMs: Int64
    public var endMs: Int64
    public var asOfMs: Int64
    public var value: Double
    public var previous: Double?
    public var movedBy: String?
    public var moved: Double?
  }

  public var calendar: OracleCalendar
  /// Whether every offset of the zone is a whole number of hours.
  public var hasWholeHours: Bool
  public var metrics: [String: Metric]
  public var kpis: [KPI]
  /// Numbers of other stages, and when they are settled, in order.
  public var levels: [String: [(atMs: Int64, value: Double)]] = [:]

  private var events: [OracleEvent] = []
  /// Periods that begin later have no rows.
  private var reachMs: Int64 = 0
  private var rows: [Key: Row?] = [:]

  private struct Key: Hashable {
    var kpi: String
    var asOfMs: Int64
  }

  /// Makes KPIs of their parts.
  public init(
    calendar: OracleCalendar, hasWholeHours: Bool, metrics: [String: Metric], kpis: [KPI]
  ) {
    self.calendar = calendar
    self.hasWholeHours = hasWholeHours
    self.metrics = metrics
    self.kpis = kpis
  }

  /// Every row that applied events come to, by KPI and instant, where no clock came beyond
  /// `horizonMs`.
  public mutating func rows(_ applied: [OracleEvent], horizonMs: Int64) -> [Row] {
    events = applied.sorted(by: OracleEvent.precedes)
    rows = [:]
    reachMs = horizonMs
    for kpi in kpis {
      for event in fed(kpi) {
        reachMs = max(reachMs, slice(kpi.unit, event.timeMs).startMs)
      }
    }
    guard let first = events.first else { return [] }
    var all: [Row] = []
    for kpi in kpis.sorted(by: { $0.name < $1.name }) {
      var number = calendar.number(kpi.unit, at: first.timeMs)
      while calendar.startMs(kpi.unit, number) <= reachMs {
        for slice in slices(kpi.unit, number) {
          if let row = row(kpi, number, slice.endMs) { all.append(row) }
        }
        number += 1
      }
    }
    return all
  }

  // MARK: - Slices

  private final class Slices {
    var known: [OracleUnit: [Int64: [MetricOracle.Window]]] = [:]
  }

  private let known = Slices()

  private func slices(_ unit: OracleUnit, _ number: Int64) -> [MetricOracle.Window] {
    if let known = known.known[unit]?[number] { return known }
    let made = makeSlices(unit, number)
    known.known[unit, default: [:]][number] = made
    return made
  }

  private func makeSlices(_ unit: OracleUnit, _ number: Int64) -> [MetricOracle.Window] {
    let window = calendar.window(unit, number)
    let minute: Int64 = 60_000
    var ends: [Int64] = []
    let step: Int64
    switch unit {
    case .fixed(let ms):
      let minutes = ms / minute
      let sizes: [Int64] = (1...max(1, minutes / 12)).filter { minutes % $0 == 0 }
      step = (sizes.max() ?? 1) * minute
    case .day: step = 15 * minute
    case .week: step = hasWholeHours ? 60 * minute : 15 * minute
    case .month:
      var day = calendar.number(.day, at: window.startMs)
      while calendar.startMs(.day, day) < window.endMs {
        ends.append(calendar.startMs(.day, day + 1))
        day += 1
      }
      step = 0
    }
    if step > 0 {
      ends = Array(stride(from: window.startMs + step, through: window.endMs, by: Int(step)))
    }
    let starts = [window.startMs] + ends.dropLast()
    return zip(starts, ends).map { MetricOracle.Window(startMs: $0, endMs: $1) }
  }

  private func slice(_ unit: OracleUnit, _ ms: Int64) -> MetricOracle.Window {
    slices(unit, calendar.number(unit, at: ms)).first { $0.startMs <= ms && ms < $0.endMs }!
  }

  /// The end of the same part of the period before.
  private func before(_ unit: OracleUnit, _ number: Int64, _ asOfMs: Int64) -> Int64 {
    let own = slices(unit, number)
    let others = slices(unit, number - 1)
    let at = own.firstIndex { $0.endMs == asOfMs }!
    if at == own.count - 1 { return others[others.count - 1].endMs }
    return others[min(at, others.count - 1)].endMs
  }

  // MARK: - Rows

  private func kpi(_ name: String) -> KPI { kpis.first { $0.name == name }! }

  /// The events that feed a KPI, and the KPIs that it reads.
  private func fed(_ kpi: KPI) -> [OracleEvent] {
    kpi.term.leaves.flatMap { leaf -> [OracleEvent] in
      switch leaf {
      case .metric(let name): events.filter { metrics[name]!.matches($0) }
      case .kpi(let name): fed(self.kpi(name))
      default: []
      }
    }
  }

  private func fedMs(_ kpi: KPI, _ unit: OracleUnit) -> [Int64] {
    fed(kpi).map { slice(unit, $0.timeMs).endMs } + settled(kpi)
  }

  private func settled(_ kpi: KPI) -> [Int64] {
    kpi.term.leaves.flatMap { leaf -> [Int64] in
      switch leaf {
      case .level(let name): levels[name]!.map(\.atMs)
      case .kpi(let name): settled(self.kpi(name))
      default: []
      }
    }
  }

  private var feeds: [String: [Int64]] = [:]

  private mutating func isFed(_ kpi: KPI, _ asOfMs: Int64) -> Bool {
    if feeds[kpi.name] == nil { feeds[kpi.name] = fedMs(kpi, kpi.unit) }
    guard let last = feeds[kpi.name]!.filter({ $0 <= asOfMs }).max() else { return false }
    let hour: Int64 = 3_600_000
    let longest: Int64 =
      switch kpi.unit {
      case .fixed(let ms): ms
      case .day: 25 * hour
      case .week: (7 * 24 + 1) * hour
      case .month: (31 * 24 + 1) * hour
      }
    return asOfMs - last <= max(longest, 7 * 24 * hour)
  }

  private mutating func row(_ kpi: KPI, _ number: Int64, _ asOfMs: Int64) -> Row? {
    let key = Key(kpi: kpi.name, asOfMs: asOfMs)
    if let known = rows[key] { return known }
    rows[key] = .some(nil)
    guard calendar.startMs(kpi.unit, number) <= reachMs, isFed(kpi, asOfMs),
      let value = value(kpi, kpi.term, number, asOfMs)
    else { return nil }
    let window = calendar.window(kpi.unit, number)
    var row = Row(
      kpi: kpi.name, startMs: window.startMs, endMs: window.endMs, asOfMs: asOfMs, value: value)
    row.previous = self.row(kpi, number - 1, before(kpi.unit, number, asOfMs))?.value
    (row.movedBy, row.moved) = mover(kpi, number, asOfMs, value)
    rows[key] = .some(row)
    return row
  }

  private mutating func mover(
    _ kpi: KPI, _ number: Int64, _ asOfMs: Int64, _ value: Double
  ) -> (String?, Double?) {
    let read = kpi.children.filter { kpi.term.reads($0) }
    var found: [(name: String, moved: Double?, size: Double)] = []
    for name in read {
      guard let child = row(self.kpi(name), number, asOfMs), let previous = child.previous,
        let without = self.value(kpi, kpi.term, number, asOfMs, [name: previous])
      else { continue }
      found.append((name, value - without, abs(value - without)))
    }
    if read.isEmpty {
      for name in kpi.children {
        let child = self.kpi(name)
        guard let row = newest(child, asOfMs, isSame: child.unit == kpi.unit),
          let previous = row.previous, previous != 0
        else { continue }
        found.append((name, nil, abs((row.value - previous) / previous)))
      }
    }
    let best = found.filter { $0.size > 0 }.sorted { ($1.size, $0.name) < ($0.size, $1.name) }.first
    return (best?.name, best?.moved)
  }

  private mutating func newest(_ kpi: KPI, _ asOfMs: Int64, isSame: Bool) -> Row? {
    guard let first = events.first else { return nil }
    var number = calendar.number(kpi.unit, at: asOfMs)
    while calendar.startMs(kpi.unit, number + 1) >= first.timeMs {
      for slice in slices(kpi.unit, number).reversed() where slice.endMs <= asOfMs {
        if isSame, slice.endMs < asOfMs { return nil }
        if let row = row(kpi, number, slice.endMs) { return row }
      }
      number -= 1
    }
    return nil
  }

  // MARK: - Values

  private mutating func value(
    _ kpi: KPI, _ term: OracleTerm, _ number: Int64, _ asOfMs: Int64,
    _ replaced: [String: Double] = [:]
  ) -> Double? {
    switch term {
    case .number(let number): return number
    case .named(_, let term): return value(kpi, term, number, asOfMs)
    case .metric(let name): return value(metrics[name]!, kpi.unit, number, asOfMs)
    case .level(let name): return levels[name]!.last { $0.atMs <= asOfMs }?.value
    case .kpi(let name):
      return replaced[name] ?? row(self.kpi(name), number, asOfMs)?.value
    case .previous(let term):
      let before = before(kpi.unit, number, asOfMs)
      guard isFed(kpi, before) else { return nil }
      return value(kpi, term, number - 1, before)
    case .sum(let a, let b), .difference(let a, let b), .ratio(let a, let b):
      guard let x = value(kpi, a, number, asOfMs, replaced),
        let y = value(kpi, b, number, asOfMs, replaced)
      else { return nil }
      if case .sum = term { return x + y }
      if case .difference = term { return x - y }
      return y == 0 ? nil : x / y
    }
  }

  private func value(
    _ metric: Metric, _ unit: OracleUnit, _ number: Int64, _ asOfMs: Int64
  ) -> Double? {
    let startMs = calendar.startMs(unit, number)
    let own = events.filter { metric.matches($0) }
    if let value = value(metric, own.filter { startMs <= $0.timeMs && $0.timeMs < asOfMs }) {
      return value
    }
    if metric.isZeroWithoutEvents { return 0 }
    guard let carryMs = metric.carryMs else { return nil }
    let before = own.filter { $0.timeMs < startMs && metric.oracle.value($0) != nil }
    guard let last = before.last, asOfMs - slice(unit, last.timeMs).endMs <= carryMs else {
      return nil
    }
    return value(metric, [last])
  }

  private func value(_ metric: Metric, _ events: [OracleEvent]) -> Double? {
    var oracle = metric.oracle
    oracle.dimensions = []
    oracle.windows = { _ in [MetricOracle.Window(startMs: 0, endMs: 1)] }
    switch oracle.rows(events).first?.expected {
    case .exact(let units): return Double(units) / 100
    case .near(let value): return value
    case .between(let low, _): return low
    case nil: return nil
    }
  }
}
