/// Computes one formula from the rows of its inputs, window by window.
///
/// It keeps the inputs' rows of windows that it has not closed, and knows since when each input
/// series is silent, so that zero is a value.
struct FormulaState {
  /// What one input contributes.
  struct Input {
    let name: String
    let isZeroWithoutEvents: Bool
    let seriesTTLMs: Int64
    /// Values of open windows by window start, then dimensions.
    var values: [Int64: [SeriesName: MetricResult]] = [:]
    /// End of the latest closed window with events, by dimensions.
    var lastSeen: [SeriesName: EventTime] = [:]
  }

  let plan: FormulaPlan
  private(set) var inputs: [Input]
  private(set) var closedThrough = EventTime.distantPast
  private var changed: Set<Int64> = []
  private var ends: [Int64: EventTime] = [:]
  private let slots: SlotBuffer
  /// Input whose samples are the formula's: the denominator of a ratio.
  private let denominator: Int?

  init(plan: FormulaPlan, inputs: [Input]) {
    self.plan = plan
    self.inputs = inputs
    slots = SlotBuffer(count: inputs.count)
    denominator = plan.expression.denominatorSlot
  }

  /// Takes a row of input `index`.
  mutating func offer(
    _ index: Int, start: EventTime, end: EventTime, name: SeriesName, result: MetricResult?
  ) {
    guard end > closedThrough else { return }
    ends[start.ms] = end
    inputs[index].values[start.ms, default: [:]][name] = result
    changed.insert(start.ms)
  }

  /// Drops a row of input `index`.
  mutating func forget(_ index: Int, _ key: MetricKey) {
    inputs[index].values[key.windowStart.ms]?[SeriesName(key.dimensions)] = nil
    if ends[key.windowStart.ms] != nil { changed.insert(key.windowStart.ms) }
  }

  /// Values of changed open windows, in order of window and dimensions.
  mutating func takeChanged(
    _ emit: (EventTime, EventTime, SeriesName, MetricResult?) -> Void
  ) {
    for start in changed.sorted() {
      guard let end = ends[start] else { continue }
      for name in names(start) {
        emit(EventTime(ms: start), end, name, value(start, end, name))
      }
    }
    changed.removeAll()
  }

  /// Values of windows that end at or before `watermark`, in order; they are forgotten.
  mutating func close(
    upTo watermark: EventTime, _ emit: (EventTime, EventTime, SeriesName, MetricResult?) -> Void
  ) {
    guard watermark > closedThrough else { return }
    closedThrough = watermark
    var last: EventTime?
    for start in ends.filter({ $0.value <= watermark }).map(\.key).sorted() {
      guard let end = ends.removeValue(forKey: start) else { continue }
      let all = names(start)
      for index in inputs.indices {
        for (name, result) in inputs[index].values[start] ?? [:] where result.samples > 0 {
          inputs[index].lastSeen[name] = end
        }
      }
      for name in all {
        emit(EventTime(ms: start), end, name, value(start, end, name))
      }
      changed.remove(start)
      for index in inputs.indices { inputs[index].values[start] = nil }
      last = end
    }
    if let last {
      for index in inputs.indices { forgetSilent(index, last) }
    }
  }

  private mutating func forgetSilent(_ index: Int, _ now: EventTime) {
    let ttl = inputs[index].seriesTTLMs
    inputs[index].lastSeen = inputs[index].lastSeen.filter { now.ms - $0.value.ms <= ttl }
  }

  private func names(_ start: Int64) -> [SeriesName] {
    var all: Set<SeriesName> = []
    for input in inputs { all.formUnion((input.values[start] ?? [:]).keys) }
    return all.sorted()
  }

  private func value(_ start: Int64, _ end: EventTime, _ name: SeriesName) -> MetricResult? {
    var samples = Int64.max
    var isApproximate = false
    for (index, input) in inputs.enumerated() {
      let result = input.values[start]?[name] ?? zero(input, end, name)
      slots.base[index] = result.map { .double($0.value) } ?? .null
      isApproximate = isApproximate || (result?.isApproximate ?? false)
      if let denominator {
        if denominator == index { samples = result?.samples ?? 0 }
      } else {
        samples = Swift.min(samples, result?.samples ?? 0)
      }
    }
    let value = plan.expression.evaluate(slots.base, slots.scratch)
    defer { slots.scratch.reset() }
    guard let number = value.number, number.isFinite else { return nil }
    return MetricResult(
      value: number == 0 ? 0 : number, exact: nil, samples: samples == Int64.max ? 0 : samples,
      isApproximate: isApproximate)
  }

  /// Zero, where a series without events in a window has that value.
  private func zero(_ input: Input, _ end: EventTime, _ name: SeriesName) -> MetricResult? {
    guard input.isZeroWithoutEvents else { return nil }
    if plan.dimensions.isEmpty { return .zero }
    guard let seen = input.lastSeen[name], end.ms - seen.ms <= input.seriesTTLMs else {
      return nil
    }
    return .zero
  }

  /// Windows that are open and known, with their ends.
  var openWindows: [(start: Int64, end: EventTime)] {
    ends.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
  }

  /// Puts saved state back.
  mutating func restore(closedThrough closed: EventTime) { closedThrough = closed }

  /// Puts a saved sighting back.
  mutating func restore(input index: Int, _ name: SeriesName, lastSeen: EventTime) {
    guard inputs.indices.contains(index) else { return }
    inputs[index].lastSeen[name] = lastSeen
  }
}
