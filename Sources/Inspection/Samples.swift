import StreamCore

/// Values by the hash of their key: all of them while there are few, then a sample by hash.
///
/// When it is full, the sample is halved: hashes whose next bit is set are dropped. What is kept is
/// exact, and `scale` times as much is to be expected of all. The same keys give the same sample.
struct KeySample<Entry> {
  private(set) var entries: [UInt64: Entry] = [:]
  /// Keys that each kept one stands for: a power of two.
  private(set) var scale: Int64 = 1
  let limit: Int
  private var mask: UInt64 = 0

  init(limit: Int) { self.limit = limit }

  /// Whether keys of this hash are in the sample.
  func holds(_ hash: UInt64) -> Bool { hash & mask == 0 }

  /// Changes the entry of a key, made by `first` when it is new. Amortised O(1).
  mutating func update(_ hash: UInt64, first: () -> Entry, _ change: (inout Entry) -> Void) {
    guard holds(hash) else { return }
    change(&entries[hash, default: first()])
    while entries.count > limit {
      mask = mask << 1 | 1
      scale *= 2
      let mask = mask
      entries = entries.filter { $0.key & mask == 0 }
      if mask == .max { return }
    }
  }
}

/// The most frequent keys of a stream: with `limit` counters, each count is too small by at most
/// the number of keys over `limit` (Misra and Gries, 1982).
struct FrequentKeys {
  private(set) var counts: [UInt64: Int64] = [:]
  private let limit: Int

  init(limit: Int) { self.limit = limit }

  /// By how much a count may be too small.
  private(set) var error: Int64 = 0

  /// Counts one key. Amortised O(1).
  mutating func add(_ hash: UInt64) {
    if counts[hash] != nil || counts.count < limit {
      counts[hash, default: 0] += 1
      return
    }
    error += 1
    for key in counts.keys { counts[key, default: 0] -= 1 }
    counts = counts.filter { $0.value > 0 }
  }

  /// The greatest count, which may be too small by the error above.
  var greatest: Int64 { counts.values.max() ?? 0 }
}

/// Counts of durations in milliseconds, in buckets of at most 3% of their value.
struct DelayHistogram {
  private static let perPower = 32
  private var counts = [Int64](repeating: 0, count: 64 * perPower)
  private(set) var total: Int64 = 0
  private(set) var greatest: Int64 = 0

  /// Counts one duration; a negative one counts as none.
  mutating func add(_ ms: Int64) {
    let ms = max(ms, 0)
    counts[Self.bucket(ms)] += 1
    total += 1
    greatest = max(greatest, ms)
  }

  /// Adds what another counted.
  mutating func merge(_ other: DelayHistogram) {
    for index in counts.indices { counts[index] += other.counts[index] }
    total += other.total
    greatest = max(greatest, other.greatest)
  }

  /// The duration that `perMille` of 1,000 do not exceed, rounded up to the end of its bucket.
  func quantile(perMille: Int64) -> Int64 {
    let wanted = max(1, (total * perMille + 999) / 1_000)
    var seen: Int64 = 0
    for (index, count) in counts.enumerated() where count > 0 {
      seen += count
      if seen >= wanted { return min(Self.end(of: index), greatest) }
    }
    return greatest
  }

  private static func bucket(_ ms: Int64) -> Int {
    if ms < Int64(perPower) { return Int(ms) }
    let power = 63 - ms.leadingZeroBitCount
    let part = Int(ms >> Int64(power - 5)) & (perPower - 1)
    return (power - 4) * perPower + part
  }

  private static func end(of index: Int) -> Int64 {
    if index < perPower { return Int64(index) }
    let power = index / perPower + 4
    let part = Int64(index % perPower)
    return (Int64(perPower) + part + 1) << Int64(power - 5) - 1
  }
}

/// How many events lie where in time, in ranges that widen as the data grows longer.
struct TimeRanges {
  /// Events of a range of time.
  struct Range {
    var count: Int64 = 0
    var firstMs = Int64.max
    var lastMs = Int64.min
  }

  /// Length of a range.
  private(set) var widthMs: Int64 = 60_000
  private(set) var ranges: [Int64: Range] = [:]

  /// Counts one event. Amortised O(1).
  mutating func add(_ ms: Int64) {
    var range = ranges[ms.floored(by: widthMs)] ?? Range()
    range.count += 1
    range.firstMs = min(range.firstMs, ms)
    range.lastMs = max(range.lastMs, ms)
    ranges[ms.floored(by: widthMs)] = range
    if ranges.count > InspectionLimits.timeRanges { widen() }
  }

  private mutating func widen() {
    widthMs *= 2
    var wider: [Int64: Range] = [:]
    for range in ranges.values {
      var sum = wider[range.firstMs.floored(by: widthMs)] ?? Range()
      sum.count += range.count
      sum.firstMs = min(sum.firstMs, range.firstMs)
      sum.lastMs = max(sum.lastMs, range.lastMs)
      wider[range.firstMs.floored(by: widthMs)] = sum
    }
    ranges = wider
  }

  /// Those with events, in order of time.
  var inOrder: [Range] { ranges.sorted { $0.key < $1.key }.map(\.value) }
}

extension Int64 {
  /// The quotient rounded down.
  func floored(by divisor: Int64) -> Int64 {
    let quotient = self / divisor
    return self % divisor < 0 ? quotient - 1 : quotient
  }
}
