/// A set of Unicode code points: ascending ranges that neither touch nor overlap.
struct CodePointSet: Equatable {
  private(set) var ranges: [ClosedRange<UInt32>] = []

  static let last: UInt32 = 0x10FFFF
  static let newline = CodePointSet(0x0A)
  static let digits = CodePointSet(0x30...0x39)
  static let wordCharacters: CodePointSet = {
    var set = digits
    for range: ClosedRange<UInt32> in [0x41...0x5A, 0x5F...0x5F, 0x61...0x7A] {
      set.formUnion(CodePointSet(range))
    }
    return set
  }()
  static let blanks: CodePointSet = {
    var set = CodePointSet(0x09...0x0D)
    set.formUnion(CodePointSet(0x20))
    return set
  }()

  /// The empty set.
  init() {}

  /// A set of one.
  init(_ codePoint: UInt32) {
    ranges = [codePoint...codePoint]
  }

  /// A set of one range.
  init(_ range: ClosedRange<UInt32>) {
    ranges = [range]
  }

  /// Adds another set's.
  mutating func formUnion(_ other: CodePointSet) {
    let all = (ranges + other.ranges).sorted { $0.lowerBound < $1.lowerBound }
    ranges = []
    for range in all {
      if let last = ranges.last, range.lowerBound <= last.upperBound + 1 {
        ranges[ranges.count - 1] = last.lowerBound...max(last.upperBound, range.upperBound)
      } else {
        ranges.append(range)
      }
    }
  }

  /// All others.
  var inverted: CodePointSet {
    var set = CodePointSet()
    var next: UInt32 = 0
    for range in ranges {
      if range.lowerBound > next { set.ranges.append(next...(range.lowerBound - 1)) }
      next = range.upperBound + 1
    }
    if next <= Self.last { set.ranges.append(next...Self.last) }
    return set
  }

  /// With the other case of its ASCII letters.
  var withBothCases: CodePointSet {
    var set = self
    for (letters, distance) in [(UInt32(0x41)...0x5A, 32), (0x61...0x7A, -32)] {
      for range in ranges where range.overlaps(letters) {
        let part = range.clamped(to: letters)
        let low = UInt32(Int(part.lowerBound) + distance)
        set.formUnion(CodePointSet(low...(low + UInt32(part.count) - 1)))
      }
    }
    return set
  }

  /// The only member, if there is just one.
  var only: UInt32? {
    ranges.count == 1 && ranges[0].count == 1 ? ranges[0].lowerBound : nil
  }

  /// Whether it is a member.
  func contains(_ codePoint: UInt32) -> Bool {
    ranges.contains { $0.contains(codePoint) }
  }

  /// The UTF-8 forms of all members, as sequences of byte ranges. Surrogates have none.
  var byteSequences: [[ClosedRange<UInt8>]] {
    var sequences: [[ClosedRange<UInt8>]] = []
    let blocks: [ClosedRange<UInt32>] = [
      0...0x7F, 0x80...0x7FF, 0x800...0xD7FF, 0xE000...0xFFFF, 0x10000...Self.last,
    ]
    for range in ranges {
      for block in blocks where range.overlaps(block) {
        Self.split(range.clamped(to: block), into: &sequences)
      }
    }
    return sequences
  }

  /// Splits a range whose members have UTF-8 forms of one length until each part is all
  /// combinations of a range for every byte.
  private static func split(
    _ range: ClosedRange<UInt32>, into sequences: inout [[ClosedRange<UInt8>]]
  ) {
    let (low, high) = (range.lowerBound, range.upperBound)
    let lowBytes = encoded(low)
    for tail in 1..<max(1, lowBytes.count) {
      let mask: UInt32 = 1 << (6 * UInt32(tail)) - 1
      guard low & ~mask != high & ~mask else { continue }
      if low & mask != 0 {
        split(low...(low | mask), into: &sequences)
        return split(((low | mask) + 1)...high, into: &sequences)
      }
      if high & mask != mask {
        split(low...((high & ~mask) - 1), into: &sequences)
        return split((high & ~mask)...high, into: &sequences)
      }
    }
    sequences.append(zip(lowBytes, encoded(high)).map { $0...$1 })
  }

  private static func encoded(_ codePoint: UInt32) -> [UInt8] {
    var bytes: [UInt8] = []
    UTF8Text.append(codePoint, to: &bytes)
    return bytes
  }
}
