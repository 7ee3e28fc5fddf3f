/// Number of distinct values: exact while there are few, then estimated.
///
/// Up to `exactLimit` different hashes are kept as they are. With more it becomes a HyperLogLog of
/// 2¹⁴ registers (16 KB) whose standard error is 0.8%. Which of the two it is, and every byte of
/// its encoding, depend on the set of the hashes alone: not on their order, on repetitions, or on
/// how they were dealt to sketches that were merged.
public struct DistinctSketch: Sendable, Equatable {
  /// Different values that are still counted exactly.
  public static let exactLimit = 1024

  private static let precision: UInt64 = 14
  private static let registerCount = 1 << 14
  /// Greatest value of a register: all bits behind the register's number are zero.
  private static let greatestRank = 64 - 14 + 1

  private var exact = HashSet64()
  /// For each register the greatest rank of its hashes; empty while exact.
  private var registers: ContiguousArray<UInt8> = []

  /// Makes the sketch of no values.
  public init() {}

  /// Whether `estimate` is estimated.
  public var isApproximate: Bool { !registers.isEmpty }

  /// Adds a value by its hash (`Hash64`). O(1).
  public mutating func insert(_ hash: UInt64) {
    if isApproximate {
      raise(hash)
    } else if exact.insert(hash), exact.count > Self.exactLimit {
      approximate()
    }
  }

  /// Adds all values of another sketch. O(size).
  public mutating func merge(_ other: DistinctSketch) {
    if !other.isApproximate {
      other.exact.forEach { insert($0) }
      return
    }
    if !isApproximate { approximate() }
    for index in registers.indices {
      registers[index] = max(registers[index], other.registers[index])
    }
  }

  /// Number of different values. Exact unless `isApproximate`; then it is more than `exactLimit`.
  /// O(1) or O(registers).
  public var estimate: Int64 {
    guard isApproximate else { return Int64(exact.count) }
    var histogram = ContiguousArray<Double>(repeating: 0, count: Self.greatestRank + 1)
    for rank in registers { histogram[Int(rank)] += 1 }
    let registers = Double(Self.registerCount)
    var sum = registers * Self.tau(1 - histogram[Self.greatestRank] / registers)
    for rank in stride(from: Self.greatestRank - 1, through: 1, by: -1) {
      sum = 0.5 * (sum + histogram[rank])
    }
    sum += registers * Self.sigma(histogram[0] / registers)
    // 1 / (2 ln 2)
    let raw = 0.721_347_520_444_481_7 * registers * registers / sum
    return max(Int64(Self.exactLimit) + 1, raw < 1e18 ? Int64(raw + 0.5) : Int64.max)
  }

  private mutating func approximate() {
    registers = ContiguousArray(repeating: 0, count: Self.registerCount)
    exact.forEach { raise($0) }
    exact = HashSet64()
  }

  private mutating func raise(_ hash: UInt64) {
    let index = Int(truncatingIfNeeded: hash >> (64 - Self.precision))
    let rest = hash << Self.precision
    let rank = rest == 0 ? Self.greatestRank : rest.leadingZeroBitCount + 1
    if registers[index] < UInt8(rank) { registers[index] = UInt8(rank) }
  }

  // The estimator is the improved raw estimator of Otmar Ertl, "New cardinality estimation
  // algorithms for HyperLogLog sketches" (2017), which has no bias at either end and needs no
  // tables. It uses only operations that IEEE 754 defines to the bit.

  private static func sigma(_ share: Double) -> Double {
    if share == 1 { return .infinity }
    var power = share
    var weight = 1.0
    var sum = share
    while true {
      power *= power
      let previous = sum
      sum += power * weight
      weight += weight
      if sum == previous { return sum }
    }
  }

  private static func tau(_ share: Double) -> Double {
    if share == 0 || share == 1 { return 0 }
    var root = share
    var weight = 1.0
    var sum = 1 - share
    while true {
      root = root.squareRoot()
      let previous = sum
      weight *= 0.5
      sum -= (1 - root) * (1 - root) * weight
      if sum == previous { return sum / 3 }
    }
  }
}

extension DistinctSketch {
  /// Appends the hashes, or the registers with 6 bits each.
  public func encode(into writer: inout ByteWriter) {
    writer.writeBool(isApproximate)
    guard isApproximate else {
      exact.encode(into: &writer)
      return
    }
    for first in stride(from: 0, to: Self.registerCount, by: 4) {
      var packed: UInt32 = 0
      for place in 0..<4 { packed |= UInt32(registers[first + place]) << UInt32(6 * place) }
      for shift: UInt32 in [0, 8, 16] {
        writer.writeByte(UInt8(truncatingIfNeeded: packed >> shift))
      }
    }
  }

  /// Reads what `encode` wrote.
  public init(from reader: inout ByteReader) throws(CodecError) {
    guard try reader.readBool("kind of a distinct sketch") else {
      exact = try HashSet64(from: &reader)
      if exact.count > Self.exactLimit { throw reader.invalid("exact distinct sketch") }
      return
    }
    let packed = try reader.readRaw(Self.registerCount / 4 * 3, "registers of a distinct sketch")
    registers = ContiguousArray(repeating: 0, count: Self.registerCount)
    for group in 0..<(Self.registerCount / 4) {
      let bytes = (0..<3).map { UInt32(packed[3 * group + $0]) << UInt32(8 * $0) }
      let bits = bytes[0] | bytes[1] | bytes[2]
      for place in 0..<4 {
        let rank = UInt8(truncatingIfNeeded: bits >> UInt32(6 * place)) & 63
        if rank > Self.greatestRank { throw reader.invalid("registers of a distinct sketch") }
        registers[4 * group + place] = rank
      }
    }
  }
}
