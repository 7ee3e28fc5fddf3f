/// What the events of one (window, series) amount to: the part of a partial that merges.
///
/// Every part merges in any order to the same value.
public struct CellValue: Sendable {
  /// Events that met the group's condition.
  var events: Int64 = 0
  /// Distinct users, by partition disjoint and so adding up.
  var users: Int64 = 0
  var numbers: [NumberTotals] = []
  var distincts: [DistinctSketch] = []
  var quantiles: [QuantileSketch] = []
  var lasts: [LastValue] = []
  var counts: [Int64] = []
  /// In units of 10^-9.
  var amounts: [Int128] = []
  var nameCounts: [[SeriesName: Int64]] = []

  /// The value of no events at all.
  init(parts: GroupPlan.Parts) {
    numbers = Array(repeating: NumberTotals(), count: parts.numbers)
    distincts = Array(repeating: DistinctSketch(), count: parts.distincts)
    quantiles = Array(repeating: QuantileSketch(), count: parts.quantiles)
    lasts = Array(repeating: LastValue(), count: parts.lasts)
    counts = Array(repeating: 0, count: parts.counts)
    amounts = Array(repeating: 0, count: parts.amounts)
    nameCounts = Array(repeating: [:], count: parts.nameCounts)
  }

  /// Adds the events of another partition, or of a folded series.
  mutating func merge(_ other: CellValue) {
    events += other.events
    users += other.users
    for i in numbers.indices { numbers[i].merge(other.numbers[i]) }
    for i in distincts.indices { distincts[i].merge(other.distincts[i]) }
    for i in quantiles.indices { quantiles[i].merge(other.quantiles[i]) }
    for i in lasts.indices { lasts[i].merge(other.lasts[i]) }
    for i in counts.indices { counts[i] += other.counts[i] }
    for i in amounts.indices { amounts[i] &+= other.amounts[i] }
    for i in nameCounts.indices { nameCounts[i].merge(other.nameCounts[i]) { $0 + $1 } }
  }
}

/// Count, sum, least and greatest of the values of one expression in one cell.
///
/// Sums wrap at 128 bits, which is order-free; values beyond ±10^20 are not taken, so that 10^9 of
/// the largest still fit.
struct NumberTotals: Sendable {
  var count: Int64 = 0
  var sum: Int128 = 0
  var least: Int128 = 0
  var greatest: Int128 = 0

  /// Greatest magnitude of a value that is taken, in units of 10^-9.
  static var limit: Int128 { 100_000_000_000_000_000_000_000_000_000 }

  /// Whether a value is small enough to be taken.
  @inline(__always)
  static func takes(_ value: Int128) -> Bool { value <= limit && value >= -limit }

  @inline(__always)
  mutating func add(_ value: Int128) {
    if count == 0 {
      least = value
      greatest = value
    } else {
      least = Swift.min(least, value)
      greatest = Swift.max(greatest, value)
    }
    count += 1
    sum &+= value
  }

  mutating func merge(_ other: NumberTotals) {
    guard other.count > 0 else { return }
    guard count > 0 else {
      self = other
      return
    }
    count += other.count
    sum &+= other.sum
    least = Swift.min(least, other.least)
    greatest = Swift.max(greatest, other.greatest)
  }
}

/// The value of the last event in the order of (event time, user, topic, partition, offset).
struct LastValue: Sendable {
  var samples: Int64 = 0
  var time: Int64 = Int64.min
  var user: [UInt8] = []
  var partition = PartitionID(topic: "", partition: 0)
  var offset: Int64 = 0
  var value: Int128 = 0

  /// Takes the value if its event comes later in the order than the one held.
  @inline(__always)
  mutating func offer(
    _ value: Int128, time: Int64, user: UnsafeRawBufferPointer, partition: PartitionID,
    offset: Int64
  ) {
    samples += 1
    if time < self.time { return }
    if time == self.time && samples > 1 {
      let order = Self.compare(user, self.user)
      if order < 0 { return }
      if order == 0 && (partition, offset) < (self.partition, self.offset) { return }
    }
    self.time = time
    self.user.removeAll(keepingCapacity: true)
    self.user.append(contentsOf: user)
    self.partition = partition
    self.offset = offset
    self.value = value
  }

  mutating func merge(_ other: LastValue) {
    guard other.samples > 0 else { return }
    let total = samples + other.samples
    let isLater = other.user.withUnsafeBytes { user -> Bool in
      if samples == 0 || other.time != time { return samples == 0 || other.time > time }
      let order = Self.compare(user, self.user)
      return order > 0
        || (order == 0 && (partition, offset) < (other.partition, other.offset))
    }
    if isLater { self = other }
    samples = total
  }

  private static func compare(_ a: UnsafeRawBufferPointer, _ b: [UInt8]) -> Int {
    b.withUnsafeBytes { ByteOrder.compare(a, $0) }
  }
}

/// The order of texts by their bytes.
enum ByteOrder {
  /// Negative, zero or positive as `a` comes before, equals or comes after `b`.
  static func compare(_ a: UnsafeRawBufferPointer, _ b: UnsafeRawBufferPointer) -> Int {
    let common = Swift.min(a.count, b.count)
    for i in 0..<common where a[i] != b[i] { return a[i] < b[i] ? -1 : 1 }
    return a.count - b.count
  }
}
