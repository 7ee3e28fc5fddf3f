/// What a result has in one window of one series.
struct AlertReading: Equatable {
  /// The value; not a number where there is none.
  var value: Double
  /// Events behind it.
  var samples: Int64

  /// A window without a value.
  static let noData = AlertReading(value: .nan, samples: 0)
  /// A window before the series began, or after it was forgotten.
  static let untracked = AlertReading(value: .nan, samples: -1)

  /// The value, if there is one.
  var number: Double? { value.isFinite ? value : nil }

  /// Whether the series was followed in the window.
  var isTracked: Bool { samples >= 0 }

  static func == (a: AlertReading, b: AlertReading) -> Bool {
    a.samples == b.samples && a.value.bitPattern == b.value.bitPattern
  }
}

/// The readings of one series in consecutive windows.
struct ReadingHistory {
  /// The window of the first reading.
  private(set) var first: Int64
  private var values: [AlertReading] = []
  /// Readings at the front that are dropped and not yet removed.
  private var head = 0

  /// No readings; the first may be that of window `first`.
  init(first: Int64 = 0) { self.first = first }

  /// The window after the last reading; `first` without readings.
  var end: Int64 { first + Int64(values.count - head) }

  /// Whether there are none.
  var isEmpty: Bool { values.count == head }

  /// The reading of a window; nil where the series was not followed.
  subscript(ordinal: Int64) -> AlertReading? {
    guard ordinal >= first, ordinal < end else { return nil }
    let reading = values[head + Int(ordinal - first)]
    return reading.isTracked ? reading : nil
  }

  /// Adds the reading of a window after all others; windows between were not followed. Those before
  /// `keepFrom` are of no interest.
  mutating func append(_ reading: AlertReading, at ordinal: Int64, keepFrom: Int64) {
    if end <= keepFrom || isEmpty {
      values.removeAll(keepingCapacity: true)
      head = 0
      first = ordinal
    }
    while end < ordinal { values.append(.untracked) }
    values.append(reading)
  }

  /// Drops readings of windows before `ordinal`. O(1) on average.
  mutating func trim(before ordinal: Int64) {
    guard ordinal > first else { return }
    let count = Int(min(ordinal, end) - first)
    head += count
    first += Int64(count)
    if head > 16, head > values.count / 2 {
      values.removeFirst(head)
      head = 0
    }
  }

  /// The readings in order of window.
  var readings: ArraySlice<AlertReading> { values[head...] }
}
