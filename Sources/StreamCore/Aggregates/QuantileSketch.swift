/// Quantiles of numbers with a relative error of at most 1%.
///
/// Numbers are counted in buckets: each power of two is divided into 64 equal parts, so a bucket is
/// the sign, the exponent and the first 6 bits of the fraction of a `Double`, found without any
/// arithmetic that could differ between machines. A quantile is a number of the bucket that holds
/// the wanted rank, at most 0.8% from any other number of the bucket.
///
/// Only counts are kept, so the sketch is a function of the numbers' multiset: in any order, and
/// merged from any parts, it is equal to the byte. Limits: magnitudes under 2⁻⁶⁴ (5e-20) count as
/// zero, those of 2⁶⁴ (1.8e19) and more, infinity included, fall into the outermost bucket of their
/// sign. So there are at most 16,385 buckets of 8 bytes. A bucket counts to 2⁴⁸ - 1 and stays
/// there.
public struct QuantileSketch: Sendable, Equatable {
  /// Buckets of one sign.
  private static let bucketsPerSign: UInt64 = 128 * 64
  private static let greatestCount: UInt64 = 1 << 48 - 1

  /// Bucket in the high 16 bits, its count in the others; ascending, no count is zero.
  private var entries: ContiguousArray<UInt64> = []

  /// How many numbers it holds.
  public private(set) var count: Int64 = 0

  /// Makes the sketch of no numbers.
  public init() {}

  /// Adds a number; NaN is no number and is left out, which the result tells. O(log buckets).
  @discardableResult
  public mutating func insert(_ value: Double) -> Bool {
    if value.isNaN { return false }
    add(1, to: Self.bucket(of: value))
    return true
  }

  /// Takes a number that was inserted out again. O(log buckets).
  mutating func remove(_ value: Double) {
    if value.isNaN { return }
    let bucket = Self.bucket(of: value)
    let index = firstIndex(notBelow: bucket << 48)
    guard index < entries.count, entries[index] >> 48 == bucket else { return }
    count &-= 1
    if entries[index] & Self.greatestCount == 1 {
      entries.remove(at: index)
    } else {
      entries[index] &-= 1
    }
  }

  /// Adds all numbers of another sketch. O(buckets of both).
  public mutating func merge(_ other: QuantileSketch) {
    if other.entries.isEmpty { return }
    var merged = ContiguousArray<UInt64>()
    merged.reserveCapacity(entries.count + other.entries.count)
    var mine = 0
    var theirs = 0
    count = 0
    while mine < entries.count || theirs < other.entries.count {
      let a = mine < entries.count ? entries[mine] : .max
      let b = theirs < other.entries.count ? other.entries[theirs] : .max
      let entry: UInt64
      if a >> 48 == b >> 48 {
        let sum = min((a & Self.greatestCount) + (b & Self.greatestCount), Self.greatestCount)
        entry = (a >> 48) << 48 | sum
      } else {
        entry = min(a, b)
      }
      if entry >> 48 == a >> 48 { mine += 1 }
      if entry >> 48 == b >> 48 { theirs += 1 }
      count += Int64(entry & Self.greatestCount)
      merged.append(entry)
    }
    entries = merged
  }

  /// The quantile of `hundredths` (0 ... 100, others count as the nearest): of the numbers in
  /// ascending order the one of rank ceil(count * hundredths / 100), at least the first. NaN when
  /// there are no numbers. O(buckets).
  public func quantile(hundredths: Int) -> Double {
    let share = Int128(min(max(hundredths, 0), 100))
    let rank = max(1, Int64((Int128(count) * share + 99) / 100))
    var seen: Int64 = 0
    for entry in entries {
      seen += Int64(entry & Self.greatestCount)
      if seen >= rank { return Self.representative(of: entry >> 48) }
    }
    return .nan
  }

  /// Number of the bucket of a number: 0 for the least numbers, 8,192 for zero.
  private static func bucket(of value: Double) -> UInt64 {
    // Exponent and first 6 bits of the fraction, from 1 for 2⁻⁶⁴.
    let place = Int64(value.magnitude.bitPattern >> 46) - Int64((1023 - 64) << 6) + 1
    let distance = UInt64(min(max(place, 0), Int64(bucketsPerSign)))
    return value < 0 ? bucketsPerSign - distance : bucketsPerSign + distance
  }

  /// The number whose relative distance from both ends of the bucket is the same.
  private static func representative(of bucket: UInt64) -> Double {
    if bucket == bucketsPerSign { return 0 }
    let isNegative = bucket < bucketsPerSign
    let place = (isNegative ? bucketsPerSign - bucket : bucket - bucketsPerSign) - 1
    let part = Double(place & 63)
    let power = Double(bitPattern: (place >> 6 + (1023 - 64)) << 52)
    let magnitude = power / 64 * (2 * (64 + part) * (65 + part) / (129 + 2 * part))
    return isNegative ? -magnitude : magnitude
  }

  private mutating func add(_ added: UInt64, to bucket: UInt64) {
    let index = firstIndex(notBelow: bucket << 48)
    count &+= Int64(added)
    if index < entries.count, entries[index] >> 48 == bucket {
      if entries[index] & Self.greatestCount == Self.greatestCount {
        count &-= Int64(added)
      } else {
        entries[index] &+= added
      }
    } else {
      entries.insert(bucket << 48 | added, at: index)
    }
  }

  /// Binary search without branches that depend on the data, which would be mispredicted.
  private func firstIndex(notBelow wanted: UInt64) -> Int {
    // Entries are less than 2⁶³, so the first bit of a difference is a comparison.
    entries.withUnsafeBufferPointer { entries in
      var index = 0
      var left = entries.count
      while left > 0 {
        let half = (left + 1) >> 1
        let isBelow = Int(truncatingIfNeeded: (entries[index &+ half &- 1] &- wanted) >> 63)
        index &+= half & (0 &- isBelow)
        left &-= half
      }
      return index
    }
  }
}

extension QuantileSketch {
  /// Appends the buckets, ascending, as distances from the bucket before, and their counts.
  public func encode(into writer: inout ByteWriter) {
    writer.writeVarint(UInt64(entries.count))
    var previous: UInt64 = 0
    for entry in entries {
      writer.writeVarint(entry >> 48 - previous)
      writer.writeVarint(entry & Self.greatestCount)
      previous = entry >> 48
    }
  }

  /// Reads what `encode` wrote.
  public init(from reader: inout ByteReader) throws(CodecError) {
    let buckets = try reader.readCount("quantile sketch", elementBytes: 2)
    entries.reserveCapacity(min(buckets, Int(2 * Self.bucketsPerSign + 1)))
    var bucket: UInt64 = 0
    for index in 0..<buckets {
      let distance = try reader.readVarint("bucket of a quantile sketch")
      let number = try reader.readVarint("count of a quantile sketch")
      guard distance <= 2 * Self.bucketsPerSign - bucket, index == 0 || distance > 0,
        number > 0, number <= Self.greatestCount
      else { throw reader.invalid("bucket of a quantile sketch") }
      bucket += distance
      entries.append(bucket << 48 | number)
      count += Int64(number)
    }
  }
}
