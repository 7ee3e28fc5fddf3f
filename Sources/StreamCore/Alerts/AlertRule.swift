/// How far a rule has judged, and its alerts that are not over.
///
/// Limit: as many open alerts as the watched stage keeps series; further series wait.
struct AlertProgress {
  /// An alert that is pending, firing or recovering.
  struct Open: Equatable {
    var id: String
    var machine: AlertMachine
    /// End of the window in which it fired; nil before.
    var opened: EventTime?
    var explanation: String?
  }

  /// The next window to judge; nil before the first window with a row.
  var next: Int64?
  /// Alerts that are not over, by series.
  var open: [SeriesName: Open] = [:]
}

/// One alert rule and where what it reads is.
struct AlertRule {
  /// What a window says of a series.
  struct Judgement {
    var reading: AlertReading
    var window: AlertMachine.Window
  }

  let plan: AlertPlan
  /// Index of the watched signal.
  let watch: Int
  /// Indices of the signals that the inputs read, beside the watched one.
  let others: [Int?]
  /// Indices of the signals of each of the plan's breakdowns.
  let breakdowns: [[Int]]
  /// Distances, in windows, at which a baseline is looked for.
  let baselines: [Int64]
  /// Windows that it looks back, of the signals that it reads.
  let lookBack: [(signal: Int, windows: Int64)]
  let limits: AlertMachine.Rule
  private let slots: SlotBuffer
  private let zone: Zone

  init(
    _ plan: AlertPlan, watch: Int, others: [Int?], breakdowns: [[Int]], zone: Zone
  ) {
    self.plan = plan
    self.watch = watch
    self.others = others
    self.breakdowns = breakdowns
    self.zone = zone
    limits = AlertMachine.Rule(hold: plan.hold, keepFiringForMs: plan.keepFiringForMs)
    slots = SlotBuffer(count: plan.inputs.count)
    baselines = Self.baselines(plan)
    let far = baselines.max() ?? 0
    var lookBack = [(watch, max(far, plan.inputs.map(Self.distance).max() ?? 0))]
    for other in others { if let other { lookBack.append((other, 0)) } }
    for signal in breakdowns.joined() { lookBack.append((signal, far)) }
    self.lookBack = lookBack
  }

  /// How many windows back an input reads.
  static func distance(_ input: AlertInput) -> Int64 {
    switch input {
    case .previous(let count), .change(let count): Int64(count)
    case .mean(let count, let step), .stddev(let count, let step): Int64(count * step)
    case .value, .samples, .lower, .upper, .other, .threshold: 0
    }
  }

  /// The most windows in a week for which values of a week ago are kept only to explain an alert.
  private static let weekWindowsMax: Int64 = 2016

  private static func baselines(_ plan: AlertPlan) -> [Int64] {
    var own: [Int64] = []
    for case .change(let distance) in plan.inputs { own.append(Int64(distance)) }
    for case .previous(let distance) in plan.inputs { own.append(Int64(distance)) }
    let week: Int64? =
      switch plan.window.unit {
      case .millisecond: wholes(7 * 86_400_000, plan.window.every)
      case .day: wholes(7, plan.window.every)
      case .week: wholes(1, plan.window.every)
      case .month: nil
      }
    return Array(own.prefix(1)) + (week.map { [$0] } ?? []) + [1]
  }

  private static func wholes(_ length: Int64, _ every: Int64) -> Int64? {
    guard every > 0, length % every == 0, length / every <= weekWindowsMax else { return nil }
    return length / every
  }

  /// Whether windows that start then are judged.
  func isActive(_ start: EventTime) -> Bool {
    plan.active.isEmpty || plan.active.contains { $0.contains(start, in: zone) }
  }

  /// Values of its thresholds for a series and what ends then.
  func thresholds(_ schedule: ThresholdSchedule, _ name: SeriesName, _ end: EventTime) -> [Double] {
    plan.thresholds.map {
      schedule.value($0, rule: plan.name, dimensions: name.text, at: end)
    }
  }

  /// Values of its thresholds for what ends then, where they are those of every series.
  func sharedThresholds(_ schedule: ThresholdSchedule, _ end: EventTime) -> [Double]? {
    for threshold in plan.thresholds where !schedule.isShared(threshold, rule: plan.name) {
      return nil
    }
    return plan.thresholds.map {
      schedule.value($0, rule: plan.name, dimensions: "{}", at: end)
    }
  }

  /// Judges a window of a series; nil when it is not judged.
  func judge(
    _ ordinal: Int64, start: EventTime, end: EventTime, _ name: SeriesName, _ view: AlertView,
    _ thresholds: [Double]
  ) -> Judgement? {
    judge(
      view.reading(watch, ordinal, name) ?? .noData, ordinal, start: start, end: end, name, view,
      thresholds)
  }

  /// The same, with the reading of the watched result at hand.
  func judge(
    _ reading: AlertReading, _ ordinal: Int64, start: EventTime, end: EventTime,
    _ name: SeriesName, _ view: AlertView, _ thresholds: [Double]
  ) -> Judgement? {
    var window = AlertMachine.Window(start: start, end: end, isWhen: false, isEnd: true)
    guard reading.number != nil else {
      if plan.noData == .keep { return nil }
      window.isWhen = plan.noData == .alert
      window.isEnd = !window.isWhen
      return Judgement(reading: reading, window: window)
    }
    if reading.samples < plan.minSamples, !view.signals[watch].isZeroOfCount(reading) { return nil }
    for (slot, input) in plan.inputs.enumerated() {
      slots.base[slot] = view.value(
        input, other: others[slot], watch: watch, ordinal, name, reading, thresholds)
    }
    defer { slots.scratch.reset() }
    window.isWhen = plan.when.isTrue(slots.base, slots.scratch)
    window.isEnd = plan.clear?.isTrue(slots.base, slots.scratch) ?? !window.isWhen
    return Judgement(reading: reading, window: window)
  }
}

extension AlertSignal {
  /// Whether a reading is a zero that no event stands for, of something that counts.
  func isZeroOfCount(_ reading: AlertReading) -> Bool {
    source.isCount && reading.value == 0 && reading.samples == 0
  }
}
