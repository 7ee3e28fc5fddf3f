/// The values of one rule's thresholds over event time, worked out beforehand: asking for an
/// instant near the last one costs two comparisons.
struct RiskThresholds {
  /// Values for instants up to `throughMs`, inclusive, after that of the span before.
  private struct Span {
    var throughMs: Int64
    var values: [Value]
  }

  private var spans: [Span] = []
  /// The span that was asked for last.
  private var throughMs = Int64.min
  private var afterMs = Int64.min
  private var values: [Value] = []

  /// How many thresholds there are.
  let count: Int

  init(_ risk: RiskPlan, _ schedule: ThresholdSchedule) {
    count = risk.thresholds.count
    if count == 0 { return }
    let bounds = schedule.changes(of: risk.name).map(\.ms) + [Int64.max]
    for throughMs in bounds {
      let values = risk.thresholds.map { threshold in
        Value.double(
          schedule.value(
            threshold, rule: risk.name, dimensions: "{}", at: EventTime(ms: throughMs)))
      }
      spans.append(Span(throughMs: throughMs, values: values))
    }
  }

  /// Writes the values that hold for what happens at `ms`.
  @inline(__always)
  mutating func write(at ms: Int64, to slots: UnsafeMutablePointer<Value>) {
    if count == 0 { return }
    if ms > throughMs || ms <= afterMs { seek(ms) }
    for index in 0..<count { slots[index] = values[index] }
  }

  private mutating func seek(_ ms: Int64) {
    var low = 0
    var high = spans.count - 1
    while low < high {
      let middle = (low + high) / 2
      if spans[middle].throughMs < ms { low = middle + 1 } else { high = middle }
    }
    throughMs = spans[low].throughMs
    afterMs = low > 0 ? spans[low - 1].throughMs : Int64.min
    values = spans[low].values
  }
}
