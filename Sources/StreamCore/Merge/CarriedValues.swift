/// The last values of a metric with `carry`, which go on in windows without events.
///
/// Limit: the `maxSeries` series of least hash.
struct CarriedValues {
  /// The latest window with a value.
  struct Carried: Equatable {
    var end: EventTime
    var result: MetricResult
  }

  let carryMs: Int64
  let maxSeries: Int
  private(set) var series: [SeriesName: Carried] = [:]

  init(carryMs: Int64, maxSeries: Int) {
    self.carryMs = carryMs
    self.maxSeries = maxSeries
  }

  /// Notes the value of a window, and returns what goes on in it for series without events:
  /// dimensions in order.
  ///
  /// Windows come in order of their end.
  mutating func advance(
    to end: EventTime, with results: [SeriesName: MetricResult]
  ) -> [(name: SeriesName, result: MetricResult)] {
    for (name, result) in results {
      series[name] = Carried(end: end, result: result)
    }
    series = series.filter { end.ms - $0.value.end.ms <= carryMs }
    if series.count > maxSeries {
      let ranks = series.keys.map { ($0, SeriesTable.rank($0.text)) }.sorted { $0.1 < $1.1 }
      for (name, _) in ranks[maxSeries...] { series[name] = nil }
    }
    return series.filter { results[$0.key] == nil }
      .sorted { $0.key < $1.key }
      .map { name, carried in
        var result = carried.result
        result.samples = 0
        return (name, result)
      }
  }

  /// Whether no value goes on.
  var isEmpty: Bool { series.isEmpty }

  /// Puts a saved value back.
  mutating func restore(_ name: SeriesName, _ carried: Carried) { series[name] = carried }
}
