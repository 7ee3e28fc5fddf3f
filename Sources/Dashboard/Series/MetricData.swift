import Charts
import SnapshotStore
import StreamCore

/// Rows of one metric as a page shows them: grouped into series, in order of time.
struct MetricData: Sendable {
  /// A value of one series in one window.
  struct Point: Sendable {
    var start: EventTime
    var end: EventTime
    var value: Double
    var samples: Int64
    var approximate: Bool
    var status: ResultStatus
  }

  /// One series: rows of the same dimensions, or such that were added up.
  struct Series: Sendable {
    var dimensions: DimensionValues
    /// By start of window.
    var points: [Point]

    /// What it is put in order by: all its values, or the newest final one where they do not add
    /// over time.
    func size(addsOverTime: Bool) -> Double {
      addsOverTime ? points.reduce(0) { $0 + $1.value } : newest?.value ?? 0
    }

    /// The newest value that cannot change any more; where there is none, the newest of all.
    var newest: Point? { points.last { $0.status != .provisional } ?? points.last }

    /// A small line of the newest values that cannot change any more.
    func sparkline(_ count: Int, label: String) -> Sparkline {
      Sparkline(
        points.filter { $0.status != .provisional }.suffix(count).map(\.value), label: label)
    }
  }

  var facts: MetricFacts
  /// The greatest first.
  var series: [Series]
  var unit: ValueUnit
  /// Start of the first window that is shown where earlier ones of the range were left out.
  var cutAt: EventTime?
  /// Names of the dimensions that rows have.
  var names: [String]
  /// Names that series are told apart by; nil: by all.
  var by: [String]?

  /// Most rows that are read for one page.
  static let rowsMax = 20_000

  /// Whether series add up within a window.
  var isAdditive: Bool { facts.kind == .additive }
  /// Whether windows add up too.
  var addsOverTime: Bool { facts.addsOverTime }
  var isApproximate: Bool { series.contains { $0.points.contains(where: \.approximate) } }

  /// Reads a metric. O(log rows + `limit`).
  ///
  /// - Parameters:
  ///   - by: The dimensions to tell series apart by, the others added up; nil: all of them. Only
  ///     what adds up is added up.
  ///   - dimensions: What rows have to have.
  static func read(
    _ asked: Asked, _ name: String, _ facts: StageFacts, from: EventTime? = nil,
    to: EventTime? = nil, by: [String]? = nil, dimensions: [String: String?] = [:],
    limit: Int = rowsMax
  ) throws -> MetricData {
    let page = try asked.reader.metricPage(
      MetricQuery(
        metric: name, from: from, to: to, dimensions: dimensions, limit: limit, newestFirst: true))
    var rows = asked.shown(page.rows)
    var cutAt: EventTime?
    if page.next != nil, let last = rows.last?.windowStart {
      // The oldest window may lack rows.
      let whole = rows.prefix { $0.windowStart != last }
      if !whole.isEmpty { rows = Array(whole) }
      cutAt = rows.last?.windowStart
    }
    let own = facts.metric(name)
    let by = own.kind == .additive ? by : nil
    var data = MetricData(
      facts: own, series: [], unit: .number(""), cutAt: cutAt, names: [], by: by)
    data.group(rows.reversed())
    data.unit = unit(own, facts, rows)
    try data.addZeros(asked, to: to)
    return data
  }

  /// The final value of one series in the window that starts then; nil where there is none.
  /// O(log rows + series).
  static func value(
    _ asked: Asked, _ name: String, _ facts: StageFacts, at start: EventTime,
    _ dimensions: DimensionValues
  ) throws -> Double? {
    let data = try read(
      asked, name, facts, from: start, to: EventTime(ms: start.ms + 1), by: [], limit: 2_000)
    let series = data.series.first { $0.dimensions == dimensions }
    return series?.points.first { $0.start == start && $0.status != .provisional }?.value
  }

  private static func unit(
    _ own: MetricFacts, _ facts: StageFacts, _ rows: [MetricRow]
  ) -> ValueUnit {
    if facts.isShareOfCounts(own), rows.allSatisfy({ (0...1).contains($0.value) }) { return .share }
    return own.isCount ? .count("") : .number("")
  }

  private mutating func group(_ rows: [MetricRow]) {
    var known: [String: Int] = [:]
    var places: [DimensionValues: Int] = [:]
    var names: Set<String> = []
    for row in rows {
      let place: Int
      if let found = known[row.dimensions] {
        place = found
      } else {
        var values = Dimensions.read(row.dimensions)
        names.formUnion(values.keys)
        if let by { values = values.filter { by.contains($0.key) } }
        place = places[values] ?? series.count
        if place == series.count { series.append(Series(dimensions: values, points: [])) }
        places[values] = place
        known[row.dimensions] = place
      }
      add(row, to: place)
    }
    self.names = names.sorted()
    let adds = addsOverTime
    let keyed = series.map { ($0.size(addsOverTime: adds), Dimensions.text($0.dimensions), $0) }
    series = keyed.sorted { $0.0 == $1.0 ? $0.1 < $1.1 : $0.0 > $1.0 }.map(\.2)
  }

  private mutating func add(_ row: MetricRow, to place: Int) {
    let point = Point(
      start: row.windowStart, end: row.windowEnd, value: row.value, samples: row.samples,
      approximate: row.approximate, status: row.status)
    guard let last = series[place].points.last, last.start == row.windowStart else {
      series[place].points.append(point)
      return
    }
    let index = series[place].points.count - 1
    series[place].points[index].value += row.value
    series[place].points[index].samples += row.samples
    if row.approximate { series[place].points[index].approximate = true }
    if row.status == .provisional || last.status == .final {
      series[place].points[index].status = row.status
    }
  }

  /// The usual length of a window in milliseconds; 0 without rows.
  var windowMs: Int64 {
    series.lazy.compactMap { $0.points.last.map { $0.end.ms - $0.start.ms } }.first ?? 0
  }

  /// The newest window's end.
  var end: EventTime? { series.compactMap { $0.points.last?.end }.max() }

  /// At most `count` series as a chart has them, and the rest as one where it adds up. Windows
  /// without a row of what adds up are zero, other ones are gaps.
  func chartSeries(_ words: Words, count: Int, suffix: String = "") -> [TimeChart.Series] {
    let starts = Set(series.flatMap { $0.points.map(\.start) }).sorted()
    var shown = series.prefix(count).map { series in
      TimeChart.Series(
        name: Numbers.series(series.dimensions, words) + suffix, points: points(series, starts))
    }
    let rest = series.dropFirst(count)
    if !rest.isEmpty, isAdditive {
      var sums: [EventTime: (Double, Bool)] = [:]
      for point in rest.flatMap(\.points) {
        let isProvisional = point.status == .provisional
        sums[point.start, default: (0, false)].0 += point.value
        if isProvisional { sums[point.start]?.1 = true }
      }
      let points = starts.map {
        TimeChart.Point(time: $0, value: sums[$0]?.0 ?? 0, isProvisional: sums[$0]?.1 ?? false)
      }
      shown.append(TimeChart.Series(name: words.results.others, points: points))
    }
    return shown
  }

  private func points(_ series: Series, _ starts: [EventTime]) -> [TimeChart.Point] {
    let hasZeros = isAdditive || facts.kind == .distinct
    var result: [TimeChart.Point] = []
    result.reserveCapacity(starts.count)
    var next = 0
    let usual = max(windowMs, 1)
    for (index, start) in starts.enumerated() {
      // Windows that no series has a row of: a gap, or zero.
      if index > 0, let before = result.last {
        let missing = start.ms - before.time.ms
        if missing > usual * 5 / 4, every > 0, missing > every * 5 / 4 {
          let value: Double? = hasZeros ? 0 : nil
          result.append(TimeChart.Point(time: EventTime(ms: before.time.ms + every), value: value))
          if missing > every * 9 / 4, hasZeros {
            result.append(TimeChart.Point(time: EventTime(ms: start.ms - every), value: value))
          }
        }
      }
      if next < series.points.count, series.points[next].start == start {
        let point = series.points[next]
        result.append(
          TimeChart.Point(
            time: start, value: point.value, isProvisional: point.status == .provisional))
        next += 1
      } else {
        result.append(TimeChart.Point(time: start, value: hasZeros ? 0 : nil))
      }
    }
    return result
  }

  /// The least distance between starts of windows, in milliseconds; 0 where it is not known.
  private var every: Int64 {
    var least = Int64.max
    for series in series.prefix(8) {
      for (a, b) in zip(series.points, series.points.dropFirst()) {
        least = min(least, b.start.ms - a.start.ms)
      }
    }
    return least == .max ? 0 : least
  }
}
