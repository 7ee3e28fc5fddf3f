/// Looks up what the expressions of alerts read.
struct AlertView {
  let signals: [AlertSignal]
  /// Whether rows of open windows are seen.
  var isProvisional = false

  /// The reading of a signal in a window; nil where there is none and the series is not followed.
  func reading(_ signal: Int, _ ordinal: Int64, _ name: SeriesName) -> AlertReading? {
    let signal = signals[signal]
    let name = signal.name(name)
    if let reading = signal.reading(ordinal, name) { return reading }
    return isProvisional ? signal.open[ordinal]?[name] : nil
  }

  /// The value of a signal in a window.
  func number(_ signal: Int, _ ordinal: Int64, _ name: SeriesName) -> Double? {
    reading(signal, ordinal, name)?.number
  }

  /// The value of one input of a rule.
  func value(
    _ input: AlertInput, other: Int?, watch: Int, _ ordinal: Int64, _ name: SeriesName,
    _ reading: AlertReading, _ thresholds: [Double]
  ) -> Value {
    let number: Double? =
      switch input {
      case .value: reading.number
      case .samples: Double(reading.samples)
      case .lower: Self.wilson(reading)?.lower
      case .upper: Self.wilson(reading)?.upper
      case .previous(let distance): self.number(watch, ordinal - Int64(distance), name)
      case .change(let distance):
        Self.change(reading.number, self.number(watch, ordinal - Int64(distance), name))
      case .mean(let count, let step):
        Self.mean(earlier(count, step, watch, ordinal, name))
      case .stddev(let count, let step):
        Self.stddev(earlier(count, step, watch, ordinal, name))
      case .other: other.flatMap { self.number($0, ordinal, name) }
      case .threshold(let index): thresholds.indices.contains(index) ? thresholds[index] : nil
      }
    guard let number, number.isFinite else { return .null }
    return .double(number)
  }

  /// Values from the nearest to the furthest.
  private func earlier(
    _ count: Int, _ step: Int, _ watch: Int, _ ordinal: Int64, _ name: SeriesName
  ) -> [Double] {
    guard count > 0 else { return [] }
    return (1...count).compactMap { number(watch, ordinal - Int64($0 * step), name) }
  }

  static func change(_ value: Double?, _ before: Double?) -> Double? {
    guard let value, let before, before != 0 else { return nil }
    return (value - before) / before.magnitude
  }

  static func mean(_ values: [Double]) -> Double? {
    values.isEmpty ? nil : values.reduce(0, +) / Double(values.count)
  }

  static func stddev(_ values: [Double]) -> Double? {
    guard values.count > 1, let mean = mean(values) else { return nil }
    let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    return (squares / Double(values.count - 1)).squareRoot()
  }

  /// The interval of Wilson's score that holds a ratio of counts with a probability of 95%.
  static func wilson(_ reading: AlertReading) -> (lower: Double, upper: Double)? {
    guard let share = reading.number, (0...1).contains(share), reading.samples > 0 else {
      return nil
    }
    let count = Double(reading.samples)
    let z = 1.959963984540054
    let spread = z * z / count
    let center = share + spread / 2
    let half = z * (share * (1 - share) / count + spread / (4 * count)).squareRoot()
    // None and all of them are bounds themselves, however they round.
    return (
      share == 0 ? 0 : max(0, (center - half) / (1 + spread)),
      share == 1 ? 1 : min(1, (center + half) / (1 + spread))
    )
  }
}

extension AlertPlan.ActiveHours {
  /// Whether an instant lies in these hours of a zone.
  func contains(_ time: EventTime, in zone: Zone) -> Bool {
    let local = time.ms + zone.offsetMs(at: time)
    let day = FloorDivision.quotient(local, Zone.dayMs)
    // 1970-01-01 was a Thursday.
    let weekday = Int(FloorDivision.remainder(day + 3, 7)) + 1
    let minute = Int(FloorDivision.remainder(local, Zone.dayMs) / 60_000)
    return days.contains(weekday) && minute >= fromMinute && minute < toMinute
  }
}
