/// A number and whether it is an estimate.
struct KPINumber: Equatable {
  var value: Double
  var isApproximate = false
}

/// A number to date as it changes over the slices of its periods: a metric's, from a period's start
/// on, or the newest one of a stage with windows of its own.
struct KPISeries {
  /// From `endMs` on, until the next point, or the period's end.
  struct Point: Equatable {
    var endMs: Int64
    var number: KPINumber?
    /// The period that the number belongs to, and the end of the latest slice that it rests on.
    var period: Int64
    var restsMs: Int64
  }

  /// What it is of, and over which periods: the same in every definition that has it.
  let key: String
  /// The metric or result that it is of.
  let metric: String
  /// Whether it is zero where no event of the period tells otherwise.
  let isZeroWithoutEvents: Bool
  /// How long the number goes on in later periods; nil: not at all.
  let carryMs: Int64?
  /// In order of `endMs`.
  private(set) var points: [Point] = []

  init(key: String = "", metric: String = "", isZeroWithoutEvents: Bool, carryMs: Int64?) {
    self.key = key
    self.metric = metric
    self.isZeroWithoutEvents = isZeroWithoutEvents
    self.carryMs = carryMs
  }

  /// Adds a point after all others. `number`: the period's to date; `isFresh`: whether the slice
  /// itself has one.
  mutating func append(endMs: Int64, period: Int64, number: KPINumber?, isFresh: Bool) {
    if let last = points.last, last.endMs >= endMs { return }
    var point = Point(endMs: endMs, number: number, period: period, restsMs: endMs)
    if !isFresh, let last = points.last {
      point.restsMs = last.restsMs
      if number == nil, carryMs != nil {
        point.number = last.number
        point.period = last.period
      }
    }
    points.append(point)
  }

  /// Puts a saved point back.
  mutating func restore(_ point: Point) { points.append(point) }

  /// The number as of an instant in a period.
  func number(at ms: Int64, period: Int64) -> KPINumber? {
    let at = index(after: ms) - 1
    if at >= 0, let number = points[at].number {
      if points[at].period == period { return number }
      if let carryMs, ms - points[at].restsMs <= carryMs { return number }
    }
    return isZeroWithoutEvents ? KPINumber(value: 0) : nil
  }

  /// When it changed last, at or before an instant.
  func last(atOrBefore ms: Int64) -> Int64? {
    let at = index(after: ms) - 1
    return at >= 0 ? points[at].endMs : nil
  }

  /// When it changes next, after an instant.
  func next(after ms: Int64) -> Int64? {
    let at = index(after: ms)
    return at < points.count ? points[at].endMs : nil
  }

  /// Drops what is not needed to tell the number as of `ms` or later. O(points dropped and left).
  mutating func trim(before ms: Int64) {
    let at = index(after: ms) - 1
    if at > 0 { points.removeFirst(at) }
  }

  /// The first point after an instant.
  private func index(after ms: Int64) -> Int {
    var (low, high) = (0, points.count)
    while low < high {
      let middle = (low + high) / 2
      if points[middle].endMs <= ms { low = middle + 1 } else { high = middle }
    }
    return low
  }
}

/// The values of a KPI by slice, as far back as any other looks.
struct KPIHistory {
  struct Entry: Equatable {
    var endMs: Int64
    var number: KPINumber
    var previous: Double?
  }

  /// In order of `endMs`.
  private(set) var entries: [Entry] = []

  mutating func append(_ entry: Entry) { entries.append(entry) }

  /// The value of the slice that ends then.
  subscript(endMs: Int64) -> Entry? {
    newest(endMs).flatMap { $0.endMs == endMs ? $0 : nil }
  }

  /// The newest value at or before an instant.
  func newest(_ ms: Int64) -> Entry? {
    let at = index(after: ms)
    return at > 0 ? entries[at - 1] : nil
  }

  /// Drops what is older than the newest value at or before `ms`.
  mutating func trim(before ms: Int64) {
    let at = index(after: ms) - 1
    if at > 0 { entries.removeFirst(at) }
  }

  private func index(after ms: Int64) -> Int {
    var (low, high) = (0, entries.count)
    while low < high {
      let middle = (low + high) / 2
      if entries[middle].endMs <= ms { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
