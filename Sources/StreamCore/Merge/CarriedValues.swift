/// The last values of a metric with `carry`, which go on in windows without events.
struct CarriedValues {
  /// The latest window with a value.
  struct Carried: Equatable {
    var end: EventTime
    var result: MetricResult
  }

  let carryMs: Int64
  private(set) var series: [String: Carried] = [:]

  init(carryMs: Int64) { self.carryMs = carryMs }

  /// Notes the value of a window, and returns what goes on in it for series without events:
  /// dimensions in order.
  ///
  /// Windows come in order of their end.
  mutating func advance(
    to end: EventTime, with results: [String: MetricResult]
  ) -> [(dimensions: String, result: MetricResult)] {
    for (dimensions, result) in results {
      series[dimensions] = Carried(end: end, result: result)
    }
    series = series.filter { end.ms - $0.value.end.ms <= carryMs }
    return series.filter { results[$0.key] == nil }
      .sorted { $0.key < $1.key }
      .map { dimensions, carried in
        var result = carried.result
        result.samples = 0
        return (dimensions, result)
      }
  }

  /// Whether no value goes on.
  var isEmpty: Bool { series.isEmpty }

  /// Puts a saved value back.
  mutating func restore(_ dimensions: String, _ carried: Carried) { series[dimensions] = carried }
}
